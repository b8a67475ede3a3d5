#include "zones/live_names.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "registry/label.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/reverse.h"
#include "zones/ready_set.h"

namespace muster::zones {

namespace {

using naming::Offer;
using naming::SetKey;
using registry::Instance;
using registry::InstancePtr;
using registry::Protocol;

bool before_in_order(const InstancePtr& a, const InstancePtr& b) {
  const auto place = [](const Instance& one) {
    return std::make_tuple(one.body->priority_or_default(), one.body->order_or_default(), one.sequence,
                           std::string_view(one.id), std::string_view(one.service));
  };
  return place(*a) < place(*b);
}

bool same_place(const InstancePtr& a, const InstancePtr& b) {
  return !before_in_order(a, b) && !before_in_order(b, a);
}

// Whether everything that the own names of an instance show is the same.
bool same_own_names(const Instance& a, TtlRange a_range, const Instance& b, TtlRange b_range) {
  if (a.service != b.service || a.id != b.id || a.label != b.label) return false;
  if (ttl_of(a, a_range).seconds != ttl_of(b, b_range).seconds) return false;
  if (a.body == b.body) return true;
  return naming::addresses_of(*a.body) == naming::addresses_of(*b.body) && a.body->ports == b.body->ports &&
         a.body->tags == b.body->tags && a.body->properties == b.body->properties &&
         a.body->priority_or_default() == b.body->priority_or_default();
}

// Whether it stands in the sets of its service with the same records, in the same place, for the same time.
bool same_in_sets(const Instance& a, const Instance& b, const ServicePolicy& policy, TtlRange range) {
  if (a.label != b.label || a.state != b.state || is_candidate(a) != is_candidate(b) ||
      is_ready(a, policy) != is_ready(b, policy) || a.effective_weight != b.effective_weight) {
    return false;
  }
  if (ttl_of(a, range).seconds != ttl_of(b, range).seconds || a.sequence != b.sequence) return false;
  if (a.body == b.body) return true;
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

std::vector<naming::ServiceType> types_of(const InstancePtr& instance) {
  std::vector<naming::ServiceType> types;
  for (Offer& offer : naming::offers_of(*instance)) types.push_back(std::move(offer.type));
  return types;
}

}  // namespace

LiveNames::LiveNames(PublishConfig config, NameSink& sink)
    : config_(std::move(config)), sink_(sink), safe_stops_(config_.ttl, config_.ttl_min) {
  put_fixed();
}

// The batch as one step per instance, by the label under which it is published.
std::map<std::string, std::vector<LiveNames::Step>> LiveNames::steps_of(const registry::Batch& batch) {
  std::map<std::string, std::vector<Step>> steps;
  std::map<std::pair<std::string_view, std::string_view>, std::pair<std::vector<Step>*, std::size_t>> places;
  for (const registry::InstanceChange& change : batch.changes) {
    std::vector<Step>& of_label = steps[registry::ascii_lower(change.service)];
    const auto [place, is_new] = places.try_emplace({change.service, change.id}, &of_label, of_label.size());
    if (is_new) {
      of_label.push_back({change.before, change.after});
    } else {
      of_label[place->second.second].after = change.after;
    }
  }
  return steps;
}

void LiveNames::move_members(std::vector<InstancePtr>& members, const std::vector<Step>& steps) {
  std::vector<InstancePtr> out;
  std::vector<InstancePtr> in;
  for (const Step& step : steps) {
    if (step.before && step.after && same_place(step.before, step.after)) {
      *std::lower_bound(members.begin(), members.end(), step.before, before_in_order) = step.after;
      continue;
    }
    if (step.before) out.push_back(step.before);
    if (step.after) in.push_back(step.after);
  }
  std::sort(out.begin(), out.end(), before_in_order);
  std::sort(in.begin(), in.end(), before_in_order);
  if (out.size() == 1) {
    members.erase(std::lower_bound(members.begin(), members.end(), out.front(), before_in_order));
  } else if (!out.empty()) {
    std::erase_if(members, [&out](const InstancePtr& member) {
      return std::binary_search(out.begin(), out.end(), member, before_in_order);
    });
  }
  const auto middle = static_cast<std::ptrdiff_t>(members.size());
  members.insert(members.end(), in.begin(), in.end());
  if (middle > 0 && !in.empty() &&
      before_in_order(in.front(), members[static_cast<std::size_t>(middle) - 1])) {
    std::inplace_merge(members.begin(), members.begin() + middle, members.end(), before_in_order);
  }
}

void LiveNames::apply(const registry::Batch& batch, net::Instant now) {
  for (auto& [label, steps] : steps_of(batch)) apply_service(label, std::move(steps), now.wall);
  for (const std::string& service : batch.known_services) {
    const std::string label = registry::ascii_lower(service);
    settle(label, service, standing_of(label));
  }
  flush(now.steady);
}

void LiveNames::apply_service(const std::string& label, std::vector<Step> steps, net::WallTime now) {
  const Step& last = steps.back();
  const std::string service = last.after ? last.after->service : last.before ? last.before->service : label;
  const ServicePolicy policy = config_.policy_of(service);
  for (Step& step : steps) {
    if (step.before && step.after) safe_stops_.note(*step.before, policy, *step.after, policy, now);
    if (step.before && !step.before->publishable) step.before = nullptr;
    if (step.after && !step.after->publishable) step.after = nullptr;
  }
  std::erase_if(steps, [](const Step& step) { return !step.before && !step.after; });

  const Standing before = standing_of(label);
  if (!steps.empty()) {
    move_members(services_[label].members, steps);
    mark(label, steps, {policy, policy});
  }
  settle(label, service, before);
}

LiveNames::Standing LiveNames::standing_of(const std::string& label) const {
  const auto at = services_.find(label);
  if (at == services_.end()) return Standing::unknown;
  return at->second.members.empty() ? Standing::empty : Standing::populated;
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
void LiveNames::settle(const std::string& label, std::string_view service, Standing before) {
  Standing after = standing_of(label);
  if (after != Standing::populated) {
    if (is_known(label, service)) {
      services_.try_emplace(label);
      after = Standing::empty;
    } else {
      services_.erase(label);
      after = Standing::unknown;
    }
  }
  if (after == before) return;
  mark_key(label, {});
  if (before != Standing::empty && after != Standing::empty) return;
  dirty_types_.insert({label, Protocol::tcp});
  dirty_types_.insert({label, Protocol::udp});
}

void LiveNames::mark(const std::string& label, const std::vector<Step>& steps, Policies policies) {
  const auto own_changed = [&](const Step& step) {
    return !step.before || !step.after ||
           !same_own_names(*step.before, ttl_range(policies.before), *step.after, ttl_range(policies.after));
  };
  // First all that goes, then all that comes: a name may pass from one instance to another.
  for (const Step& step : steps) {
    if (step.before && own_changed(step)) mark_own(step.before, true);
  }
  for (const Step& step : steps) {
    if (step.after && own_changed(step)) mark_own(step.after, false);
    mark_sets(label, step, policies);
    mark_browsing(step, policies);
    mark_addresses(step);
  }
}

void LiveNames::mark_own(const InstancePtr& instance, bool gone) {
  const InstancePtr content = gone ? nullptr : instance;
  if (auto owner = name_of(*instance)) {
    dirty_own_.insert_or_assign(std::move(*owner), content);
  } else if (!gone) {
    ++counters_.too_long;
  }
  for (Offer& offer : naming::offers_of(*instance)) {
    if (auto owner = naming::browse_name(config_.domain, offer.type, *instance)) {
      dirty_browse_.insert_or_assign(std::move(*owner), BrowseName{std::move(offer.type), content});
    } else if (!gone) {
      ++counters_.too_long;
    }
  }
}

void LiveNames::mark_sets(const std::string& label, const Step& step, Policies policies) {
  if (step.before && step.after && policies.before == policies.after &&
      same_in_sets(*step.before, *step.after, policies.after, ttl_range(policies.after))) {
    return;
  }
  if (step.before) {
    for (SetKey& key : naming::set_keys(*step.before, policies.before)) mark_key(label, std::move(key));
  }
  if (step.after) {
    for (SetKey& key : naming::set_keys(*step.after, policies.after)) mark_key(label, std::move(key));
  }
}

void LiveNames::mark_key(const std::string& label, SetKey key) {
  if (key.kind == SetKey::Kind::service) {
    dirty_types_.insert({label, key.protocol});
  } else {
    dirty_sets_[label].insert(std::move(key));
  }
}

void LiveNames::mark_browsing(const Step& step, Policies policies) {
  const InstancePtr out = step.before && is_ready(*step.before, policies.before) ? step.before : nullptr;
  const InstancePtr in = step.after && is_ready(*step.after, policies.after) ? step.after : nullptr;
  const auto out_types = out ? types_of(out) : std::vector<ServiceType>();
  const auto in_types = in ? types_of(in) : std::vector<ServiceType>();
  const bool stays = out && in && same_registration(*out, *in);
  for (const ServiceType& type : out_types) {
    if (!stays || !contains(in_types, type)) move_type(type, out, nullptr);
  }
  for (const ServiceType& type : in_types) {
    if (stays && contains(out_types, type)) {
      types_.renew(type, in);
    } else {
      move_type(type, nullptr, in);
    }
  }
}

void LiveNames::move_type(const ServiceType& type, const InstancePtr& out, const InstancePtr& in) {
  const auto first_of = [&]() -> std::optional<std::uint64_t> {
    const InstanceSet* set = types_.find(type);
    return set ? std::optional(set->first().instance->sequence) : std::nullopt;
  };
  const auto first_before = first_of();
  if (out && types_.remove(type, out)) dirty_types_.insert(type);
  if (in && types_.add(type, in)) dirty_types_.insert(type);
  const auto first_after = first_of();
  if (first_before == first_after) return;
  const bool overfull = type_list_.size() > type_list_.kPublished;
  const bool left = first_before && type_list_.erase({*first_before, type});
  const bool came = first_after && type_list_.insert({*first_after, type});
  // A type that only moves inside the published head does not change it: it is published in order of names.
  const bool moved = first_before && first_after && !overfull;
  dirty_type_list_ |= (left || came) && !moved;
}

void LiveNames::mark_addresses(const Step& step) {
  if (config_.reverse.empty()) return;
  const std::vector<net::IpAddress> none;
  const auto& out = step.before ? naming::addresses_of(*step.before->body) : none;
  const auto& in = step.after ? naming::addresses_of(*step.after->body) : none;
  const bool stays = step.before && step.after && same_registration(*step.before, *step.after);
  for (const net::IpAddress& address : out) {
    if ((!stays || !contains(in, address)) && addresses_.remove(address, step.before))
      dirty_addresses_.insert(address);
  }
  for (const net::IpAddress& address : in) {
    if (stays && contains(out, address)) {
      addresses_.renew(address, step.after);
    } else if (naming::reverse_zone_of(naming::reverse_name(address), config_.reverse) &&
               addresses_.add(address, step.after)) {
      dirty_addresses_.insert(address);
    }
  }
}

void LiveNames::reconfigure(PublishConfig config, net::Instant now) {
  config.domain = config_.domain;
  config.reverse = config_.reverse;
  const PublishConfig old = std::exchange(config_, std::move(config));
  const bool all = old.ttl != config_.ttl || old.ttl_min != config_.ttl_min ||
                   old.reverse_services != config_.reverse_services;
  safe_stops_.reconfigure(config_.ttl, config_.ttl_min);
  for (const auto& [label, service] : services_) {
    const std::string name = service.members.empty() ? label : service.members.front()->service;
    const ServicePolicy before = old.policy_of(name);
    const ServicePolicy after = config_.policy_of(name);
    if (before == after && !all) continue;
    for (const InstancePtr& member : service.members) {
      safe_stops_.note(*member, before, *member, after, now.wall);
      mark_own(member, false);
      mark_browsing({member, member}, {before, after});
      for (SetKey& key : naming::set_keys(*member, before)) mark_key(label, std::move(key));
      for (SetKey& key : naming::set_keys(*member, after)) mark_key(label, std::move(key));
      if (!all) continue;
      for (const auto& type : types_of(member)) dirty_types_.insert(type);
      for (const auto& address : naming::addresses_of(*member->body)) {
        if (addresses_.find(address)) dirty_addresses_.insert(address);
      }
    }
  }
  dirty_type_list_ |= all;
  put_fixed();
  flush(now.steady);
}

const std::vector<InstancePtr>* LiveNames::members_of(const std::string& label) const {
  const auto at = services_.find(label);
  return at == services_.end() ? nullptr : &at->second.members;
}

net::WallTime LiveNames::safe_stop(const Instance& instance, net::WallTime now) const {
  return safe_stops_.at(instance, config_.policy_of(instance.service), now);
}

std::optional<Name> LiveNames::name_of(const Instance& instance) const {
  const auto service = config_.domain.child(registry::ascii_lower(instance.service));
  return service ? naming::instance_name(*service, instance) : std::nullopt;
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
  for (const SetKey& key : naming::set_keys(instance, config_.policy_of(instance.service))) {
    add(naming::owner_of(key, config_.domain, label));
  }
  add(name_of(instance));
  for (const Offer& offer : naming::offers_of(instance)) {
    add(naming::type_name(config_.domain, offer.type));
    add(naming::browse_name(config_.domain, offer.type, instance));
  }
  for (const net::IpAddress& address : naming::addresses_of(*instance.body)) {
    const Name name = naming::reverse_name(address);
    if (naming::reverse_zone_of(name, config_.reverse)) add(name);
  }
  return names;
}

}  // namespace muster::zones
