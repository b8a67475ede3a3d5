// Reads what an upstream answered into a form that can be kept and sent to others: the records as they stand
// behind the question. Their pointers still hold in any reply to the same question, whatever its case,
// because the question has the same size there. The upstream's OPT is left out, and with it what an upstream
// put behind it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dns/question.h"
#include "dns/rcode.h"
#include "dns/reply_writer.h"
#include "registry/net/result.h"

namespace muster::dns {

// In the order in which reading finds it.
enum class ForwardError : std::uint8_t {
  header_short,
  not_a_reply,     // QR, opcode or the count of questions
  question_other,  // not what was asked
  question_case,   // what was asked, in other letters: somebody may have guessed it
  truncated,
  formerr,  // perhaps a server that knows no EDNS
  rcode,    // else neither NOERROR nor NXDOMAIN nor YXDOMAIN
  record_unreadable,
  trailing_octets,
  referral,  // no answer, by a server that does not look for one
};
inline constexpr std::size_t kForwardErrors = 10;
std::string_view to_string(ForwardError error);  // "question_case" …

struct UpstreamReply {
  Rcode rcode = Rcode::noerror;
  bool authenticated = false;             // AD
  std::array<std::uint16_t, 3> counts{};  // of the records, by section
  std::array<std::uint32_t, 3> ends{};    // where in `records` each section ends
  std::vector<std::uint8_t> records;
  std::vector<std::uint16_t> ttls;  // where in `records` TTLs stand, in order; each is at most kKeptMost
  std::uint32_t lifetime = 0;       // seconds that it may be kept; 0: it is for those who wait for it
  bool has_opt = false;
};

inline constexpr std::uint8_t kAuthenticData = 0x20;  // AD, in the header's fourth octet (RFC 4035 §3.2.3)
inline constexpr std::uint32_t kKeptMost = 3'600;     // seconds
inline constexpr std::uint32_t kNegativeKeptMost = 300;  // of NXDOMAIN and NODATA (RFC 2308 §5)

// Names in rdata that may be compressed: those of RFC 1035, and that of SRV, which old servers compressed all
// the same (RFC 3597 §4).
constexpr CompressibleNames names_in_rdata(zones::RrType type) {
  return type == zones::RrType::srv ? CompressibleNames{6, 1} : compressible_names(type);
}

using UpstreamReplyResult = net::Result<UpstreamReply, ForwardError>;

// `asked` is the query as it was sent; ids are not compared. `exact`: the letters of the question must be
// those that were sent. Where an owner for which `is_ours` holds begins (a folded wire name), or an alias
// leads to one, the records end, and the rcode is NOERROR: nobody else's word counts for names of our zones.
UpstreamReplyResult read_upstream_reply(Packet reply, Packet asked,
                                        const std::function<bool(std::string_view folded)>& is_ours,
                                        bool exact = true);

}  // namespace muster::dns
