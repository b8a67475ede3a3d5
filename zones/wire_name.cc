#include "zones/wire_name.h"

#include <cstring>

#include "zones/escape.h"

namespace muster::zones {

namespace {

std::optional<NameError> copy(std::string_view wire, std::size_t at, WireName& name) {
  if (at + wire.size() > kNameMax) return NameError::name_too_long;
  std::memcpy(name.octets.data() + at, wire.data(), wire.size());
  name.size = at + wire.size();
  return std::nullopt;
}

}  // namespace

std::optional<NameError> read_name(std::string_view text, std::string_view origin, WireName& name) {
  if (text.empty()) return NameError::empty;
  if (text == "@") return copy(origin, 0, name);
  if (text == ".") return copy(std::string_view("\0", 1), 0, name);
  std::size_t label = 0;  // where the length octet of the label being read goes
  std::size_t next = 1;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '.') {
      if (next == label + 1) return NameError::empty_label;
      name.octets[label] = static_cast<char>(next - label - 1);
      label = next++;
      ++at;
      continue;
    }
    const int octet = read_octet(text, at);
    if (octet < 0) return NameError::bad_escape;
    if (next - label > kLabelMax) return NameError::label_too_long;
    if (next + 1 >= kNameMax) return NameError::name_too_long;  // the root's octet must fit behind it
    name.octets[next++] = static_cast<char>(octet);
  }
  name.octets[label] = static_cast<char>(next - label - 1);
  const bool absolute = next == label + 1;
  if (!absolute) return copy(origin, next, name);
  name.size = next;
  return std::nullopt;
}

bool is_at_or_below(std::string_view name, std::string_view ancestor) {
  while (name.size() > ancestor.size()) name = parent_of(name);
  return Name::equal_fold(name, ancestor);
}

std::size_t label_count(std::string_view wire) {
  std::size_t count = 0;
  for (; wire[0] != 0; wire = parent_of(wire)) ++count;
  return count;
}

}  // namespace muster::zones
