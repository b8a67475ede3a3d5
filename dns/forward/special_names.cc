#include "dns/forward/special_names.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "zones/name.h"
#include "zones/wire_name.h"

namespace muster::dns {

namespace {

struct Listed {
  std::string wire;
  SpecialKind kind;
  bool operator<(const Listed& other) const { return wire < other.wire; }
};

// RFC 6303 §4 but for the root of multicast; RFC 7793 (100.64.0.0/10); RFC 8375.
constexpr std::string_view kPrivateZones[] = {
    "10.in-addr.arpa.",
    "168.192.in-addr.arpa.",
    "0.in-addr.arpa.",
    "127.in-addr.arpa.",
    "254.169.in-addr.arpa.",
    "2.0.192.in-addr.arpa.",
    "100.51.198.in-addr.arpa.",
    "113.0.203.in-addr.arpa.",
    "255.255.255.255.in-addr.arpa.",
    "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
    "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
    "d.f.ip6.arpa.",
    "8.e.f.ip6.arpa.",
    "9.e.f.ip6.arpa.",
    "a.e.f.ip6.arpa.",
    "b.e.f.ip6.arpa.",
    "8.b.d.0.1.0.0.2.ip6.arpa.",
    "home.arpa."};

std::string wire_of(std::string_view text) {
  zones::WireName name;
  static_cast<void>(zones::read_name(text, std::string_view("\0", 1), name));
  return std::string(name.view());
}

std::vector<Listed> make_list() {
  std::vector<Listed> list;
  for (const std::string_view zone : kPrivateZones)
    list.push_back({wire_of(zone), SpecialKind::private_zone});
  for (int i = 16; i < 32; ++i)
    list.push_back({wire_of(std::to_string(i) + ".172.in-addr.arpa."), SpecialKind::private_zone});
  for (int i = 64; i < 128; ++i)
    list.push_back({wire_of(std::to_string(i) + ".100.in-addr.arpa."), SpecialKind::private_zone});
  list.push_back({wire_of("localhost."), SpecialKind::localhost});
  for (const std::string_view name : {"invalid.", "local.", "onion."})
    list.push_back({wire_of(name), SpecialKind::never});
  std::sort(list.begin(), list.end());
  return list;
}

const std::vector<Listed>& all() {
  static const std::vector<Listed> list = make_list();
  return list;
}

// That of ::1 is the apex of its zone.
const std::array<std::string, 2>& loopback_pointers() {
  static const std::array<std::string, 2> names = {
      wire_of("1.0.0.127.in-addr.arpa."),
      wire_of("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.")};
  return names;
}

}  // namespace

SpecialName special_name(std::string_view folded) {
  for (std::string_view end = folded; end.size() > 1; end = zones::parent_of(end)) {
    const auto found =
        std::lower_bound(all().begin(), all().end(), end,
                         [](const Listed& one, std::string_view wire) { return one.wire < wire; });
    if (found != all().end() && found->wire == end) return {found->kind, end};
  }
  return {};
}

bool is_loopback_pointer(std::string_view folded) {
  return folded == loopback_pointers()[0] || folded == loopback_pointers()[1];
}

bool is_above_loopback(std::string_view folded) {
  return folded.size() < loopback_pointers()[0].size() &&
         zones::is_at_or_below(loopback_pointers()[0], folded);
}

}  // namespace muster::dns
