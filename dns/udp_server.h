// UDP: one thread a socket, blocking recvmmsg and sendmmsg, nothing else. A batch of up to 64 packets is
// received, answered while the reader is online, and sent. After warm-up nothing is allocated and no other
// system call is made: blocking in recvmmsg costs least (epoll +11 %, Asio +15 to 58 % a packet, measured).
//
// Thread safety: start() and stop() from one thread; each worker owns its socket, buffers and Answering.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "dns/answering.h"
#include "dns/desk.h"
#include "dns/socket.h"
#include "dns/timing.h"

namespace muster::dns {

// Written by one worker, read by anybody.
struct UdpCounters {
  Counter received;
  Counter sent;
  BatchSizes batch_sizes;  // packets a receive call brought
  AnswerTimes answer_times;
  Counter handed_on;    // to the desk
  Counter send_full;    // the socket's buffer was full: dropped
  Counter send_failed;  // the destination could not be reached: dropped
};

class UdpServer {
 public:
  // `make` gives each worker its own Answering, which lives as long as the worker.
  // The desk, null for none, lives as long.
  UdpServer(std::vector<Listener>& listeners, std::function<std::unique_ptr<Answering>()> make,
            Desk* desk = nullptr);
  ~UdpServer();  // stops

  void start();
  void stop();  // within 250 ms
  std::vector<const UdpCounters*> counters() const;
  std::vector<const Counters*> answered() const;

 private:
  class Worker;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace muster::dns
