#include "zones/compiled_zone.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace muster::zones {

namespace {

RrsetSpec rrset_spec(std::span<const ZoneRecord> set) {
  RrsetSpec spec;
  spec.type = set.front().type;
  spec.ttl = set.front().ttl;
  spec.members.resize(set.size());
  for (std::size_t i = 0; i < set.size(); ++i) spec.members[i].rdata = set[i].rdata();
  return spec;
}

std::uint64_t digest_of(const ZoneContent& content) {
  std::uint64_t sum = 0;
  for (std::uint32_t name = 0; name < content.owners.size(); ++name) {
    const std::string_view owner = content.owners[name];
    const std::uint64_t of_owner = XXH3_64bits(owner.data(), owner.size());
    for (const ZoneRecord& record : content.of(name)) {
      const std::uint64_t fixed = std::uint64_t{static_cast<std::uint16_t>(record.type)} << 32 | record.ttl;
      sum += XXH3_64bits_withSeed(record.octets, record.size, of_owner ^ fixed);
    }
  }
  return sum;
}

}  // namespace

CompiledZone::CompiledZone(ZoneContent content, ZoneFaults warnings)
    : content_(std::move(content)), warnings_(std::move(warnings)) {
  const auto apex = records_of(0);
  const auto soa =
      std::find_if(apex.begin(), apex.end(), [](const ZoneRecord& r) { return r.type == RrType::soa; });
  soa_ = *decode_soa(soa->rdata());
  soa_ttl_ = soa->ttl;
  digest_ = digest_of(content_);
}

NameSpec CompiledZone::name(std::uint32_t name) const {
  NameSpec spec{*Name::from_wire(owner(name)), {}};
  for (auto rest = records_of(name); !rest.empty();) {
    const auto set = first_rrset(rest);
    if (set.front().type != RrType::soa) spec.rrsets.push_back(rrset_spec(set));
    rest = rest.subspan(set.size());
  }
  return spec;
}

std::size_t CompiledZone::allocated() const {
  return content_.octets.allocated() + content_.owners.allocated() +
         content_.firsts.capacity() * sizeof(std::uint32_t) +
         content_.records.capacity() * sizeof(ZoneRecord);
}

}  // namespace muster::zones
