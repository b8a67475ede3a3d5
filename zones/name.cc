#include "zones/name.h"

#include <algorithm>
#include <array>
#include <functional>

#include "zones/escape.h"
#include "zones/folded_wire.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

void append_escaped(std::string& text, unsigned char octet) {
  if (octet == '.' || octet == '\\' || octet == '"' || octet == ';' || octet == '@' || octet == '$' ||
      octet == '(' || octet == ')') {
    text += '\\';
    text += static_cast<char>(octet);
  } else if (octet > 0x20 && octet < 0x7f) {
    text += static_cast<char>(octet);
  } else {
    append_decimal_escape(text, octet);
  }
}

// Offsets of the labels of a valid wire name, first label first.
std::size_t label_offsets(std::string_view wire, std::array<std::uint8_t, 128>& offsets) {
  std::size_t count = 0;
  for (std::size_t at = 0; wire[at] != 0; at += 1 + static_cast<unsigned char>(wire[at])) {
    offsets[count++] = static_cast<std::uint8_t>(at);
  }
  return count;
}

}  // namespace

std::string_view to_string(NameError error) {
  switch (error) {
    case NameError::empty: return "the name is empty";
    case NameError::empty_label: return "a label is empty (two dots in a row?)";
    case NameError::label_too_long: return "a label has more than 63 octets";
    case NameError::name_too_long: return "the name has more than 255 octets";
    case NameError::bad_escape: return "a backslash needs a character or three digits up to 255 behind it";
  }
  return "";
}

net::Result<Name, NameError> Name::from_text(std::string_view text, const Name& origin) {
  WireName name;
  if (const auto error = read_name(text, origin.wire_, name)) return *error;
  return Name(std::string(name.view()));
}

std::optional<Name> Name::from_wire(std::string_view wire) {
  if (name_length(wire) != wire.size()) return std::nullopt;
  return Name(std::string(wire));
}

std::size_t Name::label_count() const { return zones::label_count(wire_); }

std::string_view Name::first_label() const {
  return std::string_view(wire_).substr(1, is_root() ? 0 : static_cast<unsigned char>(wire_[0]));
}

Name Name::parent() const { return is_root() ? Name() : Name(wire_.substr(1 + first_label().size())); }

std::optional<Name> Name::child(std::string_view label) const { return below({label}); }

std::optional<Name> Name::below(std::initializer_list<std::string_view> labels) const {
  std::size_t size = wire_.size();
  for (const std::string_view label : labels) {
    if (label.empty() || label.size() > kLabelMax) return std::nullopt;
    size += 1 + label.size();
  }
  if (size > kNameMax) return std::nullopt;
  std::string wire(size, '\0');
  char* at = wire.data();
  for (const std::string_view label : labels) {
    *at++ = static_cast<char>(label.size());
    at += label.copy(at, label.size());
  }
  wire_.copy(at, wire_.size());
  return Name(std::move(wire));
}

bool Name::is_at_or_below(const Name& ancestor) const { return zones::is_at_or_below(wire_, ancestor.wire_); }

std::string Name::text() const {
  if (is_root()) return ".";
  std::string text;
  for (std::size_t at = 0; wire_[at] != 0;) {
    const std::size_t end = at + 1 + static_cast<unsigned char>(wire_[at]);
    for (++at; at < end; ++at) append_escaped(text, static_cast<unsigned char>(wire_[at]));
    text += '.';
  }
  return text;
}

Name Name::lower() const {
  std::string wire = wire_;
  std::transform(wire.begin(), wire.end(), wire.begin(), fold);  // length octets are below 'A'
  return Name(std::move(wire));
}

std::uint64_t Name::fold_hash() const { return std::hash<std::string_view>{}(FoldedWire(wire_).wire()); }

// Usually in the same case, too.
bool Name::equal_fold(std::string_view a, std::string_view b) {
  return a == b || (a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                                       [](char x, char y) { return fold(x) == fold(y); }));
}

std::weak_ordering operator<=>(const Name& a, const Name& b) {
  std::array<std::uint8_t, 128> left{};
  std::array<std::uint8_t, 128> right{};
  std::size_t i = label_offsets(a.wire_, left);
  std::size_t j = label_offsets(b.wire_, right);
  while (i > 0 && j > 0) {
    const std::size_t x = left[--i];
    const std::size_t y = right[--j];
    const std::string_view p =
        std::string_view(a.wire_).substr(x + 1, static_cast<unsigned char>(a.wire_[x]));
    const std::string_view q =
        std::string_view(b.wire_).substr(y + 1, static_cast<unsigned char>(b.wire_[y]));
    const auto order =
        std::lexicographical_compare_three_way(p.begin(), p.end(), q.begin(), q.end(), [](char c, char d) {
          return static_cast<unsigned char>(fold(c)) <=> static_cast<unsigned char>(fold(d));
        });
    if (order != 0) return order;
  }
  return i <=> j;
}

std::optional<Name> parse_domain(std::string_view text) {
  auto name = Name::from_text(text);
  if (!name) return std::nullopt;
  return *name;
}

}  // namespace muster::zones
