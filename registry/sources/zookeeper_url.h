// Where the masters of a Mesos cluster announce themselves, as Mesos' own --zk says it:
// "zk://[user:password@]host1[:port],host2[:port]…/path". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/result.h"

namespace muster::registry::sources {

struct ZookeeperServer {
  std::string host;  // a name or an IP literal, without brackets
  std::uint16_t port = 2181;
  bool operator==(const ZookeeperServer&) const = default;
};

struct ZookeeperUrl {
  std::vector<ZookeeperServer> servers;  // at least one
  std::string path;                      // "/mesos", without a slash at its end
  std::string login;                     // "user:password" for the scheme digest; "": none
  bool operator==(const ZookeeperUrl&) const = default;
};

// The error says what is wrong, and never shows the login. As in Mesos the first slash ends the servers and
// their last `@` the login; nothing is percent-encoded.
class [[nodiscard]] ZookeeperUrlResult : public net::Result<ZookeeperUrl, std::string> {
 public:
  using net::Result<ZookeeperUrl, std::string>::Result;
};
ZookeeperUrlResult parse_zookeeper_url(std::string_view text);

// "zk://host1:2181,host2:2181/path": without the login, to be shown.
std::string to_string(const ZookeeperUrl& url);

}  // namespace muster::registry::sources
