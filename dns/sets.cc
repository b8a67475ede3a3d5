// The answer and authority sections: asked RRsets, ANY, negative answers.
#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "dns/road.h"

namespace muster::dns {

using zones::RrClass;
using zones::RrsetView;
using zones::RrType;

namespace {

// Records of these types name hosts whose addresses the client will want.
bool brings_additional(RrType type) {
  switch (type) {
    case RrType::srv:
    case RrType::mx:
    case RrType::ns:
    case RrType::ptr:
    case RrType::svcb:
    case RrType::https: return true;
    default: return false;
  }
}

std::optional<RrsetView> first_filled(const zones::Entry& entry) {
  for (const RrType type : {RrType::a, RrType::aaaa, RrType::srv}) {
    if (const auto set = entry.find(type); set && set->count() > 0) return set;
  }
  for (std::uint32_t i = 0; i < entry.rrset_count(); ++i) {
    if (entry.rrset(i).count() > 0) return entry.rrset(i);
  }
  return std::nullopt;
}

}  // namespace

Road::State Road::write_hit() {
  if (query_.edns.expire && query_.type == RrType::soa) {
    edns_.expire = 0;
    const std::string_view soa = zone_->soa_rdata;
    for (const char octet : soa.substr(soa.size() - 8, 4))
      *edns_.expire = *edns_.expire << 8 | static_cast<unsigned char>(octet);
  }
  scratch_.written.clear();
  if (!write_set(*set_, owner_)) return State::trunc;
  if (brings_additional(query_.type)) add_additional();
  return State::done;
}

// RFC 8482 §4: over UDP one RRset, so that nobody amplifies with us; over TCP as many whole ones as fit, and
// how many there are. Only where the first does not fit by itself is it cut as when it is asked for by its
// type.
Road::State Road::write_any() {
  const auto first = first_filled(*source_);
  if (!first) return write_nothing();
  scratch_.written.clear();
  if (first->has_note()) tell(*first);
  if (udp()) return write_set(*first, owner_) ? State::done : State::trunc;
  if (edns_.present) writer().keep_free(kExtendedErrorFixed + scratch_.note.size());
  std::size_t there = 0;
  std::size_t written = 0;
  for (std::uint32_t i = 0; i < source_->rrset_count(); ++i) {
    const RrsetView set = source_->rrset(i);
    if (set.count() == 0) continue;
    ++there;
    written += write_set(set, owner_, Cut::never);
  }
  if (written == 0) return write_set(*first, owner_) ? State::done : State::trunc;
  if (written < there) note_part(written, there, "RRsets");
  return State::done;
}

// Of a service with nothing ready: what its sets say of that.
Road::State Road::write_nothing() {
  for (std::uint32_t i = 0; i < source_->rrset_count(); ++i) {
    const RrsetView set = source_->rrset(i);
    if (set.has_note()) tell(set);
    if (set.servfail()) return fail(Rcode::servfail, edns_.error, edns_.error_text);
  }
  return write_negative(Rcode::noerror);
}

// RFC 2308 §3: the SOA of the zone that knows, with the TTL for which the answer may be kept.
Road::State Road::write_negative(Rcode rcode) {
  if (zone_->readiness != zones::Readiness::ready && !is_certain(rcode)) return fail_unready();
  rcode_ = rcode;
  if (const std::size_t apex = apex_in_question()) {
    const std::span<const std::uint16_t> words(zone_->pointers.data(), zone_->pointer_count);
    return writer().put_patched(Section::authority, zone_->negative, words, apex) ? State::done
                                                                                  : State::trunc;
  }
  Owner owner{0, zone_->apex.wire()};
  const bool fits = writer().put(Section::authority, owner, RrType::soa, RrClass::in, zone_->negative_ttl,
                                 zone_->soa_rdata) != 0;
  return fits ? State::done : State::trunc;
}

// Where the zone's apex stands in the question; 0: the question is in another zone.
std::size_t Road::apex_in_question() const {
  const std::size_t size = zone_->apex.size();
  const FoldedName& asked = query_.name;
  if (size > asked.size) return 0;
  const std::size_t start = asked.size - size;
  if (step_ == 0) return kQuestionName + start;
  for (std::size_t label = 0; label <= asked.labels; ++label) {
    if (asked.at(label) != start) continue;
    return zones::Name::equal_fold(asked.suffix(label), zone_->apex.wire()) ? kQuestionName + start : 0;
  }
  return 0;
}

// False: it does not fit and must not be cut. Leaves nothing behind then.
bool Road::write_set(const RrsetView& set, Owner& owner, Cut cut) {
  if (set.count() == 0) return true;
  const bool whole = set.order() == zones::Order::fixed && set.at_most() == set.count();
  if (whole && owner.at == kQuestionName && compressible_names(set.type()).count == 0 && write_whole(set)) {
    return true;
  }
  return write_drawn(set, owner, cut);
}

// The short way: one copy.
bool Road::write_whole(const RrsetView& set) {
  const std::size_t start = writer().at();
  if (!writer().put_images(Section::answer, set.images(), set.count())) return false;
  if (!brings_additional(set.type())) return true;
  std::size_t at = start;
  for (std::uint32_t member = 0; member < set.count(); ++member) {
    scratch_.written.push_back({member, at});
    at += set.stride() != 0 ? set.stride() : set.image(member).size();
  }
  return true;
}

std::span<const std::uint32_t> Road::draw(const RrsetView& set, std::size_t most) {
  if (set.order() != zones::Order::hashed) return self_.choice.draw(set, most, self_.rng);
  const zones::ClientNetwork client = client_network();
  return self_.choice.draw(set, most, self_.rng, &client);
}

// RFC 7871: whose option is not believed is asked as if there were none.
bool Road::believes_subnet() const {
  if (query_.edns.client_subnet.empty()) return false;
  const auto& trusted = self_.config.ecs_trusted;
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const net::IpPrefix& prefix) { return prefix.contains(pending_.client->address); });
}

// The network that a believed option names, else that of the sender. Without bits (RFC 7871 §7.1.2) the
// client wishes not to be told apart: the sender decides, scope 0.
zones::ClientNetwork Road::client_network() {
  constexpr std::size_t kSubnetHeader = 4;
  constexpr std::uint8_t kWhole = 128;
  zones::ClientNetwork client{self_.config.hash_key, zones::asking_network(pending_.client->address, kWhole)};
  if (!believes_subnet()) return client;
  const auto option = query_.edns.client_subnet;
  edns_.client_subnet = option;
  if (option[2] == 0) return client;
  net::IpAddress address;
  address.family = option[1] == 1 ? net::Family::v4 : net::Family::v6;
  std::copy(option.begin() + kSubnetHeader, option.end(), address.octets.begin());
  client.prefix = zones::asking_network(address, option[2]);
  edns_.subnet_scope = client.prefix.length;
  return client;
}

bool Road::write_drawn(const RrsetView& set, Owner& owner, Cut cut) {
  const ReplyWriter::Mark before = writer().mark();
  const std::size_t image = set.stride() != 0 ? set.stride() : zones::layout::kRecordFixed + 1;
  const bool may_cut = cut == Cut::by_policy && (set.overflow() == zones::Overflow::fit || !udp());
  if (may_cut && !udp() && edns_.present && set.images().size() > writer().room()) {
    writer().keep_free(kExtendedErrorFixed + scratch_.note.size());
  }
  const std::size_t room = writer().room() / (compressible_names(set.type()).count > 0 ? 12 : image);
  // Nobody's turn is taken by an answer that cannot be sent.
  const bool too_large = set.at_most() == set.count() && set.images().size() > writer().room();
  if (!may_cut && (room < set.at_most() || (too_large && compressible_names(set.type()).count == 0)))
    return false;
  std::size_t written = 0;
  for (const std::uint32_t member : draw(set, room)) {
    const std::size_t at = writer().put(Section::answer, owner, set.image(member));
    if (at == 0) break;
    if (set.ranked()) writer().set_u16(at + zones::layout::kRecordFixed, static_cast<std::uint16_t>(written));
    ++written;
    if (brings_additional(set.type())) scratch_.written.push_back({member, at});
  }
  if (written == set.at_most() || (may_cut && keeps_part(set, written))) return true;
  writer().rewind(before);
  return false;
}

// What fits of a set that may be cut is the set. Over TCP, where nothing larger can be asked for, the true
// count is told.
bool Road::keeps_part(const RrsetView& set, std::size_t written) {
  if (written == 0) return false;
  if (!udp()) note_part(written, set.at_most(), "records");
  return true;
}

// Why a set is as it is (RFC 8914 §4.1, §4.4).
void Road::tell(const RrsetView& set) {
  if (!edns_.present) return;
  const std::string_view text = set.note_text();
  edns_.error = ExtendedError::other;
  edns_.error_text = text;
  const std::uint32_t since = set.note_since();
  if (since != 0) tell_stale(text, since);
}

void Road::tell_stale(std::string_view text, std::uint32_t since) {
  if (!edns_.present) return;
  edns_.error = ExtendedError::stale_answer;
  const std::uint32_t now = pending_.client->now;
  const int size = std::snprintf(scratch_.note.data(), scratch_.note.size(), "%.*s, %" PRIu32 " s",
                                 static_cast<int>(text.size()), text.data(), now > since ? now - since : 0);
  edns_.error_text = {scratch_.note.data(), std::min<std::size_t>(size, scratch_.note.size() - 1)};
}

void Road::note_part(std::size_t written, std::size_t there, const char* what) {
  const int size =
      std::snprintf(scratch_.note.data(), scratch_.note.size(), "%zu of %zu %s fit", written, there, what);
  edns_.error = ExtendedError::other;
  edns_.error_text = {scratch_.note.data(), static_cast<std::size_t>(size)};
}

}  // namespace muster::dns
