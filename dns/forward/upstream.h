// One server that is asked for others' names, by c-ares, and what is known of how it fares.
//
// Several c-ares channels take turns, because one has one UDP socket, and with it one port: after some
// hundred queries a channel is replaced by a new one, with another port. A channel whose last answer has come
// closes its socket.
//
// Thread safety: all of it on its strand.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dns/desk.h"
#include "registry/net/clock.h"
#include "registry/net/ip_address.h"
#include "registry/net/socket.h"

namespace muster::dns {

// How an upstream fared with one query.
enum class UpstreamResult : std::uint8_t { answered, failed, silent, unreachable, unreadable, late };
inline constexpr std::array<std::string_view, 6> kUpstreamResultNames = {
    "answered", "failed", "silent", "unreachable", "unreadable", "late"};

class Upstream {
 public:
  // One query, as its asker knows it.
  struct Ticket {
    std::uint64_t question = 0;
    std::uint32_t attempt = 0;
    std::chrono::steady_clock::time_point sent{};
  };
  struct Answer {
    Ticket ticket;
    UpstreamResult result = UpstreamResult::answered;  // or silent, unreachable
    Octets message;                                    // answered: as it came
  };
  // Called from inside c-ares: nothing may be asked from there.
  using Answered = std::function<void(Answer)>;

  // `timeout`: how long one query is waited for.
  Upstream(const net::Strand& strand, net::Endpoint server, net::Millis timeout, Answered answered);
  ~Upstream();  // what is under way is not answered
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  enum class Way : std::uint8_t { udp, tcp };
  // Over UDP it goes out with the next flush(). `has_opt`: whether the packet ends with an OPT. False: too
  // many connections to this server are open (kTcpMost), and nothing was asked.
  bool ask(const Octets& packet, Ticket ticket, Way way, bool has_opt);
  void flush();
  // Closes what waits for nothing any more.
  void tidy();
  static constexpr int kTcpMost = 64;

  const net::Endpoint& server() const { return server_; }

  // Whether it is asked with an OPT: not for some minutes after it has shown that it does not know EDNS.
  bool takes_opt(net::SteadyTime now) const { return now >= plain_until_; }
  void note_no_opt(net::SteadyTime now);
  // What is asked with an OPT from now on goes through other channels: c-ares does without one on a channel
  // that has met FORMERR.
  void forget_no_opt();
  void set_timeout(net::Millis timeout);

  // Its health. Silence and unreachability make it one to be tried last for a while, and so do three misses
  // in a row: errors, and others that were quicker though asked later. What it says of a single name does
  // not.
  void note(UpstreamResult result, net::SteadyTime sent, net::SteadyTime now,
            std::optional<std::chrono::microseconds> latency = {});
  void note_miss(net::SteadyTime now);
  bool is_failing(net::SteadyTime now) const { return now < failing_until_; }
  // After so long another one is asked, too: three times what it usually takes, within bounds.
  net::Millis patience() const;
  std::optional<net::Millis> latency() const;

 private:
  class Channel;
  struct Waiting;
  static constexpr std::size_t kChannels = 4;
  using Channels = std::array<std::shared_ptr<Channel>, kChannels>;
  static void on_answer(void* argument, int status, int timeouts, unsigned char* message, int size);
  void wear_out(Channels& channels);
  std::shared_ptr<Channel> channel(Way way, bool has_opt);
  void retire(std::shared_ptr<Channel>& channel);

  const net::Strand strand_;
  const net::Endpoint server_;
  net::Millis timeout_;
  const Answered answered_;
  int tcp_open_ = 0;                            // before the channels: they count as they go
  std::array<Channels, 2> by_udp_;              // without and with an OPT
  std::vector<std::shared_ptr<Channel>> worn_;  // they wait for their last answers
  std::size_t turn_ = 0;
  bool written_ = false;  // something waits for flush(), in the channels whose turn it is
  net::SteadyTime failing_until_{};
  net::SteadyTime answered_at_{};
  net::SteadyTime plain_until_{};
  int misses_ = 0;  // in a row
  double smoothed_ms_ = -1;
};

}  // namespace muster::dns
