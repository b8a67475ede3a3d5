// Lines of the log as they reach standard error, in both forms.
#include "tools/musterd/log.h"

#include <gmock/gmock.h>

#include <boost/json/parse.hpp>

namespace muster::tools {
namespace {

namespace json = boost::json;
using ::testing::MatchesRegex;

std::string written(const char* format, const char* level, void (*lines)()) {
  testing::internal::CaptureStderr();
  open_log(level, format, "musterd-1");
  lines();
  close_log();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, TextIsOneEventALine) {
  const std::string text = written("text", "info", [] {
    log(LogLevel::info, "registered",
        {{"service", "web"}, {"id", "a b"}, {"note", "say \"x\"\n=y"}, {"empty", ""}});
  });
  EXPECT_THAT(text, MatchesRegex("[0-9-]+T[0-9:.]+Z info +registered service=web id=\"a b\" note=\"say "
                                 "\\\\\"x\\\\\"\\\\n=y\" empty=\"\"\n"));
}

TEST(Log, JsonIsOneObjectALine) {
  const std::string text = written("json", "info", [] {
    log(LogLevel::warning, "registered", {{"service", "web"}, {"note", "say \"x\"\n{}"}});
  });
  ASSERT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  const json::object line = json::parse(text).as_object();
  EXPECT_EQ(line.at("event"), "registered");
  EXPECT_EQ(line.at("server"), "musterd-1");
  EXPECT_EQ(line.at("level"), "warning");
  EXPECT_EQ(line.at("service"), "web");
  EXPECT_EQ(line.at("note"), "say \"x\"\n{}");
  EXPECT_THAT(std::string(line.at("ts").as_string()),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
}

TEST(Log, LevelsAreKeptAndMayChange) {
  const std::string text = written("text", "warning", [] {
    log(LogLevel::info, "quiet");
    log(LogLevel::error, "loud");
    set_log_level("debug");
    log(LogLevel::debug, "now_heard");
    log(LogLevel::trace, "not_yet");
  });
  EXPECT_EQ(text.find("quiet"), text.npos);
  EXPECT_NE(text.find("loud"), text.npos);
  EXPECT_NE(text.find("now_heard"), text.npos);
  EXPECT_EQ(text.find("not_yet"), text.npos);
}

}  // namespace
}  // namespace muster::tools
