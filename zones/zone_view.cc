#include "zones/zone_view.h"

#include "zones/octets.h"

namespace muster::zones {

namespace {

void append_pointer(ZoneView& view) {
  view.pointers[view.pointer_count++] = static_cast<std::uint16_t>(view.negative.size());
  append_u16(view.negative, 0xc000);
}

// The root is shorter than a pointer to it.
void append_name(ZoneView& view, const Name& name) {
  if (view.apex.is_root() || !name.is_at_or_below(view.apex)) {
    view.negative += name.wire();
    return;
  }
  view.negative += name.wire().substr(0, name.size() - view.apex.size());
  append_pointer(view);
}

void append_negative(ZoneView& view, const Soa& soa) {
  append_pointer(view);
  append_u16(view.negative, static_cast<std::uint16_t>(RrType::soa));
  append_u16(view.negative, static_cast<std::uint16_t>(RrClass::in));
  append_u32(view.negative, view.negative_ttl);
  const std::size_t length_at = view.negative.size();
  append_u16(view.negative, 0);
  append_name(view, soa.mname);
  append_name(view, soa.rname);
  for (const std::uint32_t field : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) {
    append_u32(view.negative, field);
  }
  const std::size_t length = view.negative.size() - length_at - 2;
  view.negative[length_at] = static_cast<char>(length >> 8);
  view.negative[length_at + 1] = static_cast<char>(length & 0xff);
}

}  // namespace

ZoneView make_zone_view(const Name& apex, const Soa& soa, std::uint32_t soa_ttl, std::uint32_t negative_ttl,
                        Readiness readiness, bool generated, const Note& stale) {
  ZoneView view;
  view.apex = apex;
  view.readiness = readiness;
  view.generated = generated;
  view.stale_since = stale.since;
  view.stale_text = stale.text;
  view.is_usual = readiness == Readiness::ready && stale.since == 0;
  view.serial = soa.serial;
  view.soa_ttl = soa_ttl;
  view.negative_ttl = negative_ttl;
  view.soa_rdata = encode(soa);
  append_negative(view, soa);
  return view;
}

}  // namespace muster::zones
