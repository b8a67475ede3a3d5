#include "registry/sources/mesos_ports.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "registry/net/blanks.h"

namespace muster::registry::sources {

namespace {

struct Range {
  std::uint16_t first;
  std::uint16_t last;
};

std::optional<std::uint16_t> mesos_port(std::string_view text) {
  text = net::trimmed(text);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::optional<Range> range_of(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = mesos_port(text.substr(0, dash));
  const auto last = dash == text.npos ? first : mesos_port(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return Range{*first, *last};
}

}  // namespace

MesosPorts read_mesos_ports(std::string_view text, std::size_t most) {
  MesosPorts ports;
  text = net::trimmed(text);
  if (text.starts_with('[')) text.remove_prefix(1);
  if (text.ends_with(']')) text.remove_suffix(1);
  std::vector<Range> ranges;
  while (!net::trimmed(text).empty()) {
    const auto comma = text.find(',');
    const auto range = range_of(net::trimmed(text.substr(0, comma)));
    text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    if (!range) {
      ports.bad = true;
    } else if (range->first <= range->last) {
      ranges.push_back(*range);
    }
  }
  std::ranges::sort(ranges, {}, &Range::first);
  std::uint32_t next = 1;  // nothing below it is missing
  for (const Range& range : ranges) {
    for (std::uint32_t port = std::max<std::uint32_t>(next, range.first); port <= range.last; ++port) {
      if (ports.numbers.size() == most) {
        ports.cut = true;
        return ports;
      }
      ports.numbers.push_back(static_cast<std::uint16_t>(port));
    }
    next = std::max<std::uint32_t>(next, range.last + 1U);
  }
  return ports;
}

}  // namespace muster::registry::sources
