// The addresses of hosts in front of a source's picture: one line of JSON, an object of lists by name. A start
// without a resolver goes on with them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/ip_address.h"
#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

using KnownHosts = std::map<std::string, std::vector<net::IpAddress>>;

void write_hosts(const KnownHosts& hosts, const TextSink& sink);

// Reads the line, in any pieces, and hands on what follows it.
class HostsReader {
 public:
  using Rest = std::function<bool(std::string_view piece)>;
  explicit HostsReader(Rest rest) : rest_(std::move(rest)) {}
  bool write(std::string_view piece);  // false: the rest wants no more
  KnownHosts hosts() const;            // none where the line cannot be read: they are asked for

 private:
  Rest rest_;
  std::string line_;
  bool is_over_ = false;
};

}  // namespace muster::registry::sources
