#include "tools/musterd/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <exception>
#include <memory>

#include "tools/musterd/log_writer.h"

namespace muster::tools {

namespace {

bool as_json = false;
std::string server;
std::unique_ptr<LogWriter> writer;  // outlives the logger that writes to it
std::terminate_handler end_without_log = nullptr;

class WriterSink final : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    writer->put(std::string(line.data(), line.size()));
  }
  void flush_() override {}
};

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

std::string json_quoted(std::string_view text) {
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

// Values without blanks, quotes and control characters stand bare.
std::string text_value(std::string_view value) {
  const bool bare =
      !value.empty() && value.find_first_of(" \"=\\") == value.npos &&
      value.find_first_not_of(" ", 0) != value.npos &&
      std::none_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return bare ? std::string(value) : json_quoted(value);
}

std::string text_line(std::string_view event, std::initializer_list<Field> fields) {
  std::string line(event);
  for (const Field& field : fields) line += " " + std::string(field.name) + "=" + text_value(field.value);
  return line;
}

std::string json_members(std::string_view event, std::initializer_list<Field> fields) {
  std::string line = "\"server\":" + json_quoted(server) + ",\"event\":" + json_quoted(event);
  for (const Field& field : fields)
    line += ",\"" + std::string(field.name) + "\":" + json_quoted(field.value);
  return line;
}

}  // namespace

void open_log(std::string_view level, std::string_view format, const std::string& server_name) {
  as_json = format == "json";
  server = server_name;
  writer = std::make_unique<LogWriter>(STDERR_FILENO);
  const auto previous = std::set_terminate([] {
    if (writer) writer->flush();
    end_without_log();
  });
  if (end_without_log == nullptr) end_without_log = previous;
  auto logger = std::make_shared<spdlog::logger>("musterd", std::make_shared<WriterSink>());
  logger->set_pattern(
      as_json ? R"({"ts":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
      spdlog::pattern_time_type::utc);
  logger->set_level(level_of(level));
  spdlog::set_default_logger(std::move(logger));
}

void close_log() {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("closed", std::make_shared<spdlog::sinks::null_sink_mt>()));
  writer.reset();
}

std::uint64_t log_lines_dropped() { return writer ? writer->dropped() : 0; }

void set_log_level(std::string_view level) { spdlog::default_logger_raw()->set_level(level_of(level)); }

bool log_enabled(LogLevel level) { return spdlog::default_logger_raw()->should_log(level_of(level)); }

void log(LogLevel level, std::string_view event, std::initializer_list<Field> fields) {
  if (!log_enabled(level)) return;
  spdlog::default_logger_raw()->log(level_of(level), "{}",
                                    as_json ? json_members(event, fields) : text_line(event, fields));
}

}  // namespace muster::tools
