#include "zones/mesos_name.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <tuple>

#include "zones/ready_set.h"

namespace muster::zones {

namespace {

using naming::MesosRank;
using naming::MesosRecord;
using naming::MesosReserved;
using Held = MesosName::Held;

constexpr std::array<RrType, 3> kTypes = {RrType::a, RrType::aaaa, RrType::srv};

constexpr std::uint8_t place_of(RrType type) { return type == RrType::a ? 0 : type == RrType::aaaa ? 1 : 2; }
constexpr std::uint8_t bit_of(RrType type) { return static_cast<std::uint8_t>(1 << place_of(type)); }

auto order_of(const Held& held) {
  return std::tuple(held.type, held.rdata, held.rank, !held.is_ready, held.share, held.has_ptr);
}

Held held_of(const MesosRecord& record) {
  return {record.type, record.rdata, record.rank, record.is_ready, record.has_ptr, record.share, 0};
}

template <class Number>
void append(Number number, std::string& image) {
  std::array<char, sizeof number> octets;
  std::memcpy(octets.data(), &number, sizeof number);
  image.append(octets.data(), octets.size());
}

template <class Number>
Number take(std::string_view& image) {
  Number number;
  std::memcpy(&number, image.data(), sizeof number);
  image.remove_prefix(sizeof number);
  return number;
}

void append(const Held& held, std::string& image) {
  append(static_cast<std::uint8_t>(held.has_ptr * 64 + static_cast<int>(held.rank) * 8 + held.is_ready * 4 +
                                   place_of(held.type)),
         image);
  append(held.share, image);
  append(held.count, image);
  append(static_cast<std::uint16_t>(held.rdata.size()), image);
  image += held.rdata;
}

Held take_record(std::string_view& image) {
  Held held;
  const auto kind = take<std::uint8_t>(image);
  held.type = kTypes[kind & 3];
  held.is_ready = (kind & 4) != 0;
  held.rank = static_cast<MesosRank>(kind >> 3 & 7);
  held.has_ptr = (kind & 64) != 0;
  held.share = take<std::uint32_t>(image);
  held.count = take<std::uint32_t>(image);
  const auto size = take<std::uint16_t>(image);
  held.rdata = image.substr(0, size);
  image.remove_prefix(size);
  return held;
}

// Of the same type and data as the last that was added: both share its chance, where it has a weight.
void add_member(const Held& held, bool is_weighted, RrsetSpec& rrset) {
  const std::uint64_t share = is_weighted ? std::uint64_t{held.share} * held.count : draw_share(1);
  const auto add = [](std::uint64_t a, std::uint64_t b) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(a + b, UINT32_MAX));
  };
  if (rrset.members.empty() || rrset.members.back().rdata != held.rdata) {
    rrset.members.push_back(
        {.rdata = std::string(held.rdata), .weight = add(share, 0), .tier = 0, .addresses = {}});
  } else if (is_weighted) {
    rrset.members.back().weight = add(rrset.members.back().weight, share);
  }
}

}  // namespace

bool operator<(const MesosStep& a, const MesosStep& b) {
  const auto owner = a.record.owner.wire() <=> b.record.owner.wire();
  return owner != 0 ? owner < 0 : order_of(held_of(a.record)) < order_of(held_of(b.record));
}

std::vector<Held> MesosName::records() const {
  std::vector<Held> records;
  for (auto rest = std::string_view(image_).substr(owner_size_); !rest.empty();)
    records.push_back(take_record(rest));
  return records;
}

// Two ordered lists become one; steps that are equal count together.
bool MesosName::change(std::span<const MesosStep> steps, bool is_weighted) {
  bool is_changed = false;
  std::string image(owner());
  std::string_view rest = std::string_view(image_).substr(owner_size_);
  while (!rest.empty() || !steps.empty()) {
    std::string_view after = rest;
    Held held = rest.empty() ? held_of(steps.front().record) : take_record(after);
    const bool is_step_first = !steps.empty() && order_of(held_of(steps.front().record)) < order_of(held);
    if (is_step_first) {
      held = held_of(steps.front().record);
    } else {
      rest = after;
    }
    const std::uint32_t before = held.count;
    for (; !steps.empty() && order_of(held_of(steps.front().record)) == order_of(held);
         steps = steps.subspan(1))
      held.count += static_cast<std::uint32_t>(steps.front().by);
    assert(static_cast<std::int32_t>(held.count) >= 0);
    if (held.count != 0) append(held, image);
    is_changed |= (held.count == 0) != (before == 0) || (is_weighted && held.count != before);
  }
  image.shrink_to_fit();
  image_ = std::move(image);
  return is_changed;
}

void MesosName::look(const MesosViewConfig& config) {
  const std::vector<Held> records = this->records();
  shown_ = {};
  if (records.empty()) return;
  const bool is_merged = config.naming.reserved == MesosReserved::merge;
  shown_.rank = std::ranges::min(records, {}, &Held::rank).rank;
  for (const Held& held : records) {
    if (is_merged || held.rank == shown_.rank) shown_.ready |= held.is_ready ? bit_of(held.type) : 0;
    shown_.is_collision |= is_merged && shown_.rank == MesosRank::infrastructure && held.rank != shown_.rank;
  }
  for (auto at = records.begin(); at != records.end();) {
    const auto end = std::find_if(at, records.end(), [&](const Held& held) {
      return held.type != at->type || held.rdata != at->rdata;
    });
    const bool is_shown = std::any_of(
        at, end, [&](const Held& held) { return is_published(held.type, held.rank, held.is_ready, config); });
    const bool is_taken = !is_merged && at->rank != shown_.rank;  // the strongest of equal ones is the first
    shown_.records += is_shown;
    shown_.taken += is_taken;
    (at->type == RrType::srv ? shown_.has_srv : shown_.has_addresses) |= is_shown;
    at = end;
  }
}

bool MesosName::is_published(RrType type, MesosRank rank, bool is_ready,
                             const MesosViewConfig& config) const {
  if (config.naming.reserved == MesosReserved::protect && rank != shown_.rank) return false;
  return is_ready || ((shown_.ready & bit_of(type)) == 0 && config.when_none == WhenNone::all);
}

std::vector<net::IpAddress> MesosName::leading_back(const MesosViewConfig& config) const {
  std::vector<net::IpAddress> addresses;
  for (const Held& held : records()) {
    if (!held.has_ptr || !is_published(held.type, held.rank, held.is_ready, config)) continue;
    const net::IpAddress address = decode_address(held.rdata);
    if (addresses.empty() || addresses.back() != address) addresses.push_back(address);
  }
  return addresses;
}

NameSpec MesosName::spec(const MesosViewConfig& config) const {
  NameSpec spec{.owner = Name::from_wire(owner()).value_or(Name()), .rrsets = {}};
  const std::vector<Held> records = this->records();
  for (auto at = records.begin(); at != records.end();) {
    const RrType type = at->type;
    RrsetSpec rrset;
    rrset.type = type;
    rrset.ttl = config.ttl;
    rrset.order = Order::weighted;
    rrset.overflow = config.overflow;
    rrset.at_most = config.answers;
    std::size_t there = 0;  // of those that would be published if they were ready
    for (; at != records.end() && at->type == type; ++at) {
      if (!is_published(type, at->rank, true, config)) continue;
      ++there;
      if (is_published(type, at->rank, at->is_ready, config))
        add_member(*at, config.naming.weight_labels, rrset);
    }
    if (there == 0) continue;
    if ((shown_.ready & bit_of(type)) == 0) {
      rrset.servfail = config.when_none == WhenNone::servfail;
      rrset.note.text = "0 of " + std::to_string(there) + " ready";
    }
    spec.rrsets.push_back(std::move(rrset));
  }
  return spec;
}

}  // namespace muster::zones
