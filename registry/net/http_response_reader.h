// Reads one HTTP/1.x response as it comes in (RFC 9112): the head, then pieces of the body, unchunked and
// inflated, then the end. Interim responses (1xx) are passed over. It knows no socket and no time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "registry/net/http_message.h"

namespace muster::net {

struct HttpReadLimits {
  std::size_t max_head = std::size_t{64} * 1024;  // octets, interim responses and trailers among them
  // Octets as they are told to the reader's owner, that is inflated; nothing: no limit. As many octets and an
  // eighth of them may come in, since gzip of what cannot be compressed is a little longer than that.
  std::optional<std::uint64_t> max_body = std::uint64_t{512} << 20;
};

class HttpResponseReader {
 public:
  enum class Step : std::uint8_t { need_more, head, body, end, fault };

  // `to_head_request`: the answer has no body, whatever its head says.
  explicit HttpResponseReader(HttpReadLimits limits, bool to_head_request = false);
  ~HttpResponseReader();

  // The next step, for which it takes octets off the front of `input`. What it leaves there after need_more,
  // it wants to see again with more behind it. After `end` and `fault` there is no further step.
  Step next(std::string_view& input);
  // The peer has ended, and `is_clean` says that it meant to (TLS: with close_notify): end or fault.
  Step at_end_of_input(bool is_clean);

  const HttpHead& head() const;
  bool has_head() const;
  std::string_view piece() const { return piece_; }  // of the last step, until the next
  const HttpError& error() const { return error_; }
  // After `end`: the connection may carry another exchange.
  bool may_keep() const;

 private:
  class Message;
  struct Coded;

  Step read_head(std::string_view& input);
  Step read_body(std::string_view& input);
  Step inflate();
  Step deliver(std::string_view piece);
  Step finish();
  Step fail(HttpFault kind, std::string message);
  void restart();

  const HttpReadLimits limits_;
  const bool to_head_request_;
  std::unique_ptr<Message> message_;
  std::unique_ptr<Coded> coded_;  // when the body is gzip
  std::string_view piece_;
  std::size_t head_octets_ = 0;
  std::uint64_t body_octets_ = 0;  // as they came in
  std::uint64_t told_octets_ = 0;
  bool began_ = false;
  HttpError error_;
};

}  // namespace muster::net
