// What one thread has answered. Written by that thread only, read by any: plain adds, no shared cache line.
// Readers sum the threads' counters when they are asked.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dns/client.h"
#include "dns/cookies.h"
#include "dns/question.h"
#include "dns/rcode.h"
#include "dns/tsig.h"
#include "zones/record.h"
#include "zones/zone_view.h"

namespace muster::dns {

class Counter {
 public:
  void add(std::uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// The types that are counted by name.
enum class TypeSlot : std::uint8_t { a, aaaa, srv, ptr, soa, ns, txt, https, any, other };
inline constexpr std::array<std::string_view, 10> kTypeSlotNames = {"A",  "AAAA", "SRV",   "PTR", "SOA",
                                                                    "NS", "TXT",  "HTTPS", "ANY", "other"};

inline TypeSlot type_slot(zones::RrType type) {
  switch (type) {
    case zones::RrType::a: return TypeSlot::a;
    case zones::RrType::aaaa: return TypeSlot::aaaa;
    case zones::RrType::srv: return TypeSlot::srv;
    case zones::RrType::ptr: return TypeSlot::ptr;
    case zones::RrType::soa: return TypeSlot::soa;
    case zones::RrType::ns: return TypeSlot::ns;
    case zones::RrType::txt: return TypeSlot::txt;
    case zones::RrType::https: return TypeSlot::https;
    case zones::RrType::any: return TypeSlot::any;
    default: return TypeSlot::other;
  }
}

enum class Dropped : std::uint8_t { header_short, response, port_zero, rate_limit };
inline constexpr std::array<std::string_view, 4> kDroppedNames = {"short", "response", "port0", "rate_limit"};
// Replies that rate limiting made small.
inline constexpr std::array<std::string_view, 2> kSlippedNames = {"truncated", "badcookie"};

// What became of queries for names in no zone of ours, while they may be forwarded.
enum class Foreign : std::uint8_t { hit, stale, miss, special, refused, full, alias };
inline constexpr std::array<std::string_view, 7> kForeignNames = {"hit",     "stale", "miss", "special",
                                                                  "refused", "full",  "alias"};

struct Counters {
  // The first zones by their number have counters of their own, the others share the last row with replies
  // that belong to no zone.
  static constexpr std::size_t kZonesCounted = 64;
  static constexpr std::size_t kNoZone = kZonesCounted;
  static constexpr std::size_t kRcodes = static_cast<std::size_t>(Rcode::badcookie) + 1;

  std::array<std::array<Counter, kTypeSlotNames.size()>, kTransports> queries;  // with a readable question
  std::array<std::array<Counter, kRcodes>, kZonesCounted + 1> responses;
  std::array<Counter, kDroppedNames.size()> dropped;
  std::array<Counter, kWireErrors> malformed;
  Counter truncated;
  std::array<Counter, kSlippedNames.size()> slipped;
  std::array<Counter, kCookieCheckNames.size()> cookies;
  std::array<Counter, kTsigCheckNames.size()> tsig;
  std::array<Counter, kForeignNames.size()> foreign;

  static std::size_t zone_row(zones::ZoneId zone) { return zone < kZonesCounted ? zone : kNoZone; }
};

}  // namespace muster::dns
