// Sends what the schedule of notifications says, over UDP from our own addresses, and gives it the answers.
//
// Thread safety: one thread, the one that runs the executor's context.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <vector>

#include "dns/notify.h"

namespace muster::dns {

class Notifier {
 public:
  // Leaves from the first of `listen` that has the target's family, so that secondaries see the address that
  // they know us by.
  Notifier(boost::asio::any_io_executor executor, const std::vector<net::Endpoint>& listen);
  ~Notifier();

  void set_targets(NotifySchedule::Targets targets);
  void changed(SoaRecord soa);
  void stop();
  const NotifySchedule::Counts& counts() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace muster::dns
