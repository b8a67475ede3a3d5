#include "dns/notifier.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace muster::dns {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

std::uint16_t random_id() {
  std::uint16_t id = 0;
  while (getrandom(&id, sizeof id, 0) != static_cast<ssize_t>(sizeof id)) {
  }
  return id;
}

asio::ip::address to_asio(const net::IpAddress& address) {
  if (address.family == net::Family::v6) return asio::ip::address_v6(address.octets);
  asio::ip::address_v4::bytes_type octets;
  std::copy_n(address.octets.begin(), octets.size(), octets.begin());
  return asio::ip::address_v4(octets);
}

net::Endpoint to_endpoint(const udp::endpoint& peer) {
  net::Endpoint endpoint;
  endpoint.port = peer.port();
  if (peer.address().is_v4()) {
    const auto octets = peer.address().to_v4().to_bytes();
    std::copy(octets.begin(), octets.end(), endpoint.address.octets.begin());
  } else {
    endpoint.address.family = net::Family::v6;
    endpoint.address.octets = peer.address().to_v6().to_bytes();
  }
  return endpoint;
}

}  // namespace

class Notifier::Core : public std::enable_shared_from_this<Notifier::Core> {
 public:
  Core(const asio::any_io_executor& executor, const std::vector<net::Endpoint>& listen)
      : listen_(listen), timer_(executor), sides_{Side(executor), Side(executor)} {}

  NotifySchedule schedule{random_id};

  void go_on() {
    if (stopped_) return;
    for (NotifySchedule::Message& message : schedule.due(net::machine_now().steady)) send(message);
    const auto next = schedule.next();
    if (!next) return;
    timer_.expires_at(std::chrono::steady_clock::time_point(*next));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (self && !error) self->go_on();
    });
  }

  void stop() {
    stopped_ = true;
    timer_.cancel();
    boost::system::error_code ignored;
    for (Side& side : sides_) side.socket.close(ignored);
  }

 private:
  // One address family: its socket is opened when it is first needed.
  struct Side {
    explicit Side(const asio::any_io_executor& executor) : socket(executor) {}
    udp::socket socket;
    udp::endpoint from;
    std::array<std::uint8_t, 4096> packet;
  };

  // What cannot be sent is sent again when it stays without an answer.
  void send(const NotifySchedule::Message& message) {
    Side& side = sides_[message.to.address.family == net::Family::v4 ? 0 : 1];
    if (!side.socket.is_open() && !open(side, message.to.address.family)) return;
    boost::system::error_code ignored;
    side.socket.send_to(asio::buffer(message.packet), {to_asio(message.to.address), message.to.port}, 0,
                        ignored);
  }

  bool open(Side& side, net::Family family) {
    const auto own = std::find_if(listen_.begin(), listen_.end(),
                                  [&](const net::Endpoint& one) { return one.address.family == family; });
    net::IpAddress from;
    from.family = family;
    if (own != listen_.end()) from = own->address;
    boost::system::error_code error;
    side.socket.open(family == net::Family::v4 ? udp::v4() : udp::v6(), error);
    if (!error) side.socket.bind({to_asio(from), 0}, error);
    if (!error) side.socket.non_blocking(true, error);
    if (error) {
      boost::system::error_code ignored;
      side.socket.close(ignored);
      return false;
    }
    receive(side);
    return true;
  }

  void receive(Side& side) {
    side.socket.async_receive_from(
        asio::buffer(side.packet), side.from,
        [self = shared_from_this(), &side](boost::system::error_code error, std::size_t size) {
          if (error == asio::error::operation_aborted || !side.socket.is_open()) return;
          if (!error) self->schedule.answered(to_endpoint(side.from), {side.packet.data(), size});
          self->receive(side);
        });
  }

  const std::vector<net::Endpoint> listen_;
  asio::steady_timer timer_;
  std::array<Side, 2> sides_;
  bool stopped_ = false;
};

Notifier::Notifier(asio::any_io_executor executor, const std::vector<net::Endpoint>& listen)
    : core_(std::make_shared<Core>(executor, listen)) {}

Notifier::~Notifier() { stop(); }

void Notifier::set_targets(NotifySchedule::Targets targets) {
  core_->schedule.set_targets(std::move(targets));
  core_->go_on();
}

void Notifier::changed(SoaRecord soa) {
  core_->schedule.changed(std::move(soa));
  core_->go_on();
}

void Notifier::stop() { core_->stop(); }

const NotifySchedule::Counts& Notifier::counts() const { return core_->schedule.counts(); }

}  // namespace muster::dns
