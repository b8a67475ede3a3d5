#include "dns/forward/forwarder.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>

#include "dns/forward/cached_writer.h"
#include "dns/forward/question_at_work.h"
#include "dns/forward/upstream_query.h"
#include "dns/handed_reply.h"
#include "zones/folded_wire.h"
#include "zones/wire_name.h"

namespace muster::dns {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kFailureKept = 2;  // seconds (RFC 9520 §3.2: at least one)
constexpr std::uint32_t kStaleKept = 30;   // until upstreams are tried again (RFC 8767 §5)
constexpr std::size_t kAttemptsMost = 8;
// A name of so many letters, written as ours was, has come from us.
constexpr int kLettersOfALoop = 24;

std::string text_of(const CacheKey& key) {
  std::string text(key.name);
  text.push_back(static_cast<char>(static_cast<unsigned>(key.type) >> 8));
  text.push_back(static_cast<char>(static_cast<unsigned>(key.type) & 0xff));
  text.push_back(static_cast<char>((key.dnssec_ok ? 2 : 0) | (key.checking_disabled ? 1 : 0)));
  return text;
}

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
        servers_(std::move(servers)) {
    choose_upstreams();
    if (wiring_.cache != nullptr) {
      wiring_.cache->on_refresh([this] { asio::post(io_, [this] { begin_refreshes(); }); });
      keep_house();
    }
  }
  ~Impl() { stop(); }

  void start() {
    thread_ = std::thread([this] { io_.run(); });
  }

  void stop() {
    {
      const std::lock_guard lock(inbox_mutex_);
      stopped_ = true;
    }
    io_.stop();
    if (thread_.joinable()) thread_.join();
    for (auto& [id, question] : questions_) {
      for (Waiter& waiter : question->waiters) let_go_one(std::move(waiter.handed));
    }
    questions_.clear();
    for (Handed& handed : inbox_) let_go_one(std::move(handed));
    inbox_.clear();
  }

  bool take(Handed handed) {
    std::atomic<std::size_t>& pending = *wiring_.pending;
    if (pending.fetch_add(1, std::memory_order_relaxed) >= wiring_.most_pending) {
      pending.fetch_sub(1, std::memory_order_relaxed);
      counters.refused.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    const std::lock_guard lock(inbox_mutex_);
    if (stopped_) {
      pending.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    inbox_.push_back(std::move(handed));
    if (inbox_.size() == 1) asio::post(io_, [this] { work_inbox(); });
    return true;
  }

  void set_servers(ForwardServers servers) {
    asio::post(io_, [this, servers = std::move(servers)]() mutable {
      const bool is_same = servers_.upstreams == servers.upstreams && servers_.zones == servers.zones;
      servers_ = std::move(servers);
      choose_upstreams();
      if (!is_same && wiring_.cache != nullptr) wiring_.cache->flush("");  // others may say something else
    });
  }

  void flush(std::string folded, std::function<void(std::size_t)> done) {
    asio::post(io_, [this, folded = std::move(folded), done = std::move(done)] {
      done(wiring_.cache == nullptr ? 0 : wiring_.cache->flush(folded));
    });
  }

  std::vector<std::shared_ptr<const UpstreamCounters>> upstreams() const {
    const std::lock_guard lock(upstreams_mutex_);
    std::vector<std::shared_ptr<const UpstreamCounters>> all;
    for (const auto& [server, at] : upstreams_) all.push_back(at->counters);
    return all;
  }

  ForwardCounters counters;

 private:
  using Id = std::uint64_t;
  struct Route {
    std::string apex;  // folded wire form; "" of those for all other names
    std::vector<UpstreamAtWork*> upstreams;
  };
  struct Completion {
    UpstreamAtWork* at;
    Upstream::Answer answer;
  };

  // ---- servers

  UpstreamAtWork* upstream_for(const net::Endpoint& server) {
    const std::lock_guard lock(upstreams_mutex_);
    auto& at = upstreams_[server];
    if (!at) {
      at = std::make_unique<UpstreamAtWork>();
      at->counters = std::make_shared<UpstreamCounters>();
      at->counters->server = server;
      at->upstream = std::make_unique<Upstream>(strand_, server, servers_.timeout,
                                                [this, mine = at.get()](Upstream::Answer answer) {
                                                  completions_.push_back({mine, std::move(answer)});
                                                  if (completions_.size() == 1)
                                                    asio::post(strand_, [this] { work_completions(); });
                                                });
    }
    at->upstream->set_timeout(servers_.timeout);
    return at.get();
  }

  // Servers that are no longer named stay: questions may wait for them.
  void choose_upstreams() {
    routes_.clear();
    for (const ForwardServers::Zone& zone : servers_.zones) {
      Route& route = routes_.emplace_back();
      route.apex = zones::FoldedWire(zone.apex).wire();
      for (const net::Endpoint& server : zone.servers) route.upstreams.push_back(upstream_for(server));
    }
    std::stable_sort(routes_.begin(), routes_.end(),
                     [](const Route& a, const Route& b) { return a.apex.size() > b.apex.size(); });
    Route& rest = routes_.emplace_back();
    for (const net::Endpoint& server : servers_.upstreams) rest.upstreams.push_back(upstream_for(server));
  }

  // The fast ones first, as configured where they are alike; those that fail last.
  std::vector<UpstreamAtWork*> order_for(std::string_view name, net::SteadyTime now) const {
    const auto holds = [&](const Route& route) {
      return route.apex.empty() || zones::is_at_or_below(name, route.apex);
    };
    std::vector<UpstreamAtWork*> order = std::find_if(routes_.begin(), routes_.end(), holds)->upstreams;
    net::Millis best = net::Millis::max();
    for (const UpstreamAtWork* at : order) {
      if (const auto latency = at->upstream->latency()) best = std::min(best, *latency);
    }
    const auto rank = [&](const UpstreamAtWork* at) {
      if (at->upstream->is_failing(now)) return 2;
      const auto latency = at->upstream->latency();
      return latency && *latency > 2 * best + kAlike ? 1 : 0;
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const auto* a, const auto* b) { return rank(a) < rank(b); });
    return order;
  }

  // ---- questions

  void work_inbox() {
    std::vector<Handed> batch;
    {
      const std::lock_guard lock(inbox_mutex_);
      batch.swap(inbox_);
    }
    const net::SteadyTime now = steady_now();
    for (Handed& handed : batch) begin(std::move(handed), now);
    arm();
  }

  void begin(Handed handed, net::SteadyTime now) {
    Query query;
    if (!read_query(handed.packet, query).ok) return let_go_one(std::move(handed));
    std::string name(query.name.wire());
    std::shared_ptr<const AliasChain> chain;
    if (wiring_.is_ours(name)) {
      chain = chain_for(handed);
      if (!chain) return answer_as_ours(std::move(handed));
      name = zones::FoldedWire(chain->target).wire();
    }
    const CacheKey key{name, query.type, query.edns.dnssec_ok, query.checking_disabled};
    Waiter waiter{std::move(handed), std::move(chain)};
    if (const CachedReply* kept = fresh_in_cache(key)) return answer_one(std::move(waiter), *kept);
    QuestionAtWork& question = question_for(key, now);
    if (!waiter.chain && is_own_question(question, waiter.handed)) {
      counters.loops.fetch_add(1, std::memory_order_relaxed);
      return answer_one(std::move(waiter), *failure_of(key, ExtendedError::other));
    }
    if (!question.waiters.empty()) counters.joined.fetch_add(1, std::memory_order_relaxed);
    question.waiters.push_back(std::move(waiter));
    if (question.attempts.empty()) go_on(question, now);
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
    arm();
  }

  QuestionAtWork& question_for(const CacheKey& key, net::SteadyTime now) {
    const auto [found, is_new] = by_key_.try_emplace(text_of(key), last_id_ + 1);
    if (!is_new) return *questions_.at(found->second);
    auto question = std::make_unique<QuestionAtWork>();
    question->name = key.name;
    question->type = key.type;
    question->dnssec_ok = key.dnssec_ok;
    question->checking_disabled = key.checking_disabled;
    question->order = order_for(key.name, now);
    question->deadline = now + servers_.timeout;
    QuestionAtWork& made = *question;
    questions_.emplace(++last_id_, std::move(question));
    made.id = last_id_;
    return made;
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
  void go_on(QuestionAtWork& question, net::SteadyTime now) {
    if (question.order.empty()) return fail(question);
    UpstreamAtWork* at = question.order[question.next++ % question.order.size()];
    send(question, at, Upstream::Way::udp);
    wake_at(question, std::min(now + patience(question, *at), question.deadline));
  }

  // Between two servers little; before all are asked once more some time.
  net::Millis patience(const QuestionAtWork& question, const UpstreamAtWork& at) const {
    const bool is_round_over = question.next % question.order.size() == 0;
    return is_round_over ? std::max(at.upstream->patience(), servers_.timeout / 3) : at.upstream->patience();
  }

  void send(QuestionAtWork& question, UpstreamAtWork* at, Upstream::Way way) {
    const auto number = static_cast<std::uint32_t>(question.attempts.size());
    question.attempts.push_back(
        {at, write_upstream_query(question.key(), bits_), wiring_.steady(), way, true});
    const QuestionAtWork::Attempt& attempt = question.attempts.back();
    at->upstream->ask(attempt.packet, {question.id, number, attempt.sent}, way);
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
    arm();
  }

  void answered(Completion& completion, net::SteadyTime now) {
    UpstreamAtWork& at = *completion.at;
    const Upstream::Ticket& ticket = completion.answer.ticket;
    const UpstreamResult result = completion.answer.result;
    const auto latency =
        std::chrono::duration_cast<std::chrono::microseconds>(wiring_.steady() - ticket.sent);
    const auto found = questions_.find(ticket.question);
    if (found == questions_.end()) {  // it is answered already
      const bool is_late = result == UpstreamResult::answered;
      return note(at, is_late ? UpstreamResult::late : result, ticket, now,
                  is_late ? std::optional(latency) : std::nullopt);
    }
    QuestionAtWork& question = *found->second;
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
      if (!reply->has_opt) take_without_opt(question, at, *reply);
      return deliver(question, attempt, *reply, now);
    }
    // An answer in other letters may be a guess of somebody's, and one that is cut says nothing: by TCP
    // nobody can guess, and everything has room.
    const bool is_cut = reply.error() == ForwardError::truncated;
    if (by_udp && (is_cut || reply.error() == ForwardError::question_case) &&
        question.attempts.size() < kAttemptsMost) {
      note(at, is_cut ? UpstreamResult::answered : UpstreamResult::unreadable, ticket, now);
      return send(question, &at, Upstream::Way::tcp);
    }
    const bool is_word =
        is_cut || reply.error() == ForwardError::rcode || reply.error() == ForwardError::referral;
    note(at, is_word ? UpstreamResult::failed : UpstreamResult::unreadable, ticket, now);
    question.met_refusal = true;
    go_on_or_fail(question, now);
  }

  // c-ares asks a server that does not know EDNS again without it, and does without it from then on: what was
  // asked with DO is no answer to that, and the next questions are to begin anew.
  static void take_without_opt(const QuestionAtWork& question, UpstreamAtWork& at, UpstreamReply& reply) {
    at.upstream->wear_out();
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
    end(question, *reply);
    if (wiring_.cache == nullptr) return;
    if (!is_kept) return wiring_.cache->remove(key);
    wiring_.cache->insert(std::move(reply), tick());
  }

  void end(QuestionAtWork& question, const CachedReply& reply) {
    for (Waiter& waiter : question.waiters) answer_one(std::move(waiter), reply);
    wakes_.erase({question.wakes, question.id});
    by_key_.erase(text_of(question.key()));
    const Id id = question.id;
    questions_.erase(id);
  }

  // ---- clients

  void answer_one(Waiter waiter, const CachedReply& reply) {
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
    send_back(handed, write_reply(handed, query, config_, moment.now, to));
  }

  void answer_as_ours(Handed handed) {
    Octets message = wiring_.answer_here(handed.packet, handed.client);
    if (message.empty()) return let_go_one(std::move(handed));
    send_back(handed, std::move(message));
  }

  // A query waits until its answer is with the connection: what goes to slow readers is bounded with it.
  void send_back(Handed& handed, Octets message) {
    message.shrink_to_fit();
    std::vector<Octets> messages;
    messages.push_back(std::move(message));
    if (handed.client.transport == Transport::udp) {
      handed.outlet->send(std::move(messages), {});
      wiring_.pending->fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    asio::post(wiring_.tcp, [outlet = std::move(handed.outlet), messages = std::move(messages),
                             pending = wiring_.pending]() mutable {
      outlet->send(std::move(messages), [](bool) {});
      pending->fetch_sub(1, std::memory_order_relaxed);
    });
  }

  // Without an answer.
  void let_go_one(Handed handed) {
    wiring_.pending->fetch_sub(1, std::memory_order_relaxed);
    if (handed.client.transport == Transport::tcp)
      asio::post(wiring_.tcp, [outlet = std::move(handed.outlet)]() mutable { outlet.reset(); });
  }

  // ---- time

  std::uint32_t tick() const { return wiring_.clock().tick; }
  net::SteadyTime steady_now() const { return std::chrono::time_point_cast<net::Millis>(wiring_.steady()); }

  void wake_at(QuestionAtWork& question, net::SteadyTime at) {
    wakes_.erase({question.wakes, question.id});
    question.wakes = at;
    wakes_.insert({at, question.id});
  }

  void arm() {
    if (wakes_.empty() || wakes_.begin()->first == armed_) return;
    armed_ = wakes_.begin()->first;
    timer_.expires_at(std::chrono::steady_clock::time_point(armed_.time_since_epoch()));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) wake();
    });
  }

  void wake() {
    armed_ = {};
    const net::SteadyTime now = steady_now();
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
      QuestionAtWork& question = *questions_.at(wakes_.begin()->second);
      if (now >= question.deadline) {
        question.met_silence = true;
        fail(question);
      } else if (may_send(question)) {
        if (question.next < question.order.size()) counters.hedged.fetch_add(1, std::memory_order_relaxed);
        go_on(question, now);
      } else {
        wake_at(question, question.deadline);
      }
    }
    arm();
  }

  // What readers held is freed soon, and what is of no use any more in the end, also when nobody asks
  // anything.
  void keep_house() {
    house_.expires_after(kHouseEvery);
    house_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      wiring_.cache->tidy();
      if (++houses_ % kHousesASweep == 0) wiring_.cache->sweep(tick());
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
  static constexpr net::Millis kAlike{5};  // latencies that differ less, and by less than twofold, are alike

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

  // The thread's own from here on; upstreams_ changes under its mutex.
  AnswerConfig config_;
  std::uint64_t generation_ = 0;
  SecureBits bits_;
  ForwardServers servers_;
  mutable std::mutex upstreams_mutex_;
  std::map<net::Endpoint, std::unique_ptr<UpstreamAtWork>> upstreams_;
  std::vector<Route> routes_;  // the longest apex first; the last has none
  std::unordered_map<Id, std::unique_ptr<QuestionAtWork>> questions_;
  std::unordered_map<std::string, Id> by_key_;
  Id last_id_ = 0;
  std::uint64_t houses_ = 0;
  std::vector<Completion> completions_;
  std::set<std::pair<net::SteadyTime, Id>> wakes_;
  net::SteadyTime armed_{};
};

Forwarder::Forwarder(Wiring wiring, ForwardServers servers)
    : impl_(std::make_unique<Impl>(std::move(wiring), std::move(servers))) {}
Forwarder::~Forwarder() = default;
void Forwarder::start() { impl_->start(); }
void Forwarder::stop() { impl_->stop(); }
bool Forwarder::take(Handed handed) { return impl_->take(std::move(handed)); }
void Forwarder::set_servers(ForwardServers servers) { impl_->set_servers(std::move(servers)); }
void Forwarder::flush(std::string folded, std::function<void(std::size_t)> done) {
  impl_->flush(std::move(folded), std::move(done));
}
const ForwardCounters& Forwarder::counters() const { return impl_->counters; }
std::vector<std::shared_ptr<const UpstreamCounters>> Forwarder::upstreams() const {
  return impl_->upstreams();
}

}  // namespace muster::dns
