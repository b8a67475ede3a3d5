#include "registry/http/trace.h"

#include <algorithm>

namespace muster::registry::http {

namespace {

constexpr std::size_t kTraceId = 32;
constexpr std::size_t kSpanId = 16;
constexpr std::size_t kLength = 2 + 1 + kTraceId + 1 + kSpanId + 1 + 2;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) { return is_lower_hex(text) && text.find_first_not_of('0') != text.npos; }

std::string hex16(std::uint64_t value) {
  std::string text(kSpanId, '0');
  for (std::size_t i = kSpanId; i-- > 0; value >>= 4) text[i] = "0123456789abcdef"[value & 15];
  return text;
}

}  // namespace

Trace read_traceparent(std::string_view header, std::uint64_t random) {
  if (header.size() != kLength || !header.starts_with("00-")) return {};
  const auto trace_id = header.substr(3, kTraceId);
  const auto parent_id = header.substr(3 + kTraceId + 1, kSpanId);
  if (header[3 + kTraceId] != '-' || header[kLength - 3] != '-') return {};
  if (!is_id(trace_id) || !is_id(parent_id) || !is_lower_hex(header.substr(kLength - 2))) return {};
  return {std::string(trace_id), std::string(parent_id), hex16(random == 0 ? 1 : random)};
}

}  // namespace muster::registry::http
