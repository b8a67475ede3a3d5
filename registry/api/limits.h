// Bounds of request bodies that only the API has; those of the values themselves are in registry/limits.h.
#pragma once

#include <cstddef>

namespace muster::registry::api {

inline constexpr std::size_t kMaxJsonDepth = 32;
inline constexpr std::size_t kMaxHeartbeatBatch = 10'000;
inline constexpr std::size_t kMaxRegistrationBatch = 1'000;
inline constexpr std::size_t kMaxPropertyKey = 64;
inline constexpr std::size_t kMaxPropertyText = 255;    // "key=value", one TXT string
inline constexpr std::size_t kMaxPropertiesSum = 1300;  // all of them, so that a TXT answer fits a packet
inline constexpr std::size_t kMaxOverlayMatch = 512;
inline constexpr std::size_t kMaxDiscardedZones = 1'000;

}  // namespace muster::registry::api
