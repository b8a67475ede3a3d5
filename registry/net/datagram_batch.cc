#include "registry/net/datagram_batch.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace muster::net {

namespace {

constexpr std::size_t kAtOnce = 64;

int connect_socket(ares_socket_t socket, const sockaddr* to, ares_socklen_t size, void*) {
  return ::connect(socket, to, size);
}

// There is no room in the queue for now, and the server is not to blame.
bool is_full(int error) { return error == EAGAIN || error == ENOBUFS; }

}  // namespace

void DatagramBatch::attach(ares_channel channel) {
  static const ares_socket_functions functions = {&DatagramBatch::open, &DatagramBatch::close,
                                                  &connect_socket, &DatagramBatch::receive,
                                                  &DatagramBatch::send};
  ares_set_socket_functions(channel, &functions, this);
}

ares_socket_t DatagramBatch::open(int family, int type, int protocol, void* batch) {
  auto* self = static_cast<DatagramBatch*>(batch);
  const int socket = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (socket < 0) return socket;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &self->receive_octets_, sizeof self->receive_octets_);
  self->sockets_[socket];
  return socket;
}

int DatagramBatch::close(ares_socket_t socket, void* batch) {
  static_cast<DatagramBatch*>(batch)->sockets_.erase(socket);
  return ::close(socket);
}

ares_ssize_t DatagramBatch::receive(ares_socket_t socket, void* to, std::size_t size, int flags,
                                    sockaddr* from, ares_socklen_t* from_size, void* batch) {
  auto& sockets = static_cast<DatagramBatch*>(batch)->sockets_;
  if (const auto found = sockets.find(socket); found != sockets.end() && found->second.error != 0) {
    errno = std::exchange(found->second.error, 0);
    return -1;
  }
  return ::recvfrom(socket, to, size, flags, from, from_size);
}

ares_ssize_t DatagramBatch::send(ares_socket_t socket, const iovec* parts, int count, void* batch) {
  Pending& pending = static_cast<DatagramBatch*>(batch)->sockets_[socket];
  const std::size_t before = pending.octets.size();
  for (int i = 0; i < count; ++i) {
    const auto* begin = static_cast<const std::uint8_t*>(parts[i].iov_base);
    pending.octets.insert(pending.octets.end(), begin, begin + parts[i].iov_len);
  }
  pending.ends.push_back(pending.octets.size());
  return static_cast<ares_ssize_t>(pending.octets.size() - before);
}

void DatagramBatch::send_all(ares_socket_t socket, Pending& pending) {
  std::array<iovec, kAtOnce> parts;
  std::array<mmsghdr, kAtOnce> messages{};
  std::size_t begin = 0;
  for (std::size_t done = 0; done < pending.ends.size();) {
    const std::size_t count = std::min(kAtOnce, pending.ends.size() - done);
    std::size_t at = begin;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t end = pending.ends[done + i];
      parts[i] = {pending.octets.data() + at, end - at};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      at = end;
    }
    const int sent = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && is_full(errno)) return keep_rest(pending, done);
    if (sent < 0) {
      pending.error = errno;
      break;
    }
    done += static_cast<std::size_t>(sent);
    begin = pending.ends[done - 1];
  }
  pending.octets.clear();
  pending.ends.clear();
}

void DatagramBatch::keep_rest(Pending& pending, std::size_t done) {
  if (done == 0) return;
  const std::size_t gone = pending.ends[done - 1];
  pending.octets.erase(pending.octets.begin(), pending.octets.begin() + static_cast<std::ptrdiff_t>(gone));
  pending.ends.erase(pending.ends.begin(), pending.ends.begin() + static_cast<std::ptrdiff_t>(done));
  for (std::size_t& end : pending.ends) end -= gone;
}

std::vector<ares_socket_t> DatagramBatch::flush() {
  std::vector<ares_socket_t> failed;
  for (auto& [socket, pending] : sockets_) {
    if (pending.ends.empty()) continue;
    send_all(socket, pending);
    if (pending.error != 0) failed.push_back(socket);
  }
  return failed;
}

}  // namespace muster::net
