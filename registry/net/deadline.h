// A limit of time that may be moved or lifted: what it runs is run once, and never after clear() or a later
// set().
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "registry/net/clock.h"
#include "registry/net/socket.h"
#include "registry/net/unique_function.h"

namespace muster::net {

// Belongs to its strand.
class Deadline {
 public:
  explicit Deadline(const Strand& strand) : timer_(strand), turn_(std::make_shared<std::uint64_t>(0)) {}
  ~Deadline() { ++*turn_; }

  // Nothing for `span`: no limit.
  void set(std::optional<Millis> span, UniqueFunction<void()> passed) {
    clear();
    if (!span) return;
    timer_.expires_after(*span);
    // A timer that has gone off cannot be called back from the queue; its turn tells it apart.
    timer_.async_wait(
        [turn = turn_, mine = *turn_, passed = std::move(passed)](boost::system::error_code) mutable {
          if (*turn == mine) passed();
        });
  }
  void clear() {
    ++*turn_;
    timer_.cancel();
  }

 private:
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, Strand>
      timer_;
  std::shared_ptr<std::uint64_t> turn_;
};

}  // namespace muster::net
