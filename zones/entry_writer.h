// The writer's way to make entries and to read them back. Building is pure: it may be done on any thread.
#pragma once

#include <cstdint>

#include "zones/answer_spec.h"
#include "zones/entry.h"

namespace muster::zones {

class EntryWriter {
 public:
  // `flags` besides those which the content decides (kCname, kDname, kCapitals, kLowered). A member of weight 0 beside
  // heavier ones of its tier is no part of the answer and is left out; a tier of nothing else is drawn
  // uniformly. A set without members stays only where it says something: servfail or a note. Preconditions:
  // no rdata over 65,535 octets, one set of a type, the whole under 4 GiB.
  static EntryPtr build(const NameSpec& spec, std::uint16_t flags, ZoneId zone);
  // The same content under other flags.
  static EntryPtr with_flags(const Entry& entry, std::uint16_t flags);
  static NameSpec read(const Entry& entry);

  static std::uint32_t children(const Entry& entry) { return entry.children_; }
  static void set_children(const Entry& entry, std::uint32_t children) { entry.children_ = children; }
};

}  // namespace muster::zones
