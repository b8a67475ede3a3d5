#include "tools/muster/haproxy/plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "tools/muster/haproxy/labels.h"

namespace muster::haproxy {

namespace {

constexpr std::size_t kNameMost = 100;      // octets of a section's or a server's name
constexpr std::uint32_t kWeightMost = 256;  // HAProxy's

// HAProxy's letters for names of proxies and servers; others become _.
std::string haproxy_name(std::string_view text) {
  std::string name(text.substr(0, kNameMost));
  for (char& c : name) {
    const bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '_' || c == '.' || c == ':' || c == '-';
    if (!is_good) c = '_';
  }
  return name;
}

// "/prod/shop/cart" → "prod_shop_cart"
std::string app_name(std::string_view app) {
  while (app.starts_with('/')) app.remove_prefix(1);
  return haproxy_name(app);
}

// `name`, or with the first of "-2", "-3" … that nobody has.
std::string taken_as_new(const std::string& name, std::set<std::string>& taken) {
  std::string free = name;
  for (int i = 2; !taken.insert(free).second; ++i) {
    const std::string suffix = "-" + std::to_string(i);
    free = name.substr(0, kNameMost - suffix.size()) + suffix;
  }
  return free;
}

// An instance at one of its ports.
struct Place {
  const Instance* instance;
  const Port* port;
  std::string started_at;  // of its deployment; "": none
};

// What will be a section: its places in the order of the service, and what its labels say.
struct Draft {
  std::vector<Place> places;  // also of those that are not ready
  std::string base;           // the name without the port
  PortLabels labels;
  std::size_t number = 0;  // which of its ports this is
  const Service* service = nullptr;
};

std::optional<net::Endpoint> endpoint_of(const Place& place) {
  const Instance& instance = *place.instance;
  const bool at_host = !place.port->of_container && !instance.host_addresses.empty();
  const auto& addresses = at_host ? instance.host_addresses : instance.addresses;
  if (addresses.empty()) return std::nullopt;
  const auto address = net::parse_ip(addresses.front());
  if (!address) return std::nullopt;
  return net::Endpoint{*address, place.port->number};
}

bool overlap(const net::Endpoint& a, const net::Endpoint& b) {
  if (a.port != b.port || a.address.family != b.address.family) return false;
  return a.address == b.address || a.address.is_unspecified() || b.address.is_unspecified();
}

class Planner {
 public:
  explicit Planner(const PlanOptions& options) : options_(options) {
    for (const auto& wanted : {options.vhosts, options.stats}) {
      if (wanted) taken_.push_back({*wanted, "an option"});
    }
  }

  Plan plan(const std::vector<Service>& services) {
    for (const Service& service : services) draft(service);
    for (auto& [key, draft] : drafts_) add_section(std::get<1>(key), draft);
    order_rules();
    return std::move(plan_);
  }

 private:
  // The name without the port, the port, and the service unless several are one.
  using Key = std::tuple<std::string, std::uint16_t, std::string>;
  struct Taken {
    net::Endpoint at;
    std::string by;
  };
  struct OrderedRule {
    std::int64_t order;
    std::string section;
    Rule rule;
  };

  void warn(const Service& service, const std::string& what) {
    std::string text = service.name + ": " + what;
    if (warned_.insert(text).second) plan_.warnings.push_back(std::move(text));
  }

  bool is_wanted(const PortLabels& labels) const {
    if (labels.enabled ? !*labels.enabled : options_.strict) return false;
    const auto is_of = [&](const std::string& group) { return group == options_.group || group == "*"; };
    return options_.group.empty() || std::any_of(labels.groups.begin(), labels.groups.end(), is_of);
  }

  // The port that all instances of the service have at this place; 0: they differ.
  static std::uint16_t common_port(const Service& service, std::size_t number) {
    std::uint16_t common = 0;
    for (const Instance& one : service.instances) {
      if (one.foreign) continue;
      if (number >= one.ports.size() || (common != 0 && one.ports[number].number != common)) return 0;
      common = one.ports[number].number;
    }
    return common;
  }

  // musterd's own ports are taken on its node, by itself.
  std::uint16_t front_port(const Service& service, const Instance& instance, std::size_t number,
                           const PortLabels& labels) {
    if (labels.port != 0) return labels.port;
    const Port& port = instance.ports[number];
    if (port.service_port != 0 || !options_.registered_port || instance.is_musterd) return port.service_port;
    const std::uint16_t common = common_port(service, number);
    if (common == 0)
      warn(service, "its instances have different ports, so that none of them can be in front");
    return common;
  }

  void draft(const Service& service) {
    std::set<Key> own;  // the drafts in which it stands
    const Warn tell = [&](const std::string& what) { warn(service, what); };
    for (const Instance& instance : service.instances) {
      if (instance.foreign) continue;
      name_unknown(instance.labels, tell);
      const Deployment deployment = deployment_of(instance.labels, tell);
      for (std::size_t number = 0; number < instance.ports.size(); ++number) {
        if (!instance.ports[number].tcp) continue;
        const PortLabels labels = port_labels(instance.labels, number, tell);
        const std::uint16_t front = is_wanted(labels) ? front_port(service, instance, number, labels) : 0;
        if (front == 0) continue;
        const std::string named = instance.app.empty() ? haproxy_name(service.name) : app_name(instance.app);
        const std::string base = deployment.group.empty() ? named : haproxy_name(deployment.group);
        const Key key{base, front, deployment.group.empty() ? service.name : ""};
        add(drafts_[key], service, instance, {number, base, labels, deployment.started_at});
        own.insert(key);
      }
    }
    for (const Key& key : own) add_foreign(service, drafts_[key]);
  }

  struct Offer {
    std::size_t number;
    std::string base;
    PortLabels labels;
    std::string started_at;
  };
  void add(Draft& draft, const Service& service, const Instance& instance, const Offer& offer) {
    if (draft.places.empty()) {
      draft.base = offer.base;
      draft.labels = offer.labels;
      draft.number = offer.number;
      draft.service = &service;
    } else if (draft.labels != offer.labels) {
      warn(service, "its instances say different things of the port in front; those of " +
                        draft.places.front().instance->label + " count");
    }
    draft.places.push_back({&instance, &instance.ports[offer.number], offer.started_at});
  }

  // Those of another service that stand in have no labels here: their port is the one at the same place.
  static void add_foreign(const Service& service, Draft& draft) {
    for (const Instance& one : service.instances) {
      if (one.foreign && draft.number < one.ports.size() && one.ports[draft.number].tcp)
        draft.places.push_back({&one, &one.ports[draft.number], ""});
    }
  }

  bool take(const Service& service, const std::string& section, const net::Endpoint& bind) {
    for (const Taken& other : taken_) {
      if (!overlap(other.at, bind)) continue;
      warn(service,
           net::to_string(bind) + " is taken by " + other.by + "; section " + section + " is left out");
      return false;
    }
    taken_.push_back({bind, "section " + section});
    return true;
  }

  void add_section(std::uint16_t front, Draft& draft) {
    const std::string suffix = "-" + std::to_string(front);
    Section section;
    section.name = taken_as_new(draft.base.substr(0, kNameMost - suffix.size()) + suffix, names_);
    const PortLabels& labels = draft.labels;
    const auto address = net::parse_ip(labels.bind.empty() ? options_.bind : labels.bind);
    section.bind = {*address, front};
    if (!labels.bind.empty() && options_.is_ours && !options_.is_ours(*address))
      return warn(*draft.service,
                  labels.bind + " is no address of this node; section " + section.name + " is left out");
    if (!take(*draft.service, section.name, section.bind)) return;
    const bool by_host = options_.vhosts && !labels.hosts.empty();
    if (by_host && labels.mode_said && !labels.http)
      warn(*draft.service,
           "HAPROXY_" + std::to_string(draft.number) + "_VHOST needs mode http; its mode is tcp");
    section.http = labels.http || (by_host && !labels.mode_said);
    section.sticky = labels.sticky && section.http;
    if (labels.sticky && !section.http) warn(*draft.service, "a cookie needs HAPROXY_n_MODE=http");
    add_servers(draft, section);
    if (options_.http_checks) section.check_path = check_path_of(draft);
    if (by_host && section.http)
      rules_.push_back({labels.rule_order, section.name, {labels.hosts, labels.path, section.name}});
    plan_.sections.push_back(std::move(section));
  }

  std::string check_path_of(const Draft& draft) {
    for (const Place& place : draft.places) {
      const std::string& path = place.instance->check_path;
      if (path.empty()) continue;
      const bool is_safe = path.size() <= 200 && path.find_first_not_of(
                                                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                     "0123456789/_.~%?&=+-") == path.npos;
      if (is_safe) return path;
      warn(*draft.service, "the path of its check has characters that are not put into a configuration");
    }
    return "";
  }

  void add_servers(Draft& draft, Section& section) {
    struct Candidate {
      const Instance* instance;
      net::Endpoint at;
      std::string started_at;
    };
    std::vector<Candidate> standing;
    std::uint32_t lowest = UINT32_MAX;
    for (const Place& place : draft.places) {
      const Instance& instance = *place.instance;
      if (!instance.answering && !instance.draining) continue;
      const auto at = endpoint_of(place);
      if (!at) continue;
      standing.push_back({&instance, *at, place.started_at});
      if (instance.answering) lowest = std::min(lowest, instance.priority);
    }
    // The newer deployment first; each by priority, address and port.
    std::stable_sort(standing.begin(), standing.end(), [](const Candidate& a, const Candidate& b) {
      if (a.started_at != b.started_at) return a.started_at > b.started_at;
      return std::tuple(a.instance->priority, a.at.address, a.at.port) <
             std::tuple(b.instance->priority, b.at.address, b.at.port);
    });
    std::set<std::string> names;
    std::vector<std::uint32_t> weights;
    std::size_t left = standing.size();
    for (const Candidate& one : standing) {
      Server server;
      const std::string bridge = draft.base + "-" + std::to_string(left--);
      server.name = taken_as_new(haproxy_name(options_.bridge_names ? bridge : one.instance->label), names);
      server.endpoint = net::to_string(one.at);
      server.backup = !one.instance->draining && one.instance->priority > lowest;
      section.servers.push_back(std::move(server));
      if (!one.instance->draining) weights.push_back(one.instance->weight);
    }
    const bool differ =
        std::adjacent_find(weights.begin(), weights.end(), std::not_equal_to<>()) != weights.end();
    const std::uint32_t most = weights.empty() ? 0 : *std::max_element(weights.begin(), weights.end());
    for (std::size_t i = 0; i < standing.size(); ++i) {
      const Instance& instance = *standing[i].instance;
      if (instance.draining) {
        section.servers[i].weight = 0;
      } else if (differ) {
        section.servers[i].weight = scaled(instance.weight, most);
      }
    }
    section.balance = !draft.labels.balance.empty() ? draft.labels.balance
                      : differ                      ? "roundrobin"
                                                    : "leastconn";
  }

  static std::uint32_t scaled(std::uint32_t weight, std::uint32_t most) {
    if (most <= kWeightMost || weight == 0) return weight;
    const double share = static_cast<double>(weight) * kWeightMost / most;
    return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::lround(share)));
  }

  void order_rules() {
    std::stable_sort(rules_.begin(), rules_.end(), [](const OrderedRule& a, const OrderedRule& b) {
      // What says more of the path comes before what says less: else it would never be tried.
      return std::tuple(-a.order, -static_cast<std::int64_t>(a.rule.path.size()), a.section) <
             std::tuple(-b.order, -static_cast<std::int64_t>(b.rule.path.size()), b.section);
    });
    for (OrderedRule& rule : rules_) plan_.rules.push_back(std::move(rule.rule));
  }

  const PlanOptions& options_;
  std::map<Key, Draft> drafts_;
  std::set<std::string> names_;
  std::vector<Taken> taken_;
  std::vector<OrderedRule> rules_;
  std::set<std::string> warned_;
  Plan plan_;
};

}  // namespace

Plan make_plan(const std::vector<Service>& services, const PlanOptions& options) {
  return Planner(options).plan(services);
}

}  // namespace muster::haproxy
