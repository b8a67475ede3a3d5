#include "dns/tcp_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cassert>
#include <list>
#include <span>
#include <utility>

namespace muster::dns {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::size_t kReadOctets = 16 * 1024;
constexpr int kConversationsMost =
    64;  // of one connection that a desk has: their answers wait in memory, too
constexpr std::size_t kUnsentMost = 256 * 1024;  // then the peer's input pauses
constexpr int kQueriesATurn = 128;               // then others get theirs
constexpr std::size_t kMessageMost = 65'535;
constexpr int kUnsentInKernel = 64 * 1024;       // beside what is on its way: see bound_kernel_memory()
constexpr std::size_t kWriteOctets = 64 * 1024;  // then it is noted that the peer reads on
constexpr std::size_t kKeptOctets = 64 * 1024;   // an idle connection gives back memory beyond it
constexpr std::chrono::milliseconds kNoDescriptors{100};  // before the next accept

// The kernel would hold megabytes for a peer that does not read. With this it takes little more than the
// peer's window, and more only as the peer reads: so progress is seen in small steps, too.
void bound_kernel_memory(int fd) {
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInKernel, sizeof kUnsentInKernel);
}

net::Endpoint to_endpoint(const tcp::endpoint& peer) {
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

class TcpServer::Core : public std::enable_shared_from_this<TcpServer::Core> {
 public:
  class Connection;
  class TcpOutlet;
  using Connections = std::list<std::shared_ptr<Connection>>;  // longest without a whole query first

  Core(asio::any_io_executor run_on, TcpConfig limits, std::unique_ptr<Answering> own, Desk* at)
      : executor(std::move(run_on)), config(limits), answering(std::move(own)), desk(at) {
    assert(config.connections > 0);
  }

  bool crowded() const { return connections.size() * 10 >= config.connections * 9; }

  void listen(std::vector<Listener>& listeners);
  void accept(std::size_t index);
  void accepted(std::size_t index, boost::system::error_code error, tcp::socket socket);
  void stop();

  asio::any_io_executor executor;
  const TcpConfig config;
  std::unique_ptr<Answering> answering;
  Desk* const desk;
  TcpCounters counters;
  Sampler sampler;
  Connections connections;
  std::array<std::uint8_t, kMessageMost> reply;

 private:
  std::vector<tcp::acceptor> acceptors_;
  std::vector<std::unique_ptr<asio::steady_timer>> pauses_;
  bool stopping_ = false;
};

// Its life: read → answer what is whole → write, until the peer ends, is idle, or does not read.
//
// Invariant: while a read is under way, input_ holds no whole message, so that nobody moves it.
class TcpServer::Core::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        socket_(std::move(socket)),
        timer_(core_->executor),
        last_query_(Clock::now()) {
    boost::system::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    bound_kernel_memory(socket_.native_handle());
    const net::Endpoint peer = to_endpoint(socket_.remote_endpoint(ignored));
    client_ = Client{peer.address, peer.port, Transport::tcp};
  }

  void start(Connections::iterator place) {
    place_ = place;
    watch();
    read();
  }

  void close(std::atomic<std::uint64_t>* why) {
    if (closed_) return;
    const auto self = shared_from_this();  // the list may hold the last reference
    closed_ = true;
    tell(output_waits_, false);
    tell(sending_waits_, false);
    if (why != nullptr) ++*why;
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
    --core_->counters.open;
    core_->connections.erase(place_);
  }

  // Messages of a conversation, in between the other answers.
  void send(const std::vector<Octets>& messages, Outlet::Written written) {
    if (!closed_) {
      core_->connections.splice(core_->connections.end(), core_->connections, place_);
      for (const Octets& message : messages) append(message);
    }
    output_waits_.push_back(std::move(written));
    if (closed_) return tell(output_waits_, false);
    write();
  }
  void begin_conversation() { ++conversations_; }
  void end_conversation() {
    --conversations_;
    take_another_turn();
  }

 private:
  using Clock = std::chrono::steady_clock;
  using Waits = std::vector<Outlet::Written>;

  // Later, because who waits may call back.
  void tell(Waits& waits, bool written) {
    if (waits.empty()) return;
    asio::post(core_->executor, [told = std::exchange(waits, {}), written]() mutable {
      for (Outlet::Written& one : told) one(written);
    });
  }

  void append(std::span<const std::uint8_t> message) {
    output_.push_back(static_cast<std::uint8_t>(message.size() >> 8));
    output_.push_back(static_cast<std::uint8_t>(message.size() & 0xff));
    output_.insert(output_.end(), message.begin(), message.end());
  }

  void read() {
    if (reading_ || ended_) return;
    reading_ = true;
    if (input_.size() < filled_ + kReadOctets) input_.resize(filled_ + kReadOctets);
    socket_.async_read_some(asio::buffer(input_.data() + filled_, kReadOctets),
                            [self = shared_from_this()](boost::system::error_code error, std::size_t octets) {
                              self->reading_ = false;
                              self->received(error, octets);
                            });
  }

  void received(boost::system::error_code error, std::size_t octets) {
    if (closed_) return;
    if (error && error != asio::error::eof) return close(&core_->counters.closed_error);
    ended_ = static_cast<bool>(error);
    if (!hung_up_) filled_ += octets;
    work();
  }

  // Answers whole messages, then decides what to wait for.
  void work() {
    if (closed_) return;
    const bool more = answer_turn();
    write();
    if (more) return take_another_turn();
    if (paused()) return;
    const bool said_all = !writing_ && conversations_ == 0;
    if (said_all && ended_) return close(nullptr);
    if (said_all && hung_up_) end_output();
    read();
  }

  bool paused() const {
    return output_.size() + sending_.size() > kUnsentMost || conversations_ >= kConversationsMost;
  }

  // Behind what other connections have waiting.
  void take_another_turn() {
    if (turn_posted_) return;
    turn_posted_ = true;
    asio::post(core_->executor, [self = shared_from_this()] {
      self->turn_posted_ = false;
      self->work();
    });
  }

  // True: whole messages are left for another turn.
  bool answer_turn() {
    if (reading_) return false;
    client_.crowded = core_->crowded();
    const Moment moment = core_->answering->begin_batch();
    client_.now = moment.now;
    client_.tick = moment.tick;
    const Answering::Online online(*core_->answering);
    std::size_t at = 0;
    int turns = kQueriesATurn;
    for (; next_is_whole(at) && turns > 0 && !paused(); --turns) {
      const std::size_t size = message_size(at);
      if (!answer_one(Packet(input_.data() + at + 2, size))) return hang_up();
      at += 2 + size;
    }
    if (conversations_ >= kConversationsMost) ++core_->counters.desk_full;
    if (turns < kQueriesATurn)
      core_->counters.batch_sizes.add(static_cast<std::uint64_t>(kQueriesATurn - turns));
    drop_input(at);
    return next_is_whole(0) && !paused();
  }

  std::size_t message_size(std::size_t at) const {
    return static_cast<std::size_t>(input_[at] << 8 | input_[at + 1]);
  }
  bool next_is_whole(std::size_t at) const {
    return filled_ >= at + 2 && filled_ >= at + 2 + message_size(at);
  }
  void drop_input(std::size_t octets) {
    std::copy(input_.data() + octets, input_.data() + filled_, input_.data());
    filled_ -= octets;
    if (filled_ == 0 && input_.size() > kKeptOctets) input_ = {};
  }

  // What came is no query at all: no more are taken, what was answered before still goes out. Octets that
  // follow are read and dropped, because closing with unread ones sends RST, which may overtake the answers.
  bool hang_up() {
    ++core_->counters.closed_error;
    hung_up_ = true;
    drop_input(filled_);
    return false;
  }

  void end_output() {
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  // False: silence is the answer.
  bool answer_one(Packet query) {
    const bool timed = core_->sampler.is_due(1);
    const auto begin = timed ? Sampler::Clock::now() : Sampler::Clock::time_point{};
    const std::size_t size = answer(query, client_, core_->answering->answerer, core_->reply);
    if (timed) core_->counters.answer_times.add(Sampler::nanos_each(begin, 1));
    if (size == 0) return false;
    ++core_->counters.queries;
    last_query_ = Clock::now();
    core_->connections.splice(core_->connections.end(), core_->connections, place_);
    if (size == kHandOn) return hand_on(query);
    append({core_->reply.data(), size});
    return true;
  }

  // False: the desk takes no more.
  bool hand_on(Packet query);

  // Length and message leave together, and so do all answers of a turn.
  void write() {
    if (writing_ || output_.empty()) return;
    writing_ = true;
    sending_.swap(output_);
    sending_waits_.swap(output_waits_);
    asio::async_write(
        socket_, asio::buffer(sending_),
        [this](boost::system::error_code error, std::size_t) {
          last_progress_ = Clock::now();
          return error ? std::size_t{0} : kWriteOctets;
        },
        [self = shared_from_this()](boost::system::error_code error, std::size_t) { self->written(error); });
  }

  void written(boost::system::error_code error) {
    writing_ = false;
    sending_.clear();
    if (sending_.capacity() > kKeptOctets) sending_ = {};
    if (closed_) return;
    if (error) return close(&core_->counters.closed_error);
    tell(sending_waits_, true);
    work();
  }

  // A peer that is slow to read is not idle: what counts then is that it reads on.
  Clock::time_point deadline() const {
    return (writing_ ? last_progress_ : std::max(last_query_, last_progress_)) + core_->config.idle;
  }

  // One timer, armed anew when it fires early: queries only move a time.
  void watch() {
    timer_.expires_at(deadline());
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!self || error || self->closed_) return;
      self->expired();
    });
  }

  void expired() {
    if (Clock::now() < deadline()) return watch();
    if (hung_up_) return close(nullptr);
    close(writing_ ? &core_->counters.closed_unread : &core_->counters.closed_idle);
  }

  std::shared_ptr<Core> core_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  Client client_;
  Connections::iterator place_;
  std::vector<std::uint8_t> input_;  // filled_ octets of it hold what was received and not yet answered
  std::size_t filled_ = 0;
  std::vector<std::uint8_t> output_;
  std::vector<std::uint8_t> sending_;
  Waits output_waits_;  // for what is in output_
  Waits sending_waits_;
  int conversations_ = 0;  // that the desk has
  Clock::time_point last_query_;
  Clock::time_point last_progress_{};
  bool reading_ = false;
  bool writing_ = false;
  bool turn_posted_ = false;
  bool ended_ = false;    // the peer has sent its last octet (it may still read)
  bool hung_up_ = false;  // we take no more from it
  bool closed_ = false;
};

// Where the desk's messages for one query of a connection go.
class TcpServer::Core::TcpOutlet final : public Outlet {
 public:
  explicit TcpOutlet(std::shared_ptr<Connection> connection) : connection_(std::move(connection)) {
    connection_->begin_conversation();
  }
  ~TcpOutlet() override { connection_->end_conversation(); }

  void send(std::vector<Octets> messages, Written written) override {
    connection_->send(messages, std::move(written));
  }
  void abort() override { connection_->close(nullptr); }

 private:
  std::shared_ptr<Connection> connection_;
};

bool TcpServer::Core::Connection::hand_on(Packet query) {
  ++core_->counters.handed_on;
  return core_->desk != nullptr && core_->desk->take({Octets(query.begin(), query.end()), client_,
                                                      std::move(core_->answering->answerer.scratch.sender),
                                                      std::make_shared<TcpOutlet>(shared_from_this()),
                                                      core_->answering->answerer.scratch.errand});
}

void TcpServer::Core::listen(std::vector<Listener>& listeners) {
  for (Listener& listener : listeners) {
    const bool v4 = listener.endpoint.address.family == net::Family::v4;
    acceptors_.emplace_back(executor, v4 ? tcp::v4() : tcp::v6(), listener.tcp.release());
    pauses_.push_back(std::make_unique<asio::steady_timer>(executor));
  }
  for (std::size_t i = 0; i < acceptors_.size(); ++i) accept(i);
}

void TcpServer::Core::accept(std::size_t index) {
  acceptors_[index].async_accept(
      [self = shared_from_this(), index](boost::system::error_code error, tcp::socket socket) {
        self->accepted(index, error, std::move(socket));
      });
}

void TcpServer::Core::accepted(std::size_t index, boost::system::error_code error, tcp::socket socket) {
  if (stopping_ || error == asio::error::operation_aborted) return;
  if (error) {  // no descriptors, no memory: accepting at once would spin
    pauses_[index]->expires_after(kNoDescriptors);
    pauses_[index]->async_wait(
        [self = shared_from_this(), index](boost::system::error_code) { self->accept(index); });
    return;
  }
  ++counters.accepted;
  if (connections.size() >= config.connections) connections.front()->close(&counters.closed_full);
  ++counters.open;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  connections.push_back(connection);
  connection->start(std::prev(connections.end()));
  accept(index);
}

void TcpServer::Core::stop() {
  stopping_ = true;
  boost::system::error_code ignored;
  for (tcp::acceptor& acceptor : acceptors_) acceptor.close(ignored);
  for (auto& pause : pauses_) pause->cancel();
  while (!connections.empty()) connections.front()->close(nullptr);
}

TcpServer::TcpServer(asio::any_io_executor executor, TcpConfig config, std::unique_ptr<Answering> answering,
                     Desk* desk)
    : core_(std::make_shared<Core>(std::move(executor), config, std::move(answering), desk)) {}

// Handlers that the context never ran keep the core, but must not keep a reader of the name table.
TcpServer::~TcpServer() {
  stop();
  core_->answering.reset();
}

void TcpServer::listen(std::vector<Listener>& listeners) { core_->listen(listeners); }
void TcpServer::stop() { core_->stop(); }
const TcpCounters& TcpServer::counters() const { return core_->counters; }
const Counters& TcpServer::answered() const { return core_->answering->answerer.counters; }

}  // namespace muster::dns
