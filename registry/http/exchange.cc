#include "registry/http/exchange.h"

#include "registry/http/core.h"
#include "registry/http/mailbox.h"

namespace muster::registry::http {

namespace {

// What a handler holds: dropping it ends the stream, so that no peer waits for a forgotten one.
class StreamHandle final : public Stream {
 public:
  explicit StreamHandle(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ~StreamHandle() override { exchange_->close(); }

  std::size_t write(std::shared_ptr<const std::string> piece) override {
    return exchange_->write(std::move(piece));
  }
  std::size_t pending() const override { return exchange_->pending(); }
  void close() override { exchange_->close(); }
  void on_closed(net::UniqueFunction<void()> gone) override { exchange_->on_closed(std::move(gone)); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

constexpr net::Millis kWaitingRetry{5'000};

}  // namespace

Exchange::Exchange(std::shared_ptr<Mailbox> mailbox, std::shared_ptr<Core> core)
    : mailbox_(std::move(mailbox)), core_(std::move(core)) {}

Exchange::~Exchange() { stop_counting(); }

void Exchange::stop_counting() {
  if (in_flight_.exchange(false)) core_->leave_in_flight();
  if (waiting_.exchange(false)) core_->leave_waiting();
  if (streaming_.exchange(false)) core_->counters.streams.fetch_sub(1, std::memory_order_relaxed);
  if (holds_throttle_.exchange(false)) core_->config.throttle->release(caller, throttled_service_);
}

void Exchange::hold_throttle(std::string service) {
  throttled_service_ = std::move(service);
  holds_throttle_.store(true);
}

bool Exchange::begin_waiting() {
  if (in_flight_.exchange(false)) core_->leave_in_flight();
  if (waiting_.load(std::memory_order_relaxed)) return true;
  if (!core_->enter_waiting()) return false;
  waiting_.store(true, std::memory_order_relaxed);
  return true;
}

void Exchange::send(Response given) {
  if (answered_.exchange(true)) return;
  stop_counting();
  mailbox_->put({.kind = Event::Kind::answer, .exchange = shared_from_this(), .response = std::move(given)});
}

void Exchange::answer_problem(const Problem& problem) { send(problem_response(dialect, problem)); }

// The handler is told as if the peer had gone, and gives its wait up.
void Exchange::refuse_waiting() {
  wait_refused_.store(true, std::memory_order_relaxed);
  answer_problem(
      {.status = 429,
       .error = "too_many_watchers",
       .message =
           "too many polls and streams are waiting here; poll without wait, or raise http.max_connections",
       .field = {},
       .retry_after = kWaitingRetry});
}

void Exchange::parked(bool parked) {
  if (!parked || answered_.load(std::memory_order_relaxed)) return;
  if (!begin_waiting()) return refuse_waiting();
  mailbox_->put({.kind = Event::Kind::park, .exchange = shared_from_this()});
}

std::shared_ptr<Stream> Exchange::stream(Response head) {
  auto handle = std::make_shared<StreamHandle>(shared_from_this());
  if (!answered_.load(std::memory_order_relaxed) && !begin_waiting()) refuse_waiting();
  if (answered_.exchange(true)) {
    cut();
    return handle;
  }
  streaming_.store(true, std::memory_order_relaxed);
  core_->counters.streams.fetch_add(1, std::memory_order_relaxed);
  mailbox_->put({.kind = Event::Kind::stream, .exchange = shared_from_this(), .response = std::move(head)});
  return handle;
}

void Exchange::on_abandoned(net::UniqueFunction<void()> told) {
  mailbox_->put({.kind = Event::Kind::on_gone, .exchange = shared_from_this(), .gone = std::move(told)});
}

void Exchange::on_late(net::SteadyTime when, net::UniqueFunction<bool()> told) {
  mailbox_->put({.kind = Event::Kind::on_late,
                 .exchange = shared_from_this(),
                 .deadline = when,
                 .late = std::move(told)});
}

// A route that charges itself names no service in its path.
bool Exchange::charge(double cost) { return core_->charge(*this, "", cost); }

std::size_t Exchange::write(Piece piece) {
  if (ended_.load(std::memory_order_relaxed) || piece->empty()) return pending();
  const std::size_t now_pending =
      pending_.fetch_add(piece->size(), std::memory_order_relaxed) + piece->size();
  mailbox_->put({.kind = Event::Kind::piece, .exchange = shared_from_this(), .piece = std::move(piece)});
  return now_pending;
}

void Exchange::close() {
  if (ended_.exchange(true)) return;
  stop_counting();
  mailbox_->put({.kind = Event::Kind::end, .exchange = shared_from_this()});
}

void Exchange::on_closed(net::UniqueFunction<void()> told) { on_abandoned(std::move(told)); }

}  // namespace muster::registry::http
