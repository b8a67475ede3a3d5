// The tasks of a Mesos source that are missing and not confirmed to be gone: since when each is held, when it
// is probed, and when that ends. Pure: time comes in.
//
//   held ── grace ──▶ probed every 2 s ──▶ refused; or no answer, while another one answers: gone
//                                      └─▶ the hold has passed: gone
//
// One that waits for its agent or framework to come back has no end of its own: the master says when.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "registry/net/clock.h"
#include "registry/registry.h"
#include "registry/sources/mesos_task_key.h"

namespace muster::registry::sources {

class MesosHolds {
 public:
  enum class Why : std::uint8_t {
    unexplained,  // too many went at once
    awaited,      // its agent or its framework has not come back to the master yet
  };

  // Served without a look for the grace; at most for `hold` when nothing explains its absence.
  MesosHolds(Millis grace, Millis hold) : grace_(grace), hold_(hold) {}

  // One that is held for this reason already keeps its times; of another reason, it begins anew.
  void begin(const MesosTaskKey& key, Why why, SteadyTime now);
  void end(const MesosTaskKey& key);

  bool contains(const MesosTaskKey& key) const { return holds_.contains(key); }
  bool is_awaited(const MesosTaskKey& key) const;
  bool is_past_grace(const MesosTaskKey& key, SteadyTime now) const;
  std::size_t size() const { return holds_.size(); }
  std::vector<MesosTaskKey> all() const;

  // Those whose hold has passed.
  std::vector<MesosTaskKey> over(SteadyTime now) const;
  // Those past their grace whose next probe is due, the longest due first; they are due again 2 s later.
  std::vector<MesosTaskKey> to_probe(SteadyTime now, std::size_t most);
  // True: it is gone. Nobody listening is an answer. No answer may be the network's fault, or ours: it counts
  // only when another held task has answered since this one was missed.
  bool probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now);
  std::optional<SteadyTime> next_due() const;  // of over() and to_probe()

 private:
  struct Hold {
    Why why = Why::unexplained;
    SteadyTime since{};
    SteadyTime next_probe{};
    unsigned failures = 0;  // probes in a row without an answer
  };
  using Times = std::set<std::pair<SteadyTime, MesosTaskKey>>;

  void answered(const MesosTaskKey& key, SteadyTime now);
  bool has_another_answered(const MesosTaskKey& key, SteadyTime since) const;

  Millis grace_;
  Millis hold_;
  std::map<MesosTaskKey, Hold> holds_;
  Times probes_;  // when each is due
  Times ends_;    // of those that have an end
  // Who answered last, and who did last before that and is another.
  std::optional<std::pair<SteadyTime, MesosTaskKey>> last_answer_;
  std::optional<std::pair<SteadyTime, MesosTaskKey>> other_answer_;
};

}  // namespace muster::registry::sources
