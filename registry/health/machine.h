// The state machine of one check of one instance, with the rules of UltraESB's endpoints: soft failures are
// retried before they suspend, a hard one suspends at once, suspensions grow in a geometric series, and after
// each a single look decides (half-open). Pure: severities and moments in, states out.
#pragma once

#include "registry/health/verdict.h"
#include "registry/model.h"

namespace muster::registry::health {

struct MachineRules {
  unsigned retries = 3;       // soft failures tolerated after the first
  Millis retry_delay{2'000};  // from a verdict to the next try
  Millis initial_suspension{2'000};
  double progression = 1.0;  // each suspension over the last; ≥ 1
  Millis longest_suspension{10'000};
  Millis reset_after{0};      // so long continuously ACTIVE, and the series starts anew; 0: at once
  unsigned rise = 1;          // oks needed to leave STARTING or SUSPENDED
  Millis grace{0};            // in STARTING younger failures are ignored
  bool hard_as_soft = false;  // classic rise and fall
  Millis interval{10'000};
  Millis fast_interval{2'500};
  bool operator==(const MachineRules&) const = default;

  // "rise" and "fall" of other health checkers: `fall` failures in a row of any kind and it is out, `rise`
  // oks and it is back, looked at every interval.
  static MachineRules classic(unsigned rise, unsigned fall, Millis interval, Millis fast_interval);
};

class Machine {
 public:
  Machine(State initial, SteadyTime now);
  // As it was stored: it is looked at at once.
  static Machine restored(State state, Millis suspension, SteadyTime now);

  // True: its state or the end of its suspension is another now. `may_suspend` false: where it would be
  // suspended it stays TIMEDOUT with one retry (`max_suspended_percent`); what was never well is suspended
  // all the same.
  bool take(Severity severity, const MachineRules& rules, SteadyTime now, bool may_suspend = true);
  // What time does where nobody looks by himself, and only reports come: a suspension that is over makes it
  // TIMEDOUT with one retry, and no report for as long as the longest suspension ACTIVE.
  bool pass_time(const MachineRules& rules, SteadyTime now);
  SteadyTime next_change(const MachineRules& rules) const;  // by pass_time(); max(): none

  // When it is to be looked at again, after a look that began at `started` and ended `now`; `interval` has
  // its jitter.
  SteadyTime next_look(Severity severity, const MachineRules& rules, SteadyTime started, SteadyTime now,
                       Millis interval) const;

  State state() const { return state_; }
  unsigned retries_left() const { return retries_left_; }
  Millis suspension() const { return suspension_; }  // the last; 0: none, or the series starts anew
  SteadyTime until() const { return until_; }        // of SUSPENDED
  SteadyTime since() const { return since_; }  // when it came into its state; a renewed suspension counts
  unsigned suspensions() const { return suspensions_; }
  bool is_capped() const { return capped_; }

 private:
  void enter(State state, SteadyTime now);
  void suspend(const MachineRules& rules, SteadyTime now);
  bool suspend_if(bool may, const MachineRules& rules, SteadyTime now);
  bool rise(const MachineRules& rules, SteadyTime now);
  bool fail(Severity severity, const MachineRules& rules, SteadyTime now, bool may_suspend);

  State state_;
  bool capped_ = false;
  unsigned retries_left_ = 0;
  unsigned oks_ = 0;  // in a row, while it rises
  unsigned suspensions_ = 0;
  Millis suspension_{0};
  SteadyTime until_{};
  SteadyTime since_;
  SteadyTime failed_ = SteadyTime::min();  // the last failure that was counted
  SteadyTime heard_;                       // the last verdict
};

}  // namespace muster::registry::health
