#include "zones/live_names.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cassert>
#include <iterator>
#include <tuple>

#include "registry/key_index.h"
#include "registry/label.h"
#include "registry/prefetch.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/reverse.h"
#include "zones/ready_set.h"

namespace muster::zones {

namespace {

// What is fetched ahead at a time, and of each service: it stays in the nearest cache until its turn.
constexpr std::size_t kFetchedServices = 8;
constexpr std::size_t kFetchedMembers = 4;

constexpr std::size_t kUsualKeys = 8;  // of a service in which one instance changes: two ports and a tag view

using naming::Offer;
using naming::SetKey;
using registry::Instance;
using registry::InstancePtr;
using registry::Protocol;

auto place_in_order(const Instance& one) {
  return std::make_tuple(one.body->priority_or_default(), one.body->order_or_default(), one.sequence,
                         std::string_view(one.id), std::string_view(one.service));
}

bool before_in_order(const std::unique_ptr<Registered>& a, const std::unique_ptr<Registered>& b) {
  return place_in_order(*a->instance) < place_in_order(*b->instance);
}

std::size_t index_of(const LiveNames::Members& members, const Instance& instance) {
  const auto at = std::lower_bound(members.begin(), members.end(), instance,
                                   [](const std::unique_ptr<Registered>& member, const Instance& wanted) {
                                     return place_in_order(*member->instance) < place_in_order(wanted);
                                   });
  assert(at != members.end() && place_in_order(*(*at)->instance) == place_in_order(instance));
  return static_cast<std::size_t>(at - members.begin());
}

// Whether everything that the own names of an instance show is the same.
bool same_own_names(const Instance& a, TtlRange a_range, const Instance& b, TtlRange b_range) {
  if (a.service != b.service || a.id != b.id || a.label != b.label) return false;
  if (ttl_of(a, a_range).seconds != ttl_of(b, b_range).seconds) return false;
  if (a.silent_since != b.silent_since) return false;
  if (a.body == b.body) return true;
  return naming::addresses_of(*a.body) == naming::addresses_of(*b.body) && a.body->ports == b.body->ports &&
         a.body->tags == b.body->tags && a.body->properties == b.body->properties &&
         a.body->url == b.body->url && a.body->priority_or_default() == b.body->priority_or_default() &&
         (a.body->ports.empty() || a.body->weight_or_default() == b.body->weight_or_default());
}

// Whether it stands in the sets of its service with the same records, in the same place, for the same time.
bool same_in_sets(const Instance& a, const Instance& b, const ServicePolicy& policy, TtlRange range) {
  if (a.label != b.label || a.state != b.state || is_candidate(a) != is_candidate(b) ||
      is_ready(a, policy) != is_ready(b, policy) || is_served_in_panic(a) != is_served_in_panic(b) ||
      stands_by(a, policy) != stands_by(b, policy) || a.effective_weight != b.effective_weight) {
    return false;
  }
  if (ttl_of(a, range).seconds != ttl_of(b, range).seconds || a.sequence != b.sequence) return false;
  if (is_drawn(policy.policy) && a.ramp != b.ramp) return false;
  if (is_response_time(policy.policy) && (a.latency_ms != b.latency_ms || a.success != b.success))
    return false;
  if (a.silent_since != b.silent_since) return false;
  if (policy.debug_txt && registry::reason_text(a.reason, a) != registry::reason_text(b.reason, b))
    return false;
  if (a.body == b.body) return true;
  // What its TXT record says stands at the service's name, too, where it has a URL.
  if (a.body->url != b.body->url || (a.body->url && a.body->properties != b.body->properties)) return false;
  return naming::addresses_of(*a.body) == naming::addresses_of(*b.body) && a.body->ports == b.body->ports &&
         a.body->tags == b.body->tags && a.body->weight_or_default() == b.body->weight_or_default() &&
         a.body->priority_or_default() == b.body->priority_or_default() &&
         a.body->order_or_default() == b.body->order_or_default();
}

// Whether a set over the domain keeps it in the same place, pointing to the same name.
bool same_registration(const Instance& a, const Instance& b) {
  return a.sequence == b.sequence && a.service == b.service && a.id == b.id && a.label == b.label;
}

template <class T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

std::vector<naming::ServiceType> types_of(const Instance& instance) {
  std::vector<naming::ServiceType> types;
  for (Offer& offer : naming::offers_of(instance)) types.push_back(std::move(offer.type));
  return types;
}

// Closes what `most` moves at most have left empty; `one` is where, if there is only one.
void close_gaps(LiveNames::Members& members, std::size_t one, std::size_t most) {
  if (most > 1) {
    std::erase(members, nullptr);
  } else if (one < members.size() && !members[one]) {
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(one));
  }
}

}  // namespace

LiveNames::LiveNames(PublishConfig config, NameSink& sink)
    : config_(std::move(config)),
      sink_(sink),
      reverse_(config_, counters_, sink),
      safe_stops_(config_.ttl, config_.ttl_min) {
  put_fixed();
  for (const auto& [label, names] : config_.public_names) put_public(label);
}

// Finds the step of an instance among those of its label: one by one where they are few.
class LiveNames::StepIndex {
 public:
  // Null: it has none yet. One that came and went again within the batch left nothing to go on with.
  Step* find(std::vector<Step>& steps, const registry::InstanceChange& change) {
    if (steps.size() > kFew) {
      const auto at = many_.find({change.service, change.id});
      return at == many_.end() ? nullptr : &steps[at->second];
    }
    for (Step& step : steps) {
      const Instance* one = step.after ? step.after.get() : step.before.get();
      if (one != nullptr && one->id == change.id && one->service == change.service) return &step;
    }
    return nullptr;
  }
  // The last step is new. The batch keeps alive what the keys view.
  void added(const std::vector<Step>& steps) {
    if (steps.size() <= kFew) return;
    for (std::size_t i = steps.size() == kFew + 1 ? 0 : steps.size() - 1; i < steps.size(); ++i)
      add(steps, i);
  }

 private:
  static constexpr std::size_t kFew = 8;
  struct KeyHash {
    std::size_t operator()(const registry::Key& key) const { return registry::hash_of(key); }
  };
  void add(const std::vector<Step>& steps, std::size_t place) {
    const Instance* one = steps[place].after ? steps[place].after.get() : steps[place].before.get();
    if (one != nullptr) many_.insert_or_assign({one->service, one->id}, place);
  }
  boost::unordered_flat_map<registry::Key, std::size_t, KeyHash> many_;
};

// The batch as one step per instance, by the label under which it is published; in order of appearance.
std::vector<LiveNames::ServiceSteps> LiveNames::steps_of(const registry::Batch& batch) {
  std::vector<ServiceSteps> services;
  std::string_view last;  // the service of the change before: most often the same again
  std::size_t place = 0;
  StepIndex index;
  for (const registry::InstanceChange& change : batch.changes) {
    if (services.empty() || last != change.service) {
      place = place_of(registry::ascii_lower(change.service), services);
      last = change.service;
    }
    std::vector<Step>& steps = services[place].steps;
    if (Step* known = index.find(steps, change)) {
      known->after = change.after;
    } else {
      steps.push_back({change.before, change.after});
      index.added(steps);
    }
  }
  return services;
}

std::size_t LiveNames::place_of(std::string label, std::vector<ServiceSteps>& services) {
  const auto [at, is_new] = services_.try_emplace(label);
  Service& service = at->second;
  if (is_new) service.settings = settings_;
  if (service.place == 0) {
    const Standing before = standing_of(is_new ? nullptr : &service);
    services.push_back({std::move(label), &service, before, {}});
    service.place = services.size();
  }
  return service.place - 1;
}
// Each instance to its place; tells each step who it is about. Those that are gone are handed back.
LiveNames::Members LiveNames::move_members(Members& members, std::vector<Step>& steps) {
  constexpr std::size_t kNew = ~std::size_t{0};
  std::vector<std::size_t> places(steps.size(), kNew);  // all before the first is moved
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].before) places[i] = index_of(members, *steps[i].before);
  }
  Members in;
  Members out;
  std::size_t empty = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    std::unique_ptr<Registered> added;
    if (places[i] == kNew) added = std::make_unique<Registered>();
    std::unique_ptr<Registered>& one = places[i] == kNew ? added : members[places[i]];
    step.who = one.get();
    const bool stays =
        step.before && step.after && place_in_order(*step.before) == place_in_order(*step.after);
    if (step.after) one->instance = step.after;
    if (stays) continue;
    if (step.before) empty = places[i];
    (step.after ? in : out).push_back(std::move(one));
  }
  close_gaps(members, empty, steps.size());
  std::sort(in.begin(), in.end(), before_in_order);
  const auto middle = static_cast<std::ptrdiff_t>(members.size());
  members.insert(members.end(), std::make_move_iterator(in.begin()), std::make_move_iterator(in.end()));
  if (middle > 0 && members.size() > static_cast<std::size_t>(middle) &&
      before_in_order(members[static_cast<std::size_t>(middle)],
                      members[static_cast<std::size_t>(middle) - 1])) {
    std::inplace_merge(members.begin(), members.begin() + middle, members.end(), before_in_order);
  }
  return out;
}

void LiveNames::apply_part(const registry::Batch& part, net::Instant now) {
  std::vector<ServiceSteps> services = steps_of(part);
  for (std::size_t i = 0; i < services.size(); ++i) {
    if (i % kFetchedServices == 0)
      fetch(std::span(services).subspan(i, std::min(kFetchedServices, services.size() - i)));
    apply_service(services[i], now);
  }
}

// What the turns of these services will look at: members whom nobody has looked at for long, each at the end
// of a chain of pointers.
void LiveNames::fetch(std::span<const ServiceSteps> services) {
  boost::container::small_vector<const Registered*, kFetchedServices * kFetchedMembers> members;
  for (const ServiceSteps& one : services) __builtin_prefetch(one.service->members.data());
  for (const ServiceSteps& one : services) {
    const std::size_t count = std::min(one.service->members.size(), kFetchedMembers);
    for (const auto& member : std::span(one.service->members).first(count)) {
      registry::prefetch(member.get());
      members.push_back(member.get());
    }
  }
  for (const Registered* member : members) registry::prefetch(member->instance.get());
  for (const Registered* member : members) registry::prefetch(member->instance->body.get());
  for (const Registered* member : members) {
    __builtin_prefetch(naming::addresses_of(*member->instance->body).data());
    registry::prefetch(member->instance->body->ports.data());
  }
}

void LiveNames::apply(const registry::Batch& batch, net::Instant now) {
  apply_part(batch, now);
  for (const std::string& service : batch.known_services) {
    const std::string label = registry::ascii_lower(service);
    SetKeys keys;
    const Service* standing = find(label);
    const Service* settled = settle(label, service, standing, standing_of(standing), keys);
    put_sets(label, settled, std::move(keys));
  }
  flush(now.steady);
}

void LiveNames::apply_service(ServiceSteps& service, net::Instant now) {
  auto& [label, standing, before, steps] = service;
  standing->place = 0;
  if (sweep_ && standing->settings != settings_) follow_settings(label, *standing, now);
  const Step& last = steps.back();
  const std::string spelled = last.after ? last.after->service : last.before ? last.before->service : label;
  const ServicePolicy policy = config_.policy_of(spelled);
  const Policies policies{policy, policy};
  for (Step& step : steps) {
    if (step.before && step.after) safe_stops_.note(*step.before, policy, *step.after, policy, now.wall);
    if (step.before && !step.before->publishable) step.before = nullptr;
    if (step.after && !step.after->publishable) step.after = nullptr;
  }
  std::erase_if(steps, [](const Step& step) { return !step.before && !step.after; });

  const Members out = move_members(standing->members, steps);  // kept until no set lists them
  const std::size_t marked = dirty_types_.size();
  SetKeys keys;
  keys.reserve(kUsualKeys);
  for (const Step& step : steps) {
    mark_types(step, policies);
    mark_addresses(step);
    mark_sets(step, policies, keys);
    note_gone(step);
  }
  // All that goes was noted before what comes: a name may pass from one instance to another.
  for (Step& step : steps) {
    step.shows_change = step.after && shows_own_change(step, policies);
    if (!step.shows_change) continue;
    step.own_name = name_of(*step.after);
    put_own_name(step.own_name, *step.after, policy);
  }
  const Service* settled = settle(label, spelled, standing, before, keys);
  if (!keys.empty() && config_.public_names.contains(label)) dirty_public_.insert(label);
  leave_to_types(label, marked, keys);
  if (!keys.empty()) put_followers(label);
  put_sets(label, settled, std::move(keys));
  for (const Step& step : steps) {
    if (step.shows_change) put_browse_names(step.own_name, *step.after, policy);
  }
}

// Names whose first label is taken by a name server of ours, and those that are no label, belong to nobody.
bool LiveNames::is_known(const std::string& label, std::string_view service) const {
  if (!config_.is_known || registry::service_name_verdict(label, {}) != registry::Reason::ok) return false;
  const auto name = config_.domain.child(label);
  const bool reserved = std::any_of(config_.name_servers.begin(), config_.name_servers.end(),
                                    [&](const Name& server) { return name && server.is_at_or_below(*name); });
  return !reserved && (config_.is_known(label) || config_.is_known(service));
}

// A service without members stays while it is known. When it becomes known, populated, empty or unknown,
// names without an instance behind them change too.
const LiveNames::Service* LiveNames::settle(const std::string& label, std::string_view service,
                                            const Service* standing, Standing before, SetKeys& keys) {
  Standing after = Standing::populated;
  const Service* settled = standing;
  if (standing == nullptr || standing->members.empty()) {
    if (is_known(label, service)) {
      Service& known = services_.try_emplace(label).first->second;
      known.settings = settings_;
      settled = &known;
      after = Standing::empty;
    } else {
      services_.erase(label);
      settled = nullptr;
      after = Standing::unknown;
    }
  }
  if (after == before) return settled;
  keys.push_back({});
  if (before == Standing::empty || after == Standing::empty) {
    dirty_types_.push_back({label, Protocol::tcp});
    dirty_types_.push_back({label, Protocol::udp});
  }
  return settled;
}

bool LiveNames::shows_own_change(const Step& step, Policies policies) const {
  return !step.before || !step.after ||
         !same_own_names(*step.before, ttl_range(policies.before), *step.after, ttl_range(policies.after));
}

// The names of an instance that its newer picture has no longer.
void LiveNames::note_gone(const Step& step) {
  if (!step.before) return;
  const bool same_label = step.after && step.before->label == step.after->label;
  if (same_label && step.before->body->ports == step.after->body->ports) return;
  if (!same_label) {
    if (auto owner = name_of(*step.before)) gone_own_.insert(std::move(*owner));
  }
  const auto stay = same_label ? types_of(*step.after) : std::vector<ServiceType>();
  for (const ServiceType& type : types_of(*step.before)) {
    if (contains(stay, type)) continue;
    if (auto owner = naming::browse_name(config_.domain, type, *step.before))
      gone_browse_.insert(std::move(*owner));
  }
}

void LiveNames::mark_sets(const Step& step, Policies policies, SetKeys& keys) const {
  if (step.before && step.after && policies.before == policies.after &&
      same_in_sets(*step.before, *step.after, policies.after, ttl_range(policies.after))) {
    return;
  }
  if (step.before) naming::add_set_keys(*step.before, policies.before, keys);
  if (step.after) naming::add_set_keys(*step.after, policies.after, keys);
}

// Whether it is browsed is all that the sets of the domain ask: a newer picture in the same place is no
// change.
void LiveNames::mark_types(const Step& step, Policies policies) {
  const Instance* out = step.before && is_ready(*step.before, policies.before) ? step.before.get() : nullptr;
  const Instance* in = step.after && is_ready(*step.after, policies.after) ? step.after.get() : nullptr;
  const bool stays = out && in && same_registration(*out, *in);
  if (stays && (out->body == in->body || out->body->ports == in->body->ports)) return;
  const auto out_types = out ? types_of(*out) : std::vector<ServiceType>();
  const auto in_types = in ? types_of(*in) : std::vector<ServiceType>();
  for (const ServiceType& type : out_types) {
    if (!stays || !contains(in_types, type)) remove_from_type(type, {out->sequence, step.who});
  }
  for (const ServiceType& type : in_types) {
    if (!stays || !contains(out_types, type)) add_to_type(type, {in->sequence, step.who});
  }
}

void LiveNames::add_to_type(const ServiceType& type, const Place& place) {
  const InstanceSet* set = types_.find(type);
  const auto first = set ? std::optional(set->first().sequence) : std::nullopt;
  if (types_.add(type, place)) dirty_types_.push_back(type);
  if (!first || place.sequence < *first) note_first(type, first);
}

void LiveNames::remove_from_type(const ServiceType& type, const Place& place) {
  const InstanceSet* set = types_.find(type);
  const auto first = set ? std::optional(set->first().sequence) : std::nullopt;
  if (types_.remove(type, place)) dirty_types_.push_back(type);
  if (first == place.sequence) note_first(type, first);
}

// The list of types is in the order of their first members.
void LiveNames::note_first(const ServiceType& type, std::optional<std::uint64_t> before) {
  const InstanceSet* set = types_.find(type);
  const auto after = set ? std::optional(set->first().sequence) : std::nullopt;
  if (before == after) return;
  const bool overfull = type_list_.size() > type_list_.kPublished;
  const bool left = before && type_list_.erase({*before, type});
  const bool came = after && type_list_.insert({*after, type});
  // A type that only moves inside the published head does not change it: it is published in order of names.
  const bool moved = before && after && !overfull;
  dirty_type_list_ |= (left || came) && !moved;
}

void LiveNames::mark_addresses(const Step& step) {
  if (config_.reverse.empty()) return;
  const std::vector<net::IpAddress> none;
  const auto& out = step.before ? naming::addresses_of(*step.before->body) : none;
  const auto& in = step.after ? naming::addresses_of(*step.after->body) : none;
  const bool stays = step.before && step.after && same_registration(*step.before, *step.after);
  if (stays && step.before->body == step.after->body) return;
  for (const net::IpAddress& address : out) {
    if (stays && contains(in, address)) continue;
    reverse_.remove(address, {step.before->sequence, step.who});
  }
  for (const net::IpAddress& address : in) {
    if (stays && contains(out, address)) continue;
    reverse_.add(address, {step.after->sequence, step.who});
  }
}

void LiveNames::reconfigure(PublishConfig config, net::Instant now) {
  while (sweep_) sweep(now);
  config.domain = config_.domain;
  config.reverse = config_.reverse;
  PublishConfig old = std::exchange(config_, std::move(config));
  const bool all = old.ttl != config_.ttl || old.ttl_min != config_.ttl_min ||
                   old.reverse_services != config_.reverse_services;
  safe_stops_.reconfigure(config_.ttl, config_.ttl_min);
  ++settings_;
  follow_public_names(old);
  sweep_.emplace(Sweep{std::move(old), all});
  dirty_type_list_ |= all;
  put_fixed();
  sweep(now);
  flush(now.steady);
}

// A piece of it.
void LiveNames::sweep(net::Instant now) {
  if (sweep_->buckets != services_.bucket_count()) {
    sweep_->buckets = services_.bucket_count();
    sweep_->bucket = 0;
  }
  std::size_t members = 0;
  for (std::size_t looks = 0; sweep_->bucket < sweep_->buckets; ++sweep_->bucket, ++looks) {
    if (looks >= kSweepLooks || members >= kSweepMembers) return;
    for (auto at = services_.begin(sweep_->bucket); at != services_.end(sweep_->bucket); ++at) {
      auto& [label, service] = *at;
      if (service.settings != settings_) members += follow_settings(label, service, now);
    }
  }
  sweep_.reset();
}

// The names of one service as the settings want them now; the number of members for which that was work.
std::size_t LiveNames::follow_settings(const std::string& label, Service& service, net::Instant now) {
  service.settings = settings_;
  const std::string name = service.members.empty() ? label : service.members.front()->instance->service;
  const ServicePolicy before = sweep_->old.policy_of(name);
  const ServicePolicy after = config_.policy_of(name);
  if (before == after && !sweep_->concerns_all) return 0;
  const std::size_t marked = dirty_types_.size();
  SetKeys keys;
  for (const auto& member : service.members) {
    const InstancePtr& instance = member->instance;
    safe_stops_.note(*instance, before, *instance, after, now.wall);
    mark_types({instance, instance, member.get()}, {before, after});
    put_own_name(name_of(*instance), *instance, after);
    naming::add_set_keys(*instance, before, keys);
    naming::add_set_keys(*instance, after, keys);
    if (sweep_->concerns_all) mark_domain_sets(*member);
  }
  leave_to_types(label, marked, keys);
  put_sets(label, &service, std::move(keys));
  for (const auto& member : service.members)
    put_browse_names(name_of(*member->instance), *member->instance, after);
  return 1 + service.members.size();
}

// The sets over the domain that list it; a type is left to its first member, or it would be put with every piece.
void LiveNames::mark_domain_sets(const Registered& member) {
  for (auto& type : types_of(*member.instance)) {
    const InstanceSet* set = types_.find(type);
    if (set != nullptr && set->first().who == &member) dirty_types_.push_back(std::move(type));
  }
  for (const auto& address : naming::addresses_of(*member.instance->body)) reverse_.mark(address);
}

const LiveNames::Service* LiveNames::find(const std::string& label) const {
  const auto at = services_.find(label);
  return at == services_.end() ? nullptr : &at->second;
}

const LiveNames::Members* LiveNames::members_of(const std::string& label) const {
  const Service* service = find(label);
  return service == nullptr ? nullptr : &service->members;
}

net::WallTime LiveNames::safe_stop(const Instance& instance, net::WallTime now) const {
  return safe_stops_.at(instance, config_.policy_of(instance.service), now);
}

std::optional<Name> LiveNames::name_of(const Instance& instance) const {
  return naming::own_name(config_.domain, instance);
}

std::vector<Name> LiveNames::own_names_of(const Instance& instance) const {
  std::vector<Name> names;
  if (auto name = name_of(instance)) names.push_back(std::move(*name));
  for (const Offer& offer : naming::offers_of(instance)) {
    auto name = naming::browse_name(config_.domain, offer.type, instance);
    if (name && !contains(names, *name)) names.push_back(std::move(*name));
  }
  return names;
}

std::vector<Name> LiveNames::names_of(const Instance& instance) const {
  std::vector<Name> names;
  if (!instance.publishable) return names;
  const auto add = [&names](std::optional<Name> name) {
    if (name && !contains(names, *name)) names.push_back(std::move(*name));
  };
  const std::string label = registry::ascii_lower(instance.service);
  SetKeys keys;
  naming::add_set_keys(instance, config_.policy_of(instance.service), keys);
  for (const SetKey& key : keys) {
    add(naming::owner_of(key, config_.domain, label));
  }
  if (const auto also = config_.public_names.find(label); also != config_.public_names.end()) {
    for (const Name& owner : also->second) {
      const auto set = naming::public_set(owner, label);
      if (set && naming::stands_under(set->key, instance)) add(owner);
    }
  }
  add(name_of(instance));
  for (const Offer& offer : naming::offers_of(instance)) {
    add(naming::type_name(config_.domain, offer.type));
    add(naming::browse_name(config_.domain, offer.type, instance));
  }
  for (const net::IpAddress& address : naming::addresses_of(*instance.body)) {
    if (reverse_.covers(address)) add(naming::reverse_name(address));
  }
  return names;
}

}  // namespace muster::zones
