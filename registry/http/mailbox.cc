#include "registry/http/mailbox.h"

#include <boost/asio/post.hpp>

namespace muster::registry::http {

void Mailbox::put(Event event) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      was_empty = events_.empty();
      events_.push_back(std::move(event));
    }
  }
  if (was_empty) return wake_();
  if (event.exchange) drop(std::move(event));  // not moved from: the box is closed
}

void Mailbox::take(std::vector<Event>& events) {
  const std::lock_guard lock(mutex_);
  events.swap(events_);
}

bool Mailbox::has_events() {
  const std::lock_guard lock(mutex_);
  return !events_.empty();
}

void Mailbox::close() {
  std::vector<Event> late;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    late.swap(events_);
  }
  for (Event& event : late) drop(std::move(event));
}

void Mailbox::drop(Event event) {
  if (event.piece) event.exchange->sent(event.piece->size());
  if (event.gone) boost::asio::post(io_, std::move(event.gone));
}

}  // namespace muster::registry::http
