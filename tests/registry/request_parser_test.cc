// Requests out of any split of their octets. The server's tests (http_server_test.cc) see the same parser
// through real connections; what only a parser of its own can show is here.
#include "registry/http/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::registry::http {
namespace {

// Feeds `octets` in pieces of `step`, as a connection would, and returns the bodies of the requests in it.
std::vector<std::string> bodies(std::string_view octets, std::size_t step) {
  RequestParser parser({});
  std::vector<std::string> found;
  std::string pending;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    pending += octets.substr(at, step);
    while (!pending.empty()) {
      const auto progress = parser.feed(pending);
      pending.erase(0, progress.consumed);
      EXPECT_NE(progress.step, RequestParser::Step::refused) << "pieces of " << step;
      if (progress.step != RequestParser::Step::complete) break;
      found.push_back(parser.take().body);
    }
  }
  return found;
}

// Beast's parser asserted when the first chunk was the last and its line end came alone, or with one octet
// more.
TEST(RequestParser, ALastChunkComesInPiecesOfAnySize) {
  const std::string head = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const struct {
    const char* why;
    const char* chunks;
    const char* body;
  } kRows[] = {
      {"nothing but the last chunk", "0\r\n\r\n", ""},
      {"a trailer", "0\r\nT: t\r\n\r\n", ""},
      {"a chunk before", "3\r\nabc\r\n0\r\n\r\n", "abc"},
      {"an extension", "0;x=1\r\n\r\n", ""},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    const std::string two = head + row.chunks + "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    for (std::size_t step = 1; step <= two.size(); ++step) {
      EXPECT_EQ(bodies(two, step), (std::vector<std::string>{row.body, ""})) << "pieces of " << step;
    }
  }
}

// The room of a head is for all of it, however it comes.
TEST(RequestParser, AHeadThatComesLineByLineHasItsLimit) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{57}, std::size_t{100'000}}) {
    RequestParser parser({});
    std::string pending = "GET / HTTP/1.1\r\nHost: a\r\n";
    std::size_t given = pending.size();
    auto progress = parser.feed(pending);
    pending.erase(0, progress.consumed);
    std::string lines;
    while (lines.size() < 100'000) lines += "X-Line: " + std::string(47, 'x') + "\r\n";
    for (std::size_t at = 0; at < lines.size() && progress.step != RequestParser::Step::refused; at += step) {
      pending += lines.substr(at, step);
      given += std::min(step, lines.size() - at);
      progress = parser.feed(pending);
      pending.erase(0, progress.consumed);
    }
    EXPECT_EQ(progress.step, RequestParser::Step::refused) << "pieces of " << step;
    EXPECT_EQ(parser.fault(), ParseFault::header_too_large);
    if (step == 100'000) continue;  // all of it at once
    EXPECT_LE(given, ParseLimits{}.max_header + 2 * step + 64) << "pieces of " << step;
  }
}

}  // namespace
}  // namespace muster::registry::http
