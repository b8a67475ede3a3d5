#include "dns/forward/cache.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <stdexcept>

#include "zones/wire_name.h"

namespace muster::dns {

namespace {

constexpr std::int32_t kStaleMs = 86'400'000;  // RFC 8767 §5: one to three days
constexpr std::uint32_t kRefreshLeastMs = 10'000;
constexpr std::size_t kSetsLeast = 16;
constexpr std::size_t kReplyUsual = 256;  // octets, for the number of sets
constexpr int kTagShift = 48;

std::uint64_t word_of(const CachedReply* reply) {
  const auto address = reinterpret_cast<std::uintptr_t>(reply);
  assert(address >> kTagShift == 0);
  return (reply->hash() >> kTagShift << kTagShift) | address;
}

const CachedReply* reply_of(std::uint64_t word) {
  return reinterpret_cast<const CachedReply*>(word & ((std::uint64_t{1} << kTagShift) - 1));
}

}  // namespace

void FreeCachedReply::operator()(const CachedReply* reply) const {
  reply->~CachedReply();
  ::operator delete(const_cast<CachedReply*>(reply));
}

CachedReplyPtr CachedReply::make(const CacheKey& key, std::uint64_t hash, const UpstreamReply& reply,
                                 Kind kind, std::uint32_t tick, std::uint32_t lifetime,
                                 std::optional<ExtendedError> error) {
  const std::size_t ttls = reply.ttls.size() * sizeof(std::uint16_t);
  const std::size_t size = sizeof(CachedReply) + ttls + key.name.size() + reply.records.size();
  auto* made = new (::operator new(size)) CachedReply();
  made->hash_ = hash;
  made->stored_ = tick;
  made->lifetime_ms_ = lifetime * 1000;
  made->ended_ = tick + made->lifetime_ms_;
  made->ends_ = reply.ends;
  made->counts_ = reply.counts;
  made->records_size_ = static_cast<std::uint16_t>(reply.records.size());
  made->ttl_count_ = static_cast<std::uint16_t>(reply.ttls.size());
  made->type_ = key.type;
  made->rcode_ = reply.rcode;
  made->name_size_ = static_cast<std::uint8_t>(key.name.size());
  made->kind_ = kind;
  made->dnssec_ok_ = key.dnssec_ok;
  made->checking_disabled_ = key.checking_disabled;
  made->authenticated_ = reply.authenticated;
  made->error_ = error;
  auto* at = reinterpret_cast<std::uint8_t*>(made + 1);
  if (ttls > 0) std::memcpy(at, reply.ttls.data(), ttls);
  at += ttls;
  std::memcpy(at, key.name.data(), key.name.size());
  at += key.name.size();
  if (!reply.records.empty()) std::memcpy(at, reply.records.data(), reply.records.size());
  return CachedReplyPtr(made);
}

CachedReplyPtr CachedReply::as_stale(std::uint32_t tick, std::uint32_t lifetime) const {
  UpstreamReply reply;
  reply.rcode = rcode_;
  reply.authenticated = authenticated_;
  reply.counts = counts_;
  reply.ends = ends_;
  reply.records.assign(records().begin(), records().end());
  reply.ttls.assign(ttls().begin(), ttls().end());
  CachedReplyPtr made = make(key(), hash_, reply, Kind::stale, tick, lifetime, ExtendedError::stale_answer);
  const_cast<CachedReply&>(*made).ended_ = ended_;
  return made;
}

bool CachedReply::is_for(const CacheKey& key) const {
  return type_ == key.type && dnssec_ok_ == key.dnssec_ok && checking_disabled_ == key.checking_disabled &&
         name() == key.name;
}

std::size_t CachedReply::size() const {
  return sizeof(CachedReply) + ttl_count_ * sizeof(std::uint16_t) + name_size_ + records_size_;
}

bool CachedReply::is_of_use_when_nobody_answers(std::uint32_t tick) const {
  const auto since = static_cast<std::int32_t>(tick - ended_);
  return kind_ != Kind::failure && since < kStaleMs;
}

bool CachedReply::wants_refresh(std::uint32_t tick) const {
  const std::uint32_t age = age_ms(tick);
  const bool is_near = kind_ == Kind::answer && lifetime_ms_ >= kRefreshLeastMs &&
                       age >= lifetime_ms_ - lifetime_ms_ / 10 && uses_.load(std::memory_order_relaxed) > 2;
  return is_near && !refresh_asked_.load(std::memory_order_relaxed) &&
         !refresh_asked_.exchange(true, std::memory_order_relaxed);
}

Cache::Cache(std::size_t octets, const zones::SipKey& secret)
    : budget_(octets),
      secret_(secret),
      set_count_(std::bit_floor(std::max(kSetsLeast, octets / (kSlots * kReplyUsual)))),
      sets_(std::make_unique<Set[]>(set_count_)) {
  counters_.octets = set_count_ * sizeof(Set);
}

Cache::~Cache() {
  for (std::size_t i = 0; i < set_count_; ++i) {
    for (Slot& slot : sets_[i].slots) {
      if (const std::uint64_t word = slot.load()) FreeCachedReply()(reply_of(word));
    }
  }
}

std::uint64_t Cache::hash(const CacheKey& key) const {
  const auto* name = reinterpret_cast<const std::uint8_t*>(key.name.data());
  const auto octets = zones::siphash<1, 3>(secret_, {name, key.name.size()});
  std::uint64_t hash = 0;
  std::memcpy(&hash, octets.data(), sizeof hash);
  // The other three are few and nobody's choice: an odd factor tells them apart.
  const std::uint64_t rest =
      static_cast<std::uint64_t>(key.type) << 2 | (key.dnssec_ok ? 2 : 0) | (key.checking_disabled ? 1 : 0);
  return (hash ^ rest * 0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd;
}

const CachedReply* Cache::find(std::uint64_t hash, const CacheKey& key) const {
  for (const Slot& slot : set_of(hash).slots) {
    const std::uint64_t word = slot.load();
    if (word == 0 || word >> kTagShift != hash >> kTagShift) continue;
    const CachedReply* reply = reply_of(word);
    if (reply->hash() == hash && reply->is_for(key)) return reply;
  }
  return nullptr;
}

void Cache::ask_refresh(const CachedReply& reply) const {
  {
    const std::unique_lock lock(refresh_mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return reply.forget_refresh();
    if (refreshes_.size() >= kRefreshesMost) {
      counters_.refreshes_lost.fetch_add(1, std::memory_order_relaxed);
      return reply.forget_refresh();
    }
    const CacheKey key = reply.key();
    refreshes_.push_back({std::string(key.name), key.type, key.dnssec_ok, key.checking_disabled});
  }
  if (wanted_) wanted_();
}

std::vector<Cache::Refresh> Cache::take_refreshes() {
  const std::lock_guard lock(refresh_mutex_);
  return std::exchange(refreshes_, {});
}

// The one of the same key; else an empty one; else the one that is missed least.
Cache::Slot& Cache::slot_for(const CachedReply& reply, std::uint32_t tick) const {
  Set& set = set_of(reply.hash());
  Slot* empty = nullptr;
  Slot* worst = nullptr;
  std::uint64_t worst_rank = 0;
  for (Slot& slot : set.slots) {
    const std::uint64_t word = slot.load(std::memory_order_relaxed);
    if (word == 0) {
      empty = &slot;
      continue;
    }
    const CachedReply* other = reply_of(word);
    if (other->hash() == reply.hash() && other->is_for(reply.key())) return slot;
    const bool is_fresh = other->is_fresh(tick);
    const bool is_used = other->take_use();
    const std::uint64_t rank = 1 + other->age_ms(tick) + (is_fresh ? 0 : std::uint64_t{2} << 32) +
                               (is_used ? 0 : std::uint64_t{1} << 32);
    if (rank > worst_rank) {
      worst_rank = rank;
      worst = &slot;
    }
  }
  return empty != nullptr ? *empty : *worst;
}

void Cache::insert(CachedReplyPtr reply, std::uint32_t tick) {
  const std::size_t size = reply->size();
  if (size > budget_ / 16) {
    ++counters_.too_large;
    return remove(reply->key());
  }
  Slot& slot = slot_for(*reply, tick);
  if (const std::uint64_t word = slot.load(std::memory_order_relaxed)) {
    if (!reply_of(word)->is_for(reply->key())) ++counters_.evicted;
    unlink(slot);
  }
  slot.store(word_of(reply.release()));
  counters_.octets += size;
  ++counters_.replies;
  ++counters_.inserted;
  make_room(tick);
  tidy();
}

// Precondition: the slot is not empty. A reader that looks meanwhile finds nothing there.
void Cache::unlink(Slot& slot) {
  CachedReplyPtr old(reply_of(slot.exchange(0)));
  counters_.octets -= old->size();
  --counters_.replies;
  retired_.push_back({epochs_.advance(), std::move(old)});
}

// Two rounds at most: the first takes what is out of date or unused, and makes the rest unused.
void Cache::make_room(std::uint32_t tick) {
  for (std::size_t looked = 0; counters_.octets > budget_ && looked < 2 * set_count_ + 1; ++looked) {
    for (Slot& slot : sets_[hand_].slots) {
      const std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (word == 0 || counters_.octets <= budget_) continue;
      const CachedReply* reply = reply_of(word);
      const bool is_used = reply->take_use();
      if (is_used && reply->is_fresh(tick)) continue;
      ++counters_.evicted;
      unlink(slot);
    }
    hand_ = (hand_ + 1) & (set_count_ - 1);
  }
}

void Cache::remove(const CacheKey& key) {
  const std::uint64_t hashed = hash(key);
  for (Slot& slot : set_of(hashed).slots) {
    const std::uint64_t word = slot.load(std::memory_order_relaxed);
    if (word != 0 && reply_of(word)->hash() == hashed && reply_of(word)->is_for(key)) unlink(slot);
  }
}

void Cache::sweep(std::uint32_t tick) {
  for (std::size_t i = 0; i < set_count_; ++i) {
    for (Slot& slot : sets_[i].slots) {
      const std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (word == 0) continue;
      const CachedReply* reply = reply_of(word);
      if (!reply->is_fresh(tick) && !reply->is_of_use_when_nobody_answers(tick)) unlink(slot);
    }
  }
  tidy();
}

std::size_t Cache::flush(std::string_view name) {
  std::size_t flushed = 0;
  for (std::size_t i = 0; i < set_count_; ++i) {
    for (Slot& slot : sets_[i].slots) {
      const std::uint64_t word = slot.load(std::memory_order_relaxed);
      if (word == 0 || (!name.empty() && !zones::is_at_or_below(reply_of(word)->key().name, name))) continue;
      unlink(slot);
      ++flushed;
    }
  }
  tidy();
  return flushed;
}

void Cache::tidy() {
  if (retired_.empty()) return;
  const std::uint64_t safe = epochs_.safe();
  while (!retired_.empty() && retired_.front().epoch <= safe) retired_.pop_front();
}

Cache::Reader::Reader(Cache& cache) : cache_(cache), seat_(cache.epochs_.take_seat()) {
  if (seat_ == nullptr) throw std::runtime_error("too many threads read the cache");
}

Cache::Reader::~Reader() {
  offline();
  zones::Epochs::leave_seat(*seat_);
}

}  // namespace muster::dns
