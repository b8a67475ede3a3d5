#include "registry/health/response.h"

#include <algorithm>
#include <cmath>

namespace muster::registry::health {

namespace {

constexpr double kLeastMs = 1;
constexpr double kTold = 0.1;            // of what is shown
constexpr double kLeastSuccess = 0.125;  // a smaller share weighs no less

double part_of(net::SteadyTime since, net::SteadyTime now, net::Millis tau) {
  const std::chrono::duration<double, std::milli> passed = now - since;
  return 1 - std::exp(-std::max(passed.count(), 0.0) / static_cast<double>(tau.count()));
}

bool differs(double shown, double now) { return std::abs(now - shown) > kTold * shown; }

}  // namespace

void Response::take(const Verdict& verdict, Severity severity, net::SteadyTime now, net::Millis tau) {
  if (severity == Severity::local) return;
  const bool is_ok = severity == Severity::ok;
  success_ += part_of(heard_, now, tau) * ((is_ok ? 1 : 0) - success_);
  heard_ = now;
  if (verdict.latency.count() == 0 || !(is_ok || verdict.failure == FailureClass::timeout)) return;
  const double sample =
      std::max(kLeastMs, std::chrono::duration<double, std::milli>(verdict.latency).count());
  latency_ms_ =
      latency_ms_ <= 0 ? sample : latency_ms_ + part_of(sampled_, now, tau) * (sample - latency_ms_);
  sampled_ = now;
}

bool has_moved(const ShownResponse& shown, const Response& now) {
  return differs(shown.latency_ms, now.latency_ms()) ||
         differs(std::max(shown.success, kLeastSuccess), std::max(now.success(), kLeastSuccess));
}

}  // namespace muster::registry::health
