#include "registry/control.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

namespace muster::registry {
namespace {

// What happened, in its order, from whatever thread.
class Log {
 public:
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::vector<std::string> wait_for(std::size_t lines) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return lines_.size() >= lines; });
    return lines_;
  }
  std::vector<std::string> lines() { return wait_for(0); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
};

class LoggedStore final : public Store {
 public:
  explicit LoggedStore(Log& log) : log_(log) {}
  LoadReport load(const std::function<void(Row)>&) override { return {}; }
  CommitResult commit(const Rows& rows) override {
    for (const Row& row : rows)
      if (const auto* claim = std::get_if<ClaimRow>(&row)) log_.note("committed " + claim->id);
    return {!broken, "disk full"};
  }
  CommitResult check() override { return {}; }
  void close() override { log_.note("closed"); }
  std::atomic<bool> broken = false;

 private:
  Log& log_;
};

// A clock that stands where it is put.
struct HandClock {
  std::atomic<std::int64_t> ms{1'000'000};
  Instant operator()() const { return Instant{} + Millis(ms.load()); }
};

Registration registration(const std::string& id) {
  auto body = std::make_shared<InstanceBody>();
  body->addresses = {*net::parse_ip("10.0.0.1")};
  Registration change;
  change.service = "web";
  change.id = id;
  change.body = std::move(body);
  return change;
}

struct Controls : ::testing::Test {
  Log log;
  HandClock clock;
  ControlConfig config;
  StoreConfig store_config{.kind = "memory", .max_pending_rows = 4};
  LoggedStore store{log};
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Control> control;
  std::atomic<int> deliveries{0};

  void start() {
    config.clock = [this] { return clock(); };
    RegistryConfig registry_config;
    registry_config.epoch = "e1";
    registry = std::make_unique<Registry>(registry_config, clock());
    registry->restored(clock());
    control = std::make_unique<Control>(
        config, *registry, store, store_config,
        [this](const Batch& batch, Instant) {
          for (const InstanceChange& change : batch.changes)
            log.note((change.after ? "published " : "unpublished ") + change.id);
        },
        [this](std::vector<net::UniqueFunction<void()>> answers) {
          ++deliveries;
          for (auto& answer : answers) answer();
        });
    control->start();
  }
  Job put(const std::string& id, std::optional<Millis> lease = {}) {
    return [this, id, lease](Turn& turn) {
      Registration change = registration(id);
      change.lease = lease;
      const Outcome outcome = turn.registry.apply(change, turn.now);
      log.note(outcome.has_value() ? "applied " + id : outcome.error().message);
      turn.after_visible([this, id](Durability) { log.note("visible " + id); });
      turn.after_durable(
          [this, id](Durability how) { log.note((how.durable ? "durable " : "in memory ") + id); });
    };
  }
  // Runs on the control thread and waits for it, so that what follows is one batch.
  std::promise<void> hold() {
    std::promise<void> leave;
    auto entered = std::make_shared<std::promise<void>>();
    auto waiting = std::make_shared<std::future<void>>(leave.get_future());
    EXPECT_TRUE(control->submit([entered, waiting](Turn&) {
      entered->set_value();
      waiting->wait();
    }));
    entered->get_future().wait();
    return leave;
  }
  static std::ptrdiff_t place(const std::vector<std::string>& lines, const std::string& line) {
    const auto found = std::find(lines.begin(), lines.end(), line);
    EXPECT_NE(found, lines.end()) << line << " never happened";
    return found - lines.begin();
  }
};

TEST_F(Controls, AWriteIsAppliedThenVisibleThenDurable) {
  start();
  ASSERT_TRUE(control->submit(put("i1")));
  const auto lines = log.wait_for(5);
  EXPECT_LT(place(lines, "applied i1"), place(lines, "published i1"));
  EXPECT_LT(place(lines, "published i1"), place(lines, "visible i1"));
  EXPECT_LT(place(lines, "published i1"), place(lines, "committed i1"));
  EXPECT_LT(place(lines, "committed i1"), place(lines, "durable i1"));
}

TEST_F(Controls, WhatWaitedTogetherIsPublishedAndAnsweredTogether) {
  config.max_batch = std::chrono::seconds(10);
  start();
  auto leave = hold();
  deliveries = 0;
  for (const char* id : {"i1", "i2", "i3"}) ASSERT_TRUE(control->submit(put(id)));
  leave.set_value();
  const auto lines = log.wait_for(15);
  EXPECT_LT(place(lines, "applied i3"), place(lines, "published i1"))
      << "all are applied, then all are published";
  EXPECT_LT(place(lines, "published i3"), place(lines, "visible i1"));
  EXPECT_EQ(deliveries, 2) << "one for the visible, one for the durable";
}

TEST_F(Controls, ALongQueueIsCutIntoBatches) {
  config.max_batch = std::chrono::microseconds(0);
  start();
  auto leave = hold();
  for (const char* id : {"i1", "i2"}) ASSERT_TRUE(control->submit(put(id)));
  leave.set_value();
  const auto lines = log.wait_for(10);
  EXPECT_LT(place(lines, "published i1"), place(lines, "applied i2"));
  EXPECT_GE(control->counters().cut_batches, 1u);
}

// A job that must see the jobs before it published is held back, and nobody overtakes it.
TEST_F(Controls, AJobMayAskThatWhatIsBeforeItIsPublishedFirst) {
  config.max_batch = std::chrono::seconds(10);
  start();
  auto leave = hold();
  const auto see = [this](const std::string& id) {
    return [this, id](Turn& turn) {
      if (turn.registry.has_changes()) return turn.publish_first();
      log.note("looked " + id);
      EXPECT_TRUE(turn.registry.apply(registration(id), turn.now));
    };
  };
  ASSERT_TRUE(control->submit(put("i1")));
  ASSERT_TRUE(control->submit(see("i2")));
  ASSERT_TRUE(control->submit(see("i3")));
  ASSERT_TRUE(control->submit(put("i4")));
  leave.set_value();
  const auto lines = log.wait_for(16);
  EXPECT_LT(place(lines, "published i1"), place(lines, "looked i2"));
  EXPECT_LT(place(lines, "published i2"), place(lines, "looked i3"));
  EXPECT_LT(place(lines, "looked i3"), place(lines, "applied i4"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "looked i2"), 1);
}

TEST_F(Controls, AFullQueueRefusesAndCounts) {
  config.max_queue = 3;
  start();
  auto leave = hold();
  int taken = 0;
  for (int i = 0; i < 10; ++i) taken += control->submit([](Turn&) {});
  EXPECT_GE(taken, 2);
  EXPECT_LE(taken, 3);
  EXPECT_EQ(control->counters().queue_full, static_cast<std::uint64_t>(10 - taken));
  leave.set_value();
}

TEST_F(Controls, StopFinishesWhatWasTaken) {
  start();
  auto leave = hold();
  ASSERT_TRUE(control->submit(put("i1")));
  leave.set_value();
  control->stop();
  const auto lines = log.lines();
  EXPECT_LT(place(lines, "durable i1"), place(lines, "closed"));
  EXPECT_FALSE(control->submit(put("i2")));
}

TEST_F(Controls, ABrokenStoreIsSaidAndHindersNothing) {
  store.broken = true;
  start();
  ASSERT_TRUE(control->submit(put("i1")));
  auto lines = log.wait_for(5);
  EXPECT_LT(place(lines, "visible i1"), place(lines, "in memory i1") + 99);
  EXPECT_FALSE(control->store_state().healthy);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(control->submit(put("j" + std::to_string(i))));
  lines = log.wait_for(5 + 20);
  place(lines, "in memory j4");
}

// Of brief jobs: the test is the I/O thread whose loop `soon` waits for, and the control thread sleeps until
// it is woken.
struct BriefJobs : Controls {
  void begin() {
    config.tick = Millis(60'000);
    config.soon = [this](std::function<void()> task) { soon.push_back(std::move(task)); };
    start();
    std::promise<void> begun;  // a thread that has not begun yet looks asleep, and is not
    ASSERT_TRUE(control->submit([&](Turn&) { begun.set_value(); }));
    begun.get_future().wait();
    while (!control_sleeps()) std::this_thread::yield();
    batches = control->counters().batches;
  }
  bool control_sleeps() {
    std::promise<bool> ran_here;
    const bool taken =
        control->submit_brief([&](Turn&) { ran_here.set_value(std::this_thread::get_id() == here); });
    run_soon();
    return taken && ran_here.get_future().get();
  }
  Job note_thread(const std::string& what) {
    return [this, what](Turn&) {
      log.note(what + (std::this_thread::get_id() == here ? " here" : " on the control thread"));
    };
  }
  void run_soon() {
    for (auto& task : std::exchange(soon, {})) task();
  }

  const std::thread::id here = std::this_thread::get_id();
  std::vector<std::function<void()>> soon;
  std::uint64_t batches = 0;
};

TEST_F(BriefJobs, OneThatComesAloneRunsWhereItWasHandedIn) {
  begin();
  ASSERT_TRUE(control->submit_brief(note_thread("one")));
  ASSERT_TRUE(control->submit_brief(put("i1")));
  EXPECT_EQ(soon.size(), 1u) << "one call for all that are ready";
  run_soon();
  const auto lines = log.wait_for(6);
  EXPECT_LT(place(lines, "one here"), place(lines, "applied i1"));
  EXPECT_LT(place(lines, "applied i1"), place(lines, "published i1"));
  EXPECT_LT(place(lines, "published i1"), place(lines, "visible i1"));
  EXPECT_LT(place(lines, "committed i1"), place(lines, "durable i1"));
  EXPECT_EQ(control->counters().queued, 0u);
  EXPECT_EQ(control->counters().batches, batches + 1);
}

TEST_F(BriefJobs, OneThatComesAfterAPauseRunsWithinTheCall) {
  config.lone_after = std::chrono::microseconds(0);
  begin();
  soon.clear();
  ASSERT_TRUE(control->submit_brief(put("i1"), {.is_last = true}));
  EXPECT_EQ(soon.size(), 0u);
  const auto lines = log.lines();
  EXPECT_LT(place(lines, "applied i1"), place(lines, "published i1"));
  EXPECT_LT(place(lines, "published i1"), place(lines, "visible i1"));
  EXPECT_EQ(control->counters().queued, 0u);
}

TEST_F(BriefJobs, OneWithOthersBehindItWaitsForThem) {
  config.lone_after = std::chrono::microseconds(0);
  begin();
  soon.clear();
  ASSERT_TRUE(control->submit_brief(note_thread("one"), {.is_last = false}));
  ASSERT_TRUE(control->submit_brief(note_thread("two"), {.is_last = true}));
  EXPECT_EQ(log.lines(), std::vector<std::string>());
  run_soon();
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"one here", "two here"}));
}

TEST_F(BriefJobs, SoonAfterAnotherOneItWaitsForWhoComesWithIt) {
  config.lone_after = std::chrono::hours(1);
  begin();
  ASSERT_TRUE(control->submit_brief(note_thread("one"), {.is_last = true}));
  EXPECT_EQ(log.lines(), std::vector<std::string>());
  EXPECT_EQ(soon.size(), 1u);
  run_soon();
  EXPECT_EQ(log.lines(), std::vector<std::string>{"one here"});
}

// The pen is no lock that one thread could take twice.
TEST_F(BriefJobs, WhatAJobHandsInWaitsForTheNextTurn) {
  config.lone_after = std::chrono::microseconds(0);
  begin();
  soon.clear();
  ASSERT_TRUE(control->submit_brief(
      [&](Turn&) {
        EXPECT_TRUE(control->submit_brief(note_thread("second"), {.is_last = true}));
        log.note("first is over");
      },
      {.is_last = true}));
  EXPECT_EQ(log.lines(), std::vector<std::string>{"first is over"});
  run_soon();
  EXPECT_EQ(log.lines(), (std::vector<std::string>{"first is over", "second here"}));
}

TEST_F(BriefJobs, WhileTheControlThreadIsAtWorkTheyAreItsOwn) {
  begin();
  auto leave = hold();
  ASSERT_TRUE(control->submit_brief(note_thread("one")));
  run_soon();
  EXPECT_EQ(log.lines(), std::vector<std::string>());
  leave.set_value();
  EXPECT_EQ(log.wait_for(1), std::vector<std::string>{"one on the control thread"});
}

TEST_F(BriefJobs, ACrowdOfThemIsWorthWakingTheControlThread) {
  begin();
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(control->submit_brief(note_thread("one")));
  run_soon();
  EXPECT_EQ(log.wait_for(17), std::vector<std::string>(17, "one on the control thread"));
}

TEST_F(BriefJobs, TheyDoNotOvertakeOtherJobs) {
  begin();
  auto leave = hold();
  ASSERT_TRUE(control->submit_brief(note_thread("first")));
  ASSERT_TRUE(control->submit(note_thread("second")));
  ASSERT_TRUE(control->submit_brief(note_thread("third")));
  leave.set_value();
  run_soon();
  EXPECT_EQ(log.wait_for(3),
            (std::vector<std::string>{"first on the control thread", "second on the control thread",
                                      "third on the control thread"}));
}

TEST_F(BriefJobs, AfterAPauseTheControlThreadLooksAtTheDeadlinesFirst) {
  begin();
  clock.ms += 100'000;
  ASSERT_TRUE(control->submit_brief(note_thread("one")));
  run_soon();
  EXPECT_EQ(log.wait_for(1), std::vector<std::string>{"one on the control thread"});
  EXPECT_EQ(control->counters().pauses, 1u);
}

TEST_F(BriefJobs, AreRefusedAsOthersAre) {
  config.max_queue = 1;
  begin();
  const std::uint64_t refused = control->counters().queue_full;
  ASSERT_TRUE(control->submit_brief(note_thread("one")));
  EXPECT_FALSE(control->submit_brief(note_thread("two")));
  EXPECT_EQ(control->counters().queue_full, refused + 1);
  control->stop();
  EXPECT_EQ(log.lines().front(), "one on the control thread") << "stop() drains the queue";
  EXPECT_FALSE(control->submit_brief(note_thread("three")));
  run_soon();
  EXPECT_EQ(log.lines().back(), "closed");
}

// Every thread is an I/O thread of its own; the registry has one writer all the same.
TEST_F(Controls, ManyThreadsHandInBriefAndOtherJobs) {
  config.soon = [](std::function<void()> task) { task(); };
  start();
  constexpr int kThreads = 4, kJobs = 300;
  int ran = 0;  // a race for TSan, were there two writers
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kJobs; ++i) {
        const bool taken = i % 5 == 0 ? control->submit([&](Turn&) { ++ran; })
                                      : control->submit_brief([&](Turn&) { ++ran; });
        EXPECT_TRUE(taken);
      }
    });
  for (std::thread& thread : threads) thread.join();
  control->stop();
  EXPECT_EQ(ran, kThreads * kJobs);
  EXPECT_EQ(control->counters().jobs, static_cast<std::uint64_t>(kThreads * kJobs));
}

template <const auto& kBounds>
std::uint64_t count(const net::Histogram<kBounds>& figures) {
  std::uint64_t all = 0;
  for (const std::uint64_t range : figures.ranges()) all += range;
  return all;
}

TEST_F(Controls, ChangesAreTimedUntilVisibleAndUntilDurable) {
  start();
  auto leave = hold();
  ASSERT_TRUE(control->submit(put("i1")));
  ASSERT_TRUE(control->submit([](Turn&) {}));
  std::this_thread::sleep_for(Millis(5));
  leave.set_value();
  log.wait_for(5);
  control->stop();
  const ControlCounters& counters = control->counters();
  EXPECT_EQ(count(counters.visible), 1U) << "a job that changes nothing is not counted";
  EXPECT_EQ(count(counters.durable), 1U);
  EXPECT_GE(counters.visible.sum(), 5'000U) << "the time in the queue counts";
  EXPECT_GE(counters.durable.sum(), counters.visible.sum());
  EXPECT_EQ(count(control->commit_times()), control->store_state().commits);
}

TEST_F(Controls, WhatDidNotReachTheDiskIsNotTimedAsDurable) {
  store.broken = true;
  start();
  ASSERT_TRUE(control->submit(put("i1")));
  log.wait_for(5);
  control->stop();
  EXPECT_EQ(count(control->counters().visible), 1U);
  EXPECT_EQ(count(control->counters().durable), 0U);
}

TEST_F(Controls, ACleanStopStoresWhenEverybodyWasHeard) {
  start();
  ASSERT_TRUE(control->submit(put("i1")));
  ASSERT_TRUE(control->submit(put("i2")));
  log.wait_for(10);
  ASSERT_TRUE(control->submit([](Turn& turn) {
    Heartbeat beat;
    beat.service = "web";
    beat.id = "i2";
    EXPECT_TRUE(turn.registry.apply(beat, turn.now));
  }));
  control->stop();
  const auto lines = log.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "committed i1"), 1) << "its row says it already";
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "committed i2"), 2);
}

TEST_F(Controls, RefusedWritesAreCounted) {
  start();
  ASSERT_TRUE(control->submit([](Turn& turn) { turn.refused_writes += 3; }));
  control->stop();
  EXPECT_EQ(control->counters().store_full, 3u);
}

TEST_F(Controls, TooManyWaitingRowsAreSeenByWriters) {
  store_config.max_pending_rows = 0;
  start();
  std::promise<bool> seen;
  ASSERT_TRUE(control->submit([&](Turn& turn) { seen.set_value(turn.accepts_writes); }));
  EXPECT_FALSE(seen.get_future().get());
}

TEST_F(Controls, LeasesExpireByTheTick) {
  start();
  ASSERT_TRUE(control->submit(put("i1", Millis(2'000))));
  log.wait_for(5);
  for (int i = 0; i < 300; ++i) {
    clock.ms += 10;
    std::this_thread::sleep_for(Millis(1));
    if (i != 150) continue;
    EXPECT_EQ(log.lines().back().find("unpublished"), std::string::npos) << "too early";
  }
  const auto lines = log.wait_for(6);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "unpublished i1"), 1);
}

TEST_F(Controls, APausedMachineExpiresNobody) {
  start();
  ASSERT_TRUE(control->submit(put("i1", Millis(2'000))));
  log.wait_for(5);
  clock.ms += 10'000;  // as after SIGSTOP
  for (int i = 0; i < 100 && control->counters().pauses == 0; ++i) std::this_thread::sleep_for(Millis(5));
  EXPECT_EQ(control->counters().pauses, 1u);
  for (int i = 0; i < 20; ++i) {
    clock.ms += 10;
    std::this_thread::sleep_for(Millis(2));
  }
  const auto lines = log.lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "unpublished i1"), 0);
}

TEST_F(Controls, TheTickHookRunsOnceATick) {
  std::atomic<int> ticks{0};
  config.clock = [this] { return clock(); };
  Registry own(RegistryConfig{}, clock());
  Control another(
      config, own, store, store_config, [](const Batch&, Instant) {},
      [](std::vector<net::UniqueFunction<void()>>) {});
  another.on_tick([&](Instant) { ++ticks; });
  another.start();
  for (int i = 1; i <= 5; ++i) {
    clock.ms += 10;
    for (int wait = 0; wait < 1000 && ticks < i; ++wait) std::this_thread::sleep_for(Millis(1));
    EXPECT_EQ(ticks, i);
  }
  EXPECT_EQ(another.counters().last_tick_ms, clock.ms);
}

}  // namespace
}  // namespace muster::registry
