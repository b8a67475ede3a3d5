#include "registry/net/resolv_conf.h"

#include <algorithm>

namespace muster::net {

namespace {

constexpr std::string_view kBlanks = " \t\r";

// The next word of the line, taken off it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::vector<IpAddress> nameservers_in(std::string_view resolv_conf) {
  std::vector<IpAddress> servers;
  while (!resolv_conf.empty()) {
    std::string_view line = resolv_conf.substr(0, resolv_conf.find('\n'));
    resolv_conf.remove_prefix(std::min(line.size() + 1, resolv_conf.size()));
    if (take_word(line) != "nameserver") continue;
    if (const auto address = parse_ip(take_word(line))) servers.push_back(*address);
  }
  return servers;
}

}  // namespace muster::net
