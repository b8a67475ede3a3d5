#include "dns/forward/waiting_clients.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "dns/forward/cached_writer.h"
#include "dns/handed_reply.h"

namespace muster::dns {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kShare = 4;  // a client may have a quarter of all
constexpr std::size_t kSiteOctets = 8;
constexpr std::string_view kNoRoom = "too many queries wait for other servers";

}  // namespace

WaitingClients::WaitingClients(Wiring wiring) : wiring_(std::move(wiring)) {}

// IPv6: by /64, of which one machine has as many addresses as it likes.
net::IpAddress WaitingClients::client_of(const Handed& handed) {
  net::IpAddress address = handed.client.address;
  if (address.family == net::Family::v6)
    std::fill(address.octets.begin() + kSiteOctets, address.octets.end(), 0);
  return address;
}

bool WaitingClients::admit(const Handed& handed) {
  std::atomic<std::size_t>& pending = *wiring_.pending;
  const auto refused = [&] {
    pending.fetch_sub(1, std::memory_order_relaxed);
    return false;
  };
  const std::size_t others = pending.fetch_add(1, std::memory_order_relaxed);
  if (others >= wiring_.most_pending) return refused();
  if (handed.client.address.is_loopback()) return true;
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = by_client_.try_emplace(client_of(handed), 0);
  const bool is_crowded = others >= wiring_.most_pending / 2;
  if (is_crowded && found->second >= std::max<std::size_t>(1, wiring_.most_pending / kShare))
    return refused();
  ++found->second;
  return true;
}

void WaitingClients::leave(const Handed& handed) {
  if (handed.client.address.is_loopback()) return;
  const std::lock_guard lock(mutex_);
  const auto found = by_client_.find(client_of(handed));
  if (found != by_client_.end() && --found->second == 0) by_client_.erase(found);
}

void WaitingClients::answer(Waiter waiter, const CachedReply& reply) {
  if (const std::uint64_t newest = wiring_.config->generation(); newest != generation_) {
    generation_ = newest;
    config_ = wiring_.config->get();
  }
  Handed& handed = waiter.handed;
  Query query;
  static_cast<void>(read_query(handed.packet, query));
  const Moment moment = wiring_.clock();
  HandedReply to;
  to.rcode = reply.rcode();
  to.error = reply.error();
  to.forwarded = !waiter.chain && asks_for_ad(handed.packet, query) && reply.authenticated();
  to.write = [&](ReplyWriter& writer) {
    return waiter.chain ? put_behind_alias(writer, *waiter.chain, reply, moment.tick)
                        : put_cached(writer, reply, moment.tick);
  };
  answer(std::move(handed), write_reply(handed, query, config_, moment.now, to));
}

// A query waits until its answer is with the connection: what goes to slow readers is bounded with it.
void WaitingClients::answer(Handed handed, Octets message) {
  leave(handed);
  message.shrink_to_fit();
  if (handed.client.transport == Transport::udp) {
    wiring_.pending->fetch_sub(1, std::memory_order_relaxed);
    return outbox_.add(std::move(handed.outlet), std::move(message));
  }
  send_by_tcp(std::move(handed.outlet), std::move(message), wiring_.pending);
}

void WaitingClients::let_go(Handed handed) {
  leave(handed);
  wiring_.pending->fetch_sub(1, std::memory_order_relaxed);
  if (handed.client.transport == Transport::tcp)
    asio::post(wiring_.tcp, [outlet = std::move(handed.outlet)]() mutable { outlet.reset(); });
}

std::size_t WaitingClients::refuse(std::vector<Handed> all) const {
  const AnswerConfig config = wiring_.config->get();
  const Moment moment = wiring_.clock();
  UdpOutbox outbox;
  for (Handed& handed : all) {
    Query query;
    if (!read_query(handed.packet, query).ok) continue;
    HandedReply to;
    to.rcode = Rcode::servfail;
    to.error = ExtendedError::other;
    to.error_text = kNoRoom;
    to.forwarded = false;
    Octets message = write_reply(handed, query, config, moment.now, to);
    if (handed.client.transport == Transport::tcp) {
      send_by_tcp(std::move(handed.outlet), std::move(message), {});
    } else {
      outbox.add(std::move(handed.outlet), std::move(message));
    }
  }
  return outbox.flush();
}

void WaitingClients::send_by_tcp(std::shared_ptr<Outlet> outlet, Octets message,
                                 std::shared_ptr<std::atomic<std::size_t>> counted) const {
  std::vector<Octets> messages;
  messages.push_back(std::move(message));
  asio::post(wiring_.tcp, [outlet = std::move(outlet), messages = std::move(messages),
                           counted = std::move(counted)]() mutable {
    outlet->send(std::move(messages), [](bool) {});
    if (counted) counted->fetch_sub(1, std::memory_order_relaxed);
  });
}

}  // namespace muster::dns
