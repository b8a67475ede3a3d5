#include "registry/api/errors.h"

#include <gtest/gtest.h>

#include <set>

#include "registry/api/entity_tag.h"
#include "registry/api/health_board.h"

namespace muster::registry::api {
namespace {

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(ApiErrors, EachCodeHasItsStatus) {
  struct Row {
    int status;
    std::string_view codes;
  };
  constexpr Row kRows[] = {
      {400,
       "bad_request bad_json bad_form invalid_field unknown_field address_type_not_publishable bad_name "},
      {401, "unauthorized "},
      {403, "forbidden "},
      {404, "unknown_service unknown_instance not_found "},
      {405, "method_not_allowed "},
      {406, "not_acceptable "},
      {408, "request_timeout "},
      {409, "stale_generation listed_by_source zone_has_updates "},
      {410, "deregistered compacted "},
      {412, "precondition_failed "},
      {413, "body_too_large batch_too_long "},
      {414, "target_too_long "},
      {415, "unsupported_media_type "},
      {429,
       "rate_limited too_many_instances too_many_services too_many_claims too_many_hosts "
       "too_many_watchers "},
      {431, "header_too_large "},
      {500, "internal_error "},
      {503, "out_of_capacity starting no_quorum "},
      {504, "deadline_exceeded "},
  };
  for (const Row& row : kRows) {
    std::string codes;
    for (int i = 0; i <= static_cast<int>(kLastErrorCode); ++i) {
      const auto code = static_cast<ErrorCode>(i);
      if (http_status_for(code) == row.status) codes.append(to_string(code)).append(" ");
    }
    EXPECT_EQ(codes, row.codes) << row.status;
  }
}

TEST(ApiErrors, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastErrorCode); ++i)
    names.insert(to_string(static_cast<ErrorCode>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kLastErrorCode) + 1);
  EXPECT_FALSE(names.contains(""));
}

TEST(ApiErrors, TheRegistrysRefusalsKeepTheirNames) {
  for (int i = 0; i <= static_cast<int>(RefusalCode::out_of_capacity); ++i) {
    const auto code = static_cast<RefusalCode>(i);
    EXPECT_EQ(to_string(error_code_for(code)), to_string(code));
  }
}

TEST(ApiErrors, BodyToTheLetter) {
  EXPECT_EQ(
      error_json({ErrorCode::invalid_field, "port must be 1 to 65535", "/ports/0/port"}),
      R"({"error":"invalid_field","message":"port must be 1 to 65535","field":"/ports/0/port","retry_after_ms":null})");
  EXPECT_EQ(
      error_json({.code = ErrorCode::deadline_exceeded, .message = "late", .applied = false}),
      R"({"error":"deadline_exceeded","message":"late","field":null,"retry_after_ms":null,"applied":false})");
}

TEST(ApiErrors, RetryAfterIsInWholeSecondsRoundedUp) {
  const auto full =
      error_response(api_error(Refusal{RefusalCode::too_many_instances, "full", Millis{30'001}}));
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(header(full, "Retry-After"), "31");
  EXPECT_NE(full.body.find("\"retry_after_ms\":30001"), std::string::npos);
  EXPECT_EQ(header(error_response({ErrorCode::out_of_capacity, "x"}), "Retry-After"), "1");
  EXPECT_EQ(header(error_response({ErrorCode::bad_json, "x"}), "Retry-After"), "");
}

TEST(EntityTag, MatchesByRfc9110) {
  const std::string tag = entity_tag("0b7c", 7);
  EXPECT_EQ(tag, "\"0b7c-7\"");
  struct Row {
    const char* why;
    std::string_view header;
    bool matches;
  };
  constexpr Row kRows[] = {
      {"absent", "", false},
      {"the tag", "\"0b7c-7\"", true},
      {"weak", "W/\"0b7c-7\"", true},
      {"any", "*", true},
      {"in a list", "\"x\" , \"0b7c-7\"", true},
      {"another revision", "\"0b7c-8\"", false},
      {"another epoch", "\"0b7d-7\"", false},
      {"without quotes", "0b7c-7", false},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(matches_any(row.header, tag), row.matches);
  }
}

TEST(EntityTag, IfMatchIsOneTag) {
  EXPECT_EQ(*revision_of("\"a-b-12\"", "a-b"), 12u);
  EXPECT_EQ(revision_of("\"a-c-12\"", "a-b").error(), TagError::other_store);
  for (const std::string_view bad : {"", "\"", "12", "\"12\"", "\"a-\"", "\"a-1x\"", "\"a-1\",\"a-2\""}) {
    EXPECT_EQ(revision_of(bad, "a").error(), TagError::malformed) << bad;
  }
}

TEST(HealthBoard, TheWorstCriticalCheckDecides) {
  HealthStatus store = HealthStatus::pass, disk = HealthStatus::pass;
  HealthBoard board({{"store", true,
                      [&] {
                        return HealthVerdict{store, "s"};
                      }},
                     {"disk", false, [&] {
                        return HealthVerdict{disk, ""};
                      }}});
  const net::WallTime t0{net::Millis{0}}, t1{net::Millis{1'000}}, t2{net::Millis{2'000}};
  EXPECT_EQ(
      health_json(board.report(t0)),
      R"({"status":"pass","checks":[{"name":"store","status":"pass","output":"s","since":"1970-01-01T00:00:00.000Z"},)"
      R"({"name":"disk","status":"pass","output":"","since":"1970-01-01T00:00:00.000Z"}]})");
  disk = HealthStatus::fail;
  EXPECT_EQ(board.report(t1).status, HealthStatus::warn) << "not critical";
  store = HealthStatus::fail;
  const auto report = board.report(t2);
  EXPECT_EQ(report.status, HealthStatus::fail);
  EXPECT_EQ(report.checks[0].since, t2);
  EXPECT_EQ(report.checks[1].since, t1) << "it still says what it said then";
}

}  // namespace
}  // namespace muster::registry::api
