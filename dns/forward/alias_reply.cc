#include "dns/forward/alias_reply.h"

#include "dns/forward/cached_writer.h"
#include "dns/forward/reply_reader.h"
#include "dns/name_reader.h"
#include "dns/octets.h"
#include "zones/wire_name.h"

namespace muster::dns {

namespace {

using zones::RrType;

struct WireRecord {
  zones::WireName owner;
  RrType type{};
  zones::RrClass rr_class{};
  std::uint32_t ttl = 0;
  std::size_t rdata = 0;  // where it stands
  std::size_t size = 0;
};

// The record at `at`, which moves behind it. Precondition: the message was read as a whole before.
WireRecord take_record(Packet message, std::size_t& at) {
  WireRecord record;
  const std::uint8_t* fixed = message.data() + *read_name(message, at, record.owner);
  record.type = static_cast<RrType>(read_u16(fixed));
  record.rr_class = static_cast<zones::RrClass>(read_u16(fixed + 2));
  record.ttl = read_u32(fixed + 4);
  record.rdata = static_cast<std::size_t>(fixed - message.data()) + kRecordFixed;
  record.size = read_u16(fixed + 8);
  at = record.rdata + record.size;
  return record;
}

// Its names written out.
std::string plain_rdata(Packet message, const WireRecord& record) {
  const CompressibleNames names = names_in_rdata(record.type);
  const auto* octets = reinterpret_cast<const char*>(message.data());
  std::string plain(octets + record.rdata, names.count > 0 ? names.lead : record.size);
  std::size_t at = record.rdata + names.lead;
  for (int i = 0; i < names.count; ++i) {
    zones::WireName name;
    at = *read_name(message, at, name);
    plain += name.view();
  }
  if (names.count > 0) plain.append(octets + at, record.rdata + record.size - at);
  return plain;
}

// A message in which the pointers of what was kept for a name hold.
Octets message_of(const AliasChain& chain, const CachedReply& kept) {
  Octets message(kHeaderSize);
  message.insert(message.end(), chain.target.begin(), chain.target.end());
  message.resize(message.size() + 4);
  message.insert(message.end(), kept.records().begin(), kept.records().end());
  return message;
}

std::size_t question_end(Packet query) {
  const std::string_view rest(reinterpret_cast<const char*>(query.data()) + kHeaderSize,
                              query.size() - kHeaderSize);
  return kHeaderSize + *zones::name_length(rest) + 4;
}

}  // namespace

std::optional<AliasChain> read_alias_chain(Packet reply, Packet query) {
  const auto read = read_upstream_reply(reply, query, {});
  if (!read || read->counts[0] == 0) return {};
  const std::size_t begin = question_end(query);
  AliasChain chain;
  chain.count = read->counts[0];
  chain.records.assign(reply.begin() + static_cast<std::ptrdiff_t>(begin),
                       reply.begin() + static_cast<std::ptrdiff_t>(begin + read->ends[0]));
  std::size_t at = begin;
  for (std::uint16_t i = 0; i < chain.count; ++i) {
    const WireRecord record = take_record(reply, at);
    if (record.type == RrType::cname) chain.target = plain_rdata(reply, record);
  }
  if (chain.target.empty()) return {};
  return chain;
}

bool put_behind_alias(ReplyWriter& writer, const AliasChain& chain, const CachedReply& kept,
                      std::uint32_t tick) {
  if (!writer.put_sections(chain.records, {chain.count, 0, 0})) return false;
  const Octets message = message_of(chain, kept);
  const std::size_t sections = kept.counts()[0] > 0 ? 1 : 2;
  std::size_t at = kHeaderSize + chain.target.size() + 4;
  for (std::size_t section = 0; section < sections; ++section) {
    for (std::uint16_t i = 0; i < kept.counts()[section]; ++i) {
      const WireRecord record = take_record(message, at);
      Owner owner{0, record.owner.view()};
      if (writer.put(static_cast<Section>(section), owner, record.type, record.rr_class,
                     shown_ttl(kept, record.ttl, tick), plain_rdata(message, record)) == 0)
        return false;
    }
  }
  return true;
}

}  // namespace muster::dns
