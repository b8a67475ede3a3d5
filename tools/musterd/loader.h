// The loader: one thread for work that may take seconds, which is reading master files, reloads, and writing whole zones
// out. It waits for the control thread, which never waits for it.
//
// Few zones may wait to be written, since each is held in memory until its reader has taken it; requests to reload by
// signal are one request while none of them has begun. Once stop() is called nothing that waits is begun: whoever waits
// is told at once.
//
// Thread safety: any thread; start() once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "registry/net/unique_function.h"

namespace muster::tools {

class Loader {
 public:
  static constexpr std::size_t kDumpsWaiting = 2;

  enum class Now : std::uint8_t { run, stopping };  // stopping: the work is not done, tell whoever waits for it
  using Work = net::UniqueFunction<void(Now)>;

  ~Loader() { stop(); }  // and joins
  void start();
  void post(Work work);
  // Unless one that post_once() took still waits.
  void post_once(Work work);
  // False: as many wait as may; counted.
  [[nodiscard]] bool post_dump(Work work);
  // Tells all that wait; what runs is asked to end early, and not waited for.
  void request_stop();
  void stop();  // request_stop(), and waits
  const std::atomic<bool>& stopping() const { return stopping_; }
  std::uint64_t dumps_refused() const { return dumps_refused_; }

 private:
  enum class Kind : std::uint8_t { any, once, dump };
  struct Waiting {
    Kind kind;
    Work work;
  };
  bool add(Kind kind, Work work, std::size_t most);
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> waiting_;
  std::atomic<bool> stopping_{false};  // set under mutex_
  std::atomic<std::uint64_t> dumps_refused_{0};
  std::thread thread_;
};

}  // namespace muster::tools
