#include "zones/name_table.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "zones/folded_wire.h"
#include "zones/slot_array.h"

namespace muster::zones {

namespace {

constexpr std::size_t kSlotsMin = 1024;
constexpr std::size_t kTidySteps = 64;      // at most about a tenth of a millisecond
constexpr std::size_t kFreedAtOnce = 1024;  // so that a backlog left by a slow reader makes no pause
constexpr std::size_t kCollectEvery = 32;   // changes; a look at the readers' seats costs a cache miss each

// An entry's key with the folded name it views.
class KeyOf {
 public:
  explicit KeyOf(const Entry& entry)
      : folded_(entry.name()), key_{folded_.wire(), entry.is(Entry::kAside), entry.zone_id()} {}
  KeyOf(const KeyOf&) = delete;
  KeyOf& operator=(const KeyOf&) = delete;
  const NameKey& operator*() const { return key_; }

 private:
  FoldedWire folded_;
  NameKey key_;
};

using ViewPtr = std::unique_ptr<const ZoneView>;
using ArrayPtr = std::unique_ptr<SlotArray>;

struct Retired {
  std::uint64_t epoch;
  std::size_t octets;
  std::variant<EntryPtr, ArrayPtr, ViewPtr, ZoneId> thing;
};

}  // namespace

class NameTable::Core {
 public:
  explicit Core(const Tuning& tuning)
      : tuning_(tuning),
        array_(std::make_unique<SlotArray>(kSlotsMin)),
        view_pages_(kZonesMax * sizeof(View)) {
    live_array_.store(array_.get());
  }
  ~Core();

  const Entry* find(const NameKey& key) const { return array_->find(array_->hash(key), key); }
  void reserve(std::size_t names);
  void prefetch_slot(std::string_view name) const { array_->prefetch_slot(hash(name)); }
  void prefetch_entry(std::string_view name) const { array_->prefetch_entry(hash(name)); }
  Found look_up(std::string_view folded) const {
    const std::uint64_t hash = array_->hash(folded);
    return {array_->find(hash, {folded}), hash};
  }
  void put(EntryPtr entry);
  void replace(const Found& old, EntryPtr entry);
  void remove(const Entry* entry);
  void for_each(const std::function<void(const Entry&)>& visit) const;
  void tidy();
  Stats stats() const;

  std::optional<ZoneId> add_zone(ViewPtr view);
  void set_view(ZoneId zone, ViewPtr view);
  void remove_zone(ZoneId zone) { retire(zone, sizeof(ZoneView)); }
  const ZoneView& view(ZoneId zone) const { return *views()[zone].load(); }

  Epochs& epochs() { return epochs_; }
  const SlotArray* live_array() const { return live_array_.load(); }

 private:
  using View = std::atomic<const ZoneView*>;

  std::uint64_t hash(std::string_view name) const { return array_->hash(FoldedWire(name).wire()); }
  View* views() const { return static_cast<View*>(view_pages_.data()); }
  void set(std::size_t slot, std::uint64_t hash, const Entry* old, const Entry* entry);
  void put_next(const NameKey& key, const Entry* old, const Entry* entry);
  void remove_next(const NameKey& key, const Entry* entry);
  void carry_slots();
  void carry(const Entry& entry);
  void prefetch_carried() const;
  bool wants_rebuild() const;
  void rebuild();
  void change_over();
  void step();
  template <class T>
  void retire(T thing, std::size_t octets);
  void free_retired();
  void free_one(Retired& retired);

  const Tuning tuning_;
  Epochs epochs_;
  std::atomic<const SlotArray*> live_array_;

  // The writer's.
  ArrayPtr array_;          // what live_array_ points to
  ArrayPtr next_;           // null, or where the table moves to
  std::size_t cursor_ = 0;  // slots of array_ below it are carried over
  std::size_t names_ = 0;
  std::size_t entry_octets_ = 0;
  std::size_t tombstones_ = 0;
  std::size_t next_tombstones_ = 0;
  std::size_t longest_probe_ = 0;
  std::size_t next_longest_probe_ = 0;
  std::size_t slots_reserved_ = kSlotsMin;
  std::uint64_t rebuilds_ = 0;
  std::uint64_t secrets_ = 0;

  std::deque<Retired> retired_;
  std::size_t retired_octets_ = 0;
  std::size_t changes_since_collect_ = 0;
  std::vector<ArrayPtr> dying_;  // no reader has them; their memory is given back in pieces

  Pages view_pages_;
  std::size_t zones_used_ = 0;  // ids from here on were never given out
  std::vector<ZoneId> free_zones_;
};

NameTable::Core::~Core() {
  for_each([](const Entry& entry) { EntryDelete()(&entry); });
  for (std::size_t i = 0; i < zones_used_; ++i) delete views()[i].load();
}

void NameTable::Core::reserve(std::size_t names) {
  slots_reserved_ = std::max(kSlotsMin, std::bit_ceil(2 * names));
  if (!next_ && array_->size() < slots_reserved_) rebuild();
}

void NameTable::Core::put(EntryPtr entry) {
  const KeyOf key(*entry);
  const std::uint64_t hash = array_->hash(*key);
  const SlotArray::Place place = array_->place_of(hash, *key);
  const Entry* old = place.found ? SlotArray::entry_of(array_->at(place.index)) : nullptr;
  if (old == nullptr) {
    if (array_->at(place.index) == SlotArray::kTombstone) --tombstones_;
    longest_probe_ = std::max(longest_probe_, place.probes);
    ++names_;
  }
  set(place.index, hash, old, entry.release());
}

void NameTable::Core::replace(const Found& old, EntryPtr entry) {
  const SlotArray::Place place = array_->place_of(old.hash, old.entry);
  assert(place.found);
  set(place.index, old.hash, old.entry, entry.release());
}

// `old`: null, or what the slot holds.
void NameTable::Core::set(std::size_t slot, std::uint64_t hash, const Entry* old, const Entry* entry) {
  entry_octets_ += entry->size();
  array_->store(slot, SlotArray::word_of(hash, entry));
  if (next_) put_next(*KeyOf(*entry), old, entry);
  if (old != nullptr) {
    entry_octets_ -= old->size();
    retire(EntryPtr(old), old->size());
  }
  step();
}

void NameTable::Core::put_next(const NameKey& key, const Entry* old, const Entry* entry) {
  const std::uint64_t hash = next_->hash(key);
  const SlotArray::Place place = next_->place_of(hash, old != nullptr ? old : entry);
  if (next_->at(place.index) == SlotArray::kTombstone) --next_tombstones_;
  next_longest_probe_ = std::max(next_longest_probe_, place.probes);
  next_->store(place.index, SlotArray::word_of(hash, entry));
}

void NameTable::Core::remove(const Entry* entry) {
  const KeyOf key(*entry);
  const SlotArray::Place place = array_->place_of(array_->hash(*key), entry);
  assert(place.found);
  tombstones_ += static_cast<std::size_t>(array_->clear(place.index));
  if (next_) remove_next(*key, entry);
  --names_;
  entry_octets_ -= entry->size();
  retire(EntryPtr(entry), entry->size());
  step();
}

void NameTable::Core::remove_next(const NameKey& key, const Entry* entry) {
  const SlotArray::Place place = next_->place_of(next_->hash(key), entry);
  if (place.found) next_tombstones_ += static_cast<std::size_t>(next_->clear(place.index));
}

void NameTable::Core::for_each(const std::function<void(const Entry&)>& visit) const {
  for (std::size_t i = 0; i < array_->size(); ++i) {
    const SlotArray::Word word = array_->at(i);
    if (SlotArray::is_entry(word)) visit(*SlotArray::entry_of(word));
  }
}

// What every change does besides.
void NameTable::Core::step() {
  if (next_) carry_slots();
  if (!next_ && wants_rebuild()) rebuild();
  if (++changes_since_collect_ >= kCollectEvery) free_retired();
}

void NameTable::Core::tidy() {
  for (std::size_t i = 0; next_ && i < kTidySteps; ++i) carry_slots();
  if (!next_ && wants_rebuild()) rebuild();
  free_retired();
}

bool NameTable::Core::wants_rebuild() const {
  const std::size_t slots = array_->size();
  return names_ + tombstones_ > slots / 2 || tombstones_ > slots / 8 || slots < slots_reserved_ ||
         longest_probe_ > tuning_.probe_max || (slots > slots_reserved_ && names_ < slots / 16);
}

// The next array is large enough that it is at most 2/5 full when begun; what comes while it is filled (one
// name for each `carry` slots of the old one) keeps it under a half.
void NameTable::Core::rebuild() {
  if (longest_probe_ > tuning_.probe_max) ++secrets_;
  ++rebuilds_;
  next_ = std::make_unique<SlotArray>(std::max(slots_reserved_, std::bit_ceil(names_ * 5 / 2)));
  next_tombstones_ = 0;
  next_longest_probe_ = 0;
  cursor_ = names_ == 0 ? array_->size() : 0;
  if (names_ == 0) change_over();
}

void NameTable::Core::carry_slots() {
  const std::size_t end = std::min(cursor_ + tuning_.carry, array_->size());
  for (; cursor_ < end; ++cursor_) {
    const SlotArray::Word word = array_->at(cursor_);
    if (SlotArray::is_entry(word)) carry(*SlotArray::entry_of(word));
  }
  cursor_ == array_->size() ? change_over() : prefetch_carried();
}

void NameTable::Core::carry(const Entry& entry) {
  const KeyOf key(entry);
  const std::uint64_t hash = next_->hash(*key);
  const SlotArray::Place place = next_->place_of(hash, &entry);
  if (place.found) return;  // changed since the move began
  if (next_->at(place.index) == SlotArray::kTombstone) --next_tombstones_;
  next_longest_probe_ = std::max(next_longest_probe_, place.probes);
  next_->store(place.index, SlotArray::word_of(hash, &entry));
}

// The entries of the next slots, so that the change which carries them over finds them near.
void NameTable::Core::prefetch_carried() const {
  const std::size_t end = std::min(cursor_ + tuning_.carry, array_->size());
  for (std::size_t i = cursor_; i < end; ++i) {
    const SlotArray::Word word = array_->at(i);
    if (SlotArray::is_entry(word)) __builtin_prefetch(SlotArray::entry_of(word));
  }
}

void NameTable::Core::change_over() {
  live_array_.store(next_.get());
  const std::size_t octets = array_->octets();
  retire(std::exchange(array_, std::move(next_)), octets);
  tombstones_ = next_tombstones_;
  longest_probe_ = next_longest_probe_;
}

template <class T>
void NameTable::Core::retire(T thing, std::size_t octets) {
  retired_octets_ += octets;
  retired_.push_back({epochs_.advance(), octets, std::move(thing)});
}

void NameTable::Core::free_retired() {
  changes_since_collect_ = 0;
  if (!dying_.empty() && dying_.back()->release_some()) dying_.pop_back();
  if (retired_.empty()) return;
  const std::uint64_t safe = epochs_.safe();
  for (std::size_t i = 0; i < kFreedAtOnce && !retired_.empty() && retired_.front().epoch <= safe; ++i) {
    retired_octets_ -= retired_.front().octets;
    free_one(retired_.front());
    retired_.pop_front();
  }
}

void NameTable::Core::free_one(Retired& retired) {
  if (auto* array = std::get_if<ArrayPtr>(&retired.thing)) {
    dying_.push_back(std::move(*array));
  } else if (const auto* zone = std::get_if<ZoneId>(&retired.thing)) {
    delete views()[*zone].exchange(nullptr);
    free_zones_.push_back(*zone);
  }
}

NameTable::Stats NameTable::Core::stats() const {
  Stats stats;
  stats.names = names_;
  stats.slots = array_->size();
  stats.tombstones = tombstones_;
  stats.entry_octets = entry_octets_;
  stats.retired = retired_.size();
  stats.retired_octets = retired_octets_;
  stats.rebuilds = rebuilds_;
  stats.secrets = secrets_;
  stats.longest_probe = longest_probe_;
  return stats;
}

std::optional<ZoneId> NameTable::Core::add_zone(ViewPtr view) {
  ZoneId zone{};
  if (!free_zones_.empty()) {
    zone = free_zones_.back();
    free_zones_.pop_back();
  } else if (zones_used_ < kZonesMax) {
    zone = static_cast<ZoneId>(zones_used_++);
  } else {
    return std::nullopt;
  }
  views()[zone].store(view.release());
  return zone;
}

void NameTable::Core::set_view(ZoneId zone, ViewPtr view) {
  retire(ViewPtr(views()[zone].exchange(view.release())), sizeof(ZoneView));
}

NameTable::NameTable(const Tuning& tuning) : core_(std::make_unique<Core>(tuning)) {}
NameTable::~NameTable() = default;

void NameTable::reserve(std::size_t names) { core_->reserve(names); }
const Entry* NameTable::find(std::string_view folded) const { return core_->find({folded}); }
const Entry* NameTable::find_aside(ZoneId outer, std::string_view folded) const {
  return core_->find({folded, true, outer});
}
void NameTable::prefetch_slot(std::string_view name) const { core_->prefetch_slot(name); }
void NameTable::prefetch_entry(std::string_view name) const { core_->prefetch_entry(name); }
NameTable::Found NameTable::look_up(std::string_view folded) const { return core_->look_up(folded); }
void NameTable::put(EntryPtr entry) { core_->put(std::move(entry)); }
void NameTable::replace(const Found& old, EntryPtr entry) { core_->replace(old, std::move(entry)); }
void NameTable::remove(const Entry* entry) { core_->remove(entry); }
void NameTable::for_each(const std::function<void(const Entry&)>& visit) const { core_->for_each(visit); }
void NameTable::tidy() { core_->tidy(); }
NameTable::Stats NameTable::stats() const { return core_->stats(); }
std::optional<ZoneId> NameTable::add_zone(ZoneView view) {
  return core_->add_zone(std::make_unique<const ZoneView>(std::move(view)));
}
void NameTable::set_view(ZoneId zone, ZoneView view) {
  core_->set_view(zone, std::make_unique<const ZoneView>(std::move(view)));
}
void NameTable::remove_zone(ZoneId zone) { core_->remove_zone(zone); }
const ZoneView& NameTable::view(ZoneId zone) const { return core_->view(zone); }

NameTable::Reader::Reader(NameTable& table) : core_(table.core_.get()), seat_(core_->epochs().take_seat()) {
  if (seat_ == nullptr) {
    throw std::runtime_error("the name table has " + std::to_string(kReadersMax) +
                             " readers already: configure fewer DNS listeners or threads");
  }
}

NameTable::Reader::~Reader() { Epochs::leave_seat(*seat_); }

void NameTable::Reader::online() {
  core_->epochs().online(*seat_);
  array_ = core_->live_array();
}

void NameTable::Reader::offline() {
  array_ = nullptr;
  Epochs::offline(*seat_);
}

std::uint64_t NameTable::Reader::hash(std::string_view folded) const { return array_->hash(folded); }
void NameTable::Reader::prefetch_slot(std::uint64_t hash) const { array_->prefetch_slot(hash); }
void NameTable::Reader::prefetch_entry(std::uint64_t hash) const { array_->prefetch_entry(hash); }

const Entry* NameTable::Reader::find(std::uint64_t hash, std::string_view folded) const {
  assert(array_ != nullptr);
  return array_->find(hash, {folded});
}

const Entry* NameTable::Reader::find_aside(const Entry& of, std::string_view folded) const {
  const NameKey key{folded, true, of.zone_id()};
  return array_->find(array_->hash(key), key);
}

const ZoneView& NameTable::Reader::zone(const Entry& entry) const { return core_->view(entry.zone_id()); }

bool NameTable::Reader::begins_anew(const Walk& walk) const { return walk.array != array_->identity(); }

bool NameTable::Reader::walk(Walk& walk, std::size_t slots,
                             const std::function<void(const Entry&)>& visit) const {
  if (begins_anew(walk)) walk = {array_->identity(), 0};
  const std::size_t end = std::min(walk.slot + slots, array_->size());
  for (; walk.slot < end; ++walk.slot) {
    const SlotArray::Word word = array_->at(walk.slot);
    if (SlotArray::is_entry(word)) visit(*SlotArray::entry_of(word));
  }
  return walk.slot < array_->size();
}

}  // namespace muster::zones
