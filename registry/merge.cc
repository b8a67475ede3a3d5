#include "registry/merge.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "registry/health/check_json.h"
#include "registry/json_text.h"
#include "registry/limits.h"

namespace muster::registry {
namespace {

namespace json = boost::json;

// Place in the order of who is asked first; lower wins.
int rank_of_existence(SourceKind kind) {  // addresses, ports
  switch (kind) {
    case SourceKind::fixed: return 0;
    case SourceKind::marathon: return 1;
    case SourceKind::scheduler: return 2;
    case SourceKind::heartbeat:
    case SourceKind::update:
    case SourceKind::self: return 3;
    case SourceKind::lyft: return 4;
  }
  return 5;
}
int rank_of_opinion(SourceKind kind) {  // everything else
  switch (kind) {
    case SourceKind::heartbeat:
    case SourceKind::update:
    case SourceKind::self: return 0;
    case SourceKind::lyft: return 1;
    case SourceKind::marathon: return 2;
    case SourceKind::scheduler: return 3;
    case SourceKind::fixed: return 4;
  }
  return 5;
}

using Sayings = std::vector<Saying>;

Sayings ranked(std::span<const Saying> sayings, int (*rank)(SourceKind)) {
  Sayings sorted(sayings.begin(), sayings.end());
  std::ranges::stable_sort(sorted, {}, [rank](const Saying& saying) { return rank(saying.source->kind); });
  return sorted;
}

// The first that has the field; null: none.
template <class Has>
const InstanceBody* first_with(const Sayings& sayings, const Has& has) {
  const auto at = std::ranges::find_if(sayings, [&](const Saying& saying) { return has(*saying.body); });
  return at == sayings.end() ? nullptr : at->body.get();
}

// Takes a whole list or text from the first that has one.
template <class Field>
void take_first(InstanceBody& body, const Sayings& sayings, Field InstanceBody::*field) {
  if (const auto* from = first_with(sayings, [&](const InstanceBody& b) { return !(b.*field).empty(); }))
    body.*field = from->*field;
}
template <class Field>
void take_first_named(InstanceBody& body, const Sayings& sayings, std::optional<Field> InstanceBody::*field) {
  if (const auto* from = first_with(sayings, [&](const InstanceBody& b) { return (b.*field).has_value(); }))
    body.*field = from->*field;
}

template <class Value>
auto place_of(std::vector<std::pair<std::string, Value>>& map, const std::string& key) {
  return std::ranges::lower_bound(map, key, {},
                                  [](const auto& item) -> const std::string& { return item.first; });
}

// Adds the keys that stronger sources have not set.
template <class Value>
void unite(std::vector<std::pair<std::string, Value>>& into,
           const std::vector<std::pair<std::string, Value>>& weaker) {
  for (const auto& item : weaker) {
    const auto at = place_of(into, item.first);
    if (at == into.end() || at->first != item.first) into.insert(at, item);
  }
}

void apply_effect(InstanceBody& body, const OverlayEffect& effect) {
  if (effect.weight) body.weight = effect.weight;
  if (effect.priority) body.priority = effect.priority;
  for (const auto& [key, value] : effect.tags) {
    const auto at = place_of(body.tags, key);
    const bool there = at != body.tags.end() && at->first == key;
    if (value && there) at->second = *value;
    if (value && !there) body.tags.emplace(at, key, *value);
    if (!value && there) body.tags.erase(at);
  }
}

bool changes_body(const OverlayEffect* effect) {
  return effect != nullptr && (effect->weight || effect->priority || !effect->tags.empty());
}

// ---- where it is reached

bool has_container_port(const InstanceBody& body) {
  return std::ranges::find(body.ports, PortScope::container, &Port::scope) != body.ports.end();
}
bool has_addresses(const InstanceBody& body) {
  return !body.addresses.empty() || !body.host_addresses.empty();
}
// Those of a host name are known when it has been looked up; whoever gives the name says where it is all the
// same.
bool says_where(const InstanceBody& body) { return has_addresses(body) || is_by_host(body); }

// What the sources say of addresses and ports, the strongest first.
struct Reach {
  Sayings sayings;
  Sayings passed_over;  // Mesos' lists, where Marathon has its own
  std::string from;     // if Mesos has added to Marathon's addresses: Marathon's name,
  std::string all;      // and the names of all that they are from: "marathon, mesos"
};

// Adds those of containers. A task none of whose ports is the container's is reached at its agent.
bool add_container_addresses(InstanceBody& body, const InstanceBody& mesos) {
  if (!has_container_port(mesos)) return false;
  const auto is_new = [&](const IpAddress& address) {
    return std::ranges::find(body.addresses, address) == body.addresses.end() &&
           std::ranges::find(body.host_addresses, address) == body.host_addresses.end() &&
           std::ranges::find(mesos.host_addresses, address) == mesos.host_addresses.end();
  };
  const std::size_t before = body.addresses.size();
  for (const IpAddress& address : mesos.addresses) {
    if (body.addresses.size() < kMaxAddresses && is_new(address)) body.addresses.push_back(address);
  }
  return body.addresses.size() > before;
}

// Ports come from Marathon together with their addresses; Mesos, which sees the same task from below, adds
// addresses to the container's ports alone. Mixed field by field they would make pairs that nobody listens
// on.
Reach reach_of(std::span<const Saying> sayings) {
  Reach reach{ranked(sayings, rank_of_existence), {}, "", ""};
  const auto marathon = std::ranges::find_if(reach.sayings, [](const Saying& saying) {
    return saying.source->kind == SourceKind::marathon &&
           (has_addresses(*saying.body) || !saying.body->ports.empty());
  });
  if (marathon == reach.sayings.end()) return reach;
  const auto is_mesos = [](const Saying& saying) { return saying.source->kind == SourceKind::scheduler; };
  std::ranges::copy_if(reach.sayings, std::back_inserter(reach.passed_over), is_mesos);
  if (reach.passed_over.empty()) return reach;

  auto body = std::make_shared<InstanceBody>(*marathon->body);
  reach.all = body->addresses.empty() ? "" : marathon->source->name;
  for (const Saying& mesos : reach.passed_over) {
    if (!has_container_port(*body) || !add_container_addresses(*body, *mesos.body)) continue;
    reach.from = marathon->source->name;
    reach.all += (reach.all.empty() ? "" : ", ") + mesos.source->name;
  }
  marathon->body = std::move(body);
  std::erase_if(reach.sayings, is_mesos);
  return reach;
}

// ---- one body

// Whose URL is the instance's. It goes with its address and port: beside those of another source it would
// tell of a place that is not this one; and one without a host tells of none, so that nobody else may. Only a
// host's name is taken with other ports, for without it there would be no address. Null: nobody's.
const InstanceBody* teller_of_url(const Sayings& existence) {
  const auto* where = first_with(existence, says_where);
  const auto* ports = first_with(existence, [](const InstanceBody& b) { return !b.ports.empty(); });
  if (where == nullptr)
    return ports == nullptr ? first_with(existence, [](const InstanceBody& b) { return bool(b.url); })
                            : nullptr;
  const bool is_whole = where == ports || !has_addresses(*where);
  return where->url && is_whole ? where : nullptr;
}

// Who knows the task by its app says which task it is.
Sayings on_task(const Sayings& opinions) {
  Sayings sorted = opinions;
  std::ranges::stable_sort(sorted, {}, [](const Saying& saying) { return saying.body->scheduler ? 0 : 1; });
  return sorted;
}

InstanceBody merge_claims(std::span<const Saying> sayings) {
  const Sayings existence = reach_of(sayings).sayings;
  const Sayings opinions = ranked(sayings, rank_of_opinion);
  InstanceBody body;
  if (const auto* from = first_with(existence, says_where)) {
    body.addresses = from->addresses;
    body.host_addresses = from->host_addresses;
  }
  take_first(body, existence, &InstanceBody::ports);
  if (const auto* from = teller_of_url(existence)) body.url = from->url;
  take_first_named(body, opinions, &InstanceBody::weight);
  take_first_named(body, opinions, &InstanceBody::priority);
  take_first_named(body, opinions, &InstanceBody::order);
  if (const auto* from = first_with(opinions, [](const InstanceBody& b) { return bool(b.lyft); }))
    body.lyft = from->lyft;
  for (const Saying& saying : opinions) {
    unite(body.tags, saying.body->tags);
    unite(body.properties, saying.body->properties);
    unite(body.attributes, saying.body->attributes);
  }
  if (const auto* from = first_with(opinions, [](const InstanceBody& b) { return !b.meta.is_usual(); }))
    body.meta = from->meta;
  if (const auto* from = first_with(opinions, [](const InstanceBody& b) { return !b.version.is_usual(); }))
    body.version = from->version;
  take_first(body, on_task(opinions), &InstanceBody::task);
  if (const auto* from = first_with(opinions, [](const InstanceBody& b) { return bool(b.scheduler); }))
    body.scheduler = from->scheduler;
  if (const auto* from = first_with(opinions, [](const InstanceBody& b) { return bool(b.checks); }))
    body.checks = from->checks;
  return body;
}

// ---- provenance: the same walk, keeping every opinion as JSON.

json::value to_json(const Attributes& attributes) {
  json::object object;
  for (const auto& [key, value] : attributes) object[key] = value;
  return object;
}
json::value to_json(const std::vector<IpAddress>& addresses) {
  json::array array;
  for (const IpAddress& address : addresses) array.emplace_back(net::to_string(address));
  return array;
}
json::value to_json(const std::vector<Port>& ports) {
  json::array array;
  for (const Port& port : ports) {
    json::object object;
    if (!port.name.empty()) object["name"] = port.name;
    object["port"] = port.number;
    object["proto"] = std::string(to_string(port.protocol));
    if (port.scope == PortScope::container) object["scope"] = "container";
    if (port.service_port != 0) object["service_port"] = port.service_port;
    if (!port.attributes.empty()) object["attributes"] = to_json(port.attributes);
    array.emplace_back(std::move(object));
  }
  return array;
}

std::string text_of(const json::value& value) {
  std::string text;
  append_json_value(text, value);
  return text;
}

// One source's word on one field, as JSON text.
struct Word {
  std::string from;
  std::string json;
};

void add_origin(std::vector<FieldOrigin>& origins, std::string field, const std::vector<Word>& words) {
  if (words.empty()) return;
  FieldOrigin origin{std::move(field), words.front().json, words.front().from, {}};
  for (std::size_t i = 1; i < words.size(); ++i)
    origin.lost.emplace_back(words[i].from, words[i].json);
  origins.push_back(std::move(origin));
}

// `read` gives a source's word as JSON, or null for none.
template <class Read>
std::vector<Word> words_of(const Sayings& sayings, const Read& read) {
  std::vector<Word> words;
  for (const Saying& saying : sayings)
    if (json::value value = read(*saying.body); !value.is_null())
      words.push_back({saying.source->name, text_of(value)});
  return words;
}

template <class List>
std::vector<Word> words_on_list(const Sayings& sayings, List InstanceBody::*list) {
  return words_of(sayings, [&](const InstanceBody& body) {
    return (body.*list).empty() ? json::value(nullptr) : to_json(body.*list);
  });
}

// For the addresses of a host name stands the name.
std::vector<Word> words_on_list(const Sayings& sayings, std::vector<IpAddress> InstanceBody::*list) {
  return words_of(sayings, [&](const InstanceBody& body) {
    const bool by_host = list == &InstanceBody::addresses && is_by_host(body) && !has_addresses(body);
    if (by_host) return json::value(body.url->host);
    return (body.*list).empty() ? json::value(nullptr) : to_json(body.*list);
  });
}

// What is passed over never wins, and is among the losers of what does.
template <class List>
void explain_list(std::vector<FieldOrigin>& origins, const Sayings& sayings, const Sayings& passed_over,
                  const char* field, List InstanceBody::*list) {
  std::vector<Word> words = words_on_list(sayings, list);
  if (words.empty()) return;
  std::ranges::move(words_on_list(passed_over, list), std::back_inserter(words));
  add_origin(origins, field, words);
}

void explain_reach(std::vector<FieldOrigin>& origins, const Reach& reach) {
  const std::size_t place = origins.size();
  explain_list(origins, reach.sayings, reach.passed_over, "addresses", &InstanceBody::addresses);
  if (origins.size() > place && origins[place].from == reach.from) origins[place].from = reach.all;
  // They go with the addresses: others' are not taken.
  const auto reached =
      std::ranges::find_if(reach.sayings, [](const Saying& saying) { return says_where(*saying.body); });
  if (reached != reach.sayings.end() && !reached->body->host_addresses.empty())
    explain_list(origins, Sayings(reached, reach.sayings.end()), reach.passed_over, "host_addresses",
                 &InstanceBody::host_addresses);
  explain_list(origins, reach.sayings, reach.passed_over, "ports", &InstanceBody::ports);
  // The winner's is told first, and nobody's where none wins.
  const InstanceBody* teller = teller_of_url(reach.sayings);
  if (teller == nullptr) return;
  Sayings tellers = reach.sayings;
  std::stable_partition(tellers.begin(), tellers.end(),
                        [&](const Saying& saying) { return saying.body.get() == teller; });
  add_origin(origins, "url", words_of(tellers, [](const InstanceBody& body) {
               return body.url ? json::value(body.url->url) : json::value(nullptr);
             }));
}

// What the entries say of a number, the last of them first: it wins.
std::vector<Word> overlay_words(std::span<const OverlayEntry> overlay,
                                std::optional<std::uint16_t> OverlayEntry::*number) {
  std::vector<Word> words;
  for (auto entry = overlay.rbegin(); entry != overlay.rend(); ++entry)
    if ((*entry).*number) words.push_back({"overlay", std::to_string(*((*entry).*number))});
  return words;
}

template <class Number>
void explain_number(std::vector<FieldOrigin>& origins, const Sayings& sayings, const char* field,
                    std::optional<Number> InstanceBody::*number, const std::vector<Word>& overlay = {}) {
  auto words = words_of(sayings, [&](const InstanceBody& body) {
    return body.*number ? json::value(static_cast<std::int64_t>(*(body.*number))) : json::value(nullptr);
  });
  words.insert(words.begin(), overlay.begin(), overlay.end());
  add_origin(origins, field, words);
}

template <class Text>
void explain_text(std::vector<FieldOrigin>& origins, const Sayings& sayings, const char* field,
                  Text InstanceBody::*text) {
  add_origin(origins, field, words_of(sayings, [&](const InstanceBody& body) {
               const std::string_view said = body.*text;
               return said.empty() ? json::value(nullptr) : json::value(said);
             }));
}

// Meta is JSON text already, and stays what it is.
void explain_meta(std::vector<FieldOrigin>& origins, const Sayings& sayings) {
  std::vector<Word> words;
  for (const Saying& saying : sayings)
    if (!saying.body->meta.is_usual()) words.push_back({saying.source->name, saying.body->meta.text()});
  add_origin(origins, "meta", words);
}

void explain_checks(std::vector<FieldOrigin>& origins, const Sayings& sayings) {
  std::vector<Word> words;
  for (const Saying& saying : sayings) {
    if (!saying.body->checks) continue;
    health::append_own_checks(words.emplace_back(Word{saying.source->name, ""}).json, *saying.body->checks);
  }
  add_origin(origins, "checks", words);
}

template <class Value>
std::vector<std::string> all_keys(const Sayings& sayings,
                                  std::vector<std::pair<std::string, Value>> InstanceBody::*map) {
  std::vector<std::string> keys;
  for (const Saying& saying : sayings)
    for (const auto& item : (*saying.body).*map) keys.push_back(item.first);
  return keys;
}

void sort_unique(std::vector<std::string>& keys) {
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

template <class Value>
std::vector<Word> words_on_key(const Sayings& sayings,
                               std::vector<std::pair<std::string, Value>> InstanceBody::*map,
                               const std::string& key) {
  return words_of(sayings, [&](const InstanceBody& body) {
    const auto at =
        std::ranges::find(body.*map, key, [](const auto& item) -> const std::string& { return item.first; });
    return at == (body.*map).end() ? json::value(nullptr) : json::value(at->second);
  });
}

template <class Value>
void explain_map(std::vector<FieldOrigin>& origins, const Sayings& sayings, const std::string& prefix,
                 std::vector<std::pair<std::string, Value>> InstanceBody::*map) {
  auto keys = all_keys(sayings, map);
  sort_unique(keys);
  for (const std::string& key : keys) add_origin(origins, prefix + key, words_on_key(sayings, map, key));
}

void explain_tags(std::vector<FieldOrigin>& origins, const Sayings& sayings,
                  std::span<const OverlayEntry> overlay) {
  auto keys = all_keys(sayings, &InstanceBody::tags);
  for (const OverlayEntry& entry : overlay)
    for (const auto& tag : entry.tags) keys.push_back(tag.first);
  sort_unique(keys);
  for (const std::string& key : keys) {
    auto words = words_on_key(sayings, &InstanceBody::tags, key);
    for (const OverlayEntry& entry : overlay) {
      for (const auto& [name, value] : entry.tags)
        if (name == key)
          words.insert(words.begin(), Word{"overlay", value ? text_of(json::value(*value)) : "null"});
    }
    add_origin(origins, "tags." + key, words);
  }
}

}  // namespace

BodyPtr merge(std::span<const Saying> sayings, const OverlayEffect* effect) {
  if (sayings.size() == 1 && !changes_body(effect)) return sayings.front().body;
  auto body =
      std::make_shared<InstanceBody>(sayings.size() == 1 ? *sayings.front().body : merge_claims(sayings));
  if (effect != nullptr) apply_effect(*body, *effect);
  return body;
}

std::vector<FieldOrigin> explain_merge(std::span<const Saying> sayings,
                                       std::span<const OverlayEntry> overlay) {
  const Sayings opinions = ranked(sayings, rank_of_opinion);
  std::vector<FieldOrigin> origins;
  explain_reach(origins, reach_of(sayings));
  explain_number(origins, opinions, "weight", &InstanceBody::weight,
                 overlay_words(overlay, &OverlayEntry::weight));
  explain_number(origins, opinions, "priority", &InstanceBody::priority,
                 overlay_words(overlay, &OverlayEntry::priority));
  explain_number(origins, opinions, "order", &InstanceBody::order);
  explain_tags(origins, opinions, overlay);
  explain_map(origins, opinions, "properties.", &InstanceBody::properties);
  explain_map(origins, opinions, "attributes.", &InstanceBody::attributes);
  explain_meta(origins, opinions);
  explain_text(origins, opinions, "version", &InstanceBody::version);
  explain_text(origins, on_task(opinions), "task", &InstanceBody::task);
  explain_checks(origins, opinions);
  return origins;
}

}  // namespace muster::registry
