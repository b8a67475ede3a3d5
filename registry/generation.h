// The generation table: what a call with, or without, a generation does to a live instance, over a tombstone,
// and where nothing is known. Pure; the registry carries the verdicts out.
#pragma once

#include <optional>

#include "registry/model.h"

namespace muster::registry {

// What is known of the life a call speaks about: at most one of the two.
struct Standing {
  std::optional<std::uint64_t> live;
  std::optional<std::uint64_t> dead;  // a tombstone's
  bool task_ended = false;            // why it is dead
};

enum class LifeVerdict : std::uint8_t {
  create,
  same_life,
  new_life,
  renew,
  remove,
  nothing,
  stale,
  deregistered,
  unknown
};

struct LifeDecision {
  LifeVerdict verdict = LifeVerdict::nothing;
  std::uint64_t generation = 0;  // of create, same_life, new_life, renew
};

LifeDecision on_put(const Standing& standing, std::optional<std::uint64_t> sent, WallTime now);
LifeDecision on_heartbeat(const Standing& standing, std::optional<std::uint64_t> sent, bool with_body,
                          WallTime now);
LifeDecision on_delete(const Standing& standing, std::optional<std::uint64_t> sent);

}  // namespace muster::registry
