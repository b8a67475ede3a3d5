// What is known of a Marathon, from fetches and events in any order.
#include "registry/sources/marathon_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Act = MarathonAct;
using net::Millis;

SteadyTime at(int ms) { return SteadyTime(Millis(ms)); }

MarathonApp app_of(const std::string& id, const std::vector<std::string>& tasks, std::string version = "") {
  MarathonApp app;
  app.id = id;
  app.version = std::move(version);
  for (const std::string& task : tasks) {
    app.tasks.emplace_back();
    app.tasks.back().id = task;
  }
  return app;
}

MarathonState state_of(std::vector<MarathonApp> apps) {
  MarathonState state;
  state.apps = std::move(apps);
  state.has_list = true;
  return state;
}

MarathonHint hint_of(Act act, const std::string& task) {
  MarathonHint hint;
  hint.act = act;
  hint.task = task;
  return hint;
}

std::string listed(const MarathonPicture& picture) {
  std::string text;
  for (const auto& [id, app] : picture.apps) {
    text += id + ":";
    for (const MarathonTask& task : app.content->tasks) text += " " + task.id;
    text += ";";
  }
  return text;
}

TEST(MarathonPicture, AFullFetchReplacesAll) {
  MarathonPicture picture;
  EXPECT_TRUE(take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/b", {"b.1"})}), at(1)));
  EXPECT_TRUE(take_apps(picture, state_of({app_of("/b", {"b.2"}), app_of("/c", {})}), at(2)));
  EXPECT_EQ(listed(picture), "/b: b.2;/c:;");
  EXPECT_FALSE(take_apps(picture, MarathonState(), at(3))) << "there was no list";
  EXPECT_EQ(listed(picture), "/b: b.2;/c:;");
}

TEST(MarathonPicture, OneAppReplacesOne) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/b", {"b.1"})}), at(1));
  EXPECT_TRUE(take_app(picture, state_of({app_of("/a", {"a.2"})}), at(2)));
  EXPECT_EQ(listed(picture), "/a: a.2;/b: b.1;");
  EXPECT_FALSE(take_app(picture, MarathonState(), at(3)));
  EXPECT_EQ(listed(picture), "/a: a.2;/b: b.1;");
}

TEST(MarathonPicture, WhatWasAskedForLaterStays) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"})}), at(1));
  take_app(picture, state_of({app_of("/a", {"a.3"})}), at(3));
  take_app(picture, state_of({app_of("/new", {"new.3"})}), at(3));
  take_apps(picture, state_of({app_of("/a", {"a.2"}), app_of("/b", {"b.2"})}), at(2));
  EXPECT_EQ(listed(picture), "/a: a.3;/b: b.2;/new: new.3;");
  take_app(picture, state_of({app_of("/a", {"a.2"})}), at(2));
  EXPECT_EQ(listed(picture), "/a: a.3;/b: b.2;/new: new.3;");
}

TEST(MarathonPicture, APartialAppKeepsItsLastContent) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/b", {"b.1"})}), at(1));
  MarathonApp partial = app_of("/a", {});
  partial.is_partial = true;
  MarathonApp unknown = app_of("/c", {});
  unknown.is_partial = true;
  take_apps(picture, state_of({partial, app_of("/b", {"b.2"}), unknown}), at(2));
  EXPECT_EQ(listed(picture), "/a: a.1;/b: b.2;/c:;");
  EXPECT_EQ(picture.apps.at("/a").asked_at, at(1));
  take_app(picture, state_of({partial}), at(3));
  EXPECT_EQ(listed(picture), "/a: a.1;/b: b.2;/c:;");
}

TEST(MarathonPicture, AnAppThatIsListedTwiceCountsOnce) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/a", {"a.2"})}), at(1));
  EXPECT_EQ(listed(picture), "/a: a.1;");
}

TEST(MarathonPicture, AMarkHoldsUntilALaterContent) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"})}), at(10));
  EXPECT_TRUE(take_hint(picture, hint_of(Act::ended, "a.1"), at(20)));
  EXPECT_EQ(mark_of_task(picture, "a.1", at(10)), (MarathonMark{Act::ended, at(20)}));
  EXPECT_EQ(mark_of_task(picture, "a.2", at(10)), std::nullopt);
  EXPECT_EQ(mark_of_task(picture, "a.1", at(20)), (MarathonMark{Act::ended, at(20)}))
      << "asked for at the same moment";
  EXPECT_EQ(mark_of_task(picture, "a.1", at(21)), std::nullopt);
  take_apps(picture, state_of({app_of("/a", {"a.1"})}), at(15));
  EXPECT_THAT(picture.marks, SizeIs(1));
  take_apps(picture, state_of({app_of("/a", {"a.1"})}), at(25));
  EXPECT_THAT(picture.marks, IsEmpty());
}

TEST(MarathonPicture, TheGravestMarkCounts) {
  MarathonPicture picture;
  take_hint(picture, hint_of(Act::not_alive, "a.1"), at(1));
  take_hint(picture, hint_of(Act::out, "a.1"), at(2));
  take_hint(picture, hint_of(Act::unreachable, "a.1"), at(3));
  EXPECT_EQ(mark_of_task(picture, "a.1", at(0)), (MarathonMark{Act::out, at(3)}));
  take_hint(picture, hint_of(Act::none, "a.1"), at(4));
  EXPECT_EQ(picture.marks.at("a.1").at, at(3));
}

TEST(MarathonPicture, EventsNameTheTaskOrItsInstance) {
  struct Row {
    const char* marked;
    const char* task;
    bool is_it;
  };
  const Row rows[] = {
      {"web.instance-c7c3", "web.instance-c7c3._app.1", true},
      {"web.instance-c7c3._app.1", "web.instance-c7c3._app.1", true},
      {"web.instance-c7c", "web.instance-c7c3._app.1", false},
      {"web.instance-c7c3._app.2", "web.instance-c7c3._app.1", false},
      {"web.marathon-c7c3", "web.c7c3", true},
      {"web.c7c3", "web.c7c3", true},
      {"web.c7c3", "web", false},
      {"web.marathon-c7c4", "web.c7c3", false},
      {"x", "x", true},
      {".x", "x", false},
  };
  for (const Row& row : rows) {
    MarathonPicture picture;
    take_hint(picture, hint_of(Act::out, row.marked), at(1));
    EXPECT_EQ(mark_of_task(picture, row.task, at(1)).has_value(), row.is_it) << row.marked << " " << row.task;
  }
}

TEST(MarathonPicture, APodIsNamedByItsInstanceOrAContainer) {
  MarathonPicture picture;
  take_hint(picture, hint_of(Act::ended, "pod.instance-1.web"), at(1));
  EXPECT_EQ(mark_of_pod(picture, "pod.instance-1", at(1)), (MarathonMark{Act::out, at(1)}));
  EXPECT_EQ(mark_of_pod(picture, "pod.instance-11", at(1)), std::nullopt);
  EXPECT_EQ(mark_of_pod(picture, "pod.instance", at(1)), std::nullopt)
      << "no name of a pod's instance ends there";
  take_hint(picture, hint_of(Act::ended, "pod.instance-1"), at(2));
  EXPECT_EQ(mark_of_pod(picture, "pod.instance-1", at(1)), (MarathonMark{Act::ended, at(2)}));
}

TEST(MarathonPicture, AnAppThatEndedIsGoneAtOnce) {
  MarathonPicture picture;
  take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/b", {"b.1"})}), at(1));
  MarathonHint hint;
  hint.act = Act::app_ended;
  hint.apps = {"/a"};
  EXPECT_TRUE(take_hint(picture, hint, at(10)));
  EXPECT_EQ(listed(picture), "/b: b.1;");
  take_app(picture, state_of({app_of("/a", {"a.1"})}), at(9));
  take_apps(picture, state_of({app_of("/a", {"a.1"}), app_of("/b", {"b.1"})}), at(9));
  EXPECT_EQ(listed(picture), "/b: b.1;") << "what was asked for before does not bring it back";
  take_apps(picture, state_of({app_of("/a", {"a.2"}), app_of("/b", {"b.1"})}), at(11));
  EXPECT_EQ(listed(picture), "/a: a.2;/b: b.1;");
  EXPECT_THAT(picture.ended_apps, IsEmpty());
}

TEST(MarathonPicture, MarksAreBounded) {
  MarathonPicture picture;
  for (std::size_t i = 0; i < kMostMarks; ++i)
    ASSERT_TRUE(take_hint(picture, hint_of(Act::out, "t" + std::to_string(i)), at(1)));
  EXPECT_FALSE(take_hint(picture, hint_of(Act::out, "one more"), at(1)));
  EXPECT_TRUE(take_hint(picture, hint_of(Act::ended, "t0"), at(2)));
  EXPECT_THAT(picture.marks, SizeIs(kMostMarks));

  MarathonApp unreadable = app_of("/old", {"o.1"});
  take_apps(picture, state_of({unreadable}), at(0));
  unreadable.is_partial = true;
  take_apps(picture, state_of({unreadable, app_of("/b", {"b.1"})}), at(2));
  EXPECT_THAT(picture.marks, SizeIs(kMostMarks)) << "its content is as old as before";
  EXPECT_TRUE(take_hint(picture, hint_of(Act::out, "one more"), at(3))) << "there is room for what is new";
  EXPECT_THAT(picture.marks, SizeIs(2)) << "that, and what was said since the last list";
}

TEST(MarathonPicture, AbsenceIsConfirmedByTasksOrByNoneWanted) {
  MarathonPicture picture;
  MarathonApp none = app_of("/none", {});
  none.instances = 2;
  MarathonApp zero = app_of("/zero", {});
  zero.instances = 0;
  MarathonApp unsaid = app_of("/unsaid", {});
  MarathonApp partial = app_of("/partial", {"p.1"});
  partial.is_partial = true;
  take_apps(picture, state_of({none, zero, unsaid, partial, app_of("/some", {"s.1"})}), at(1));
  MarathonState pods;
  pods.has_list = true;
  pods.pods.resize(2);
  pods.pods[0].id = "/pod";
  pods.pods[0].instances.resize(1);
  pods.pods[1].id = "/empty";
  take_pods(picture, pods, at(1));
  EXPECT_FALSE(confirms_absence(picture, "/none"));
  EXPECT_TRUE(confirms_absence(picture, "/zero"));
  EXPECT_FALSE(confirms_absence(picture, "/unsaid"));
  EXPECT_FALSE(confirms_absence(picture, "/partial"));
  EXPECT_TRUE(confirms_absence(picture, "/some"));
  EXPECT_FALSE(confirms_absence(picture, "/other"));
  EXPECT_TRUE(confirms_absence(picture, "/pod"));
  EXPECT_FALSE(confirms_absence(picture, "/empty"));
}

}  // namespace
}  // namespace muster::registry::sources
