#include "registry/generation.h"

#include <algorithm>

#include "registry/limits.h"

namespace muster::registry {
namespace {

// max(known + 1, Unix ms); the highest there is has no successor and is given again.
std::uint64_t next_generation(std::uint64_t known, WallTime now) {
  const auto unix_ms = now.time_since_epoch().count();
  return std::min(kMaxGeneration,
                  std::max(known + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(unix_ms, 1))));
}

LifeDecision with_body_on_live(std::uint64_t current, std::optional<std::uint64_t> sent) {
  if (!sent || *sent == current) return {LifeVerdict::same_life, current};
  return *sent > current ? LifeDecision{LifeVerdict::new_life, *sent} : LifeDecision{LifeVerdict::stale};
}

}  // namespace

LifeDecision on_put(const Standing& standing, std::optional<std::uint64_t> sent, WallTime now) {
  if (standing.live) return with_body_on_live(*standing.live, sent);
  if (!standing.dead) return {LifeVerdict::create, sent.value_or(next_generation(0, now))};
  if (sent)
    return *sent > *standing.dead ? LifeDecision{LifeVerdict::create, *sent}
                                  : LifeDecision{LifeVerdict::deregistered};
  if (standing.task_ended) return {LifeVerdict::deregistered};
  return {LifeVerdict::create, next_generation(*standing.dead, now)};
}

LifeDecision on_heartbeat(const Standing& standing, std::optional<std::uint64_t> sent, bool with_body,
                          WallTime now) {
  if (standing.dead && !standing.live) {
    const bool newer = with_body && sent && *sent > *standing.dead;
    return newer ? LifeDecision{LifeVerdict::create, *sent} : LifeDecision{LifeVerdict::deregistered};
  }
  if (with_body) return on_put(standing, sent, now);
  if (!standing.live) return {LifeVerdict::unknown};
  if (!sent || *sent == *standing.live) return {LifeVerdict::renew, *standing.live};
  return {*sent > *standing.live ? LifeVerdict::unknown : LifeVerdict::stale};
}

LifeDecision on_delete(const Standing& standing, std::optional<std::uint64_t> sent) {
  if (!standing.live) return {LifeVerdict::nothing};
  return {sent && *sent < *standing.live ? LifeVerdict::stale : LifeVerdict::remove};
}

}  // namespace muster::registry
