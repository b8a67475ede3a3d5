#include "dns/transfer_writer.h"

#include <algorithm>
#include <cstring>

#include "dns/octets.h"
#include "dns/reply_writer.h"
#include "zones/wire_name.h"

namespace muster::dns {
namespace {

constexpr std::size_t kFixed = 10;  // type, class, TTL, length
constexpr std::uint8_t kCheckingDisabled = 0x10;

std::string_view view_of(const std::uint8_t* octets, std::size_t size) {
  return {reinterpret_cast<const char*>(octets), size};
}

}  // namespace

// Where the labels of a name begin, the root included, and a hash of each suffix.
struct TransferWriter::Suffixes {
  std::array<std::uint8_t, kLabelsMax + 1> at;
  std::array<std::uint32_t, kLabelsMax> hash;
  std::size_t labels = 0;

  explicit Suffixes(std::string_view name) {
    for (std::size_t i = 0; name[i] != 0; i += 1 + static_cast<unsigned char>(name[i]))
      at[labels++] = static_cast<std::uint8_t>(i);
    at[labels] = static_cast<std::uint8_t>(name.size() - 1);
    std::uint32_t value = 2166136261u;  // FNV-1a
    for (std::size_t label = labels; label-- > 0;) {
      for (std::size_t i = at[label]; i < at[label + 1]; ++i)
        value = (value ^ static_cast<unsigned char>(name[i])) * 16777619u;
      hash[label] = value ^ value >> 16;
    }
  }
};

TransferWriter::TransferWriter(Packet packet, const Query& query, const ReplyEdns& edns, TsigSigner signer,
                               Clock clock)
    : question_(packet.begin() + kHeaderSize, packet.begin() + query.question_end),
      id_(query.id),
      flags_(static_cast<std::uint8_t>((query.recursion_desired ? 1 : 0) |
                                       (query.checking_disabled ? kCheckingDisabled : 0))),
      edns_(edns),
      nsid_(edns.nsid),
      cookie_(edns.cookie.begin(), edns.cookie.end()),
      signer_(std::move(signer)),
      clock_(std::move(clock)),
      buffer_(kPacketMax) {
  edns_.nsid = nsid_;
  edns_.cookie = cookie_;
}

bool TransferWriter::add(const zones::RecordView& record) {
  if (!open_) begin(kMessageMost);
  if (!put(record)) {
    if (count_ > 0) {
      close();
      begin(kMessageMost);
    }
    if (!put(record)) {
      begin(kPacketMax);
      if (!put(record)) return false;
      close();
    }
  }
  ++records_;
  return true;
}

void TransferWriter::begin(std::size_t limit) {
  open_ = true;
  count_ = 0;
  known_ = 0;
  slots_.fill(0);
  last_owner_.clear();
  at_ = kHeaderSize;
  if (first_) {
    std::memcpy(buffer_.data() + at_, question_.data(), question_.size());
    at_ += question_.size();
    know_question();
  }
  end_ = limit - signer_.size() - (first_ ? opt_size(edns_) : 0);
}

void TransferWriter::close() {
  write_u16(buffer_.data(), id_);
  buffer_[2] = static_cast<std::uint8_t>(0x84 | (flags_ & 1));  // QR, AA
  buffer_[3] = flags_ & kCheckingDisabled;
  const bool has_opt = first_ && edns_.present;
  write_u16(buffer_.data() + 4, first_ ? 1 : 0);
  write_u16(buffer_.data() + 6, count_);
  write_u16(buffer_.data() + 8, 0);
  write_u16(buffer_.data() + 10, has_opt ? 1 : 0);
  if (has_opt) at_ += write_opt(edns_, buffer_.data() + at_, opt_size(edns_));
  at_ = signer_.sign(buffer_, at_, clock_().now);
  whole_.emplace_back(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
  first_ = false;
  open_ = false;
}

void TransferWriter::finish() {
  if (open_) close();
}

// When it returns false the message must be closed or begun again: it may know of names that it does not
// hold.
bool TransferWriter::put(const zones::RecordView& record) {
  const std::size_t before = at_;
  const bool same_owner = last_owner_at_ != 0 && !last_owner_.empty() && last_owner_ == record.owner;
  if (same_owner) {
    if (!put_pointer(last_owner_at_)) return false;
  } else {
    if (!put_name(record.owner)) {
      at_ = before;
      return false;
    }
    last_owner_.assign(record.owner);
    last_owner_at_ = before < kPointerReach ? static_cast<std::uint16_t>(before) : 0;
  }
  if (room() >= kFixed) {
    std::uint8_t* fixed = buffer_.data() + at_;
    write_u16(fixed, static_cast<std::uint16_t>(record.type));
    write_u16(fixed + 2, static_cast<std::uint16_t>(zones::RrClass::in));
    write_u32(fixed + 4, record.ttl);
    at_ += kFixed;
    if (put_rdata(record.type, record.rdata)) {
      ++count_;
      return true;
    }
  }
  at_ = before;
  if (!same_owner) last_owner_.clear();
  return false;
}

bool TransferWriter::put_rdata(zones::RrType type, std::string_view rdata) {
  const std::size_t start = at_;
  CompressibleNames names = compressible_names(type);
  if (names.count > 0) {
    const std::size_t lead = std::min<std::size_t>(names.lead, rdata.size());
    if (!copy(rdata.substr(0, lead))) return false;
    rdata.remove_prefix(lead);
  }
  for (; names.count > 0; --names.count) {
    const auto size = zones::name_length(rdata);
    if (!size) break;
    if (!put_name(rdata.substr(0, *size))) return false;
    rdata.remove_prefix(*size);
  }
  if (!copy(rdata)) return false;
  write_u16(buffer_.data() + start - 2, static_cast<std::uint16_t>(at_ - start));
  return true;
}

bool TransferWriter::copy(std::string_view octets) {
  if (room() < octets.size()) return false;
  std::memcpy(buffer_.data() + at_, octets.data(), octets.size());
  at_ += octets.size();
  return true;
}

// Label by label, until the rest stands in the message already.
bool TransferWriter::put_name(std::string_view name) {
  const Suffixes suffixes(name);
  for (std::size_t i = 0; i < suffixes.labels; ++i) {
    std::uint16_t* slot = slot_of(name.substr(suffixes.at[i]), suffixes.hash[i]);
    if (*slot != 0) return put_pointer(*slot);
    const std::size_t at = at_;
    if (!copy(name.substr(suffixes.at[i], suffixes.at[i + 1] - suffixes.at[i]))) return false;
    know(slot, at);
  }
  return copy(std::string_view("", 1));
}

bool TransferWriter::put_pointer(std::uint16_t at) {
  if (room() < 2) return false;
  write_u16(buffer_.data() + at_, static_cast<std::uint16_t>(0xc000 | at));
  at_ += 2;
  return true;
}

void TransferWriter::know(std::uint16_t* slot, std::size_t at) {
  if (at >= kPointerReach || known_ == kSlots / 2) return;
  *slot = static_cast<std::uint16_t>(at);
  ++known_;
}

void TransferWriter::know_question() {
  const std::string_view name = view_of(question_.data(), question_.size() - 4);
  const Suffixes suffixes(name);
  for (std::size_t i = 0; i < suffixes.labels; ++i) {
    know(slot_of(name.substr(suffixes.at[i]), suffixes.hash[i]), kHeaderSize + suffixes.at[i]);
  }
}

std::uint16_t* TransferWriter::slot_of(std::string_view suffix, std::uint32_t hash) {
  for (std::size_t i = hash % kSlots;; i = (i + 1) % kSlots) {
    if (slots_[i] == 0 || stands_at(slots_[i], suffix)) return &slots_[i];
  }
}

// Octet by octet, through our own pointers, within what is written.
bool TransferWriter::stands_at(std::size_t at, std::string_view suffix) const {
  while (!suffix.empty() && at < at_) {
    if (buffer_[at] >= 0xc0) {
      if (at + 1 >= at_) return false;
      at = read_u16(buffer_.data() + at) & (kPointerReach - 1);
      continue;
    }
    const std::size_t size = std::size_t{1} + buffer_[at];
    if (suffix.size() < size || at + size > at_) return false;
    if (view_of(buffer_.data() + at, size) != suffix.substr(0, size)) return false;
    at += size;
    suffix.remove_prefix(size);
  }
  return suffix.empty();
}

}  // namespace muster::dns
