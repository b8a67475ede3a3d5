// The API's own pieces of JSON beside registry/json_text.h: numbers, times, null. The replies have fixed
// shapes, so they are written straight into a string; a document tree would only be built to be thrown away.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "registry/json_text.h"
#include "registry/net/clock.h"

namespace muster::registry::api {

inline void append_string(std::string& out, std::string_view text) { append_json_string(out, text); }
void append_string_or_null(std::string& out, std::string_view text);  // "" becomes null
void append_number(std::string& out, std::uint64_t value);
void append_number(std::string& out, std::int64_t value);
// The shortest text that reads back as the same double; `point` keeps "10.0" from becoming "10".
void append_number(std::string& out, double value, bool point = false);
inline void append_bool(std::string& out, bool value) { out += value ? "true" : "false"; }

// "2026-11-20T22:14:33.120Z", quoted; RFC 3339 in UTC with milliseconds.
void append_time(std::string& out, net::WallTime time);

}  // namespace muster::registry::api
