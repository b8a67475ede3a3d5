#include "registry/sources/marathon_instances.h"

#include <algorithm>
#include <map>
#include <utility>

#include "registry/limits.h"
#include "registry/sources/marathon_labels.h"
#include "registry/sources/marathon_ports.h"

namespace muster::registry::sources {

namespace {

// What all tasks of one app, or all instances of one pod, have in common.
struct Group {
  std::shared_ptr<const MarathonAppFacts> facts;
  SharedFacts scheduler;
  LabelWords words;
  std::string service;
  bool is_named_by_path = false;
  MarathonNetwork network = MarathonNetwork::host;
};

// Where one of them runs, as it is written.
struct Site {
  std::string_view host;
  std::string_view agent_id;
  std::string_view region;
  std::string_view zone;
  std::string_view version;
  const std::vector<std::string>* addresses = nullptr;
};

bool is_usable(const IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
}

void add_address(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (addresses.size() < kMaxAddresses && std::ranges::find(addresses, address) == addresses.end())
    addresses.push_back(address);
}

// As the registry takes ids of other doors.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxForeignName &&
         std::ranges::none_of(id, [](unsigned char c) { return c < 0x20 || c == 0x7F || c == '/'; });
}

void erase_ports(TaskPorts& ports, PortScope scope) {
  TaskPorts kept;
  for (std::size_t i = 0; i < ports.ports.size(); ++i) {
    if (ports.ports[i].scope == scope) continue;
    kept.ports.push_back(std::move(ports.ports[i]));
    kept.indexes.push_back(ports.indexes[i]);
  }
  ports = std::move(kept);
}

bool has_port(const TaskPorts& ports, PortScope scope) {
  return std::ranges::find(ports.ports, scope, &Port::scope) != ports.ports.end();
}

class Looker {
 public:
  Looker(const MarathonPicture& picture, const MarathonMemory& memory, const MarathonRules& rules,
         const AddressesOf& addresses_of, const net::Instant& now)
      : picture_(picture), memory_(memory), rules_(rules), addresses_of_(addresses_of), now_(now) {}

  MarathonLook at(const MarathonKnown<MarathonApp>& known) {
    const Group group = group_of(*known.content);
    add_app(group, *known.content, known.asked_at);
    return take(group);
  }
  MarathonLook at(const MarathonKnown<MarathonPod>& known) {
    Group group = group_of(*known.content);
    add_pod(group, *known.content, known.asked_at);
    return take(group);
  }

 private:
  MarathonLook take(const Group& group) {
    out_.service = group.service;
    out_.is_named_by_path = group.is_named_by_path;
    std::ranges::sort(out_.instances, {}, &MarathonInstance::id);
    std::ranges::sort(out_.ended);
    return std::move(out_);
  }

  Group group_of(const MarathonApp& app) {
    LabelPlaces places{&app.labels};
    for (const MarathonPort& port : definitions_of(app)) places.push_back(&port.labels);
    Group group = group_of({app.id, app.labels, app.health_checks}, places);
    group.network = network_of(app);
    return group;
  }

  Group group_of(const MarathonPod& pod) {
    LabelPlaces places{&pod.labels};
    for (const MarathonEndpoint& endpoint : pod.endpoints) places.push_back(&endpoint.labels);
    return group_of({pod.id, pod.labels, {}}, places);
  }

  Group group_of(MarathonAppFacts facts, const LabelPlaces& places) {
    Group group;
    group.words = read_label_words(places, rules_.weight_labels, out_.dropped);
    if (group.words.is_enabled && !rules_.service_name.empty()) {
      group.service = group.words.service;
      if (group.service.empty()) name_by_rule(facts.id, group);
    }
    // All labels, those of the app before those of its ports.
    MarathonLabels labels;
    for (const MarathonLabels* place : places) labels.insert(place->begin(), place->end());
    group.scheduler = SharedFacts(std::make_shared<const SchedulerFacts>(
        SchedulerFacts{rules_.source, facts.id, {labels.begin(), labels.end()}}));
    group.facts = std::make_shared<const MarathonAppFacts>(std::move(facts));
    return group;
  }

  void name_by_rule(const std::string& id, Group& group) {
    group.service = service_name_of(rules_.service_name, id);
    if (group.service.empty()) return drop(out_.dropped, "bad_service");
    group.is_named_by_path = rules_.service_name.find("{path}") != std::string::npos;
  }

  void add_app(const Group& group, const MarathonApp& app, SteadyTime asked_at) {
    for (const MarathonTask& task : app.tasks) {
      MarathonTaskMemory* memory = memory_of(task.id);
      if (memory == nullptr) continue;
      const auto mark = mark_of_task(picture_, task.id, asked_at);
      const Verdict verdict = verdict_of(app, task, mark, rules_.routable, now_, *memory);
      const Site site{task.host,
                      task.agent_id,
                      task.region,
                      task.zone,
                      task.version.empty() ? app.version : task.version,
                      &task.addresses};
      if (goes_on(task.id, verdict)) add(group, task.id, site, ports_of(app, task, out_.dropped), verdict);
    }
  }

  void add_pod(Group& group, const MarathonPod& pod, SteadyTime asked_at) {
    for (const MarathonPodInstance& instance : pod.instances) {
      MarathonTaskMemory* memory = memory_of(instance.id);
      if (memory == nullptr) continue;
      const auto mark = mark_of_pod(picture_, instance.id, asked_at);
      const Verdict verdict = verdict_of(instance, mark, rules_.routable, now_, *memory);
      const Site site{instance.host, instance.agent_id, "", "", pod.version, &instance.addresses};
      // Addresses of its own are those of its networks; without any it is on the agent's.
      group.network = instance.addresses.empty() ? MarathonNetwork::host : MarathonNetwork::container;
      if (goes_on(instance.id, verdict))
        add(group, instance.id, site, ports_of(pod, instance, out_.dropped), verdict);
    }
  }

  // Of one that has not come up in this look; null: it has, or the registry could not hold such an id.
  MarathonTaskMemory* memory_of(const std::string& id) {
    if (!is_id(id) || out_.memory.contains(id)) {
      drop(out_.dropped, "bad_task");
      return nullptr;
    }
    const auto before = memory_.find(id);
    MarathonTaskMemory& memory = out_.memory[id];
    if (before != memory_.end()) memory = before->second;
    return &memory;
  }

  bool goes_on(const std::string& id, const Verdict& verdict) {
    if (verdict.is_gone) out_.ended.push_back(id);
    if (verdict.until && (!out_.look_again || *verdict.until < *out_.look_again))
      out_.look_again = verdict.until;
    return !verdict.is_gone;
  }

  void add(const Group& group, const std::string& id, const Site& site, TaskPorts ports,
           const Verdict& verdict) {
    MarathonInstance instance;
    instance.id = id;
    instance.service = group.service;
    instance.app = group.facts;
    instance.state = verdict.state;
    instance.reason = verdict.reason;
    InstanceBody& body = instance.body;
    body.task = id;
    body.scheduler = group.scheduler;
    body.weight = group.words.weight;
    body.priority = group.words.priority;
    body.tags = tags_of(group, site);
    const VerdictReason without = take_addresses(group.network, site, ports, body);
    if (instance.reason == VerdictReason::ok) instance.reason = without;
    body.ports = std::move(ports.ports);
    instance.port_indexes = std::move(ports.indexes);
    out_.instances.push_back(std::move(instance));
  }

  // The addresses of the agent, of the task, or of both, as its ports need them; ports without are left out.
  // Returns why there are none.
  VerdictReason take_addresses(MarathonNetwork network, const Site& site, TaskPorts& ports,
                               InstanceBody& body) {
    const std::vector<IpAddress> own = own_addresses(site);
    std::vector<IpAddress> agent = agent_addresses(site);
    if (agent.empty() && network == MarathonNetwork::host && !own.empty()) agent = {own.front()};
    const bool needs_own = has_port(ports, PortScope::container) ||
                           (network == MarathonNetwork::container && ports.ports.empty());
    if (!needs_own || (own.empty() && has_port(ports, PortScope::host))) {
      erase_ports(ports, PortScope::container);
      body.addresses = std::move(agent);
      return body.addresses.empty() ? VerdictReason::no_agent : VerdictReason::ok;
    }
    body.addresses = own;
    if (agent.empty()) {
      erase_ports(ports, PortScope::host);
    } else if (has_port(ports, PortScope::host)) {
      body.host_addresses = std::move(agent);
    }
    return body.addresses.empty() ? VerdictReason::no_address : VerdictReason::ok;
  }

  std::vector<IpAddress> own_addresses(const Site& site) {
    std::vector<IpAddress> addresses;
    for (const std::string& text : *site.addresses) {
      const auto address = net::parse_ip(text);
      if (address && is_usable(*address)) {
        add_address(addresses, *address);
      } else {
        drop(out_.dropped, "bad_address");
      }
    }
    return addresses;
  }

  std::vector<IpAddress> agent_addresses(const Site& site) {
    std::vector<IpAddress> addresses;
    if (site.host.empty()) return addresses;
    if (const auto literal = net::parse_ip(site.host)) {
      if (is_usable(*literal)) addresses.push_back(*literal);
      if (addresses.empty()) drop(out_.dropped, "bad_address");
      return addresses;
    }
    auto [entry, is_new] = resolved_.try_emplace(site.host);
    if (is_new) entry->second = addresses_of_(site.host);
    for (const IpAddress& address : entry->second) {
      if (is_usable(address)) add_address(addresses, address);
    }
    std::ranges::sort(addresses);
    return addresses;
  }

  // What the app's labels say goes before what Marathon does.
  Tags tags_of(const Group& group, const Site& site) const {
    Tags tags = group.words.tags;
    add_tag(tags, "framework", rules_.framework);
    add_tag(tags, "agent", site.agent_id.empty() ? site.host : site.agent_id);
    add_tag(tags, "zone", site.zone);
    add_tag(tags, "region", site.region);
    add_tag(tags, "app", group.facts->id);
    add_tag(tags, "version", site.version);
    return tags;
  }

  const MarathonPicture& picture_;
  const MarathonMemory& memory_;
  const MarathonRules& rules_;
  const AddressesOf& addresses_of_;
  const net::Instant now_;
  std::map<std::string_view, std::vector<IpAddress>> resolved_;  // each host is asked about once
  MarathonLook out_;
};

}  // namespace

bool MarathonInstance::operator==(const MarathonInstance& other) const {
  return id == other.id && service == other.service && body == other.body && state == other.state &&
         reason == other.reason && (app == other.app || *app == *other.app) &&
         port_indexes == other.port_indexes;
}

MarathonLook look_at_app(const MarathonPicture& picture, std::string_view id, const MarathonMemory& memory,
                         const MarathonRules& rules, const AddressesOf& addresses_of,
                         const net::Instant& now) {
  const auto found = picture.apps.find(id);
  if (found == picture.apps.end()) return {};
  return Looker(picture, memory, rules, addresses_of, now).at(found->second);
}

MarathonLook look_at_pod(const MarathonPicture& picture, std::string_view id, const MarathonMemory& memory,
                         const MarathonRules& rules, const AddressesOf& addresses_of,
                         const net::Instant& now) {
  const auto found = picture.pods.find(id);
  if (found == picture.pods.end()) return {};
  return Looker(picture, memory, rules, addresses_of, now).at(found->second);
}

}  // namespace muster::registry::sources
