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

// Takes one tier: those with weight 0 stand aside while another has more; when all have 0 they are equal.
void take_tier(std::span<const Chosen> tier, Chosens& out) {
  const bool some = std::any_of(tier.begin(), tier.end(), [](const Chosen& one) { return one.weight > 0; });
  for (Chosen one : tier) {
    if (some && one.weight <= 0) continue;
    if (!some) one.weight = 1;
    out.push_back(one);
  }
}

Chosens take_tiers(std::span<const Chosen> pool, Tiers tiers) {
  Chosens out;
  out.reserve(pool.size());
  for (std::size_t begin = 0; begin < pool.size();) {
    const auto priority = pool[begin].instance->body->priority_or_default();
    std::size_t end = begin + 1;
    while (end < pool.size() && pool[end].instance->body->priority_or_default() == priority) ++end;
    take_tier(pool.subspan(begin, end - begin), out);
    if (tiers == Tiers::lowest) break;
    begin = end;
  }
  return out;
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
  if (nothing_ready()) return {"0 of " + std::to_string(candidates) + " ready", 0};
  Note note;
  for (const Chosen& one : chosen) tell_silence(*one.instance, note);
  return note;
}

ReadySet choose(std::span<const Instance* const> able, const ServicePolicy& policy, Tiers tiers) {
  ReadySet set;
  Chosens pool;
  pool.reserve(able.size());
  for (const Instance* instance : able) {
    if (!is_candidate(*instance)) continue;
    ++set.candidates;
    if (!is_ready(*instance, policy)) continue;
    ++set.ready;
    pool.push_back({instance, instance->effective_weight});
  }
  if (set.nothing_ready()) {
    set.servfail = policy.when_none == WhenNone::servfail;
    if (policy.when_none != WhenNone::all) return set;
    for (const Instance* instance : able) {
      if (is_candidate(*instance) && served_in_panic(*instance, policy)) {
        pool.push_back({instance, configured_weight(*instance)});
      }
    }
  }
  set.chosen = take_tiers(pool, tiers);
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
    weights.push_back(
        static_cast<std::uint16_t>(std::clamp(std::floor(one.weight * factor + 0.5), 1.0, kSrvWeightMax)));
  }
  return weights;
}

}  // namespace muster::zones
