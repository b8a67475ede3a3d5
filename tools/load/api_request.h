// Requests to musterd's native API for the benchmark's services: PREFIX0, PREFIX1, … with the instances i0,
// i1, … of weights 10, 20, 30, … and one port named http. All lives have one generation, so that a heartbeat
// of one run renews what another registered.
#pragma once

#include <cstddef>
#include <string>

namespace muster::load {

struct Fleet {
  std::string prefix = "web-";
  std::size_t services = 1000;
  std::size_t instances = 3;
  std::string lease = "1h";
  std::size_t tags = 0;
  bool dual_stack = false;  // an IPv6 address beside each IPv4 one
};

struct Member {
  std::size_t service = 0;
  std::size_t instance = 0;
};

inline unsigned usual_weight(Member member) { return 10 * static_cast<unsigned>(member.instance % 6000 + 1); }
// 10.0.0.0/8 and 2001:db8::/96, distinct for 16 million members; the benchmark's zone file has the same.
std::string usual_address(const Fleet& fleet, Member member);
std::string usual_address6(const Fleet& fleet, Member member);

std::string put(const Fleet& fleet, Member member, const std::string& address, unsigned weight);
std::string heartbeat(const Fleet& fleet, Member member);

// POST of many elements: /api/v1/registrations or /api/v1/heartbeats.
class BatchRequest {
 public:
  void add_registration(const Fleet& fleet, Member member, const std::string& address);
  void add_heartbeat(const Fleet& fleet, Member member);
  std::size_t size() const { return size_; }
  std::string request(const std::string& path) const;

 private:
  void begin_element(const Fleet& fleet, Member member);

  std::string elements_;
  std::size_t size_ = 0;
};

}  // namespace muster::load
