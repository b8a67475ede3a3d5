// Which instances stand in an answer, and with what share of the first place: candidates, the ready ones,
// tiers, weight 0, and what happens when nothing is ready. Pure: instances and a policy in, a choice out.
//
// A choice is made per answer set, from those instances only that can contribute to it (address family,
// port).
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/publish_config.h"

namespace muster::zones {

// Registered and neither down nor draining: what may stand in an answer at all.
bool is_candidate(const registry::Instance& instance);
// A candidate that is fit to be answered.
bool is_ready(const registry::Instance& instance, const ServicePolicy& policy);

// What the response-time policies make of a weight: (median / latency)^exponent within [1/8, 8], times the
// share of successes, at least 1/8. `latencies` of the ready ones, 0 where there is no sample: as the median.
std::vector<double> response_factors(std::span<const registry::Instance* const> ready, double exponent);

// A candidate that is answered when too few are ready: all but those that wait for their first verdict.
bool is_served_in_panic(const registry::Instance& instance);
// It drains, and its service keeps such in SRV, with weight 0.
bool stands_by(const registry::Instance& instance, const ServicePolicy& policy);

// Which priorities stand in a set: addresses come from the lowest that has a ready instance, SRV shows all.
enum class Tiers : std::uint8_t { lowest, all };

struct Chosen {
  const registry::Instance* instance = nullptr;
  double weight = 1;  // > 0; only its ratio to the others of its tier counts
  std::uint32_t index = 0;  // among the candidates, in configured order
  std::uint16_t priority = 0;  // as SRV shows it
  std::uint16_t group = 0;     // those of one are drawn among themselves, before those of the next
  bool stands_by = false;   // shown in SRV with weight 0, not to be used
  double response = 1;      // what its weight was multiplied with by a response-time policy
};

struct ReadySet {
  boost::container::small_vector<Chosen, 8> chosen;  // tier by tier in the order of `able`
  std::size_t candidates = 0;
  std::size_t ready = 0;
  bool panic = false;  // none is ready, or too few
  bool servfail = false;
  bool falls_back = false;  // what is answered is not the service's own
  // "1 of 4 ready" in panic, else what is to be told of suspects among the chosen; else none.
  Note note() const;
};

// A suspect is held by protection alone, and one whose scheduler is out of touch by what that said last:
// their answers say so, and since when; of several the one silent longest.
void tell_silence(const registry::Instance& instance, Note& note);

// `able` is in configured order, so that a tier is a run of equal priority.
ReadySet choose(std::span<const registry::Instance* const> able, const ServicePolicy& policy, Tiers tiers);

// A weight as a share in the draw, at least 1. In 1/16000 of a registered weight a suspect's sixteenth and a
// warned one's half stay exact, and the greatest weight fits into 32 bits; where response times make it
// greater, the scale of the set is smaller.
inline constexpr double kShareScale = 16000;
double draw_scale(std::span<const Chosen> chosen);
std::uint32_t draw_share(double weight, double scale = kShareScale);

// The weight field of each record of an SRV set. Whole weights are shown as registered; when one is not
// whole, all grow by the same factor of up to 100. `scale` multiplies; 0 lets the greatest become 65280, a
// multiple of the 256 by which HAProxy divides. 0 only for what stands by: clients read that as "not to be
// used".
std::vector<std::uint16_t> srv_weights(std::span<const Chosen> chosen, std::uint32_t scale);

}  // namespace muster::zones
