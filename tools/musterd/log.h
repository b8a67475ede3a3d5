// The log: one event a line on standard error, as text or JSON, with the same field names as the metrics.
// Only tools/ logs; libraries return results, count, and offer events. Lines are written by a thread of their own
// (LogWriter): no reader of the log holds up who logs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace muster::tools {

enum class LogLevel { trace, debug, info, warning, error };

struct Field {
  std::string_view name;
  std::string value;
};

// Call once, before any other thread starts. Throws std::system_error when there is no thread for it. An end by
// std::terminate writes out what waits, too.
void open_log(std::string_view level, std::string_view format, const std::string& server_name);
// Writes out what waits, as far as somebody reads it; lines that come later are lost. Once other threads have ended.
void close_log();
std::uint64_t log_lines_dropped();  // because nobody read them
void set_log_level(std::string_view level);
bool log_enabled(LogLevel level);

// Any thread. `event` is a short phrase in the field's own words: "registered", "listening".
void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace muster::tools
