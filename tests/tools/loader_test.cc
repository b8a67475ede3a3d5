// The loader's queue: what may wait, what is one request, and that nobody waits for it to stop.
#include "tools/musterd/loader.h"

#include <gmock/gmock.h>

#include <future>

namespace muster::tools {
namespace {

using ::testing::ElementsAre;

// A loader that is busy until leave().
class BusyLoader : public ::testing::Test {
 protected:
  void SetUp() override {
    loader.start();
    loader.post([this](Loader::Now) {
      busy.set_value();
      left.get_future().wait();
    });
    busy.get_future().wait();
  }
  void leave() { left.set_value(); }
  Loader::Work note(const std::string& word) {
    return [this, word](Loader::Now now) {
      const std::lock_guard lock(mutex);
      seen.push_back(word + (now == Loader::Now::run ? "" : " stopping"));
    };
  }
  std::vector<std::string> all_seen() {
    const std::lock_guard lock(mutex);
    return seen;
  }
  // Waits until everything that was posted before has run.
  void settle() {
    std::promise<void> done;
    loader.post([&done](Loader::Now) { done.set_value(); });
    done.get_future().wait();
  }

  std::promise<void> busy;
  std::promise<void> left;
  std::mutex mutex;
  std::vector<std::string> seen;
  Loader loader;
};

TEST_F(BusyLoader, TwoZonesMayWaitToBeWritten) {
  EXPECT_TRUE(loader.post_dump(note("a")));
  EXPECT_TRUE(loader.post_dump(note("b")));
  EXPECT_FALSE(loader.post_dump(note("c")));
  EXPECT_EQ(loader.dumps_refused(), 1u);
  loader.post(note("other work is taken"));
  leave();
  settle();
  EXPECT_THAT(all_seen(), ElementsAre("a", "b", "other work is taken"));
  EXPECT_TRUE(loader.post_dump(note("d"))) << "there is room again";
  settle();
}

TEST_F(BusyLoader, SignalsThatWaitAreOne) {
  for (int i = 0; i < 5; ++i) loader.post_once(note("reload"));
  leave();
  settle();
  EXPECT_THAT(all_seen(), ElementsAre("reload"));
  loader.post_once(note("again"));
  settle();
  EXPECT_THAT(all_seen(), ElementsAre("reload", "again"));
}

// request_stop() returns while the thread is busy, and by then everybody who waited knows.
TEST_F(BusyLoader, WhoWaitsIsToldAtOnceWhenItStops) {
  EXPECT_TRUE(loader.post_dump(note("dump")));
  loader.post(note("reload"));
  loader.request_stop();
  EXPECT_TRUE(loader.stopping());
  EXPECT_THAT(all_seen(), ElementsAre("dump stopping", "reload stopping"));
  loader.post(note("late"));
  EXPECT_THAT(all_seen(), ElementsAre("dump stopping", "reload stopping", "late stopping"));
  leave();
  loader.stop();
}

TEST(Loader, OneThatNeverBeganTellsWhoWaits) {
  bool told = false;
  {
    Loader loader;
    loader.post([&](Loader::Now now) { told = now == Loader::Now::stopping; });
  }
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace muster::tools
