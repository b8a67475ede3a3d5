#include "registry/health/check_rules.h"

#include <algorithm>
#include <charconv>

namespace muster::registry::health {

namespace {

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<std::uint16_t> status_of(std::string_view digits) {
  std::uint16_t status = 0;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, status);
  if (error != std::errc() || end != last || status < 200 || status > 599) return std::nullopt;
  return status;
}

bool is_id_octet(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

}  // namespace

MachineRules machine_rules(const CheckRules& rules) {
  const Millis fast = std::max(rules.interval / 4, Millis(200));
  MachineRules machine = rules.machine;
  if (rules.fall) machine = MachineRules::classic(machine.rise, *rules.fall, rules.interval, fast);
  machine.grace = rules.machine.grace;
  machine.interval = rules.interval;
  machine.fast_interval = fast;
  return machine;
}

std::optional<StatusRange> parse_statuses(std::string_view text) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto first = status_of(text.substr(0, dash));
  const auto last = dash == text.size() ? first : status_of(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return StatusRange{*first, *last};
}

// "report" and "reports" are taken: what heartbeats say, and what others do.
std::string fault_of_check_id(std::string_view id) {
  const bool is_good = !id.empty() && id.size() <= 63 && std::ranges::all_of(id, is_id_octet) &&
                       id != "report" && id != "reports";
  return is_good ? "" : "must be 1 to 63 octets of a-z, 0-9 and _ . -, and neither report nor reports";
}

std::string fault_of_path(std::string_view path) {
  const bool is_good = path.starts_with('/') && is_visible(path) && path.size() <= kMaxCheckPath;
  return is_good ? "" : "must begin with /, have no blanks and be at most 2048 octets of ASCII";
}

std::string fault_of_host(std::string_view host) {
  return is_visible(host) && host.size() <= kMaxCheckHost ? "" : "must be a host name or an address";
}

std::string fault_of_header(std::string_view name, std::string_view value) {
  constexpr std::string_view kTokens = "!#$%&'*+-.^_`|~";  // RFC 9110 §5.6.2, beside letters and digits
  const auto is_token = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kTokens.find(c) != kTokens.npos;
  };
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const bool is_good = !name.empty() && name.size() <= kMaxCheckHeader &&
                       std::ranges::all_of(name, is_token) && value.size() <= kMaxCheckHeader &&
                       std::ranges::none_of(value, is_control);
  return is_good ? "" : "has \"" + std::string(name) + "\", which no HTTP header can be";
}

std::string fault_of_body(const Look& look) {
  if (look.body.size() > kMaxCheckBody) return "must be at most 1024 octets";
  return look.body.empty() || look.method != "HEAD" ? "" : "cannot be looked for in an answer to HEAD";
}

std::string moved_both_ways(const Moved& moved) {
  for (const ClassPattern& soft : moved.soft) {
    const auto is_same = [&](const ClassPattern& hard) { return hard.overlaps(soft); };
    if (std::ranges::any_of(moved.hard, is_same)) return text_of(soft);
  }
  return "";
}

}  // namespace muster::registry::health
