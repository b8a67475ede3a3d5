#include "dns/desk_queue.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "dns/opcode.h"

namespace muster::dns {

DeskQueue::DeskQueue(boost::asio::any_io_executor executor, Handlers handlers)
    : executor_(std::move(executor)), state_(std::make_shared<State>()) {
  state_->handlers = std::move(handlers);
}

DeskQueue::~DeskQueue() { state_->closed = true; }

bool DeskQueue::take(Handed handed) {
  if (state_->waiting.fetch_add(1, std::memory_order_relaxed) >= kWaiting) {
    state_->waiting.fetch_sub(1, std::memory_order_relaxed);
    state_->refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  boost::asio::post(executor_, [state = state_, handed = std::move(handed)]() mutable {
    state->waiting.fetch_sub(1, std::memory_order_relaxed);
    if (state->closed) return;
    const auto opcode = static_cast<Opcode>(handed.packet[2] >> 3 & 0xf);
    const Handler& handler = opcode == Opcode::update ? state->handlers.update : state->handlers.transfer;
    if (handler) handler(std::move(handed));
  });
  return true;
}

}  // namespace muster::dns
