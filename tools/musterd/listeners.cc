#include "tools/musterd/listeners.h"

#include <algorithm>
#include <cerrno>
#include <thread>

#include "tools/musterd/port_holder.h"

namespace muster::tools {

namespace {

std::string advice(const dns::BindError& error, const net::Endpoint& endpoint) {
  if (error.error == EACCES && endpoint.port < 1024) {
    return "; ports below 1024 need root at start (server.user drops it) or CAP_NET_BIND_SERVICE";
  }
  if (error.error == EADDRNOTAVAIL) return "; no interface of this machine has that address";
  if (error.error != EADDRINUSE) return "";
  const std::string owner = holder_of_port(endpoint.port);
  if (owner == "systemd-resolve") return "; systemd-resolved runs here: its stub holds 127.0.0.53, DNSStubListener=no frees it";
  if (owner == "dnsmasq") return "; dnsmasq runs here: bind-interfaces and listen-address= make it leave this one";
  if (!owner.empty()) return "; " + owner + " runs here: stop it, or choose another address in dns.listen";
  return "; another process holds it: choose another address in dns.listen";
}

}  // namespace

std::vector<net::Endpoint> Listeners::bound() const {
  std::vector<net::Endpoint> endpoints;
  for (const dns::Listener& listener : open) endpoints.push_back(listener.endpoint);
  return endpoints;
}

Listeners open_listeners(const config::Dns& dns) {
  const unsigned threads = dns.udp_threads != 0 ? dns.udp_threads : std::max(1u, std::thread::hardware_concurrency());
  Listeners listeners;
  for (const net::Endpoint& endpoint : dns.listen) {
    auto listener = dns::open_listener(endpoint, threads);
    if (!listener) {
      listeners.error = listener.error().message + advice(listener.error(), endpoint);
      return listeners;
    }
    listeners.open.push_back(std::move(*listener));
  }
  return listeners;
}

}  // namespace muster::tools
