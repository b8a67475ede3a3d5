#include "registry/store/store_thread.h"

#include <algorithm>
#include <utility>

#include "registry/net/thread_name.h"

namespace muster::registry {

using std::chrono::steady_clock;

StoreThread::StoreThread(Store& store, StoreConfig config, Settle settle)
    : store_(store), config_(std::move(config)), settle_(std::move(settle)) {}

StoreThread::~StoreThread() { stop(); }

void StoreThread::start() {
  if (!store_.is_instant()) {
    thread_ = std::thread([this] {
      net::name_this_thread("muster-store");
      loop();
    });
  }
  started_ = true;
}

void StoreThread::stop() {
  if (!std::exchange(started_, false)) return;
  if (store_.is_instant()) return store_.close();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  store_.close();
}

void StoreThread::put(Rows rows, Acknowledges waiting) {
  if (rows.empty() && waiting.empty()) return;
  if (store_.is_instant()) {
    const Durability how{rows.empty() || commit(rows)};
    if (!waiting.empty()) settle_(std::move(waiting), how);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    incoming_.rows.add(std::move(rows));
    for (Acknowledge& one : waiting) incoming_.waiting.push_back(std::move(one));
    waiting_rows_ = incoming_.rows.size() + committing_;
  }
  wake_.notify_one();
}

bool StoreThread::has_room() const {
  return waiting_rows_ < config_.max_pending_rows && unsaved_rows_ < config_.max_unsaved_rows;
}

StoreState StoreThread::state() const {
  const std::lock_guard lock(mutex_);
  StoreState state = state_;
  state.pending_rows = waiting_rows_ + unsaved_rows_;
  return state;
}

void StoreThread::loop() {
  for (bool more = true; more;) {
    Load load = next_load();
    if (!load.rows.empty() || !load.waiting.empty())
      save(std::move(load));
    else if (!is_down())
      look_after();
    if (is_down() && steady_clock::now() >= retry_at_) retry();
    const std::lock_guard lock(mutex_);
    more = !stopping_ || has_work();
  }
  if (is_down()) commit(unsaved_.rows());  // the last chance
}

// Sleeps until there is work, a retry is due, or an idle store wants to be looked after.
StoreThread::Load StoreThread::next_load() {
  std::unique_lock lock(mutex_);
  const auto until = is_down() ? retry_at_ : steady_clock::now() + config_.check_every;
  wake_.wait_until(lock, until, [this] { return stopping_ || has_work(); });
  if (config_.commit_every > Millis(0) && has_work())
    wake_.wait_for(lock, config_.commit_every, [this] { return stopping_; });
  committing_ = incoming_.rows.size();
  return std::exchange(incoming_, {});
}

void StoreThread::save(Load load) {
  bool durable = !is_down();
  if (durable && !load.rows.empty()) durable = commit(load.rows.rows());
  if (!durable) keep(std::move(load.rows));
  {
    const std::lock_guard lock(mutex_);
    committing_ = 0;
    waiting_rows_ = incoming_.rows.size();
  }
  if (!load.waiting.empty()) settle_(std::move(load.waiting), Durability{durable});
}

void StoreThread::keep(RowBatch rows) {
  if (!is_down()) retry_at_ = steady_clock::now() + config_.retry_every;
  unsaved_.add(std::move(rows));
  unsaved_rows_ = unsaved_.size();
}

void StoreThread::retry() {
  if (commit(unsaved_.rows())) unsaved_.clear();
  unsaved_rows_ = unsaved_.size();
  retry_at_ = steady_clock::now() + config_.retry_every;
}

bool StoreThread::commit(const Rows& rows) {
  const auto begin = steady_clock::now();
  CommitResult result = store_.commit(rows);
  const auto span = steady_clock::now() - begin;
  const auto took = std::chrono::duration_cast<Millis>(span);
  commit_times_.add(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(span).count()));
  Checkpoints checkpoints = store_.checkpoints();
  const std::lock_guard lock(mutex_);
  state_.checkpoints = std::move(checkpoints);
  state_.healthy = result.ok;
  state_.last_error = std::move(result.message);
  state_.last_commit = took;
  state_.slowest_commit = std::max(state_.slowest_commit, took);
  state_.commits += result.ok;
  state_.rows += result.ok ? rows.size() : 0;
  state_.errors += !result.ok;
  return result.ok;
}

void StoreThread::look_after() {
  CommitResult result = store_.check();
  Checkpoints checkpoints = store_.checkpoints();
  const std::lock_guard lock(mutex_);
  state_.checkpoints = std::move(checkpoints);
  state_.healthy = result.ok;
  state_.last_error = std::move(result.message);
}

}  // namespace muster::registry
