// One scheduler of the configuration: its source, on the I/O thread, and its zone, which is the control
// thread's.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "registry/sources/source.h"
#include "tools/musterd/schedulers.h"
#include "zones/arrivals.h"

namespace muster::tools {

struct Schedulers::One {
  std::string name;
  bool has_services = true;  // for the native domain
  std::atomic<bool> is_required{true};
  net::SteadyTime required_until =
      net::SteadyTime::max();  // then it is served without its source having spoken
  using LeftOut = zones::Arrivals<registry::SchedulerWithheld>;
  std::map<std::string, LeftOut, std::less<>> left_out;  // of its services, by their names; control thread
  std::mutex mutex;
  registry::Counts rejected;  // under it, as what follows
  zones::MesosViewCounters view;
  std::uint64_t collisions = 0;
  std::unique_ptr<zones::MesosZone> zone;  // null: it has none of its own
  std::atomic<bool> is_current{false};
  std::unique_ptr<registry::sources::Source> source;

  void note_rejected(const std::vector<registry::Grant::LeftOut>& all) {
    const std::scoped_lock lock(mutex);
    for (const auto& one : all) registry::count_one(rejected, to_string(one.code));
  }
  void note_view();
  void leave_out(const registry::SchedulerStep<registry::SchedulerWithheld>& step);
  void set_ready(bool is_ready) {
    if (zone) zone->set_readiness(is_ready ? zones::Readiness::ready : zones::Readiness::not_ready);
  }
};

}  // namespace muster::tools
