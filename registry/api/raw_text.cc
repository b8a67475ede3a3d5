#include "registry/api/raw_text.h"

#include <algorithm>
#include <boost/json.hpp>

namespace muster::registry::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kEndOfPlain = ",]} \t\r\n";  // of a number, true, false, null

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kJsonBlanks, at), text.size());
}

// `at` is the opening quote; the place after the closing one.
std::size_t skip_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

std::size_t skip_value(std::string_view text, std::size_t at) {
  const char first = text[at];
  if (first == '"') return skip_string(text, at);
  if (first != '{' && first != '[') return std::min(text.find_first_of(kEndOfPlain, at), text.size());
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = skip_string(text, at);
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) break;
  }
  return at;
}

// Past the value at `at`, its comma and the blanks around it.
std::size_t next_value(std::string_view text, std::size_t at) {
  return skip_blanks(text, skip_blanks(text, skip_value(text, at)) + 1);
}

bool is_name(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') == quoted.npos) return quoted.substr(1, quoted.size() - 2) == name;
  json::error_code error;
  const json::value value = json::parse(quoted, error);
  return !error && value.is_string() && std::string_view(value.get_string()) == name;
}

}  // namespace

std::string_view RawText::at(const Place& place) {
  const std::size_t start = start_of(place);
  return start >= text_.size() ? std::string_view() : text_.substr(start, skip_value(text_, start) - start);
}

std::size_t RawText::start_of(const Place& place) {
  if (place.parent == nullptr) return skip_blanks(text_, 0);
  const std::size_t outer = start_of(*place.parent);
  if (outer >= text_.size()) return outer;
  return place.in_array ? element(outer, place.index) : member(outer, place.key);
}

std::size_t RawText::member(std::size_t object, std::string_view key) const {
  std::size_t at = skip_blanks(text_, object + 1);
  while (at < text_.size() && text_[at] == '"') {
    const std::size_t end = skip_string(text_, at);
    const bool found = is_name(text_.substr(at, end - at), key);
    at = skip_blanks(text_, skip_blanks(text_, end) + 1);  // past the colon
    if (found) return at;
    at = next_value(text_, at);
  }
  return text_.size();
}

std::size_t RawText::element(std::size_t array, std::size_t index) {
  const bool goes_on = array == array_ && index >= index_;
  std::size_t at = goes_on ? element_ : skip_blanks(text_, array + 1);
  for (std::size_t i = goes_on ? index_ : 0; i < index && at < text_.size(); ++i) at = next_value(text_, at);
  array_ = array;
  index_ = index;
  return element_ = at;
}

void append_compact(std::string& out, std::string_view json) {
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] == '"') {
      const std::size_t end = skip_string(json, at);
      out += json.substr(at, end - at);
      at = end;
      continue;
    }
    if (kJsonBlanks.find(json[at]) == kJsonBlanks.npos) out += json[at];
    ++at;
  }
}

}  // namespace muster::registry::api
