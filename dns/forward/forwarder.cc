#include "dns/forward/forwarder.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <mutex>
#include <thread>
#include <utility>

#include "dns/forward/questions.h"
#include "dns/forward/upstream_query.h"
#include "dns/forward/waiting_clients.h"
#include "registry/net/thread_name.h"
#include "zones/folded_wire.h"

namespace muster::dns {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kFailureKept = 2;  // seconds (RFC 9520 §3.2: at least one)
constexpr std::uint32_t kStaleKept = 30;   // until upstreams are tried again (RFC 8767 §5)
constexpr std::size_t kAttemptsMost = 8;
// A name of so many letters, written as ours was, has come from us.
constexpr int kLettersOfALoop = 24;

std::string_view name_in(const Octets& packet, std::size_t size) {
  return {reinterpret_cast<const char*>(packet.data()) + kHeaderSize, size};
}

}  // namespace

class Forwarder::Impl {
 public:
  Impl(Wiring wiring, ForwardServers servers)
      : wiring_(std::move(wiring)),
        strand_(asio::make_strand(io_)),
        work_(io_.get_executor()),
        timer_(io_),
        house_(io_),
        servers_(std::move(servers)),
        clients_({wiring_.config, wiring_.clock, wiring_.tcp, wiring_.pending, wiring_.most_pending}),
        upstreams_(strand_, [this](UpstreamRef at, Upstream::Answer answer) {
          completions_.push_back({std::move(at), std::move(answer)});
          if (completions_.size() == 1) asio::post(strand_, [this] { work_completions(); });
        }) {
    upstreams_.set(servers_);
    if (wiring_.cache != nullptr)
      wiring_.cache->on_refresh([this] { asio::post(io_, [this] { begin_refreshes(); }); });
    keep_house();
  }
  ~Impl() { stop(); }

  void start() {
    thread_ = std::thread([this] {
      net::name_this_thread("muster-forward");
      io_.run();
    });
  }

  void stop() {
    {
      const std::lock_guard lock(inbox_mutex_);
      stopped_ = true;
    }
    io_.stop();
    if (thread_.joinable()) thread_.join();
    for (Waiter& waiter : questions_.clear()) clients_.let_go(std::move(waiter.handed));
    for (Handed& handed : inbox_) clients_.let_go(std::move(handed));
    inbox_.clear();
    clients_.flush();
  }

  // One wake-up for all of them. False: it has ended.
  bool take_all(std::vector<Handed>& all) {
    std::vector<Handed> refused;
    {
      const std::lock_guard lock(inbox_mutex_);
      if (stopped_) return false;
      const bool was_empty = inbox_.empty();
      for (Handed& handed : all) (clients_.admit(handed) ? inbox_ : refused).push_back(std::move(handed));
      if (was_empty && !inbox_.empty()) asio::post(io_, [this] { work_inbox(); });
    }
    if (refused.empty()) return true;
    counters.refused.fetch_add(refused.size(), std::memory_order_relaxed);
    counters.unsent.fetch_add(clients_.refuse(std::move(refused)), std::memory_order_relaxed);
    return true;
  }

  void set_servers(ForwardServers servers) {
    asio::post(io_, [this, servers = std::move(servers)]() mutable {
      const bool is_same = servers_.upstreams == servers.upstreams && servers_.zones == servers.zones;
      servers_ = std::move(servers);
      upstreams_.set(servers_);
      if (is_same) return;
      ++generation_;  // others may say something else
      if (wiring_.cache != nullptr) wiring_.cache->flush("");
    });
  }

  void flush(std::string folded, std::function<void(std::size_t)> done) {
    asio::post(io_, [this, folded = std::move(folded), done = std::move(done)] {
      ++generation_;
      done(wiring_.cache == nullptr ? 0 : wiring_.cache->flush(folded));
    });
  }

  std::vector<std::shared_ptr<const UpstreamCounters>> upstreams() const { return upstreams_.counters(); }

  ForwardCounters counters;

 private:
  struct Completion {
    UpstreamRef at;
    Upstream::Answer answer;
  };

  // ---- questions

  void work_inbox() {
    std::vector<Handed> batch;
    {
      const std::lock_guard lock(inbox_mutex_);
      batch.swap(inbox_);
    }
    const net::SteadyTime now = steady_now();
    for (Handed& handed : batch) begin(std::move(handed), now);
    end_turn();
  }

  void begin(Handed handed, net::SteadyTime now) {
    Query query;
    if (!read_query(handed.packet, query).ok) return clients_.let_go(std::move(handed));
    std::string name(query.name.wire());
    std::shared_ptr<const AliasChain> chain;
    if (wiring_.is_ours(name)) {
      chain = chain_for(handed);
      if (!chain) return answer_as_ours(std::move(handed));
      name = zones::FoldedWire(chain->target).wire();
    }
    const CacheKey key{name, query.type, query.edns.dnssec_ok, query.checking_disabled};
    Waiter waiter{std::move(handed), std::move(chain)};
    if (const CachedReply* kept = fresh_in_cache(key)) return clients_.answer(std::move(waiter), *kept);
    QuestionAtWork& question = question_for(key, now);
    if (!waiter.chain && is_own_question(question, waiter.handed)) {
      counters.loops.fetch_add(1, std::memory_order_relaxed);
      return clients_.answer(std::move(waiter), *failure_of(key, ExtendedError::other));
    }
    if (!question.waiters.empty()) counters.joined.fetch_add(1, std::memory_order_relaxed);
    question.waiters.push_back(std::move(waiter));
    if (question.attempts.empty()) go_on(question, now);
  }

  void answer_as_ours(Handed handed) {
    Octets message = wiring_.answer_here(handed.packet, handed.client);
    if (message.empty()) return clients_.let_go(std::move(handed));
    clients_.answer(std::move(handed), std::move(message));
  }

  // Null: there is no such alias any more.
  std::shared_ptr<const AliasChain> chain_for(const Handed& handed) const {
    Client whole = handed.client;
    whole.transport = Transport::tcp;
    auto chain = read_alias_chain(wiring_.answer_here(handed.packet, whole), handed.packet);
    if (!chain || wiring_.is_ours(zones::FoldedWire(chain->target).wire())) return nullptr;
    return std::make_shared<const AliasChain>(std::move(*chain));
  }

  void begin_refreshes() {
    const net::SteadyTime now = steady_now();
    for (const Cache::Refresh& one : wiring_.cache->take_refreshes()) {
      QuestionAtWork& question =
          question_for({one.name, one.type, one.dnssec_ok, one.checking_disabled}, now);
      if (!question.attempts.empty()) continue;
      counters.refreshed.fetch_add(1, std::memory_order_relaxed);
      go_on(question, now);
    }
    end_turn();
  }

  QuestionAtWork& question_for(const CacheKey& key, net::SteadyTime now) {
    if (QuestionAtWork* known = questions_.find(key)) return *known;
    QuestionAtWork& question = questions_.add(key);
    question.order = upstreams_.order_for(key.name, now);
    question.generation = generation_;
    question.deadline = now + servers_.timeout;
    return question;
  }

  // In the letters that one of our queries for it has: chance does not do that to a name of some length.
  static bool is_own_question(const QuestionAtWork& question, const Handed& handed) {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    if (std::count_if(question.name.begin(), question.name.end(), is_letter) < kLettersOfALoop) return false;
    const std::string_view asked = name_in(handed.packet, question.name.size());
    if (asked == question.name) return false;
    return std::any_of(question.attempts.begin(), question.attempts.end(), [&](const auto& attempt) {
      return name_in(attempt.packet, question.name.size()) == asked;
    });
  }

  // Asks the next server. Precondition: there is one, or nobody is asked.
  void go_on(QuestionAtWork& question, net::SteadyTime now, bool is_hedge = false) {
    if (question.order.empty()) return fail(question);
    const UpstreamRef* at = next_server(question);
    if (at == nullptr) return questions_.wake_at(question, question.deadline);
    if (is_hedge) counters.hedged.fetch_add(1, std::memory_order_relaxed);
    send(question, *at, Upstream::Way::udp, (*at)->upstream->takes_opt(now));
    questions_.wake_at(question, std::min(now + patience(question, **at), question.deadline));
  }

  // Not one that is just being asked by TCP: it would say again what led there. Null: there is no other.
  static const UpstreamRef* next_server(QuestionAtWork& question) {
    while (question.next < 2 * question.order.size()) {
      const UpstreamRef& at = question.order[question.next++ % question.order.size()];
      const auto is_by_tcp = [&](const QuestionAtWork::Attempt& one) {
        return one.is_open && one.way == Upstream::Way::tcp && one.at == at;
      };
      if (std::none_of(question.attempts.begin(), question.attempts.end(), is_by_tcp)) return &at;
    }
    return nullptr;
  }

  // Between two servers little; before all are asked once more some time.
  net::Millis patience(const QuestionAtWork& question, const UpstreamAtWork& at) const {
    const bool is_round_over = question.next % question.order.size() == 0;
    return is_round_over ? std::max(at.upstream->patience(), servers_.timeout / 3) : at.upstream->patience();
  }

  // False: it has too many connections already.
  bool send(QuestionAtWork& question, const UpstreamRef& at, Upstream::Way way, bool has_opt) {
    const auto number = static_cast<std::uint32_t>(question.attempts.size());
    QuestionAtWork::Attempt attempt{
        at, write_upstream_query(question.key(), has_opt, bits_), wiring_.steady(), way, has_opt, true};
    if (!at->upstream->ask(attempt.packet, {question.id, number, attempt.sent}, way, has_opt)) {
      counters.tcp_full.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    question.attempts.push_back(std::move(attempt));
    if (asked_.empty() || asked_.back() != at) asked_.push_back(at);
    return true;
  }

  bool may_send(const QuestionAtWork& question) const {
    return question.attempts.size() < kAttemptsMost && question.next < 2 * question.order.size();
  }

  // ---- answers

  void work_completions() {
    const net::SteadyTime now = steady_now();
    for (std::size_t i = 0; i < completions_.size(); ++i) {  // asking may complete another at once
      Completion completion = std::move(completions_[i]);
      answered(completion, now);
    }
    completions_.clear();
    end_turn();
  }

  void answered(Completion& completion, net::SteadyTime now) {
    UpstreamAtWork& at = *completion.at;
    const Upstream::Ticket& ticket = completion.answer.ticket;
    const UpstreamResult result = completion.answer.result;
    const auto latency =
        std::chrono::duration_cast<std::chrono::microseconds>(wiring_.steady() - ticket.sent);
    QuestionAtWork* const found = questions_.find(ticket.question);
    if (found == nullptr) {  // it is answered already
      const bool is_late = result == UpstreamResult::answered;
      return note(at, is_late ? UpstreamResult::late : result, ticket, now,
                  is_late ? std::optional(latency) : std::nullopt);
    }
    QuestionAtWork& question = *found;
    QuestionAtWork::Attempt& attempt = question.attempts[ticket.attempt];
    attempt.is_open = false;
    if (result != UpstreamResult::answered) {
      (result == UpstreamResult::silent ? question.met_silence : question.met_network_error) = true;
      // Who takes no connection may answer by UDP all the same.
      if (attempt.way == Upstream::Way::udp) note(at, result, ticket, now);
      return go_on_or_fail(question, now);
    }
    const bool by_udp = attempt.way == Upstream::Way::udp;
    auto reply = read_upstream_reply(completion.answer.message, attempt.packet, wiring_.is_ours, by_udp);
    if (reply) {
      note(at, UpstreamResult::answered, ticket, now, latency);
      if (!reply->has_opt) take_without_opt(question, attempt, *reply, now);
      return deliver(question, attempt, *reply, now);
    }
    // An answer in other letters may be a guess of somebody's, and one that is cut says nothing: by TCP
    // nobody can guess, and everything has room.
    const bool is_cut = reply.error() == ForwardError::truncated;
    const bool may_ask_again = by_udp && question.attempts.size() < kAttemptsMost;
    if (may_ask_again && (is_cut || reply.error() == ForwardError::question_case)) {
      note(at, is_cut ? UpstreamResult::answered : UpstreamResult::unreadable, ticket, now);
      if (send(question, completion.at, Upstream::Way::tcp, attempt.has_opt)) return;
      question.met_refusal = true;
      return go_on_or_fail(question, now);
    }
    if (may_ask_again && reply.error() == ForwardError::formerr && attempt.has_opt) {
      at.upstream->forget_no_opt();
      send(question, completion.at, Upstream::Way::udp, false);
      return;
    }
    const bool is_word = is_cut || reply.error() == ForwardError::formerr ||
                         reply.error() == ForwardError::rcode || reply.error() == ForwardError::referral;
    note(at, is_word ? UpstreamResult::failed : UpstreamResult::unreadable, ticket, now);
    question.met_refusal = true;
    go_on_or_fail(question, now);
  }

  // From a server that does not know EDNS: it is asked without from now on (c-ares has seen to that itself,
  // or we have, or it just left the OPT out). To a question with DO that is no answer to keep.
  static void take_without_opt(const QuestionAtWork& question, const QuestionAtWork::Attempt& attempt,
                               UpstreamReply& reply, net::SteadyTime now) {
    if (attempt.at->upstream->takes_opt(now)) attempt.at->upstream->note_no_opt(now);
    if (question.dnssec_ok) reply.lifetime = 0;
  }

  void note(UpstreamAtWork& at, UpstreamResult result, const Upstream::Ticket& ticket, net::SteadyTime now,
            std::optional<std::chrono::microseconds> latency = {}) {
    at.upstream->note(result, std::chrono::time_point_cast<net::Millis>(ticket.sent), now, latency);
    at.counters->results[static_cast<std::size_t>(result)].fetch_add(1, std::memory_order_relaxed);
    if (latency) at.counters->times.add(static_cast<std::uint64_t>(latency->count()));
  }

  // After a failure: who was not asked yet, at once.
  void go_on_or_fail(QuestionAtWork& question, net::SteadyTime now) {
    if (question.next < question.order.size() && may_send(question)) return go_on(question, now);
    if (!question.has_open()) fail(question);
  }

  void deliver(QuestionAtWork& question, const QuestionAtWork::Attempt& good, const UpstreamReply& reply,
               net::SteadyTime now) {
    for (QuestionAtWork::Attempt& other : question.attempts) {
      if (other.is_open && other.sent < good.sent && other.way == good.way)
        other.at->upstream->note_miss(now);
    }
    const CacheKey key = question.key();
    auto made =
        CachedReply::make(key, hash_of(key), reply, CachedReply::Kind::answer, tick(), reply.lifetime);
    finish(question, std::move(made), reply.lifetime > 0);
  }

  void fail(QuestionAtWork& question) {
    counters.failed.fetch_add(1, std::memory_order_relaxed);
    const CacheKey key = question.key();
    const CachedReply* old = wiring_.cache == nullptr ? nullptr : wiring_.cache->find(hash_of(key), key);
    if (old != nullptr && old->is_fresh(tick()))
      return end(question, *old);  // it was to be refreshed before its end
    if (old != nullptr && old->is_of_use_when_nobody_answers(tick()))
      return finish(question, old->as_stale(tick(), kStaleKept), true);
    const bool is_network = question.met_network_error && !question.met_silence && !question.met_refusal;
    finish(question,
           failure_of(key, is_network ? ExtendedError::network_error : ExtendedError::no_reachable_authority),
           true);
  }

  CachedReplyPtr failure_of(const CacheKey& key, ExtendedError why) {
    UpstreamReply nothing;
    nothing.rcode = Rcode::servfail;
    return CachedReply::make(key, hash_of(key), nothing, CachedReply::Kind::failure, tick(), kFailureKept,
                             why);
  }

  // Tells all who wait, and keeps it. What is not kept takes the place of what was.
  void finish(QuestionAtWork& question, CachedReplyPtr reply, bool is_kept) {
    const std::string name = question.name;
    CacheKey key = question.key();
    key.name = name;
    const std::uint64_t generation = question.generation;
    end(question, *reply);
    if (wiring_.cache == nullptr || generation != generation_) return;
    if (!is_kept) return wiring_.cache->remove(key);
    wiring_.cache->insert(std::move(reply), tick());
  }

  void end(QuestionAtWork& question, const CachedReply& reply) {
    for (Waiter& waiter : question.waiters) clients_.answer(std::move(waiter), reply);
    questions_.remove(question);
  }

  // ---- time

  std::uint32_t tick() const { return wiring_.clock().tick; }
  net::SteadyTime steady_now() const { return std::chrono::time_point_cast<net::Millis>(wiring_.steady()); }

  // What was asked and answered goes out, many at a time.
  void end_turn() {
    for (const UpstreamRef& at : asked_) at->upstream->flush();
    asked_.clear();
    counters.unsent.fetch_add(clients_.flush(), std::memory_order_relaxed);
    arm();
  }

  void arm() {
    const auto first = questions_.first_wake();
    if (!first || *first == armed_) return;
    armed_ = *first;
    timer_.expires_at(std::chrono::steady_clock::time_point(armed_.time_since_epoch()));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) wake();
    });
  }

  void wake() {
    armed_ = {};
    const net::SteadyTime now = steady_now();
    while (QuestionAtWork* question = questions_.due(now)) {
      if (now >= question->deadline) {
        question->met_silence = true;
        fail(*question);
      } else if (may_send(*question)) {
        go_on(*question, now, question->next < question->order.size());
      } else {
        questions_.wake_at(*question, question->deadline);
      }
    }
    end_turn();
  }

  // What readers held is freed soon, and what is of no use any more in the end, also when nobody asks
  // anything.
  void keep_house() {
    house_.expires_after(kHouseEvery);
    house_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      upstreams_.tidy();
      if (wiring_.cache != nullptr) {
        wiring_.cache->tidy();
        if (++houses_ % kHousesASweep == 0) wiring_.cache->sweep(tick());
      }
      keep_house();
    });
  }

  std::uint64_t hash_of(const CacheKey& key) const {
    return wiring_.cache == nullptr ? 0 : wiring_.cache->hash(key);
  }
  // This thread is the one that frees.
  const CachedReply* fresh_in_cache(const CacheKey& key) const {
    if (wiring_.cache == nullptr) return nullptr;
    const CachedReply* kept = wiring_.cache->find(wiring_.cache->hash(key), key);
    return kept != nullptr && kept->is_fresh(tick()) ? kept : nullptr;
  }

  static constexpr std::chrono::seconds kHouseEvery{10};
  static constexpr std::uint64_t kHousesASweep = 60;

  const Wiring wiring_;
  asio::io_context io_{1};
  net::Strand strand_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer timer_;
  asio::steady_timer house_;
  std::thread thread_;

  std::mutex inbox_mutex_;  // guards inbox_ and stopped_
  std::vector<Handed> inbox_;
  bool stopped_ = false;

  // The thread's own from here on.
  SecureBits bits_;
  ForwardServers servers_;
  WaitingClients clients_;
  Upstreams upstreams_;
  Questions questions_;
  std::uint64_t generation_ = 0;  // raised when what was asked before is not to be kept
  std::uint64_t houses_ = 0;
  std::vector<Completion> completions_;
  std::vector<UpstreamRef> asked_;  // in this turn
  net::SteadyTime armed_{};
};

Forwarder::Forwarder(Wiring wiring, ForwardServers servers)
    : impl_(std::make_unique<Impl>(std::move(wiring), std::move(servers))) {}
Forwarder::~Forwarder() = default;
void Forwarder::start() { impl_->start(); }
void Forwarder::stop() { impl_->stop(); }
bool Forwarder::take(Handed handed) {
  std::vector<Handed> one;
  one.push_back(std::move(handed));
  return impl_->take_all(one);
}
void Forwarder::take_all(std::vector<Handed>& all) {
  impl_->take_all(all);
  all.clear();
}
void Forwarder::set_servers(ForwardServers servers) { impl_->set_servers(std::move(servers)); }
void Forwarder::flush(std::string folded, std::function<void(std::size_t)> done) {
  impl_->flush(std::move(folded), std::move(done));
}
const ForwardCounters& Forwarder::counters() const { return impl_->counters; }
std::vector<std::shared_ptr<const UpstreamCounters>> Forwarder::upstreams() const {
  return impl_->upstreams();
}

}  // namespace muster::dns
