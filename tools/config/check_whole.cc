#include "tools/config/check_whole.h"

#include <algorithm>
#include <map>

#include "registry/label.h"
#include "tools/config/section.h"
#include "zones/naming/native.h"

namespace muster::config {

namespace {

std::string element(const char* list, std::size_t index) { return std::string(list) + "[" + std::to_string(index) + "]"; }

class WholeCheck {
 public:
  WholeCheck(const toml::table& root, const Config& config, Diagnostics& diagnostics)
      : root_(root), config_(config), diagnostics_(diagnostics) {}

  void run() {
    check_zones();
    check_ptr();
    check_listeners();
    check_ports_of_checks();
    check_services();
    check_upstreams();
    const Zones& zones = config_.zones;
    check_keys("zones.allow_transfer", zones.secondaries.allow_transfer);
    check_keys("zones.allow_update", zones.allow_update);
    for (std::size_t i = 0; i < zones.files.size(); ++i) {
      const std::string file = element("zones.file", i);
      check_keys(file + ".allow_transfer", zones.files[i].secondaries.allow_transfer);
      check_keys(file + ".allow_update", zones.files[i].allow_update);
    }
  }

 private:
  // `path` as "zones.file[1].name". A default, or what --set gave, has no place; then the path is named.
  void error(const std::string& path, const std::string& message) {
    const auto found = root_.at_path(path);
    diagnostics_.error(found ? position_of(*found.node()) : Position{}, path, message);
  }

  void check_zones() {
    struct Place {
      const zones::Name* name;
      std::string path;
    };
    std::vector<Place> places = {{&config_.zones.domain, "zones.domain"}};
    for (std::size_t i = 0; i < config_.zones.reverse.size(); ++i)
      places.push_back({&config_.zones.reverse[i], element("zones.reverse", i)});
    for (std::size_t i = 0; i < config_.zones.files.size(); ++i)
      places.push_back({&config_.zones.files[i].name, element("zones.file", i) + ".name"});
    for (std::size_t i = 0; i < config_.mesos.size(); ++i)
      places.push_back({&config_.mesos[i].names.domain, element("source.mesos", i) + ".domain"});
    for (auto place = places.begin(); place != places.end(); ++place) {
      const auto first =
          std::find_if(places.begin(), place, [&](const Place& other) { return *other.name == *place->name; });
      if (first != place) error(place->path, "the zone " + place->name->text() + " stands twice, as " + first->path + ", too");
    }
  }

  void check_ptr() {
    for (std::size_t i = 0; i < config_.mesos.size(); ++i) {
      if (config_.mesos[i].names.ptr && config_.zones.reverse.empty())
        error(element("source.mesos", i) + ".ptr", "ptr needs a reverse zone for its names: list it in zones.reverse");
    }
  }

  // Whether a name is in one of our file zones, and no inner zone that is made of something else has it.
  bool is_in_file_zone(const zones::Name& name) const {
    const zones::Name* longest = nullptr;
    bool is_file = false;
    const auto look = [&](const zones::Name& apex, bool file) {
      if (!name.is_at_or_below(apex) || (longest != nullptr && longest->size() >= apex.size())) return;
      longest = &apex;
      is_file = file;
    };
    look(config_.zones.domain, false);
    for (const zones::Name& apex : config_.zones.reverse) look(apex, false);
    for (const MesosSource& source : config_.mesos) look(source.names.domain, false);
    for (const ZoneFile& file : config_.zones.files) look(file.name, true);
    return is_file;
  }

  void check_also() {
    std::map<zones::Name, std::string> taken;
    for (const auto& [name, service] : config_.services) {
      const bool is_glob = name.find_first_of("*?") != name.npos;
      for (std::size_t i = 0; i < service.also.size(); ++i) {
        const zones::Name& owner = service.also[i].name;
        const std::string path = element(("service." + name + ".also").c_str(), i);
        const auto refuse = [&](const std::string& what) { error(path, "also: " + owner.text() + " " + what); };
        if (is_glob) refuse("is of one service: name it in a [service.NAME] of its own, not under a glob");
        if (owner.is_wildcard()) refuse("is a wildcard");
        if (!is_in_file_zone(owner)) refuse("is in no zone of [[zones.file]]");
        if (!zones::naming::public_set(owner, registry::ascii_lower(name)))
          refuse("begins with _ and so must be _PORT._tcp or _PORT._udp below a domain");
        const auto [first, is_new] = taken.emplace(owner, name);
        if (!is_new) refuse("is named by [service." + first->second + "], too");
      }
    }
  }

  void check_services() {
    check_also();
    std::map<std::string, std::size_t> members;
    for (const StaticInstance& one : config_.static_instances) ++members[one.service];
    for (const auto& [name, count] : members) {
      const Service* service = config_.service(name);
      if (service == nullptr || !is_hash(service->policy.policy) || count <= zones::kHashMembersMost)
        continue;
      error("source.static", "service " + name + " has " + std::to_string(count) +
                                 " instances, and policy \"" +
                                 std::string(to_string(service->policy.policy)) + "\" chooses from " +
                                 std::to_string(zones::kHashMembersMost) + " at most; use \"weighted\"");
    }
    for (const auto& [name, service] : config_.services) {
      if (!service.policy.fallback_service.empty() &&
          registry::ascii_lower(name) == service.policy.fallback_service)
        error("service." + name + ".fallback", "fallback is the service itself; name another one");
    }
  }

  // A server that asks itself gets no answer.
  void check_upstreams() {
    const auto look = [&](const std::vector<net::Endpoint>& servers, const std::string& list) {
      for (std::size_t i = 0; i < servers.size(); ++i) {
        if (listens_at(config_.dns.listen, servers[i]))
          error(element(list.c_str(), i),
                list + ": " + net::to_string(servers[i]) + " is this server itself (dns.listen)");
      }
    };
    look(config_.forward.upstreams, "forward.upstreams");
    for (const ForwardZone& zone : config_.forward.zones) look(zone.servers, "forward.zones");
  }

  // A listener takes its port on its address, and a wildcard on every address of its family (IPv6 sockets are
  // IPv6 only).
  static bool overlap(const net::Endpoint& a, const net::Endpoint& b) {
    if (a.port != b.port || a.port == 0 || a.address.family != b.address.family) return false;
    return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
  }

  void check_listeners() {
    struct Taken {
      net::Endpoint endpoint;
      std::string path;
    };
    std::vector<Taken> taken;
    const auto take = [&](const char* list, const std::vector<net::Endpoint>& endpoints) {
      for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const std::string path = element(list, i);
        const auto first = std::find_if(taken.begin(), taken.end(),
                                        [&](const Taken& other) { return overlap(other.endpoint, endpoints[i]); });
        if (first != taken.end()) {
          error(path, "listen: " + net::to_string(endpoints[i]) + " is taken in this file already, by " +
                          net::to_string(first->endpoint) + " of " + first->path);
        }
        taken.push_back({endpoints[i], path});
      }
    };
    take("dns.listen", config_.dns.listen);
    take("http.listen", config_.http.listen);
  }

  // An instance that the file itself lists has the port that a check of its service names.
  void check_ports_of_checks() {
    for (const auto& [name, service] : config_.services) {
      for (std::size_t i = 0; service.checks.list && i < service.checks.list->size(); ++i) {
        const std::string& port = (*service.checks.list)[i].port_name;
        if (port.empty()) continue;
        for (const StaticInstance& instance : config_.static_instances) {
          if (config_.service(instance.service) != &service) continue;
          const auto& ports = instance.body->ports;
          const bool known = std::any_of(ports.begin(), ports.end(),
                                         [&](const registry::Port& one) { return one.name == port; });
          if (known) continue;
          error("service." + name + "." + element("check", i) + ".port",
                "port \"" + port + "\" is none of instance " + instance.id +
                    "'s, which [[source.static]] lists: "
                    "name it there, or give the check a number");
          break;
        }
      }
    }
  }

  // Every key that a list of who may names is one of [[key]].
  void check_keys(const std::string& list, const Access& access) {
    for (const zones::Name& name : access.keys) {
      const bool known =
          std::any_of(config_.keys.begin(), config_.keys.end(), [&](const Key& key) { return key.name == name; });
      if (!known) error(place_of_key(list, name), "no [[key]] defines key:" + name.text());
    }
  }

  // The list itself when its words do not show which of them it is (an environment variable).
  std::string place_of_key(const std::string& list, const zones::Name& name) const {
    const toml::array* words = root_.at_path(list).as_array();
    for (std::size_t i = 0; words != nullptr && i < words->size(); ++i) {
      const std::string text = (*words)[i].value_or(std::string());
      if (!text.starts_with("key:")) continue;
      if (const auto named = zones::parse_domain(std::string_view(text).substr(4)); named && *named == name)
        return element(list.c_str(), i);
    }
    return list;
  }

  const toml::table& root_;
  const Config& config_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_whole(const toml::table& root, const Config& config, Diagnostics& diagnostics) {
  WholeCheck(root, config, diagnostics).run();
}

}  // namespace muster::config
