#include "tools/muster/resolver/target.h"

#include <algorithm>

namespace muster::resolver {

namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kLabelMost = 63;
constexpr std::size_t kNameMost = 253;  // RFC 1035 §3.1: 255 octets on the wire

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMost && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

net::IpAddress loopback(net::Family family) {
  return *net::parse_ip(family == net::Family::v4 ? "127.0.0.1" : "::1");
}

// As this node reaches it; nullopt: it does not.
std::optional<net::Endpoint> reached(net::Endpoint listener, std::string_view host) {
  const auto host_address = net::parse_ip(host);
  const bool is_here = host == "localhost" || (host_address && host_address->is_loopback());
  if (listener.address.is_unspecified()) {
    if (is_here) {
      listener.address = loopback(listener.address.family);
    } else if (host_address && host_address->family == listener.address.family) {
      listener.address = *host_address;
    } else {
      return std::nullopt;
    }
  }
  if (listener.address.is_loopback() && !is_here) return std::nullopt;
  return listener;
}

std::string joined(const std::vector<net::Endpoint>& listeners) {
  std::string text;
  for (const net::Endpoint& each : listeners) text += (text.empty() ? "" : ", ") + net::to_string(each);
  return text.empty() ? "nowhere" : text;
}

}  // namespace

std::optional<std::string> domain_of(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kNameMost) return std::nullopt;
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  std::string_view label;
  for (std::size_t at = 0; at <= name.size(); at += label.size() + 1) {
    label = std::string_view(name).substr(at);
    label = label.substr(0, label.find('.'));
    if (!is_label(label)) return std::nullopt;
  }
  // No top-level domain is a number (RFC 3696 §2): an address was meant.
  if (std::none_of(label.begin(), label.end(), is_letter)) return std::nullopt;
  return name;
}

net::Result<net::Endpoint, std::string> choose_listener(const std::vector<net::Endpoint>& listeners,
                                                        std::string_view host, bool port_53) {
  std::vector<net::Endpoint> found;
  for (const net::Endpoint& listener : listeners) {
    if (const auto here = reached(listener, host)) found.push_back(*here);
  }
  if (found.empty())
    return "musterd answers DNS at " + joined(listeners) +
           ", which this node cannot ask: let it listen at an address of its network ([dns] listen), or say "
           "one with --address";
  if (port_53) {
    const auto good = std::find_if(found.begin(), found.end(),
                                   [](const net::Endpoint& each) { return each.port == kDnsPort; });
    if (good == found.end()) return trouble_of_port(found.front());
    return *good;
  }
  return found.front();
}

std::string host_of(std::string_view url) {
  if (const auto scheme = url.find("://"); scheme != url.npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const auto user = url.rfind('@'); user != url.npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find(':')));
}

std::string trouble_of_port(const net::Endpoint& server) {
  if (server.port == kDnsPort) return "";
  const bool is_loopback = server.address.is_loopback();
  const net::Endpoint with_53{server.address, kDnsPort};
  return "musterd answers at " + net::to_string(server) +
         ", but such a file knows addresses only, and port 53 is asked there: let musterd listen there too, "
         "[dns] listen = [\"" +
         net::to_string(server) + "\", \"" + net::to_string(with_53) + "\"]" +
         (is_loopback ? " (another loopback address, as 127.0.0.2:53, where that is taken)" : "") +
         ", and restart it; or put a resolver that knows ports between: --kind systemd-resolved, unbound or "
         "dnsmasq";
}

}  // namespace muster::resolver
