// What a Mesos source shows, step by step: who has the name of a service, what time alone changes, what hosts
// that are resolved change, and counters that always add up.
#include "registry/sources/mesos_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/registry/support/mesos_documents.h"

namespace muster::registry::sources {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Lines = std::vector<std::string>;

MesosRules rules() {
  MesosRules rules;
  rules.source = "mesos";
  rules.service_name = "{name}";
  rules.frameworks = {"*"};
  rules.ip_sources = {IpSource::host};
  return rules;
}

// A table, its picture, and hosts that are resolved or not; what a step says as lines.
class Shown {
 public:
  Lines take(MesosState state, int ms) { return follow(table.replace(std::move(state), at(ms)), ms); }
  Lines apply(const MesosEvent& event, int ms) { return follow(table.apply(event, at(ms)), ms); }
  Lines look(int ms) { return follow({}, ms); }
  Lines look_at_all(int ms) {
    MesosTable::Touched all;
    all.all = true;
    return follow(all, ms);
  }

  MesosTable table{MesosGuard{.is_on = false}};
  MesosPicture picture{rules()};
  std::map<std::string, std::vector<IpAddress>> hosts;
  Lines withheld;  // of the last step

 private:
  Lines follow(const MesosTable::Touched& touched, int ms) {
    const auto addresses_of = [this](const std::string& host) { return hosts[host]; };
    const MesosStep step = picture.follow(table, touched, {}, addresses_of, at(ms));
    Lines lines;
    withheld.clear();
    for (const auto& gone : step.native.gone) lines.push_back("-" + gone.service + "/" + gone.id);
    for (const Registration& one : step.native.listed) {
      const std::string reason =
          one.fitness.reason == Reason::ok ? "" : " " + std::string(to_string(one.fitness.reason));
      lines.push_back("+" + one.service + "/" + one.id + reason + (one.silent_since ? " silent" : "") +
                      (one.body->addresses.empty() ? " nowhere" : ""));
    }
    for (const auto& [before, after] : step.seen.withheld) {
      if (before) withheld.push_back("-" + before->id + " " + before->withheld_for);
      if (after) withheld.push_back("+" + after->id + " " + after->withheld_for + " of " + after->service);
    }
    if (step.seen.silence) lines.push_back(step.seen.silence->since ? "silent" : "in touch");
    return lines;
  }
};

// F1 is older than F2 unless it says otherwise.
MesosState two_frameworks(std::vector<MesosTask> one, std::vector<MesosTask> two,
                          double second = 1'600'000'001) {
  MesosState state = cluster_of(std::move(one));
  state.frameworks.push_back(framework_of("F2", std::move(two)));
  state.frameworks.back().registered_time = second;
  return state;
}

TEST(MesosPicture, TheFrameworkThatRegisteredFirstHasTheName) {
  Shown shown;
  EXPECT_THAT(shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}), 0),
              ElementsAre("+web/web.a"));
  EXPECT_EQ(shown.picture.routable(), 1u);
  EXPECT_EQ(shown.picture.excluded().at("service_owned_by_other_framework"), 1u);
  EXPECT_THAT(shown.take(two_frameworks({}, {task_of("web.b")}), 1), ElementsAre("-web/web.a", "+web/web.b"))
      << "who goes goes first";
  EXPECT_THAT(shown.picture.excluded(), IsEmpty());
  EXPECT_THAT(shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}), 2),
              ElementsAre("-web/web.b", "+web/web.a"));
}

TEST(MesosPicture, AFrameworkThatTurnsOutToBeOlderTakesTheName) {
  Shown shown;
  shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}), 0);
  EXPECT_THAT(shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}, 1'500'000'000), 1),
              ElementsAre("-web/web.a", "+web/web.b"));
  EXPECT_THAT(shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}, 0), 2),
              ElementsAre("-web/web.b", "+web/web.a"))
      << "one whose time is not known is the last";
}

TEST(MesosPicture, TasksOfOneIdInTwoFrameworksAreTwo) {
  Shown shown;
  EXPECT_THAT(shown.take(two_frameworks({task_of("web.a")}, {task_of("web.a")}), 0),
              ElementsAre("+web/web.a"));
  EXPECT_EQ(shown.picture.total(), 2u);
  EXPECT_THAT(shown.take(two_frameworks({}, {task_of("web.a")}), 1), ElementsAre("-web/web.a", "+web/web.a"));
}

TEST(MesosPicture, TimeAloneEndsAGrace) {
  Shown shown;
  MesosTask checked = task_of("web.a");
  checked.grace_seconds = 5;
  checked.statuses.front().timestamp = 0;  // the agent's clock tells nothing
  EXPECT_THAT(shown.take(cluster_of({checked}), 0), ElementsAre("+web/web.a not_routable:no_result"));
  EXPECT_THAT(shown.withheld, ElementsAre("+web.a not_routable:no_result of "))
      << "it is an instance, not in the view";
  EXPECT_EQ(shown.picture.routable(), 0u);
  ASSERT_EQ(shown.picture.next_look(), at(5'000).steady);
  EXPECT_THAT(shown.look(4'999), IsEmpty());
  EXPECT_THAT(shown.look(5'000), ElementsAre("+web/web.a"));
  EXPECT_EQ(shown.picture.routable(), 1u);
  EXPECT_EQ(shown.picture.next_look(), std::nullopt);
}

TEST(MesosPicture, WhoIsHeldIsServedAndMarked) {
  Shown shown;
  shown.table = MesosTable(MesosGuard{});
  std::vector<MesosTask> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(task_of("web." + std::to_string(i)));
  EXPECT_THAT(shown.take(cluster_of(tasks), 0), SizeIs(6));
  const Lines held = shown.take(cluster_of({}), 1);
  EXPECT_THAT(held, SizeIs(6));
  EXPECT_THAT(held, Each(EndsWith(" held")));
  EXPECT_THAT(shown.withheld, IsEmpty());
  EXPECT_EQ(shown.picture.routable(), 6u);
  EXPECT_THAT(shown.take(cluster_of({}), 2), IsEmpty()) << "as before";
  EXPECT_THAT(shown.take(cluster_of(tasks), 3), AllOf(SizeIs(6), Each(Not(EndsWith(" held")))));
}

TEST(MesosPicture, WhoIsNotServedIsToldWithTheReason) {
  Shown shown;
  MesosTask staging = task_of("web.a");
  staging.state = "TASK_STAGING";
  MesosState state = cluster_of({staging});
  EXPECT_THAT(shown.take(state, 0), IsEmpty());
  EXPECT_THAT(shown.withheld, ElementsAre("+web.a not_routable:TASK_STAGING of web"));
  shown.take(state, 1);
  EXPECT_THAT(shown.withheld, IsEmpty()) << "as before";
  MesosTask killing = task_of("web.a");
  killing.state = "TASK_KILLING";
  shown.take(cluster_of({killing}), 2);
  EXPECT_THAT(shown.withheld,
              ElementsAre("-web.a not_routable:TASK_STAGING", "+web.a not_routable:killing of web"));
  EXPECT_THAT(shown.take(cluster_of({task_of("web.a")}), 3), ElementsAre("+web/web.a"));
  EXPECT_THAT(shown.withheld, ElementsAre("-web.a not_routable:killing"));
  MesosState lonely = cluster_of({task_of("web.b")});
  lonely.agents.clear();
  EXPECT_THAT(shown.take(lonely, 4), ElementsAre("-web/web.a"));
  EXPECT_THAT(shown.withheld, ElementsAre("+web.b no_agent of web"));
  shown.take(cluster_of({}), 5);
  EXPECT_THAT(shown.withheld, ElementsAre("-web.b no_agent"));
}

TEST(MesosPicture, WhoseServiceAnotherFrameworkHasIsWithheldFromThatAlone) {
  Shown shown;
  const std::string why = " service_owned_by_other_framework";
  shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}), 0);
  EXPECT_THAT(shown.withheld, ElementsAre("+web.b" + why + " of web"));
  shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}), 1);
  EXPECT_THAT(shown.withheld, IsEmpty());
  shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b")}, 1'500'000'000), 2);
  EXPECT_THAT(shown.withheld, ElementsAre("-web.b" + why, "+web.a" + why + " of web"));
  shown.take(two_frameworks({}, {task_of("web.b")}), 3);
  EXPECT_THAT(shown.withheld, ElementsAre("-web.a" + why));
}

TEST(MesosPicture, AHostThatIsResolvedBringsTheAddress) {
  Shown shown;
  MesosState state = cluster_of({task_of("web.a")});
  state.agents[0].pid = "slave(1)@agent0.test:5051";
  EXPECT_THAT(shown.take(state, 0), ElementsAre("+web/web.a nowhere"));
  EXPECT_EQ(shown.picture.excluded().at("no_address"), 1u);
  shown.hosts["agent0.test"] = {*net::parse_ip("10.0.1.77")};
  EXPECT_THAT(shown.look_at_all(1), ElementsAre("+web/web.a"));
  EXPECT_THAT(shown.picture.excluded(), IsEmpty());
  EXPECT_EQ(shown.picture.probe_target(key_of("web.a"))->address, *net::parse_ip("10.0.1.77"));
  EXPECT_THAT(shown.look_at_all(2), IsEmpty()) << "nothing has changed";
  shown.hosts["agent0.test"] = {*net::parse_ip("10.0.1.78")};
  EXPECT_THAT(shown.look_at_all(3), ElementsAre("+web/web.a"));
}

TEST(MesosPicture, SilenceIsToldOfAllThatIsListed) {
  Shown shown;
  shown.take(two_frameworks({task_of("web.a")}, {task_of("web.b"), task_of("db.c")}), 0);
  EXPECT_FALSE(shown.picture.set_silence({}));
  EXPECT_TRUE(shown.picture.set_silence({at(0).wall}));
  EXPECT_THAT(shown.look(1), ElementsAre("+web/web.a silent", "+db/db.c silent", "silent"));
  EXPECT_THAT(shown.look(2), IsEmpty());
  EXPECT_THAT(shown.apply(MesosTaskAdded{"F1", task_of("new.d")}, 3), ElementsAre("+new/new.d silent"));
  EXPECT_TRUE(shown.picture.set_silence({}));
  EXPECT_THAT(shown.look(4), UnorderedElementsAre("+web/web.a", "+db/db.c", "+new/new.d", "in touch"));
}

// What was reached step by step is what one look at the same table shows, and all tasks are counted once.
TEST(MesosPicture, HoweverItWasReachedTheCountersAddUp) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 chance(seed);
  const auto below = [&](unsigned most) { return static_cast<int>(chance() % most); };
  const char* const states[] = {"TASK_RUNNING", "TASK_RUNNING",     "TASK_STAGING", "TASK_KILLING",
                                "TASK_FAILED",  "TASK_UNREACHABLE", "TASK_LOST",    "TASK_STARTING"};
  Shown shown;
  shown.take(two_frameworks({}, {}), 0);
  for (int step = 1; step < 3'000; ++step) {
    const int ms = step * 997;
    MesosTask task =
        task_of(std::string(1, static_cast<char>('a' + below(4))) + "." + std::to_string(below(6)),
                "S" + std::to_string(below(3)), states[below(8)]);
    if (below(3) == 0) task.grace_seconds = below(20);
    if (below(2) == 0) task.statuses.front().healthy = below(2) == 0;
    task.statuses.front().timestamp = below(2) == 0 ? 0 : 1'767'323'047.0 + ms / 1000.0;
    const std::string framework = below(2) == 0 ? "F1" : "F2";
    switch (below(8)) {
      case 0: shown.apply(MesosAgentRemoved{"S" + std::to_string(below(3))}, ms); break;
      case 1: shown.apply(MesosAgentAdded{agent_of(below(3))}, ms); break;
      case 2: shown.look(ms); break;
      case 3: shown.apply(MesosTaskUpdated{framework, task.id, task.state, std::nullopt, ""}, ms); break;
      default: shown.apply(MesosTaskAdded{framework, task}, ms);
    }
    std::size_t excluded = 0;
    for (const auto& [reason, count] : shown.picture.excluded()) excluded += count;
    ASSERT_EQ(shown.picture.total(), shown.table.tasks().size());
    ASSERT_EQ(shown.picture.routable() + excluded, shown.picture.total()) << "at step " << step;

    MesosPicture anew{rules()};
    MesosTable::Touched all;
    all.all = true;
    anew.follow(
        shown.table, all, {}, [](const std::string&) { return std::vector<IpAddress>{}; }, at(ms));
    ASSERT_EQ(anew.routable(), shown.picture.routable()) << "at step " << step;
    ASSERT_EQ(anew.excluded(), shown.picture.excluded()) << "at step " << step;
  }
}

}  // namespace
}  // namespace muster::registry::sources
