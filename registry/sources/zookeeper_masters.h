// The masters of a Mesos cluster as ZooKeeper tells them, from now on. Names of servers are resolved by our
// own resolver for each session; a session that no server has had for its time-out is given up, and another
// begun. What was announced last stays, whatever happens to ZooKeeper.
//
//   resolve ─▶ session ─▶ connected: list, read ─▶ announced      (again with each change, at most once a
//   second)
//      ▲                      │ lost for the time-out, or ended
//      └────── a while ◀──────┘
//
// Thread safety: all of it on its strand.
#pragma once

#include <functional>
#include <memory>

#include "registry/net/clock.h"
#include "registry/net/resolver.h"
#include "registry/net/socket.h"
#include "registry/sources/source_failure.h"
#include "registry/sources/zookeeper_nodes.h"
#include "registry/sources/zookeeper_url.h"

namespace muster::registry::sources {

struct ZookeeperMastersHooks {
  std::function<net::Instant()> now;
  std::function<double()> chance;  // from 0 to 1
  // Who is there, whenever that is another answer than before. Nobody: those of before stay in charge.
  std::function<void(const AnnouncedMasters& masters)> announced;
  // What fails, when it begins to, or something else does; works again: "". Its kind is "zookeeper".
  std::function<void(const SourceFailure& failure)> tell;
};

class ZookeeperMasters {
 public:
  // The resolver outlives it.
  ZookeeperMasters(net::Strand strand, net::Resolver& resolver, ZookeeperUrl url,
                   ZookeeperMastersHooks hooks);
  ~ZookeeperMasters();  // waits for the client's threads to end

  void start();
  void stop();  // nothing more is told

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
