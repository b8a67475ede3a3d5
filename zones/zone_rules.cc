#include "zones/zone_rules.h"

#include <algorithm>

#include "zones/wire_name.h"

namespace muster::zones {

namespace {

constexpr std::size_t kMessageMax = 65535;
constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kQuestionTail = 4;      // type and class
constexpr std::size_t kCompressedOwner = 12;  // pointer, type, class, TTL, length

bool is_address(RrType type) { return type == RrType::a || type == RrType::aaaa; }

// What may stand beside a CNAME: the DNSSEC records of its own name (RFC 4035 §2.5, RFC 2181 §10.1).
bool beside_cname(RrType type) {
  return type == RrType::cname || type == RrType::rrsig || type == RrType::nsec || type == RrType::sig ||
         type == RrType::key;
}
// What the parent answers at a cut (RFC 4035 §3.1.4.1).
bool parents_at_cut(RrType type) {
  return type == RrType::ns || type == RrType::ds || type == RrType::nsec || type == RrType::rrsig;
}
bool names_a_host(RrType type) { return type == RrType::ns || type == RrType::mx || type == RrType::srv; }

class Rules {
 public:
  Rules(const GroupedZone& zone, ZoneDraft& draft) : zone_(zone.content), lines_(zone.lines), draft_(draft) {
    for (std::uint32_t owner = 0; owner < zone_.owners.size(); ++owner) note(owner);
    if (cuts_ > 0) note_glue();
  }

  void check_apex() {
    const std::string apex = text(0);
    if (!draft_.has_soa) absent("the zone " + apex + " has no SOA (or another zone's file?)");
    if (!(kinds_[0] & kNs)) absent("the zone " + apex + " has no NS records at its apex");
  }

  void check_all() {
    for (std::uint32_t owner = 0; owner < zone_.owners.size(); ++owner) {
      if (zone_.of(owner).empty()) continue;
      check_alone(owner);
      check_place(owner);
      check_sets(owner);
    }
    if (signed_ != nullptr)
      warn(
          *signed_,
          "the zone is signed: its DNSSEC records are served as plain data, answers come without signatures");
  }

 private:
  enum Kind : std::uint8_t { kNs = 1, kCname = 2, kDname = 4, kAddress = 8, kGlue = 16 };

  std::string text(std::uint32_t owner) const { return Name::from_wire(zone_.owners[owner])->text(); }
  const ZoneRecord* first(std::uint32_t owner, RrType type) const {
    const auto records = zone_.of(owner);
    const auto found =
        std::find_if(records.begin(), records.end(), [&](const ZoneRecord& r) { return r.type == type; });
    return found == records.end() ? nullptr : &*found;
  }

  void note(std::uint32_t owner) {
    std::uint8_t kind = 0;
    for (const ZoneRecord& record : zone_.of(owner)) {
      if (record.type == RrType::ns) kind |= kNs;
      if (record.type == RrType::cname) kind |= kCname;
      if (record.type == RrType::dname) kind |= kDname;
      if (is_address(record.type)) kind |= kAddress;
      if (record.type == RrType::rrsig && signed_ == nullptr) signed_ = &record;
    }
    kinds_.push_back(kind);
    if (owner != 0 && (kind & kNs)) ++cuts_;
    if (kind & kDname) ++dnames_;
  }

  // Addresses that some delegation needs.
  void note_glue() {
    for (std::uint32_t owner = 1; owner < zone_.owners.size(); ++owner) {
      if (!(kinds_[owner] & kNs)) continue;
      for (const ZoneRecord& record : zone_.of(owner)) {
        if (record.type != RrType::ns) continue;
        if (const auto target = zone_.owners.find(record.rdata())) kinds_[*target] |= kGlue;
      }
    }
  }

  void check_alone(std::uint32_t owner) {
    const auto records = zone_.of(owner);
    if (kinds_[owner] & kCname) {
      const auto other = std::find_if(records.begin(), records.end(),
                                      [](const ZoneRecord& r) { return !beside_cname(r.type); });
      if (other != records.end())
        error(*other, text(owner) + " has a CNAME and other data (" + to_string(other->type) +
                          "): an alias has nothing beside it");
      check_single(owner, RrType::cname);
    }
    if (kinds_[owner] & kDname) check_single(owner, RrType::dname);
    if ((kinds_[owner] & kNs) && is_wildcard(zone_.owners[owner])) {
      error(*first(owner, RrType::ns), text(owner) + " has NS records: a wildcard cannot be delegated");
    }
  }

  void check_single(std::uint32_t owner, RrType type) {
    const ZoneRecord* const one = first(owner, type);
    const ZoneRecord* const end = zone_.of(owner).data() + zone_.of(owner).size();
    if (one + 1 != end && one[1].type == type)
      error(one[1], text(owner) + " has two " + to_string(type) + " records: one is allowed");
  }

  void check_place(std::uint32_t owner) {
    if (owner != 0 && dnames_ > 0) check_dnames_above(owner);
    if (owner != 0 && cuts_ > 0) check_hidden(owner);
  }

  void check_dnames_above(std::uint32_t owner) {
    std::string_view above = zone_.owners[owner];
    while (above.size() > zone_.owners[0].size()) {
      above = parent_of(above);
      const auto found = zone_.owners.find(above);
      if (!found || !(kinds_[*found] & kDname)) continue;
      return error(zone_.of(owner).front(), text(owner) + " is below the DNAME of " + text(*found) +
                                                ", which redirects all names there");
    }
  }

  void check_hidden(std::uint32_t owner) {
    const auto cut = cut_over(zone_.owners[owner]);
    if (!cut) return;
    for (const ZoneRecord& record : zone_.of(owner)) {
      const bool kept = (*cut == owner && parents_at_cut(record.type)) ||
                        (is_address(record.type) && (kinds_[owner] & kGlue));
      if (kept) continue;
      return warn(record,
                  "this " + to_string(record.type) + " record is hidden: " + text(*cut) + " is delegated");
    }
  }

  // The delegation nearest to the apex at or above `name`.
  std::optional<std::uint32_t> cut_over(std::string_view name) const {
    std::optional<std::uint32_t> cut;
    for (; cuts_ > 0 && name.size() > zone_.owners[0].size(); name = parent_of(name)) {
      const auto found = zone_.owners.find(name);
      if (found && (kinds_[*found] & kNs)) cut = found;
    }
    return cut;
  }

  void check_sets(std::uint32_t owner) {
    for (auto rest = zone_.of(owner); !rest.empty();) {
      const auto set = first_rrset(rest);
      check_size(owner, set);
      if (names_a_host(set[0].type)) check_hosts(owner, set);
      rest = rest.subspan(set.size());
    }
  }

  void check_size(std::uint32_t owner, std::span<const ZoneRecord> set) {
    std::size_t size = kHeaderSize + zone_.owners[owner].size() + kQuestionTail;
    for (const ZoneRecord& record : set) size += kCompressedOwner + record.size;
    if (size <= kMessageMax) return;
    error(set[0], "the " + to_string(set[0].type) + " records of " + text(owner) + " need " +
                      std::to_string(size) + " octets: a message holds 65535");
  }

  void check_hosts(std::uint32_t owner, std::span<const ZoneRecord> set) {
    for (const ZoneRecord& record : set) {
      const auto target = additional_target(record.type, record.rdata());
      // The root is "none" in SRV and MX (RFC 2782, RFC 7505).
      if (target && target->size() > 1 && is_at_or_below(*target, zone_.owners[0]))
        check_host(owner, record, *target);
    }
  }

  void check_host(std::uint32_t owner, const ZoneRecord& record, std::string_view target) {
    const auto found = zone_.owners.find(target);
    const auto kind = found ? kinds_[*found] : 0;
    if (kind & kAddress) return;
    const std::string what = to_string(record.type) + " " + Name::from_wire(target)->text();
    if (kind & kCname)
      return warn(record, what + ": the target is an alias, which many clients do not follow");
    const auto cut = cut_over(target);
    if (cut && *cut == owner && record.type == RrType::ns)
      return warn(record,
                  what + ": the name server lies below the delegation and has no glue (an A or AAAA record)");
    if (cut || (!found && is_synthesised(target))) return;
    warn(record, what + ": the target has no address in this zone");
  }

  // By a wildcard or a DNAME above it.
  bool is_synthesised(std::string_view name) const {
    while (name.size() > zone_.owners[0].size()) {
      name = parent_of(name);
      const auto found = zone_.owners.find(name);
      if (found && (kinds_[*found] & kDname)) return true;
      std::string wildcard("\1*");
      if (zone_.owners.find(wildcard.append(name))) return true;
    }
    return false;
  }

  void error(const ZoneRecord& record, std::string what) {
    draft_.errors.add(fault(record, std::move(what)));
  }
  void warn(const ZoneRecord& record, std::string what) {
    draft_.warnings.add(fault(record, std::move(what)));
  }
  ZoneFault fault(const ZoneRecord& record, std::string what) const {
    return draft_.sources.fault(lines_[static_cast<std::size_t>(&record - zone_.records.data())],
                                std::move(what));
  }
  void absent(std::string what) { draft_.errors.add(draft_.sources.fault(1, std::move(what))); }

  const ZoneContent& zone_;
  const std::vector<std::uint32_t>& lines_;
  ZoneDraft& draft_;
  std::vector<std::uint8_t> kinds_;  // of each owner, bits of Kind
  std::size_t cuts_ = 0;
  std::size_t dnames_ = 0;
  const ZoneRecord* signed_ = nullptr;
};

}  // namespace

void check_rules(const GroupedZone& zone, ZoneDraft& draft) {
  Rules rules(zone, draft);
  // What is missing may stand in an entry that could not be read.
  if (draft.errors.empty()) rules.check_apex();
  rules.check_all();
}

}  // namespace muster::zones
