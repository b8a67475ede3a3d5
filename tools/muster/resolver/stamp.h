// The last line of a file that we wrote: what was there before, and a sum of the text above it. So the file
// itself tells whether somebody has changed it since and what an undo is, without a record of ours elsewhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace muster::resolver {

enum class Before : std::uint8_t { nothing, file };

enum class Origin : std::uint8_t { somebody, ours, ours_and_changed };

struct Stamp {
  Origin origin = Origin::somebody;
  Before before = Before::nothing;  // of what is ours
};

// `body` ends with a new line, or is empty.
std::string stamped(const std::string& body, Before before);
Stamp read_stamp(std::string_view text);

}  // namespace muster::resolver
