// Where an instance is reached when that is told by a URL: the URL as it was written, which DNS publishes
// octet for octet (RFC 7553), and what of it makes an address and a port. A URL may have no host (`jms:/Q.x`,
// `file:///x`, `mailto:a@b`); then it is all there is to publish.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/net/ip_address.h"
#include "registry/net/result.h"

namespace muster::registry {

// The address types that can be published. `prefix`: a URL that the client completes.
enum class AddressType : std::uint8_t { url, prefix };
std::string_view to_string(AddressType type);
std::optional<AddressType> address_type_from(std::string_view word);
// Why a type of UltraESB's that is known cannot be published, as a sentence; nullopt: it is none of these.
std::optional<std::string> why_not_publishable(std::string_view type);

struct UrlAddress {
  std::string url;  // as written
  AddressType type = AddressType::url;
  std::string host;        // a name in lower case, to be looked up; "": a literal, or none
  std::uint16_t port = 0;  // 0: it has no host
  bool operator==(const UrlAddress&) const = default;
};

struct InstanceBody;

// Reads a URL (RFC 3986) into `url`, `addresses` and `ports` of a body that has none of them: a literal
// becomes its address, the port has the scheme's name where that makes a label. On failure what is wrong and
// how to mend it, to be said after the field's name; the body is as it was.
std::optional<std::string> take_url(std::string_view text, AddressType type, InstanceBody& body);

// It has a URL, and that has no host: nobody can connect to it, no check can look at it.
bool is_hostless(const InstanceBody& body);
// Its addresses are those of a host name.
bool is_by_host(const InstanceBody& body);
// They are, and none is known yet.
bool is_unresolved(const InstanceBody& body);

// The port that URLs of a scheme have when they do not say; 0: none is known.
struct SchemePort {
  std::string_view scheme;
  std::uint16_t port;
  bool is_udp;
};
const SchemePort* known_scheme(std::string_view scheme);

}  // namespace muster::registry
