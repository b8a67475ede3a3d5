#include "registry/api/entity_tag.h"

#include <charconv>

#include "registry/net/blanks.h"

namespace muster::registry::api {
namespace {

std::string_view without_weakness(std::string_view tag) {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

std::string entity_tag(std::string_view epoch, std::uint64_t revision) {
  return std::string("\"").append(epoch).append("-").append(std::to_string(revision)).append("\"");
}

bool matches_any(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    const std::string_view one = net::trimmed(if_none_match.substr(0, comma));
    if (one == "*" || without_weakness(one) == tag) return true;
    if_none_match.remove_prefix(comma == std::string_view::npos ? if_none_match.size() : comma + 1);
  }
  return false;
}

TagResult revision_of(std::string_view if_match, std::string_view epoch) {
  std::string_view tag = net::trimmed(if_match);
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') return TagError::malformed;
  tag = tag.substr(1, tag.size() - 2);
  if (tag.find('"') != std::string_view::npos) return TagError::malformed;  // a list
  const std::size_t dash = tag.rfind('-');
  if (dash == std::string_view::npos) return TagError::malformed;
  const std::string_view digits = tag.substr(dash + 1);
  std::uint64_t revision = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), revision);
  if (fault != std::errc{} || end != digits.data() + digits.size()) return TagError::malformed;
  if (tag.substr(0, dash) != epoch) return TagError::other_store;
  return revision;
}

}  // namespace muster::registry::api
