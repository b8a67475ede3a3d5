#include "tools/musterd/port_holder.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace muster::tools {

namespace {

namespace fs = std::filesystem;

constexpr std::array kDnsServers = {"systemd-resolve", "dnsmasq", "unbound", "named", "knotd", "nsd", "gdnsd", "musterd"};

// The sockets bound to the port, as a descriptor's link names them: "socket:[12345]". The columns are proc(5)'s.
std::set<std::string> sockets_at(std::uint16_t port) {
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);  // the heading
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string slot, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
      const auto colon = local.rfind(':');
      if (colon == local.npos || std::stoul(local.substr(colon + 1), nullptr, 16) != port) continue;
      sockets.insert("socket:[" + inode + "]");
    }
  }
  return sockets;
}

enum class Holds : std::uint8_t { no, yes, hidden };

Holds holds(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  fs::directory_iterator descriptors(process / "fd", error);
  if (error) return Holds::hidden;
  for (const fs::directory_iterator end; descriptors != end; descriptors.increment(error)) {
    if (error) break;
    const fs::path target = fs::read_symlink(descriptors->path(), error);
    if (!error && sockets.contains(target.string())) return Holds::yes;
  }
  return Holds::no;
}

std::string name_of(const fs::path& process) {
  std::ifstream in(process / "comm");
  std::string name;
  std::getline(in, name);
  return name;
}

// /proc/self and /proc/thread-self are this process by other names.
bool is_other_process(const std::string& entry) {
  return std::all_of(entry.begin(), entry.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         entry != std::to_string(getpid());
}

}  // namespace

std::string holder_of_port(std::uint16_t port) {
  const std::set<std::string> sockets = sockets_at(port);
  std::string guess;
  std::error_code error;
  fs::directory_iterator entries("/proc", error);
  for (const fs::directory_iterator end; !error && entries != end; entries.increment(error)) {
    const fs::path& process = entries->path();
    if (!is_other_process(process.filename().string())) continue;
    const Holds verdict = holds(process, sockets);
    if (verdict == Holds::no) continue;
    std::string name = name_of(process);
    if (verdict == Holds::yes) return name;
    if (guess.empty() && std::find(kDnsServers.begin(), kDnsServers.end(), name) != kDnsServers.end())
      guess = std::move(name);
  }
  return guess;
}

}  // namespace muster::tools
