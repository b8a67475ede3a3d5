// What one Mesos view says in the reverse zones. It is joined there with what others say, and goes with this.
#pragma once

#include <cstdint>

#include "zones/reverse_names.h"

namespace muster::zones {

class ReverseView {
 public:
  // `names` outlives this.
  ReverseView(ReverseNames& names, std::uint32_t ttl) : names_(names), id_(names.open_view(ttl)) {}
  ~ReverseView() {
    names_.close_view(id_);
    names_.flush();
  }
  ReverseView(const ReverseView&) = delete;
  ReverseView& operator=(const ReverseView&) = delete;

  void set_ttl(std::uint32_t ttl) { names_.set_ttl(id_, ttl); }
  // Each is visible after the next flush().
  void add(const net::IpAddress& address, const Name& target) { names_.add(address, id_, target); }
  void remove(const net::IpAddress& address, const Name& target) { names_.remove(address, id_, target); }
  void flush() { names_.flush(); }

 private:
  ReverseNames& names_;
  const ReverseNames::ViewId id_;
};

}  // namespace muster::zones
