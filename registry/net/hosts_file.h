// /etc/hosts (hosts(5)): names and their addresses, read again when the file has changed. Free of Asio.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/net/ip_address.h"

namespace muster::net {

class HostsFile {
 public:
  explicit HostsFile(std::string path) : path_(std::move(path)) {}

  // Looks whether the file is another than before, and reads it then. Without a file there are no names;
  // lines that cannot be read are passed over, as the C library does.
  void refresh();
  // In the file's order; none when the name is not there. `name` in lower case.
  const std::vector<IpAddress>* find(std::string_view name) const;

 private:
  void read();

  const std::string path_;
  std::string seen_;  // what tells one state of the file from another
  std::unordered_map<std::string, std::vector<IpAddress>> names_;
};

}  // namespace muster::net
