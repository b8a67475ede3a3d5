// What a Mesos master streams to who has subscribed (v1 operator API): octets in, events out. The snapshot
// with which a stream begins is read as it comes, or passed over: it lacks what /master/state tells (the pids
// of schedulers), so who asks for that has no use for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

struct MesosSubscribed {
  std::optional<double> heartbeat_seconds;  // between two signs of life; nothing: none are promised
  std::shared_ptr<const MesosState> state;  // null: it was not wanted, or not there
};
struct MesosHeartbeat {};
struct MesosTaskAdded {
  std::string framework_id;
  MesosTask task;
};
struct MesosTaskUpdated {
  std::string framework_id;
  std::string task_id;
  std::string state;
  std::optional<MesosStatus> status;  // early 1.x told none
  std::string agent_id;               // and this, but no framework
};
struct MesosAgentAdded {
  MesosAgent agent;
};
struct MesosAgentRemoved {
  std::string id;
};
struct MesosFrameworkUpdated {  // or added
  MesosFramework framework;     // without tasks and pid
};
struct MesosFrameworkRemoved {
  std::string id;
};
struct MesosOther {  // an event that says nothing of use, or could not be read
  bool is_bad = false;
};
using MesosEvent =
    std::variant<MesosSubscribed, MesosHeartbeat, MesosTaskAdded, MesosTaskUpdated, MesosAgentAdded,
                 MesosAgentRemoved, MesosFrameworkUpdated, MesosFrameworkRemoved, MesosOther>;
std::string_view name_of(const MesosEvent& event);  // "TASK_ADDED", for metrics

struct MesosEventLimits {
  std::size_t most_octets = std::size_t{512} << 20;  // of a record
  std::size_t most_ports = 256;                      // of a task
  std::size_t most_elements = 1'000'000;             // of the snapshot
  bool wants_state = false;                          // that with which the stream begins
};

class MesosEventReader {
 public:
  explicit MesosEventReader(MesosEventLimits limits);
  ~MesosEventReader();

  // The events that this piece ends. Once it has failed, none.
  std::vector<MesosEvent> write(std::string_view piece);
  // Why the stream is none; "": it goes well.
  const std::string& error() const;
  // What could not be used of events so far.
  const Dropped& dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
