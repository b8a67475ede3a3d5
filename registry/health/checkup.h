// How one instance fares by its checks and by what is reported of it. Only instances that have checks, or of
// which somebody has reported, have one.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/health/check.h"
#include "registry/health/probe_plan.h"
#include "registry/health/response.h"

namespace muster::registry::health {

struct Checkup;

struct VerdictCounts {
  std::uint64_t ok = 0;
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
  std::uint64_t late = 0;
  std::uint64_t local = 0;
  bool operator==(const VerdictCounts&) const = default;
};

// The state by one check, or by the reports.
struct Watch : Wish {
  Watch(Checkup& of, const Check* by, State initial, SteadyTime now)
      : checkup(&of), check(by), machine(initial, now) {}
  Checkup* checkup;
  const Check* check;  // of checkup->checks; null: the reports
  Machine machine;
  Verdict last;
  std::optional<WallTime> last_at;
  Verdict failure;  // the one that its state comes from, while it is not ACTIVE
  VerdictCounts counts;
  std::optional<Response> response;
  WallTime since{};
  bool is_stored = false;  // its state is in the store
};

// One step of an instance's state, and what it came from.
struct Passage {
  WallTime at{};
  State from = State::active;
  State to = State::active;
  std::string cause;  // "http: refused"
};
inline constexpr std::size_t kMaxPassages = 16;

// Who reports of one instance.
struct Reporter {
  SteadyTime second{};  // of the reports that are counted
  unsigned in_second = 0;
  SteadyTime failed = SteadyTime::min();
};
inline constexpr std::size_t kMaxReporters = 64;
inline constexpr unsigned kReportsASecond = 10;

struct Checkup {
  void* owner = nullptr;
  bool is_suspended_by_checks = false;  // as its service counts it
  bool is_suspended_by_reports = false;
  SharedChecks checks;
  BodyPtr body;  // for which its probes are made
  std::vector<std::unique_ptr<Watch>> watches;
  std::unique_ptr<Watch> reports;
  MachineRules report_rules;
  std::map<std::string, Reporter, std::less<>> reporters;
  std::deque<Passage> passages;
  std::optional<Response> response;  // over all of them; none: no verdict yet
  net::Millis tau{30'000};
  ShownResponse shown;

  // The watch whose state is the instance's: of several equally bad ones the first. Null: all are ACTIVE.
  const Watch* worst() const;
};

// How soon a check may find an instance otherwise than it does now: its interval, of one that only counts
// failures in a row as many retries more, of a suspended one its suspension.
Millis expected_within(const Watch& watch);

// SUSPENDED, STARTING, TIMEDOUT, ACTIVE: the greater, the worse.
int badness(State state);

}  // namespace muster::registry::health
