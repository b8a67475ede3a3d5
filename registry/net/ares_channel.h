// A c-ares channel whose sockets and time-outs are Asio's, on a strand. What is asked through it is the
// owner's business; c-ares answers each question once, whatever happens, and from inside: nothing of the
// channel may be called from there.
//
// Thread safety: all of it on its strand.
#pragma once

#include <ares.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "registry/net/clock.h"
#include "registry/net/datagram_batch.h"
#include "registry/net/deadline.h"
#include "registry/net/socket.h"

namespace muster::net {

class AresChannel final : public std::enable_shared_from_this<AresChannel> {
 public:
  // `mask` says which of `options` are set. `servers` as ares_set_servers_ports_csv() takes them, "": those
  // of the system. c-ares looks at every question to find the next time-out; with a `period` it is asked so
  // often instead, which costs the same however many are open. With `together`, octets of a receiving queue,
  // what is asked over UDP goes out with the next flush(), and TCP must not be used.
  AresChannel(const Strand& strand, ares_options options, int mask, const std::string& servers,
              std::optional<Millis> period = {}, std::optional<int> together = {});
  ~AresChannel() { close(); }
  AresChannel(const AresChannel&) = delete;
  AresChannel& operator=(const AresChannel&) = delete;

  // Null: it could not be made, or it is closed.
  ares_channel get() const { return channel_; }
  // After something was asked.
  void watch_time();
  // Sends what was asked.
  void flush();
  // Answers what is under way: it is cancelled.
  void close();

 private:
  struct Watch;

  static void on_socket_state(void* argument, ares_socket_t socket, int readable, int writable);
  void watch(ares_socket_t socket, bool reading, bool writing);
  void arm(const std::shared_ptr<Watch>& watch, ares_socket_t socket);
  void process(const std::shared_ptr<Watch>& watch, ares_socket_t to_read, ares_socket_t to_write);
  void on_time();

  const Strand strand_;
  const std::optional<Millis> period_;
  Deadline timer_;
  bool timed_ = false;
  std::optional<DatagramBatch> datagrams_;  // it outlives the channel
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::shared_ptr<Watch>> watches_;
};

}  // namespace muster::net
