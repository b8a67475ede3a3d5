#include "dns/udp_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "dns/socket_address.h"
#include "dns/udp_way.h"
#include "registry/net/thread_name.h"

namespace muster::dns {

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kQueryOctets = 4096;  // a longer query is cut, and then unreadable
constexpr std::size_t kReplyOctets = 4096;  // the most that dns.edns_udp_size may be
constexpr std::size_t kControlOctets = UdpWay::kControlOctets;

Client to_client(const sockaddr_storage& storage) {
  const net::Endpoint from = to_endpoint(storage);
  Client client;
  client.address = from.address;
  client.port = from.port;
  return client;
}

// The way back for what the desk answers. It keeps the socket open.
class UdpOutlet final : public Outlet {
 public:
  UdpOutlet(std::shared_ptr<Socket> socket, const sockaddr_storage& peer, socklen_t peer_size,
            std::span<const char> control) {
    way_.socket = std::move(socket);
    way_.peer = peer;
    way_.peer_size = peer_size;
    way_.control_size = control.size();
    std::copy(control.begin(), control.end(), way_.control.begin());
  }

  // One that does not get out is lost like any datagram.
  void send(std::vector<Octets> messages, Written) override {
    iovec vector{messages.front().data(), messages.front().size()};
    msghdr header{};
    way_.address(header);
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    ::sendmsg(way_.socket->fd(), &header, MSG_DONTWAIT);
  }
  void abort() override {}
  UdpWay* way() override { return &way_; }

 private:
  UdpWay way_;
};

}  // namespace

class UdpServer::Worker {
 public:
  Worker(Socket socket, std::unique_ptr<Answering> answering, bool wildcard, Desk* desk)
      : socket_(std::make_shared<Socket>(std::move(socket))),
        answering_(std::move(answering)),
        wildcard_(wildcard),
        desk_(desk) {
    for (std::size_t i = 0; i < kBatch; ++i) wire(i);
    rearm(kBatch);
  }

  void start() {
    thread_ = std::thread([this] {
      net::name_this_thread("muster-udp");
      run();
    });
  }
  void request_stop() { stopping_.store(true, std::memory_order_relaxed); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  const UdpCounters& counters() const { return counters_; }
  const Counters& answered() const { return answering_->answerer.counters; }

 private:
  struct Slot {
    sockaddr_storage peer;
    alignas(cmsghdr) std::array<char, kControlOctets> control;
    std::array<std::uint8_t, kQueryOctets> query;
    std::array<std::uint8_t, kReplyOctets> reply;
    iovec query_vector;
    iovec reply_vector;
  };

  void wire(std::size_t i) {
    Slot& slot = slots_[i];
    slot.query_vector = {slot.query.data(), slot.query.size()};
    msghdr& header = received_[i].msg_hdr;
    header = {};
    header.msg_name = &slot.peer;
    header.msg_iov = &slot.query_vector;
    header.msg_iovlen = 1;
    header.msg_control = wildcard_ ? slot.control.data() : nullptr;
  }

  void run() {
    while (!stopping_.load(std::memory_order_relaxed)) {
      const std::size_t count = receive();
      if (count == 0) continue;
      send(sampler_.is_due(count) ? answer_timed(count) : answer_all(count));
      rearm(count);
    }
  }

  // recvmmsg wrote lengths into the headers it used.
  void rearm(std::size_t used) {
    for (std::size_t i = 0; i < used; ++i) {
      received_[i].msg_hdr.msg_namelen = sizeof slots_[i].peer;
      received_[i].msg_hdr.msg_controllen = wildcard_ ? slots_[i].control.size() : 0;
    }
  }

  std::size_t receive() {
    const int count = ::recvmmsg(socket_->fd(), received_.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (count <= 0) return 0;
    counters_.received.add(static_cast<std::uint64_t>(count));
    counters_.batch_sizes.add(static_cast<std::uint64_t>(count));
    return static_cast<std::size_t>(count);
  }

  // How many replies stand in sending_. In four passes, so that the cache misses of a batch overlap.
  std::size_t answer_all(std::size_t count) {
    const Moment moment = answering_->begin_batch();
    const Answering::Online online(*answering_);
    Answerer& answerer = answering_->answerer;
    for (std::size_t i = 0; i < count; ++i) {
      clients_[i] = to_client(slots_[i].peer);
      clients_[i].now = moment.now;
      clients_[i].tick = moment.tick;
      prepare(Packet(slots_[i].query.data(), received_[i].msg_len), clients_[i], answerer, pending_[i]);
    }
    for (std::size_t i = 0; i < count; ++i) fetch(pending_[i], answerer);
    for (std::size_t i = 0; i < count; ++i) look_up(pending_[i], answerer);
    std::size_t replies = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = finish(pending_[i], answerer, slots_[i].reply);
      if (size == kHandOn) {
        hand_on(i);
      } else if (size > 0) {
        queue(i, size, replies++);
      }
    }
    if (!handed_.empty()) desk_->take_all(handed_);
    return replies;
  }

  std::size_t answer_timed(std::size_t count) {
    const auto begin = Sampler::Clock::now();
    const std::size_t replies = answer_all(count);
    counters_.answer_times.add(Sampler::nanos_each(begin, count));
    return replies;
  }

  // The one thing here that allocates: few queries are handed on, and the desk takes a bounded number.
  void hand_on(std::size_t i) {
    if (desk_ == nullptr) return;
    counters_.handed_on.add();
    const msghdr& header = received_[i].msg_hdr;
    const std::span<const char> control(slots_[i].control.data(), wildcard_ ? header.msg_controllen : 0);
    const std::uint8_t* packet = slots_[i].query.data();
    handed_.push_back({Octets(packet, packet + received_[i].msg_len), clients_[i],
                       std::move(answering_->answerer.scratch.sender),
                       std::make_shared<UdpOutlet>(socket_, slots_[i].peer, header.msg_namelen, control),
                       answering_->answerer.scratch.errand});
  }

  // The reply goes to the same peer, from the address that was asked.
  void queue(std::size_t i, std::size_t size, std::size_t place) {
    slots_[i].reply_vector = {slots_[i].reply.data(), size};
    msghdr& header = sending_[place].msg_hdr;
    header = received_[i].msg_hdr;
    header.msg_iov = &slots_[i].reply_vector;
    header.msg_flags = 0;
    if (wildcard_) unbind_interface(header);
  }

  // sendmmsg stops at the first datagram that fails: that one is dropped and counted, the rest goes out.
  void send(std::size_t replies) {
    std::size_t done = 0;
    while (done < replies) {
      const int sent =
          ::sendmmsg(socket_->fd(), &sending_[done], static_cast<unsigned>(replies - done), MSG_DONTWAIT);
      if (sent > 0) {
        done += static_cast<std::size_t>(sent);
        counters_.sent.add(static_cast<std::uint64_t>(sent));
      } else if (errno != EINTR) {
        (errno == EAGAIN || errno == ENOBUFS ? counters_.send_full : counters_.send_failed).add();
        ++done;
      }
    }
  }

  std::shared_ptr<Socket> socket_;
  std::unique_ptr<Answering> answering_;
  const bool wildcard_;
  Desk* const desk_;
  std::atomic<bool> stopping_{false};
  UdpCounters counters_;
  Sampler sampler_;
  std::array<mmsghdr, kBatch> received_{};
  std::array<mmsghdr, kBatch> sending_{};
  std::array<Slot, kBatch> slots_;
  std::array<Client, kBatch> clients_{};
  std::array<Pending, kBatch> pending_;
  std::vector<Handed> handed_;  // of this batch, to the desk
  std::thread thread_;
};

UdpServer::UdpServer(std::vector<Listener>& listeners, std::function<std::unique_ptr<Answering>()> make,
                     Desk* desk) {
  for (Listener& listener : listeners) {
    for (Socket& socket : listener.udp) {
      workers_.push_back(std::make_unique<Worker>(std::move(socket), make(),
                                                  listener.endpoint.address.is_unspecified(), desk));
    }
    listener.udp.clear();
  }
}

UdpServer::~UdpServer() { stop(); }

void UdpServer::start() {
  for (auto& worker : workers_) worker->start();
}

void UdpServer::stop() {
  for (auto& worker : workers_) worker->request_stop();
  for (auto& worker : workers_) worker->join();
}

std::vector<const UdpCounters*> UdpServer::counters() const {
  std::vector<const UdpCounters*> all;
  for (const auto& worker : workers_) all.push_back(&worker->counters());
  return all;
}

std::vector<const Counters*> UdpServer::answered() const {
  std::vector<const Counters*> all;
  for (const auto& worker : workers_) all.push_back(&worker->answered());
  return all;
}

}  // namespace muster::dns
