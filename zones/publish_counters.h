// What publishing has done since the start.
#pragma once

#include <cstdint>
#include <string>

namespace muster::zones {

struct PublishCounters {
  std::uint64_t puts = 0;      // names built and published
  std::uint64_t erasures = 0;  // names gone
  std::uint64_t put_off = 0;   // rebuilds of large names that waited for their 20 ms
  std::uint64_t too_long = 0;  // names that do not fit into 255 octets and are not published, at each change
  std::string last_too_long;   // what the last of them was to be a name of: SERVICE/ID, or SERVICE
  std::uint64_t beyond_hash =
      0;  // sets of a hash policy with too many members for it, drawn by weight, at each change
  std::string last_beyond_hash;        // the service of the last of them
  // Of TXT records, at each change (see naming::strings_left_out()), and whole TXT records of sets too large.
  std::uint64_t strings_left_out = 0;
};

}  // namespace muster::zones
