// One name of the live table: everything that is answered at it, ready-made, in one allocation that never
// changes while readers can reach it (the writer's own field apart). Changing a name builds a new entry.
//
//   entry  = header, rrset-head x rrsets, name, body x rrsets, [u32 full-ttl x rrsets]
//   header = class Entry, 16 octets
//   name   = wire form, case as first written
//   full-ttl = of kLowered entries: what transfers carry, because a lease lowers a TTL for a while only
//   body   = images                      each a whole record: c00c type class ttl rdlength rdata
//            [u32 offset x (count+1)]    of images, when their sizes differ
//            [u32 weight x (1 | count)]  of sets that are not fixed; one when all are equal
//            [u16 tiers, tier x tiers]   of those, when weights differ or there are tiers
//            [u64 threshold x count, u32 alias x count]  of weighted sets, when a tier of over 16 members has
//                                        differing weights
//            [Turn* turn]                of rotated and scheduled sets (zones/turn.h)
//            [u32 steps, u32 member x steps]  of scheduled sets
//            [u64 digest, u32 size, u32 end x count, ids]  of hashed sets: of what the order of a network comes
//                                        from; the size of the rest; where each id ends; the ids
//            [{u32 at, u32 size} x count]  where each member's additional records are
//            [u32 since, u8 size, note text]
//            [additional records]        each c00c type class ttl rdlength rdata: 16 octets (A) or 28 (AAAA)
//   tier   = u16 value, u32 end, u64 total; members are sorted by tier, each from the previous end to its own
//
// Names in rdata are uncompressed. Integers of the bodies lie unaligned and in the machine's order; images
// are in the network's.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "zones/answer_spec.h"
#include "zones/turn.h"
#include "zones/zone_view.h"

namespace muster::zones {

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// The TTL of a record whose owner is a pointer.
inline std::uint32_t load_ttl(const char* record) {
  const auto* at = reinterpret_cast<const unsigned char*>(record) + 6;
  return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
         static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

namespace layout {

inline constexpr std::size_t kRecordFixed = 12;  // owner pointer, type, class, TTL, rdlength
inline constexpr std::size_t kTierSize = 14;

enum RrsetFlag : std::uint16_t {
  kOrder = 7,  // the bits of an Order
  kFit = 8,
  kServfail = 16,
  kUnequal = 32,
  kTiered = 64,
  kAdditional = 128,
  kSharedTargets = 256,
  kAlias = 512,
  kRanked = 1024,
  kNote = 2048,
  kBound = 4096,
};

struct RrsetHead {
  std::uint16_t type;
  std::uint16_t stride;  // size of each image; 0: they differ
  std::uint32_t count;
  std::uint32_t body;  // offset in the entry
  std::uint32_t images_size;
  std::uint16_t at_most;
  std::uint16_t flags;
};
static_assert(sizeof(RrsetHead) == 20);

}  // namespace layout

// A group of members of a set that is not fixed, among which is drawn; groups are answered one after the
// other.
struct Tier {
  std::uint16_t value = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint64_t total = 0;  // sum of the weights
};

// One RRset of an entry. A view: valid as long as the reader stays online.
class RrsetView {
 public:
  RrsetView(const char* entry, const layout::RrsetHead& head) : entry_(entry), head_(&head) {}

  RrType type() const { return static_cast<RrType>(head_->type); }
  std::uint32_t count() const { return head_->count; }
  std::uint32_t ttl() const { return head_->count == 0 ? 0 : load_ttl(body()); }
  Order order() const { return static_cast<Order>(head_->flags & layout::kOrder); }
  Overflow overflow() const { return has(layout::kFit) ? Overflow::fit : Overflow::truncate; }
  // Members an answer holds.
  std::uint32_t at_most() const {
    return head_->at_most == 0 || head_->at_most > head_->count ? head_->count : head_->at_most;
  }
  std::uint16_t at_most_as_written() const { return head_->at_most; }
  bool servfail() const { return has(layout::kServfail); }
  // SRV: the priority of a record is its place in the answer, from 0; the image's own is to be written over.
  bool ranked() const { return has(layout::kRanked); }
  // A service's, at a public name: no data of the zone itself.
  bool bound() const { return has(layout::kBound); }
  bool has_note() const { return has(layout::kNote); }
  // As in Note. Precondition of both: has_note().
  std::string_view note_text() const {
    const char* size = note_at() + sizeof(std::uint32_t);
    return {size + 1, load<std::uint8_t>(size)};
  }
  std::uint32_t note_since() const { return load<std::uint32_t>(note_at()); }

  // All members one after the other, each a whole record with the owner c00c.
  std::string_view images() const { return {body(), head_->images_size}; }
  std::string_view image(std::uint32_t member) const;
  std::string_view rdata(std::uint32_t member) const { return image(member).substr(layout::kRecordFixed); }
  // Size of every image when they are all alike, else 0.
  std::uint32_t stride() const { return head_->stride; }

  // Where in an SRV image its target begins: additional records of a member written at M in the message get
  // the owner pointer 0xc000 | (M + kSrvTargetAt) (behind another owner than a two-octet pointer, M is the
  // record's type less 2).
  static constexpr std::size_t kSrvTargetAt = layout::kRecordFixed + 6;
  bool has_additional() const { return has(layout::kAdditional); }
  // Ready A and AAAA records of the member's target, owners to be patched. Members with one target share one
  // set: the same data(). Only then shares_targets(), and each set is to be written once.
  std::string_view additional(std::uint32_t member) const;
  bool shares_targets() const { return has(layout::kSharedTargets); }

  // For drawing (choice.h).
  bool equal_weights() const { return !has(layout::kUnequal); }
  std::uint32_t weight(std::uint32_t member) const;
  // The weights of members from `first` on. Precondition: !equal_weights().
  void copy_weights(std::uint32_t first, std::span<std::uint32_t> weights) const {
    std::memcpy(weights.data(), weights_at() + 4 * std::size_t{first}, weights.size_bytes());
  }
  std::uint32_t tiers() const { return has_tiers() ? load<std::uint16_t>(tiers_at()) : 1; }
  Tier tier(std::uint32_t index) const;
  bool has_alias() const { return has(layout::kAlias); }
  std::uint64_t alias_threshold(std::uint32_t member) const {
    return load<std::uint64_t>(alias_at() + 8 * member);
  }
  std::uint32_t alias(std::uint32_t member) const;
  // Of rotated and scheduled sets; counts on while the name is put anew.
  Turn& turn() const { return *load<Turn*>(turn_at()); }
  bool takes_turns() const { return order() == Order::rotated || order() == Order::scheduled; }
  // Of scheduled sets with members: whose turn it is, step by step, over and over.
  std::uint32_t steps() const { return load<std::uint32_t>(turn_at() + sizeof(Turn*)); }
  std::uint32_t step(std::uint32_t index) const {
    return load<std::uint32_t>(turn_at() + sizeof(Turn*) + 4 + 4 * std::size_t{index});
  }
  // Of hashed sets.
  std::string_view id(std::uint32_t member) const;
  // Of the ids, weights and tiers: sets with the same one have the same order for each client.
  std::uint64_t rank_digest() const { return load<std::uint64_t>(alias_at()); }

 private:
  friend class EntryWriter;
  friend struct EntryDelete;
  bool has(std::uint16_t flag) const { return (head_->flags & flag) != 0; }
  bool has_tiers() const { return has(layout::kUnequal | layout::kTiered); }
  const char* body() const { return entry_ + head_->body; }
  const char* offsets_at() const { return body() + head_->images_size; }
  const char* weights_at() const {
    return offsets_at() + (head_->stride == 0 ? 4 * (std::size_t{head_->count} + 1) : 0);
  }
  const char* tiers_at() const {
    return weights_at() +
           (order() != Order::fixed ? (has(layout::kUnequal) ? 4 * std::size_t{head_->count} : 4) : 0);
  }
  const char* alias_at() const {
    return tiers_at() +
           (has_tiers() ? 2 + layout::kTierSize * std::size_t{load<std::uint16_t>(tiers_at())} : 0);
  }
  const char* turn_at() const { return alias_at(); }  // only weighted sets have aliases
  const char* ids_at() const { return alias_at() + sizeof(std::uint64_t); }  // behind the digest
  const char* refs_at() const {
    switch (order()) {
      case Order::fixed: return alias_at();
      case Order::weighted: return alias_at() + (has(layout::kAlias) ? 12 * std::size_t{head_->count} : 0);
      case Order::rotated: return turn_at() + sizeof(Turn*);
      case Order::scheduled: return turn_at() + sizeof(Turn*) + 4 + 4 * std::size_t{steps()};
      case Order::hashed: return ids_at() + 4 + load<std::uint32_t>(ids_at());
    }
    return alias_at();
  }
  const char* note_at() const {
    return refs_at() + (has(layout::kAdditional) ? 8 * std::size_t{head_->count} : 0);
  }

  const char* entry_;
  const layout::RrsetHead* head_;
};

class Entry {
 public:
  // What the walk of a query wants to know of a name, or of the closest encloser of one that does not exist.
  enum Flag : std::uint16_t {
    kApex = 1,
    kCut = 2,       // NS below the apex; below an upper cut kBelowCut is set too, and the upper one refers
    kBelowCut = 4,  // hidden: glue and what else lies below a cut; the cut itself is the nearest ancestor
                    // with kCut and without kBelowCut
    kDname = 8,
    kCname = 16,
    kWildcardChild = 32,  // "*.<this name>" exists
    kOwned = 64,          // put by itself; without it: an empty non-terminal
    kAside = 128,         // an outer zone's data at or below an inner apex: reached by find_aside() only
    kCapitals = 256,      // the name has A-Z
    kLowered = 512,       // the TTL of an RRset is below its configured one
    kTurns = 1024,        // an RRset takes turns: the entry holds its Turn
  };

  bool is(Flag flag) const { return (flags_ & flag) != 0; }
  std::uint16_t flags() const { return flags_; }
  ZoneId zone_id() const { return zone_; }
  // Wire form, case as first written.
  std::string_view name() const {
    return {bytes() + sizeof(Entry) + rrset_count_ * sizeof(layout::RrsetHead), name_size_};
  }
  // Precondition: `folded` is in lower case.
  bool has_name(std::string_view folded) const;

  std::uint32_t rrset_count() const { return rrset_count_; }
  RrsetView rrset(std::uint32_t index) const { return {bytes(), heads()[index]}; }
  std::optional<RrsetView> find(RrType type) const {
    for (std::uint32_t i = 0; i < rrset_count_; ++i) {
      if (heads()[i].type == static_cast<std::uint16_t>(type)) return rrset(i);
    }
    return std::nullopt;
  }

  // The configured TTL, which the answered one falls below while a lease is short or low.
  std::uint32_t full_ttl(std::uint32_t index) const {
    if (!is(kLowered)) return rrset(index).ttl();
    return load<std::uint32_t>(bytes() + size_ - 4 * (std::size_t{rrset_count_} - index));
  }

  // Octets of the whole allocation.
  std::uint32_t size() const { return size_; }

 private:
  friend class EntryWriter;
  Entry() = default;
  const char* bytes() const { return reinterpret_cast<const char*>(this); }
  const layout::RrsetHead* heads() const {
    return reinterpret_cast<const layout::RrsetHead*>(bytes() + sizeof(Entry));
  }

  std::uint32_t size_ = 0;
  std::uint16_t flags_ = 0;
  ZoneId zone_ = 0;
  std::uint16_t rrset_count_ = 0;
  std::uint8_t name_size_ = 0;
  mutable std::uint32_t children_ = 0;  // the writer's: names one label below; readers never look here
};
static_assert(sizeof(Entry) == 16);

struct EntryDelete {
  void operator()(const Entry* entry) const;
};
using EntryPtr = std::unique_ptr<const Entry, EntryDelete>;

inline std::string_view RrsetView::image(std::uint32_t member) const {
  assert(member < head_->count);
  if (head_->stride != 0) return {body() + std::size_t{member} * head_->stride, head_->stride};
  const auto begin = load<std::uint32_t>(offsets_at() + 4 * std::size_t{member});
  const auto end = load<std::uint32_t>(offsets_at() + 4 * std::size_t{member} + 4);
  return {body() + begin, end - begin};
}

inline std::string_view RrsetView::additional(std::uint32_t member) const {
  assert(member < head_->count);
  if (!has_additional()) return {};
  const char* ref = refs_at() + 8 * std::size_t{member};
  return {entry_ + load<std::uint32_t>(ref), load<std::uint32_t>(ref + 4)};
}

inline std::uint32_t RrsetView::weight(std::uint32_t member) const {
  if (order() == Order::fixed) return 1;
  return load<std::uint32_t>(weights_at() + (has(layout::kUnequal) ? 4 * std::size_t{member} : 0));
}

inline Tier RrsetView::tier(std::uint32_t index) const {
  if (!has_tiers()) return {0, 0, head_->count, std::uint64_t{head_->count} * weight(0)};
  const char* at = tiers_at() + 2 + layout::kTierSize * std::size_t{index};
  const std::uint32_t begin = index == 0 ? 0 : load<std::uint32_t>(at - layout::kTierSize + 2);
  return {load<std::uint16_t>(at), begin, load<std::uint32_t>(at + 2), load<std::uint64_t>(at + 6)};
}

inline std::uint32_t RrsetView::alias(std::uint32_t member) const {
  return load<std::uint32_t>(alias_at() + 8 * std::size_t{head_->count} + 4 * std::size_t{member});
}

inline std::string_view RrsetView::id(std::uint32_t member) const {
  assert(member < head_->count);
  const char* ends = ids_at() + 4;
  const auto begin = member == 0 ? 0 : load<std::uint32_t>(ends + 4 * (std::size_t{member} - 1));
  const auto end = load<std::uint32_t>(ends + 4 * std::size_t{member});
  return {ends + 4 * std::size_t{head_->count} + begin, end - begin};
}

inline bool Entry::has_name(std::string_view folded) const {
  const std::string_view own = name();
  if (own.size() != folded.size()) return false;
  return is(kCapitals) ? Name::equal_fold(own, folded)
                       : std::memcmp(own.data(), folded.data(), own.size()) == 0;
}

}  // namespace muster::zones
