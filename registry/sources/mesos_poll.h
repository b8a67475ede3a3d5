// One poll of a Mesos cluster: /master/state of the leader, wherever it is. Each master is asked once, from
// the leader of last time on, and redirects are followed; the poll is lost when no answer can be used.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/http_client.h"
#include "registry/sources/login.h"
#include "registry/sources/mesos_parse.h"
#include "registry/sources/mesos_way.h"
#include "registry/sources/source_failure.h"

namespace muster::registry::sources {

// Whom to ask, as whom, and how much to take.
struct MesosAsk {
  std::vector<net::HttpOrigin> masters;
  Login login;  // Authorization; sent to the masters, configured or announced, and their leader
  net::HttpLimits limits;
  MesosLimits state;
};

struct MesosPolled {
  MesosState state;  // with a leader
  net::HttpOrigin from;
  std::uint64_t bytes = 0;  // inflated
};

class MesosPoll {
 public:
  using Done = net::UniqueFunction<void(net::Result<MesosPolled, SourceFailure>)>;

  // The client is this poll's alone while it is under way, and outlives it.
  MesosPoll(net::HttpClient& client, MesosAsk ask);
  ~MesosPoll();

  // Calls `done` once, never inside this call; not after cancel(). One at a time.
  void start(std::optional<net::HttpOrigin> leader, Done done);
  void cancel();
  void set_masters(std::vector<net::HttpOrigin> masters);  // from the next start() on

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
