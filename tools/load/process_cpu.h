// CPU seconds that processes have used so far, all their threads, to the nanosecond.
#pragma once

#include <vector>

namespace muster::load {

double cpu_seconds(const std::vector<int>& pids);

}  // namespace muster::load
