#include "tools/muster/haproxy/labels.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "registry/label.h"
#include "registry/net/blanks.h"
#include "registry/net/ip_address.h"

namespace muster::haproxy {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPrefix = "HAPROXY_";
constexpr std::array kOfPorts = {"GROUP"sv,   "ENABLED"sv, "PORT"sv, "BIND_ADDR"sv, "MODE"sv,
                                 "BALANCE"sv, "VHOST"sv,   "PATH"sv, "STICKY"sv,    "BACKEND_WEIGHT"sv};
constexpr std::array kOfApps = {"GROUP"sv, "DEPLOYMENT_GROUP"sv, "DEPLOYMENT_COLOUR"sv,
                                "DEPLOYMENT_STARTED_AT"sv};
constexpr std::array kAlgorithms = {"roundrobin"sv, "static-rr"sv, "leastconn"sv,
                                    "first"sv,      "source"sv,    "random"sv};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// 1 to `most` octets of letters, digits and `others`.
bool is_word(std::string_view text, std::size_t most, std::string_view others) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != others.npos;
  });
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> parts_of(std::string_view list) {
  std::vector<std::string_view> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const std::string_view part = net::trimmed(list.substr(0, comma));
    if (!part.empty()) parts.push_back(part);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

// Reads the labels of one name each, and says which value it cannot take.
class Reader {
 public:
  Reader(const Labels& labels, const Warn& warn) : labels_(labels), warn_(warn) {}

  // Calls `take` with the value where the label is there; false from it: "is not `meant`".
  template <class Take>
  bool read(const std::string& name, std::string_view meant, const Take& take) const {
    const auto found = labels_.find(name);
    if (found == labels_.end()) return false;
    if (take(std::string_view(found->second))) return true;
    warn_(name + " is not " + std::string(meant));
    return false;
  }

  bool read_groups(const std::string& name, std::vector<std::string>& groups) const {
    return read(name, "a comma list of groups of letters, digits and _ . - *", [&](std::string_view value) {
      const auto parts = parts_of(value);
      if (parts.empty() ||
          !std::all_of(parts.begin(), parts.end(), [](auto part) { return is_word(part, 100, "_.-*"); }))
        return false;
      groups.assign(parts.begin(), parts.end());
      return true;
    });
  }

  bool read_flag(const std::string& name, bool& flag) const {
    return read(name, "true or false", [&](std::string_view value) {
      const std::string word = registry::ascii_lower(value);
      flag = word == "true";
      return flag || word == "false";
    });
  }

 private:
  const Labels& labels_;
  const Warn& warn_;
};

// Labels of letters, digits and inner hyphens (RFC 1123 §2.1), 253 octets at most: nothing that begins an
// option.
bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  while (!host.empty()) {
    const auto dot = std::min(host.find('.'), host.size());
    const std::string_view label = host.substr(0, dot);
    if (!is_word(label, 63, "-") || label.front() == '-' || label.back() == '-') return false;
    if (dot + 1 == host.size()) return false;
    host.remove_prefix(std::min(dot + 1, host.size()));
  }
  return true;
}

bool read_hosts(std::string_view value, std::vector<std::string>& hosts) {
  for (const std::string_view host : parts_of(value)) {
    if (!is_host(host)) return false;
    hosts.push_back(registry::ascii_lower(host));
  }
  return !hosts.empty();
}

}  // namespace

PortLabels port_labels(const Labels& labels, std::size_t place, const Warn& warn) {
  const Reader reader(labels, warn);
  const std::string stem = std::string(kPrefix) + std::to_string(place) + "_";
  PortLabels to;
  bool flag = false;
  if (reader.read_flag(stem + "ENABLED", flag)) to.enabled = flag;
  if (!reader.read_groups(stem + "GROUP", to.groups)) reader.read_groups("HAPROXY_GROUP", to.groups);
  reader.read(stem + "PORT", "a port from 1 to 65535", [&](std::string_view value) {
    to.port = whole<std::uint16_t>(value).value_or(0);
    return to.port != 0;
  });
  reader.read(stem + "BIND_ADDR", "an IP address", [&](std::string_view value) {
    const auto address = net::parse_ip(value);
    if (address) to.bind = net::to_string(*address);
    return address.has_value();
  });
  to.mode_said = reader.read(stem + "MODE", "tcp or http", [&](std::string_view value) {
    to.http = value == "http";
    return to.http || value == "tcp";
  });
  reader.read(stem + "BALANCE", "roundrobin, static-rr, leastconn, first, source or random",
              [&](std::string_view value) {
                const bool known =
                    std::find(kAlgorithms.begin(), kAlgorithms.end(), value) != kAlgorithms.end();
                if (known) to.balance = value;
                return known;
              });
  std::vector<std::string> hosts;
  if (reader.read(stem + "VHOST", "a comma list of host names",
                  [&](std::string_view value) { return read_hosts(value, hosts); }))
    to.hosts = std::move(hosts);
  reader.read(stem + "PATH", "a path of at most 200 letters, digits and / _ . ~ % ? & = + -",
              [&](std::string_view value) {
                const bool good = value.starts_with('/') && is_word(value, 200, "/_.~%?&=+-");
                if (good) to.path = value;
                return good;
              });
  reader.read_flag(stem + "STICKY", to.sticky);
  reader.read(stem + "BACKEND_WEIGHT", "a whole number", [&](std::string_view value) {
    const auto order = whole<std::int64_t>(value);
    to.rule_order = order.value_or(0);
    return order.has_value();
  });
  return to;
}

Deployment deployment_of(const Labels& labels, const Warn& warn) {
  const Reader reader(labels, warn);
  Deployment to;
  const auto take = [](std::string& into, std::string_view others) {
    return [&into, others](std::string_view value) {
      const bool good = is_word(value, 100, others);
      if (good) into = value;
      return good;
    };
  };
  reader.read("HAPROXY_DEPLOYMENT_GROUP", "a word of letters, digits and _ . -", take(to.group, "_.-"));
  reader.read("HAPROXY_DEPLOYMENT_STARTED_AT", "a time such as 2026-11-20T22:14:03Z",
              take(to.started_at, ":.+-"));
  return to;
}

void name_unknown(const Labels& labels, const Warn& warn) {
  for (auto label = labels.lower_bound(std::string(kPrefix));
       label != labels.end() && label->first.starts_with(kPrefix); ++label) {
    std::string_view rest = std::string_view(label->first).substr(kPrefix.size());
    if (std::find(kOfApps.begin(), kOfApps.end(), rest) != kOfApps.end()) continue;
    const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const bool is_of_port =
        digits > 0 && rest.substr(digits).starts_with('_') &&
        std::find(kOfPorts.begin(), kOfPorts.end(), rest.substr(digits + 1)) != kOfPorts.end();
    if (!is_of_port) warn(label->first + " is not honoured: no configuration is taken from labels");
  }
}

}  // namespace muster::haproxy
