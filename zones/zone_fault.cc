#include "zones/zone_fault.h"

#include <algorithm>

namespace muster::zones {

std::string to_string(const ZoneFault& fault) {
  return fault.file + ":" + std::to_string(fault.at.line) + ":" + std::to_string(fault.at.column) + ": " +
         fault.what;
}

void SourceMap::enter(std::string file, std::uint32_t line) {
  segments_.push_back({last_ + 1, line, std::move(file)});
}

std::uint32_t SourceMap::number(std::uint32_t line) {
  const Segment& segment = segments_.back();
  last_ = std::max(last_, segment.first + (line - segment.line));
  return segment.first + (line - segment.line);
}

ZoneFault SourceMap::fault(std::uint32_t number, std::string what) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), number,
                       [](std::uint32_t n, const Segment& segment) { return n < segment.first; });
  const Segment& segment = *std::prev(after);
  return {segment.file, {segment.line + (number - segment.first), 1}, std::move(what)};
}

}  // namespace muster::zones
