#include "registry/health/probe_connect.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace muster::registry::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

Verdict failed(FailureClass what, int error) {
  return {severity_of(what), what, 0, {}, "connect: " + std::generic_category().message(error)};
}

Verdict local(int error) {
  Verdict verdict = failed(FailureClass::none, error);
  verdict.severity = Severity::local;
  return verdict;
}

// Errors that connect() itself gives are the kernel's word on our own side, but for a port that is closed.
Verdict verdict_at_once(int error) {
  if (error == ECONNREFUSED) return failed(FailureClass::refused, error);
  if (error == ETIMEDOUT) return failed(FailureClass::timeout, error);
  return local(error);
}

net::IpAddress address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address, sizeof six);
    asio::ip::address_v6::bytes_type octets;
    std::memcpy(octets.data(), &six.sin6_addr, octets.size());
    return net::from_asio(asio::ip::address(asio::ip::address_v6(octets)));
  }
  sockaddr_in four{};
  std::memcpy(&four, &address, sizeof four);
  return net::from_asio(asio::ip::address(asio::ip::address_v4(ntohl(four.sin_addr.s_addr))));
}

// Who sent the ICMP that ended the attempt; nullopt: none did.
std::optional<net::IpAddress> offender_of(int descriptor) {
  alignas(cmsghdr) std::array<char, 512> control{};
  std::array<char, 512> text{};
  iovec vector{text.data(), text.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    const bool is_error = (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
                          (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR);
    if (!is_error || part->cmsg_len < CMSG_LEN(sizeof(sock_extended_err) + sizeof(sockaddr_in))) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(part), sizeof error);
    if (error.ee_origin != SO_EE_ORIGIN_ICMP && error.ee_origin != SO_EE_ORIGIN_ICMP6) continue;
    return address_of(*SO_EE_OFFENDER(reinterpret_cast<sock_extended_err*>(CMSG_DATA(part))));
  }
  return std::nullopt;
}

// A neighbour that does not answer our own kernel's question is one that is silent; a router that says that
// there is no such host is heard.
Verdict verdict_of_unreachable(net::Socket& socket, int error) {
  error_code ignored;
  const auto own = socket.local_endpoint(ignored);
  const auto offender = offender_of(socket.native_handle());
  const bool is_ours = !offender || (!ignored && *offender == net::from_asio(own.address()));
  return failed(is_ours ? FailureClass::timeout : FailureClass::unreachable, error);
}

Verdict verdict_later(net::Socket& socket, int error) {
  switch (error) {
    case ECONNREFUSED: return failed(FailureClass::refused, error);
    case ETIMEDOUT: return failed(FailureClass::timeout, error);
    case ECONNRESET: return failed(FailureClass::reset, error);
    case EHOSTUNREACH: return verdict_of_unreachable(socket, error);
    default: return local(error);
  }
}

}  // namespace

void connect_to(net::Socket& socket, const net::Endpoint& target, Connected connected) {
  const auto end = [&](Verdict verdict) {
    asio::post(socket.get_executor(),
               [connected = std::move(connected), verdict = std::move(verdict)]() mutable {
                 connected(std::move(verdict));
               });
  };
  const auto endpoint = net::to_asio(target);
  error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.native_non_blocking(true, error);
  if (error) return end(local(error.value()));
  const int yes = 1;
  const bool is_six = target.address.family == net::Family::v6;
  ::setsockopt(socket.native_handle(), is_six ? int{IPPROTO_IPV6} : int{IPPROTO_IP},
               is_six ? IPV6_RECVERR : IP_RECVERR, &yes, sizeof yes);
  const int result =
      ::connect(socket.native_handle(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  if (result < 0 && errno != EINPROGRESS) return end(verdict_at_once(errno));
  socket.async_wait(
      net::Socket::wait_write, [&socket, connected = std::move(connected)](error_code waited) mutable {
        if (waited) return connected(Verdict{Severity::local, FailureClass::none, 0, {}, waited.message()});
        int pending = 0;
        socklen_t size = sizeof pending;
        ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &pending, &size);
        if (pending != 0) return connected(verdict_later(socket, pending));
        connected(std::nullopt);
      });
}

Verdict verdict_of_end(const error_code& error) {
  FailureClass what = FailureClass::reset;
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    what = FailureClass::close;
  } else if (error == asio::error::timed_out) {
    what = FailureClass::timeout;
  } else if (error.category() != boost::system::system_category()) {  // OpenSSL's, and ours of certificates
    what = FailureClass::tls;
  }
  return {severity_of(what), what, 0, {}, error.message()};
}

}  // namespace muster::registry::health
