// The configuration of all threads that answer, replaceable while they do: keys, secrets and limits change by
// a reload, the cookie secret every day. Each thread works with a copy of its own and looks once a batch,
// with one relaxed load, whether there is a newer one.
//
// Thread safety: any thread may set and get.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>

#include "dns/config.h"

namespace muster::dns {

class LiveConfig {
 public:
  explicit LiveConfig(AnswerConfig config) : config_(std::move(config)) {}

  void set(AnswerConfig config) {
    const std::lock_guard lock(mutex_);
    config_ = std::move(config);
    generation_.fetch_add(1, std::memory_order_relaxed);
  }
  AnswerConfig get() const {
    const std::lock_guard lock(mutex_);
    return config_;
  }
  // Changes with the configuration; the mutex orders what it stands for.
  std::uint64_t generation() const { return generation_.load(std::memory_order_relaxed); }

 private:
  mutable std::mutex mutex_;  // guards config_
  AnswerConfig config_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace muster::dns
