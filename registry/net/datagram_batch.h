// The UDP sockets of a c-ares channel, with what is asked in one turn sent together: one system call, and one
// wake-up of the server, instead of one for each.
//
// c-ares hears of an error that sending met by reading from the socket.
//
// Thread safety: one thread's.
#pragma once

#include <ares.h>

#include <cstdint>
#include <map>
#include <vector>

namespace muster::net {

class DatagramBatch {
 public:
  // `receive_octets`: of a socket's queue.
  explicit DatagramBatch(int receive_octets) : receive_octets_(receive_octets) {}
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  // Before the channel has sockets, and for as long as it lives. It must not use TCP.
  void attach(ares_channel channel);

  // Sends what was written; what a full queue has no room for, the next time. Returns the sockets of which
  // c-ares is to read the error.
  std::vector<ares_socket_t> flush();

 private:
  struct Pending {
    std::vector<std::uint8_t> octets;
    std::vector<std::size_t> ends;
    int error = 0;
  };

  static ares_socket_t open(int family, int type, int protocol, void* batch);
  static int close(ares_socket_t socket, void* batch);
  static ares_ssize_t receive(ares_socket_t socket, void* to, std::size_t size, int flags, sockaddr* from,
                              ares_socklen_t* from_size, void* batch);
  static ares_ssize_t send(ares_socket_t socket, const iovec* parts, int count, void* batch);
  static void send_all(ares_socket_t socket, Pending& pending);
  static void keep_rest(Pending& pending, std::size_t done);

  const int receive_octets_;
  std::map<ares_socket_t, Pending> sockets_;
};

}  // namespace muster::net
