#include "zones/rendezvous.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace muster::zones {

namespace {
constexpr std::size_t kNetworkMost = 2 + 16 + 1;
constexpr std::size_t kIdMost = 255 + 1 + 45;  // an instance's, and perhaps "/" and one of its addresses
}  // namespace

net::IpPrefix network_of(net::IpAddress address, std::uint8_t prefix_length) {
  const std::size_t whole = prefix_length / 8;
  for (std::size_t i = whole; i < address.size(); ++i) {
    const unsigned kept = i == whole ? prefix_length % 8 : 0;
    address.octets[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return {address, prefix_length};
}

net::IpPrefix asking_network(const net::IpAddress& address, std::uint8_t prefix_length) {
  constexpr std::uint8_t kBits4 = 24;
  constexpr std::uint8_t kBits6 = 56;
  return network_of(address, std::min(prefix_length, address.family == net::Family::v4 ? kBits4 : kBits6));
}

std::uint64_t rendezvous_hash(const ClientNetwork& client, std::string_view id) {
  std::array<std::uint8_t, kNetworkMost + kIdMost> message;
  std::size_t size = 0;
  message[size++] = client.prefix.address.family == net::Family::v4 ? 4 : 6;
  message[size++] = client.prefix.length;
  for (std::size_t i = 0; i < (client.prefix.length + 7U) / 8; ++i)
    message[size++] = client.prefix.address.octets[i];
  message[size++] = 0;
  id = id.substr(0, kIdMost);
  if (!id.empty()) std::memcpy(message.data() + size, id.data(), id.size());
  const auto octets = siphash<1, 3>(client.key, {message.data(), size + id.size()});
  std::uint64_t hash = 0;
  for (std::size_t i = octets.size(); i-- > 0;) hash = hash << 8 | octets[i];
  return hash;
}

double rendezvous_score(std::uint64_t hash, std::uint32_t weight) {
  const double u = (static_cast<double>(hash >> 11) + 0.5) * 0x1.0p-53;
  return weight / -std::log(u);
}

}  // namespace muster::zones
