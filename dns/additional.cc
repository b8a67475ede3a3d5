// Referrals, and the additional section: whole RRsets of our own zones that spare the client a query. What
// does not fit is left out and sets no TC (RFC 2181 §9), but for the glue without which a referral leads
// nowhere.
#include <algorithm>

#include "dns/road.h"
#include "zones/wire_name.h"

namespace muster::dns {

using zones::Entry;
using zones::RrsetView;
using zones::RrType;

namespace {

constexpr std::size_t kFixed = zones::layout::kRecordFixed;
constexpr std::size_t kReadyA = 16;  // a ready-made A record; an AAAA has 28 octets

}  // namespace

// RFC 1034 §4.3.2 step 3b; RFC 9471: glue at or below the cut is in the reply, or TC says that it is not.
Road::State Road::refer() {
  Node cut = node_;
  while (cut.entry != nullptr && (!cut.entry->is(Entry::kCut) || cut.entry->is(Entry::kBelowCut))) {
    cut = find_node(name(), cut.missing + 1);
  }
  const auto servers = cut.entry != nullptr ? cut.entry->find(RrType::ns) : std::nullopt;
  if (!servers) return fail(Rcode::servfail);
  authoritative_ = step_ > 0;
  scratch_.written.clear();
  scratch_.targets.clear();
  Owner owner{0, cut.entry->name()};
  for (std::uint32_t member = 0; member < servers->count(); ++member) {
    const std::size_t at = writer().put(Section::authority, owner, servers->image(member));
    if (at == 0) return State::trunc;
    scratch_.written.push_back({member, at});
  }
  for (const bool required : {true, false}) {
    for (const Scratch::Written& written : scratch_.written) {
      const std::string_view server = servers->rdata(written.member);
      if (zones::name_length(server) != server.size()) continue;
      if (zones::is_at_or_below(server, cut.entry->name()) != required) continue;
      if (!add_addresses(server, written.at + kFixed, true) && required && udp()) truncated_ = true;
    }
  }
  return State::done;
}

void Road::add_additional() {
  scratch_.targets.clear();
  if (set_->has_additional()) return add_ready_addresses(*set_);
  if (query_.type != RrType::ptr) return add_looked_up(*set_);
  const bool service_type = name().labels > 0 && name().octets[1] == '_';
  if (service_type) add_instances(*set_);
}

// SRV of one service: the addresses lie beside the record.
void Road::add_ready_addresses(const RrsetView& set) {
  scratch_.ready_targets.clear();
  for (const Scratch::Written& written : scratch_.written) {
    const std::string_view records = set.additional(written.member);
    if (records.empty()) continue;
    if (set.shares_targets()) {
      auto& seen = scratch_.ready_targets;
      if (std::find(seen.begin(), seen.end(), records.data()) != seen.end()) continue;
      seen.push_back(records.data());
    }
    add_ready(records, {written.at + RrsetView::kSrvTargetAt, set.rdata(written.member).substr(6)});
  }
}

void Road::add_looked_up(const RrsetView& set) {
  for (const Scratch::Written& written : scratch_.written) {
    const std::string_view rdata = set.rdata(written.member);
    const auto target = zones::additional_target(set.type(), rdata);
    if (!target) continue;
    const std::size_t at = written.at + kFixed + static_cast<std::size_t>(target->data() - rdata.data());
    if (set.type() == RrType::svcb || set.type() == RrType::https) {
      add_service_binding(rdata[0] == 0 && rdata[1] == 0, *target, at);
    } else {
      add_addresses(*target, at, false);
    }
  }
}

// RFC 9460 §4.1. The target "." of a service is the owner itself; an alias brings the target's own binding.
void Road::add_service_binding(bool alias, std::string_view target, std::size_t at) {
  if (target == std::string_view("", 1)) {
    if (!alias) add_addresses(name_wire_, owner_.at, false);
    return;
  }
  const Entry* entry = alias ? find_target(target) : nullptr;
  if (entry != nullptr && entry != source_) {
    if (const auto binding = entry->find(query_.type)) add_whole(*binding, {at, target});
  }
  add_addresses(target, at, false);
}

// A browse of DNS-SD (RFC 6763 §12.1): SRV, TXT and addresses of as many whole instances as there is room
// for.
void Road::add_instances(const RrsetView& set) {
  for (const Scratch::Written& written : scratch_.written) {
    const Entry* instance = find_target(set.rdata(written.member));
    if (instance == nullptr) continue;
    const auto srv = instance->find(RrType::srv);
    const auto txt = instance->find(RrType::txt);
    if (!srv || !txt || srv->count() == 0 || !begin_target(*instance)) continue;
    const ReplyWriter::Mark before = writer().mark();
    const std::size_t targets = scratch_.targets.size();
    Owner owner{written.at + kFixed, set.rdata(written.member)};
    bool whole = true;
    for (std::uint32_t member = 0; whole && member < srv->count(); ++member) {
      const std::size_t at = writer().put(Section::additional, owner, srv->image(member));
      whole = at != 0;
      scratch_.hosts.push_back({member, at});
    }
    whole = whole && add_whole(*txt, owner);
    for (const Scratch::Written& host : scratch_.hosts) {
      whole =
          whole && add_addresses(srv->rdata(host.member).substr(6), host.at + RrsetView::kSrvTargetAt, false);
    }
    scratch_.hosts.clear();
    if (whole) continue;
    writer().rewind(before);
    scratch_.targets.resize(targets);
    return;
  }
}

// Null: not ours, or at or below a cut, which only a referral may tell of.
const Entry* Road::find_target(std::string_view target, bool glue) {
  if (zones::name_length(target) != target.size()) return nullptr;
  scratch_.target.assign(target);
  const Entry* entry = self_.names.find(scratch_.target.wire());
  const bool hidden = entry != nullptr && (entry->is(Entry::kCut) || entry->is(Entry::kBelowCut));
  return hidden && !glue ? nullptr : entry;
}

// A and AAAA of a name, once in a reply. False: they are there but do not fit.
bool Road::add_addresses(std::string_view target, std::size_t at, bool glue) {
  const Entry* entry = find_target(target, glue);
  if (entry == nullptr || !begin_target(*entry)) return true;
  bool fits = true;
  for (const RrType type : {RrType::a, RrType::aaaa}) {
    if (const auto set = entry->find(type); set && set->count() > 0)
      fits = add_whole(*set, {at, target}) && fits;
  }
  return fits;
}

bool Road::begin_target(const Entry& entry) {
  auto& seen = scratch_.targets;
  if (std::find(seen.begin(), seen.end(), &entry) != seen.end()) return false;
  seen.push_back(&entry);
  return true;
}

// All that the set's policy answers, or nothing.
bool Road::add_whole(const RrsetView& set, Owner owner) {
  const ReplyWriter::Mark before = writer().mark();
  if (set.at_most() > writer().room() / (kFixed + 1)) return false;
  std::uint16_t place = 0;
  for (const std::uint32_t member : draw(set, set.at_most())) {
    if (const std::size_t at = writer().put(Section::additional, owner, set.image(member))) {
      if (set.ranked()) writer().set_u16(at + kFixed, place++);
      continue;
    }
    writer().rewind(before);
    return false;
  }
  return true;
}

// Ready A and AAAA records of one target, each type as a whole RRset.
bool Road::add_ready(std::string_view records, Owner owner) {
  bool fits = true;
  for (const RrType type : {RrType::a, RrType::aaaa}) {
    const ReplyWriter::Mark before = writer().mark();
    for (std::string_view rest = records; !rest.empty();) {
      const std::size_t size = rest[3] == static_cast<char>(RrType::a) ? kReadyA : kReadyA + 12;
      const bool wanted = (size == kReadyA) == (type == RrType::a);
      if (wanted && writer().put(Section::additional, owner, rest.substr(0, size)) == 0) {
        writer().rewind(before);
        fits = false;
        break;
      }
      rest.remove_prefix(size);
    }
  }
  return fits;
}

}  // namespace muster::dns
