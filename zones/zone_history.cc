#include "zones/zone_history.h"

#include <algorithm>
#include <utility>

#include "zones/entry_writer.h"

namespace muster::zones {

namespace {

// About what a name costs in a map beside its entry.
constexpr std::size_t kNameOctets = 128;

std::shared_ptr<const Entry> copy_of(const Entry* entry) {
  if (entry == nullptr) return nullptr;
  return EntryWriter::with_flags(*entry, entry->flags());
}

std::size_t size_of(const Entry* entry) { return kNameOctets + (entry == nullptr ? 0 : entry->size()); }

RecordList beginning_with(const Name& apex, const ZoneHistory::SoaVersion& version, RecordList rest) {
  RecordList list;
  list.add(apex.wire(), RrType::soa, version.ttl, encode(version.soa));
  list.append(rest);
  return list;
}

}  // namespace

void ZoneWalk::keep(const Name& name, std::shared_ptr<const Entry> old) {
  kept_octets_ += size_of(old.get());
  kept_.emplace(name, std::move(old));
}

void ZoneWalk::abort() {
  aborted_ = true;
  kept_.clear();
}

ZoneHistory::~ZoneHistory() {
  for (const auto& walk : walks_) walk->abort();
}

std::size_t ZoneHistory::drop_unwanted_walks() {
  return std::erase_if(walks_, [](const auto& walk) { return !walk->is_wanted(); });
}

void ZoneHistory::before(const Name& owner, const Entry* old) {
  if (old != nullptr) octets_ -= transfer_octets(*old);
  if (!recording_) return;
  std::shared_ptr<const Entry> copy;
  const auto kept = [&]() -> const std::shared_ptr<const Entry>& {
    if (!copy) copy = copy_of(old);
    return copy;
  };
  if (!overgrown_) {
    if (const auto [place, is_new] = batch_.try_emplace(owner); is_new) {
      place->second = kept();
      batch_octets_ += size_of(old);
    }
    if (batch_octets_ > kBatchMost) {
      forget_batch();
      overgrown_ = true;
      ++counts_.batches_overgrown;
    }
  }
  if (walks_.empty()) return;
  drop_unwanted_walks();
  for (const auto& walk : walks_) {
    if (walk->has_passed(owner) || walk->kept_.contains(owner)) continue;
    walk->keep(owner, kept());
    if (walk->kept_octets_ <= ZoneWalk::kKeptMost) continue;
    walk->abort();
    ++counts_.walks_aborted;
  }
}

void ZoneHistory::after(const Name& owner, bool was_there, const Entry* fresh) {
  if (fresh != nullptr) octets_ += transfer_octets(*fresh);
  if (was_there == (fresh != nullptr)) return;
  if (was_there) {
    names_.erase(owner);
  } else {
    names_.insert(owner);
  }
}

void ZoneHistory::forget_batch() {
  batch_.clear();
  batch_octets_ = 0;
  deleted_ = {};
  added_ = {};
}

void ZoneHistory::record(bool on) {
  recording_ = on;
  forget_batch();
  overgrown_ = false;
  journal_.clear();
  for (const auto& walk : walks_) walk->abort();
  walks_.clear();
}

void ZoneHistory::settle() {
  for (const auto& [owner, old] : batch_) add_difference(old.get(), find_(owner), deleted_, added_);
  batch_.clear();
  batch_octets_ = 0;
}

bool ZoneHistory::differs() {
  settle();
  return !recording_ || overgrown_ || !deleted_.empty() || !added_.empty();
}

void ZoneHistory::close(const Name& apex, const SoaVersion& before, const SoaVersion& after) {
  settle();
  const bool forward = serial_newer(after.soa.serial, before.soa.serial);
  if (!recording_ || overgrown_ || !forward) {
    journal_.clear();
  } else {
    journal_.add({before.soa.serial, after.soa.serial, beginning_with(apex, before, std::move(deleted_)),
                  beginning_with(apex, after, std::move(added_))});
  }
  forget_batch();
  overgrown_ = false;
}

std::shared_ptr<ZoneWalk> ZoneHistory::begin_walk() {
  if (overgrown_) return nullptr;
  drop_unwanted_walks();
  auto walk = std::make_shared<ZoneWalk>();
  for (const auto& [owner, old] : batch_) walk->keep(owner, old);
  walks_.push_back(walk);
  return walk;
}

// The names that are there and those that were kept, in one order.
bool ZoneHistory::next(ZoneWalk& walk, RecordList& records, std::size_t octets) {
  if (!walk.is_wanted()) return false;
  auto name = walk.last_ ? names_.upper_bound(*walk.last_) : names_.begin();
  const std::size_t full = records.octets() + octets;
  for (std::size_t names = 0; names < kNamesASlice && records.octets() < full; ++names) {
    const auto kept = walk.kept_.begin();
    const bool none_kept = kept == walk.kept_.end();
    if (none_kept && name == names_.end()) {
      walk.done_ = true;
      drop_unwanted_walks();
      return false;
    }
    if (!none_kept && (name == names_.end() || kept->first <= *name)) {
      if (kept->second) records.add_all(*kept->second);
      if (name != names_.end() && *name == kept->first) ++name;
      walk.last_ = kept->first;
      walk.kept_octets_ -= size_of(kept->second.get());
      walk.kept_.erase(kept);
    } else {
      records.add_all(*find_(*name));
      walk.last_ = *name++;
    }
  }
  return true;
}

}  // namespace muster::zones
