// The writer's way to make entries and to read them back. Building is pure: it may be done on any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "zones/answer_spec.h"
#include "zones/entry.h"
#include "zones/zone_record.h"

namespace muster::zones {

class EntryImage;

class EntryWriter {
 public:
  // `flags` besides those which the content decides (kCname, kDname, kCapitals, kLowered). A member of weight
  // 0 beside heavier ones of its tier is no part of the answer and is left out; a tier of nothing else is
  // drawn uniformly. A set without members stays only where it says something (servfail or a note) or counts
  // turns. Preconditions: no rdata over 65,535 octets, one set of a type, the whole under 4 GiB.
  static EntryPtr build(const NameSpec& spec, std::uint16_t flags, ZoneId zone);
  // A name of a zone file, its records one type after the other, those of one type with one TTL: the entry of
  // the NameSpec with the same sets in fixed order. kCut is set where NS is among them.
  static EntryPtr build(std::string_view owner, std::span<const ZoneRecord> records, std::uint16_t flags,
                        ZoneId zone);
  // The same content under other flags.
  static EntryPtr with_flags(const Entry& entry, std::uint16_t flags);
  static NameSpec read(const Entry& entry);

  static std::uint32_t children(const Entry& entry) { return entry.children_; }
  // Of an entry that no reader can see yet: what depends on its place in the zone.
  static void place(const Entry& entry, std::uint16_t flags, std::uint32_t children);
  // Of an entry that no reader can see yet: its sets go on with the turns of what it takes the place of.
  static void take_turns(const Entry& entry, const Entry& old);
  static void set_children(const Entry& entry, std::uint32_t children) { entry.children_ = children; }

 private:
  static Entry header(std::string_view name, std::uint16_t flags, ZoneId zone);
  static EntryImage& begin_image(const Entry& header, std::string_view name);
  static EntryPtr finish(Entry header, EntryImage& image);
};

}  // namespace muster::zones
