// One session with ZooKeeper: the C client of the ZooKeeper project, whose two threads hand all that they
// learn to a strand. After close() nothing more is told.
//
// The servers are trusted: the client reads their octets with less care than we read others' (a reply to no
// question is an assertion of its, a list may claim any length), and nothing here can stand between.
//
// Thread safety: all of it on its strand. The client's threads touch the link alone, which lives until they
// have ended.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/result.h"
#include "registry/net/socket.h"
#include "registry/net/unique_function.h"

namespace muster::registry::sources {

enum class ZookeeperState : std::uint8_t {
  connecting,  // no server has the session now; the client goes from one to the next by itself
  connected,
  ended,    // it has expired: only another one helps
  refused,  // the servers do not take the login's scheme, and nothing more from this session
};

struct ZookeeperFault {
  enum class Kind : std::uint8_t {
    no_node,
    no_rights,  // the node's access list leaves this login out
    lost,       // the connection or the session ended in between: its state is told, too
    other,
  };
  Kind kind = Kind::other;
  std::string message;  // the client's own word
};

struct ZookeeperSessionHooks {
  std::function<void(ZookeeperState)> state;
  std::function<void()> changed;  // something that was listed or read is not what it was, once for each
};

class ZookeeperSession {
 public:
  template <class T>
  using Done = net::UniqueFunction<void(net::Result<T, ZookeeperFault>)>;

  // Begins a session with one of the servers, by chance. `login`: user:password for the scheme digest, or "".
  // Literal addresses, so that the client has no name to resolve, for which it would stop this thread.
  // Nothing: the machine has no memory or no threads left for it; errno says which.
  static std::unique_ptr<ZookeeperSession> open(const net::Strand& strand,
                                                const std::vector<net::Endpoint>& servers,
                                                const std::string& login, net::Millis timeout,
                                                ZookeeperSessionHooks hooks);
  ~ZookeeperSession();  // closed; blocks when nobody has closed it
  ZookeeperSession(const ZookeeperSession&) = delete;
  ZookeeperSession& operator=(const ZookeeperSession&) = delete;

  // The children of a node, or what it holds. Each calls `done` once, never inside this call, and from then
  // on tells once when that is no longer true.
  void list(const std::string& path, Done<std::vector<std::string>> done);
  void read(const std::string& path, Done<std::string> done);

  // On a thread of its own, for the client waits up to 3 s for a server that takes nothing more. The future
  // ends with it.
  std::future<void> close();

 private:
  struct Link;
  struct Calls;
  explicit ZookeeperSession(std::shared_ptr<Link> link) : link_(std::move(link)) {}
  std::shared_ptr<Link> link_;
};

}  // namespace muster::registry::sources
