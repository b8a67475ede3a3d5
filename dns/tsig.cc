#include "dns/tsig.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <functional>

#include "dns/octets.h"
#include "dns/question.h"
#include "zones/record.h"

namespace muster::dns {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kAdditionalCount = 10;  // offset
constexpr std::uint16_t kClassAny = 255;
constexpr std::uint16_t kFudge = 300;  // seconds, as §10 advises
constexpr std::size_t kOtherTime = 6;
constexpr std::size_t kMacLeast = 10;

enum Error : std::uint16_t { none = 0, badsig = 16, badkey = 17, badtime = 18, badtrunc = 22 };

std::string_view algorithm_wire(TsigAlgorithm algorithm) {
  constexpr std::array<std::string_view, 4> kNames = {"\x9hmac-sha1\0"sv, "\xbhmac-sha256\0"sv,
                                                      "\xbhmac-sha384\0"sv, "\xbhmac-sha512\0"sv};
  return kNames[static_cast<std::size_t>(algorithm)];
}

OctetView octets_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::uint8_t* put(std::uint8_t* to, OctetView octets) {
  if (!octets.empty()) std::memcpy(to, octets.data(), octets.size());
  return to + octets.size();
}

std::uint8_t* put_u16(std::uint8_t* to, std::uint16_t value) {
  write_u16(to, value);
  return to + 2;
}

std::uint8_t* put_u48(std::uint8_t* to, std::uint64_t value) {
  write_u48(to, value);
  return to + 6;
}

std::uint8_t* put_times(std::uint8_t* to, std::uint64_t time_signed, std::uint16_t fudge) {
  return put_u16(put_u48(to, time_signed), fudge);
}

// What is signed beside the message (§4.3.3), but for the other data: of a first message all, later the
// times.
class Variables {
 public:
  Variables(const TsigKey& key, std::uint64_t time_signed, std::uint16_t fudge, std::uint16_t error,
            std::size_t other_size) {
    std::uint8_t* to = put(octets_.data(), octets_of(key.name.wire()));
    to = put_u16(to, kClassAny);
    to = put_u16(put_u16(to, 0), 0);  // TTL
    to = put(to, octets_of(algorithm_wire(key.algorithm)));
    to = put_times(to, time_signed, fudge);
    to = put_u16(put_u16(to, error), static_cast<std::uint16_t>(other_size));
    size_ = static_cast<std::size_t>(to - octets_.data());
  }
  Variables(std::uint64_t time_signed, std::uint16_t fudge)
      : size_(static_cast<std::size_t>(put_times(octets_.data(), time_signed, fudge) - octets_.data())) {}
  OctetView view() const { return {octets_.data(), size_}; }

 private:
  std::array<std::uint8_t, zones::kNameMax + 64> octets_;
  std::size_t size_;
};

// The MAC before, with its length in front.
struct Prior {
  std::array<std::uint8_t, 2 + kMacMax> octets;
  std::size_t size = 0;
  explicit Prior(const Mac& mac) {
    if (mac.size == 0) return;
    put(put_u16(octets.data(), static_cast<std::uint16_t>(mac.size)), mac.view());
    size = 2 + mac.size;
  }
  OctetView view() const { return {octets.data(), size}; }
};

}  // namespace

TsigKeys::TsigKeys(std::vector<TsigKey> keys) {
  for (TsigKey& key : keys) {
    assert(key.name.size() <= kTsigNameMax);
    key.name = key.name.lower();
    HmacKey hmac(key.algorithm, key.secret);
    const std::string name(key.name.wire());
    entries_.emplace(name, Entry{std::move(key), std::move(hmac)});
  }
}

const TsigKeys::Entry* TsigKeys::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

// The checks, in the order of §5.2.
struct TsigVerifier {
  OctetView packet;
  std::size_t at;
  const TsigRecord& record;
  TsigVerdict verdict;

  void run(const TsigKeysPtr& keys, std::uint64_t now) {
    verdict.check = check(keys, now);
    if (verdict.check == TsigCheck::verified) verdict.key = &verdict.reply.entry_->key;
  }

 private:
  TsigCheck check(const TsigKeysPtr& keys, std::uint64_t now) {
    const TsigKeys::Entry* entry = keys ? keys->find(record.name.view()) : nullptr;
    if (entry == nullptr ||
        !zones::Name::equal_fold(record.algorithm, algorithm_wire(entry->key.algorithm))) {
      return fail(TsigCheck::bad_key, badkey);
    }
    const std::size_t whole = mac_size(entry->key.algorithm);
    if (record.mac.size() > whole || record.mac.size() < std::max(kMacLeast, whole / 2)) {
      return TsigCheck::malformed;  // §5.2.2.1
    }
    const Mac mac = compute(*entry);
    if (mac.size == 0 || CRYPTO_memcmp(mac.octets.data(), record.mac.data(), record.mac.size()) != 0) {
      return fail(TsigCheck::bad_sig, badsig);
    }
    sign_with(keys, *entry);
    const std::uint64_t apart =
        now > record.time_signed ? now - record.time_signed : record.time_signed - now;
    if (apart > record.fudge) return fail(TsigCheck::bad_time, badtime);
    const std::size_t least = entry->key.mac_octets_min != 0 ? entry->key.mac_octets_min : whole;
    if (record.mac.size() < least) return fail(TsigCheck::bad_trunc, badtrunc);
    return TsigCheck::verified;
  }

  // Over the packet as it came, without its TSIG and with its original ID.
  Mac compute(const TsigKeys::Entry& entry) const {
    std::array<std::uint8_t, kHeaderSize> header;
    put(header.data(), packet.first(kHeaderSize));
    write_u16(header.data(), record.original_id);
    const unsigned additional = read_u16(header.data() + kAdditionalCount) - 1u;
    write_u16(header.data() + kAdditionalCount, static_cast<std::uint16_t>(additional));
    const Variables variables(entry.key, record.time_signed, record.fudge, record.error, record.other.size());
    return entry.hmac.compute(
        {header, packet.subspan(kHeaderSize, at - kHeaderSize), variables.view(), record.other});
  }

  void sign_with(const TsigKeysPtr& keys, const TsigKeys::Entry& entry) {
    TsigSigner& reply = verdict.reply;
    reply.keys_ = keys;
    reply.entry_ = &entry;
    reply.name_ = entry.key.name.wire();
    reply.algorithm_ = algorithm_wire(entry.key.algorithm);
    reply.fudge_ = kFudge;
    put(reply.prior_.octets.data(), record.mac);
    reply.prior_.size = record.mac.size();
  }

  // Names and times of the request come back; before a key has proved itself, nothing of ours does.
  TsigCheck fail(TsigCheck check, Error error) {
    TsigSigner& reply = verdict.reply;
    if (reply.entry_ == nullptr) {
      reply.name_ = record.name.view();
      reply.algorithm_ = record.algorithm;
    }
    reply.error_ = error;
    reply.time_signed_ = record.time_signed;
    reply.fudge_ = record.fudge;
    return check;
  }
};

TsigVerdict verify(OctetView packet, std::size_t at, const TsigRecord& record, const TsigKeysPtr& keys,
                   std::uint64_t now) {
  TsigVerifier verifier{packet, at, record, {}};
  verifier.run(keys, now);
  return std::move(verifier.verdict);
}

std::size_t TsigSigner::size() const {
  if (name_.empty()) return 0;
  return name_.size() + kRecordFixed + algorithm_.size() + kTsigFixed +
         (entry_ != nullptr ? mac_size(entry_->key.algorithm) : 0) + (error_ == badtime ? kOtherTime : 0);
}

std::size_t TsigSigner::sign(std::span<std::uint8_t> buffer, std::size_t size, std::uint64_t now) {
  if (name_.empty()) return size;
  assert(buffer.size() >= size + this->size());
  const std::uint16_t id = read_u16(buffer.data());
  Mac mac;
  if (entry_ != nullptr) {
    std::array<std::uint8_t, kOtherTime> ours;
    write_u48(ours.data(), now);
    const OctetView other(ours.data(), error_ == badtime ? ours.size() : 0);
    const std::uint64_t time_signed = error_ != none ? time_signed_ : now;
    const Variables variables = first_ ? Variables(entry_->key, time_signed, fudge_, error_, other.size())
                                       : Variables(time_signed, fudge_);
    mac =
        entry_->hmac.compute({Prior(prior_).view(), OctetView(buffer.data(), size), variables.view(), other});
  }
  const std::uint8_t* end = write_record(buffer.data() + size, mac.view(), id, now);
  write_u16(buffer.data() + kAdditionalCount,
            static_cast<std::uint16_t>(read_u16(buffer.data() + kAdditionalCount) + 1));
  prior_ = mac;
  first_ = false;
  return static_cast<std::size_t>(end - buffer.data());
}

std::uint8_t* TsigSigner::write_record(std::uint8_t* to, OctetView mac, std::uint16_t id,
                                       std::uint64_t now) const {
  to = put(to, octets_of(name_));
  to = put_u16(to, static_cast<std::uint16_t>(zones::RrType::tsig));
  to = put_u16(to, kClassAny);
  to = put_u16(put_u16(to, 0), 0);  // TTL
  std::uint8_t* rdata = to + 2;
  to = put(rdata, octets_of(algorithm_));
  to = put_times(to, error_ != none ? time_signed_ : now, fudge_);
  to = put(put_u16(to, static_cast<std::uint16_t>(mac.size())), mac);
  to = put_u16(put_u16(to, id), error_);
  to = put_u16(to, error_ == badtime ? kOtherTime : 0);
  if (error_ == badtime) to = put_u48(to, now);
  write_u16(rdata - 2, static_cast<std::uint16_t>(to - rdata));
  return to;
}

}  // namespace muster::dns
