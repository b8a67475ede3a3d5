// From octets to requests: Beast's parser, our limits. Free of sockets and of Asio's machinery, so that it
// can be fuzzed; fed with any split of the stream it gives the same requests. What it refuses, it refuses for
// good: after a fault the position in the stream is unknown and the connection must end.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "registry/http/message.h"

namespace muster::registry::http {

struct ParseLimits {
  std::size_t max_body = 1 << 20;
  std::size_t max_header = 16 * 1024;  // request line and fields
  std::size_t max_target = 8 * 1024;
};

// Why a request was refused, in the order of the checks.
enum class ParseFault : std::uint8_t {
  none,
  malformed,
  header_too_large,
  target_too_long,
  body_too_large,
  version_unsupported,
  coding_unsupported,   // a Transfer-Encoding that does not end in chunked alone
  host_missing,         // HTTP/1.1 demands exactly one Host
  expectation_unknown,  // Expect is not 100-continue
};
Problem problem_for(ParseFault fault);

class RequestParser {
 public:
  explicit RequestParser(ParseLimits limits);
  ~RequestParser();

  enum class Step : std::uint8_t { need_more, complete, refused };
  struct Progress {
    Step step;
    std::size_t consumed;  // octets of `octets` that need not be shown again
  };
  // `octets`: everything not yet consumed. After `complete`, take() and go on with the rest.
  Progress feed(std::string_view octets);

  Request take();  // ready for the next request afterwards
  bool begun() const;
  bool header_done() const;
  bool awaits_continue() const;  // Expect: 100-continue, and no octet of the body has come
  bool keep_alive() const;
  bool is_http10() const;
  ParseFault fault() const;

 private:
  class Message;
  const ParseLimits limits_;
  std::unique_ptr<Message> message_;
};

}  // namespace muster::registry::http
