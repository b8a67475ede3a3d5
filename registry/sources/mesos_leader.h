// Who leads, asked of the master that streams: the stream itself does not say it.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "registry/sources/mesos_poll.h"

namespace muster::registry::sources {

class MesosLeader {
 public:
  // "master@10.0.0.1:5050"
  using Done = net::UniqueFunction<void(net::Result<std::string, SourceFailure>)>;

  // The client is this question's alone while it is under way, and outlives it.
  MesosLeader(net::HttpClient& client, MesosAsk ask);
  ~MesosLeader();

  // Calls `done` once, never inside this call; not after cancel().
  void start(const net::HttpOrigin& master, Done done);
  void cancel();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Of the answer to GET_MASTER; "" where it says nothing of use.
std::string read_leader(std::string_view json);

}  // namespace muster::registry::sources
