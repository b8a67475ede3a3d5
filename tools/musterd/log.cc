#include "tools/musterd/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace muster::tools {

namespace {

bool as_json = false;
std::string server;

spdlog::level::level_enum level_of(std::string_view name) {
  if (name == "trace") return spdlog::level::trace;
  if (name == "debug") return spdlog::level::debug;
  if (name == "warning") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  return spdlog::level::info;
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

// Values without blanks, quotes and control characters stand bare.
std::string text_value(std::string_view value) {
  const bool bare =
      !value.empty() && value.find_first_of(" \"=\\") == value.npos &&
      value.find_first_not_of(" ", 0) != value.npos &&
      std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return bare ? std::string(value) : quoted(value);
}

std::string text_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string line(event);
  for (const Field& field : fields) line += " " + std::string(field.name) + "=" + text_value(field.value);
  return line;
}

std::string json_members(std::string_view event, std::initializer_list<Field> fields) {
  std::string line = "\"server\":" + quoted(server) + ",\"event\":" + quoted(event);
  for (const Field& field : fields) line += ",\"" + std::string(field.name) + "\":" + quoted(field.value);
  return line;
}

}  // namespace

void open_log(std::string_view level, std::string_view format, const std::string& server_name) {
  as_json = format == "json";
  server = server_name;
  auto logger =
      std::make_shared<spdlog::logger>("musterd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(
      as_json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(level_of(level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

void set_log_level(std::string_view level) { spdlog::default_logger_raw()->set_level(level_of(level)); }

bool log_enabled(LogLevel level) { return spdlog::default_logger_raw()->should_log(level_of(level)); }

void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (!log_enabled(level)) return;
  spdlog::default_logger_raw()->log(level_of(level), "{}",
                                    as_json ? json_members(event, fields) : text_line(event, fields));
}

}  // namespace muster::tools
