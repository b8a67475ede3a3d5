#include "zones/record_list.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "zones/octets.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

constexpr std::size_t kFixed = 10;  // type, class, TTL, length
constexpr std::size_t kPointer = layout::kRecordFixed - kFixed;

void add_set(const Entry& entry, std::uint32_t index, RecordList& to) {
  const RrsetView set = entry.rrset(index);
  const std::uint32_t ttl = entry.full_ttl(index);
  for (std::uint32_t i = 0; i < set.count(); ++i) to.add(entry.name(), set.type(), ttl, set.rdata(i));
}

std::optional<std::uint32_t> find_set(const Entry* entry, RrType type) {
  for (std::uint32_t i = 0; entry != nullptr && i < entry->rrset_count(); ++i) {
    if (entry->rrset(i).type() == type && entry->rrset(i).count() > 0) return i;
  }
  return std::nullopt;
}

std::vector<std::string_view> sorted_rdata(const RrsetView& set, std::uint32_t from, std::uint32_t to) {
  std::vector<std::string_view> list;
  list.reserve(to - from);
  for (std::uint32_t i = from; i < to; ++i) list.push_back(set.rdata(i));
  std::sort(list.begin(), list.end());
  return list;
}

// Members that both sets have at their beginning and at their end are skipped first: usually one of many has
// changed, and the others kept their order.
void add_members(const RrsetView& from, const RrsetView& to, std::uint32_t ttl, std::string_view owner,
                 RecordList& deleted, RecordList& added) {
  std::uint32_t begin = 0;
  std::uint32_t from_end = from.count();
  std::uint32_t to_end = to.count();
  while (begin < from_end && begin < to_end && from.rdata(begin) == to.rdata(begin)) ++begin;
  while (from_end > begin && to_end > begin && from.rdata(from_end - 1) == to.rdata(to_end - 1)) {
    --from_end;
    --to_end;
  }
  const auto old = sorted_rdata(from, begin, from_end);
  const auto fresh = sorted_rdata(to, begin, to_end);
  std::vector<std::string_view> only;
  std::set_difference(old.begin(), old.end(), fresh.begin(), fresh.end(), std::back_inserter(only));
  for (const std::string_view rdata : only) deleted.add(owner, from.type(), ttl, rdata);
  only.clear();
  std::set_difference(fresh.begin(), fresh.end(), old.begin(), old.end(), std::back_inserter(only));
  for (const std::string_view rdata : only) added.add(owner, to.type(), ttl, rdata);
}

}  // namespace

void RecordList::add(std::string_view owner, RrType type, std::uint32_t ttl, std::string_view rdata) {
  wire_ += owner;
  append_u16(wire_, static_cast<std::size_t>(type));
  append_u16(wire_, static_cast<std::size_t>(RrClass::in));
  append_u32(wire_, ttl);
  append_u16(wire_, rdata.size());
  wire_ += rdata;
  ++count_;
}

void RecordList::append(const RecordList& other) {
  wire_ += other.wire_;
  count_ += other.count_;
}

void RecordList::add_all(const Entry& entry) {
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    if (entry.rrset(i).type() != RrType::soa) add_set(entry, i, *this);
  }
}

RecordView RecordList::Cursor::next() {
  const std::size_t owner = *name_length(rest_);
  const char* fixed = rest_.data() + owner;
  const std::size_t size = read_u16(fixed + 8);
  const auto ttl = static_cast<std::uint32_t>(read_u16(fixed + 4) << 16 | read_u16(fixed + 6));
  const RecordView record{rest_.substr(0, owner), static_cast<RrType>(read_u16(fixed)), ttl,
                          rest_.substr(owner + kFixed, size)};
  rest_.remove_prefix(owner + kFixed + size);
  return record;
}

std::size_t transfer_octets(const Entry& entry) {
  std::size_t octets = 0;
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    const RrsetView set = entry.rrset(i);
    if (set.type() == RrType::soa) continue;
    octets += set.images().size() + set.count() * (entry.name().size() - kPointer);
  }
  return octets;
}

void add_difference(const Entry* from, const Entry* to, RecordList& deleted, RecordList& added) {
  for (std::uint32_t i = 0; from != nullptr && i < from->rrset_count(); ++i) {
    const RrsetView set = from->rrset(i);
    if (set.type() == RrType::soa || set.count() == 0) continue;
    const auto match = find_set(to, set.type());
    if (!match || from->full_ttl(i) != to->full_ttl(*match)) {
      add_set(*from, i, deleted);
    } else {
      add_members(set, to->rrset(*match), to->full_ttl(*match), to->name(), deleted, added);
    }
  }
  for (std::uint32_t i = 0; to != nullptr && i < to->rrset_count(); ++i) {
    const RrType type = to->rrset(i).type();
    if (type == RrType::soa) continue;
    const auto match = find_set(from, type);
    if (!match || from->full_ttl(*match) != to->full_ttl(i)) add_set(*to, i, added);
  }
}

}  // namespace muster::zones
