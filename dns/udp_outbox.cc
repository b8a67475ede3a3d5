#include "dns/udp_outbox.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include "dns/udp_way.h"

namespace muster::dns {

namespace {

constexpr std::size_t kAtOnce = 64;

// sendmmsg stops at the first datagram that fails: the rest goes out without it. How many failed.
std::size_t send_together(int socket, std::array<mmsghdr, kAtOnce>& messages, std::size_t count) {
  std::size_t done = 0;
  std::size_t lost = 0;
  while (done < count) {
    const int sent = ::sendmmsg(socket, &messages[done], static_cast<unsigned>(count - done), MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      ++done;
      ++lost;
    }
  }
  return lost;
}

}  // namespace

// Those of one socket side by side: several threads may have received what was asked.
std::size_t UdpOutbox::flush() {
  const auto socket_of = [](const auto& one) {
    const UdpWay* way = one.first->way();
    return way == nullptr ? -1 : way->socket->fd();
  };
  std::stable_sort(waiting_.begin(), waiting_.end(),
                   [&](const auto& a, const auto& b) { return socket_of(a) < socket_of(b); });
  std::array<mmsghdr, kAtOnce> messages;
  std::array<iovec, kAtOnce> parts;
  std::size_t count = 0;
  std::size_t lost = 0;
  int socket = -1;
  for (auto& [outlet, message] : waiting_) {
    UdpWay* way = outlet->way();
    if (way == nullptr) {
      std::vector<Octets> one;
      one.push_back(std::move(message));
      outlet->send(std::move(one), {});
      continue;
    }
    if (count == kAtOnce || (count > 0 && way->socket->fd() != socket)) {
      lost += send_together(socket, messages, count);
      count = 0;
    }
    socket = way->socket->fd();
    parts[count] = {message.data(), message.size()};
    messages[count] = {};
    way->address(messages[count].msg_hdr);
    messages[count].msg_hdr.msg_iov = &parts[count];
    messages[count].msg_hdr.msg_iovlen = 1;
    ++count;
  }
  lost += send_together(socket, messages, count);
  waiting_.clear();
  return lost;
}

}  // namespace muster::dns
