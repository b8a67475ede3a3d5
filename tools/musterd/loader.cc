#include "tools/musterd/loader.h"

#include <algorithm>
#include <limits>

#include "registry/net/thread_name.h"
#include "tools/musterd/free_memory.h"

namespace muster::tools {

void Loader::start() {
  thread_ = std::thread([this] {
    net::name_this_thread("muster-loader");
    loop();
  });
}

void Loader::post(Work work) { add(Kind::any, std::move(work), std::numeric_limits<std::size_t>::max()); }

void Loader::post_once(Work work) { add(Kind::once, std::move(work), 1); }

bool Loader::post_dump(Work work) {
  if (add(Kind::dump, std::move(work), kDumpsWaiting)) return true;
  ++dumps_refused_;
  return false;
}

// False: `most` of the kind wait already.
bool Loader::add(Kind kind, Work work, std::size_t most) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) {
      const auto same = [kind](const Waiting& one) { return one.kind == kind; };
      if (static_cast<std::size_t>(std::count_if(waiting_.begin(), waiting_.end(), same)) >= most) return false;
      waiting_.push_back({kind, std::move(work)});
      wake_.notify_one();
      return true;
    }
  }
  work(Now::stopping);
  return true;
}

void Loader::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Work work = std::move(waiting_.front().work);
    waiting_.pop_front();
    lock.unlock();
    work(Now::run);
    work = {};
    return_free_memory();
    lock.lock();
  }
}

void Loader::request_stop() {
  std::deque<Waiting> told;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    told.swap(waiting_);
  }
  wake_.notify_one();
  for (Waiting& one : told) one.work(Now::stopping);
}

void Loader::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace muster::tools
