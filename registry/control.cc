#include "registry/control.h"

#include <algorithm>
#include <boost/container/static_vector.hpp>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "registry/net/thread_name.h"
#include "registry/store/store_thread.h"

namespace muster::registry {
namespace {

using Stopwatch = std::chrono::steady_clock;

// Wheel entries between two looks at the clock.
constexpr std::size_t kTickSlice = 512;
// Rows of a clean stop that may wait for the store at one time.
constexpr std::size_t kHeardRowsWaiting = 16'384;
// Brief jobs that the thread which handed them in runs by itself: at some 10 us each it is back before a
// woken thread would have answered; more are better done beside it.
constexpr std::size_t kLentMost = 16;

std::chrono::microseconds since(Stopwatch::time_point begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Stopwatch::now() - begin);
}

std::uint64_t micros_since(Stopwatch::time_point begin) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(since(begin).count(), 0));
}

// A job, when it was handed in, and which instance it is about; {}: nobody has said.
struct Queued {
  Job job;
  Stopwatch::time_point at;
  Key subject;
};

// Whether this thread is in a turn: what it hands in then must wait for the next.
thread_local bool t_holds_pen = false;

struct PenHeld {
  PenHeld() { t_holds_pen = true; }
  ~PenHeld() { t_holds_pen = false; }
  PenHeld(const PenHeld&) = delete;
  PenHeld& operator=(const PenHeld&) = delete;
};

template <class Number>
void raise(std::atomic<Number>& highest, Number value) {
  if (value > highest.load(std::memory_order_relaxed)) highest.store(value, std::memory_order_relaxed);
}

}  // namespace

class Control::Impl {
 public:
  Impl(ControlConfig config, Registry& registry, Store& store, StoreConfig store_config, Publish publish,
       Deliver deliver)
      : config_(std::move(config)),
        registry_(registry),
        publish_(std::move(publish)),
        deliver_(std::move(deliver)),
        store_thread_(store, std::move(store_config), [this](Acknowledges waiting, Durability how) {
          acknowledge(std::move(waiting), how);
        }) {}

  void start();
  void stop();
  bool submit(Job job);
  bool submit_brief(Job job, const BriefHints& hints);

  ControlConfig config_;
  ControlCounters counters_;
  std::function<void(Instant)> on_tick_;

 private:
  // What became of a job on its way into the queue.
  enum class Entry { refused, first, behind };
  Entry enter(Job job, bool brief, Key subject);
  void loop();
  void turn();
  void lend() noexcept;
  bool lend_turn();
  bool take_brief();
  bool is_lone() const;
  void sleep();
  void take_jobs();
  void look_at_clock(Instant now);
  void run_jobs(Turn& turn);
  void fetch_for(std::span<const Queued> jobs) const;
  void tick(Instant now);
  void count_jobs(std::size_t jobs, const Turn& turn);
  void finish(Turn& turn, Stopwatch::time_point begin);
  void save_heard();
  void acknowledge(Acknowledges waiting, Durability how);
  bool has_jobs() const { return next_job_ < jobs_.size(); }
  bool has_leftovers() const { return has_jobs() || tick_unfinished_; }
  void run(Queued& queued, Turn& turn);
  void time_durable(Turn& turn);

  Registry& registry_;
  const Publish publish_;
  const Deliver deliver_;

  // Whoever holds it is the registry's writer: the control thread for its turns, and until nothing of them is
  // left over; for a moment the thread that a brief job came from.
  std::mutex pen_;

  // The control thread's own.
  std::vector<Queued> jobs_;  // taken from the queue; those before next_job_ have run
  std::size_t next_job_ = 0;
  bool tick_unfinished_ = false;
  SteadyTime next_tick_{};

  // Of who holds the pen.
  std::vector<Queued> lent_;  // brief jobs, while they run
  std::vector<Stopwatch::time_point>
      changed_;  // when the jobs of this batch that made revisions were handed in
  std::vector<Stopwatch::time_point> stored_;  // and those that wait for the disk
  SteadyTime last_look_{};
  bool has_run_jobs_ = false;  // the turn that is under way

  std::atomic<Stopwatch::rep> last_jobs_{0};  // when the last turn with jobs ended
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Queued> queue_;
  bool all_brief_ = true;  // what is in queue_
  bool stopping_ = false;
  std::thread thread_;

 public:
  StoreThread store_thread_;  // last: its thread delivers through what stands above
};

void Control::Impl::start() {
  store_thread_.start();
  last_look_ = config_.clock().steady;
  next_tick_ = last_look_ + config_.tick;
  counters_.last_tick_ms = last_look_.time_since_epoch().count();
  thread_ = std::thread([this] {
    net::name_this_thread("muster-control");
    loop();
  });
}

void Control::Impl::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  store_thread_.stop();
}

Control::Impl::Entry Control::Impl::enter(Job job, bool brief, Key subject) {
  Queued queued{std::move(job), Stopwatch::now(), subject};
  const std::lock_guard lock(mutex_);
  if (stopping_) return Entry::refused;
  if (counters_.queued >= config_.max_queue) {
    ++counters_.queue_full;
    return Entry::refused;
  }
  ++counters_.queued;
  const bool first = brief ? queue_.empty() : queue_.empty() || all_brief_;
  all_brief_ = brief && (queue_.empty() || all_brief_);
  queue_.push_back(std::move(queued));
  return first ? Entry::first : Entry::behind;
}

// Behind another job of its kind it is called for already.
bool Control::Impl::submit(Job job) {
  const Entry entry = enter(std::move(job), false, {});
  if (entry == Entry::first) wake_.notify_one();
  return entry != Entry::refused;
}

bool Control::Impl::submit_brief(Job job, const BriefHints& hints) {
  if (!config_.soon) return submit(std::move(job));
  const Entry entry = enter(std::move(job), true, hints.subject);
  if (entry != Entry::first) return entry != Entry::refused;
  if (hints.is_last && is_lone()) {
    lend();
  } else {
    config_.soon([this] { lend(); });
  }
  return true;
}

// Whether others are not to be expected: then nothing is won by waiting for them.
bool Control::Impl::is_lone() const {
  if (!config_.lone_after || t_holds_pen) return false;
  const Stopwatch::time_point last(Stopwatch::duration(last_jobs_.load(std::memory_order_relaxed)));
  return Stopwatch::now() - last >= *config_.lone_after;
}

// A job that throws has left the registry halfway, wherever it ran: that is the end, as on the control
// thread.
void Control::Impl::lend() noexcept {
  if (!lend_turn()) wake_.notify_one();
}

// The calling thread is the control thread for a turn of brief jobs. False: they are that one's, because
// somebody writes, because there is too much for a moment, or because the machine has paused.
bool Control::Impl::lend_turn() {
  if (t_holds_pen) return false;
  const std::unique_lock pen(pen_, std::try_to_lock);
  if (!pen.owns_lock()) return false;
  const PenHeld held;
  const auto begin = Stopwatch::now();
  const Instant now = config_.clock();
  if (now.steady - last_look_ - config_.tick > config_.max_late || !take_brief()) return false;
  if (lent_.empty()) return true;
  Turn turn(registry_, now, store_thread_.has_room());
  static_assert(kLentMost <= Registry::kFetchedMost);
  fetch_for(lent_);
  for (Queued& queued : lent_) run(queued, turn);
  assert(!turn.ends_before_job);  // a brief job sees the registry, not what is published
  count_jobs(lent_.size(), turn);
  lent_.clear();
  finish(turn, begin);
  return true;
}

bool Control::Impl::take_brief() {
  const std::lock_guard lock(mutex_);
  if (!all_brief_ || queue_.size() > kLentMost) return false;
  lent_.swap(queue_);
  return true;
}

void Control::Impl::loop() {
  std::unique_lock pen(pen_, std::defer_lock);
  for (bool more = true; more;) {
    if (!pen.owns_lock()) {
      sleep();
      pen.lock();
    }
    turn();
    if (!has_leftovers()) pen.unlock();
    const std::lock_guard lock(mutex_);
    more = !stopping_ || has_jobs() || !queue_.empty();
  }
  if (!pen.owns_lock()) pen.lock();
  save_heard();
}

void Control::Impl::turn() {
  const PenHeld held;
  take_jobs();
  const auto begin = Stopwatch::now();
  const Instant now = config_.clock();
  look_at_clock(now);
  Turn turn(registry_, now, store_thread_.has_room());
  run_jobs(turn);
  tick(now);
  finish(turn, begin);
}

// As fast as the disk takes it; a store in trouble is not waited for.
void Control::Impl::save_heard() {
  registry_.store_heard(config_.clock(), [this](Rows rows) {
    StoreState state = store_thread_.state();
    for (; state.healthy && state.pending_rows > kHeardRowsWaiting; state = store_thread_.state())
      std::this_thread::sleep_for(Millis(1));
    if (state.healthy) store_thread_.put(std::move(rows), {});
  });
}

// Until a job arrives or a tick is due.
void Control::Impl::sleep() {
  std::unique_lock lock(mutex_);
  const Millis left = next_tick_ - config_.clock().steady;
  if (left > Millis(0)) wake_.wait_for(lock, left, [this] { return stopping_ || !queue_.empty(); });
}

void Control::Impl::take_jobs() {
  if (has_jobs()) return;
  jobs_.clear();
  next_job_ = 0;
  const std::lock_guard lock(mutex_);
  jobs_.swap(queue_);
  all_brief_ = true;
}

// After a pause nothing may expire before the sockets were read: the next tick is a whole tick away.
void Control::Impl::look_at_clock(Instant now) {
  const Millis late = now.steady - last_look_ - config_.tick;
  last_look_ = now.steady;
  if (late <= config_.max_late) return;
  ++counters_.pauses;
  registry_.shift_deadlines(late);
  next_tick_ = now.steady + config_.tick;
}

void Control::Impl::run_jobs(Turn& turn) {
  const auto begin = Stopwatch::now();
  const std::size_t first = next_job_;
  while (has_jobs()) {
    if ((next_job_ - first) % Registry::kFetchedMost == 0) fetch_for(std::span(jobs_).subspan(next_job_));
    run(jobs_[next_job_], turn);
    if (turn.ends_before_job) break;
    ++next_job_;
    if (has_jobs() && since(begin) >= config_.max_batch) {
      ++counters_.cut_batches;
      break;
    }
  }
  count_jobs(next_job_ - first, turn);
}

// For the first of them, so that the ways of several from memory overlap.
void Control::Impl::fetch_for(std::span<const Queued> jobs) const {
  boost::container::static_vector<Key, Registry::kFetchedMost> subjects;
  for (const Queued& queued : jobs.first(std::min(jobs.size(), Registry::kFetchedMost))) {
    if (!queued.subject.service.empty()) subjects.push_back(queued.subject);
  }
  registry_.fetch(subjects);
}

void Control::Impl::count_jobs(std::size_t jobs, const Turn& turn) {
  counters_.store_full += turn.refused_writes;
  counters_.jobs += jobs;
  counters_.batches += jobs != 0;
  has_run_jobs_ = jobs != 0;
}

void Control::Impl::run(Queued& queued, Turn& turn) {
  const std::uint64_t revision = registry_.revision();
  const std::size_t waiting = turn.durable.size();
  queued.job(turn);
  if (turn.ends_before_job) return;
  --counters_.queued;
  if (registry_.revision() != revision) changed_.push_back(queued.at);
  if (turn.durable.size() != waiting) stored_.push_back(queued.at);
}

void Control::Impl::tick(Instant now) {
  const bool due = now.steady >= next_tick_;
  if (!due && !tick_unfinished_) return;
  const auto begin = Stopwatch::now();
  do tick_unfinished_ = registry_.tick(now, kTickSlice);
  while (tick_unfinished_ && since(begin) < config_.max_batch);
  counters_.last_tick_ms = now.steady.time_since_epoch().count();
  if (!due) return;
  raise(counters_.tick_late_ms_max, (now.steady - next_tick_).count());
  next_tick_ = std::max(next_tick_, now.steady - config_.tick) + config_.tick;
  if (on_tick_) on_tick_(now);
}

void Control::Impl::finish(Turn& turn, Stopwatch::time_point begin) {
  Batch batch = registry_.take_batch();
  if (!batch.changes.empty() || !batch.known_services.empty()) publish_(batch, turn.now);
  for (const auto at : changed_) counters_.visible.add(micros_since(at));
  changed_.clear();
  if (!stored_.empty()) time_durable(turn);
  store_thread_.put(std::move(batch.rows), std::move(turn.durable));
  acknowledge(std::move(turn.visible), Durability{});
  const Stopwatch::time_point end = Stopwatch::now();
  if (std::exchange(has_run_jobs_, false))
    last_jobs_.store(end.time_since_epoch().count(), std::memory_order_relaxed);
  const auto took =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(end - begin).count());
  counters_.batch_us_sum += took;
  raise(counters_.batch_us_max, took);
}

// Told with the others, after them.
void Control::Impl::time_durable(Turn& turn) {
  turn.after_durable([this, times = std::exchange(stored_, {})](Durability how) {
    if (!how.durable) return;
    for (const auto at : times) counters_.durable.add(micros_since(at));
  });
}

void Control::Impl::acknowledge(Acknowledges waiting, Durability how) {
  if (waiting.empty()) return;
  std::vector<net::UniqueFunction<void()>> answers;
  answers.reserve(waiting.size());
  for (Acknowledge& one : waiting) answers.emplace_back([one = std::move(one), how]() mutable { one(how); });
  deliver_(std::move(answers));
}

Control::Control(ControlConfig config, Registry& registry, Store& store, StoreConfig store_config,
                 Publish publish, Deliver deliver)
    : impl_(std::make_unique<Impl>(std::move(config), registry, store, std::move(store_config),
                                   std::move(publish), std::move(deliver))) {}

Control::~Control() { impl_->stop(); }

void Control::on_tick(std::function<void(Instant)> hook) { impl_->on_tick_ = std::move(hook); }
void Control::start() { impl_->start(); }
void Control::stop() { impl_->stop(); }
bool Control::submit(Job job) { return impl_->submit(std::move(job)); }
bool Control::submit_brief(Job job, const BriefHints& hints) {
  return impl_->submit_brief(std::move(job), hints);
}
const ControlCounters& Control::counters() const { return impl_->counters_; }
StoreState Control::store_state() const { return impl_->store_thread_.state(); }
const CommitTimes& Control::commit_times() const { return impl_->store_thread_.commit_times(); }

}  // namespace muster::registry
