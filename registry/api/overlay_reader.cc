// What operators send: overlay entries and lists, an instance's admin setting, drain, reload.
#include <algorithm>
#include <utility>

#include "registry/api/json_members.h"
#include "registry/api/limits.h"
#include "registry/api/native_names.h"
#include "registry/limits.h"
#include "registry/rfc3339.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;

bool read_entry_mode(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  for (const AdminMode mode : {AdminMode::automatic, AdminMode::up, AdminMode::down, AdminMode::drain}) {
    if (!value.is_string() || std::string_view(value.get_string()) != to_string(mode)) continue;
    out.mode = mode;
    return true;
  }
  return reading.must_be(at, "one of auto, up, down and drain");
}

// "10m" from now on.
bool read_entry_expires_in(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  constexpr Millis kLongest = std::chrono::hours{24 * 365 * 100};
  Millis span{0};
  if (!read_span(value, at, reading, span)) return false;
  if (span > kLongest) return reading.must_be(at, "at most a hundred years");
  out.expires_at = reading.context.now + span;
  return true;
}

bool read_entry_expires_at(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  if (value.is_string()) out.expires_at = parse_rfc3339(std::string_view(value.get_string()));
  return out.expires_at.has_value() || reading.must_be(at, "a time such as \"2026-11-20T22:14:33.120Z\"");
}

bool read_match(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  if (!read_text(value, at, reading, kMaxOverlayMatch, out.match)) return false;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  const bool good = !out.match.empty() && std::ranges::none_of(out.match, control);
  return good || reading.must_be(at, "a pattern over service/id, such as \"web/i1\" or \"web/*\"");
}

bool read_entry_weight(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  return read_whole(value, at, reading, 0, 65535, out.weight.emplace());
}

bool read_entry_priority(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  return read_whole(value, at, reading, 0, 65535, out.priority.emplace());
}

bool read_entry_tag(const json::key_value_pair& pair, const Place& at, Reading& reading, OverlayEntry& out) {
  if (!is_key(pair.key()))
    return reading.refuse(at, "a tag's key must be 1 to 63 octets of a-z, 0-9 and _ . -");
  auto& [key, value] = out.tags.emplace_back(std::string(pair.key()), std::nullopt);
  return pair.value().is_null() || read_text(pair.value(), at, reading, kMaxTagValue, value.emplace());
}

bool read_entry_tags(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object of strings; null removes a tag");
  const auto& object = value.get_object();
  if (object.size() > kMaxTags) return reading.must_be(at, "at most 32 tags");
  for (const auto& pair : object) {
    if (!read_entry_tag(pair, member_of(at, pair.key()), reading, out)) return false;
  }
  std::ranges::sort(out.tags);
  return true;
}

bool read_entry_reason(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  return read_text(value, at, reading, kMaxReason, out.reason);
}

bool read_entry_by(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  return read_text(value, at, reading, kMaxForeignName, out.by);
}

constexpr Member<OverlayEntry> kEntryMembers[] = {
    {"match", read_match},
    {"mode", read_entry_mode},
    {"weight", read_entry_weight},
    {"priority", read_entry_priority},
    {"tags", read_entry_tags},
    {"expires_in", read_entry_expires_in},
    {"expires_at", read_entry_expires_at},
    {"reason", read_entry_reason},
    {"by", read_entry_by},
};

bool says_something(const OverlayEntry& entry) {
  return entry.mode || entry.weight || entry.priority || !entry.tags.empty();
}

bool read_entry(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  if (!read_object(value, at, reading, kEntryMembers, out)) return false;
  if (out.match.empty()) {
    return reading.refuse(
        member_of(at, "match"),
        "match is missing: give a pattern over service/id, such as \"web/i1\" or \"web/*\"");
  }
  if (!says_something(out))
    return reading.refuse(at, "the entry sets nothing: give mode, weight, priority or tags");
  if (out.by.empty()) out.by = reading.context.by;
  return true;
}

constexpr Member<OverlayEntry> kAdminMembers[] = {
    {"mode", read_entry_mode},         {"weight", read_entry_weight},
    {"priority", read_entry_priority}, {"expires_in", read_entry_expires_in},
    {"reason", read_entry_reason},
};

bool read_admin_entry(const json::value& value, const Place& at, Reading& reading, OverlayEntry& out) {
  if (!read_object(value, at, reading, kAdminMembers, out)) return false;
  if (!says_something(out)) return reading.refuse(at, "nothing to set: give mode, weight or priority");
  out.by = reading.context.by;
  return true;
}

// ---- drain, reload

bool read_drain_reason(const json::value& value, const Place& at, Reading& reading, std::string& out) {
  return read_text(value, at, reading, kMaxReason, out);
}
constexpr Member<std::string> kDrainMembers[] = {{"reason", read_drain_reason}};

using Zones = std::vector<std::string>;
bool read_discard(const json::value& value, const Place& at, Reading& reading, Zones& out) {
  return read_array(value, at, reading, kMaxDiscardedZones, [&](const json::value& zone, const Place& here) {
    return read_text(zone, here, reading, kMaxForeignName, out.emplace_back());
  });
}
constexpr Member<Zones> kReloadMembers[] = {{"discard", read_discard}};

std::string_view or_empty_object(std::string_view text) { return text.empty() ? "{}" : text; }

template <class T, std::size_t N>
ReadResult<T> read_members_of(std::string_view text, const ReadContext& context,
                              const Member<T> (&members)[N]) {
  return read_document<T>(text, context,
                          [&](const json::value& root, const Place& at, Reading& reading, T& out) {
                            return read_object(root, at, reading, members, out);
                          });
}

}  // namespace

ReadResult<OverlayEntry> read_overlay_entry(std::string_view text, const ReadContext& context) {
  return read_document<OverlayEntry>(text, context, read_entry);
}

ReadResult<std::vector<OverlayEntry>> read_overlay(std::string_view text, const ReadContext& context) {
  using List = std::vector<OverlayEntry>;
  return read_document<List>(
      text, context, [](const json::value& root, const Place& at, Reading& reading, List& out) {
        if (root.is_array() && root.get_array().size() > kMaxOverlay) {
          return reading.refuse(at, "the overlay holds at most " + std::to_string(kMaxOverlay) + " entries",
                                ErrorCode::batch_too_long);
        }
        return read_array(root, at, reading, kMaxOverlay, [&](const json::value& entry, const Place& here) {
          return read_entry(entry, here, reading, out.emplace_back());
        });
      });
}

ReadResult<OverlayEntry> read_admin(std::string_view text, const ReadContext& context) {
  return read_document<OverlayEntry>(text, context, read_admin_entry);
}

ReadResult<std::string> read_drain(std::string_view text) {
  return read_members_of(or_empty_object(text), ReadContext{}, kDrainMembers);
}

ReadResult<std::vector<std::string>> read_reload(std::string_view text) {
  return read_members_of(or_empty_object(text), ReadContext{}, kReloadMembers);
}

std::optional<ReadError> check_service(std::string_view service) {
  auto fault = fault_of_service_name(service);
  if (!fault) return std::nullopt;
  return ReadError{ErrorCode::bad_name, std::move(*fault), ""};
}

std::optional<ReadError> check_names(std::string_view service, std::string_view id) {
  if (auto fault = check_service(service)) return fault;
  auto fault = fault_of_instance_id(id);
  if (!fault) return std::nullopt;
  return ReadError{ErrorCode::bad_name, std::move(*fault), ""};
}

}  // namespace muster::registry::api
