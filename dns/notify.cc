#include "dns/notify.h"

#include <algorithm>

#include "dns/octets.h"
#include "dns/opcode.h"
#include "dns/question.h"
#include "dns/reply_writer.h"

namespace muster::dns {

namespace {

constexpr std::size_t kPlain = 512;

// AA, question SOA, the new SOA as answer (§3.7).
Octets write_notify(const SoaRecord& soa, std::uint16_t id) {
  const std::string_view name = soa.apex.wire();
  Octets question(kHeaderSize);
  question.insert(question.end(), name.begin(), name.end());
  for (const auto word :
       {static_cast<unsigned>(zones::RrType::soa), static_cast<unsigned>(zones::RrClass::in)}) {
    question.push_back(static_cast<std::uint8_t>(word >> 8));
    question.push_back(static_cast<std::uint8_t>(word));
  }
  Query query;
  query.id = id;
  query.opcode = static_cast<std::uint8_t>(Opcode::notify);
  query.has_question = true;
  query.question_end = static_cast<std::uint16_t>(question.size());
  Octets packet(kPlain);
  ReplyWriter writer;
  writer.begin(packet, packet.size(), 0, question, query);
  Owner owner{kQuestionName, {}};
  // One that does not fit goes without: it is a hint only.
  static_cast<void>(
      writer.put(Section::answer, owner, zones::RrType::soa, zones::RrClass::in, soa.ttl, soa.rdata));
  ReplyEdns none;
  packet.resize(writer.finish(query, true, false, Rcode::noerror, none));
  packet[2] &= 0x7f;  // a request
  return packet;
}

// Whether the packet is a response to our message: the question is ours, whatever its case.
bool is_response(std::span<const std::uint8_t> packet, std::uint16_t id, const zones::Name& zone) {
  if (packet.size() < kHeaderSize || read_u16(packet.data()) != id || (packet[2] & 0x80) == 0) return false;
  if ((packet[2] >> 3 & 0xf) != static_cast<std::uint8_t>(Opcode::notify)) return false;
  const std::size_t questions = read_u16(packet.data() + 4);
  if (questions == 0) return packet.size() == kHeaderSize;  // some answer so
  const std::string_view wire = zone.wire();
  if (questions != 1 || packet.size() < kHeaderSize + wire.size() + 4) return false;
  const std::string_view name(reinterpret_cast<const char*>(packet.data()) + kHeaderSize, wire.size());
  const std::uint8_t* rest = packet.data() + kHeaderSize + wire.size();
  return zones::Name::equal_fold(name, wire) &&
         read_u16(rest) == static_cast<std::uint16_t>(zones::RrType::soa) &&
         read_u16(rest + 2) == static_cast<std::uint16_t>(zones::RrClass::in);
}

}  // namespace

void NotifySchedule::count(const zones::Name& zone, NotifyResult result) {
  ++counts_[zone.text()][static_cast<std::size_t>(result)];
}

void NotifySchedule::set_targets(Targets targets) {
  for (auto& [name, endpoints] : targets) {
    Zone& zone = zones_[name];
    const bool more = std::any_of(endpoints.begin(), endpoints.end(), [&](const net::Endpoint& one) {
      return std::find(zone.targets.begin(), zone.targets.end(), one) == zone.targets.end();
    });
    zone.wanted |= more && zone.soa.has_value();
    zone.targets = std::move(endpoints);
  }
  for (auto& [name, zone] : zones_) {
    const auto listed = targets.find(name);
    if (listed == targets.end()) zone.targets.clear();
    std::erase_if(zone.pending, [&kept = zone.targets](const Pending& one) {
      return std::find(kept.begin(), kept.end(), one.to) == kept.end();
    });
  }
}

void NotifySchedule::changed(SoaRecord soa) {
  Zone& zone = zones_[soa.apex];
  zone.soa = std::move(soa);
  zone.wanted = true;
}

std::vector<NotifySchedule::Message> NotifySchedule::due(net::SteadyTime now) {
  std::vector<Message> out;
  for (auto& [name, zone] : zones_) {
    const bool rested = !zone.last_round || now - *zone.last_round >= kBetween;
    if (zone.wanted && rested) {
      begin_round(name, zone, now, out);
    } else {
      resend(name, zone, now, out);
    }
  }
  return out;
}

// The new serial takes the place of the old one, whoever has not answered yet.
void NotifySchedule::begin_round(const zones::Name& name, Zone& zone, net::SteadyTime now,
                                 std::vector<Message>& out) {
  zone.wanted = false;
  zone.pending.clear();
  if (zone.targets.empty()) return;
  zone.last_round = now;
  for (const net::Endpoint& to : zone.targets) {
    zone.pending.push_back({to, id_(), 0, now + kResend[0]});
    out.push_back({to, write_notify(*zone.soa, zone.pending.back().id)});
    count(name, NotifyResult::sent);
  }
}

void NotifySchedule::resend(const zones::Name& name, Zone& zone, net::SteadyTime now,
                            std::vector<Message>& out) {
  for (Pending& one : zone.pending) {
    if (one.next > now || one.resent == kResend.size()) continue;
    out.push_back({one.to, write_notify(*zone.soa, one.id)});
    count(name, NotifyResult::resent);
    ++one.resent;
    one.next = now + (one.resent < kResend.size() ? kResend[one.resent] : kLastWait);
  }
  std::erase_if(zone.pending, [&](const Pending& one) {
    if (one.resent < kResend.size() || one.next > now) return false;
    count(name, NotifyResult::unanswered);
    return true;
  });
}

std::optional<net::SteadyTime> NotifySchedule::next() const {
  std::optional<net::SteadyTime> soonest;
  const auto consider = [&](net::SteadyTime at) { soonest = soonest ? std::min(*soonest, at) : at; };
  for (const auto& [name, zone] : zones_) {
    if (zone.wanted) consider(zone.last_round ? *zone.last_round + kBetween : net::SteadyTime{});
    for (const Pending& one : zone.pending) consider(one.next);
  }
  return soonest;
}

void NotifySchedule::answered(const net::Endpoint& from, std::span<const std::uint8_t> packet) {
  for (auto& [name, zone] : zones_) {
    const auto found = std::find_if(zone.pending.begin(), zone.pending.end(), [&, &apex = name](const Pending& one) {
      return one.to == from && is_response(packet, one.id, apex);
    });
    if (found == zone.pending.end()) continue;
    count(name, (packet[3] & 0xf) == 0 ? NotifyResult::answered : NotifyResult::refused);
    zone.pending.erase(found);
    return;
  }
}

}  // namespace muster::dns
