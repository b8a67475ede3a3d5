#include "zones/ready_set.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace muster::zones {

namespace {

using registry::AdminMode;
using registry::Instance;
using registry::State;

constexpr double kShareScale = 16000;
constexpr double kSrvWeightMax = 65535;
constexpr double kAutoWeight = 65280;

bool served_in_panic(const Instance& instance, const ServicePolicy& policy) {
  return instance.state == State::suspended || is_ready(instance, policy);
}

double configured_weight(const Instance& instance) { return instance.body->weight_or_default(); }

using Chosens = decltype(ReadySet::chosen);

std::uint16_t priority_of(const Chosen& one) { return one.instance->body->priority_or_default(); }

// Takes one tier: those with weight 0 stand aside while another has more; when all have 0 they are equal.
// What a slow start lowers counts only beside others.
class TierTaker {
 public:
  TierTaker(const ServicePolicy& policy, Tiers tiers, Chosens& out)
      : policy_(policy), tiers_(tiers), out_(out) {}

  void take(std::span<const Chosen> tier) {
    const bool some = std::any_of(tier.begin(), tier.end(), has_weight);
    const bool full = std::any_of(tier.begin(), tier.end(), [](const Chosen& one) {
      return has_weight(one) && one.instance->ramp >= 1;
    });
    const bool ramps = full && is_drawn(policy_.policy);
    for (Chosen one : tier) {
      if (one.stands_by || (some && one.weight <= 0)) continue;
      if (!some) one.weight = 1;
      if (ramps) one.weight *= one.instance->ramp;
      put(one);
    }
    group_ += out_.size() > from_;
    stand_by(tier, some);
  }

 private:
  static bool has_weight(const Chosen& one) { return !one.stands_by && one.weight > 0; }
  void put(Chosen one) {
    one.group = group_;
    out_.push_back(one);
  }
  // Behind those of their tier.
  void stand_by(std::span<const Chosen> tier, bool some) {
    from_ = out_.size();
    if (tiers_ == Tiers::lowest) return;
    for (Chosen one : tier) {
      const bool kept = one.stands_by || (policy_.srv_zero_kept && some && one.weight <= 0);
      if (!kept) continue;
      one.stands_by = true;
      one.weight = 1;
      put(one);
    }
    group_ += out_.size() > from_;
    from_ = out_.size();
  }

  const ServicePolicy& policy_;
  Tiers tiers_;
  Chosens& out_;
  std::size_t from_ = 0;
  std::uint16_t group_ = 0;
};

Chosens take_tiers(std::span<const Chosen> pool, const ServicePolicy& policy, Tiers tiers) {
  Chosens out;
  out.reserve(pool.size());
  TierTaker taker(policy, tiers, out);
  for (std::size_t begin = 0; begin < pool.size();) {
    std::size_t end = begin + 1;
    while (end < pool.size() && priority_of(pool[end]) == priority_of(pool[begin])) ++end;
    taker.take(pool.subspan(begin, end - begin));
    if (tiers == Tiers::lowest) break;
    begin = end;
  }
  return out;
}

// The weight with which it is drawn, but for what depends on the others.
double drawn_weight(const Instance& instance, Policy policy) {
  if (rules_of(policy).weighing != Weighing::share) return instance.effective_weight;
  const double registered = configured_weight(instance);
  return registered > 0 ? instance.effective_weight / registered : 0;
}

double panic_weight(const Instance& instance, Policy policy) {
  const double registered = configured_weight(instance);
  return rules_of(policy).weighing == Weighing::share ? (registered > 0 ? 1 : 0) : registered;
}

// Whether so few are ready that it is as if none were.
bool is_too_few(std::span<const Instance* const> candidates, std::size_t ready, const ServicePolicy& policy) {
  if (ready == 0) return true;
  if (policy.panic_threshold <= 0) return false;
  double some = 0;
  double all = 0;
  if (is_drawn(policy.policy)) {
    for (const Instance* one : candidates) {
      all += configured_weight(*one);
      if (is_ready(*one, policy)) some += configured_weight(*one);
    }
  }
  if (all <= 0) {
    some = static_cast<double>(ready);
    all = static_cast<double>(candidates.size());
  }
  return some < policy.panic_threshold * all;
}

// `pool` in the order of `candidates`, of which it holds the ready ones.
void weigh_responses(Chosens& pool, const ServicePolicy& policy) {
  if (!is_response_time(policy.policy)) return;
  std::vector<const Instance*> ready;
  for (const Chosen& one : pool) {
    if (!one.stands_by) ready.push_back(one.instance);
  }
  const std::vector<double> factors = response_factors(ready, policy.response_exponent);
  std::size_t at = 0;
  for (Chosen& one : pool) {
    if (one.stands_by) continue;
    one.response = factors[at++];
    one.weight *= one.response;
  }
}

// Stays in SRV with weight 0 while it drains, where the service wants that.
bool stands_by(const Instance& instance, const ServicePolicy& policy) {
  return policy.drained_kept && instance.admin != AdminMode::down &&
         (instance.admin == AdminMode::drain || instance.draining_since);
}

double sum_of(std::span<const Chosen> chosen) {
  double sum = 0;
  for (const Chosen& one : chosen) sum += one.weight;
  return sum;
}

// What every weight is multiplied by, so that fractions do not vanish in a whole-number field.
double srv_factor(std::span<const Chosen> chosen, std::uint32_t scale) {
  if (scale == 0) {
    double greatest = 0;
    for (const Chosen& one : chosen) greatest = std::max(greatest, one.weight);
    return kAutoWeight / greatest;
  }
  const bool whole = std::all_of(chosen.begin(), chosen.end(),
                                 [](const Chosen& one) { return one.weight == std::floor(one.weight); });
  const double spread = whole ? 1 : std::clamp(std::floor(kSrvWeightMax / sum_of(chosen)), 1.0, 100.0);
  return spread * scale;
}

}  // namespace

bool is_candidate(const Instance& instance) {
  return instance.state != State::off && instance.admin != AdminMode::down &&
         instance.admin != AdminMode::drain && !instance.draining_since;
}

bool is_ready(const Instance& instance, const ServicePolicy& policy) {
  if (!is_candidate(instance)) return false;
  const bool is_shown =
      instance.state == State::active ||
      (instance.state == State::timedout && instance.reason != registry::Reason::timedout_hidden);
  return is_shown || instance.admin == AdminMode::up || policy.publish_not_ready;
}

void tell_silence(const Instance& instance, Note& note) {
  if (instance.silent_since == registry::WallTime{}) return;
  const auto heard =
      std::chrono::duration_cast<std::chrono::seconds>(instance.silent_since.time_since_epoch()).count();
  const auto since = static_cast<std::uint32_t>(std::max<decltype(heard)>(heard, 1));
  if (note.since != 0 && since >= note.since) return;
  const bool is_suspect = instance.lease_state == registry::LeaseState::suspect;
  note = {(is_suspect || instance.sources.empty() ? "heartbeats" : instance.sources.front().name) + " silent",
          since};
}

Note ReadySet::note() const {
  if (panic) return {std::to_string(ready) + " of " + std::to_string(candidates) + " ready", 0};
  Note note;
  for (const Chosen& one : chosen) tell_silence(*one.instance, note);
  return note;
}

std::vector<double> response_factors(std::span<const Instance* const> ready, double exponent) {
  constexpr double kFactorMost = 8;
  std::vector<double> latencies;
  for (const Instance* one : ready) {
    if (one->latency_ms > 0) latencies.push_back(one->latency_ms);
  }
  std::sort(latencies.begin(), latencies.end());
  const std::size_t middle = latencies.size() / 2;
  const double median = latencies.empty()           ? 1
                        : latencies.size() % 2 == 1 ? latencies[middle]
                                                    : (latencies[middle - 1] + latencies[middle]) / 2;
  std::vector<double> factors;
  factors.reserve(ready.size());
  for (const Instance* one : ready) {
    const double latency = one->latency_ms > 0 ? one->latency_ms : median;
    factors.push_back(std::clamp(std::pow(median / latency, exponent), 1 / kFactorMost, kFactorMost) *
                      std::max<double>(one->success, 1 / kFactorMost));
  }
  return factors;
}

ReadySet choose(std::span<const Instance* const> able, const ServicePolicy& policy, Tiers tiers) {
  ReadySet set;
  Chosens pool;
  pool.reserve(able.size());
  boost::container::small_vector<const Instance*, 16> candidates;
  for (const Instance* instance : able) {
    if (tiers == Tiers::all && stands_by(*instance, policy))
      pool.push_back({instance, 1, static_cast<std::uint32_t>(candidates.size()), 0, true, 1});
    if (!is_candidate(*instance)) continue;
    if (policy.policy == Policy::single && !candidates.empty()) continue;
    candidates.push_back(instance);
    if (!is_ready(*instance, policy)) continue;
    ++set.ready;
    pool.push_back({instance, drawn_weight(*instance, policy.policy),
                    static_cast<std::uint32_t>(candidates.size() - 1), 0, false, 1});
  }
  set.candidates = candidates.size();
  set.panic = !candidates.empty() && is_too_few(candidates, set.ready, policy);
  if (set.panic) {
    set.servfail = policy.when_none == WhenNone::servfail;
    set.falls_back = policy.when_none == WhenNone::fallback;
    pool.clear();
    if (policy.when_none != WhenNone::all) return set;
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
      if (served_in_panic(*candidates[i], policy))
        pool.push_back({candidates[i], panic_weight(*candidates[i], policy.policy), i, 0, false, 1});
    }
  } else {
    weigh_responses(pool, policy);
  }
  set.chosen = take_tiers(pool, policy, tiers);
  return set;
}

std::uint32_t draw_share(double weight) {
  return static_cast<std::uint32_t>(
      std::clamp(std::round(weight * kShareScale), 1.0, double{std::numeric_limits<std::uint32_t>::max()}));
}

std::vector<std::uint16_t> srv_weights(std::span<const Chosen> chosen, std::uint32_t scale) {
  std::vector<std::uint16_t> weights;
  if (chosen.empty()) return weights;
  weights.reserve(chosen.size());
  const double factor = srv_factor(chosen, scale);
  for (const Chosen& one : chosen) {
    const double weight = std::clamp(std::floor(one.weight * factor + 0.5), 1.0, kSrvWeightMax);
    weights.push_back(one.stands_by ? std::uint16_t{0} : static_cast<std::uint16_t>(weight));
  }
  return weights;
}

}  // namespace muster::zones
