// Asks a scheduler one question, wherever it is answered: each endpoint once, from the one of last time on,
// and from each as far as its redirects lead, to such as are configured or announced as the leader. An answer
// that is of no use sends it on to the next; the first failure, that of the leader, is the one that is told
// when nobody's answer was.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/http_client.h"
#include "registry/sources/login.h"
#include "registry/sources/source_failure.h"

namespace muster::registry::sources {

// Whom to ask, as whom, and how much to take.
struct Endpoints {
  std::vector<net::HttpOrigin> all;
  Login login;  // Authorization; sent to those above and to their leader alone
  net::HttpLimits limits;
};

struct Question {
  std::string target;  // path and query
  net::HttpHeaders headers;
  bool accept_gzip = true;
  // Its answer goes on for ever: once one has begun, its end is that of the walk. It has no limit of its
  // whole time or size.
  bool is_stream = false;
};

struct WalkHooks {
  // Of an answer that is no redirect. A failure: it is of no use.
  std::function<std::optional<SourceFailure>(const net::HttpHead& head, const net::HttpUrl& at)> head;
  std::function<std::optional<SourceFailure>(std::string_view piece)> body;
  // All of it has come.
  std::function<std::optional<SourceFailure>(const net::HttpUrl& at)> whole;
  // Who gave the answer that was of use. Once, and the last; never inside start().
  std::function<void(net::Result<net::HttpOrigin, SourceFailure>)> end;
};

class Walk {
 public:
  // The client is this walk's alone while it is under way, and outlives it.
  explicit Walk(net::HttpClient& client);
  ~Walk();

  // One at a time. There is at least one endpoint. `leader`: who answered last.
  void start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Question question,
             WalkHooks hooks);
  void cancel();                         // nothing more is told
  void limit_silence(net::Millis span);  // of the answer under way

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
