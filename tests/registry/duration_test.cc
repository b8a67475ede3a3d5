#include "registry/duration.h"

#include <gtest/gtest.h>

namespace muster::registry {
namespace {

TEST(Duration, ReadsWhatPeopleWrite) {
  struct Row {
    const char* why;
    std::string_view text;
    std::optional<std::int64_t> millis;
  };
  constexpr Row kRows[] = {
      {"seconds", "30s", 30'000},
      {"milliseconds are one unit, not minutes and seconds", "250ms", 250},
      {"several units", "1h30m", 5'400'000},
      {"all units", "1d2h3m4s5ms", 93'784'005},
      {"zero is a duration", "0s", 0},
      {"the largest", "9223372036854775807ms", INT64_MAX},
      {"empty", "", std::nullopt},
      {"no unit", "30", std::nullopt},
      {"unknown unit", "5x", std::nullopt},
      {"no number", "s", std::nullopt},
      {"a unit in capitals", "5S", std::nullopt},
      {"the smaller unit first", "30m1h", std::nullopt},
      {"a unit twice", "1s1s", std::nullopt},
      {"negative", "-1s", std::nullopt},
      {"a sign", "+1s", std::nullopt},
      {"a fraction", "1.5s", std::nullopt},
      {"white space", "1 s", std::nullopt},
      {"something behind", "1s ", std::nullopt},
      {"a number behind", "1h30", std::nullopt},
      {"over 64 bits as a number", "9223372036854775808ms", std::nullopt},
      {"over 64 bits as milliseconds", "9223372036854775807s", std::nullopt},
      {"over 64 bits as a sum", "9223372036854775s807ms999", std::nullopt},
      {"a sum that overflows", "106751991167d25h", std::nullopt},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto span = parse_duration(row.text);
    ASSERT_EQ(span.has_value(), row.millis.has_value());
    if (span) {
      EXPECT_EQ(span->count(), *row.millis);
    }
  }
}

}  // namespace
}  // namespace muster::registry
