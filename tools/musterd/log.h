// The log: one event a line on standard error, as text or JSON, with the same field names as the metrics.
// Only tools/ logs; libraries return results, count, and offer events.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace muster::tools {

enum class LogLevel { trace, debug, info, warning, error };

struct Field {
  std::string_view name;
  std::string value;
};

// Call once, before any thread starts.
void open_log(std::string_view level, std::string_view format, const std::string& server_name);
void set_log_level(std::string_view level);
bool log_enabled(LogLevel level);

// Any thread. `event` is a short phrase in the field's own words: "registered", "listening".
void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace muster::tools
