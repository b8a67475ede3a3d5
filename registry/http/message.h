// One HTTP request and its response, as values: what routes see. Sockets, TLS, chunking and limits are the
// server's.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/unique_function.h"

namespace muster::registry::http {

using Headers = std::vector<std::pair<std::string, std::string>>;
// emplace_back is another function for each length of a literal; this one is near when the next reply comes.
void add_header(Headers& headers, std::string_view name, std::string value);

// A header whose value is asked for at each reply.
struct LiveHeader {
  std::string name;
  std::function<std::string()> value;
};

// Who is asking, decided before a route runs. Without tokens configured, only callers on loopback may write;
// with tokens: what the token allows.
struct Caller {
  net::Endpoint peer;
  std::string token_name;  // "" without one
  bool may_read = true;
  bool may_admin = false;
  bool writes_all = false;
  std::vector<std::string> write_globs;
  bool may_write(std::string_view service) const;
  std::string shown() const { return token_name.empty() ? net::to_string(peer.address) : token_name; }
};

// The names in the certificate that a connection's client has shown; null: it has shown none.
using CertifiedNames = std::shared_ptr<const std::vector<std::string>>;

// W3C trace context, version 00; empty ids: none was sent.
struct Trace {
  std::string trace_id;
  std::string parent_id;
  std::string span_id;  // ours, a fresh child
};

struct Request {
  std::string method;
  std::string target;                                      // as sent
  std::vector<std::pair<std::string, std::string>> query;  // decoded
  std::vector<std::string> captures;                       // what {…} of the pattern matched, in order
  Headers headers;
  std::string body;
  Caller caller;
  Trace trace;
  std::optional<net::SteadyTime> deadline;  // grpc-timeout, x-envoy-expected-rq-timeout-ms
  net::Instant received;
  bool is_last = false;  // of what its connection has sent so far

  // Case-insensitive; "" when absent.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;  // an empty one too
  std::optional<std::string_view> query_value(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // Content-Length, Date and Connection are the server's
  std::string body;
};

// A response that goes on (SSE): written piece by piece from any thread.
class Stream {
 public:
  virtual ~Stream() = default;
  // Queues one piece; the octets now waiting for the peer. After close or when the peer has gone: nothing.
  virtual std::size_t write(std::shared_ptr<const std::string> piece) = 0;
  virtual std::size_t pending() const = 0;
  virtual void close() = 0;
  // Called once, on an I/O thread, when the peer has gone or close() is done.
  virtual void on_closed(net::UniqueFunction<void()> gone) = 0;
};

// The one answer to one request; may be given later and from any thread. Destroyed unanswered: 500 (a
// defect).
class Reply {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void send(Response response) = 0;
    virtual std::shared_ptr<Stream> stream(Response head) = 0;
    virtual void parked(bool parked) = 0;
    virtual void on_abandoned(net::UniqueFunction<void()> gone) = 0;
    virtual void on_late(net::SteadyTime, net::UniqueFunction<bool()>) {}
    virtual bool charge(double) { return true; }
  };
  explicit Reply(std::shared_ptr<Sink> sink) : sink_(std::move(sink)) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&&) noexcept = default;
  ~Reply();

  void send(Response response);
  std::shared_ptr<Stream> stream(Response head);  // head without body; chunks follow
  // A parked poll or stream does not count as a request in flight.
  void park();
  // The client closed its connection before the answer: waits can be given up.
  void on_abandoned(net::UniqueFunction<void()> gone);
  // Called on an I/O thread once `deadline` has passed without an answer, and again soon for as long as it
  // returns false.
  void on_late(net::SteadyTime deadline, net::UniqueFunction<bool()> late);
  // What this request costs the throttle, once, said by the handler of a route that charges itself. False: it
  // is refused, and that has been answered.
  bool charge(double cost);

 private:
  std::shared_ptr<Sink> sink_;
};

// References, because a request is large: each hand between parser and handler would move it once more.
using Handler = std::function<void(Request&& request, Reply&& reply)>;

// How error bodies look: {"error":…,"message":…,"field":…,"retry_after_ms":…} natively, {"error":…} on the
// Lyft routes, a line of text where people and probes read it.
enum class Dialect : std::uint8_t { native, lyft, plain };

// What a refusal says, in one shape for the server and its routes: `error` is a stable code, `message` says
// what to do.
struct Problem {
  int status = 400;
  std::string_view error;
  std::string message;
  std::string field{};  // JSON pointer, "?name" of the query or header name; "": none
  std::optional<net::Millis> retry_after{};
  std::string more{};  // further members of a JSON body, each as ,"name":value
};
std::string problem_json(const Problem& problem);  // the native body
Response problem_response(Dialect dialect, const Problem& problem);

}  // namespace muster::registry::http
