// Writes one reply: header, question as asked, records, OPT. The OPT's octets are kept free from the
// beginning, so that it always fits (RFC 6891 §7); whatever else does not fit is refused and leaves no trace.
//
// Names are compressed as follows. A pointer goes to an octet-equal suffix that stands in the message, or,
// for the zone's own part of a name, to the end of the question whatever its case: so labels that people
// wrote keep their case (RFC 4343 §4.1), and the zone's part looks as the client asked it. Rdata is
// compressed only in the types of RFC 1035 (RFC 3597 §4).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/edns.h"
#include "dns/octets.h"
#include "dns/question.h"
#include "dns/rcode.h"
#include "zones/record.h"

namespace muster::dns {

enum class Section : std::uint8_t { answer, authority, additional };

// Whose records are written: where the name stands already (0: nowhere that a pointer reaches), and the name
// itself for that case.
struct Owner {
  std::size_t at = 0;
  std::string_view wire;
};
inline constexpr std::size_t kQuestionName = kHeaderSize;

// Whether rdata of this type holds names that replies compress, and where (RFC 3597 §4).
struct CompressibleNames {
  std::uint8_t lead = 0;  // octets before the first
  std::uint8_t count = 0;
};
constexpr CompressibleNames compressible_names(zones::RrType type) {
  using enum zones::RrType;
  switch (type) {
    case ns:
    case md:
    case mf:
    case cname:
    case mb:
    case mg:
    case mr:
    case ptr: return {0, 1};
    case soa:
    case minfo: return {0, 2};
    case mx: return {2, 1};
    default: return {};
  }
}

class ReplyWriter {
 public:
  // Where the message ended at some moment; what came later is taken back by rewind().
  struct Mark {
    std::size_t at;
    std::array<std::uint16_t, 3> counts;
  };

  // Copies the question, if the query has a readable one. `limit` is at most buffer.size() and holds header,
  // question and `reserved` octets.
  void begin(std::span<std::uint8_t> buffer, std::size_t limit, std::size_t reserved, Packet packet,
             const Query& query);
  // The apex of the question's zone: names in it share the question's end.
  void set_zone(std::string_view apex);
  // Keeps octets free at the end that records would take.
  void keep_free(std::size_t size) { end_ -= std::min(size, room()); }
  std::size_t room() const { return end_ - at_; }
  std::size_t at() const { return at_; }
  Mark mark() const { return {at_, counts_}; }
  void rewind(const Mark& mark);
  std::size_t count(Section section) const { return counts_[static_cast<std::size_t>(section)]; }

  // A whole ready record (zones/entry.h), its two-octet owner replaced. Returns the position M for which the
  // type stands at M + 2, the TTL at M + 6 and the rdata at M + 12; 0: no room. Sets owner.at when the name
  // had to be written.
  std::size_t put(Section section, Owner& owner, std::string_view image);
  // Many ready records with the question's name as owner and nothing to compress. False: no room.
  bool put_images(Section section, std::string_view images, std::size_t count);
  // A record made of its parts.
  std::size_t put(Section section, Owner& owner, zones::RrType type, zones::RrClass rr_class,
                  std::uint32_t ttl, std::string_view rdata);
  // Ready octets of one record, with pointers at `words` to be set to `target`. False: no room.
  bool put_patched(Section section, std::string_view record, std::span<const std::uint16_t> words,
                   std::size_t target);

  // Records of all sections as they stand in another reply to this question, whose pointers hold here. Only
  // the first thing that is put. False: no room.
  bool put_sections(std::span<const std::uint8_t> records, const std::array<std::uint16_t, 3>& counts);

  // Writes over octets of what was put.
  void set_u16(std::size_t at, std::uint16_t value) { write_u16(buffer_ + at, value); }
  void set_u32(std::size_t at, std::uint32_t value) { write_u32(buffer_ + at, value); }

  // The reply is another server's word: RA is set, and AD where it says so (RFC 6840 §5.8).
  void set_forwarded(bool authenticated) { flags_ = authenticated ? 0xa0 : 0x80; }

  // Writes header and OPT. Returns the size of the message.
  std::size_t finish(const Query& query, bool authoritative, bool truncated, Rcode rcode, ReplyEdns& edns);

 private:
  static constexpr std::size_t kKnownMax = 64;
  struct Known {
    std::uint32_t hash;
    std::uint16_t at;
  };
  struct Suffixes;

  bool put_owner(Owner& owner);
  bool put_rdata(zones::RrType type, std::string_view rdata);
  // Returns where the name can be pointed at; 0: no room.
  std::size_t put_name(std::string_view wire);
  std::size_t find_suffix(std::string_view suffix, std::uint32_t hash) const;
  bool is_zone(std::string_view suffix) const;
  bool stands_at(std::size_t at, std::string_view suffix) const;
  void know_question();
  void know(const Suffixes& suffixes, std::size_t labels, std::size_t start);

  std::uint8_t* buffer_ = nullptr;
  std::size_t at_ = 0;
  std::size_t end_ = 0;    // records end here at the latest
  std::size_t limit_ = 0;  // and the OPT here
  std::size_t question_end_ = 0;
  std::array<std::uint16_t, 3> counts_{};
  std::uint8_t flags_ = 0;  // RA and AD
  std::string_view zone_;
  std::size_t zone_at_ = 0;
  bool question_known_ = false;
  std::size_t known_count_ = 0;
  std::array<Known, kKnownMax> known_;
};

}  // namespace muster::dns
