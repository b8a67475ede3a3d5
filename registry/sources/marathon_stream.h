// The event stream of a Marathon, for as long as it lasts: what is to be done at once, and what is to be
// asked for again.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "registry/net/http_client.h"
#include "registry/sources/marathon_events.h"
#include "registry/sources/walk.h"

namespace muster::registry::sources {

class MarathonStream {
 public:
  struct Hooks {
    std::function<void()> opened;  // an answer has begun; whether events are being sent, one will say
    std::function<void(const MarathonHint& hint)> hint;
    std::function<void()> lost;  // an event too large to be read has been passed over
    // `unsupported`: every Marathon that answered has no such stream. Once, and the last; never inside
    // start().
    std::function<void(SourceFailure failure, bool unsupported)> ended;
  };

  // The client is the stream's alone while it lasts, and outlives it.
  explicit MarathonStream(net::HttpClient& client);
  ~MarathonStream();

  // There is somebody to ask. `leader`: who answered last.
  void start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Hooks hooks);
  void cancel();  // nothing more is told

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
