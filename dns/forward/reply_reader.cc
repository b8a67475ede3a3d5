#include "dns/forward/reply_reader.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "dns/name_reader.h"
#include "dns/octets.h"
#include "dns/reply_writer.h"
#include "zones/folded_wire.h"

namespace muster::dns {

namespace {

using zones::RrType;

constexpr std::size_t kTtlAt = 4;  // behind the owner
constexpr std::size_t kTtlSize = 4;
constexpr std::uint8_t kResponse = 0x80;
constexpr std::uint8_t kOpcode = 0x78;
constexpr std::uint8_t kAuthoritative = 0x04;
constexpr std::uint8_t kTruncated = 0x02;
constexpr std::uint8_t kRecursionAvailable = 0x80;

class UpstreamReplyReader {
 public:
  UpstreamReplyReader(Packet reply, Packet asked, const std::function<bool(std::string_view)>& is_ours,
                      bool exact)
      : reply_(reply), asked_(asked), is_ours_(is_ours), exact_(exact) {}

  UpstreamReplyResult read() {
    if (const auto wrong = read_header()) return *wrong;
    if (const auto wrong = read_question()) return *wrong;
    if ((reply_[2] & kTruncated) != 0) return ForwardError::truncated;
    std::size_t at = question_end_;
    for (std::size_t section = 0; section < 3; ++section) {
      const std::size_t count = read_u16(reply_.data() + 6 + 2 * section);
      for (std::size_t i = 0; i < count; ++i) {
        if (!read_record(section, at)) return ForwardError::record_unreadable;
      }
      if (!closed_) close_section(section, at);
    }
    if (at != reply_.size()) return ForwardError::trailing_octets;
    if (const auto wrong = judge()) return *wrong;
    to_.records.assign(reply_.begin() + static_cast<std::ptrdiff_t>(question_end_),
                       reply_.begin() + static_cast<std::ptrdiff_t>(question_end_ + to_.ends[2]));
    cap_ttls();
    return std::move(to_);
  }

 private:
  std::optional<ForwardError> read_header() {
    if (reply_.size() < kHeaderSize) return ForwardError::header_short;
    const bool is_reply = (reply_[2] & kResponse) != 0 && (reply_[2] & kOpcode) == 0;
    if (!is_reply || read_u16(reply_.data() + 4) != 1) return ForwardError::not_a_reply;
    to_.rcode = static_cast<Rcode>(reply_[3] & 0xf);
    to_.authenticated = (reply_[3] & kAuthenticData) != 0;
    return {};
  }

  // The one that was asked is good, so its size is known.
  std::optional<ForwardError> read_question() {
    const std::string_view rest(reinterpret_cast<const char*>(asked_.data()) + kHeaderSize,
                                asked_.size() - kHeaderSize);
    const std::size_t name = *zones::name_length(rest);
    question_end_ = kHeaderSize + name + 4;
    if (reply_.size() < question_end_) return ForwardError::question_other;
    const std::string_view mine(reinterpret_cast<const char*>(reply_.data()) + kHeaderSize, name + 4);
    if (mine.substr(name) != rest.substr(name, 4)) return ForwardError::question_other;
    if (!zones::Name::equal_fold(mine.substr(0, name), rest.substr(0, name)))
      return ForwardError::question_other;
    if (exact_ && mine.substr(0, name) != rest.substr(0, name)) return ForwardError::question_case;
    type_ = static_cast<RrType>(read_u16(asked_.data() + question_end_ - 4));
    return {};
  }

  bool read_record(std::size_t section, std::size_t& at) {
    const std::size_t begin = at;
    const auto owner_end = read_lasting_name(at);
    if (!owner_end || *owner_end + kRecordFixed > reply_.size()) return false;
    const std::uint8_t* fixed = reply_.data() + *owner_end;
    const std::size_t rdata = *owner_end + kRecordFixed;
    const std::size_t size = read_u16(fixed + 8);
    if (rdata + size > reply_.size()) return false;
    at = rdata + size;
    const auto type = static_cast<RrType>(read_u16(fixed));
    if (type == RrType::opt) {
      to_.has_opt = true;
      // RFC 6891 §6.1.3: the upper bits of the rcode.
      to_.rcode = static_cast<Rcode>((static_cast<unsigned>(to_.rcode) & 0xf) | fixed[kTtlAt] << 4);
      if (!closed_) close(section, begin);
      return section == 2;
    }
    if (closed_) return true;
    if (names_ours()) {
      met_ours_ = true;
      close(section, begin);
      return true;
    }
    note(section, type, *owner_end + kTtlAt);
    if (!read_rdata_names(section, type, rdata, size)) return false;
    if (section == 0 && type == RrType::cname && names_ours()) {
      met_ours_ = true;
      close(section, at);
    }
    return true;
  }

  // Into name_. One that runs through a TTL would be another as soon as that is counted down.
  std::optional<std::size_t> read_lasting_name(std::size_t at) {
    led_to_.clear();
    const auto end = read_name(reply_, at, name_, &led_to_);
    const auto changes = [this](const NamePiece& piece) { return touches_ttl(piece); };
    if (!end || std::any_of(led_to_.begin(), led_to_.end(), changes)) return {};
    return end;
  }

  bool touches_ttl(const NamePiece& piece) const {
    const auto ends_before = [this](std::uint16_t ttl, std::size_t begin) {
      return question_end_ + ttl + kTtlSize <= begin;
    };
    const auto next = std::lower_bound(to_.ttls.begin(), to_.ttls.end(), piece.begin, ends_before);
    return next != to_.ttls.end() && question_end_ + *next < piece.end;
  }

  // The name that was read last.
  bool names_ours() const { return is_ours_ && is_ours_(zones::FoldedWire(name_.view()).wire()); }

  void note(std::size_t section, RrType type, std::size_t ttl_at) {
    ++to_.counts[section];
    to_.ttls.push_back(static_cast<std::uint16_t>(ttl_at - question_end_));
    std::uint32_t ttl = read_u32(reply_.data() + ttl_at);
    if (ttl > kTtlMost) ttl = 0;
    if (section < 2) least_ttl_ = std::min(least_ttl_, ttl);
    has_answer_ |= section == 0 && (type == type_ || type_ == RrType::any);
    if (section == 1 && type == RrType::soa) soa_ttl_ = ttl;
    has_referral_ |= section == 1 && type == RrType::ns;
  }

  // They are walked, because they are sent on as they stand.
  bool read_rdata_names(std::size_t section, RrType type, std::size_t at, std::size_t size) {
    const std::size_t end = at + size;
    const CompressibleNames names = names_in_rdata(type);
    if (names.count > 0 && size < names.lead) return false;
    if (names.count > 0) at += names.lead;
    for (int i = 0; i < names.count; ++i) {
      const auto name_end = read_lasting_name(at);
      if (!name_end || *name_end > end) return false;
      at = *name_end;
    }
    if (type != RrType::soa) return names.count == 0 || at == end;
    constexpr std::size_t kSoaNumbers = 20;
    if (at + kSoaNumbers != end) return false;
    if (section == 1) soa_minimum_ = read_u32(reply_.data() + end - 4);
    return true;
  }

  void close_section(std::size_t section, std::size_t at) {
    to_.ends[section] = static_cast<std::uint32_t>(at - question_end_);
  }
  // Nothing that follows is taken.
  void close(std::size_t section, std::size_t at) {
    for (; section < 3; ++section) close_section(section, at);
    closed_ = true;
  }

  std::optional<ForwardError> judge() {
    const bool is_word =
        to_.rcode == Rcode::noerror || to_.rcode == Rcode::nxdomain || to_.rcode == Rcode::yxdomain;
    if (to_.rcode == Rcode::formerr) return ForwardError::formerr;
    if (!is_word) return ForwardError::rcode;
    if (met_ours_) {
      to_.rcode = Rcode::noerror;
      to_.authenticated = false;
      if (to_.counts[0] > 0) to_.lifetime = std::min(least_ttl_, kKeptMost);
      return {};
    }
    const bool is_negative = to_.rcode == Rcode::nxdomain || !has_answer_;
    const bool looks = (reply_[3] & kRecursionAvailable) != 0 || (reply_[2] & kAuthoritative) != 0;
    if (to_.rcode == Rcode::noerror && !has_answer_ && to_.counts[0] == 0 && has_referral_ && !soa_ttl_ &&
        !looks)
      return ForwardError::referral;
    if (!is_negative) {
      to_.lifetime = std::min(least_ttl_, kKeptMost);
    } else if (soa_ttl_ && soa_minimum_) {
      to_.lifetime = std::min({least_ttl_, *soa_ttl_, *soa_minimum_, kNegativeKeptMost});
    }
    return {};
  }

  void cap_ttls() {
    for (const std::uint16_t at : to_.ttls) {
      const std::uint32_t ttl = read_u32(to_.records.data() + at);
      write_u32(to_.records.data() + at, ttl > kTtlMost ? 0 : std::min(ttl, kKeptMost));
    }
  }

  const Packet reply_;
  const Packet asked_;
  const std::function<bool(std::string_view)>& is_ours_;
  const bool exact_;
  UpstreamReply to_;
  zones::WireName name_;
  std::vector<NamePiece> led_to_;
  RrType type_{};
  std::size_t question_end_ = 0;
  bool closed_ = false;
  bool met_ours_ = false;
  bool has_answer_ = false;
  bool has_referral_ = false;
  std::uint32_t least_ttl_ = kTtlMost;
  std::optional<std::uint32_t> soa_ttl_;
  std::optional<std::uint32_t> soa_minimum_;
};

}  // namespace

std::string_view to_string(ForwardError error) {
  switch (error) {
    case ForwardError::header_short: return "header_short";
    case ForwardError::not_a_reply: return "not_a_reply";
    case ForwardError::question_other: return "question_other";
    case ForwardError::question_case: return "question_case";
    case ForwardError::truncated: return "truncated";
    case ForwardError::formerr: return "formerr";
    case ForwardError::rcode: return "rcode";
    case ForwardError::record_unreadable: return "record_unreadable";
    case ForwardError::trailing_octets: return "trailing_octets";
    case ForwardError::referral: return "referral";
  }
  return "";
}

UpstreamReplyResult read_upstream_reply(Packet reply, Packet asked,
                                        const std::function<bool(std::string_view folded)>& is_ours,
                                        bool exact) {
  return UpstreamReplyReader(reply, asked, is_ours, exact).read();
}

}  // namespace muster::dns
