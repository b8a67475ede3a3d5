// What the Lyft discovery service's clients send, read strictly: parameters into a Registration or the one
// error that answers it. Where the original answered 500 or stored nonsense, this answers 400. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/http/form.h"
#include "registry/net/ip_address.h"
#include "registry/net/result.h"

namespace muster::registry::api {

struct LyftConfig {
  Millis host_ttl{600'000};
  std::string env = "development";
  std::vector<net::IpPrefix> auto_ip = {*net::parse_prefix("192.168.0.0/16")};
  std::vector<net::IpPrefix> trusted_proxies;  // whose X-Forwarded-For is believed by auto_ip
  bool only_ready = false;                     // GET lists serving hosts only
};

// In the order of the checks.
enum class LyftError : std::uint8_t {
  bad_parameters,  // 400 {}
  bad_tags,        // 400 {"error":"Invalid json supplied in tags"}
  weight_missing,  // 400 {"error":"Required parameter 'weight' is missing."}
  weight_invalid,  // 400 {"error":"Invalid load_balancing_weight. …"}
  host_not_found,  // 404 {"error":"Host not found"}
};
int status_of(LyftError error);
std::string_view body_of(LyftError error);

// Who sends, as far as auto_ip asks.
struct LyftSender {
  net::IpAddress peer;
  std::string_view forwarded_for;  // X-Forwarded-For, "" without
};

constexpr std::size_t kMaxLyftTags = 64 * 1024;  // octets of one host's tags

using LyftRegistration = net::Result<Registration, LyftError>;
LyftRegistration read_lyft_registration(std::string service, const http::FormFields& fields,
                                        const LyftSender& sender, const LyftConfig& config);

// The weight of both loadbalancing routes, 1..100.
net::Result<std::uint16_t, LyftError> read_lyft_weight(const http::FormFields& fields);
// Puts the weight into the tags of a host; the rest stays.
Amend set_lyft_weight(std::uint16_t weight);

// The instance id of a host, "10-0-0-1"; nullopt: not four decimal octets.
std::optional<std::string> lyft_id(std::string_view ip);
// Blanks around, a sign, ASCII digits; saturates.
std::optional<std::int64_t> read_lyft_integer(std::string_view text);

}  // namespace muster::registry::api
