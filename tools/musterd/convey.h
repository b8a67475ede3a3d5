// Work in two steps on two threads, part by part: the start's reading and restoring, restoring and
// publishing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace muster::tools {

// Between the two: at most so many parts wait. Either side may end it.
template <class Part>
class Belt {
 public:
  static constexpr std::size_t kParts = 8;

  // False: nobody takes parts any more.
  bool put(Part part) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return parts_.size() < kParts || ended_; });
    if (ended_) return false;
    parts_.push_back(std::move(part));
    changed_.notify_all();
    return true;
  }
  // Nothing: there will be no more.
  std::optional<Part> take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !parts_.empty() || ended_; });
    if (parts_.empty()) return std::nullopt;
    std::optional<Part> part(std::move(parts_.front()));
    parts_.pop_front();
    changed_.notify_all();
    return part;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> parts_;
  bool ended_ = false;
};

// Which of the two works on the caller's thread; the other gets one of its own. What was allocated here is
// best freed here: both threads would wait for each other's arena else.
enum class Here : std::uint8_t { makes, uses };

// `make` hands its parts over (false: it may stop); `use` gets them on another thread, in the same order.
// What either has done happens before this returns. What either throws is thrown here, once both have ended.
template <class Part>
void convey(const std::function<void(const std::function<bool(Part)>& hand_over)>& make,
            const std::function<void(Part)>& use, Here here) {
  Belt<Part> belt;
  const auto guarded = [&belt](const auto& work) -> std::exception_ptr {
    std::exception_ptr failure;
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    belt.end();
    return failure;
  };
  const std::function<void()> making = [&] { make([&](Part part) { return belt.put(std::move(part)); }); };
  const std::function<void()> taking = [&] {
    while (auto part = belt.take()) use(std::move(*part));
  };
  std::exception_ptr theirs;
  std::thread other([&] { theirs = guarded(here == Here::makes ? taking : making); });
  const std::exception_ptr ours = guarded(here == Here::makes ? making : taking);
  other.join();
  if (ours) std::rethrow_exception(ours);
  if (theirs) std::rethrow_exception(theirs);
}

}  // namespace muster::tools
