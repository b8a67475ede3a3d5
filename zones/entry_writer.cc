#include "zones/entry_writer.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdlib>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "zones/alias_table.h"
#include "zones/entry_image.h"
#include "zones/folded_wire.h"
#include "zones/schedule.h"

namespace muster::zones {

namespace {

using layout::RrsetHead;

constexpr std::size_t kAliasAbove = 16;  // up to here a scan picks as fast (13 ns at 16)

// What the records of one type and TTL begin with: all but the rdata and its length.
class ImageHead {
 public:
  ImageHead(RrType type, std::uint32_t ttl) {
    put(0, 0xc00c);
    put(2, static_cast<std::uint16_t>(type));
    put(4, static_cast<std::uint16_t>(RrClass::in));
    put(6, ttl >> 16);
    put(8, ttl);
  }
  void append(EntryImage& out, std::string_view rdata) {
    assert(rdata.size() <= 0xffff);
    put(10, static_cast<std::uint32_t>(rdata.size()));
    char* to = out.extend(octets_.size() + rdata.size());
    std::memcpy(to, octets_.data(), octets_.size());
    std::memcpy(to + octets_.size(), rdata.data(), rdata.size());
  }

 private:
  void put(std::size_t at, std::uint32_t value) {
    octets_[at] = static_cast<char>(value >> 8 & 0xff);
    octets_[at + 1] = static_cast<char>(value & 0xff);
  }
  std::array<char, layout::kRecordFixed> octets_;
};

// The members that are answered: of sets that are not fixed sorted by tier, with the weights they are drawn
// by. Used again for each set, so that its lists are allocated once.
class Drawable {
 public:
  void read(const RrsetSpec& spec) {
    members_.clear();
    weights_.clear();
    tiers_.clear();
    for (const Member& member : spec.members) members_.push_back(&member);
    if (spec.order != Order::fixed) group();
  }

  const std::vector<const Member*>& members() const { return members_; }
  const std::vector<std::uint32_t>& weights() const { return weights_; }
  const std::vector<Tier>& tiers() const { return tiers_; }
  bool unequal() const {
    return std::adjacent_find(weights_.begin(), weights_.end(), std::not_equal_to<>()) != weights_.end();
  }
  bool tiered() const { return tiers_.size() > 1 || (tiers_.size() == 1 && tiers_[0].value != 0); }
  bool large() const {
    return std::any_of(tiers_.begin(), tiers_.end(),
                       [](const Tier& t) { return t.end - t.begin > kAliasAbove; });
  }

 private:
  void group() {
    const auto by_tier = [](const Member* a, const Member* b) { return a->tier < b->tier; };
    if (!std::is_sorted(members_.begin(), members_.end(), by_tier)) {
      std::stable_sort(members_.begin(), members_.end(), by_tier);
    }
    std::size_t kept = 0;
    for (std::size_t begin = 0; begin < members_.size();) {
      std::size_t end = begin;
      std::uint64_t total = 0;
      for (; end < members_.size() && members_[end]->tier == members_[begin]->tier; ++end)
        total += members_[end]->weight;
      Tier tier{members_[begin]->tier, static_cast<std::uint32_t>(kept), 0, total};
      for (std::size_t i = begin; i < end; ++i) {
        if (total != 0 && members_[i]->weight == 0) continue;
        weights_.push_back(total == 0 ? 1 : members_[i]->weight);
        members_[kept++] = members_[i];
      }
      tier.end = static_cast<std::uint32_t>(kept);
      if (total == 0) tier.total = tier.end - tier.begin;
      tiers_.push_back(tier);
      begin = end;
    }
    members_.resize(kept);
  }

  std::vector<const Member*> members_;
  std::vector<std::uint32_t> weights_;
  std::vector<Tier> tiers_;
};

// The records of a set, and their offsets where their sizes differ. `rdata` gives that of member i.
template <class Rdata>
void append_images(EntryImage& out, ImageHead image, const Rdata& rdata, RrsetHead& head) {
  head.body = static_cast<std::uint32_t>(out.size());
  const std::size_t first = head.count == 0 ? 0 : rdata(0).size();
  bool alike = first + layout::kRecordFixed <= 0xffff;
  for (std::uint32_t i = 0; i < head.count; ++i) {
    image.append(out, rdata(i));
    alike = alike && rdata(i).size() == first;
  }
  head.images_size = static_cast<std::uint32_t>(out.size() - head.body);
  if (alike) {
    head.stride = static_cast<std::uint16_t>(first + layout::kRecordFixed);
    return;
  }
  std::uint32_t at = 0;
  out.append_value(at);
  for (std::uint32_t i = 0; i < head.count; ++i) {
    at += static_cast<std::uint32_t>(layout::kRecordFixed + rdata(i).size());
    out.append_value(at);
  }
}

void append_weights(EntryImage& out, const Drawable& drawable, RrsetHead& head) {
  if (drawable.tiered()) head.flags |= layout::kTiered;
  if (!drawable.unequal()) {
    out.append_value(drawable.weights().empty() ? std::uint32_t{1} : drawable.weights()[0]);
  } else {
    head.flags |= layout::kUnequal;
    const auto octets = std::as_bytes(std::span(drawable.weights()));
    out.append({reinterpret_cast<const char*>(octets.data()), octets.size()});
  }
}

void append_tiers(EntryImage& out, const Drawable& drawable) {
  out.append_value(static_cast<std::uint16_t>(drawable.tiers().size()));
  for (const Tier& tier : drawable.tiers()) {
    out.append_value(tier.value);
    out.append_value(tier.end);
    out.append_value(tier.total);
  }
}

void append_alias(EntryImage& out, const Drawable& drawable) {
  AliasTable table;
  for (const Tier& tier : drawable.tiers()) {
    add_alias_columns(table, std::span(drawable.weights()).subspan(tier.begin, tier.end - tier.begin));
  }
  for (const std::uint64_t threshold : table.threshold) out.append_value(threshold);
  for (const std::uint32_t alias : table.alias) out.append_value(alias);
}

bool takes_turns(Order order) { return order == Order::rotated || order == Order::scheduled; }

// Of the tier that is answered.
void append_schedule(EntryImage& out, const Drawable& drawable) {
  std::vector<std::uint32_t> steps;
  if (!drawable.tiers().empty())
    steps = smooth_schedule(std::span(drawable.weights()).first(drawable.tiers().front().end));
  out.append_value(static_cast<std::uint32_t>(steps.size()));
  const auto octets = std::as_bytes(std::span(steps));
  out.append({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

// `weights`: where those begin, and behind them the tiers.
void append_ids(EntryImage& out, std::size_t weights, const Drawable& drawable) {
  const std::size_t begin = out.size();
  out.append_value(std::uint64_t{0});
  std::uint32_t end = 0;
  for (const Member* member : drawable.members()) end += static_cast<std::uint32_t>(member->id.size());
  out.append_value(static_cast<std::uint32_t>(4 * drawable.members().size() + end));
  end = 0;
  for (const Member* member : drawable.members())
    out.append_value(end += static_cast<std::uint32_t>(member->id.size()));
  for (const Member* member : drawable.members()) out.append(member->id);
  const std::uint64_t digest = XXH3_64bits(out.data() + weights, out.size() - weights);
  std::memcpy(out.data() + begin, &digest, sizeof digest);
}

std::string_view srv_target(const Member& member) { return std::string_view(member.rdata).substr(6); }

struct AddressHeads {
  explicit AddressHeads(std::uint32_t ttl) : a(RrType::a, ttl), aaaa(RrType::aaaa, ttl) {}
  ImageHead a;
  ImageHead aaaa;
};

void append_addresses(EntryImage& out, const Member& member, AddressHeads& heads) {
  for (const net::IpAddress& address : member.addresses) {
    if (address.family == net::Family::v4) heads.a.append(out, address.bytes());
  }
  for (const net::IpAddress& address : member.addresses) {
    if (address.family == net::Family::v6) heads.aaaa.append(out, address.bytes());
  }
}

// Where the additional records of a target stand.
struct AdditionalRef {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

// The targets written so far: looked for one by one where they are few.
class WrittenTargets {
 public:
  explicit WrittenTargets(std::size_t most) : is_few_(most <= kFew) {
    if (!is_few_) many_.reserve(most);
  }
  // The target's place, and whether it is new.
  std::pair<AdditionalRef*, bool> add(std::string_view target) {
    if (!is_few_) {
      const auto [at, is_new] = many_.try_emplace(target);
      return {&at->second, is_new};
    }
    for (std::size_t i = 0; i < size_; ++i) {
      if (few_[i].first == target) return {&few_[i].second, false};
    }
    few_[size_] = {target, {}};
    return {&few_[size_++].second, true};
  }

 private:
  static constexpr std::size_t kFew = 8;
  bool is_few_;
  std::array<std::pair<std::string_view, AdditionalRef>, kFew> few_;
  std::size_t size_ = 0;
  boost::unordered_flat_map<std::string_view, AdditionalRef> many_;
};

// Fills in the places of the additional records, which come last, and appends them: once for each target, as
// written.
void append_additional(EntryImage& out, std::size_t refs, const std::vector<const Member*>& members,
                       std::uint32_t ttl, RrsetHead& head) {
  WrittenTargets written(members.size());
  AddressHeads heads(ttl);
  for (const Member* member : members) {
    AdditionalRef ref;
    if (!member->addresses.empty()) {
      const auto [known, is_new] = written.add(srv_target(*member));
      if (is_new) {
        const std::size_t begin = out.size();
        append_addresses(out, *member, heads);
        *known = {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(out.size() - begin)};
      } else {
        head.flags |= layout::kSharedTargets;
      }
      ref = *known;
    }
    std::memcpy(out.data() + refs, &ref, sizeof ref);
    refs += sizeof ref;
  }
}

bool has_additional(const RrsetSpec& spec) {
  return spec.type == RrType::srv &&
         std::any_of(spec.members.begin(), spec.members.end(),
                     [](const Member& member) { return !member.addresses.empty(); });
}

RrsetHead append_body(EntryImage& out, const RrsetSpec& spec) {
  static thread_local Drawable drawable;
  drawable.read(spec);
  const auto& members = drawable.members();
  RrsetHead head{};
  head.type = static_cast<std::uint16_t>(spec.type);
  head.count = static_cast<std::uint32_t>(members.size());
  head.at_most = spec.at_most;
  if (spec.overflow == Overflow::fit) head.flags |= layout::kFit;
  if (spec.servfail) head.flags |= layout::kServfail;
  if (spec.bound) head.flags |= layout::kBound;

  append_images(
      out, ImageHead(spec.type, spec.ttl),
      [&](std::uint32_t i) -> const std::string& { return members[i]->rdata; }, head);
  head.flags |= static_cast<std::uint16_t>(spec.order);
  if (spec.ranked) head.flags |= layout::kRanked;
  const std::size_t weights = out.size();
  if (spec.order != Order::fixed) append_weights(out, drawable, head);
  if ((head.flags & (layout::kUnequal | layout::kTiered)) != 0) append_tiers(out, drawable);
  if (spec.order == Order::weighted && (head.flags & layout::kUnequal) != 0 && drawable.large()) {
    head.flags |= layout::kAlias;
    append_alias(out, drawable);
  }
  if (takes_turns(spec.order)) out.append_value(new Turn);
  if (spec.order == Order::scheduled) append_schedule(out, drawable);
  if (spec.order == Order::hashed) append_ids(out, weights, drawable);
  const std::size_t refs = out.size();
  if (has_additional(spec)) {
    head.flags |= layout::kAdditional;
    out.append_zeros(8 * members.size());
  }
  if (!spec.note.text.empty()) {
    const auto size = static_cast<std::uint8_t>(std::min<std::size_t>(spec.note.text.size(), 255));
    head.flags |= layout::kNote;
    out.append_value(spec.note.since);
    out.append_value(size);
    out.append(std::string_view(spec.note.text).substr(0, size));
  }
  if (has_additional(spec)) append_additional(out, refs, members, spec.additional_ttl, head);
  return head;
}

RrsetHead append_body(EntryImage& out, std::span<const ZoneRecord> set) {
  RrsetHead head{};
  head.type = static_cast<std::uint16_t>(set[0].type);
  head.count = static_cast<std::uint32_t>(set.size());
  append_images(
      out, ImageHead(set[0].type, set[0].ttl), [&](std::uint32_t i) { return set[i].rdata(); }, head);
  return head;
}

bool says_something(const RrsetSpec& spec) {
  return !spec.members.empty() || spec.servfail || !spec.note.text.empty() || takes_turns(spec.order);
}

bool is_lowered(const RrsetSpec& spec) {
  return spec.full_ttl != 0 && spec.full_ttl != spec.ttl && !spec.members.empty();
}

void append_full_ttls(EntryImage& out, const NameSpec& spec) {
  for (const RrsetSpec& rrset : spec.rrsets) {
    if (says_something(rrset)) out.append_value(is_lowered(rrset) ? rrset.full_ttl : rrset.ttl);
  }
}

Member read_member(const RrsetView& rrset, std::uint32_t index) {
  Member member{std::string(rrset.rdata(index)), rrset.weight(index), 0, {}};
  if (rrset.order() == Order::hashed) member.id = rrset.id(index);
  std::string_view records = rrset.additional(index);
  while (!records.empty()) {
    net::IpAddress address;
    const bool v4 = records[3] == static_cast<char>(RrType::a);
    address.family = v4 ? net::Family::v4 : net::Family::v6;
    std::memcpy(address.octets.data(), records.data() + layout::kRecordFixed, address.size());
    member.addresses.push_back(address);
    records.remove_prefix(layout::kRecordFixed + address.size());
  }
  return member;
}

std::uint32_t read_additional_ttl(const RrsetView& rrset) {
  for (std::uint32_t i = 0; i < rrset.count(); ++i) {
    if (!rrset.additional(i).empty()) return load_ttl(rrset.additional(i).data());
  }
  return 0;
}

RrsetSpec read_rrset(const RrsetView& rrset) {
  RrsetSpec spec;
  spec.type = rrset.type();
  spec.ttl = rrset.ttl();
  spec.additional_ttl = read_additional_ttl(rrset);
  spec.order = rrset.order();
  spec.overflow = rrset.overflow();
  spec.ranked = rrset.ranked();
  spec.at_most = rrset.at_most_as_written();
  spec.servfail = rrset.servfail();
  spec.bound = rrset.bound();
  if (rrset.has_note()) spec.note = {std::string(rrset.note_text()), rrset.note_since()};
  spec.members.reserve(rrset.count());
  for (std::uint32_t t = 0; t < rrset.tiers(); ++t) {
    const Tier tier = rrset.tier(t);
    for (std::uint32_t i = tier.begin; i < tier.end; ++i) {
      spec.members.push_back(read_member(rrset, i));
      spec.members.back().tier = tier.value;
    }
  }
  return spec;
}

void hold_turns(const Entry& copy) {
  for (std::uint32_t i = 0; i < copy.rrset_count(); ++i) {
    if (copy.rrset(i).takes_turns()) copy.rrset(i).turn().held();
  }
}

}  // namespace

void EntryDelete::operator()(const Entry* entry) const {
  if (entry != nullptr && entry->is(Entry::kTurns)) {
    for (std::uint32_t i = 0; i < entry->rrset_count(); ++i) {
      if (entry->rrset(i).takes_turns()) entry->rrset(i).turn().release();
    }
  }
  std::free(const_cast<Entry*>(entry));
}

Entry EntryWriter::header(std::string_view name, std::uint16_t flags, ZoneId zone) {
  Entry header;
  header.flags_ = flags;
  header.zone_ = zone;
  header.name_size_ = static_cast<std::uint8_t>(name.size());
  if (FoldedWire::has_capitals(name)) header.flags_ |= Entry::kCapitals;
  return header;
}

// The header, room for the heads, and the name: what bodies are appended to.
EntryImage& EntryWriter::begin_image(const Entry& header, std::string_view name) {
  static thread_local EntryImage image;
  image.clear();
  image.extend(sizeof(Entry) + header.rrset_count_ * sizeof(RrsetHead));
  image.append(name);
  return image;
}

EntryPtr EntryWriter::finish(Entry header, EntryImage& image) {
  assert(image.size() <= 0xffffffff);
  header.size_ = static_cast<std::uint32_t>(image.size());
  std::memcpy(image.data(), &header, sizeof header);
  void* memory = std::malloc(image.size());
  if (memory == nullptr) throw std::bad_alloc();
  return EntryPtr(static_cast<const Entry*>(std::memcpy(memory, image.data(), image.size())));
}

EntryPtr EntryWriter::build(const NameSpec& spec, std::uint16_t flags, ZoneId zone) {
  const std::string_view name = spec.owner.wire();
  Entry header = EntryWriter::header(name, flags, zone);
  for (const RrsetSpec& rrset : spec.rrsets) {
    if (!says_something(rrset)) continue;
    ++header.rrset_count_;
    if (is_lowered(rrset)) header.flags_ |= Entry::kLowered;
    if (takes_turns(rrset.order)) header.flags_ |= Entry::kTurns;
    if (rrset.type == RrType::cname) header.flags_ |= Entry::kCname;
    if (rrset.type == RrType::dname) header.flags_ |= Entry::kDname;
  }

  EntryImage& image = begin_image(header, name);
  std::size_t head_at = sizeof(Entry);
  for (const RrsetSpec& rrset : spec.rrsets) {
    if (!says_something(rrset)) continue;
    const RrsetHead head = append_body(image, rrset);
    std::memcpy(image.data() + head_at, &head, sizeof head);
    head_at += sizeof head;
  }
  if ((header.flags_ & Entry::kLowered) != 0) append_full_ttls(image, spec);
  return finish(header, image);
}

EntryPtr EntryWriter::build(std::string_view owner, std::span<const ZoneRecord> records, std::uint16_t flags,
                            ZoneId zone) {
  Entry header = EntryWriter::header(owner, flags, zone);
  for (auto rest = records; !rest.empty(); rest = rest.subspan(first_rrset(rest).size())) {
    ++header.rrset_count_;
    if (rest[0].type == RrType::ns) header.flags_ |= Entry::kCut;
    if (rest[0].type == RrType::cname) header.flags_ |= Entry::kCname;
    if (rest[0].type == RrType::dname) header.flags_ |= Entry::kDname;
  }
  EntryImage& image = begin_image(header, owner);
  std::size_t head_at = sizeof(Entry);
  for (auto rest = records; !rest.empty();) {
    const auto set = first_rrset(rest);
    const RrsetHead head = append_body(image, set);
    std::memcpy(image.data() + head_at, &head, sizeof head);
    head_at += sizeof head;
    rest = rest.subspan(set.size());
  }
  return finish(header, image);
}

void EntryWriter::place(const Entry& entry, std::uint16_t flags, std::uint32_t children) {
  const_cast<Entry&>(entry).flags_ = flags;
  entry.children_ = children;
}

void EntryWriter::take_turns(const Entry& entry, const Entry& old) {
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    const RrsetView rrset = entry.rrset(i);
    const auto before = rrset.takes_turns() ? old.find(rrset.type()) : std::nullopt;
    if (!before || !before->takes_turns()) continue;
    rrset.turn().release();
    Turn* turn = before->turn().held();
    std::memcpy(const_cast<char*>(rrset.turn_at()), &turn, sizeof turn);
  }
}

EntryPtr EntryWriter::with_flags(const Entry& entry, std::uint16_t flags) {
  void* memory = std::malloc(entry.size_);
  if (memory == nullptr) throw std::bad_alloc();
  Entry* copy = static_cast<Entry*>(std::memcpy(memory, &entry, entry.size_));
  copy->flags_ = static_cast<std::uint16_t>(flags | (entry.flags_ & Entry::kTurns));
  if (copy->is(Entry::kTurns)) hold_turns(*copy);
  return EntryPtr(copy);
}

NameSpec EntryWriter::read(const Entry& entry) {
  NameSpec spec;
  spec.owner = *Name::from_wire(entry.name());
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    spec.rrsets.push_back(read_rrset(entry.rrset(i)));
    RrsetSpec& rrset = spec.rrsets.back();
    if (const std::uint32_t full = entry.full_ttl(i); full != rrset.ttl) rrset.full_ttl = full;
  }
  return spec;
}

}  // namespace muster::zones
