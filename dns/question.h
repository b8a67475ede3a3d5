// The header and the question of a query, read strictly: what is wrong is found once, here. Nothing is
// allocated, no octet outside the packet is looked at.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/edns.h"
#include "dns/opcode.h"
#include "registry/net/result.h"
#include "zones/record.h"
#include "zones/wire_name.h"

namespace muster::dns {

using zones::kNameMax;
using Packet = std::span<const std::uint8_t>;

inline constexpr std::size_t kHeaderSize = 12;
inline constexpr std::size_t kRecordFixed = 10;  // behind a record's owner: type, class, TTL, rdata length
inline constexpr std::size_t kPointerReach = 0x4000;  // offsets below it can be pointed at (RFC 1035 §4.1.4)
inline constexpr std::size_t kUdpLimit = 512;  // octets of a reply over UDP without EDNS (RFC 1035 §4.2.1)
inline constexpr std::size_t kLabelsMax = 127;
inline constexpr std::size_t kPacketMax = 65535;
inline constexpr std::uint32_t kTtlMost = 0x7fffffff;  // a TTL over it is taken for 0 (RFC 2181 §8)

// In the order in which reading finds it. The first two get no reply (answering them invites loops); an
// opcode that is not served gets NOTIMP; the rest FORMERR or BADVERS. rcode.h owns that mapping.
enum class WireError : std::uint8_t {
  header_short,
  is_response,
  opcode,
  question_count,
  name_runs_out,
  name_compressed,
  name_too_long,
  label_type,
  question_short,
  record_unreadable,
  trailing_octets,
  opt_twice,
  opt_owner,
  opt_section,
  opt_version,
  opt_option,
  tsig_place,
  tsig_form,
};
inline constexpr std::size_t kWireErrors = 18;
std::string_view to_string(WireError error);  // "name_too_long" …

// A name as asked, folded, with the offset of each label: the query path's working form of a name.
struct FoldedName {
  std::array<std::uint8_t, kNameMax + 1> octets;  // wire form, A-Z folded, root included
  std::array<std::uint8_t, kLabelsMax> label;     // offset of each label's length octet, first label first
  std::uint8_t size = 0;
  std::uint8_t labels = 0;  // without the root
  std::string_view wire() const { return {reinterpret_cast<const char*>(octets.data()), size}; }
  // Where the name without its first `skip` labels begins.
  std::size_t at(std::size_t skip) const { return skip < labels ? label[skip] : size - std::size_t{1}; }
  std::string_view suffix(std::size_t skip) const { return wire().substr(at(skip)); }
  // Takes a valid uncompressed name of any case.
  void assign(std::string_view wire_name);
};

struct Query {
  std::uint16_t id = 0;
  std::uint8_t opcode = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;
  bool has_question = false;  // the question could be read: replies echo it octet for octet
  FoldedName name;
  zones::RrType type{};
  std::uint16_t rr_class = 0;
  std::uint16_t question_end = kHeaderSize;  // offset of the first octet after the question
  Edns edns;
  // Nothing is wrong but that there is no question, and there is a cookie (RFC 7873 §5.4).
  bool only_cookie = false;
  std::uint16_t tsig_at = 0;  // offset of a TSIG record that is well formed and where it must be; 0: none
};

// What is wrong, beside what could be read before it was found (for the reply).
struct ReadOutcome {
  bool ok = true;
  WireError error{};
};

// Reads into `query` (reused, nothing allocated). Every record of every section is walked to the end. Spans
// in query.edns point into the packet.
ReadOutcome read_query(Packet packet, Query& query);

}  // namespace muster::dns
