#include "registry/health/tcp_probe.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <memory>

namespace muster::registry {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct Probe {
  Probe(const asio::any_io_executor& executor, ProbeDone call)
      : socket(executor), timer(executor), done(std::move(call)) {}
  tcp::socket socket;
  asio::steady_timer timer;
  ProbeDone done;
  bool over = false;

  void finish(ProbeVerdict verdict) {
    if (over) return;
    over = true;
    boost::system::error_code ignored;
    socket.close(ignored);
    timer.cancel();
    done(verdict);
  }
};

tcp::endpoint to_asio(const net::Endpoint& target) {
  if (target.address.family == net::Family::v4) {
    asio::ip::address_v4::bytes_type octets;
    std::memcpy(octets.data(), target.address.octets.data(), octets.size());
    return {asio::ip::address_v4(octets), target.port};
  }
  asio::ip::address_v6::bytes_type octets;
  std::memcpy(octets.data(), target.address.octets.data(), octets.size());
  return {asio::ip::address_v6(octets), target.port};
}

ProbeVerdict verdict_of(const boost::system::error_code& error) {
  if (!error) return ProbeVerdict::connected;
  if (error == asio::error::connection_refused) return ProbeVerdict::refused;
  if (error == asio::error::host_unreachable || error == asio::error::network_unreachable)
    return ProbeVerdict::unreachable;
  return ProbeVerdict::timed_out;
}

}  // namespace

void probe_tcp(asio::any_io_executor executor, const net::Endpoint& target, net::Millis limit,
               ProbeDone done) {
  const auto probe = std::make_shared<Probe>(executor, std::move(done));
  probe->timer.expires_after(limit);
  probe->timer.async_wait([probe](boost::system::error_code error) {
    if (!error) probe->finish(ProbeVerdict::timed_out);
  });
  probe->socket.async_connect(to_asio(target),
                              [probe](boost::system::error_code error) { probe->finish(verdict_of(error)); });
}

}  // namespace muster::registry
