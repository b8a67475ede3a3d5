// The TSIG record as it stands in a message (RFC 8945 §4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "zones/wire_name.h"

namespace muster::dns {

// Time signed, fudge, MAC size, original ID, error, other length.
inline constexpr std::size_t kTsigFixed = 6 + 2 + 2 + 2 + 2 + 2;

// Spans point into the packet.
struct TsigRecord {
  zones::WireName name;        // of the key, folded
  std::string_view algorithm;  // as sent
  std::uint64_t time_signed = 0;
  std::uint16_t fudge = 0;
  std::span<const std::uint8_t> mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  std::span<const std::uint8_t> other;
};

// Reads the record that begins at `at`, whose owner and length have been found good (dns/question.cc). False:
// its rdata is none of TSIG. The algorithm's name is not compressed.
bool read_tsig(std::span<const std::uint8_t> packet, std::size_t at, TsigRecord& record);

}  // namespace muster::dns
