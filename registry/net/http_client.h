// Asks HTTP/1.1 servers, one exchange at a time, on a connection that is kept open for the next. The head is
// told first, then the body in pieces as they come, then how it ended. Redirects are not followed: the
// Location is a header like others, and http_url's follow() says where it leads.
//
// Thread safety: all of it on its strand; so are the receiver's functions.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "registry/net/clock.h"
#include "registry/net/http_message.h"
#include "registry/net/resolver.h"
#include "registry/net/result.h"
#include "registry/net/tls_client.h"
#include "registry/net/unique_function.h"

namespace muster::net {

// What comes after a head or a piece.
enum class HttpFlow : std::uint8_t {
  go_on,
  pause,  // nothing is read or told until resume(); the peer feels it when its window is full. `idle` waits,
          // too
  stop,   // the exchange ends as cancelled
};

// Each may call any function of the client, or destroy it.
struct HttpReceiver {
  std::function<HttpFlow(const HttpHead&)> head;
  std::function<HttpFlow(std::string_view)>
      body;  // a piece is never empty, and is a view of what is reused afterwards
  std::function<void(Result<void, HttpError>)>
      end;  // once, and the last; the client is free for the next ask()
};

// Nothing: no limit.
struct HttpLimits {
  std::optional<Millis> connect{2'000};  // the connection; TLS's handshake has the same again
  std::optional<Millis> head{10'000};    // from the request to the end of the answer's head
  std::optional<Millis> idle{10'000};    // between two reads of the body
  std::optional<Millis> whole{30'000};   // from ask() to the end
  std::size_t max_head = std::size_t{64} * 1024;
  std::optional<std::uint64_t> max_body = std::uint64_t{512} << 20;  // octets, inflated
};

struct HttpClientConfig {
  std::shared_ptr<const TlsClientContext> tls;  // without it an https origin ends with HttpFault::tls
  Millis keep{60'000};                          // an unused connection is closed after it
};

class HttpClient {
 public:
  // The resolver outlives the client.
  HttpClient(Strand strand, Resolver& resolver, HttpClientConfig config = {});
  // Ends everything; the receiver of an exchange under way is told nothing.
  ~HttpClient();

  // Only when no exchange is under way. Calls nothing of the receiver itself.
  void ask(const HttpOrigin& origin, HttpRequest request, HttpLimits limits, HttpReceiver receiver);
  bool is_busy() const;
  // After HttpFlow::pause.
  void resume();
  // The exchange under way ends as cancelled, which its receiver is told soon, but not inside this call; the
  // client is free for another at once.
  void cancel();
  // For the exchange under way, counted from now.
  void limit_idle(std::optional<Millis> span);
  void limit_whole(std::optional<Millis> span);
  // Closes a connection that is kept open and not in use.
  void drop();
  // Of the connection that is open, in use or kept.
  std::optional<Endpoint> peer() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::net
