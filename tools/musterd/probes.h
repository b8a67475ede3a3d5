// Carries out the probes of health checks: takes those that are due from the registry, and gives back what
// they found, as many at a time as have come.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <vector>

#include "registry/control.h"
#include "registry/health/prober.h"
#include "registry/net/histogram.h"

namespace muster::tools {

inline constexpr std::array<std::uint64_t, 12> kProbeMicros = {
    500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 2'500'000, 10'000'000};
using ProbeTimes = net::Histogram<kProbeMicros>;
inline constexpr std::size_t kProbeTypes = 4;    // CheckType, but ttl, which has none
inline constexpr std::size_t kProbeResults = 4;  // Severity

struct ProbeCounters {
  std::array<std::array<std::atomic<std::uint64_t>, kProbeResults>, kProbeTypes> found{};
  ProbeTimes took;  // of those that found somebody well
  ProbeTimes late;  // answers that came after a time-out, counted from the probe's begin
};

class Probes {
 public:
  Probes(boost::asio::io_context& io, registry::Control& control) : control_(control), prober_(io) {}

  // On the control thread, every tick.
  void tick(registry::Registry& registry, net::Instant now);
  const ProbeCounters& counters() const { return counters_; }

 private:
  struct Found {
    std::uint64_t number;
    std::shared_ptr<const registry::health::ProbeTask> task;
    registry::health::Verdict verdict;
    bool is_late = false;
  };
  void found(Found one);
  void take(registry::Registry& registry, net::Instant now);
  void count(const Found& one);

  registry::Control& control_;
  registry::health::Prober prober_;
  std::mutex mutex_;
  std::vector<Found> found_;  // and not yet taken
  bool is_asked_ = false;     // a job that takes them is on its way
  ProbeCounters counters_;
  net::SteadyTime local_told_{};  // when trouble of our own was last logged
};

}  // namespace muster::tools
