// musterd's own health: named checks that tools/ registers, run when somebody asks. It remembers since when
// each has said what it says.
//
// Thread safety: report() from any thread; the checks themselves must be too.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "registry/net/clock.h"

namespace muster::registry::api {

enum class HealthStatus : std::uint8_t { pass, warn, fail };
std::string_view to_string(HealthStatus status);

struct HealthVerdict {
  HealthStatus status = HealthStatus::pass;
  std::string output;  // one line for people; "" when all is well
};

struct HealthCheck {
  std::string name;
  bool critical = false;  // its failure makes the whole fail (503)
  std::function<HealthVerdict()> run;
};

struct HealthLine {
  std::string name;
  HealthVerdict verdict;
  net::WallTime since{};
};

struct HealthReport {
  HealthStatus status = HealthStatus::pass;  // fail only by a critical check; else warn
  std::vector<HealthLine> checks;
};

class HealthBoard {
 public:
  explicit HealthBoard(std::vector<HealthCheck> checks);
  HealthReport report(net::WallTime now);

 private:
  struct Seen {
    HealthStatus status = HealthStatus::pass;
    net::WallTime since{};
    bool ever = false;
  };
  HealthLine look(std::size_t index, net::WallTime now);

  const std::vector<HealthCheck> checks_;
  std::mutex mutex_;  // guards seen_
  std::vector<Seen> seen_;
};

// {"status":"pass","checks":[{"name":"store","status":"pass","output":"","since":"…"}]}
std::string health_json(const HealthReport& report);

}  // namespace muster::registry::api
