#include "registry/http/deadline.h"

#include <charconv>

namespace muster::registry::http {

namespace {

std::optional<std::int64_t> read_digits(std::string_view text, std::size_t most) {
  std::int64_t value = 0;
  if (text.empty() || text.size() > most || text.front() == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Unit>
net::Millis rounded_up(std::int64_t count) {
  return std::chrono::ceil<net::Millis>(Unit(count));
}

}  // namespace

std::optional<net::Millis> read_grpc_timeout(std::string_view header) {
  if (header.size() < 2) return std::nullopt;
  const auto count = read_digits(header.substr(0, header.size() - 1), 8);
  if (!count) return std::nullopt;
  switch (header.back()) {
    case 'H': return rounded_up<std::chrono::hours>(*count);
    case 'M': return rounded_up<std::chrono::minutes>(*count);
    case 'S': return rounded_up<std::chrono::seconds>(*count);
    case 'm': return net::Millis(*count);
    case 'u': return rounded_up<std::chrono::microseconds>(*count);
    case 'n': return rounded_up<std::chrono::nanoseconds>(*count);
    default: return std::nullopt;
  }
}

std::optional<net::Millis> read_envoy_timeout(std::string_view header) {
  const auto count = read_digits(header, 10);
  if (!count) return std::nullopt;
  return net::Millis(*count);
}

}  // namespace muster::registry::http
