// Signed messages (RFC 8945): keys, the check of a request, the signatures of its reply.
//
// The life of a signed query: verify() finds the key, checks the MAC over the packet as it came and gives a
// TsigSigner, which knows how much room its record takes and is told to append it when the reply stands. A
// reply of many messages goes on with the same signer, each message signed over the one before (§5.3.1).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/hmac.h"
#include "dns/tsig_record.h"
#include "zones/name.h"

namespace muster::dns {

struct TsigKey {
  zones::Name name;
  TsigAlgorithm algorithm{};
  std::string secret;
  // The shortest MAC that is taken, in octets, at least max(10, half of the whole); 0: the whole.
  std::size_t mac_octets_min = 0;
};

// A key's name leaves room for its TSIG beside question and OPT in 512 octets.
inline constexpr std::size_t kTsigNameMax = 80;

// Immutable, so threads share it; a reload makes another.
class TsigKeys {
 public:
  struct Entry {
    TsigKey key;  // its name folded
    HmacKey hmac;
  };

  TsigKeys() = default;
  // Names are different and at most kTsigNameMax octets long. Throws std::runtime_error as HmacKey does.
  explicit TsigKeys(std::vector<TsigKey> keys);
  // By the folded wire form; null: no such key.
  const Entry* find(std::string_view name) const;

 private:
  std::map<std::string, Entry, std::less<>> entries_;
};
using TsigKeysPtr = std::shared_ptr<const TsigKeys>;

// In the order of the checks (§5.2).
enum class TsigCheck : std::uint8_t {
  verified,
  bad_key,
  malformed,  // a MAC longer than the hash, or too short for anybody: FORMERR
  bad_sig,
  bad_time,
  bad_trunc,
};
inline constexpr std::array<std::string_view, 6> kTsigCheckNames = {"verified", "badkey",  "malformed",
                                                                    "badsig",   "badtime", "badtrunc"};

// Appends TSIG records. Copying it is cheap; it keeps the keys that it signs with.
class TsigSigner {
 public:
  TsigSigner() = default;  // appends nothing
  // Octets that the next record takes.
  std::size_t size() const;
  // Appends the record to the message of `size` octets at the front of `buffer` and counts it there. Returns
  // the new size. Precondition: buffer.size() >= size + this->size(). `now` is in Unix seconds.
  std::size_t sign(std::span<std::uint8_t> buffer, std::size_t size, std::uint64_t now);

 private:
  friend struct TsigVerifier;
  std::uint8_t* write_record(std::uint8_t* to, std::span<const std::uint8_t> mac, std::uint16_t id,
                             std::uint64_t now) const;

  TsigKeysPtr keys_;                        // holds entry_
  const TsigKeys::Entry* entry_ = nullptr;  // null: unsigned
  std::string_view name_;                   // empty: appends nothing
  std::string_view algorithm_;              // wire form
  std::uint16_t error_ = 0;
  std::uint64_t time_signed_ = 0;  // of the request, for replies with an error
  std::uint16_t fudge_ = 0;
  bool first_ = true;
  Mac prior_;  // of the request, then of the message before
};

struct TsigVerdict {
  TsigCheck check = TsigCheck::malformed;
  const TsigKey* key = nullptr;  // verified: whose request this is; lives as long as `reply`
  // BADKEY and BADSIG go out with an empty MAC, BADTIME and BADTRUNC signed (§5.3.2); until it has been used,
  // packet and record stay where they are.
  TsigSigner reply;
};

// `record` was read from the end of `packet`, where it begins at `at`. `now` is in Unix seconds.
TsigVerdict verify(std::span<const std::uint8_t> packet, std::size_t at, const TsigRecord& record,
                   const TsigKeysPtr& keys, std::uint64_t now);

}  // namespace muster::dns
