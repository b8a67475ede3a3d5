// Who is told of a new serial, and when (RFC 1996 §3): each secondary of a zone at once, but a zone at most
// once a second; told again after 2, 4, 8 and 16 seconds until it answers. Pure: packets come out, answers
// and the time go in.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dns/desk.h"
#include "dns/transfer_source.h"
#include "registry/net/clock.h"
#include "registry/net/ip_address.h"

namespace muster::dns {

// What has become of notifications, by result.
enum class NotifyResult : std::uint8_t {
  sent,  // the first packet of each
  resent,
  answered,
  refused,     // answered with an error: the secondary does not want it
  unanswered,  // given up
};
inline constexpr std::array<std::string_view, 5> kNotifyResultNames = {"sent", "resent", "answered",
                                                                       "refused", "unanswered"};

class NotifySchedule {
 public:
  static constexpr net::Millis kBetween{1'000};  // rounds of one zone
  static constexpr std::array<net::Millis, 4> kResend = {net::Millis(2'000), net::Millis(4'000),
                                                         net::Millis(8'000), net::Millis(16'000)};
  static constexpr net::Millis kLastWait{16'000};  // for the answer to the last one

  using Targets = std::map<zones::Name, std::vector<net::Endpoint>>;
  struct Message {
    net::Endpoint to;
    Octets packet;
  };

  // `id` gives message ids that cannot be guessed.
  explicit NotifySchedule(std::function<std::uint16_t()> id) : id_(std::move(id)) {}

  // Who is no target any more is not told again. Zones whose serial is known already tell their new targets.
  void set_targets(Targets targets);
  void changed(SoaRecord soa);
  // What is to be sent now.
  std::vector<Message> due(net::SteadyTime now);
  std::optional<net::SteadyTime> next() const;
  void answered(const net::Endpoint& from, std::span<const std::uint8_t> packet);

  using Counts = std::map<std::string, std::array<std::uint64_t, kNotifyResultNames.size()>>;  // by zone
  const Counts& counts() const { return counts_; }

 private:
  struct Pending {
    net::Endpoint to;
    std::uint16_t id = 0;
    std::size_t resent = 0;
    net::SteadyTime next{};
  };
  struct Zone {
    std::vector<net::Endpoint> targets;
    std::optional<SoaRecord> soa;
    bool wanted = false;
    std::optional<net::SteadyTime> last_round;
    std::vector<Pending> pending;
  };

  void count(const zones::Name& zone, NotifyResult result);
  void begin_round(const zones::Name& name, Zone& zone, net::SteadyTime now, std::vector<Message>& out);
  void resend(const zones::Name& name, Zone& zone, net::SteadyTime now, std::vector<Message>& out);

  std::function<std::uint16_t()> id_;
  std::map<zones::Name, Zone> zones_;
  Counts counts_;
};

}  // namespace muster::dns
