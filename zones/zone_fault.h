// What is wrong, or odd, in a master file, and where. A list of them has a fixed length and counts the rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "zones/zone_lexer.h"

namespace muster::zones {

struct ZoneFault {
  std::string file;
  TextPosition at;
  std::string what;
};
// "FILE:LINE:COLUMN: what".
std::string to_string(const ZoneFault& fault);

class ZoneFaults {
 public:
  explicit ZoneFaults(std::size_t at_most) : at_most_(at_most) {}
  void add(ZoneFault fault) {
    if (list_.size() < at_most_) list_.push_back(std::move(fault));
    ++total_;
  }
  const std::vector<ZoneFault>& list() const { return list_; }
  std::size_t total() const { return total_; }  // those that are not in the list too
  bool empty() const { return total_ == 0; }
  bool full() const { return total_ >= at_most_; }

 private:
  std::size_t at_most_;
  std::size_t total_ = 0;
  std::vector<ZoneFault> list_;
};

// Which line of which file a record came from, in four octets a record: lines are numbered through all files
// in the order of reading, and a segment begins wherever reading enters or returns to a file.
class SourceMap {
 public:
  void enter(std::string file, std::uint32_t line);
  // `line` of the file entered last.
  std::uint32_t number(std::uint32_t line);
  ZoneFault fault(std::uint32_t number, std::string what) const;

 private:
  struct Segment {
    std::uint32_t first;
    std::uint32_t line;
    std::string file;
  };
  std::vector<Segment> segments_;
  std::uint32_t last_ = 0;
};

}  // namespace muster::zones
