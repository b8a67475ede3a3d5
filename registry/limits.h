// The bounds of the registry's values, each with its one name. Whoever reads outside bytes refuses what is
// over them; the registry itself holds the bounds on its own tables.
#pragma once

#include <cstddef>
#include <cstdint>

#include "registry/net/clock.h"

namespace muster::registry {

// Names. Native writes are narrower than what other doors may bring.
inline constexpr std::size_t kMaxServiceLabel = 62;  // `_web` is a label too
inline constexpr std::size_t kMaxNativeId = 128;
inline constexpr std::size_t kMaxForeignName = 255;
inline constexpr std::size_t kMaxLabel = 63;

// One piece of what a reload or an overlay glob does to every service (sweep.cc): with its share of DNS about a
// millisecond.
inline constexpr std::size_t kSweepChanges = 200;
inline constexpr std::size_t kSweepVisits = 2'048;  // services and instances looked at

// Fields of a body.
inline constexpr std::size_t kMaxAddresses = 16;
inline constexpr std::size_t kMaxPorts = 64;
inline constexpr std::size_t kMaxPortName = 62;
inline constexpr std::size_t kMaxTags = 32;
inline constexpr std::size_t kMaxTagKey = 63;
inline constexpr std::size_t kMaxTagValue = 255;
inline constexpr std::size_t kMaxProperties = 32;
inline constexpr std::size_t kMaxPropertyKey = 64;
inline constexpr std::size_t kMaxPropertyText = 255;    // "key=value", one TXT string
inline constexpr std::size_t kMaxPropertiesSum = 1300;  // all of them, so that a TXT answer fits a packet
inline constexpr std::size_t kMaxUrl = 2048;
inline constexpr std::size_t kMaxHostName = 253;  // RFC 1035 §2.3.4, as text
inline constexpr std::size_t kMaxMeta = 4096;
inline constexpr std::size_t kMaxVersion = 256;
inline constexpr std::size_t kMaxAttributes = 16;
inline constexpr std::size_t kMaxReason = 256;
inline constexpr std::uint64_t kOnlyGeneration = 1;  // shown where the door knows none
inline constexpr std::uint64_t kMaxGeneration = (std::uint64_t{1} << 63) - 1;

// The registry's own tables.
inline constexpr const char* kReportCheck = "report";  // what heartbeats say, among stored health
inline constexpr std::size_t kMaxClaims = 8;  // of one instance
inline constexpr std::size_t kMaxOverlay = 10'000;
inline constexpr net::Millis kMaxTombstone{600'000};
// Lists of sources that come so soon after a start (not the first of all) are of what was there before it.
inline constexpr net::Millis kListedWithin{60'000};
inline constexpr std::uint64_t kRevisionBlock = 65'536;
inline constexpr net::Millis kFullRetryAfter{30'000};  // what too_many_* refusals advise

// Host names of URLs (host_names.h).
inline constexpr std::size_t kMaxHosts = 10'000;
inline constexpr std::size_t kHostsInFlight = 64;
inline constexpr net::Millis kHostAgain{
    5'000};  // not sooner, whatever the TTL; and after a failure, then doubled
inline constexpr net::Millis kHostRetryMost{60'000};
inline constexpr net::Millis kHostAgainMost{86'400'000};
inline constexpr net::Millis kHostLinger{60'000};  // without an instance

// Protection: a suspect's share, its probes, and how long one without a TCP port is believed.
inline constexpr double kSuspectShare = 1.0 / 16;
inline constexpr net::Millis kProbeEvery{2'000};
inline constexpr unsigned kProbeTimeouts = 3;
inline constexpr net::Millis kUnprobeableHold{60'000};

}  // namespace muster::registry
