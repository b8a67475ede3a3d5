// How fast and how reliably something has answered of late: exponentially weighted over time, so that neither
// the number of probes nor their interval matters, only their age.
#pragma once

#include <chrono>

#include "registry/health/verdict.h"
#include "registry/net/clock.h"

namespace muster::registry::health {

class Response {
 public:
  explicit Response(net::SteadyTime now) : heard_(now) {}

  // A verdict counts by 1 - e^(-time since the last / tau): ok as 1, soft and hard as 0, local not at all.
  // The time that an ok took, and of a time-out the time that was given, are samples of the latency; under 1
  // ms counts as 1.
  void take(const Verdict& verdict, Severity severity, net::SteadyTime now, net::Millis tau);

  double latency_ms() const { return latency_ms_; }  // 0: no sample
  double success() const { return success_; }        // share, from 1

 private:
  double latency_ms_ = 0;
  double success_ = 1;
  net::SteadyTime heard_;
  net::SteadyTime sampled_{};
};

// What of it is shown: only what has moved by more than a tenth since, so that a steady instance changes
// nothing.
struct ShownResponse {
  double latency_ms = 0;
  double success = 1;
};
bool has_moved(const ShownResponse& shown, const Response& now);

}  // namespace muster::registry::health
