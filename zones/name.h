// A domain name in wire form: length-prefixed labels, the root's zero octet last, at most 255 octets. The
// case in which it was first written is kept (RFC 4343 §4.1); comparing folds A-Z only, nothing else.
#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "registry/net/result.h"

namespace muster::zones {

// What can be wrong with a name as text, in the order in which reading finds it.
enum class NameError : std::uint8_t { empty, empty_label, label_too_long, name_too_long, bad_escape };
std::string_view to_string(NameError error);

class Name {
 public:
  Name() : wire_(1, '\0') {}  // the root

  // Presentation form (RFC 1035 §5.1): `\.` `\DDD`; "@" and relative names need `origin`, a name that ends in a
  // dot does not.
  static net::Result<Name, NameError> from_text(std::string_view text, const Name& origin);
  static net::Result<Name, NameError> from_text(std::string_view text) { return from_text(text, Name()); }
  // nullopt: not exactly one whole uncompressed name.
  static std::optional<Name> from_wire(std::string_view wire);

  std::string_view wire() const { return wire_; }
  std::size_t size() const { return wire_.size(); }
  bool is_root() const { return wire_.size() == 1; }
  std::size_t label_count() const;               // without the root
  std::string_view first_label() const;          // octets without the length; "" for the root
  Name parent() const;                           // of the root: the root
  std::optional<Name> child(std::string_view label) const;  // nullopt: does not fit
  // Several labels at once, the first of the name first.
  std::optional<Name> below(std::initializer_list<std::string_view> labels) const;
  bool is_at_or_below(const Name& ancestor) const;
  bool is_wildcard() const { return wire_.size() > 1 && wire_[0] == 1 && wire_[1] == '*'; }
  std::string text() const;      // escaped, with the final dot
  Name lower() const;            // A-Z folded
  std::uint64_t fold_hash() const;  // equal names, equal hash; for the writer's own maps

  friend bool operator==(const Name& a, const Name& b) { return equal_fold(a.wire_, b.wire_); }
  // Canonical order (RFC 4034 §6.1): by label from the right, folded.
  friend std::weak_ordering operator<=>(const Name& a, const Name& b);

  static bool equal_fold(std::string_view a, std::string_view b);

 private:
  explicit Name(std::string wire) : wire_(std::move(wire)) {}
  std::string wire_;
};

struct NameHash {
  std::size_t operator()(const Name& name) const { return name.fold_hash(); }
};

inline char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// "web.svc.internal" (no final dot needed) relative to the root.
std::optional<Name> parse_domain(std::string_view text);

}  // namespace muster::zones
