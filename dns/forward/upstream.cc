#include "dns/forward/upstream.h"

#include <ares.h>

#include <algorithm>
#include <boost/asio/strand.hpp>
#include <cmath>
#include <utility>

#include "dns/forward/upstream_query.h"
#include "registry/net/ares_channel.h"

namespace muster::dns {

namespace {

constexpr int kQueriesOfAChannel = 256;
constexpr int kSocketOctets = 1 << 20;  // of a socket's queue: answers come in bursts
constexpr net::Millis kTimeoutsLooked{50};
constexpr net::Millis kFailing{10'000};
constexpr net::Millis kPlain{300'000};
constexpr int kMissesMost = 3;
constexpr net::Millis kPatienceLeast{20};
constexpr net::Millis kPatienceMost{150};

UpstreamResult result_of(int status) {
  switch (status) {
    case ARES_SUCCESS: return UpstreamResult::answered;
    case ARES_ETIMEOUT: return UpstreamResult::silent;
    default: return UpstreamResult::unreachable;
  }
}

}  // namespace

class Upstream::Channel {
 public:
  Channel(const net::Strand& strand, const net::Endpoint& server, net::Millis timeout, Way way,
          bool has_opt) {
    ares_options options{};
    // Errors of the server pass, and answers of up to the size that the OPT offers. A cut one passes, too:
    // asked again on the same channel, a TCP connection that fails would end all that is open there. After
    // FORMERR c-ares takes an OPT off the query: there must be one.
    options.flags = ARES_FLAG_NOCHECKRESP | (has_opt ? ARES_FLAG_EDNS : 0) |
                    (way == Way::tcp ? ARES_FLAG_USEVC : ARES_FLAG_IGNTC);
    options.ednspsz = kUpstreamUdpSize;
    options.timeout = static_cast<int>(timeout.count());
    options.tries = 1;
    const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    ares_ = std::make_shared<net::AresChannel>(strand, options, mask, net::to_string(server), kTimeoutsLooked,
                                               way == Way::udp ? std::optional(kSocketOctets) : std::nullopt);
  }
  ~Channel() { ares_->close(); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  net::AresChannel& ares() { return *ares_; }
  bool is_worn() const { return asked_ >= kQueriesOfAChannel; }
  bool is_idle() const { return open_ == 0; }
  void begin() {
    ++asked_;
    ++open_;
  }
  void end() { --open_; }

 private:
  std::shared_ptr<net::AresChannel> ares_;
  int asked_ = 0;
  int open_ = 0;
};

// Owned by c-ares until it answers, which it does once whatever happens.
struct Upstream::Waiting {
  Upstream* upstream;
  Channel* channel;
  Ticket ticket;
  Way way;
};

Upstream::Upstream(const net::Strand& strand, net::Endpoint server, net::Millis timeout, Answered answered)
    : strand_(strand), server_(server), timeout_(timeout), answered_(std::move(answered)) {}

Upstream::~Upstream() = default;

void Upstream::on_answer(void* argument, int status, int, unsigned char* message, int size) {
  const std::unique_ptr<Waiting> waiting(static_cast<Waiting*>(argument));
  waiting->channel->end();
  if (waiting->way == Way::tcp) --waiting->upstream->tcp_open_;
  if (status == ARES_EDESTRUCTION) return;
  Answer answer{waiting->ticket, result_of(status), {}};
  if (message != nullptr) answer.message.assign(message, message + size);
  waiting->upstream->answered_(std::move(answer));
}

void Upstream::tidy() {
  std::erase_if(worn_, [](const auto& one) { return one->is_idle(); });
}

std::shared_ptr<Upstream::Channel> Upstream::channel(Way way, bool has_opt) {
  tidy();
  if (way == Way::tcp)
    return worn_.emplace_back(std::make_shared<Channel>(strand_, server_, timeout_, way, has_opt));
  auto& channel = by_udp_[has_opt][turn_ % kChannels];
  if (channel && channel->is_worn()) retire(channel);
  if (!channel) channel = std::make_shared<Channel>(strand_, server_, timeout_, way, has_opt);
  return channel;
}

void Upstream::wear_out(Channels& channels) {
  for (auto& channel : channels) {
    if (channel) retire(channel);
  }
}

void Upstream::forget_no_opt() { wear_out(by_udp_[true]); }

void Upstream::note_no_opt(net::SteadyTime now) {
  plain_until_ = now + kPlain;
  forget_no_opt();
}

void Upstream::retire(std::shared_ptr<Channel>& channel) {
  channel->ares().flush();
  worn_.push_back(std::exchange(channel, nullptr));
}

// The next ones go out by another port.
void Upstream::flush() {
  if (!std::exchange(written_, false)) return;
  for (const Channels& channels : by_udp_) {
    if (const auto& channel = channels[turn_ % kChannels]) channel->ares().flush();
  }
  ++turn_;
}

void Upstream::set_timeout(net::Millis timeout) {
  if (timeout == timeout_) return;
  timeout_ = timeout;
  for (Channels& channels : by_udp_) wear_out(channels);
}

bool Upstream::ask(const Octets& packet, Ticket ticket, Way way, bool has_opt) {
  if (way == Way::tcp && tcp_open_ >= kTcpMost) return false;
  const std::shared_ptr<Channel> by = channel(way, has_opt);
  by->begin();
  if (way == Way::tcp) ++tcp_open_;
  auto* waiting = new Waiting{this, by.get(), ticket, way};
  if (by->ares().get() == nullptr) {
    on_answer(waiting, ARES_ENOTINITIALIZED, 0, nullptr, 0);
    if (way == Way::udp) retire(by_udp_[has_opt][turn_ % kChannels]);  // the next one tries anew
    return true;
  }
  ares_send(by->ares().get(), packet.data(), static_cast<int>(packet.size()), &Upstream::on_answer, waiting);
  by->ares().watch_time();
  written_ |= way == Way::udp;
  return true;
}

void Upstream::note(UpstreamResult result, net::SteadyTime sent, net::SteadyTime now,
                    std::optional<std::chrono::microseconds> latency) {
  switch (result) {
    case UpstreamResult::answered:
    case UpstreamResult::late:
      failing_until_ = {};
      misses_ = 0;
      answered_at_ = now;
      break;
    case UpstreamResult::silent:
    case UpstreamResult::unreachable:
      // One packet that was lost says nothing when others came through since.
      if (sent >= answered_at_) failing_until_ = now + kFailing;
      break;
    case UpstreamResult::failed:
    case UpstreamResult::unreadable: note_miss(now); break;
  }
  if (!latency) return;
  const double ms = static_cast<double>(latency->count()) / 1000;
  smoothed_ms_ = smoothed_ms_ < 0 ? ms : smoothed_ms_ + (ms - smoothed_ms_) / 8;
}

void Upstream::note_miss(net::SteadyTime now) {
  if (++misses_ < kMissesMost) return;
  misses_ = 0;
  failing_until_ = now + kFailing;
}

net::Millis Upstream::patience() const {
  if (smoothed_ms_ < 0) return kPatienceMost;
  return std::clamp(net::Millis(std::lround(3 * smoothed_ms_)), kPatienceLeast, kPatienceMost);
}

std::optional<net::Millis> Upstream::latency() const {
  if (smoothed_ms_ < 0) return {};
  return net::Millis(std::lround(smoothed_ms_));
}

}  // namespace muster::dns
