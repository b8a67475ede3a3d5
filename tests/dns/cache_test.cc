// What is kept, for how long, and what makes room.
#include "dns/forward/cache.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace muster::dns {
namespace {

using namespace std::string_literals;
using zones::RrType;

constexpr zones::SipKey kSecret{7};
constexpr std::uint32_t kNow = 1'000'000;

std::string wire(int number) {
  const std::string label = "n" + std::to_string(number);
  return static_cast<char>(label.size()) + label + "\7example\0"s;
}
CacheKey key_of(const std::string& name) { return {name, RrType::a, false, false}; }

UpstreamReply reply_of(std::size_t octets, std::uint8_t fill = 1) {
  UpstreamReply reply;
  reply.records.assign(octets, fill);
  reply.counts = {1, 0, 0};
  reply.ends.fill(static_cast<std::uint32_t>(octets));
  return reply;
}

class CacheTest : public testing::Test {
 protected:
  void put(Cache& cache, const CacheKey& key, std::uint32_t lifetime, std::uint32_t at = kNow,
           std::size_t octets = 40, std::uint8_t fill = 1) {
    cache.insert(CachedReply::make(key, cache.hash(key), reply_of(octets, fill), CachedReply::Kind::answer,
                                   at, lifetime),
                 at);
  }
  static const CachedReply* find(const Cache& cache, const CacheKey& key) {
    return cache.find(cache.hash(key), key);
  }
};

TEST_F(CacheTest, KeepsEachQuestionApart) {
  Cache cache(1 << 20, kSecret);
  const std::string name = wire(1);
  put(cache, {name, RrType::a, false, false}, 60, kNow, 40, 1);
  put(cache, {name, RrType::aaaa, false, false}, 60, kNow, 40, 2);
  put(cache, {name, RrType::a, true, false}, 60, kNow, 40, 3);
  put(cache, {name, RrType::a, false, true}, 60, kNow, 40, 4);
  EXPECT_EQ(find(cache, {name, RrType::a, false, false})->records()[0], 1);
  EXPECT_EQ(find(cache, {name, RrType::aaaa, false, false})->records()[0], 2);
  EXPECT_EQ(find(cache, {name, RrType::a, true, false})->records()[0], 3);
  EXPECT_EQ(find(cache, {name, RrType::a, false, true})->records()[0], 4);
  EXPECT_EQ(find(cache, {name, RrType::a, true, true}), nullptr);
  EXPECT_EQ(find(cache, key_of(wire(2))), nullptr);
  put(cache, {name, RrType::a, false, false}, 60, kNow, 40, 9);
  EXPECT_EQ(find(cache, {name, RrType::a, false, false})->records()[0], 9) << "replaced";
  EXPECT_EQ(cache.counters().replies, 4u);
}

TEST_F(CacheTest, AgesAlsoAcrossTheClocksEnd) {
  Cache cache(1 << 20, kSecret);
  const std::uint32_t late = 0xffffffff - 500;
  const std::string name = wire(1);
  put(cache, key_of(name), 2, late);
  const CachedReply* kept = find(cache, key_of(name));
  EXPECT_TRUE(kept->is_fresh(late + 1'999));
  EXPECT_FALSE(kept->is_fresh(late + 2'000));
  EXPECT_TRUE(kept->is_of_use_when_nobody_answers(late + 2'000 + 86'399'000));
  EXPECT_FALSE(kept->is_of_use_when_nobody_answers(late + 2'000 + 86'400'000));
}

TEST_F(CacheTest, AStaleCopyDoesNotLiveForEver) {
  Cache cache(1 << 20, kSecret);
  const std::string name = wire(1);
  put(cache, key_of(name), 10);
  std::uint32_t at = kNow + 10'000 + 86'000'000;
  cache.insert(find(cache, key_of(name))->as_stale(at, 30), at);
  const CachedReply* kept = find(cache, key_of(name));
  EXPECT_EQ(kept->kind(), CachedReply::Kind::stale);
  EXPECT_TRUE(kept->is_fresh(at + 29'000));
  EXPECT_TRUE(kept->is_of_use_when_nobody_answers(at + 31'000));
  EXPECT_FALSE(kept->is_of_use_when_nobody_answers(at + 400'000)) << "a day since it was good";
}

// 49 days later the clock shows the same again.
TEST_F(CacheTest, WhatIsOfNoUseAnyMoreIsSweptOut) {
  Cache cache(1 << 20, kSecret);
  const std::string old = wire(1), stays = wire(2);
  put(cache, key_of(old), 60);
  const std::uint32_t days = kNow + 86'400'000 + 61'000;
  put(cache, key_of(stays), 60, days);
  cache.sweep(days - 2'000);
  EXPECT_NE(find(cache, key_of(old)), nullptr);
  cache.sweep(days);
  EXPECT_EQ(find(cache, key_of(old)), nullptr);
  EXPECT_NE(find(cache, key_of(stays)), nullptr);
  cache.remove(key_of(stays));
  EXPECT_EQ(find(cache, key_of(stays)), nullptr);
  EXPECT_EQ(cache.counters().replies, 0u);
}

TEST_F(CacheTest, WhoIsPopularIsAskedForAnewOnce) {
  Cache cache(1 << 20, kSecret);
  const std::string name = wire(1);
  put(cache, key_of(name), 100);
  const CachedReply* kept = find(cache, key_of(name));
  kept->note_use();
  EXPECT_FALSE(kept->wants_refresh(kNow + 95'000)) << "asked for once";
  kept->note_use();
  EXPECT_FALSE(kept->wants_refresh(kNow + 50'000)) << "not near its end";
  EXPECT_TRUE(kept->wants_refresh(kNow + 95'000));
  EXPECT_FALSE(kept->wants_refresh(kNow + 95'001)) << "it is under way";
  put(cache, key_of(name), 5);
  kept = find(cache, key_of(name));
  for (int i = 0; i < 3; ++i) kept->note_use();
  EXPECT_FALSE(kept->wants_refresh(kNow + 4'900)) << "too short to be worth it";

  int wanted = 0;
  cache.on_refresh([&] { ++wanted; });
  for (int i = 0; i < 1'000; ++i) cache.ask_refresh(*kept);
  const auto asked = cache.take_refreshes();
  EXPECT_EQ(asked.size(), 256u) << "bounded";
  EXPECT_EQ(asked[0].name, name);
  EXPECT_EQ(wanted, 256);
  EXPECT_EQ(cache.counters().refreshes_lost, 744u);
  EXPECT_TRUE(kept->wants_retry()) << "the last was not taken, so the next may ask";
}

TEST_F(CacheTest, NeverTakesMoreThanItMay) {
  constexpr std::size_t kMost = 256 << 10;
  Cache cache(kMost, kSecret);
  for (int i = 0; i < 20'000; ++i) {
    put(cache, key_of(wire(i)), 60, kNow, 40 + static_cast<std::size_t>(i % 700));
    ASSERT_LE(cache.counters().octets, kMost) << i;
  }
  EXPECT_GT(cache.counters().octets, kMost / 2);
  EXPECT_GT(cache.counters().evicted, 0u);
  const std::string large = wire(70'000);
  put(cache, key_of(large), 60, kNow, 100);
  put(cache, key_of(large), 60, kNow, kMost / 16);
  EXPECT_EQ(find(cache, key_of(large)), nullptr) << "one that would push out the rest, and the one before it";
  EXPECT_EQ(cache.counters().too_large, 1u);
}

TEST_F(CacheTest, WhatIsUsedStaysBeforeWhatIsNot) {
  Cache cache(256 << 10, kSecret);
  std::vector<std::string> used;
  for (int i = 0; i < 20; ++i) used.push_back(wire(i));
  for (const std::string& name : used) put(cache, key_of(name), 3'600);
  for (int i = 100; i < 10'000; ++i) {
    put(cache, key_of(wire(i)), 3'600);
    for (const std::string& name : used) {
      if (const CachedReply* kept = find(cache, key_of(name))) kept->note_use();
    }
  }
  std::size_t left = 0;
  for (const std::string& name : used) left += find(cache, key_of(name)) != nullptr;
  EXPECT_GE(left, 18u) << "of 20; 9,900 others went through";
}

TEST_F(CacheTest, WhatIsOutOfDateGoesFirst) {
  Cache cache(64 << 10, kSecret);
  for (int i = 0; i < 100; ++i) put(cache, key_of(wire(i)), 1);
  const std::uint32_t later = kNow + 10'000;
  for (int i = 100; i < 200; ++i) put(cache, key_of(wire(i)), 3'600, later);
  int old = 0, fresh = 0;
  for (int i = 200; cache.counters().evicted < 60 && i < 5'000; ++i)
    put(cache, key_of(wire(i)), 3'600, later);
  for (int i = 0; i < 100; ++i) old += find(cache, key_of(wire(i))) != nullptr;
  for (int i = 100; i < 200; ++i) fresh += find(cache, key_of(wire(i))) != nullptr;
  EXPECT_LT(old, fresh);
}

TEST_F(CacheTest, FlushesANameAndWhatIsBelowIt) {
  Cache cache(1 << 20, kSecret);
  const std::string below = "\1a"s + wire(1);
  const std::string beside = wire(2);
  const std::string at = wire(1);
  put(cache, key_of(at), 60);
  put(cache, {at, RrType::aaaa, false, false}, 60);
  put(cache, key_of(below), 60);
  put(cache, key_of(beside), 60);
  EXPECT_EQ(cache.flush(at), 3u);
  EXPECT_EQ(find(cache, key_of(below)), nullptr);
  EXPECT_NE(find(cache, key_of(beside)), nullptr);
  EXPECT_EQ(cache.flush(""), 1u);
  EXPECT_EQ(cache.counters().replies, 0u);
}

// Under ThreadSanitizer: what a reader holds is not freed, and is whole.
TEST_F(CacheTest, IsReadWhileItIsWritten) {
  Cache cache(64 << 10, kSecret);
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back(wire(i));
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> read{0};
  const auto reads = [&] {
    Cache::Reader reader(cache);
    while (!done) {
      reader.online();
      for (const std::string& name : names) {
        const CachedReply* kept = cache.find(cache.hash(key_of(name)), key_of(name));
        if (kept == nullptr) continue;
        const auto records = kept->records();
        ASSERT_TRUE(
            std::all_of(records.begin(), records.end(), [&](auto octet) { return octet == records[0]; }));
        kept->note_use();
        ++read;
      }
      reader.offline();
    }
  };
  std::thread first(reads), second(reads);
  for (int i = 0; i < 20'000; ++i) {
    const std::string& name = names[static_cast<std::size_t>(i * 7 % 200)];
    put(cache, key_of(name), 60, kNow, 40 + static_cast<std::size_t>(i % 300), static_cast<std::uint8_t>(i));
  }
  while (read < 1'000) std::this_thread::yield();
  done = true;
  first.join();
  second.join();
}

}  // namespace
}  // namespace muster::dns
