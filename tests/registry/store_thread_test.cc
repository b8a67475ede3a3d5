#include "registry/store/store_thread.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/registry/support/scratch.h"

namespace muster::registry {
namespace {

using testing::claim;

// A store whose commits wait for leave and fail when told to.
class HeldStore final : public Store {
 public:
  LoadReport load(const std::function<void(Row)>&) override { return {}; }
  CommitResult commit(const Rows& rows) override {
    std::unique_lock lock(mutex);
    ++entered;
    changed.notify_all();
    changed.wait(lock, [this] { return leave > 0; });
    --leave;
    if (broken) return {false, "disk full"};
    commits.push_back(rows);
    return {};
  }
  CommitResult check() override { return {checks_pass, "gone"}; }
  void close() override { closed = true; }
  Checkpoints checkpoints() const override { return {7, 2, checkpoints_fail ? "stuck" : ""}; }

  void let(int commits_more) {
    const std::lock_guard lock(mutex);
    leave += commits_more;
    changed.notify_all();
  }
  void wait_until_entered(int times) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return entered >= times; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  int entered = 0;
  int leave = 0;
  std::atomic<bool> broken = false;
  std::atomic<bool> checks_pass = true;
  std::atomic<bool> closed = false;
  std::atomic<bool> checkpoints_fail = false;
  std::vector<Rows> commits;
};

void run_all(Acknowledges waiting, Durability how) {
  for (Acknowledge& one : waiting) one(how);
}

struct StoreThreads : ::testing::Test {
  HeldStore store;
  StoreConfig config{.retry_every = Millis(20), .check_every = Millis(20)};
  std::vector<std::promise<bool>> answers = std::vector<std::promise<bool>>(8);

  Acknowledges answer(int i) {
    Acknowledges list;
    list.emplace_back(
        [this, i](Durability how) { answers[static_cast<std::size_t>(i)].set_value(how.durable); });
    return list;
  }
  bool durable(int i) { return answers[static_cast<std::size_t>(i)].get_future().get(); }
};

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(Millis(2));
  return condition();
}

TEST_F(StoreThreads, WhatArrivesDuringACommitIsTheNextOne) {
  StoreThread thread(store, config, run_all);
  thread.start();
  thread.put({claim("web", "i1")}, answer(0));
  store.wait_until_entered(1);
  for (int i = 2; i < 6; ++i) thread.put({claim("web", "i" + std::to_string(i))}, answer(i - 1));
  thread.put({ClaimGone{"web", "i2", "heartbeat"}}, {});
  EXPECT_EQ(thread.state().pending_rows, 5u);
  store.let(2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(durable(i));
  thread.stop();
  ASSERT_EQ(store.commits.size(), 2u);
  EXPECT_EQ(store.commits[0].size(), 1u);
  ASSERT_EQ(store.commits[1].size(), 4u) << "the later write of i2 replaces the earlier";
  EXPECT_TRUE(std::holds_alternative<ClaimGone>(store.commits[1][0]));
  EXPECT_EQ(thread.state().commits, 2u);
  EXPECT_EQ(thread.state().rows, 5u);
}

// commit() has nothing to wait for.
class InstantStore final : public Store {
 public:
  LoadReport load(const std::function<void(Row)>&) override { return {}; }
  CommitResult commit(const Rows& rows) override {
    threads.push_back(std::this_thread::get_id());
    committed += rows.size();
    return {};
  }
  bool is_instant() const override { return true; }
  CommitResult check() override { return {}; }
  void close() override { closed = true; }

  std::vector<std::thread::id> threads;
  std::size_t committed = 0;
  bool closed = false;
};

TEST_F(StoreThreads, AnInstantStoreNeedsNoThread) {
  InstantStore instant;
  StoreThread thread(instant, config, run_all);
  thread.start();
  thread.put({claim("web", "i1"), claim("web", "i2")}, answer(0));
  EXPECT_EQ(answers[0].get_future().wait_for(Millis(0)), std::future_status::ready);
  thread.put({}, answer(1));
  EXPECT_TRUE(durable(1)) << "nothing to store";
  thread.stop();
  EXPECT_EQ(instant.threads, std::vector(1, std::this_thread::get_id()));
  EXPECT_EQ(thread.state().rows, 2u);
  EXPECT_TRUE(instant.closed);
}

TEST_F(StoreThreads, NobodyIsAnsweredBeforeTheCommitHasReturned) {
  StoreThread thread(store, config, run_all);
  thread.start();
  auto answered = answers[0].get_future();
  thread.put({claim("web", "i1")}, answer(0));
  store.wait_until_entered(1);
  EXPECT_EQ(answered.wait_for(Millis(20)), std::future_status::timeout);
  store.let(1);
  EXPECT_TRUE(answered.get());
}

TEST_F(StoreThreads, AWriterWithoutRowsWaitsForWhatCameBefore) {
  StoreThread thread(store, config, run_all);
  thread.start();
  auto answered = answers[1].get_future();
  thread.put({claim("web", "i1")}, answer(0));
  store.wait_until_entered(1);
  thread.put({}, answer(1));
  EXPECT_EQ(answered.wait_for(Millis(20)), std::future_status::timeout);
  store.let(1);
  EXPECT_TRUE(answered.get());
  thread.stop();
  EXPECT_EQ(store.commits.size(), 1u);
}

TEST_F(StoreThreads, AFailedStoreAnswersAtOnceAndIsRewrittenWhole) {
  StoreThread thread(store, config, run_all);
  store.broken = true;
  store.let(1'000'000);
  thread.start();
  thread.put({claim("web", "i1", 1)}, answer(0));
  EXPECT_FALSE(durable(0));
  EXPECT_FALSE(thread.state().healthy);
  EXPECT_EQ(thread.state().last_error, "disk full");
  thread.put({claim("web", "i2"), claim("web", "i1", 2)}, answer(1));
  EXPECT_FALSE(durable(1));
  EXPECT_EQ(thread.state().pending_rows, 2u);
  store.broken = false;
  ASSERT_TRUE(eventually([&] { return thread.state().healthy; }));
  EXPECT_EQ(thread.state().pending_rows, 0u);
  thread.put({claim("web", "i3")}, answer(2));
  EXPECT_TRUE(durable(2));
  thread.stop();
  ASSERT_EQ(store.commits.size(), 2u);
  ASSERT_EQ(store.commits[0].size(), 2u);
  EXPECT_EQ(std::get<ClaimRow>(store.commits[0][0]).sequence, 2u) << "the last word on the key";
}

TEST_F(StoreThreads, TooManyWaitingRowsLeaveNoRoom) {
  config.max_pending_rows = 3;
  config.max_unsaved_rows = 5;
  StoreThread thread(store, config, run_all);
  thread.start();
  thread.put({claim("web", "i1")}, {});
  store.wait_until_entered(1);
  thread.put({claim("web", "i2")}, {});
  EXPECT_TRUE(thread.has_room());
  thread.put({claim("web", "i3")}, {});
  EXPECT_FALSE(thread.has_room()) << "the row whose commit runs counts too";
  store.let(2);
  EXPECT_TRUE(eventually([&] { return thread.has_room(); }));
  store.broken = true;
  store.let(1'000'000);
  for (int i = 0; i < 5; ++i) thread.put({claim("db", std::to_string(i))}, {});
  EXPECT_TRUE(eventually([&] { return !thread.has_room(); }))
      << "a failed store keeps so many keys and no more";
}

TEST_F(StoreThreads, StopCommitsWhatWaitsAndCloses) {
  StoreThread thread(store, config, run_all);
  thread.put({claim("web", "i1")}, answer(0));
  store.let(1);
  thread.start();
  thread.stop();
  EXPECT_TRUE(durable(0));
  EXPECT_TRUE(store.closed);
  EXPECT_EQ(store.commits.size(), 1u);
}

TEST_F(StoreThreads, AnIdleStoreIsLookedAfter) {
  StoreThread thread(store, config, run_all);
  thread.start();
  store.checks_pass = false;
  EXPECT_TRUE(eventually([&] { return !thread.state().healthy; }));
  store.checks_pass = true;
  EXPECT_TRUE(eventually([&] { return thread.state().healthy; }));
}

TEST_F(StoreThreads, TroubleWithCheckpointsIsTold) {
  StoreThread thread(store, config, run_all);
  thread.start();
  EXPECT_TRUE(eventually([&] { return thread.state().checkpoints.runs == 7; }));
  store.checkpoints_fail = true;
  EXPECT_TRUE(eventually([&] { return thread.state().checkpoints.last_error == "stuck"; })) << "by looking after it";
  EXPECT_TRUE(thread.state().healthy) << "commits are durable all the same";
  store.checkpoints_fail = false;
  store.let(1);
  thread.put({claim("web", "i1")}, answer(0));
  EXPECT_TRUE(durable(0));
  EXPECT_EQ(thread.state().checkpoints.last_error, "") << "a commit looks, too";
  EXPECT_EQ(thread.state().checkpoints.errors, 2u);
}

}  // namespace
}  // namespace muster::registry
