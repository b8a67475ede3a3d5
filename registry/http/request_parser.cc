#include "registry/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "registry/http/ascii.h"
#include "registry/net/blanks.h"

namespace muster::registry::http {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

namespace {

ParseFault fault_of(const error_code& error) {
  if (error == beast::error::header_limit) return ParseFault::header_too_large;
  if (error == beast::error::body_limit) return ParseFault::body_too_large;
  if (error == beast::error::bad_version) return ParseFault::version_unsupported;
  return ParseFault::malformed;
}

std::string_view view(string_view text) { return {text.data(), text.size()}; }

}  // namespace

// What a chunked body still needs at the least once its header is done: "0", two line ends.
constexpr std::size_t kLeastOfChunkedBody = 5;

// Beast's state machine writes straight into a Request: no container in between.
class RequestParser::Message final : public beast::basic_parser<true> {
 public:
  explicit Message(const ParseLimits& limits) : limits_(limits) {
    eager(true);
    header_room = limits.max_header;
    header_limit(static_cast<std::uint32_t>(header_room));
    body_limit(limits.max_body);
  }

  Request request;
  ParseFault fault = ParseFault::none;
  bool expects_continue = false;
  bool body_begun = false;
  std::size_t header_room = 0;  // octets that the head may still have
  int version = 11;

 private:
  void on_request_impl(beast::verb, string_view method, string_view target, int http_version,
                       error_code& ec) override {
    version = http_version;
    request.method = view(method);
    if (target.size() > limits_.max_target) return refuse(ParseFault::target_too_long, ec);
    request.target = view(target);
    request.headers.reserve(8);
  }

  void on_field_impl(beast::field field, string_view name, string_view value, error_code& ec) override {
    if (header_seen_) return;  // trailers change nothing that was already decided
    if (field == beast::field::host) ++hosts_;
    if (field == beast::field::transfer_encoding && !ascii_iequals(net::trimmed(view(value)), "chunked")) {
      return refuse(ParseFault::coding_unsupported, ec);
    }
    if (field == beast::field::expect) {
      if (!ascii_iequals(view(value), "100-continue")) return refuse(ParseFault::expectation_unknown, ec);
      expects_continue = version >= 11;
    }
    request.headers.emplace_back(view(name), view(value));
  }

  void on_header_impl(error_code& ec) override {
    header_seen_ = true;
    if (hosts_ > 1 || (hosts_ == 0 && version >= 11)) refuse(ParseFault::host_missing, ec);
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    // The announced length is a promise only; large ones are believed as they arrive.
    if (length) request.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 64 * 1024)));
  }

  std::size_t on_body_impl(string_view piece, error_code&) override { return append(piece); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override { body_begun = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view piece, error_code&) override {
    return append(piece);
  }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}

  std::size_t append(string_view piece) {
    body_begun = true;
    request.body.append(piece.data(), piece.size());
    return piece.size();
  }

  void refuse(ParseFault why, error_code& ec) {
    fault = why;
    ec = beast::error::bad_value;
  }

  const ParseLimits& limits_;
  int hosts_ = 0;
  bool header_seen_ = false;
};

RequestParser::RequestParser(ParseLimits limits)
    : limits_(limits), message_(std::make_unique<Message>(limits_)) {}
RequestParser::~RequestParser() = default;

RequestParser::Progress RequestParser::feed(std::string_view octets) {
  std::size_t skipped = 0;
  // RFC 9112 §2.2: empty lines before a request line are ignored.
  while (!message_->got_some() && octets.substr(skipped).starts_with("\r\n")) skipped += 2;
  octets.remove_prefix(skipped);
  if (octets.empty() || (!message_->got_some() && octets == "\r")) return {Step::need_more, skipped};

  // Beast 1.81 asserts so many octets when it comes back to a last chunk that it had seen in part.
  if (message_->is_header_done() && message_->chunked() && octets.size() < kLeastOfChunkedBody) {
    return {Step::need_more, skipped};
  }

  error_code error;
  const std::size_t taken = message_->put({octets.data(), octets.size()}, error);
  const std::size_t consumed = skipped + taken;
  // Beast 1.81 holds its limit against what it has not taken yet: a head that comes line by line would never end.
  if (!message_->is_header_done()) {
    message_->header_room -= std::min(taken, message_->header_room);
    message_->header_limit(static_cast<std::uint32_t>(message_->header_room));
  }
  if (!error && message_->is_done()) return {Step::complete, consumed};
  if (!error || error == beast::error::need_more) return {Step::need_more, consumed};
  if (message_->fault == ParseFault::none) message_->fault = fault_of(error);
  // A request line that alone fills the header's room is a matter of its target.
  if (message_->fault == ParseFault::header_too_large && message_->request.method.empty() &&
      octets.substr(0, limits_.max_target).find('\n') == octets.npos) {
    message_->fault = ParseFault::target_too_long;
  }
  return {Step::refused, consumed};
}

Request RequestParser::take() {
  Request request = std::move(message_->request);
  message_ = std::make_unique<Message>(limits_);
  return request;
}

bool RequestParser::begun() const { return message_->got_some(); }
bool RequestParser::header_done() const { return message_->is_header_done(); }
bool RequestParser::awaits_continue() const {
  return message_->is_header_done() && message_->expects_continue && !message_->body_begun &&
         !message_->is_done();
}
bool RequestParser::keep_alive() const { return message_->version >= 11 && message_->keep_alive(); }
bool RequestParser::is_http10() const { return message_->version < 11; }
ParseFault RequestParser::fault() const { return message_->fault; }

Problem problem_for(ParseFault fault) {
  switch (fault) {
    case ParseFault::none:
    case ParseFault::malformed:
      return {.status = 400,
              .error = "bad_request",
              .message = "this is not an HTTP/1.1 request",
              .field = {},
              .retry_after = {}};
    case ParseFault::header_too_large:
      return {.status = 431,
              .error = "header_too_large",
              .message = "request line and headers may have 16 KiB together",
              .field = {},
              .retry_after = {}};
    case ParseFault::target_too_long:
      return {.status = 414,
              .error = "target_too_long",
              .message = "the request target may have 8 KiB",
              .field = {},
              .retry_after = {}};
    case ParseFault::body_too_large:
      return {.status = 413,
              .error = "body_too_large",
              .message = "the body is larger than http.max_body allows; split it",
              .field = {},
              .retry_after = {}};
    case ParseFault::version_unsupported:
      return {.status = 400,
              .error = "bad_request",
              .message = "only HTTP/1.0 and HTTP/1.1 are spoken here",
              .field = {},
              .retry_after = {}};
    case ParseFault::coding_unsupported:
      return {.status = 400,
              .error = "bad_request",
              .message = "Transfer-Encoding may only be chunked",
              .field = "Transfer-Encoding",
              .retry_after = {}};
    case ParseFault::host_missing:
      return {.status = 400,
              .error = "bad_request",
              .message = "HTTP/1.1 needs exactly one Host header",
              .field = "Host",
              .retry_after = {}};
    case ParseFault::expectation_unknown:
      return {.status = 417,
              .error = "bad_request",
              .message = "the only known expectation is 100-continue",
              .field = "Expect",
              .retry_after = {}};
  }
  return {};
}

}  // namespace muster::registry::http
