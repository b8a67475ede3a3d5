#include "tools/load/process_cpu.h"

#include <time.h>

namespace muster::load {

double cpu_seconds(const std::vector<int>& pids) {
  double total = 0;
  for (const int pid : pids) {
    clockid_t clock{};
    timespec at{};
    if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &at) == 0) {
      total += static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
    }
  }
  return total;
}

}  // namespace muster::load
