// How answers come home: any thread puts events in, the connection's strand takes them all at once. It
// outlives the connection, because whoever holds a Reply may let go of it long after the peer, or the server,
// has gone.
//
// Thread safety: all of it. Events of one exchange stay in the order in which they were put.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <mutex>
#include <vector>

#include "registry/http/exchange.h"

namespace muster::registry::http {

class Mailbox {
 public:
  // `wake` is called, outside the lock, once for each time the box stops being empty.
  Mailbox(boost::asio::io_context::executor_type io, std::function<void()> wake)
      : io_(io), wake_(std::move(wake)) {}

  void put(Event event);
  // Swaps the waiting events with `events`, which must be empty.
  void take(std::vector<Event>& events);
  bool has_events();
  // What comes later is dropped; those who ask to be told that the peer has gone are told.
  void close();

 private:
  void drop(Event event);

  const boost::asio::io_context::executor_type io_;
  const std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Event> events_;  // guarded by mutex_
  bool closed_ = false;        // guarded by mutex_
};

}  // namespace muster::registry::http
