// Which route answers a request: exact segments, {captures}, a method each. Unknown path: 404; known path,
// other method: 405 with Allow; HEAD is GET without body; OPTIONS gives Allow. Native paths are split at `/`
// and then decoded, so that %2F stays inside a segment; Lyft paths are decoded as a whole, as UTF-8, and then
// split. Built once, then read by any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/message.h"

namespace muster::registry::http {

enum class Scope : std::uint8_t { open, read, write, admin };
std::string_view to_string(Scope scope);  // "open", "read" …

struct Route {
  std::string method;   // "GET"
  std::string pattern;  // "/api/v1/services/{service}/instances/{id}"
  std::string name;     // bounded label of metrics: the pattern, unless given
  Scope scope = Scope::read;
  Dialect dialect = Dialect::native;
  int service_capture =
      -1;  // scope write: the capture that names the service; -1: the handler asks may_write itself
  Handler handler;
  // What it costs the throttle shows only in its body: the handler says it with Reply::charge.
  bool charges_itself = false;
};

class Router {
 public:
  Router();
  ~Router();
  // Throws std::logic_error when the pattern is malformed or the method is taken there.
  void add(Route route);
  std::size_t size() const;
  const Route& route(std::size_t index) const;

  struct Match {
    const Route* route = nullptr;  // null: `status` tells why
    std::size_t index = 0;         // of the route, in the order added
    int status = 404;              // 400 (bad percent-encoding), 404, 405; 200: OPTIONS, answer with `allow`
    std::string allow;             // of 405 and OPTIONS
    Dialect dialect = Dialect::native;
  };
  // Fills request.captures and query.
  Match match(Request& request) const;

 private:
  class Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace muster::registry::http
