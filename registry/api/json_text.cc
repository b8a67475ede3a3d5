#include "registry/api/json_text.h"

#include <charconv>

#include "registry/rfc3339.h"

namespace muster::registry::api {
namespace {

template <class Number>
void append_chars(std::string& out, Number value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

}  // namespace

void append_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_string(out, text);
  }
}

void append_number(std::string& out, std::uint64_t value) { append_chars(out, value); }
void append_number(std::string& out, std::int64_t value) { append_chars(out, value); }

void append_number(std::string& out, double value, bool point) {
  const std::size_t begin = out.size();
  append_json_number(out, value);
  if (point && out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

void append_time(std::string& out, net::WallTime time) {
  out += '"';
  append_rfc3339(out, time);
  out += '"';
}

}  // namespace muster::registry::api
