// The store's one thread: takes rows from the control thread and commits them in groups. A commit starts as
// soon as the one before has ended; what arrives meanwhile is the next one, and whoever waits for it is told
// together.
//
// When a commit fails the registry works on: its rows are kept, the last word on each key, waiting writers
// are told that they are not durable, and every second all that is kept is tried again as one transaction.
//
// An instant store has no thread: put() commits and tells at once.
//
// Thread safety: everything from any thread, put() by one at a time; the Store belongs to this object's
// thread from start() to stop().
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "registry/store/durability.h"
#include "registry/store/row_batch.h"
#include "registry/store/store.h"

namespace muster::registry {

class StoreThread {
 public:
  // Tells a whole batch of waiting writers at once; called on the store thread, or within put().
  using Settle = std::function<void(Acknowledges waiting, Durability)>;

  StoreThread(Store& store, StoreConfig config, Settle settle);
  ~StoreThread();  // stops
  void start();
  void stop();  // commits what waits, once, and closes the store
  // `waiting` is told when the rows, and all that came before them, are committed or have failed.
  void put(Rows rows, Acknowledges waiting);
  // False while as many rows wait as may: new writes are to be refused. Heartbeats write no rows and go on.
  bool has_room() const;
  StoreState state() const;
  const CommitTimes& commit_times() const { return commit_times_; }  // of those that failed, too

 private:
  struct Load {
    RowBatch rows;
    Acknowledges waiting;
  };
  void loop();
  Load next_load();
  bool has_work() const { return !incoming_.rows.empty() || !incoming_.waiting.empty(); }
  bool is_down() const { return !unsaved_.empty(); }
  void save(Load load);
  void retry();
  bool commit(const Rows& rows);
  void keep(RowBatch rows);
  void look_after();

  Store& store_;
  const StoreConfig config_;
  const Settle settle_;
  CommitTimes commit_times_;
  RowBatch unsaved_;  // of failed commits; the thread's own
  std::chrono::steady_clock::time_point retry_at_{};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Load incoming_;
  std::size_t committing_ = 0;  // rows taken from incoming_ whose commit has not ended
  bool stopping_ = false;
  StoreState state_;
  std::atomic<std::size_t> waiting_rows_{0};  // incoming and committing
  std::atomic<std::size_t> unsaved_rows_{0};
  bool started_ = false;
  std::thread thread_;
};

}  // namespace muster::registry
