// When a source's picture is kept: an hour of it in no time.
#include "registry/sources/picture_saver.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::registry::sources {
namespace {

using net::Millis;

net::Instant at(int ms) {
  return {net::SteadyTime(Millis(1'000'000 + ms)), net::WallTime(Millis(1'700'000'000'000 + ms))};
}

// A source with its saver, and a store that answers when it is told to.
struct Source {
  void tick(int ms) {
    saver.tick(at(ms).steady, [this] { return text(); });
  }
  void say(int ms, bool is_new) {
    saver.learnt(at(ms).wall);
    if (is_new) saver.changed();
  }
  PictureText text() {
    ++taken;
    return [](const TextSink&) {};
  }
  void answer(bool is_kept) { std::exchange(done, nullptr)(is_kept); }

  std::string kept;  // "W0 C60000": whole, confirmed, and as of when; "L": the last
  int taken = 0;
  std::function<void(bool)> done;
  PictureSaver saver{[this](PictureToKeep what, std::function<void(bool)> told) {
    kept += (kept.empty() ? "" : " ") + std::string(what.is_last ? "L" : "") + (what.text ? "W" : "C") +
            std::to_string((what.learnt_at - at(0).wall).count());
    if (!what.is_last) done = std::move(told);
  }};
};

TEST(PictureSaver, AChangeIsKeptAtOnceAndTheNextTenSecondsLater) {
  Source source;
  source.tick(0);
  EXPECT_EQ(source.kept, "") << "nothing is known yet";
  source.say(0, true);
  source.tick(100);
  EXPECT_EQ(source.kept, "W0");
  source.answer(true);
  source.say(200, true);
  for (int ms = 200; ms < 10'100; ms += 100) source.tick(ms);
  EXPECT_EQ(source.kept, "W0");
  source.tick(10'100);
  EXPECT_EQ(source.kept, "W0 W200");
  EXPECT_EQ(source.taken, 2) << "no text is made that is not kept";
}

TEST(PictureSaver, OneIsOnItsWayAtATime) {
  Source source;
  source.say(0, true);
  source.tick(0);
  source.say(1'000, true);
  for (int ms = 0; ms < 60'000; ms += 100) source.tick(ms);
  EXPECT_EQ(source.kept, "W0");
  source.answer(true);
  source.tick(60'000);
  EXPECT_EQ(source.kept, "W0") << "one that took a minute is followed by ten without";
  source.tick(660'000);
  EXPECT_EQ(source.kept, "W0 W1000");
}

TEST(PictureSaver, WhatDoesNotChangeIsConfirmedOnceAMinute) {
  Source source;
  source.say(0, true);
  for (int ms = 0; ms <= 125'000; ms += 100) {
    source.say(ms, false);
    source.tick(ms);
    if (source.done) source.answer(true);
  }
  EXPECT_EQ(source.kept, "W0 C60000 C120000");
}

TEST(PictureSaver, NothingIsConfirmedWhileTheSourceIsSilent) {
  Source source;
  source.say(0, true);
  source.tick(0);
  source.answer(true);
  for (int ms = 0; ms <= 600'000; ms += 1'000) source.tick(ms);
  EXPECT_EQ(source.kept, "W0");
}

TEST(PictureSaver, WhatFailedIsTriedAgainWhole) {
  Source source;
  source.say(0, true);
  source.tick(0);
  source.answer(false);
  source.tick(100);
  source.tick(9'900);
  EXPECT_EQ(source.kept, "W0");
  source.tick(10'000);
  EXPECT_EQ(source.kept, "W0 W0");
  source.answer(true);
  source.tick(10'100);
  source.say(80'000, false);
  source.tick(80'000);
  source.answer(false);  // there was nothing to confirm
  source.tick(80'100);
  source.tick(90'000);
  EXPECT_EQ(source.kept, "W0 W0 C80000 W80000");
}

TEST(PictureSaver, TheStopKeepsWhatIsNotKept) {
  struct Row {
    const char* why;
    bool is_busy, says_new, says;
    const char* expected;
  };
  const Row rows[] = {
      {"nothing since", false, false, false, "W0"},
      {"a change since", false, true, true, "W0 LW500"},
      {"it was heard since", false, false, true, "W0 LC500"},
      {"what is on its way may not arrive", true, false, false, "W0 LW0"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    Source source;
    source.say(0, true);
    source.tick(0);
    if (!row.is_busy) source.answer(true);
    if (row.says) source.say(500, row.says_new);
    source.saver.finish([&] { return source.text(); });
    EXPECT_EQ(source.kept, row.expected);
  }
}

TEST(PictureSaver, WhatIsRestoredIsNotKeptAgain) {
  Source source;
  source.saver.restored(at(0).wall);
  source.tick(100);
  source.saver.finish([&] { return source.text(); });
  EXPECT_EQ(source.kept, "");
}

TEST(PictureSaver, TheAnswerMayComeAfterItsEnd) {
  std::function<void(bool)> done;
  {
    PictureSaver saver([&](PictureToKeep, std::function<void(bool)> told) { done = std::move(told); });
    saver.learnt(at(0).wall);
    saver.changed();
    saver.tick(at(0).steady, [] { return PictureText([](const TextSink&) {}); });
  }
  done(true);
}

TEST(PictureSaver, WithoutAStoreNothingIsTaken) {
  PictureSaver saver(nullptr);
  saver.learnt(at(0).wall);
  saver.changed();
  const auto never = [] {
    ADD_FAILURE() << "taken";
    return PictureText();
  };
  saver.tick(at(0).steady, never);
  saver.finish(never);
}

}  // namespace
}  // namespace muster::registry::sources
