// The words of a master file (RFC 1035 §5.1), one entry at a time: a directive or a record, over as many
// lines as its parentheses span. Words are views into the text with their escapes still in them; nothing is
// copied.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zones/record.h"

namespace muster::zones {

struct TextPosition {
  std::uint32_t line = 1;    // from 1
  std::uint32_t column = 1;  // from 1, in octets
  bool operator==(const TextPosition&) const = default;
};

class ZoneLexer {
 public:
  enum class Found : std::uint8_t { entry, fault, end };
  struct Fault {
    TextPosition at;
    std::string what;
  };

  explicit ZoneLexer(std::string_view text);

  // After a fault the entry is skipped and reading can go on.
  Found next();
  std::span<const Word> words() const { return words_; }  // of the entry; not empty
  bool starts_blank() const { return starts_blank_; }     // the entry's owner is the previous one's
  std::uint32_t line() const { return start_line_; }      // of the entry's first octet
  const Fault& fault() const { return *fault_; }
  // Of a place inside the entry. Counts lines from the entry's start, so it is for errors only.
  TextPosition position(const char* place) const;

 private:
  void read_entry();
  void read_word();
  void read_quoted();
  bool skip_quoted();
  void skip_line();
  void fail(const char* place, std::string_view what);

  const char* at_;
  const char* end_;
  const char* start_;
  std::uint32_t line_ = 1;
  std::uint32_t start_line_ = 1;
  bool starts_blank_ = false;
  std::vector<Word> words_;
  std::optional<Fault> fault_;
};

}  // namespace muster::zones
