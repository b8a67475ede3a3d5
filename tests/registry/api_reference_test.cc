// docs/reference/http-api.md is held to the truth: it names every route and every error, and its examples
// work.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "registry/api/errors.h"
#include "tests/registry/support/api_house.h"

namespace muster::registry::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string reference() {
  std::ifstream file(MUSTER_SOURCE_DIR "/docs/reference/http-api.md");
  std::stringstream page;
  page << file.rdbuf();
  return page.str();
}

// Words as a shell sees them; only single quotes are used in the page.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  return words;
}

Ask ask_of(const std::string& line) {
  constexpr std::string_view kServer = "http://127.0.0.1:8053";
  Ask ask{"GET", "", "", {}, writer()};
  const auto words = words_of(line);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "--json") {
      ask.body = words[++i];
      ask.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
      if (ask.method == "GET") ask.method = "POST";
    } else if (words[i] == "-X") {
      ask.method = words[++i];
    } else if (words[i].starts_with(kServer)) {
      ask.target = words[i].substr(kServer.size());
    } else {
      ADD_FAILURE() << "what is " << words[i];
    }
  }
  return ask;
}

api::Outside whole_outside() {
  api::Outside outside;
  outside.flush_cache = [](const std::string&, net::UniqueFunction<void(std::optional<std::size_t>)> done) {
    done(2);
  };
  outside.reload = [](std::vector<std::string>, net::UniqueFunction<void(api::ReloadReport)> done) {
    done({});
  };
  outside.zone_text = [](std::string, net::UniqueFunction<void(api::ZoneText)> done) {
    done({api::ZoneText::Outcome::written, "$TTL 5\n"});
  };
  outside.changes = outside.watch = [](http::Request, http::Reply reply) { reply.send({}); };
  outside.answering_of = [](const std::string&) { return api::Answering{}; };
  outside.stats = [] { return api::Stats{}; };
  outside.sources = [] {
    SourceStatus mesos;
    mesos.name = mesos.type = "mesos";
    return std::vector<SourceStatus>{mesos};
  };
  outside.resync = outside.accept = [](std::string_view source) { return source == "mesos"; };
  outside.explain_name = [](std::string_view, std::string_view, const auto&) { return std::string("{}"); };
  return outside;
}

TEST(HttpReference, NamesEveryRoute) {
  const ApiHouse house;
  const std::string page = reference();
  ASSERT_FALSE(page.empty());
  for (std::size_t i = 0; i < house.router.size(); ++i) {
    const auto& route = house.router.route(i);
    EXPECT_THAT(page, HasSubstr("### `" + route.method + " " + route.pattern + "`\n"));
  }
}

TEST(HttpReference, NamesEveryErrorBesideItsStatus) {
  std::istringstream page(reference());
  std::string errors;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("| ")) errors += line + "\n";
  }
  for (int i = 0; i <= static_cast<int>(api::kLastErrorCode); ++i) {
    const auto code = static_cast<api::ErrorCode>(i);
    const std::string name = "`" + std::string(to_string(code)) + "`";
    std::istringstream lines(errors);
    std::string found;
    for (std::string line; std::getline(lines, line);) {
      if (line.find(name) != std::string::npos) found = line;
    }
    EXPECT_THAT(found.substr(0, found.find('|', 1)), HasSubstr(std::to_string(api::http_status_for(code))))
        << name;
  }
}

TEST(HttpReference, ItsExamplesWorkInTheirOrderAndCoverEveryRoute) {
  ApiHouse house(whole_outside());
  std::istringstream page(reference());
  std::set<std::string> called;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("curl ")) continue;
    SCOPED_TRACE(line);
    const Ask ask = ask_of(line);
    http::Request request;
    request.method = ask.method;
    request.target = ask.target;
    const auto match = house.router.match(request);
    ASSERT_NE(match.route, nullptr);
    called.insert(match.route->method + " " + match.route->pattern);
    const auto reply = house.ask(ask);
    EXPECT_LT(reply.status, 300) << reply.body;
  }
  EXPECT_EQ(called.size(), house.router.size());
}

}  // namespace
}  // namespace muster::registry::test
