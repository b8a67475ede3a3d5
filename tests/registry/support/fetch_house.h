// An io_context with a resolver and an HTTP client, run by the test itself: what an exchange brings is
// collected.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/http_client.h"

namespace muster::test {

// What came of an exchange.
struct Fetched {
  std::optional<net::HttpHead> head;
  std::string body;
  std::vector<std::size_t> pieces;  // their sizes
  std::optional<net::Result<void, net::HttpError>> end;

  bool is_well() const { return end && end->has_value(); }
  // "ok", or the kind of the error; "" while it goes on.
  std::string outcome() const {
    if (!end) return "";
    return end->has_value() ? "ok" : std::string(net::to_string(end->error().kind));
  }
  std::string message() const { return end && !end->has_value() ? end->error().message : ""; }
};

class FetchHouse {
 public:
  explicit FetchHouse(net::HttpClientConfig config = {}, net::ResolverConfig names = {})
      : strand(io.get_executor()),
        resolver(strand, quiet(std::move(names)), [] { return net::SteadyTime{}; }),
        client(std::make_unique<net::HttpClient>(strand, resolver, std::move(config))) {}
  ~FetchHouse() {
    client.reset();
    io.run_for(std::chrono::seconds(1));
  }

  // Collects into `into`; what the hooks say is done then.
  net::HttpReceiver collect(Fetched& into) {
    return {[&into, this](const net::HttpHead& head) {
              into.head = head;
              return on_head ? on_head(head) : net::HttpFlow::go_on;
            },
            [&into, this](std::string_view piece) {
              into.body += piece;
              into.pieces.push_back(piece.size());
              return on_body ? on_body(piece) : net::HttpFlow::go_on;
            },
            [&into](net::Result<void, net::HttpError> result) {
              EXPECT_FALSE(into.end) << "the end is told once";
              into.end = std::move(result);
            }};
  }
  void start(Fetched& into, const net::HttpOrigin& origin, net::HttpRequest request = {},
             net::HttpLimits limits = {}) {
    client->ask(origin, std::move(request), limits, collect(into));
  }
  Fetched get(const net::HttpOrigin& origin, net::HttpRequest request = {}, net::HttpLimits limits = {}) {
    Fetched fetched;
    start(fetched, origin, std::move(request), limits);
    EXPECT_TRUE(until([&] { return fetched.end.has_value(); })) << "no end";
    return fetched;
  }

  // Runs what is due until the condition holds; false after twenty seconds.
  bool until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(std::chrono::milliseconds(50));
    }
    return true;
  }
  // Everything that is due now.
  void settle() {
    if (io.stopped()) io.restart();
    io.poll();
  }

  boost::asio::io_context io;
  net::Strand strand;
  net::Resolver resolver;
  std::unique_ptr<net::HttpClient> client;
  std::function<net::HttpFlow(const net::HttpHead&)> on_head;
  std::function<net::HttpFlow(std::string_view)> on_body;

 private:
  static net::ResolverConfig quiet(net::ResolverConfig names) {
    if (names.servers.empty()) names.servers = "127.0.0.1:9";
    if (!names.search) names.search.emplace();
    return names;
  }
};

inline net::HttpOrigin at(std::uint16_t port, net::HttpScheme scheme = net::HttpScheme::http,
                          std::string host = "127.0.0.1") {
  return {scheme, std::move(host), port};
}

}  // namespace muster::test
