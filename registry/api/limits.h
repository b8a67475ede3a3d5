// Bounds of request bodies that only the API has; those of the values themselves are in registry/limits.h.
#pragma once

#include <cstddef>

namespace muster::registry::api {

inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxHeartbeatBatch = 10'000;
inline constexpr std::size_t kMaxRegistrationBatch = 1'000;
inline constexpr std::size_t kMaxOverlayMatch = 512;
inline constexpr std::size_t kMaxDiscardedZones = 1'000;

}  // namespace muster::registry::api
