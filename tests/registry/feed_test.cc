#include "registry/feed.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/registry/support/small_registry.h"

namespace muster::registry {
namespace {

using testing::SmallRegistry;

Instant at(int ms) { return Instant{} + Millis(ms); }

struct Feeds : ::testing::Test {
  SmallRegistry registry;
  Feed feed{100, 100};

  template <class Change>
  void publish(Change change) {
    Batch batch;
    change(batch);
    feed.publish(batch, at(0));
  }
  void put(const std::string& service, const std::string& id) {
    publish([&](Batch& batch) { registry.put(batch, service, id); });
  }
};

void write_id(std::string& out, const Instance& instance, const LeaseView&) {
  out += "{\"id\":\"" + instance.id + "\"}";
}

TEST_F(Feeds, AFrameIsOneInstanceAndTheHashOfItsService) {
  publish([&](Batch& batch) {
    registry.revision = 0;
    registry.put(batch, "web", "i1");
    registry.put(batch, "web", "i2");
    registry.remove(batch, "web", "i2");
    for (auto& change : batch.changes) change.revision += 100;
  });
  const FeedEvents events = *feed.after(100, 10);
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(
      events[0]->json(write_id),
      R"({"revision":101,"service":"web","op":"put","instance":{"id":"i1"},"set_hash":"fb35f00d936f21d206e7e6003ab6cc96"})");
  EXPECT_EQ(
      events[1]->json(write_id),
      R"({"revision":102,"service":"web","op":"put","instance":{"id":"i2"},"set_hash":"55eb958eeeb3ce09e30a0f324ae1a2df"})");
  EXPECT_EQ(events[1]->json_without_hash(write_id),
            R"({"revision":102,"service":"web","op":"put","instance":{"id":"i2"}})");
  EXPECT_EQ(
      events[2]->json(write_id),
      R"({"revision":103,"service":"web","op":"delete","id":"i2","generation":7,"cause":"expired","set_hash":"fb35f00d936f21d206e7e6003ab6cc96"})");
}

TEST_F(Feeds, AFrameIsWrittenOnce) {
  put("web", "i1");
  int writes = 0;
  const WriteInstance count = [&](std::string& out, const Instance&, const LeaseView&) {
    ++writes;
    out += "{}";
  };
  const FeedEvents events = *feed.after(100, 10);
  const std::string* first = &events[0]->json(count);
  EXPECT_EQ(&events[0]->json(count), first);
  events[0]->json_without_hash(count);
  EXPECT_EQ(writes, 1);
}

TEST_F(Feeds, WhatTakesNoRevisionIsNoEvent) {
  publish([&](Batch& batch) {
    registry.put(batch, "web", "i1");
    batch.changes.back().revised = false;
  });
  EXPECT_EQ(feed.revision(), 100u);
}

TEST_F(Feeds, ThePositionsThatCanBeResumed) {
  for (int i = 0; i < 150; ++i) put("web", "i" + std::to_string(i));
  struct Case {
    const char* why;
    std::uint64_t after;
    bool is_there;
    std::size_t events;
  };
  const Case cases[] = {
      {"before the feed began", 99, false, 0},
      {"just fallen out of the ring", 149, false, 0},
      {"the oldest that is complete", 150, true, 100},
      {"in the middle", 200, true, 50},
      {"the newest", 250, true, 0},
      {"the future", 251, false, 0},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    const auto events = feed.after(c.after, 1000);
    EXPECT_EQ(events.has_value(), c.is_there);
    EXPECT_EQ(events.value_or(FeedEvents()).size(), c.events);
  }
  EXPECT_EQ(feed.after(160, 7)->size(), 7u);
  EXPECT_EQ(feed.after(160, 7)->front()->revision, 161u);
}

// A mirror that stops anywhere and goes on later ends with the registry's own picture and its hash.
TEST_F(Feeds, ResumingAtEveryRevisionGivesTheSnapshotAndItsHash) {
  using Mirror = std::map<std::string, std::uint64_t>;  // id → revision
  const auto hash_of = [](const Mirror& mirror) {
    SetHash hash;
    for (const auto& [id, revision] : mirror) hash += set_hash_term("web", id, revision);
    return hash;
  };
  const auto apply = [](Mirror& mirror, const FeedEvent& event) {
    if (event.instance)
      mirror[event.id] = event.instance->revision;
    else
      mirror.erase(event.id);
  };
  std::mt19937 random(4711);
  std::map<std::uint64_t, Mirror> mirrors{{100, {}}};  // the true picture at each revision
  for (int step = 0; step < 30; ++step) {
    publish([&](Batch& batch) {
      for (int i = 0; i < 3; ++i) {
        const std::string id = "i" + std::to_string(random() % 6);
        const bool is_there = mirrors.rbegin()->second.contains(id);
        if (is_there && random() % 2)
          registry.remove(batch, "web", id);
        else
          registry.put(batch, "web", id);
        Mirror next = mirrors.rbegin()->second;
        if (batch.changes.back().after)
          next[id] = registry.revision;
        else
          next.erase(id);
        mirrors[registry.revision] = next;
      }
    });
  }
  for (auto [from, mirror] : mirrors) {
    SCOPED_TRACE(from);
    const FeedEvents missed = *feed.after(from, 1000);
    for (const FeedEventPtr& event : missed) {
      apply(mirror, *event);
      EXPECT_EQ(hash_of(mirror), event->set_hash) << "after " << event->revision;
    }
    EXPECT_EQ(mirror, mirrors.rbegin()->second);
    EXPECT_EQ(to_string(hash_of(mirror)), registry.view("web").set_hash);
  }
}

TEST_F(Feeds, OfAThousandWaitersOnOneServiceEachWakesOnceAndOthersNotAtAll) {
  std::vector<int> web(1000), db(1000);
  for (int& count : web)
    feed.wait("web", at(1000).steady, [&count](bool changed, Instant) { count += changed ? 1 : 100; });
  for (int& count : db) feed.wait("db", at(1000).steady, [&count](bool, Instant) { ++count; });
  publish([&](Batch& batch) {
    registry.put(batch, "web", "i1");
    registry.put(batch, "web", "i2");
  });
  put("web", "i1");
  EXPECT_EQ(std::count(web.begin(), web.end(), 1), 1000);
  EXPECT_EQ(std::count(db.begin(), db.end(), 0), 1000);
  EXPECT_EQ(feed.waiting(), 1000u);
}

TEST_F(Feeds, AWaitEndsByItsDeadlineOrWhenItIsGivenUp) {
  std::vector<std::string> told;
  const auto note = [&](const std::string& who) {
    return [&told, who](bool changed, Instant) { told.push_back(who + (changed ? "+" : "-")); };
  };
  feed.wait("web", at(10).steady, note("early"));
  feed.wait("web", at(20).steady, note("late"));
  const auto given_up = feed.wait("web", at(10).steady, note("given up"));
  feed.wait("", at(20).steady, note("any"));
  feed.cancel(given_up);
  feed.cancel(given_up);
  feed.tick(at(9));
  EXPECT_TRUE(told.empty());
  feed.tick(at(10));
  put("db", "i1");
  feed.tick(at(100));
  EXPECT_EQ(told, (std::vector<std::string>{"early-", "any+", "late-"}));
  EXPECT_EQ(feed.waiting(), 0u);
}

}  // namespace
}  // namespace muster::registry
