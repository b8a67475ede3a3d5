#include "tools/load/dns_update.h"

#include <arpa/inet.h>

#include <cstring>

#include "tools/load/workload.h"

namespace muster::load {

namespace {

constexpr unsigned kOpcodeUpdate = 5 << 11;
constexpr unsigned kSoa = 6;
constexpr unsigned kA = 1;
constexpr unsigned kIn = 1;
constexpr unsigned kAny = 255;
constexpr unsigned kTtl = 30;

}  // namespace

std::string member_name(const Fleet& fleet, Member member, const std::string& domain) {
  return "i" + std::to_string(member.instance) + "." + fleet.prefix + std::to_string(member.service) + "." +
         domain;
}

std::string fresh_address(std::size_t number) {
  return "198." + std::to_string(18 + (number >> 16 & 1)) + "." + std::to_string(number >> 8 & 255) + "." +
         std::to_string(number & 255);
}

UpdateMessage::UpdateMessage(const std::string& zone) : octets_(12, 0) {
  const auto name = wire_name(zone);
  octets_.insert(octets_.end(), name.begin(), name.end());
  put16(kSoa);
  put16(kIn);
}

void UpdateMessage::put16(unsigned value) {
  octets_.push_back(static_cast<std::uint8_t>(value >> 8));
  octets_.push_back(static_cast<std::uint8_t>(value & 0xff));
}

void UpdateMessage::replace(const std::string& owner, const std::string& address) {
  const auto name = wire_name(owner);
  for (const bool add : {false, true}) {
    octets_.insert(octets_.end(), name.begin(), name.end());
    put16(kA);
    put16(add ? kIn : kAny);  // class ANY without rdata deletes the RRset (RFC 2136 §2.5.2)
    put16(0);
    put16(add ? kTtl : 0);
    put16(add ? 4 : 0);
    ++updates_;
  }
  in_addr octets{};
  inet_pton(AF_INET, address.c_str(), &octets);
  const std::size_t at = octets_.size();
  octets_.resize(at + sizeof octets);
  std::memcpy(&octets_[at], &octets, sizeof octets);
}

const std::vector<std::uint8_t>& UpdateMessage::message(std::uint16_t id) {
  const unsigned words[] = {id, kOpcodeUpdate, 1, 0, updates_, 0};
  for (std::size_t i = 0; i < 6; ++i) {
    octets_[2 * i] = static_cast<std::uint8_t>(words[i] >> 8);
    octets_[2 * i + 1] = static_cast<std::uint8_t>(words[i] & 0xff);
  }
  return octets_;
}

}  // namespace muster::load
