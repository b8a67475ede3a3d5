#include "registry/store/checkpointer.h"

#include <sqlite3.h>

#include "registry/net/thread_name.h"

namespace muster::registry {

using std::chrono::steady_clock;

Checkpointer::Checkpointer(std::string path, CheckpointConfig config)
    : path_(std::move(path)), config_(config), next_bytes_(config.passive_bytes), thread_([this] {
        net::name_this_thread("muster-wal");
        loop();
      }) {}

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Checkpointer::committed(std::uint64_t log_bytes) {
  bool wake = false;
  {
    std::unique_lock lock(mutex_);
    resumed_.wait(lock, [this] { return !writer_pauses_; });
    ++commits_;
    last_commit_ = steady_clock::now();
    if (log_bytes < log_bytes_) next_bytes_ = config_.passive_bytes;  // the log began anew
    log_bytes_ = log_bytes;
    wake = due();
  }
  if (wake) wake_.notify_one();
}

Checkpoints Checkpointer::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

// Without a commit to look after it sleeps for whole spans, so that a commit never has to wake it.
void Checkpointer::loop() {
  std::unique_lock lock(mutex_);
  std::uint64_t done = 0;  // commits that the last checkpoint saw
  while (!stopping_) {
    const bool waits_for_quiet = commits_ != done;
    const auto until = (waits_for_quiet ? last_commit_ : steady_clock::now()) + config_.idle;
    const bool large = wake_.wait_until(lock, until, [this] { return stopping_ || due(); });
    const bool idle = waits_for_quiet && last_commit_ + config_.idle <= steady_clock::now();
    if (stopping_ || !(large || idle)) continue;
    done = commits_;
    const bool restart = log_bytes_ >= config_.restart_bytes;
    next_bytes_ = log_bytes_ + config_.passive_bytes;
    lock.unlock();
    std::string error = checkpoint(restart);
    lock.lock();
    ++state_.runs;
    state_.errors += !error.empty();
    state_.last_error = std::move(error);
  }
}

// What went wrong; empty: nothing.
std::string Checkpointer::checkpoint(bool restart) {
  std::string error = run(SQLITE_CHECKPOINT_PASSIVE);
  if (!restart || !error.empty()) return error;
  const auto pause = [this](bool on) {
    const std::lock_guard lock(mutex_);
    writer_pauses_ = on;
  };
  pause(true);
  error = run(SQLITE_CHECKPOINT_RESTART);
  pause(false);
  resumed_.notify_one();
  return error;
}

// What hinders a checkpoint need not hinder a commit: this is the only place that sees it.
std::string Checkpointer::run(int mode) {
  try {
    if (!connection_) {
      Connection fresh(path_, Connection::Mode::create);
      fresh.number("PRAGMA schema_version");  // before its first read it does not know that there is a log
      connection_ = std::move(fresh);
    }
    const int code = sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, mode, nullptr, nullptr);
    // Busy: another connection copies just now; or a long reader, a backup say, holds the log, which matters.
    if (code == SQLITE_OK || (code == SQLITE_BUSY && mode == SQLITE_CHECKPOINT_PASSIVE)) return "";
    const std::string error = path_ + ": checkpoint: " + sqlite3_errmsg(connection_.get());
    connection_ = {};
    return error;
  } catch (const SqliteError& error) {
    connection_ = {};
    return path_ + ": checkpoint: " + error.what();
  }
}

}  // namespace muster::registry
