// JSON written by hand where speed or exact octets matter: strings with their escapes, numbers that read back
// equal.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

namespace muster::registry {

// With its quotes; octets above 0x7f pass (they are UTF-8), control characters, quotes and backslashes are
// escaped.
void append_json_string(std::string& out, std::string_view text);
// The shortest form that reads back as the same number; JSON has no infinities, they become null.
void append_json_number(std::string& out, double number);
// A whole value; Boost's own writer would make 1E0 of 1.0.
void append_json_value(std::string& out, const boost::json::value& value);
// One part of a JSON pointer (RFC 6901), `/` in front.
void append_pointer_part(std::string& pointer, std::string_view part);

}  // namespace muster::registry
