// The rebuilding half of LiveNames: what has changed becomes puts, upwards from the targets, and then
// erasures, downwards.
#include "zones/live_names.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "zones/naming/instance_names.h"

namespace muster::zones {

namespace {

using naming::SetKey;

// A key may be dirty because its tag has a view no longer.
bool is_published(const SetKey& key, const ServicePolicy& policy) {
  if (key.kind == SetKey::Kind::health) return policy.debug_txt;
  const auto& views = policy.tag_views;
  return key.kind != SetKey::Kind::tag || std::find(views.begin(), views.end(), key.first) != views.end();
}

template <class T>
void drop_repeats(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

// The end of a batch: what waited for its time, what belongs to the whole domain, what goes.
void LiveNames::flush(net::SteadyTime now) {
  put_late_sets(now);
  put_public_names(now);
  reverse_.flush();
  put_types(now);
  put_type_list();
  for (auto gone = erasures_.rbegin(); gone != erasures_.rend(); ++gone) erase(gone->zone, gone->owner);
  erasures_.clear();
  erase_targets(now);
}

void LiveNames::tick(net::Instant now) {
  const bool goes_on = sweep_.has_value();
  if (goes_on) sweep(now);
  if (goes_on || is_put_off() || !late_queue_.empty()) flush(now.steady);
  pacer_.forget_old(now.steady);
  safe_stops_.forget_passed(now.wall);
}

void LiveNames::put(std::size_t zone, const NameSpec& spec) {
  if (!late_.empty()) late_.erase(spec.owner);
  ++counters_.puts;
  sink_.put(zone, spec);
}

void LiveNames::erase(std::size_t zone, const Name& owner) {
  ++counters_.erasures;
  sink_.erase(zone, owner);
}

void LiveNames::count_too_long(const std::string& service, const std::string& id) {
  ++counters_.too_long;
  counters_.last_too_long = id.empty() ? service : service + "/" + id;
}

void LiveNames::put_fixed() {
  for (const NameSpec& spec : naming::browsing_domain_specs(config_.domain, config_.ttl))
    put(NameSink::kDomain, spec);
}

void LiveNames::put_own_name(const std::optional<Name>& owner, const Instance& instance,
                             const ServicePolicy& policy) {
  if (!owner) return count_too_long(instance.service, instance.id);
  if (!gone_own_.empty()) gone_own_.erase(*owner);
  put(NameSink::kDomain,
      naming::instance_spec(*owner, instance, ttl_range(policy), policy, &counters_.strings_left_out));
}

void LiveNames::put_browse_names(const std::optional<Name>& target, const Instance& instance,
                                 const ServicePolicy& policy) {
  for (const naming::Offer& offer : naming::offers_of(instance)) {
    const auto owner = naming::browse_name(config_.domain, offer.type, instance);
    if (!owner) count_too_long(instance.service, instance.id);
    if (!owner || !target) continue;
    if (!gone_browse_.empty()) gone_browse_.erase(*owner);
    put(NameSink::kDomain, naming::browse_spec(*owner, offer, *target, instance, ttl_range(policy), policy));
  }
}

naming::ServicePicture LiveNames::picture_of(const std::string& label, const Service& service) const {
  return picture_of(*config_.domain.child(label), label, service);
}

naming::ServicePicture LiveNames::picture_of(const Name& name, const std::string& label,
                                             const Service& service) const {
  naming::ServicePicture picture;
  picture.name = name;
  picture.members.reserve(service.members.size());
  for (const auto& member : service.members) picture.members.push_back(member->instance.get());
  picture.policy =
      config_.policy_of(service.members.empty() ? label : service.members.front()->instance->service);
  picture.ttl = ttl_range(picture.policy);
  if (picture.policy.when_none == WhenNone::fallback && !picture.policy.fallback_service.empty()) {
    picture.fallback_name = config_.domain.child(picture.policy.fallback_service).value_or(Name());
    picture.fallback_not_ready = config_.policy_of(picture.policy.fallback_service).publish_not_ready;
    picture.fallback_members = [this, other = picture.policy.fallback_service] {
      return members_view(other);
    };
  }
  return picture;
}

naming::SrvMembers LiveNames::srv_members_of(const std::string& label) const {
  const Service* service = find(label);
  return service == nullptr ? naming::SrvMembers() : naming::srv_members({}, picture_of(label, *service));
}

std::vector<const registry::Instance*> LiveNames::members_view(const std::string& label) const {
  std::vector<const Instance*> view;
  const Service* service = find(label);
  if (service == nullptr) return view;
  for (const auto& member : service->members) view.push_back(member->instance.get());
  return view;
}

void LiveNames::fill(const SetKey& key, const std::string& label, const naming::ServicePicture& service) {
  naming::fill_set(key, service, content_);
  counters_.strings_left_out += content_.texts_left_out;
  if (!content_.beyond_hash) return;
  ++counters_.beyond_hash;
  counters_.last_beyond_hash = label;
}

// What the set that was just filled says of panic. Null: the service is gone.
void LiveNames::note_panic(const std::string& label, const SetKey& key,
                           const naming::ServicePicture* service) {
  const bool panics = service != nullptr && content_.panic.has_value();
  const auto known = panicking_.find(label);
  if (!panics && known == panicking_.end()) return;
  Panicking& now = known == panicking_.end() ? panicking_[label] : known->second;
  if (panics) {
    const std::string fallback =
        service->policy.when_none == WhenNone::fallback ? service->policy.fallback_service : std::string();
    if (now.fallback != fallback) unfollow(label, std::exchange(now.fallback, fallback));
    if (!fallback.empty()) followers_[fallback].insert(label);
    const bool begins = now.keys.empty();
    now.keys.insert(key);
    if (begins && config_.on_panic) config_.on_panic(label, *content_.panic);
    return;
  }
  now.keys.erase(key);
  if (!now.keys.empty()) return;
  unfollow(label, now.fallback);
  panicking_.erase(label);
  if (config_.on_panic) config_.on_panic(label, {});
}

void LiveNames::unfollow(const std::string& label, const std::string& fallback) {
  const auto followers = followers_.find(fallback);
  if (followers == followers_.end()) return;
  followers->second.erase(label);
  if (followers->second.empty()) followers_.erase(followers);
}

// Those that have this service's instances in their sets for want of their own.
void LiveNames::put_followers(const std::string& label) {
  const auto followers = followers_.find(label);
  if (followers == followers_.end()) return;
  const std::set<std::string> labels = followers->second;  // what is put may stop to follow
  for (const std::string& follower : labels) {
    const auto panicking = panicking_.find(follower);
    if (panicking == panicking_.end()) continue;
    put_sets(follower, find(follower), SetKeys(panicking->second.keys.begin(), panicking->second.keys.end()));
  }
}

// The sets _S._O.D that the end of the batch rebuilds as types. `marked`: from where on dirty_types_ are this
// service's.
void LiveNames::leave_to_types(const std::string& label, std::size_t marked, SetKeys& keys) const {
  const auto own = dirty_types_.begin() + static_cast<std::ptrdiff_t>(marked);
  std::erase_if(keys, [&](const SetKey& key) {
    return key.kind == SetKey::Kind::service &&
           std::find(own, dirty_types_.end(), ServiceType{label, key.protocol}) != dirty_types_.end();
  });
}

// After the own names of what they point to, and before those go.
void LiveNames::put_public_names(net::SteadyTime now) {
  for (auto label = dirty_public_.begin(); label != dirty_public_.end();) {
    const auto names = config_.public_names.find(*label);
    const bool is_due = names == config_.public_names.end() || names->second.empty() ||
                        pacer_.admit(names->second.front(), is_paced(*label, find(*label)), now);
    if (!is_due) {
      ++counters_.put_off;
      ++label;
      continue;
    }
    put_public(*label);
    label = dirty_public_.erase(label);
  }
}

// Of an unknown service, and of one without instances, the names are there without records.
void LiveNames::put_public(const std::string& label) {
  const auto names = config_.public_names.find(label);
  if (names == config_.public_names.end()) return;
  const Service* service = find(label);
  const naming::ServicePicture picture = service ? picture_of(label, *service) : naming::ServicePicture{};
  std::vector<std::pair<SetKey, std::vector<RrsetSpec>>> filled;  // several names may have the same sets
  for (const Name& owner : names->second) {
    const auto set = naming::public_set(owner, label);
    if (!set) continue;
    auto sets =
        std::find_if(filled.begin(), filled.end(), [&](const auto& one) { return one.first == set->key; });
    if (sets == filled.end()) {
      sets = filled.insert(filled.end(), {set->key, {}});
      content_.clear();
      if (service) naming::fill_set(set->key, picture, content_);
      std::copy_if(content_.rrsets.begin(), content_.rrsets.end(), std::back_inserter(sets->second),
                   [&](const RrsetSpec& rrset) {
                     return std::find(set->types.begin(), set->types.end(), rrset.type) != set->types.end();
                   });
    }
    ++counters_.puts;
    sink_.bind(owner, set->types, sets->second);
  }
}

// Those that are no longer named go; all others are put anew.
void LiveNames::follow_public_names(const PublishConfig& old) {
  const auto is_kept = [&](const Name& owner) {
    return std::any_of(config_.public_names.begin(), config_.public_names.end(), [&](const auto& names) {
      return std::find(names.second.begin(), names.second.end(), owner) != names.second.end();
    });
  };
  for (const auto& [label, names] : old.public_names) {
    for (const Name& owner : names) {
      if (is_kept(owner)) continue;
      ++counters_.erasures;
      sink_.unbind(owner);
    }
  }
  for (const auto& [label, names] : config_.public_names) dirty_public_.insert(label);
}

// Whether so many instances stand in its sets that they are rebuilt at most every 20 ms.
bool LiveNames::is_paced(const std::string& label, const Service* service) const {
  if (is_large(service)) return true;
  const auto panicking = panicking_.find(label);
  return panicking != panicking_.end() && is_large(find(panicking->second.fallback));
}

// Those of a large service wait for the end of the batch, and then for their time.
void LiveNames::put_sets(const std::string& label, const Service* service, SetKeys keys) {
  if (keys.empty()) return;
  if (config_.public_names.contains(label)) dirty_public_.insert(label);
  if (is_paced(label, service) || (!late_sets_.empty() && late_sets_.contains(label))) {
    SetKeys& late = late_sets_[label];
    late.insert(late.end(), keys.begin(), keys.end());
  } else {
    drop_repeats(keys);
    put_service(label, service, keys);
  }
}

void LiveNames::put_late_sets(net::SteadyTime now) {
  for (auto at = late_sets_.begin(); at != late_sets_.end();) {
    auto& [label, keys] = *at;
    const Service* service = find(label);
    const auto owner = config_.domain.child(label);
    if (owner && !pacer_.admit(*owner, is_paced(label, service), now)) {
      ++counters_.put_off;
      ++at;
      continue;
    }
    drop_repeats(keys);
    put_service(label, service, keys);
    at = late_sets_.erase(at);
  }
}

// `keys` are in order: the service's own name is the first, so that it comes before the names below it and
// goes after them. Null: the service is gone. Whether _S._O.D is a type too, or goes, the end of the batch
// knows.
void LiveNames::put_service(const std::string& label, const Service* service, const SetKeys& keys) {
  const auto name = config_.domain.child(label);
  if (!name) return;
  const naming::ServicePicture picture =
      service ? picture_of(*name, label, *service) : naming::ServicePicture{};
  for (const SetKey& key : keys) {
    content_.clear();
    if (service && is_published(key, picture.policy)) fill(key, label, picture);
    note_panic(label, key, service ? &picture : nullptr);
    if (key.kind == SetKey::Kind::service && (!content_.any || types_.find({label, key.protocol}))) {
      dirty_types_.push_back({label, key.protocol});
      continue;
    }
    auto owner = naming::owner_of(key, config_.domain, label);
    if (!owner) {
      count_too_long(label, "");
    } else if (content_.any || (service && key.kind == SetKey::Kind::plain)) {
      NameSpec spec{std::move(*owner), std::move(content_.rrsets)};
      put(NameSink::kDomain, spec);
      content_.rrsets = std::move(spec.rrsets);
    } else {
      erasures_.push_back({NameSink::kDomain, std::move(*owner)});
    }
  }
}

void LiveNames::put_types(net::SteadyTime now) {
  std::vector<ServiceType> dirty = std::exchange(dirty_types_, {});
  drop_repeats(dirty);
  for (ServiceType& type : dirty) {
    const auto owner = naming::type_name(config_.domain, type);
    if (!owner) continue;
    const InstanceSet* set = types_.find(type);
    const bool large = (set && set->published() > kLargeDomainSet) || is_large(find(type.label));
    if (pacer_.admit(*owner, large, now)) {
      put_type(type, *owner);
    } else {
      ++counters_.put_off;
      dirty_types_.push_back(std::move(type));
    }
  }
}

// One owner name, two meanings: _http._tcp.D is SRV of a service `http` and PTR to everybody's http ports.
void LiveNames::put_type(const ServiceType& type, const Name& owner) {
  NameSpec spec{.owner = owner, .rrsets = {}};
  bool exists = false;
  const Service* service = find(type.label);
  const SetKey key{SetKey::Kind::service, type.protocol, "", ""};
  if (service == nullptr) {
    note_panic(type.label, key, nullptr);
  } else {
    const naming::ServicePicture picture = picture_of(type.label, *service);
    fill(key, type.label, picture);
    note_panic(type.label, key, &picture);
    exists = content_.any || service->members.empty();
    spec.rrsets = content_.rrsets;
  }
  if (const InstanceSet* set = types_.find(type)) {
    std::vector<Name> targets;
    set->for_each_published([&](const Place& place) {
      auto name = owner.child(naming::browse_label(*place.who->instance));
      if (name) targets.push_back(std::move(*name));
    });
    exists |= !targets.empty();
    if (!targets.empty()) spec.rrsets.push_back(naming::ptr_rrset(config_.ttl, targets));
  }
  if (exists) {
    put(NameSink::kDomain, spec);
  } else {
    erasures_.push_back({NameSink::kDomain, owner});
  }
}

void LiveNames::put_type_list() {
  if (!std::exchange(dirty_type_list_, false)) return;
  auto owner = naming::dns_sd_name(config_.domain, "_services");
  if (!owner) return;
  std::vector<Name> targets;
  type_list_.for_each_published([&](const auto& entry) {
    if (auto name = naming::type_name(config_.domain, entry.second)) targets.push_back(std::move(*name));
  });
  std::sort(targets.begin(), targets.end());
  if (targets.empty()) {
    erasures_.push_back({NameSink::kDomain, std::move(*owner)});
  } else {
    put(NameSink::kDomain, {std::move(*owner), {naming::ptr_rrset(config_.ttl, targets)}});
  }
}

// Last of all. While a name is put off, it may still point here: every such name is rebuilt within one
// interval.
void LiveNames::erase_targets(net::SteadyTime now) {
  for (auto* gone : {&gone_browse_, &gone_own_}) {
    for (const Name& owner : *gone) {
      if (is_put_off()) {
        late_[owner] = now + Pacer::kInterval;
        late_queue_.push_back({now + Pacer::kInterval, owner});
      } else {
        late_.erase(owner);
        erase(NameSink::kDomain, owner);
      }
    }
    gone->clear();
  }
  for (; !late_queue_.empty() && late_queue_.front().due <= now; late_queue_.pop_front()) {
    const auto late = late_.find(late_queue_.front().owner);
    if (late == late_.end() || late->second != late_queue_.front().due) continue;
    late_.erase(late);
    erase(NameSink::kDomain, late_queue_.front().owner);
  }
}

}  // namespace muster::zones
