#include "zones/set_view.h"

#include <algorithm>

#include "zones/naming/instance_names.h"

namespace muster::zones {

namespace {

using registry::Instance;
using registry::Reason;

constexpr std::size_t kSrvTarget = 6;
constexpr std::size_t kUriTarget = 4;
const std::vector<registry::InstancePtr> kNobody;

// TXT tells of all that URI has.
bool has_all_tiers(RrType type) { return has_priorities(type) || type == RrType::txt; }

bool is_address(RrType type) { return type == RrType::a || type == RrType::aaaa; }

// What the instance itself says of its place in the choice; the others decide between these.
bool decides_alone(Reason reason) {
  switch (reason) {
    case Reason::ok:
    case Reason::forced_up:
    case Reason::lease_suspect:
    case Reason::unreachable:
    case Reason::timedout:
    case Reason::capped:
    case Reason::held: return false;
    default: return true;
  }
}

}  // namespace

SetView::SetView(const LiveNames& names, naming::SetKey key, const std::string& label, RrType type)
    : key_(std::move(key)), type_(type) {
  const auto* members = names.members_of(label);
  const auto service = names.config().domain.child(label);
  if (members == nullptr || members->empty() || !service) return;
  policy_ = names.config().policy_of(members->front()->instance->service);
  ttl_ = zones::ttl_range(names.config().ttl_min, policy_);
  for (const auto& member : *members) {
    if (suits(*member->instance)) able_.push_back(member->instance.get());
  }
  set_ = choose(able_, policy_, has_all_tiers(type) ? Tiers::all : Tiers::lowest);
  for (const Chosen& one : set_.chosen) {
    if (!one.stands_by) chosen_[one.instance] = one.weight;
  }
  for (const auto& member : *members) {
    if (chosen_.contains(member->instance.get())) note_holder(member->instance, *service);
  }
  if (set_.falls_back) note_fallback(names);
}

// Whose addresses the answer holds when it is another service's.
void SetView::note_fallback(const LiveNames& names) {
  const auto* others = names.members_of(policy_.fallback_service);
  const auto other = names.config().domain.child(policy_.fallback_service);
  if (others == nullptr || !other) return;
  for (const auto& member : *others) {
    if (member->instance->serving && suits(*member->instance)) note_holder(member->instance, *other);
  }
}

void SetView::note_holder(const registry::InstancePtr& instance, const Name& service) {
  if (type_ == RrType::srv) {
    if (const auto target = naming::instance_name(service, *instance))
      holders_[std::string(target->wire())].push_back(instance);
    return;
  }
  if (type_ == RrType::uri) return holders_[instance->body->url->url].push_back(instance);
  if (type_ == RrType::txt)
    return holders_[encode_txt(naming::txt_strings(*instance->body, policy_))].push_back(instance);
  for (const net::IpAddress& address : naming::addresses_of(*instance->body)) {
    if (address_type(address) == type_) holders_[encode_address(address)].push_back(instance);
  }
}

bool SetView::suits(const Instance& instance) const {
  if (!naming::stands_under(key_, instance)) return false;
  if (type_ == RrType::srv) return naming::has_port_under(key_, instance);
  if (type_ == RrType::uri) return naming::has_url_under(key_, instance);
  if (type_ == RrType::txt)
    return key_.kind == naming::SetKey::Kind::plain && naming::has_url_under(key_, instance);
  const bool has_addresses =
      key_.kind == naming::SetKey::Kind::plain || key_.kind == naming::SetKey::Kind::tag;
  const auto& addresses = naming::addresses_of(*instance.body);
  return has_addresses && is_address(type_) &&
         std::any_of(addresses.begin(), addresses.end(),
                     [&](const net::IpAddress& address) { return address_type(address) == type_; });
}

std::string SetView::rule() const {
  if (!set_.panic) return std::string(type_ == RrType::txt ? kFixedRule : to_string(policy_.policy));
  switch (policy_.when_none) {
    case WhenNone::all: return "panic:all";
    case WhenNone::none: return "panic:none";
    case WhenNone::servfail: return "panic:servfail";
    case WhenNone::fallback: return "panic:fallback";
  }
  return "";
}

std::string SetView::rule_of(const Instance& instance) const {
  if (const auto chosen = chosen_.find(&instance); chosen != chosen_.end()) {
    const bool equals = !set_.panic && instance.effective_weight <= 0;
    return equals ? "all_weights_zero" : rule();
  }
  if (decides_alone(instance.reason)) return registry::reason_text(instance.reason, instance);
  const bool is_able = suits(instance);
  if (is_able && (set_.panic || policy_.policy == Policy::single)) return rule();
  if (!is_able) {
    if (type_ == RrType::srv) return "no_port";
    if (type_ == RrType::uri || type_ == RrType::txt) return "no_url";
    return is_address(type_) ? std::string(to_string(Reason::no_address)) : "no_such_type";
  }
  const auto lowest =
      std::min_element(set_.chosen.begin(), set_.chosen.end(), [](const Chosen& a, const Chosen& b) {
        return a.instance->body->priority_or_default() < b.instance->body->priority_or_default();
      });
  const bool is_lower = !has_all_tiers(type_) && lowest != set_.chosen.end() &&
                        instance.body->priority_or_default() > lowest->instance->body->priority_or_default();
  return std::string(to_string(is_lower ? Reason::lower_tier : Reason::weight_zero));
}

SetView::Standing SetView::standing_of(const Instance& instance) const {
  Standing standing;
  const auto weights = naming::shown_weights(set_.chosen, policy_);
  for (std::size_t i = 0; i < set_.chosen.size(); ++i) {
    const Chosen& one = set_.chosen[i];
    if (one.instance->id != instance.id || one.instance->service != instance.service || one.stands_by)
      continue;
    standing.weight = one.weight;
    standing.srv = weights[i];
    if (is_response_time(policy_.policy) && !set_.panic) standing.response = one.response;
  }
  return standing;
}

bool SetView::answers_more() const {
  const PolicyRules& rules = rules_of(policy_.policy);
  return !(has_priorities(type_) ? rules.srv_one : rules.one);
}

std::string SetView::ttl_reason() const {
  return able_.empty() ? "" : to_string(ttl_of(able_, ttl_, set_.panic));
}

const std::vector<registry::InstancePtr>& SetView::holders_of(std::string_view rdata) const {
  if (type_ == RrType::srv && rdata.size() > kSrvTarget) rdata.remove_prefix(kSrvTarget);
  if (type_ == RrType::uri && rdata.size() > kUriTarget) rdata.remove_prefix(kUriTarget);
  const auto found = holders_.find(std::string(rdata));
  return found == holders_.end() ? kNobody : found->second;
}

}  // namespace muster::zones
