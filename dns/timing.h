// How long answering takes, without asking the clock for every query: one in 1,024 is timed. Over UDP queries
// are answered in batches whose passes interleave, so the batch that holds that query is timed as a whole and
// shared out evenly. System calls are not part of it.
#pragma once

#include <chrono>

#include "registry/net/histogram.h"

namespace muster::dns {

inline constexpr std::array<std::uint64_t, 11> kAnswerNanos = {
    100, 200, 300, 500, 1'000, 2'000, 5'000, 10'000, 50'000, 250'000, 1'000'000};
using AnswerTimes = net::Histogram<kAnswerNanos>;

inline constexpr std::array<std::uint64_t, 8> kBatchQueries = {1, 2, 4, 8, 16, 32, 63, 127};
using BatchSizes = net::Histogram<kBatchQueries>;

// Of one thread.
class Sampler {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kEvery = 1024;

  // True: a query to be timed is among the next `count`.
  bool is_due(std::size_t count) {
    if (left_ > count) {
      left_ -= count;
      return false;
    }
    left_ += kEvery - count;
    return true;
  }
  static std::uint64_t nanos_each(Clock::time_point begin, std::size_t count) {
    const auto span = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin);
    return static_cast<std::uint64_t>(span.count()) / count;
  }

 private:
  std::size_t left_ = kEvery;
};

}  // namespace muster::dns
