#include "registry/sources/zookeeper_url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "registry/net/ip_address.h"

namespace muster::registry::sources {

namespace {

constexpr std::string_view kScheme = "zk://";
constexpr std::size_t kMostServers = 32;
constexpr std::size_t kMostUrlOctets = 4096;

bool is_host_name(std::string_view host) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), good);
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

// "host", "host:port", "[2001:db8::1]", "[2001:db8::1]:port".
std::optional<ZookeeperServer> read_server(std::string_view text) {
  ZookeeperServer server;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos) return std::nullopt;
    const auto address = net::parse_ip(text.substr(1, close - 1));
    if (!address) return std::nullopt;
    server.host = net::to_string(*address);
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    if (!is_host_name(text.substr(0, colon))) return std::nullopt;
    server.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  if (rest.empty()) return server;
  const auto port = rest.front() == ':' ? read_port(rest.substr(1)) : std::nullopt;
  if (!port) return std::nullopt;
  server.port = *port;
  return server;
}

// ZooKeeper's own rules for paths, and no control characters.
bool is_path(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto part = path.substr(0, path.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (std::any_of(part.begin(), part.end(), [](char c) { return c >= 0 && (c < 0x20 || c == 0x7f); }))
      return false;
    path.remove_prefix(part.size());
  }
  return true;
}

}  // namespace

ZookeeperUrlResult parse_zookeeper_url(std::string_view text) {
  if (text.size() > kMostUrlOctets) return std::string("is longer than 4096 octets");
  if (!text.starts_with(kScheme))
    return std::string("must begin with zk://, as in \"zk://10.0.0.1:2181,10.0.0.2:2181/mesos\"");
  text.remove_prefix(kScheme.size());

  ZookeeperUrl url;
  const auto slash = std::min(text.find('/'), text.size());
  std::string_view servers = text.substr(0, slash);
  url.path = text.substr(slash);
  if (url.path.ends_with('/')) url.path.pop_back();
  if (url.path.empty())
    return std::string("needs the path at which the masters announce themselves, such as /mesos");
  if (!is_path(url.path)) return std::string("has a path that ZooKeeper does not allow");

  if (const auto at = servers.rfind('@'); at != servers.npos) {
    url.login = servers.substr(0, at);
    servers.remove_prefix(at + 1);
    const auto colon = url.login.find(':');
    if (colon == 0 || colon == url.login.npos)
      return std::string("has a login that is not user:password in front of its `@`");
  }
  for (;;) {
    const auto comma = std::min(servers.find(','), servers.size());
    const auto server = read_server(servers.substr(0, comma));
    // Its place, not its text: with a slash in it, a password is cut where a server was to begin.
    if (!server)
      return "has no host:port as server " + std::to_string(url.servers.size() + 1) + ", counted from 1";
    if (url.servers.size() == kMostServers) return std::string("has more than 32 servers");
    url.servers.push_back(*server);
    if (comma == servers.size()) return url;
    servers.remove_prefix(comma + 1);
  }
}

std::string to_string(const ZookeeperUrl& url) {
  std::string text(kScheme);
  for (const ZookeeperServer& server : url.servers) {
    if (text.size() > kScheme.size()) text += ',';
    const bool is_v6 = server.host.find(':') != server.host.npos;
    text += (is_v6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port);
  }
  return text + url.path;
}

}  // namespace muster::registry::sources
