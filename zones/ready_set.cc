#include "zones/ready_set.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "registry/limits.h"

namespace muster::zones {

namespace {

using registry::AdminMode;
using registry::Instance;
using registry::State;

constexpr double kSrvWeightMax = 65535;
constexpr double kAutoWeight = 65280;

double configured_weight(const Instance& instance) { return instance.body->weight_or_default(); }

using Chosens = decltype(ReadySet::chosen);

// Takes one tier: those with weight 0 stand aside while another has more; when all have 0 they are equal.
// What a slow start lowers counts only beside others.
class TierTaker {
 public:
  TierTaker(const ServicePolicy& policy, Chosens& out) : policy_(policy), out_(out) {}

  void take(std::span<const Chosen> tier) {
    const bool some = std::any_of(tier.begin(), tier.end(), has_weight);
    const bool full = std::any_of(tier.begin(), tier.end(), [](const Chosen& one) {
      return has_weight(one) && one.instance->ramp >= 1;
    });
    const bool ramps = full && is_drawn(policy_.policy);
    for (Chosen one : tier) {
      if (some && one.weight <= 0) {
        if (policy_.srv_zero_kept) stand_by(one);
        continue;
      }
      if (!some) one.weight = 1;
      if (ramps) one.weight *= one.instance->ramp;
      one.group = group_;
      out_.push_back(one);
    }
    ++group_;
  }
  void stand_by(Chosen one) {
    one.stands_by = true;
    one.weight = 1;
    standing_by_.push_back(one);
  }
  // Behind all others, and with no better priority than the last of them: nobody is to turn to these first.
  void finish() {
    const std::uint16_t last = out_.empty() ? 0 : out_.back().priority;
    for (Chosen& one : standing_by_) {
      const bool has_company = std::any_of(
          out_.begin(), out_.end(), [&](const Chosen& other) { return other.priority == one.priority; });
      if (!has_company) one.priority = std::max(one.priority, last);
      one.group = group_;
    }
    out_.insert(out_.end(), standing_by_.begin(), standing_by_.end());
  }

 private:
  static bool has_weight(const Chosen& one) { return one.weight > 0; }

  const ServicePolicy& policy_;
  Chosens& out_;
  Chosens standing_by_;
  std::uint16_t group_ = 0;
};

// Answers of one record, and addresses, have nobody who stands by.
void take_tiers(std::span<const Chosen> pool, std::span<const Chosen> standing_by,
                const ServicePolicy& policy, Tiers tiers, Chosens& out) {
  out.reserve(pool.size());
  TierTaker taker(policy, out);
  for (std::size_t begin = 0; begin < pool.size();) {
    std::size_t end = begin + 1;
    while (end < pool.size() && pool[end].priority == pool[begin].priority) ++end;
    taker.take(pool.subspan(begin, end - begin));
    if (tiers == Tiers::lowest) return;
    begin = end;
  }
  if (rules_of(policy.policy).srv_one) return;
  for (const Chosen& one : standing_by) taker.stand_by(one);
  taker.finish();
}

// The weight with which it is drawn, but for what depends on the others.
double drawn_weight(const Instance& instance, Policy policy) {
  const double registered = configured_weight(instance);
  switch (rules_of(policy).weighing) {
    case Weighing::weights: return instance.effective_weight;
    case Weighing::share: return registered > 0 ? instance.effective_weight / registered : 0;
    case Weighing::none: break;  // nothing is drawn, so that a suspect is shown as it was registered
  }
  const bool is_suspect = instance.lease_state == registry::LeaseState::suspect;
  return is_suspect ? instance.effective_weight / registry::kSuspectShare : instance.effective_weight;
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
  if (rules_of(policy.policy).weighing == Weighing::weights) {
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

void weigh_responses(Chosens& pool, const ServicePolicy& policy) {
  if (!is_response_time(policy.policy)) return;
  std::vector<const Instance*> ready;
  for (const Chosen& one : pool) ready.push_back(one.instance);
  const std::vector<double> factors = response_factors(ready, policy.response_exponent);
  for (std::size_t i = 0; i < pool.size(); ++i) {
    pool[i].response = factors[i];
    pool[i].weight *= factors[i];
  }
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

bool is_served_in_panic(const Instance& instance) {
  return is_candidate(instance) && instance.state != State::starting;
}

bool stands_by(const Instance& instance, const ServicePolicy& policy) {
  return policy.drained_kept && instance.admin != AdminMode::down &&
         instance.reason != registry::Reason::task_ended &&
         (instance.admin == AdminMode::drain || instance.draining_since);
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
  Chosens standing_by;
  pool.reserve(able.size());
  boost::container::small_vector<const Instance*, 16> candidates;
  const auto add = [](Chosens& to, const Instance& instance, std::size_t index, double weight) {
    to.push_back({&instance, weight, static_cast<std::uint32_t>(index), instance.body->priority_or_default(),
                  0, false, 1});
  };
  for (const Instance* instance : able) {
    if (tiers == Tiers::all && stands_by(*instance, policy))
      add(standing_by, *instance, candidates.size(), 1);
    if (!is_candidate(*instance)) continue;
    if (policy.policy == Policy::single && !candidates.empty()) continue;
    if (is_ready(*instance, policy)) {
      ++set.ready;
      add(pool, *instance, candidates.size(), drawn_weight(*instance, policy.policy));
    }
    candidates.push_back(instance);
  }
  set.candidates = candidates.size();
  // All down by the operator's word: nobody of its own is asked for, but another service may stand in.
  const bool decides = !candidates.empty() || policy.when_none == WhenNone::fallback;
  set.panic = decides && is_too_few(candidates, set.ready, policy);
  if (set.panic) {
    set.servfail = policy.when_none == WhenNone::servfail;
    set.falls_back = policy.when_none == WhenNone::fallback;
    pool.clear();
    if (policy.when_none != WhenNone::all) return set;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (is_served_in_panic(*candidates[i]) || is_ready(*candidates[i], policy))
        add(pool, *candidates[i], i, panic_weight(*candidates[i], policy.policy));
    }
  } else {
    weigh_responses(pool, policy);
  }
  take_tiers(pool, standing_by, policy, tiers, set.chosen);
  return set;
}

double draw_scale(std::span<const Chosen> chosen) {
  double greatest = 1;
  for (const Chosen& one : chosen) greatest = std::max(greatest, one.weight);
  return std::min(kShareScale, std::floor(double{std::numeric_limits<std::uint32_t>::max()} / greatest));
}

std::uint32_t draw_share(double weight, double scale) {
  return static_cast<std::uint32_t>(
      std::clamp(std::round(weight * scale), 1.0, double{std::numeric_limits<std::uint32_t>::max()}));
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
