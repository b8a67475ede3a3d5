// What upstreams have answered, for whoever asks next: bounded by octets, read without a lock.
//
// A question's hash names a set of eight slots, one cache line; a slot is one atomic word, 16 bits of the
// hash and the reply's address. A reply is one allocation and immutable, but for the count of those who have
// used it. It is written by one thread, replaced by storing its slot, and freed when every reader has passed
// a later epoch (zones/epoch.h). When there is no room, those go first that are out of date, then those that
// nobody has used for a round.
//
// A reply that is out of date stays for a day: when no upstream answers, it is better than nothing (RFC
// 8767).
//
// Thread safety: find() and ask_refresh() from any thread whose Reader is online; the rest from one thread,
// the writer.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/forward/reply_reader.h"
#include "zones/epoch.h"
#include "zones/record.h"
#include "zones/siphash.h"

namespace muster::dns {

// What a reply is kept under. Class IN; RD is always set.
struct CacheKey {
  std::string_view name;  // wire form in lower case
  zones::RrType type{};
  bool dnssec_ok = false;
  bool checking_disabled = false;
};

class CachedReply;
struct FreeCachedReply {
  void operator()(const CachedReply* reply) const;
};
using CachedReplyPtr = std::unique_ptr<const CachedReply, FreeCachedReply>;

class CachedReply {
 public:
  enum class Kind : std::uint8_t {
    answer,
    stale,    // an old answer, given again because no upstream answers
    failure,  // SERVFAIL: none answers, and nothing is known
  };

  // `tick`: milliseconds of a clock that is never set, and wraps (dns/client.h). `lifetime`: seconds.
  static CachedReplyPtr make(const CacheKey& key, std::uint64_t hash, const UpstreamReply& reply, Kind kind,
                             std::uint32_t tick, std::uint32_t lifetime,
                             std::optional<ExtendedError> error = {});
  // An old one once more, as Kind::stale.
  CachedReplyPtr as_stale(std::uint32_t tick, std::uint32_t lifetime) const;

  bool is_for(const CacheKey& key) const;
  CacheKey key() const { return {name(), type_, dnssec_ok_, checking_disabled_}; }
  std::uint64_t hash() const { return hash_; }
  Kind kind() const { return kind_; }
  Rcode rcode() const { return rcode_; }
  bool authenticated() const { return authenticated_; }
  std::optional<ExtendedError> error() const { return error_; }
  const std::array<std::uint16_t, 3>& counts() const { return counts_; }
  const std::array<std::uint32_t, 3>& ends() const { return ends_; }
  std::span<const std::uint8_t> records() const { return {octets() + name_size_, records_size_}; }
  std::span<const std::uint16_t> ttls() const {
    return {reinterpret_cast<const std::uint16_t*>(this + 1), ttl_count_};
  }
  std::size_t size() const;  // octets of the allocation

  std::uint32_t age_ms(std::uint32_t tick) const { return tick - stored_; }
  std::uint32_t lifetime_ms() const { return lifetime_ms_; }
  bool is_fresh(std::uint32_t tick) const { return age_ms(tick) < lifetime_ms_; }
  // Out of date, but not for longer than a day.
  bool is_of_use_when_nobody_answers(std::uint32_t tick) const;
  // Near its end, and asked for more than once: it is worth a new look before it goes. True once.
  bool wants_refresh(std::uint32_t tick) const;
  // A stale one that is out of date itself is given for a moment more, while upstreams are tried again.
  bool is_given_again(std::uint32_t tick) const {
    return kind_ == Kind::stale && age_ms(tick) < 2 * lifetime_ms_;
  }
  bool wants_retry() const { return !refresh_asked_.exchange(true, std::memory_order_relaxed); }  // true once
  void forget_refresh() const { refresh_asked_.store(false, std::memory_order_relaxed); }  // it was not taken
  void note_use() const {
    const auto uses = uses_.load(std::memory_order_relaxed);
    if (uses < kUsesMost) uses_.store(static_cast<std::uint8_t>(uses + 1), std::memory_order_relaxed);
  }
  // The writer's: whether it was used since the last call.
  bool take_use() const { return uses_.exchange(0, std::memory_order_relaxed) != 0; }

 private:
  static constexpr std::uint8_t kUsesMost = 3;

  CachedReply() = default;
  std::string_view name() const { return {reinterpret_cast<const char*>(octets()), name_size_}; }
  const std::uint8_t* octets() const {
    return reinterpret_cast<const std::uint8_t*>(this + 1) + sizeof(std::uint16_t) * ttl_count_;
  }

  std::uint64_t hash_ = 0;
  std::uint32_t stored_ = 0;
  std::uint32_t lifetime_ms_ = 0;
  std::uint32_t ended_ = 0;  // when it is, or was, out of date: of a stale one the first time
  std::array<std::uint32_t, 3> ends_{};
  std::array<std::uint16_t, 3> counts_{};
  std::uint16_t records_size_ = 0;
  std::uint16_t ttl_count_ = 0;
  zones::RrType type_{};
  Rcode rcode_{};
  std::uint8_t name_size_ = 0;
  Kind kind_ = Kind::answer;
  bool dnssec_ok_ = false;
  bool checking_disabled_ = false;
  bool authenticated_ = false;
  std::optional<ExtendedError> error_;
  mutable std::atomic<std::uint8_t> uses_{1};  // a round for those who come
  mutable std::atomic<bool> refresh_asked_{false};
};

// Plain figures for metrics, from any thread.
struct CacheCounters {
  std::atomic<std::size_t> octets{0};
  std::atomic<std::size_t> replies{0};
  std::atomic<std::uint64_t> inserted{0};
  std::atomic<std::uint64_t> evicted{0};  // to make room
  std::atomic<std::uint64_t> too_large{0};
  mutable std::atomic<std::uint64_t> refreshes_lost{0};  // as many waited as may
};

class Cache {
 public:
  // `octets`: the most that it takes, its table among them. `secret`: of the hash, so that nobody can choose
  // names that meet.
  Cache(std::size_t octets, const zones::SipKey& secret);
  ~Cache();  // precondition: no Reader is left
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  class Reader;

  std::uint64_t hash(const CacheKey& key) const;
  // Null: there is none. What is found may be out of date.
  const CachedReply* find(std::uint64_t hash, const CacheKey& key) const;

  // The writer is told of it by `wanted`, and takes it by take_refreshes(). Never waits: when it is not a
  // good moment, or many wait, the next reader asks again.
  void ask_refresh(const CachedReply& reply) const;

  struct Refresh {
    std::string name;
    zones::RrType type;
    bool dnssec_ok;
    bool checking_disabled;
  };
  void on_refresh(std::function<void()> wanted) { wanted_ = std::move(wanted); }  // before anybody reads
  std::vector<Refresh> take_refreshes();

  // Adds it, or replaces the one of the same key. One that is larger than a sixteenth of the cache is not
  // taken.
  void insert(CachedReplyPtr reply, std::uint32_t tick);
  // Takes out what is kept under this key.
  void remove(const CacheKey& key);
  // Takes out what has been of no use for longer than an old answer may be given: its age would seem small
  // again once the clock has gone round.
  void sweep(std::uint32_t tick);
  // What is at the name or below it, "": everything. How many there were.
  std::size_t flush(std::string_view name);
  // Frees what no reader holds any more.
  void tidy();
  const CacheCounters& counters() const { return counters_; }

 private:
  static constexpr std::size_t kSlots = 8;
  struct alignas(64) Set {
    std::array<std::atomic<std::uint64_t>, kSlots> slots{};
  };
  using Slot = std::atomic<std::uint64_t>;

  Set& set_of(std::uint64_t hash) const { return sets_[hash & (set_count_ - 1)]; }
  Slot& slot_for(const CachedReply& reply, std::uint32_t tick) const;
  void unlink(Slot& slot);
  void make_room(std::uint32_t tick);

  const std::size_t budget_;
  const zones::SipKey secret_;
  std::size_t set_count_;
  std::unique_ptr<Set[]> sets_;
  mutable zones::Epochs epochs_;
  struct Retired {
    std::uint64_t epoch;
    CachedReplyPtr reply;
  };
  std::deque<Retired> retired_;
  std::size_t hand_ = 0;  // the set at which making room goes on
  CacheCounters counters_;

  static constexpr std::size_t kRefreshesMost = 256;
  mutable std::mutex refresh_mutex_;  // guards refreshes_
  mutable std::vector<Refresh> refreshes_;
  std::function<void()> wanted_;
};

// One thread's way to read: what find() gives is valid until offline.
class Cache::Reader {
 public:
  // Throws std::runtime_error when too many readers exist.
  explicit Reader(Cache& cache);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void online() { cache_.epochs_.online(*seat_); }
  void offline() { zones::Epochs::offline(*seat_); }
  Cache& cache() const { return cache_; }

 private:
  Cache& cache_;
  zones::Epochs::Seat* seat_;
};

}  // namespace muster::dns
