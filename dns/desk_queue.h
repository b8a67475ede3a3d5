// A desk that works on an executor: what threads hand on waits there, a bounded number of queries, and goes
// to whoever answers it by opcode.
//
// Thread safety: take() and refused() from any thread; the rest, and the handlers, on the executor's thread.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "dns/desk.h"

namespace muster::dns {

class DeskQueue final : public Desk {
 public:
  static constexpr std::size_t kWaiting = 256;
  using Handler = std::function<void(Handed)>;

  struct Handlers {
    Handler transfer;  // AXFR, IXFR
    Handler update;
  };

  DeskQueue(boost::asio::any_io_executor executor, Handlers handlers);
  ~DeskQueue() override;  // what waits still is dropped

  bool take(Handed handed) override;
  std::uint64_t refused() const { return state_->refused.load(std::memory_order_relaxed); }

 private:
  struct State {
    Handlers handlers;
    std::atomic<std::size_t> waiting{0};
    std::atomic<std::uint64_t> refused{0};
    bool closed = false;
  };
  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace muster::dns
