// Asks suspects whether they are still there: takes those that are due from the registry, connects to their first TCP port,
// and hands the verdict back to the control thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "registry/control.h"

namespace muster::tools {

class Suspects {
 public:
  Suspects(boost::asio::any_io_executor io, registry::Control& control) : io_(std::move(io)), control_(control) {}
  // On the control thread, every tick.
  void probe(registry::Registry& registry, net::Instant now);

 private:
  boost::asio::any_io_executor io_;
  registry::Control& control_;
};

}  // namespace muster::tools
