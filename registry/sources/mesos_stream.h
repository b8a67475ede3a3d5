// The stream of a Mesos cluster: SUBSCRIBE of the v1 operator API, at the leader, for as long as it lasts.
// What comes is handed on as octets. A master that has no such API is told apart from one that cannot be
// reached.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "registry/sources/mesos_poll.h"

namespace muster::registry::sources {

struct MesosStreamEnd {
  SourceFailure failure;
  bool unsupported = false;  // every master that answered said that it cannot stream: poll instead
};

class MesosStream {
 public:
  struct Hooks {
    // The stream is there: a snapshot comes, then events.
    std::function<void(const net::HttpOrigin& from)> opened;
    // A failure: what came is no stream of Mesos, and it ends with that.
    std::function<std::optional<SourceFailure>(std::string_view octets)> data;
    std::function<void(MesosStreamEnd end)> ended;  // once, and the last; never inside start()
  };

  // The client is the stream's alone while it lasts, and outlives it.
  MesosStream(net::HttpClient& client, MesosAsk ask);
  ~MesosStream();

  void start(std::optional<net::HttpOrigin> leader, Hooks hooks);
  // Without an octet for so long it counts as dead.
  void limit_silence(net::Millis span);
  void cancel();  // nothing more is told
  void set_masters(std::vector<net::HttpOrigin> masters);  // from the next start() on

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
