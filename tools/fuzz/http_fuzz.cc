// Octets of a connection into requests, and their paths into routes. Property: any split of the stream gives
// the same requests and the same fault. The first octet of the input chooses the split.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "registry/http/auth.h"
#include "registry/http/deadline.h"
#include "registry/http/request_parser.h"
#include "registry/http/router.h"
#include "registry/http/trace.h"

namespace {

namespace http = muster::registry::http;

struct Parsed {
  std::vector<http::Request> requests;
  http::ParseFault fault = http::ParseFault::none;
};

Parsed parse(std::string_view octets, std::size_t step) {
  http::RequestParser parser({.max_body = 4096, .max_header = 2048, .max_target = 1024});
  Parsed parsed;
  std::string pending;
  for (std::size_t at = 0; at < octets.size(); at += step) {
    pending += octets.substr(at, step);
    while (!pending.empty()) {
      const auto progress = parser.feed(pending);
      pending.erase(0, progress.consumed);
      if (progress.step == http::RequestParser::Step::need_more) break;
      if (progress.step == http::RequestParser::Step::refused) return parsed.fault = parser.fault(), parsed;
      parsed.requests.push_back(parser.take());
    }
  }
  return parsed;
}

const http::Router& routes() {
  static http::Router router;
  if (router.size() > 0) return router;
  for (const char* pattern : {"/api/v1/services/{s}", "/api/v1/services/{s}/instances/{i}"}) {
    router.add({"GET", pattern, "", http::Scope::read, http::Dialect::native, -1, {}});
  }
  for (const char* pattern :
       {"/v1/registration/{s}", "/v1/registration/repo/{r}", "/v1/registration/{s}/{ip}"}) {
    router.add({"GET", pattern, "", http::Scope::read, http::Dialect::lyft, -1, {}});
  }
  return router;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
  Parsed whole = parse(octets, octets.size() + 1);
  const Parsed split = parse(octets, data[0] % 64 + 1);
  if (whole.requests.size() != split.requests.size()) std::abort();
  for (std::size_t i = 0; i < whole.requests.size(); ++i) {
    http::Request& request = whole.requests[i];
    if (request.target != split.requests[i].target || request.body != split.requests[i].body ||
        request.headers != split.requests[i].headers) {
      std::abort();
    }
    routes().match(request);
    http::presented_secret(request.header("authorization"));
    http::is_local_host_header(request.header("host"));
    http::read_traceparent(request.header("traceparent"), 1);
    http::read_grpc_timeout(request.header("grpc-timeout"));
  }
  return 0;
}
