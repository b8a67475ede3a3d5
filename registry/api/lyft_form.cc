#include "registry/api/lyft_form.h"

#include <algorithm>

#include "registry/api/raw_object.h"
#include "registry/limits.h"
#include "registry/net/blanks.h"

namespace muster::registry::api {

namespace {

constexpr std::string_view kWeightTag = "load_balancing_weight";

// The first of equal names; nullptr: not given.
const std::string* parameter(const http::FormFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view text_of(const std::string* value) {
  return value ? std::string_view(*value) : std::string_view();
}

std::optional<net::IpAddress> read_ipv4(std::string_view text) {
  const auto address = net::parse_ip(text);
  if (!address || address->family != net::Family::v4 || text.find(':') != text.npos) return std::nullopt;
  return address;
}

// An address that no host can have.
bool is_nobody(const net::IpAddress& address) {
  return address.is_unspecified() || address.is_multicast() || address.is_broadcast();
}

bool is_in(const std::vector<net::IpPrefix>& prefixes, const net::IpAddress& address) {
  return std::ranges::any_of(prefixes, [&](const net::IpPrefix& prefix) { return prefix.contains(address); });
}

std::string_view last_element(std::string_view list) {
  const auto comma = list.rfind(',');
  auto element = comma == list.npos ? list : list.substr(comma + 1);
  while (element.starts_with(' ') || element.starts_with('\t')) element.remove_prefix(1);
  while (element.ends_with(' ') || element.ends_with('\t')) element.remove_suffix(1);
  return element;
}

std::optional<net::IpAddress> automatic_ip(const LyftSender& sender, const LyftConfig& config) {
  auto address = std::optional(sender.peer);
  if (!sender.forwarded_for.empty() && is_in(config.trusted_proxies, sender.peer)) {
    address = read_ipv4(last_element(sender.forwarded_for));
  }
  if (!address || address->family != net::Family::v4 || !is_in(config.auto_ip, *address)) return std::nullopt;
  return address;
}

bool is_tag_key(std::string_view key) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !key.empty() && key.size() <= kMaxTagKey && is_plain(key.front()) &&
         std::ranges::all_of(key, [&](char c) { return is_plain(c) || c == '_' || c == '.' || c == '-'; });
}

// Strings, numbers and booleans can be native tags; objects, arrays and null cannot.
std::optional<std::string> tag_value(const RawMember& member) {
  const char first = member.value.front();
  if (first == '{' || first == '[' || first == 'n') return std::nullopt;
  if (first != '"') return member.value;
  const auto wrapped = read_raw_object("{" + member.value + ":0}");
  return wrapped->front().key;
}

Tags native_tags(const RawMembers& members) {
  Tags tags;
  for (const RawMember& member : members) {
    if (!is_tag_key(member.key) || tags.size() == kMaxTags) continue;
    auto value = tag_value(member);
    if (value && value->size() <= kMaxTagValue) tags.emplace_back(member.key, std::move(*value));
  }
  std::ranges::sort(tags);
  return tags;
}

// Unchecked when it comes in tags; it counts if it is an integer 1..100.
std::optional<std::uint16_t> weight_of(const RawMembers& members) {
  const RawMember* tag = find_member(members, kWeightTag);
  if (!tag || tag->value.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const auto value = read_lyft_integer(tag->value);
  if (!value || *value < 1 || *value > 100) return std::nullopt;
  return static_cast<std::uint16_t>(*value);
}

void take_tags(InstanceBody& body, const RawMembers& members) {
  LyftFields lyft = body.lyft.value_or_new();
  lyft.tags_json = write_raw_object(members);
  body.lyft = std::move(lyft);
  body.tags = native_tags(members);
  body.weight = weight_of(members);
}

RawMembers tags_of(const InstanceBody* body) {
  if (!body || !body->lyft) return {};
  auto members = read_raw_object(body->lyft->tags_json);
  return members ? std::move(*members) : RawMembers{};
}

// The fields of one POST; tags wait for what the host had before.
struct Host {
  net::IpAddress address;
  std::uint16_t port = 0;
  std::string revision;
  std::string repo;
  RawMembers tags;
};

BodyPtr merge_host(const Host& host, const InstanceBody* existing) {
  auto body = std::make_shared<InstanceBody>();
  body->addresses = {host.address};
  body->ports.emplace_back().number = host.port;
  body->version = host.revision;
  body->lyft = LyftFields{host.repo, {}};
  RawMembers members = tags_of(existing);
  for (const RawMember& member : host.tags) set_member(members, member.key, member.value);
  take_tags(*body, members);
  // Tags are never removed while the host lives, so their growth must end somewhere: the host then starts
  // anew.
  if (body->lyft->tags_json.size() > kMaxLyftTags) take_tags(*body, host.tags);
  return body;
}

bool has_place(const RawMembers& tags) {
  return find_member(tags, "az") && find_member(tags, "instance_id") && find_member(tags, "region");
}

}  // namespace

int status_of(LyftError error) { return error == LyftError::host_not_found ? 404 : 400; }

std::string_view body_of(LyftError error) {
  switch (error) {
    case LyftError::bad_parameters: return "{}";
    case LyftError::bad_tags: return R"({"error":"Invalid json supplied in tags"})";
    case LyftError::weight_missing: return R"({"error":"Required parameter 'weight' is missing."})";
    case LyftError::weight_invalid:
      return R"({"error":"Invalid load_balancing_weight. Supply an integer between 1 and 100."})";
    case LyftError::host_not_found: return R"({"error":"Host not found"})";
  }
  return "{}";
}

std::optional<std::int64_t> read_lyft_integer(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\v\f";
  constexpr std::int64_t kEnough = 1'000'000'000;
  text = net::trimmed(text, kBlanks);
  if (text.empty()) return std::nullopt;
  const bool negative = text.front() == '-';
  if (negative || text.front() == '+') text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = std::min(value * 10 + (c - '0'), kEnough);
  }
  return negative ? -value : value;
}

std::optional<std::string> lyft_id(std::string_view ip) {
  if (!read_ipv4(ip)) return std::nullopt;
  std::string id(ip);
  std::ranges::replace(id, '.', '-');
  return id;
}

LyftRegistration read_lyft_registration(std::string service, const http::FormFields& fields,
                                        const LyftSender& sender, const LyftConfig& config) {
  Host host;
  std::optional<std::int64_t> port;
  if (const auto* given = parameter(fields, "port")) {
    port = read_lyft_integer(*given);
    if (!port) return LyftError::bad_parameters;
  }
  const auto* tags_text = parameter(fields, "tags");
  auto tags = read_raw_object(tags_text ? std::string_view(*tags_text) : "{}");
  if (!tags) {
    return tags.error() == RawObjectError::not_json ? LyftError::bad_tags : LyftError::bad_parameters;
  }
  const auto ip = text_of(parameter(fields, "ip"));
  const auto revision = text_of(parameter(fields, "revision"));
  const bool automatic = ip.empty() && !text_of(parameter(fields, "auto_ip")).empty();
  if ((ip.empty() && !automatic) || !port || *port < 1 || *port > 65535 || revision.empty()) {
    return LyftError::bad_parameters;
  }
  const auto address = automatic ? automatic_ip(sender, config) : read_ipv4(ip);
  if (!address || is_nobody(*address) || !has_place(*tags)) return LyftError::bad_parameters;
  const auto repo = text_of(parameter(fields, "service_repo_name"));
  if (revision.size() > kMaxVersion || repo.size() > kMaxForeignName ||
      text_of(tags_text).size() > kMaxLyftTags) {
    return LyftError::bad_parameters;
  }

  host.address = *address;
  host.port = static_cast<std::uint16_t>(*port);
  host.revision = revision;
  host.repo = repo;
  host.tags = std::move(*tags);
  Registration registration;
  registration.service = std::move(service);
  registration.id = *lyft_id(net::to_string(*address));
  registration.source = {SourceKind::lyft, "lyft"};
  registration.lease = config.host_ttl;
  registration.by = net::to_string(sender.peer);
  registration.amend = [host = std::move(host)](const InstanceBody* existing) {
    return merge_host(host, existing);
  };
  return registration;
}

net::Result<std::uint16_t, LyftError> read_lyft_weight(const http::FormFields& fields) {
  const auto text = text_of(parameter(fields, "load_balancing_weight"));
  if (text.empty()) return LyftError::weight_missing;
  const auto weight = read_lyft_integer(text);
  if (!weight || *weight < 1 || *weight > 100) return LyftError::weight_invalid;
  return static_cast<std::uint16_t>(*weight);
}

Amend set_lyft_weight(std::uint16_t weight) {
  return [weight](const InstanceBody* existing) -> BodyPtr {
    if (!existing) return nullptr;
    auto body = std::make_shared<InstanceBody>(*existing);
    RawMembers members = tags_of(existing);
    set_member(members, kWeightTag, std::to_string(weight));
    take_tags(*body, members);
    return body;
  };
}

}  // namespace muster::registry::api
