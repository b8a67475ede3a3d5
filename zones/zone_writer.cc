#include "zones/zone_writer.h"

namespace muster::zones {

namespace {

void write_record(std::string& text, const std::string& owner, std::uint32_t ttl, RrType type,
                  std::string_view rdata) {
  text += owner;
  text += ' ';
  text += std::to_string(ttl);
  text += " IN ";
  text += to_string(type);
  text += ' ';
  text += rdata_text(type, rdata);
  text += '\n';
}

}  // namespace

void write_soa(std::string& text, const Name& apex, const Soa& soa, std::uint32_t ttl) {
  write_record(text, apex.text(), ttl, RrType::soa, encode(soa));
}

void write_name(std::string& text, const NameSpec& name) {
  const std::string owner = name.owner.text();
  for (const RrsetSpec& set : name.rrsets) {
    for (const Member& member : set.members) write_record(text, owner, set.ttl, set.type, member.rdata);
  }
}

std::string write_zone(const CompiledZone& zone) {
  std::string text;
  write_soa(text, zone.apex(), zone.soa(), zone.soa_ttl());
  for (std::uint32_t name = 0; name < zone.names(); ++name) write_name(text, zone.name(name));
  return text;
}

}  // namespace muster::zones
