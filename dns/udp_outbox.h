// Replies over UDP that are ready in one turn and go out together: one system call, and one wake-up of a
// resolver that waits for many, instead of one for each.
//
// Thread safety: one thread's.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "dns/desk.h"

namespace muster::dns {

class UdpOutbox {
 public:
  void add(std::shared_ptr<Outlet> outlet, Octets message) {
    waiting_.emplace_back(std::move(outlet), std::move(message));
  }
  // How many did not get out: they are lost like any datagram.
  std::size_t flush();

 private:
  std::vector<std::pair<std::shared_ptr<Outlet>, Octets>> waiting_;
};

}  // namespace muster::dns
