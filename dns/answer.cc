#include "dns/answer.h"

#include <algorithm>
#include <cassert>

#include "dns/octets.h"
#include "dns/reply_limit.h"
#include "dns/road.h"

namespace muster::dns {

using zones::Entry;
using zones::RrClass;
using zones::RrType;

namespace {

// Smaller than any record, so that a message cannot hold more records than this allows for.
constexpr std::size_t kRecordMin = zones::layout::kRecordFixed;

// The records and, for a usual service, the weights and addresses behind them. Inlined by force: g++ 12 takes
// a function of nothing but prefetches for one without effect and drops its calls.
[[gnu::always_inline]] inline void fetch_lines(std::string_view images) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kLinesMax = 8;
  const std::size_t lines = std::min(kLinesMax, 2 + 2 * images.size() / kLine);
  for (std::size_t line = 0; line < lines; ++line) __builtin_prefetch(images.data() + line * kLine);
}

bool is_silent(WireError error) {
  return error == WireError::header_short || error == WireError::is_response;
}

}  // namespace

Scratch::Scratch() {
  written.reserve(kPacketMax / kRecordMin);
  hosts.reserve(kPacketMax / kRecordMin);
  targets.reserve(kPacketMax / kRecordMin);
  ready_targets.reserve(kPacketMax / kRecordMin);
}

std::size_t answer(Packet query, const Client& client, Answerer& self, std::span<std::uint8_t> reply) {
  Pending pending;
  prepare(query, client, self, pending);
  look_up(pending, self);
  return finish(pending, self, reply);
}

void prepare(Packet query, const Client& client, Answerer& self, Pending& pending) {
  pending.packet = query;
  pending.client = &client;
  pending.outcome = read_query(query, pending.query);
  if (!pending.outcome.ok) return;
  pending.hash = self.names.hash(pending.query.name.wire());
  self.names.prefetch_slot(pending.hash);
}

void fetch(const Pending& pending, Answerer& self) {
  if (pending.outcome.ok) self.names.prefetch_entry(pending.hash);
}

void look_up(Pending& pending, Answerer& self) {
  pending.entry = nullptr;
  if (!pending.outcome.ok) return;
  pending.entry = self.names.find(pending.hash, pending.query.name.wire());
  if (pending.entry == nullptr) return;
  if (const auto set = pending.entry->find(pending.query.type)) fetch_lines(set->images());
}

std::size_t finish(const Pending& pending, Answerer& self, std::span<std::uint8_t> reply) {
  const auto drop = [&](Dropped reason) {
    self.counters.dropped[static_cast<std::size_t>(reason)].add();
    return std::size_t{0};
  };
  if (!pending.outcome.ok && is_silent(pending.outcome.error)) {
    return drop(pending.outcome.error == WireError::is_response ? Dropped::response : Dropped::header_short);
  }
  if (pending.client->transport == Transport::udp && pending.client->port == 0)
    return drop(Dropped::port_zero);
  return Road(pending, self, reply).walk();
}

Road::Road(const Pending& pending, Answerer& self, std::span<std::uint8_t> reply)
    : pending_(pending),
      query_(pending.query),
      self_(self),
      scratch_(self.scratch),
      reply_(reply),
      name_(&pending.query.name),
      owner_{kQuestionName, {}} {}

// The whole road. Each stage makes the reply or hands on.
std::size_t Road::walk() {
  begin();
  State state = check();
  while (state == State::follow) state = resolve();
  if (state == State::hand_on) return hand_on_or_limit();
  return finish(write(state));
}

void Road::begin() {
  assert(reply_.size() >= kReplyMin);
  std::size_t limit = std::min(reply_limit(query_, pending_.client->transport, self_.config), reply_.size());
  const Edns& asked = query_.edns;
  if (query_.tsig_at != 0) verify_signature();
  if (!asked.cookie.empty() && self_.config.cookies) check_cookie();
  edns_.present = asked.present;
  edns_.dnssec_ok = asked.dnssec_ok;
  edns_.udp_size = self_.config.edns_udp_size;
  if (asked.keepalive && !udp()) {
    const auto idle = self_.config.tcp_idle.count() / 100;
    edns_.keepalive = pending_.client->crowded
                          ? std::uint16_t{0}
                          : static_cast<std::uint16_t>(std::min<decltype(idle)>(idle, 65535));
  }
  if (asked.expire && query_.type == RrType::soa) edns_.expire = 0;
  // A stranger's names may be too long to be sent back in 512 octets; our own keys' are not (kTsigNameMax).
  if (query_.question_end + opt_size(edns_) + signature_size_ > limit) signature_size_ = 0;
  limit -= signature_size_;
  if (believes_subnet()) edns_.client_subnet = asked.client_subnet;
  const std::size_t left = limit - query_.question_end - opt_size(edns_);
  if (asked.nsid && kOptionHeader + self_.config.server_name.size() <= left)
    edns_.nsid = self_.config.server_name;
  writer().begin(reply_, limit, opt_size(edns_), pending_.packet, query_);
  edns_.expire.reset();  // room is kept; write_hit() knows the value
  edns_.client_subnet = {};  // and draw(), whether it matters
}

// What can be said of a query without looking at any name.
Road::State Road::check() {
  const bool is_update = static_cast<Opcode>(query_.opcode) == Opcode::update;
  const bool not_served = is_update && !self_.config.updates;
  if (!pending_.outcome.ok || not_served) {
    if (query_.only_cookie && self_.config.cookies) return answer_only_cookie();
    const WireError error = not_served ? WireError::opcode : pending_.outcome.error;
    self_.counters.malformed[static_cast<std::size_t>(error)].add();
    if (error == WireError::opcode) return fail(rcode_for(error), ExtendedError::not_supported);
    return fail(rcode_for(error));
  }
  self_.counters
      .queries[static_cast<std::size_t>(pending_.client->transport)]
              [static_cast<std::size_t>(type_slot(query_.type))]
      .add();
  if (query_.tsig_at != 0 && !is_verified()) return refuse_signature();
  name_wire_ = {reinterpret_cast<const char*>(pending_.packet.data()) + kHeaderSize, query_.name.size};
  const auto rr_class = static_cast<RrClass>(query_.rr_class);
  if (rr_class == RrClass::ch) return chaos();
  scratch_.errand = is_update ? Errand::update : Errand::transfer;
  if (is_update) return State::hand_on;
  if (rr_class != RrClass::in) return fail(Rcode::refused, ExtendedError::not_authoritative);
  if (static_cast<Opcode>(query_.opcode) == Opcode::notify) return notify();
  return check_type();
}

// Types that are no records (RFC 6895 §3.1). Transfers take more than one look at the table; AXFR over UDP
// has no meaning (RFC 5936 §4.2).
Road::State Road::check_type() {
  const auto number = static_cast<unsigned>(query_.type);
  switch (query_.type) {
    case RrType::any: return State::follow;
    case RrType::mailb:
    case RrType::maila: return fail(Rcode::notimp, ExtendedError::not_supported);
    case RrType::axfr:
      if (udp()) return fail(Rcode::formerr);
      [[fallthrough]];
    case RrType::ixfr:
      return self_.config.transfers ? State::hand_on : fail(Rcode::refused, ExtendedError::prohibited);
    default:
      if (number == 0 || query_.type == RrType::opt || (number >= 128 && number <= 250)) {
        return fail(Rcode::formerr, ExtendedError::invalid_query_type);
      }
      return State::follow;
  }
}

// One step: looks the name up and decides. An alias is written here and leads to the next step.
Road::State Road::resolve() {
  const bool looked_up = step_ == 0 && pending_.entry != nullptr;
  node_ = looked_up ? Node{pending_.entry, 0} : find_node(name(), step_ == 0 ? 1 : 0);
  const State state = decide(node_);
  return state == State::follow ? follow() : state;
}

// The name itself, or else its closest encloser (RFC 4592 §3.3.1).
Road::Node Road::find_node(const FoldedName& name, std::size_t from) const {
  for (std::size_t missing = from; missing <= name.labels; ++missing) {
    const std::string_view suffix = name.suffix(missing);
    if (const Entry* entry = self_.names.find(suffix)) return {entry, missing};
  }
  return {};
}

// Decides once between all that can stand at a name (RFC 1034 §4.3.2, 4592, 6672).
Road::State Road::decide(const Node& node) {
  if (node.entry == nullptr) {
    return step_ > 0 ? leave() : foreign();
  }
  zone_ = &self_.names.zone(*node.entry);
  zone_row_ = Counters::zone_row(node.entry->zone_id());
  if (step_ == 0) writer().set_zone(zone_->apex.wire());
  if (is_silent_zone()) return fail_unready();
  if (node.missing == 0 && query_.type == RrType::ds) return decide_ds(node);
  if (node.entry->is(Entry::kCut) || node.entry->is(Entry::kBelowCut)) return State::deleg;
  authoritative_ = true;
  return node.missing == 0 ? decide_at(*node.entry) : decide_missing(node);
}

// A file zone says nothing before it is whole: while it is handed over, a name that is not there yet lets a
// wildcard or the parent of a cut answer. A generated zone answers what it knows, and says how old that is.
bool Road::is_silent_zone() {
  if (zone_->is_usual) return false;
  if (zone_->stale_since != 0) tell_stale(zone_->stale_text, zone_->stale_since);
  if (zone_->readiness == zones::Readiness::ready) return false;
  return zone_->readiness == zones::Readiness::load_failed || !zone_->generated;
}

// In a zone that is not whole yet: that a name is there is known, that it is not may be wrong.
bool Road::is_certain(Rcode rcode) const {
  return zone_->readiness == zones::Readiness::incomplete && rcode == Rcode::noerror;
}

// RFC 8914 §4.15, §4.25.
Road::State Road::fail_unready() {
  if (zone_->readiness == zones::Readiness::load_failed)
    return fail(Rcode::servfail, ExtendedError::invalid_data, "zone failed to load");
  return fail(Rcode::servfail, ExtendedError::not_ready, "zone not filled yet");
}

Road::State Road::decide_missing(const Node& node) {
  source_ = node.entry;
  if (node.entry->is(Entry::kDname)) return State::follow;
  if (!node.entry->is(Entry::kWildcardChild)) return State::miss;
  std::array<char, kNameMax> wildcard{1, '*'};
  const std::string_view encloser = name().suffix(node.missing);
  encloser.copy(wildcard.data() + 2, encloser.size());
  const Entry* entry = self_.names.find({wildcard.data(), encloser.size() + 2});
  return entry != nullptr ? decide_at(*entry) : State::miss;
}

Road::State Road::decide_at(const Entry& entry) {
  source_ = &entry;
  const RrType type = query_.type;
  if (entry.is(Entry::kCname) && type != RrType::cname && type != RrType::any) return State::follow;
  if (type == RrType::any) return entry.rrset_count() > 0 ? State::hit : State::nodata;
  const auto set = entry.find(type);
  if (!set) return State::nodata;
  if (set->has_note()) tell(*set);
  if (set->servfail()) return fail(Rcode::servfail, edns_.error, edns_.error_text);
  if (set->count() == 0) return State::nodata;
  set_ = set;
  return State::hit;
}

// DS stands on the parent's side of a cut (RFC 4035 §3.1.4.1). Below an upper cut that one refers.
Road::State Road::decide_ds(const Node& node) {
  const Entry* entry = node.entry;
  if (entry->is(Entry::kBelowCut)) return State::deleg;
  if (entry->is(Entry::kApex)) {
    const Node parent = find_node(name(), 1);
    if (parent.entry != nullptr && !parent.entry->is(Entry::kCut) && !parent.entry->is(Entry::kBelowCut)) {
      zone_ = &self_.names.zone(*parent.entry);
      if (is_silent_zone()) return fail_unready();
      const Entry* aside = self_.names.find_aside(*parent.entry, name().wire());
      if (step_ == 0) writer().set_zone(zone_->apex.wire());
      authoritative_ = true;
      return aside != nullptr ? decide_at(*aside) : State::nodata;
    }
  }
  authoritative_ = true;
  return decide_at(*entry);
}

// Writes what was decided.
Road::State Road::write(State state) {
  switch (state) {
    case State::hit: return query_.type == RrType::any ? write_any() : write_hit();
    case State::nodata: return write_negative(Rcode::noerror);
    case State::miss: return write_negative(Rcode::nxdomain);
    case State::deleg: return refer();
    default: return state;
  }
}

std::size_t Road::finish(State state) {
  if (state == State::trunc && !udp()) state = fail(Rcode::servfail);
  if (state == State::trunc) shorten();
  if (self_.config.rate_limit.responses_per_second != 0 && udp() && !cookie_valid_ && !keep_rate())
    return drop_for_rate();
  return seal();
}

std::size_t Road::seal() {
  if (truncated_) self_.counters.truncated.add();
  self_.counters.responses[zone_row_][static_cast<std::size_t>(rcode_)].add();
  const std::size_t size = writer().finish(query_, authoritative_, truncated_, rcode_, edns_);
  return signature_size_ == 0 ? size : scratch_.tsig.reply.sign(reply_, size, pending_.client->now);
}

// Half an RRset would be misused: the answer goes out empty (RFC 2181 §9).
void Road::shorten() {
  writer().rewind({query_.has_question ? query_.question_end : kHeaderSize, {}});
  truncated_ = true;
}

Road::State Road::fail(Rcode rcode, std::optional<ExtendedError> error, std::string_view text) {
  writer().rewind({query_.has_question ? query_.question_end : kHeaderSize, {}});
  rcode_ = rcode;
  authoritative_ = false;
  edns_.error = error;
  edns_.error_text = text;
  return State::error;
}

// Who are you (RFC 4892)? Nothing else is in class CH.
Road::State Road::chaos() {
  using std::string_view_literals::operator""sv;
  const std::string_view asked = query_.name.wire();
  std::string_view text;
  if (asked == "\2id\6server\0"sv || asked == "\10hostname\4bind\0"sv) text = self_.config.server_name;
  if (asked == "\7version\4bind\0"sv || asked == "\7version\6server\0"sv) text = self_.config.version;
  if (text.empty() || query_.type != RrType::txt)
    return fail(Rcode::refused, ExtendedError::not_authoritative);
  std::array<char, 256> rdata;
  text = text.substr(0, 255);
  rdata[0] = static_cast<char>(text.size());
  text.copy(rdata.data() + 1, text.size());
  authoritative_ = true;
  const bool fits =
      writer().put(Section::answer, owner_, RrType::txt, RrClass::ch, 0, {rdata.data(), text.size() + 1});
  return fits ? State::done : State::trunc;
}

// We are primary for what we serve: thanked, nothing done (RFC 1996 §3.10).
Road::State Road::notify() {
  if (pending_.entry == nullptr || !pending_.entry->is(Entry::kApex)) return fail(Rcode::notauth);
  authoritative_ = true;
  return State::done;
}

}  // namespace muster::dns
