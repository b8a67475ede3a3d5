// Moves what the write-ahead log holds into the database, on a connection and a thread of its own: a
// checkpoint on the writer's connection stalls a commit by 40 to 400 ms (measured), from here by less than 8
// ms.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "registry/net/clock.h"
#include "registry/store/sqlite.h"
#include "registry/store/store.h"

namespace muster::registry {

struct CheckpointConfig {
  std::uint64_t passive_bytes = 16ull << 20;   // of log: copy what can be copied without waiting
  std::uint64_t restart_bytes = 256ull << 20;  // wait until the log can begin anew
  net::Millis idle{5'000};                     // after the last commit: so soon is what was written settled
};

class Checkpointer {
 public:
  explicit Checkpointer(std::string path, CheckpointConfig config = {});
  ~Checkpointer();  // stops; a running checkpoint is finished
  // After each commit, from the writer's thread: the log's size. Waits while the log is begun anew.
  void committed(std::uint64_t log_bytes);
  Checkpoints state() const;  // of those that have ended

 private:
  void loop();
  bool due() const { return log_bytes_ >= next_bytes_; }
  std::string checkpoint(bool restart);
  std::string run(int mode);

  const std::string path_;
  const CheckpointConfig config_;
  Connection connection_;  // the thread's own
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable resumed_;
  bool stopping_ = false;
  bool writer_pauses_ = false;
  std::uint64_t commits_ = 0;
  std::chrono::steady_clock::time_point last_commit_{};
  std::uint64_t log_bytes_ = 0;
  std::uint64_t next_bytes_;  // the log's size at which the next checkpoint starts
  Checkpoints state_;
  std::thread thread_;
};

}  // namespace muster::registry
