#include "dns/question.h"

#include <cstring>
#include <optional>

#include "dns/octets.h"
#include "dns/tsig_record.h"

namespace muster::dns {
namespace {

constexpr std::uint16_t kClassAny = 255;

// Folds A-Z in eight octets at once; others, also those above 0x7f, stay (RFC 4343 §3).
std::uint64_t fold_eight(std::uint64_t octets) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t low = octets & (kOnes * 0x7f);
  const std::uint64_t from_a = low + kOnes * (0x80 - 'A');
  const std::uint64_t above_z = low + kOnes * (0x7f - 'Z');
  return octets | ((from_a ^ above_z) & ~octets & (kOnes * 0x80)) >> 2;
}

// Length octets are at most 63, below 'A', so a whole name folds at once. `to` has room for a multiple of 8.
void fold_into(const std::uint8_t* from, std::size_t size, std::uint8_t* to) {
  std::uint64_t eight;
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    std::memcpy(&eight, from + at, 8);
    eight = fold_eight(eight);
    std::memcpy(to + at, &eight, 8);
  }
  eight = 0;
  std::memcpy(&eight, from + at, size - at);
  eight = fold_eight(eight);
  std::memcpy(to + at, &eight, 8);
}

// Reads one packet from front to end; the first thing found wrong stays.
class Reader {
 public:
  Reader(Packet packet, Query& query) : packet_(packet), query_(query) {}

  ReadOutcome read() {
    if (packet_.size() < kHeaderSize) return {false, WireError::header_short};
    if (packet_[2] & 0x80) return {false, WireError::is_response};
    read_header();
    if (read_question() && read_records()) {
      read_opt();
      if (tsig_start_ != 0) read_signature();
    }
    if (no_question_) judge_without_question();
    return outcome_;
  }

 private:
  void wrong(WireError error) {
    if (outcome_.ok) outcome_ = {false, error};
  }
  bool stop(WireError error) {
    wrong(error);
    return false;
  }
  std::uint16_t count(std::size_t section) const { return read_u16(packet_.data() + 4 + 2 * section); }

  void read_header() {
    query_.id = read_u16(packet_.data());
    query_.opcode = packet_[2] >> 3 & 0xf;
    query_.recursion_desired = packet_[2] & 1;
    query_.checking_disabled = packet_[3] & 0x10;
    query_.has_question = false;
    query_.question_end = kHeaderSize;
    query_.only_cookie = false;
    query_.tsig_at = 0;
    query_.edns = Edns();
    const auto opcode = static_cast<Opcode>(query_.opcode);
    if (opcode != Opcode::query && opcode != Opcode::notify && opcode != Opcode::update) wrong(WireError::opcode);
  }

  void judge_without_question() {
    query_.only_cookie = outcome_.ok && !query_.edns.cookie.empty() &&
                         static_cast<Opcode>(query_.opcode) == Opcode::query;
    wrong(WireError::question_count);
  }

  // A wrong count is not the end: the records behind are read for the OPT that the reply must answer.
  bool read_question() {
    if (count(0) != 1) {
      no_question_ = count(0) == 0;
      if (!no_question_) wrong(WireError::question_count);
      return skip_questions();
    }
    if (!read_name()) return false;
    if (packet_.size() - at_ < 4) return stop(WireError::question_short);
    query_.type = static_cast<zones::RrType>(read_u16(packet_.data() + at_));
    query_.rr_class = read_u16(packet_.data() + at_ + 2);
    at_ += 4;
    query_.question_end = static_cast<std::uint16_t>(at_);
    query_.has_question = true;
    return true;
  }

  // The question's name: nothing stands before it that a pointer could go to.
  bool read_name() {
    FoldedName& name = query_.name;
    std::size_t at = at_;
    std::size_t labels = 0;
    for (;; ++labels) {
      if (at >= packet_.size()) return stop(WireError::name_runs_out);
      const std::size_t length = packet_[at];
      if (length == 0) break;
      if (length > zones::kLabelMax)
        return stop(length >= 0xc0 ? WireError::name_compressed : WireError::label_type);
      if (at - at_ + length + 2 > kNameMax) return stop(WireError::name_too_long);
      name.label[labels] = static_cast<std::uint8_t>(at - at_);
      at += 1 + length;
    }
    name.labels = static_cast<std::uint8_t>(labels);
    name.size = static_cast<std::uint8_t>(at + 1 - at_);
    fold_into(packet_.data() + at_, name.size, name.octets.data());
    at_ = at + 1;
    return true;
  }

  bool skip_questions() {
    for (unsigned i = count(0); i > 0; --i) {
      if (!skip_name() || packet_.size() - at_ < 4) return false;
      at_ += 4;
    }
    return true;
  }

  // Any name behind the header. Pointers go strictly backwards and not into the header (RFC 1035 §4.1.4);
  // more of them than a name has labels serve nobody and would let one packet cost millions of steps.
  bool skip_name() {
    std::size_t end = 0;  // behind the first pointer
    std::size_t at = at_;
    std::size_t segment = at_;
    std::size_t size = 1;
    for (std::size_t pointers = 0;;) {
      if (at >= packet_.size()) return false;
      const std::size_t length = packet_[at];
      if (length == 0) break;
      if (length >= 0xc0) {
        if (at + 2 > packet_.size() || ++pointers > kLabelsMax) return false;
        const std::size_t target = read_u16(packet_.data() + at) & 0x3fff;
        if (end == 0) end = at + 2;
        if (target < kHeaderSize || target >= segment) return false;
        at = segment = target;
        continue;
      }
      size += 1 + length;
      if (length > zones::kLabelMax || size > kNameMax) return false;
      at += 1 + length;
    }
    at_ = end != 0 ? end : at + 1;
    return true;
  }

  bool read_records() {
    for (std::size_t section = 1; section <= 3; ++section) {
      for (unsigned i = count(section); i > 0; --i) {
        if (!read_record(section)) return stop(WireError::record_unreadable);
      }
    }
    if (at_ != packet_.size()) wrong(WireError::trailing_octets);
    return true;
  }

  bool read_record(std::size_t section) {
    const std::size_t start = at_;
    if (!skip_name() || packet_.size() - at_ < kRecordFixed) return false;
    const std::uint8_t* fixed = packet_.data() + at_;
    const std::size_t size = read_u16(fixed + 8);
    at_ += kRecordFixed;
    if (packet_.size() - at_ < size) return false;
    const auto type = static_cast<zones::RrType>(read_u16(fixed));
    if (tsig_start_ != 0) tsig_fault_ = WireError::tsig_place;
    if (type == zones::RrType::opt) take_opt(section, packet_[start] == 0, fixed, size);
    if (type == zones::RrType::tsig) take_tsig(section, start, fixed);
    at_ += size;
    return true;
  }

  void take_opt(std::size_t section, bool owner_is_root, const std::uint8_t* fixed, std::size_t size) {
    if (query_.edns.present) opt_fault(WireError::opt_twice);
    if (!owner_is_root) opt_fault(WireError::opt_owner);
    if (section != 3) opt_fault(WireError::opt_section);
    query_.edns.present = true;
    query_.edns.udp_size = read_u16(fixed + 2);
    query_.edns.version = fixed[5];
    query_.edns.dnssec_ok = fixed[6] & 0x80;
    opt_rdata_ = packet_.subspan(at_, size);
  }

  // Told only when every record could be read.
  void opt_fault(WireError error) {
    if (!opt_fault_) opt_fault_ = error;
  }

  // The options of a version that we do not know are not ours to judge (RFC 6891 §6.1.3).
  void read_opt() {
    if (!query_.edns.present) return;
    if (opt_fault_) return wrong(*opt_fault_);
    if (query_.edns.version != 0) return wrong(WireError::opt_version);
    if (!read_options(opt_rdata_, query_.edns)) wrong(WireError::opt_option);
  }

  // The last record of all, class ANY, TTL 0 (RFC 8945 §4.2, §5.1).
  void take_tsig(std::size_t section, std::size_t start, const std::uint8_t* fixed) {
    tsig_start_ = start;
    if (section != 3) tsig_fault_ = WireError::tsig_place;
    const bool form = read_u16(fixed + 2) == kClassAny && read_u32(fixed + 4) == 0;
    if (!form && !tsig_fault_) tsig_fault_ = WireError::tsig_form;
  }

  void read_signature() {
    if (at_ != packet_.size()) return;
    TsigRecord record;
    if (!tsig_fault_ && !read_tsig(packet_, tsig_start_, record)) tsig_fault_ = WireError::tsig_form;
    if (tsig_fault_) return wrong(*tsig_fault_);
    query_.tsig_at = static_cast<std::uint16_t>(tsig_start_);
  }

  Packet packet_;
  Query& query_;
  std::size_t at_ = kHeaderSize;
  Packet opt_rdata_;
  std::optional<WireError> opt_fault_;
  bool no_question_ = false;
  std::size_t tsig_start_ = 0;  // 0: none
  std::optional<WireError> tsig_fault_;
  ReadOutcome outcome_;
};

}  // namespace

void FoldedName::assign(std::string_view wire_name) {
  size = static_cast<std::uint8_t>(wire_name.size());
  fold_into(reinterpret_cast<const std::uint8_t*>(wire_name.data()), size, octets.data());
  labels = 0;
  for (std::size_t at = 0; octets[at] != 0; at += 1 + octets[at])
    label[labels++] = static_cast<std::uint8_t>(at);
}

std::string_view to_string(WireError error) {
  static constexpr std::array<std::string_view, kWireErrors> kNames = {
      "header_short",    "is_response",   "opcode",     "question_count", "name_runs_out",
      "name_compressed", "name_too_long", "label_type", "question_short", "record_unreadable",
      "trailing_octets", "opt_twice",     "opt_owner",  "opt_section",    "opt_version",
      "opt_option",      "tsig_place",    "tsig_form"};
  return kNames[static_cast<std::size_t>(error)];
}

ReadOutcome read_query(Packet packet, Query& query) { return Reader(packet, query).read(); }

}  // namespace muster::dns
