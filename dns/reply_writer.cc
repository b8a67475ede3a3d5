#include "dns/reply_writer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "dns/octets.h"
#include "zones/wire_name.h"

namespace muster::dns {
namespace {

constexpr std::size_t kImageOwner = 2;

}  // namespace

// The labels of a name and a hash of every suffix, case and all, but for the zone's own part: that is the
// same in any case, because it always ends up as the question's.
struct ReplyWriter::Suffixes {
  std::array<std::uint8_t, kLabelsMax + 1> at;
  std::array<std::uint32_t, kLabelsMax + 1> hash;
  std::size_t labels = 0;

  Suffixes(std::string_view wire, std::string_view zone) {
    std::size_t zone_label = kLabelsMax;
    for (std::size_t i = 0; wire[i] != 0; i += 1 + static_cast<unsigned char>(wire[i])) {
      if (wire.size() - i == zone.size() && zones::Name::equal_fold(wire.substr(i), zone))
        zone_label = labels;
      at[labels++] = static_cast<std::uint8_t>(i);
    }
    at[labels] = static_cast<std::uint8_t>(wire.size() - 1);
    std::uint32_t value = kHashBegin;
    for (std::size_t label = labels; label-- > 0;) {
      for (std::size_t i = at[label]; i < at[label + 1]; ++i) {
        value = (value ^ static_cast<unsigned char>(wire[i])) * kHashFactor;
      }
      if (label == zone_label) value = kHashZone;
      hash[label] = value;
    }
  }

 private:
  static constexpr std::uint32_t kHashBegin = 2166136261u;  // FNV-1a
  static constexpr std::uint32_t kHashFactor = 16777619u;
  static constexpr std::uint32_t kHashZone = 1;
};

void ReplyWriter::begin(std::span<std::uint8_t> buffer, std::size_t limit, std::size_t reserved,
                        Packet packet, const Query& query) {
  assert(limit <= buffer.size() && query.question_end + reserved <= limit);
  buffer_ = buffer.data();
  limit_ = limit;
  end_ = limit - reserved;
  question_end_ = at_ = query.has_question ? query.question_end : kHeaderSize;
  std::memcpy(buffer_ + kHeaderSize, packet.data() + kHeaderSize, at_ - kHeaderSize);
  counts_ = {};
  flags_ = 0;
  zone_ = {};
  zone_at_ = 0;
  question_known_ = false;
  known_count_ = 0;
}

void ReplyWriter::set_zone(std::string_view apex) {
  zone_ = apex;
  zone_at_ = question_end_ - 4 - apex.size();
}

void ReplyWriter::rewind(const Mark& mark) {
  at_ = mark.at;
  counts_ = mark.counts;
  while (known_count_ > 0 && known_[known_count_ - 1].at >= at_) --known_count_;
}

std::size_t ReplyWriter::put(Section section, Owner& owner, std::string_view image) {
  const auto type =
      static_cast<zones::RrType>(read_u16(reinterpret_cast<const std::uint8_t*>(image.data()) + 2));
  const Mark before = mark();
  if (!put_owner(owner)) return 0;
  const std::size_t position = at_ - kImageOwner;
  const bool compressed = compressible_names(type).count > 0;
  const std::string_view rest = image.substr(kImageOwner, compressed ? kRecordFixed : std::string_view::npos);
  bool fits = room() >= rest.size();
  if (fits) {
    std::memcpy(buffer_ + at_, rest.data(), rest.size());
    at_ += rest.size();
    if (compressed) fits = put_rdata(type, image.substr(kImageOwner + kRecordFixed));
  }
  if (!fits) {
    rewind(before);
    return 0;
  }
  ++counts_[static_cast<std::size_t>(section)];
  return position;
}

std::size_t ReplyWriter::put(Section section, Owner& owner, zones::RrType type, zones::RrClass rr_class,
                             std::uint32_t ttl, std::string_view rdata) {
  const Mark before = mark();
  if (!put_owner(owner)) return 0;
  const std::size_t position = at_ - kImageOwner;
  if (room() >= kRecordFixed) {
    std::uint8_t* fixed = buffer_ + at_;
    write_u16(fixed, static_cast<std::uint16_t>(type));
    write_u16(fixed + 2, static_cast<std::uint16_t>(rr_class));
    write_u32(fixed + 4, ttl);
    at_ += kRecordFixed;
    if (put_rdata(type, rdata)) {
      ++counts_[static_cast<std::size_t>(section)];
      return position;
    }
  }
  rewind(before);
  return 0;
}

bool ReplyWriter::put_images(Section section, std::string_view images, std::size_t count) {
  if (images.size() > room()) return false;
  std::memcpy(buffer_ + at_, images.data(), images.size());
  at_ += images.size();
  counts_[static_cast<std::size_t>(section)] =
      static_cast<std::uint16_t>(counts_[static_cast<std::size_t>(section)] + count);
  return true;
}

bool ReplyWriter::put_sections(std::span<const std::uint8_t> records,
                               const std::array<std::uint16_t, 3>& counts) {
  assert(at_ == question_end_);
  if (records.size() > room()) return false;
  std::copy(records.begin(), records.end(), buffer_ + at_);
  at_ += records.size();
  counts_ = counts;
  return true;
}

bool ReplyWriter::put_patched(Section section, std::string_view record, std::span<const std::uint16_t> words,
                              std::size_t target) {
  const std::size_t start = at_;
  if (!put_images(section, record, 1)) return false;
  for (const std::uint16_t word : words) {
    write_u16(buffer_ + start + word, static_cast<std::uint16_t>(0xc000 | target));
  }
  return true;
}

bool ReplyWriter::put_owner(Owner& owner) {
  if (owner.at != 0 && owner.at < kPointerReach) {
    if (room() < 2) return false;
    write_u16(buffer_ + at_, static_cast<std::uint16_t>(0xc000 | owner.at));
    at_ += 2;
    return true;
  }
  const Mark before = mark();
  owner.at = put_name(owner.wire);
  if (owner.at == 0) rewind(before);
  return owner.at != 0;
}

// Writes rdata behind a record's fixed fields and its length into them. Leaves octets behind when there is no
// room: the callers rewind.
bool ReplyWriter::put_rdata(zones::RrType type, std::string_view rdata) {
  const std::size_t start = at_;
  CompressibleNames names = compressible_names(type);
  const auto copy = [&](std::size_t size) {
    if (room() < size) return false;
    std::memcpy(buffer_ + at_, rdata.data(), size);
    at_ += size;
    rdata.remove_prefix(size);
    return true;
  };
  if (names.count > 0 && !copy(std::min<std::size_t>(names.lead, rdata.size()))) return false;
  for (; names.count > 0; --names.count) {
    const auto size = zones::name_length(rdata);
    if (!size) break;
    if (put_name(rdata.substr(0, *size)) == 0) return false;
    rdata.remove_prefix(*size);
  }
  if (!copy(rdata.size())) return false;
  write_u16(buffer_ + start - 2, static_cast<std::uint16_t>(at_ - start));
  return true;
}

std::size_t ReplyWriter::put_name(std::string_view wire) {
  if (!question_known_) know_question();
  const Suffixes suffixes(wire, zone_);
  const std::size_t start = at_;
  for (std::size_t label = 0; label < suffixes.labels; ++label) {
    const std::size_t from = suffixes.at[label];
    const std::string_view suffix = wire.substr(from);
    const std::size_t size = suffixes.at[label + 1] - from;
    if (const std::size_t known = find_suffix(suffix, suffixes.hash[label])) {
      if (room() < 2) return 0;
      write_u16(buffer_ + at_, static_cast<std::uint16_t>(0xc000 | known));
      at_ += 2;
      know(suffixes, label, start);
      return label == 0 ? known : start;
    }
    if (room() < size) return 0;
    std::memcpy(buffer_ + at_, suffix.data(), size);
    at_ += size;
  }
  if (room() < 1) return 0;
  buffer_[at_++] = 0;
  know(suffixes, suffixes.labels, start);
  return start;
}

std::size_t ReplyWriter::find_suffix(std::string_view suffix, std::uint32_t hash) const {
  if (is_zone(suffix)) return zone_at_;
  for (std::size_t i = 0; i < known_count_; ++i) {
    if (known_[i].hash == hash && stands_at(known_[i].at, suffix)) return known_[i].at;
  }
  return 0;
}

bool ReplyWriter::is_zone(std::string_view suffix) const {
  return suffix.size() == zone_.size() && zone_.size() > 1 && zones::Name::equal_fold(suffix, zone_);
}

// Octet by octet through our own pointers, down to the zone's part.
bool ReplyWriter::stands_at(std::size_t at, std::string_view suffix) const {
  for (;;) {
    while (buffer_[at] >= 0xc0) at = read_u16(buffer_ + at) & (kPointerReach - 1);
    if (at == zone_at_) return is_zone(suffix);
    const std::size_t size = std::size_t{1} + buffer_[at];
    if (suffix.size() < size || std::memcmp(buffer_ + at, suffix.data(), size) != 0) return false;
    if (size == 1) return suffix.size() == 1;
    at += size;
    suffix.remove_prefix(size);
  }
}

void ReplyWriter::know_question() {
  question_known_ = true;
  if (question_end_ == kHeaderSize) return;
  const std::string_view name(reinterpret_cast<const char*>(buffer_) + kHeaderSize,
                              question_end_ - 4 - kHeaderSize);
  const Suffixes suffixes(name, zone_);
  know(suffixes, suffixes.labels, kHeaderSize);
}

// The first labels of a name stand at `start` now, whole to its end.
void ReplyWriter::know(const Suffixes& suffixes, std::size_t labels, std::size_t start) {
  for (std::size_t label = 0; label < labels; ++label) {
    const std::size_t at = start + suffixes.at[label];
    if (known_count_ == kKnownMax || at >= kPointerReach) return;
    known_[known_count_++] = {suffixes.hash[label], static_cast<std::uint16_t>(at)};
  }
}

std::size_t ReplyWriter::finish(const Query& query, bool authoritative, bool truncated, Rcode rcode,
                                ReplyEdns& edns) {
  const auto code = static_cast<std::uint16_t>(rcode);
  write_u16(buffer_, query.id);
  buffer_[2] = static_cast<std::uint8_t>(0x80 | query.opcode << 3 | (authoritative ? 4 : 0) |
                                         (truncated ? 2 : 0) | (query.recursion_desired ? 1 : 0));
  buffer_[3] = static_cast<std::uint8_t>(flags_ | (query.checking_disabled ? 0x10 : 0) | (code & 0xf));
  write_u16(buffer_ + 4, query.has_question ? 1 : 0);
  write_u16(buffer_ + 6, counts_[0]);
  write_u16(buffer_ + 8, counts_[1]);
  write_u16(buffer_ + 10, static_cast<std::uint16_t>(counts_[2] + (edns.present ? 1 : 0)));
  edns.rcode_high = static_cast<std::uint8_t>(code >> 4);
  return at_ + write_opt(edns, buffer_ + at_, limit_ - at_);
}

}  // namespace muster::dns
