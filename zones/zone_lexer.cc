#include "zones/zone_lexer.h"

#include <array>
#include <cstring>

namespace muster::zones {

namespace {

enum class Kind : std::uint8_t { word, blank, newline, comment, open, close, quote, backslash, control };

constexpr std::array<Kind, 256> kind_table() {
  std::array<Kind, 256> kinds{};
  for (std::size_t octet = 0; octet < 0x20; ++octet) kinds[octet] = Kind::control;
  kinds[0x7f] = Kind::control;
  kinds[' '] = kinds['\t'] = kinds['\r'] = Kind::blank;
  kinds['\n'] = Kind::newline;
  kinds[';'] = Kind::comment;
  kinds['('] = Kind::open;
  kinds[')'] = Kind::close;
  kinds['"'] = Kind::quote;
  kinds['\\'] = Kind::backslash;
  return kinds;
}

constexpr auto kKinds = kind_table();

Kind kind(char c) { return kKinds[static_cast<unsigned char>(c)]; }

constexpr std::string_view kControl = "a control character (write it as \\DDD, three decimal digits)";
constexpr std::string_view kUnclosedQuote = "this quotation mark has no partner on its line";

}  // namespace

ZoneLexer::ZoneLexer(std::string_view text)
    : at_(text.data()), end_(text.data() + text.size()), start_(at_) {}

ZoneLexer::Found ZoneLexer::next() {
  words_.clear();
  fault_.reset();
  while (words_.empty() && !fault_) {
    if (at_ == end_) return Found::end;
    start_ = at_;
    start_line_ = line_;
    starts_blank_ = *at_ == ' ' || *at_ == '\t';
    read_entry();
  }
  return fault_ ? Found::fault : Found::entry;
}

void ZoneLexer::read_entry() {
  const char* outermost = nullptr;
  int depth = 0;
  while (at_ != end_) {
    switch (kind(*at_)) {
      case Kind::word:
      case Kind::backslash: read_word(); break;
      case Kind::blank: ++at_; break;
      case Kind::newline:
        ++at_;
        ++line_;
        if (depth == 0) return;
        break;
      case Kind::comment: skip_line(); break;
      case Kind::open:
        if (depth++ == 0) outermost = at_;
        ++at_;
        break;
      case Kind::close:
        if (depth == 0) fail(at_, "this parenthesis closes nothing (a ( missing before it?)");
        if (depth > 0) --depth;
        ++at_;
        break;
      case Kind::quote: read_quoted(); break;
      case Kind::control:
        fail(at_, kControl);
        skip_line();
        break;
    }
  }
  if (depth > 0) {
    fault_.reset();  // what follows the parenthesis was read as its inside: its faults mislead
    fail(outermost, "this parenthesis is never closed; all that follows it was swallowed (a ) missing?)");
  }
}

// A quoted part inside a word belongs to it: alpn="h2,h3".
void ZoneLexer::read_word() {
  const char* const begin = at_;
  for (; at_ != end_; ++at_) {
    const Kind now = kind(*at_);
    if (now == Kind::word) continue;
    if (now == Kind::backslash) {
      if (at_ + 1 == end_ || kind(at_[1]) == Kind::newline || at_[1] == '\r') {
        fail(at_, "a backslash at the end of a line");
        skip_line();
        return;
      }
      if (kind(*++at_) != Kind::control) continue;
    } else if (now == Kind::quote) {
      if (!skip_quoted()) return;
      continue;
    }
    if (kind(*at_) != Kind::control) break;
    fail(at_, kControl);
    skip_line();
    return;
  }
  words_.push_back({{begin, static_cast<std::size_t>(at_ - begin)}, false});
}

void ZoneLexer::read_quoted() {
  const char* const begin = at_ + 1;
  if (!skip_quoted()) return;
  words_.push_back({{begin, static_cast<std::size_t>(at_ - begin)}, true});
  ++at_;
}

// From an opening quotation mark to its partner.
bool ZoneLexer::skip_quoted() {
  const char* const open = at_++;
  for (; at_ != end_; ++at_) {
    const Kind now = kind(*at_);
    if (now == Kind::quote) return true;
    if (now == Kind::newline) break;
    if (now == Kind::backslash && ++at_ == end_) break;
    if (kind(*at_) == Kind::newline) break;
    if (kind(*at_) == Kind::control) {
      fail(at_, kControl);
      skip_line();
      return false;
    }
  }
  fail(open, kUnclosedQuote);
  skip_line();
  return false;
}

void ZoneLexer::skip_line() {
  const void* newline = std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_));
  at_ = newline != nullptr ? static_cast<const char*>(newline) : end_;
}

void ZoneLexer::fail(const char* place, std::string_view what) {
  if (!fault_) fault_ = Fault{position(place), std::string(what)};
}

TextPosition ZoneLexer::position(const char* place) const {
  TextPosition position{start_line_, 1};
  const char* line_start = start_;
  for (const char* p = start_; p < place; ++p) {
    if (*p != '\n') continue;
    ++position.line;
    line_start = p + 1;
  }
  position.column = static_cast<std::uint32_t>(place - line_start + 1);
  return position;
}

}  // namespace muster::zones
