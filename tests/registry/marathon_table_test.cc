// What a Marathon source believes and lists: steps, the guard, names of services, and that the counts add up.
#include "registry/sources/marathon_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/registry/support/marathon_documents.h"

namespace muster::registry::sources {
namespace {

using documents::parsed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

struct Task {
  std::string id;
  std::string state = "TASK_RUNNING";
  bool operator==(const Task&) const = default;
};

struct App {
  std::string id;
  std::vector<Task> tasks;
  std::optional<int> wanted;  // nothing: as many as there are
  std::string labels = "{}";
};

std::string text_of(const App& app) {
  std::string text = R"({"id": ")" + app.id + R"(", "labels": )" + app.labels + R"(, "instances": )" +
                     std::to_string(app.wanted.value_or(static_cast<int>(app.tasks.size()))) +
                     R"(, "portDefinitions": [{"port": 80}], "tasks": [)";
  for (const Task& task : app.tasks) {
    if (!text.ends_with('[')) text += ",";
    text += R"({"id": ")" + task.id + R"(", "host": "10.0.0.1", "ports": [31000], "state": ")" + task.state +
            "\"}";
  }
  return text + "]}";
}

std::string text_of(const std::vector<App>& apps) {
  std::string text = R"({"apps": [)";
  for (const App& app : apps) text += (text.ends_with('[') ? "" : ",") + text_of(app);
  return text + "]}";
}

App app(const std::string& id, int tasks) {
  App app{id, {}, {}};
  for (int n = 0; n < tasks; ++n) app.tasks.push_back({id.substr(1) + "." + std::to_string(n)});
  return app;
}

// A table, and a registry that takes its steps.
class Marathon {
 public:
  explicit Marathon(MesosGuard guard = {}) : table("marathon", {}, guard) {}

  SourceStep take(const std::vector<App>& apps) {
    return follow(table.take_apps(parsed(text_of(apps), MarathonDocument::apps), now.steady));
  }
  SourceStep take_one(const App& one) {
    return follow(
        table.take_app(parsed(R"({"app": )" + text_of(one) + "}", MarathonDocument::app), now.steady));
  }
  SourceStep hear(const char* name, const std::string& data) {
    return follow(table.hear(read_marathon_event({name, data}), now.steady));
  }
  void pass(Millis span) { now = now + span; }
  SourceStep pass_and_tick(Millis span) {
    pass(span);
    return follow(table.tick(now.steady));
  }

  SourceStep follow(const MarathonTable::Touched& touched) {
    SourceStep step = table.follow(
        touched, [](std::string_view) { return std::vector<IpAddress>(); }, now);
    for (const auto& gone : step.gone)
      EXPECT_EQ(listed.erase({gone.service, gone.id}), 1u) << gone.service << "/" << gone.id;
    for (const Registration& one : step.listed) listed[{one.service, one.id}] = one.fitness;
    return step;
  }

  std::vector<std::string> ids(const std::string& service) const {
    std::vector<std::string> ids;
    for (const auto& [key, status] : listed) {
      if (key.first == service) ids.push_back(key.second);
    }
    return ids;
  }

  MarathonTable table;
  net::Instant now{SteadyTime(Millis(1'000'000)), net::WallTime(Millis(1'767'400'000'000))};
  std::map<std::pair<std::string, std::string>, Fitness> listed;
};

std::string text_of(const SchedulerStep<SchedulerWithheld>& step) {
  const auto text = [](const auto& one) {
    return one ? one->service + "/" + one->id + " " + one->withheld_for : std::string("none");
  };
  return text(step.before) + " -> " + text(step.after);
}

TEST(MarathonTable, WhoIsNoInstanceIsTold) {
  Marathon marathon;
  const auto told = [&] {
    std::vector<std::string> lines;
    for (const auto& step : marathon.table.take_withheld()) lines.push_back(text_of(step));
    return lines;
  };
  App web = app("/web", 2);
  web.tasks[1].state = "TASK_KILLING";
  marathon.take({web});
  EXPECT_THAT(told(), ElementsAre("none -> web/web.1 not_routable:killing"));
  marathon.pass(Millis(1'000));
  marathon.take({web});
  EXPECT_THAT(told(), IsEmpty()) << "as before";
  marathon.pass(Millis(1'000));
  web.labels = R"({"muster.service": "www"})";
  marathon.take({web});
  EXPECT_THAT(told(), ElementsAre("web/web.1 not_routable:killing -> www/web.1 not_routable:killing"));
  marathon.pass(Millis(1'000));
  web.tasks.pop_back();
  marathon.take({web});
  EXPECT_THAT(told(), ElementsAre("www/web.1 not_routable:killing -> none"));
  marathon.pass(Millis(1'000));
  const App first{"/a/b-c", {{"first"}}, {}}, second{"/c-a/b", {{"second"}}, {}};
  marathon.take({first, second, web});
  EXPECT_THAT(told(), ElementsAre("none -> b-c-a/second service_owned"));
  marathon.pass(Millis(1'000));
  marathon.take({second, web});
  EXPECT_THAT(told(), ElementsAre("b-c-a/second service_owned -> none"));
}

TEST(MarathonTable, AStepHoldsWhatChanged) {
  Marathon marathon;
  EXPECT_EQ(marathon.take({app("/a", 2), app("/b", 1)}).listed.size(), 3u);
  EXPECT_EQ(marathon.table.total(), 3u);
  EXPECT_EQ(marathon.table.routable(), 3u);
  marathon.pass(Millis(1'000));
  const SourceStep same = marathon.take({app("/a", 2), app("/b", 1)});
  EXPECT_TRUE(same.listed.empty() && same.gone.empty());
  marathon.pass(Millis(1'000));
  const SourceStep more = marathon.take({app("/a", 3), app("/b", 1)});
  ASSERT_EQ(more.listed.size(), 1u);
  EXPECT_EQ(more.listed[0].id, "a.2");
  EXPECT_EQ(more.listed[0].source, (SourceId{SourceKind::marathon, "marathon"}));
  EXPECT_THAT(more.gone, IsEmpty());
}

TEST(MarathonTable, WhatAnEventTakesAwayGoesAtOnce) {
  Marathon marathon;
  marathon.take({app("/a", 3), app("/b", 1)});
  marathon.pass(Millis(1));
  marathon.hear("status_update_event", R"({"taskId": "a.0", "taskStatus": "TASK_KILLING", "appId": "/a"})");
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.1", "a.2"));
  EXPECT_THAT(marathon.table.excluded(), ElementsAre(Pair("killing", 1)));
  const SourceStep ended = marathon.hear("status_update_event",
                                         R"({"taskId": "a.1", "taskStatus": "TASK_FAILED", "appId": "/a"})");
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.2"));
  ASSERT_EQ(ended.gone.size(), 1u);
  EXPECT_EQ(ended.gone[0].cause, Cause::task_ended);
  marathon.hear("app_terminated_event", R"({"appId": "/a"})");
  EXPECT_THAT(marathon.ids("a"), IsEmpty());
  EXPECT_THAT(marathon.ids("b"), ElementsAre("b.0"));
  EXPECT_EQ(marathon.table.total(), 1u);
  EXPECT_EQ(marathon.table.held(), 0u) << "an event says why";
}

TEST(MarathonTable, AnAppWithOtherTasksConfirmsThatOneIsGone) {
  Marathon marathon;
  marathon.take({app("/a", 3)});
  App less = app("/a", 3);
  less.tasks.erase(less.tasks.begin());
  marathon.pass(Millis(1));
  EXPECT_EQ(marathon.take({less}).gone.at(0).cause, Cause::source_gone);
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.1", "a.2"));
  App none = app("/a", 0);
  none.wanted = 0;
  marathon.pass(Millis(1));
  marathon.take({none});
  EXPECT_THAT(marathon.ids("a"), IsEmpty()) << "none are wanted";
  EXPECT_EQ(marathon.table.held(), 0u);
}

TEST(MarathonTable, AnAppListedWithoutTheTasksItWantsConfirmsNothing) {
  Marathon marathon;
  marathon.take({app("/a", 1), app("/b", 9)});
  App none = app("/a", 0);
  none.wanted = 1;
  marathon.pass(Millis(1));
  marathon.take_one(none);
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.0"));
  EXPECT_EQ(marathon.table.held(), 1u);
  marathon.pass(Millis(1));
  marathon.take_one(app("/a", 1));
  EXPECT_EQ(marathon.table.held(), 0u) << "it is listed again";
  marathon.pass(Millis(1));
  marathon.take_one(none);
  EXPECT_EQ(marathon.pass_and_tick(Millis(300'000)).gone.at(0).cause, Cause::held_out);
  EXPECT_THAT(marathon.ids("a"), IsEmpty());
}

TEST(MarathonTable, TheGuardHoldsWhatIsMissingAllAtOnce) {
  Marathon marathon;
  marathon.take({app("/a", 3), app("/b", 3)});
  marathon.pass(Millis(1));
  EXPECT_THAT(marathon.take({}).gone, IsEmpty());
  EXPECT_EQ(marathon.table.held(), 6u);
  EXPECT_EQ(marathon.table.routable(), 6u) << "held ones are served";
  EXPECT_EQ((marathon.listed[{"b", "b.0"}]), (Fitness{State::timedout, Reason::held}));
  EXPECT_THAT(marathon.table.to_probe(marathon.now.steady + Millis(59'999), 10), IsEmpty());
  const auto due = marathon.table.to_probe(marathon.now.steady + Millis(60'000), 10);
  ASSERT_EQ(due.size(), 6u);
  EXPECT_EQ(net::to_string(*marathon.table.probe_target(due[0])), "10.0.0.1:31000");
  marathon.follow(marathon.table.probed(due[0], ProbeVerdict::refused, marathon.now.steady));
  EXPECT_EQ(marathon.listed.size(), 5u);
  marathon.pass(Millis(1));
  marathon.take({app("/a", 3)});
  EXPECT_EQ(marathon.table.held(), 3u) << "those of /b";
  EXPECT_EQ((marathon.listed[{"a", "a.0"}]), Fitness{});
  EXPECT_EQ((marathon.listed[{"b", "b.0"}]), (Fitness{State::timedout, Reason::held}));
  marathon.follow(marathon.table.accept());
  EXPECT_THAT(marathon.ids("b"), IsEmpty());
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.0", "a.1", "a.2"));
}

TEST(MarathonTable, AnEventConfirmsThatOneThatIsHeldIsGone) {
  Marathon marathon;
  marathon.take({app("/a", 3)});
  App none = app("/a", 0);
  none.wanted = 3;
  marathon.pass(Millis(1));
  marathon.take({none});
  ASSERT_EQ(marathon.table.held(), 3u);
  marathon.pass(Millis(1));
  marathon.hear("status_update_event", R"({"appId": "/a", "taskId": "a.1", "taskStatus": "TASK_KILLED"})");
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.0", "a.2"));
  marathon.hear("status_update_event", R"({"appId": "/a", "taskId": "a.2", "taskStatus": "TASK_RUNNING"})");
  EXPECT_THAT(marathon.ids("a"), ElementsAre("a.0", "a.2"));
  EXPECT_EQ(marathon.table.held(), 2u);
}

std::string pods_of(int instances) {
  std::string text =
      R"([{"id": "/pod", "spec": {"id": "/pod", "containers": [{"name": "web", "endpoints": []}]}, "instances": [)";
  for (int n = 0; n < instances; ++n) {
    text += std::string(n > 0 ? "," : "") + R"({"id": "pod.instance-)" + std::to_string(n) +
            R"(", "status": "STABLE", "agentHostname": "10.0.0.9", "containers": []})";
  }
  return text + "]}]";
}

// 40 of 100 are not much; but all of the one kind.
TEST(MarathonTable, AnEmptyListOfTheOneKindIsNotSmallBesideTheOther) {
  struct Row {
    int apps, pods;
    bool are_apps_told_as_none;
  };
  for (const Row& row : {Row{4, 1, true}, Row{40, 60, true}, Row{60, 40, false}, Row{1, 3, false}}) {
    Marathon marathon;
    const auto take_pods = [&](const std::string& text) {
      marathon.follow(marathon.table.take_pods(parsed(text, MarathonDocument::pods), marathon.now.steady));
    };
    marathon.take({app("/a", row.apps)});
    take_pods(pods_of(row.pods));
    auto all = marathon.listed;
    ASSERT_EQ(all.size(), static_cast<std::size_t>(row.apps + row.pods));
    marathon.pass(Millis(1));
    if (row.are_apps_told_as_none) {
      marathon.take({});
    } else {
      take_pods("[]");
    }
    for (auto& [instance, fitness] : all) {
      if ((instance.first == "a") == row.are_apps_told_as_none) fitness = {State::timedout, Reason::held};
    }
    EXPECT_EQ(marathon.listed, all) << row.apps << " " << row.pods;
    EXPECT_EQ(marathon.table.held(),
              static_cast<std::size_t>(row.are_apps_told_as_none ? row.apps : row.pods));
  }
}

TEST(MarathonTable, AFewThatAreMissingGoAndAnotherShareIsMuch) {
  Marathon marathon;
  marathon.take({app("/a", 4), app("/b", 6)});
  marathon.pass(Millis(1));
  EXPECT_EQ(marathon.take({app("/b", 6)}).gone.size(), 4u) << "4 are fewer than guard_min";
  Marathon other;
  other.take({app("/a", 5), app("/b", 6)});
  other.pass(Millis(1));
  EXPECT_EQ(other.take({app("/b", 6)}).gone.size(), 5u) << "5 of 11 are less than half";
  Marathon half;
  half.take({app("/a", 5), app("/b", 5)});
  half.pass(Millis(1));
  EXPECT_THAT(half.take({app("/b", 5)}).gone, IsEmpty()) << "5 of 10";
  MesosGuard off;
  off.is_on = false;
  Marathon trusting(off);
  trusting.take({app("/a", 5)});
  trusting.pass(Millis(1));
  EXPECT_EQ(trusting.take({}).gone.size(), 5u);
}

// "/a/b-c" and "/c-a/b" are b-c-a, both.
TEST(MarathonTable, ANameBelongsToOneApp) {
  const App first{"/a/b-c", {{"first"}}, {}}, second{"/c-a/b", {{"second"}}, {}};
  Marathon both;
  both.take({first, second});
  EXPECT_THAT(both.ids("b-c-a"), ElementsAre("first"));
  EXPECT_THAT(both.table.excluded(), ElementsAre(Pair("service_owned", 1)));

  Marathon late;
  late.take({second});
  late.pass(Millis(1));
  late.take({first, second});
  EXPECT_THAT(late.ids("b-c-a"), ElementsAre("second")) << "who had the name keeps it";
  late.pass(Millis(1));
  late.take({first});
  EXPECT_THAT(late.ids("b-c-a"), ElementsAre("first")) << "who had it is gone";
  EXPECT_EQ(late.table.routable(), 1u);

  App named{"/x", {{"named"}}, {}, R"({"muster.service": "b-c-a"})"};
  late.pass(Millis(1));
  late.take({first, named});
  EXPECT_THAT(late.ids("b-c-a"), ElementsAre("first", "named")) << "a label joins on purpose";
}

TEST(MarathonTable, AServiceMayGetAnotherName) {
  Marathon marathon;
  marathon.take({app("/a", 2)});
  App renamed = app("/a", 2);
  renamed.labels = R"({"muster.service": "z"})";
  marathon.pass(Millis(1));
  const SourceStep step = marathon.take({renamed});
  EXPECT_EQ(step.gone.size(), 2u);
  EXPECT_THAT(marathon.ids("z"), ElementsAre("a.0", "a.1"));
  EXPECT_THAT(marathon.ids("a"), IsEmpty());
}

TEST(MarathonTable, TimeAloneTakesAwayWhatIsLost) {
  Marathon marathon;
  marathon.take({app("/a", 2)});
  App lost = app("/a", 2);
  lost.tasks[0].state = "TASK_LOST";
  marathon.pass(Millis(1));
  marathon.take({lost});
  EXPECT_EQ(marathon.table.routable(), 2u);
  EXPECT_EQ(marathon.table.next_look(), marathon.now.steady + Millis(30'000));
  marathon.pass(Millis(30'000));
  marathon.follow({});
  EXPECT_EQ(marathon.table.routable(), 1u);
  EXPECT_EQ((marathon.listed[{"a", "a.0"}]), (Fitness{State::suspended, Reason::not_routable_unreachable}));
}

TEST(MarathonTable, MayForgetEverything) {
  Marathon marathon;
  marathon.take({app("/a", 2), app("/b", 3)});
  marathon.follow(marathon.table.forget());
  EXPECT_THAT(marathon.listed, IsEmpty());
  EXPECT_EQ(marathon.table.total(), 0u);
  marathon.pass(Millis(1));
  EXPECT_EQ(marathon.take({app("/a", 2)}).listed.size(), 2u);
}

// Whatever comes in whatever order: what is listed is what a table that has seen nothing before would list of
// the last word, but for what is held, and the counts add up.
TEST(MarathonTable, AddsUpWhateverComes) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  MesosGuard off;
  off.is_on = false;
  Marathon marathon(off);
  std::map<std::string, App> apps;
  const char* states[] = {"TASK_RUNNING", "TASK_STAGING", "TASK_KILLING", "TASK_FINISHED"};
  const char* labels[] = {"{}", R"({"muster.service": "x"})", R"({"muster.enabled": "false"})"};
  for (int round = 0; round < 3'000; ++round) {
    marathon.pass(Millis(1));
    const std::string id = "/app" + std::to_string(pick(5));
    if (pick(4) == 0) {
      apps.erase(id);
    } else {
      App& one = apps[id] = app(id, static_cast<int>(pick(5)));
      one.wanted = 0;
      for (Task& task : one.tasks) task.state = states[pick(std::size(states))];
      one.labels = labels[pick(std::size(labels))];
    }
    if (apps.contains(id) && pick(2) == 0) {
      marathon.take_one(apps[id]);
    } else {
      std::vector<App> all;
      for (const auto& [name, one] : apps) all.push_back(one);
      marathon.take(all);
    }
    std::map<std::pair<std::string, std::string>, Fitness> expected;
    std::size_t total = 0, routable = 0;
    for (const auto& [name, one] : apps) {
      const std::string service = one.labels == labels[1]   ? "x"
                                  : one.labels == labels[2] ? ""
                                                            : name.substr(1);
      for (const Task& task : one.tasks) {
        if (task.state == "TASK_FINISHED") continue;
        ++total;
        if (task.state == "TASK_RUNNING") ++routable;
        if (task.state == "TASK_KILLING" || service.empty()) continue;
        expected[{service, task.id}] =
            task.state == "TASK_RUNNING" ? Fitness{} : Fitness{State::starting, Reason::starting};
      }
    }
    ASSERT_EQ(marathon.listed, expected) << "round " << round;
    ASSERT_EQ(marathon.table.total(), total);
    ASSERT_EQ(marathon.table.routable(), routable);
    std::size_t excluded = 0;
    for (const auto& [reason, count] : marathon.table.excluded()) excluded += count;
    ASSERT_EQ(routable + excluded, total);
  }
}

}  // namespace
}  // namespace muster::registry::sources
