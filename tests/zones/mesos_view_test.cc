// The Mesos-DNS view as it changes: what is put, when, and in which order; and that nothing of how a state
// was reached is left in it.
#include "zones/mesos_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/zones/support/changing_cluster.h"
#include "tests/zones/support/mesos_cluster.h"
#include "zones/ready_set.h"
#include "zones/zone.h"

namespace muster::zones {
namespace {

using namespace test;
using naming::MesosDrop;
using naming::MesosRank;
using naming::MesosRecord;
using registry::SchedulerAgent;
using registry::SchedulerChange;
using registry::SchedulerFramework;
using registry::SchedulerTask;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using TaskPtr = std::shared_ptr<const SchedulerTask>;
using Lines = std::vector<std::string>;

MesosViewConfig exact() {
  MesosViewConfig config;
  config.naming = naming::exact_naming(mesos_domain());
  return config;
}
MesosViewConfig improved() {
  MesosViewConfig config;
  config.naming = naming::improved_naming(mesos_domain());
  return config;
}
MesosViewConfig with(MesosViewConfig config, WhenNone when_none) {
  config.when_none = when_none;
  return config;
}

// At 10.9.0.1 unless it says otherwise.
TaskPtr task(const std::string& line) {
  auto task = std::make_shared<SchedulerTask>(marathon_task(line));
  if (task->addresses.empty()) task->addresses = addresses_from("10.9.0.1");
  return task;
}

std::shared_ptr<const SchedulerTask> nowhere(const std::string& line) {
  auto bare = *task(line);
  bare.addresses.clear();
  return std::make_shared<const SchedulerTask>(std::move(bare));
}

std::shared_ptr<const SchedulerFramework> framework(const char* name, const char* addresses,
                                                    std::uint16_t port = 0) {
  return std::make_shared<SchedulerFramework>(
      SchedulerFramework{std::string("id of ") + name, name, addresses_from(addresses), port});
}

class MesosViewTest : public testing::Test {
 protected:
  MesosView& begin(MesosViewConfig config) {
    view_ = std::make_unique<MesosView>(std::move(config), MesosSink::kZone, sink_);
    return *view_;
  }
  void step(TaskPtr before, TaskPtr after) {
    SchedulerChange change;
    change.tasks.push_back({std::move(before), std::move(after)});
    apply(change);
  }
  void step(std::shared_ptr<const SchedulerFramework> before,
            std::shared_ptr<const SchedulerFramework> after) {
    SchedulerChange change;
    change.frameworks.push_back({std::move(before), std::move(after)});
    apply(change);
  }
  void apply(const SchedulerChange& change) {
    sink_.log.clear();
    view_->apply(change);
  }
  Lines at(const std::string& owner) const {
    Lines lines;
    const std::string start = owner + ".mesos. ";
    for (const std::string& line : sink_.lines()) {
      if (line.starts_with(start)) lines.push_back(line.substr(start.size()));
    }
    return lines;
  }
  const NameSpec* spec(const std::string& owner) const {
    const auto at = sink_.names.find(owner + ".mesos.");
    return at == sink_.names.end() ? nullptr : &at->second;
  }
  std::size_t dropped(MesosDrop reason) const { return view_->counters().dropped_for(reason); }

  MesosSink sink_;
  std::unique_ptr<MesosView> view_;
};

TEST_F(MesosViewTest, PutsTargetsFirstAndErasesThemLast) {
  begin(exact());
  const TaskPtr web = task("id=test name=web ports=31000");
  step(nullptr, web);
  const Lines targets = {"web-iffe9-s0.marathon.mesos.", "web-iffe9-s0.marathon.slave.mesos.",
                         "web.marathon.mesos.", "web.marathon.slave.mesos."};
  const Lines services = {"_web._tcp.marathon.mesos.", "_web._tcp.marathon.slave.mesos.",
                          "_web._udp.marathon.mesos.", "_web._udp.marathon.slave.mesos."};
  Lines first(sink_.log.begin(), sink_.log.begin() + 4);
  Lines then(sink_.log.begin() + 4, sink_.log.end());
  std::ranges::sort(first);
  std::ranges::sort(then);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(first[i], "+" + targets[i]);
    EXPECT_EQ(then[i], "+" + services[i]);
  }
  EXPECT_EQ(view_->counters().names, 8U);

  step(web, nullptr);
  first.assign(sink_.log.begin(), sink_.log.begin() + 4);
  then.assign(sink_.log.begin() + 4, sink_.log.end());
  std::ranges::sort(first);
  std::ranges::sort(then);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(first[i], "-" + services[i]);
    EXPECT_EQ(then[i], "-" + targets[i]);
  }
  EXPECT_THAT(sink_.names, IsEmpty());
  EXPECT_EQ(view_->counters().names, 0U);
  EXPECT_EQ(view_->counters().records, 0U);
}

// T.F.slave.D stays as it is, because the agent is the same.
TEST_F(MesosViewTest, PutsWhatChangesAlone) {
  begin(exact());
  const TaskPtr a = task("id=test name=web");
  step(nullptr, a);
  step(nullptr, task("id=web.aaa name=web addresses=10.9.0.2"));
  EXPECT_THAT(sink_.log, UnorderedElementsAre("+web-5quyu-s0.marathon.mesos.",
                                              "+web-5quyu-s0.marathon.slave.mesos.", "+web.marathon.mesos."));
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1", "A 10.9.0.2"));
  step(a, task("id=test name=web"));
  EXPECT_THAT(sink_.log, IsEmpty());
  step(a, task("id=test name=web addresses=10.9.0.3"));
  EXPECT_THAT(sink_.log, UnorderedElementsAre("+web-iffe9-s0.marathon.mesos.", "+web.marathon.mesos."));
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.2", "A 10.9.0.3"));
}

TEST_F(MesosViewTest, PutsEachNameOnceAChange) {
  begin(exact());
  SchedulerChange change;
  for (int i = 0; i < 50; ++i)
    change.tasks.push_back(
        {nullptr, task("id=t" + std::to_string(i) + " name=web ports=31000 addresses=10.9.0." +
                       std::to_string(i + 1))});
  apply(change);
  EXPECT_EQ(sink_.log.size(), std::set<std::string>(sink_.log.begin(), sink_.log.end()).size());
  EXPECT_EQ(at("web.marathon").size(), 50U);
  EXPECT_EQ(at("web.marathon.slave").size(), 1U);
}

TEST_F(MesosViewTest, WhatComesAndGoesAtOnceIsNeverPut) {
  begin(exact());
  const TaskPtr web = task("id=test name=web ports=31000");
  SchedulerChange change;
  change.tasks.push_back({nullptr, web});
  change.tasks.push_back({web, nullptr});
  apply(change);
  EXPECT_THAT(sink_.log, IsEmpty());
}

// Whoever has lost count, by a restart say, takes away nothing that is not there.
TEST_F(MesosViewTest, AStepFromWhatWasNeverThereTakesNothingAway) {
  begin(exact());
  const TaskPtr web = task("id=test name=web");
  step(task("id=test name=web addresses=10.9.9.9"), web);
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
  step(task("id=test name=other"), nullptr);
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
  step(task("id=test name=web"), nullptr);  // another value that is equal
  EXPECT_THAT(sink_.names, IsEmpty());
}

TEST_F(MesosViewTest, TasksOfTwoFrameworksMayHaveOneId) {
  begin(exact());
  const TaskPtr one = task("id=test name=web framework=a");
  const TaskPtr two = task("id=test name=web framework=b");
  step(nullptr, one);
  step(nullptr, two);
  step(one, nullptr);
  EXPECT_THAT(at("web.a"), IsEmpty());
  EXPECT_THAT(at("web.b"), ElementsAre("A 10.9.0.1"));
}

TEST_F(MesosViewTest, EqualRecordsOfTwoStayUntilBothAreGone) {
  begin(exact());
  const TaskPtr one = task("id=a name=web");
  const TaskPtr two = task("id=b name=web");
  step(nullptr, one);
  step(nullptr, two);
  step(one, nullptr);
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
  step(two, nullptr);
  EXPECT_THAT(at("web.marathon"), IsEmpty());
}

TEST_F(MesosViewTest, MastersReplaceThoseBefore) {
  begin(exact());
  SchedulerChange change;
  change.masters = masters_from(Fields("masters\tleader=10.0.0.1:5050\tlisted=10.0.0.1:5050,10.0.0.2:5050"));
  apply(change);
  EXPECT_THAT(at("master"), ElementsAre("A 10.0.0.1", "A 10.0.0.2"));
  change.masters = masters_from(Fields("masters\tleader=10.0.0.2:5050"));
  apply(change);
  EXPECT_THAT(at("leader"), ElementsAre("A 10.0.0.2"));
  EXPECT_THAT(at("master0"), ElementsAre("A 10.0.0.2"));
  EXPECT_EQ(spec("master1"), nullptr);
  change.masters.reset();
  apply(change);
  EXPECT_THAT(sink_.log, IsEmpty());
  change.masters.emplace();
  apply(change);
  EXPECT_THAT(sink_.names, IsEmpty());
}

TEST_F(MesosViewTest, ExactMergesAndCountsWhatMeetsInfrastructure) {
  MesosViewConfig config = exact();
  config.name_server_addresses = addresses_from("10.0.0.53");
  begin(config);
  EXPECT_THAT(at("ns1"), ElementsAre("A 10.0.0.53"));
  const auto ns1 = framework("ns1", "10.0.0.9");
  step(nullptr, ns1);
  EXPECT_THAT(at("ns1"), ElementsAre("A 10.0.0.53", "A 10.0.0.9"));
  EXPECT_EQ(view_->counters().collisions, 1U);
  EXPECT_EQ(view_->counters().last_collision, "ns1.mesos.");
  EXPECT_EQ(dropped(MesosDrop::reserved_name), 0U);
  step(ns1, nullptr);
  EXPECT_EQ(view_->counters().collisions, 0U);
  EXPECT_THAT(at("ns1"), ElementsAre("A 10.0.0.53"));
}

TEST_F(MesosViewTest, ImprovedKeepsInfrastructureForItself) {
  MesosViewConfig config = improved();
  config.name_server_addresses = addresses_from("10.0.0.53");
  begin(config);
  const auto ns1 = framework("ns1", "10.0.0.9", 1);
  step(nullptr, ns1);
  EXPECT_THAT(sink_.log, IsEmpty());
  EXPECT_EQ(dropped(MesosDrop::reserved_name), 1U);
  step(nullptr, task("id=test name=web framework=ns1"));
  EXPECT_THAT(at("web.ns1"), ElementsAre("A 10.9.0.1"));  // its tasks stay
  step(ns1, nullptr);
  EXPECT_EQ(dropped(MesosDrop::reserved_name), 0U);
}

struct RankRow {
  const char* why;
  const char* strong;
  const char* weak;
  const char* owner;
};

TEST_F(MesosViewTest, TheStrongerClaimHasTheName) {
  const RankRow rows[] = {
      {"an agent's name before a task's", "id=a name=x framework=a agent_addresses=10.0.0.1",
       "id=b name=x framework=a.slave addresses=10.0.0.2", "x.a.slave"},
      {"a mangled name before a raw one", "id=a name=x framework=a.b addresses=10.0.0.1",
       "id=b name=x.a framework=b discovery addresses=10.0.0.2", "x.a.b"},
      {"a mangled name before a raw one of an agent", "id=a name=x framework=b.slave addresses=10.0.0.1",
       "id=b name=x.b framework=slave discovery addresses=10.0.0.2", "x.b.slave"},
  };
  for (const RankRow& row : rows) {
    SCOPED_TRACE(row.why);
    const TaskPtr strong = task(row.strong);
    const TaskPtr weak = task(row.weak);
    begin(improved());
    sink_.names.clear();
    step(nullptr, weak);
    EXPECT_THAT(at(row.owner), ElementsAre("A 10.0.0.2"));
    step(nullptr, strong);
    EXPECT_THAT(at(row.owner), ElementsAre("A 10.0.0.1"));
    EXPECT_GE(dropped(MesosDrop::name_taken), 1U);
    step(strong, nullptr);
    EXPECT_THAT(at(row.owner), ElementsAre("A 10.0.0.2"));
    EXPECT_EQ(dropped(MesosDrop::name_taken), 0U);

    begin(exact());
    sink_.names.clear();
    step(nullptr, weak);
    step(nullptr, strong);
    EXPECT_THAT(at(row.owner), ElementsAre("A 10.0.0.1", "A 10.0.0.2"));
  }
}

TEST_F(MesosViewTest, AFrameworksNameIsStrongerThanATasks) {
  begin(improved());
  const auto scheduler = framework("web.marathon", "10.0.0.5");
  step(nullptr, task("id=test name=web"));
  step(nullptr, scheduler);
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.0.0.5"));
  EXPECT_EQ(dropped(MesosDrop::name_taken), 1U);
  step(scheduler, nullptr);
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
}

TEST_F(MesosViewTest, EqualDataOfTwoClaimsIsNotTaken) {
  begin(improved());
  step(nullptr, task("id=test name=web"));
  step(nullptr, framework("web.marathon", "10.9.0.1"));
  EXPECT_EQ(dropped(MesosDrop::name_taken), 0U);
}

TEST_F(MesosViewTest, CountsFrameworksOfOneName) {
  begin(exact());
  const auto one = framework("Marathon", "10.0.0.5");
  step(nullptr, one);
  step(nullptr, framework("marathon", "10.0.0.6"));
  EXPECT_EQ(view_->counters().shared_frameworks, 1U);
  EXPECT_THAT(at("marathon"), ElementsAre("A 10.0.0.5", "A 10.0.0.6"));
  step(one, nullptr);
  EXPECT_EQ(view_->counters().shared_frameworks, 0U);
}

struct ReadinessRow {
  const char* why;
  WhenNone when_none;
  Lines none_ready;
};

TEST_F(MesosViewTest, TasksThatAreNotWellAreAnsweredWhenNoneIs) {
  const ReadinessRow rows[] = {
      {"all", WhenNone::all, {"A 10.9.0.1", "A 10.9.0.2"}},
      {"none", WhenNone::none, {"A NODATA"}},
      {"servfail", WhenNone::servfail, {"A SERVFAIL"}},
  };
  for (const ReadinessRow& row : rows) {
    SCOPED_TRACE(row.why);
    begin(with(exact(), row.when_none));
    sink_.names.clear();
    const TaskPtr sick = task("id=b name=web addresses=10.9.0.2 unready ports=31000");
    const TaskPtr well = task("id=a name=web ports=31000");
    const TaskPtr fell_ill = task("id=a name=web unready ports=31000");
    step(nullptr, sick);
    step(nullptr, well);
    EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
    EXPECT_EQ(at("_web._tcp.marathon").size(), 1U);
    EXPECT_EQ(spec("web.marathon")->rrsets.front().note.text, "");
    step(well, fell_ill);
    EXPECT_EQ(at("web.marathon"), row.none_ready);
    EXPECT_EQ(spec("web.marathon")->rrsets.front().note.text, "0 of 2 ready");
    step(fell_ill, well);
    EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1"));
    step(well, nullptr);
    step(sick, nullptr);
    EXPECT_THAT(sink_.names, IsEmpty());
  }
}

// Each family and SRV for themselves: an answer holds the well ones of those that can stand in it.
TEST_F(MesosViewTest, ReadinessIsThatOfAType) {
  begin(with(exact(), WhenNone::none));
  step(nullptr, task("id=a name=web"));
  step(nullptr, task("id=b name=web addresses=fd00::1 unready"));
  EXPECT_THAT(at("web.marathon"), ElementsAre("A 10.9.0.1", "AAAA NODATA"));
}

// Where weaker claims are out, their readiness is of no concern.
TEST_F(MesosViewTest, ReadinessIsThatOfTheStrongestClaim) {
  begin(with(improved(), WhenNone::none));
  step(nullptr, task("id=a name=x framework=a.b unready"));
  step(nullptr, task("id=b name=x.a framework=b discovery addresses=10.0.0.2"));
  EXPECT_THAT(at("x.a.b"), ElementsAre("A NODATA"));
}

TEST_F(MesosViewTest, AnswersAsItIsTold) {
  MesosViewConfig config = exact();
  config.ttl = 17;
  config.answers = 2;
  config.overflow = Overflow::fit;
  begin(config);
  step(nullptr, task("id=a name=web ports=31000"));
  for (const auto& [owner, spec] : sink_.names) {
    for (const RrsetSpec& rrset : spec.rrsets) {
      EXPECT_EQ(rrset.ttl, 17U);
      EXPECT_EQ(rrset.at_most, 2U);
      EXPECT_EQ(rrset.overflow, Overflow::fit);
      EXPECT_EQ(rrset.order, Order::weighted);
      EXPECT_FALSE(rrset.servfail);
    }
  }
  begin(exact());
  step(nullptr, task("id=a name=web"));
  EXPECT_EQ(spec("web.marathon")->rrsets.front().ttl, 60U);
  EXPECT_EQ(spec("web.marathon")->rrsets.front().at_most, 0U);
  EXPECT_EQ(spec("web.marathon")->rrsets.front().overflow, Overflow::truncate);
}

std::vector<std::uint32_t> weights_of(const NameSpec& spec) {
  std::vector<std::uint32_t> weights;
  for (const Member& member : spec.rrsets.front().members) weights.push_back(member.weight);
  return weights;
}

TEST_F(MesosViewTest, EveryRecordIsAsLikelyWhereLabelsDoNotCount) {
  begin(exact());
  step(nullptr, task("id=a name=web weight=5"));
  step(nullptr, task("id=b name=web weight=5"));
  step(nullptr, task("id=c name=web addresses=10.9.0.2 weight=1"));
  EXPECT_THAT(weights_of(*spec("web.marathon")), ElementsAre(draw_share(1), draw_share(1)));
}

TEST_F(MesosViewTest, WeightsOfLabelsAddUp) {
  begin(improved());
  const TaskPtr one = task("id=a name=web weight=5");
  const TaskPtr heavier = task("id=b name=web weight=5");
  step(nullptr, one);
  step(nullptr, heavier);
  step(nullptr, task("id=c name=web weight=2"));
  step(nullptr, task("id=d name=web addresses=10.9.0.2 weight=1"));
  EXPECT_THAT(weights_of(*spec("web.marathon")), ElementsAre(draw_share(12), draw_share(1)));
  step(heavier, nullptr);
  EXPECT_THAT(weights_of(*spec("web.marathon")), ElementsAre(draw_share(7), draw_share(1)));
  step(nullptr, task("id=e name=web weight=65535"));
  step(nullptr, task("id=f name=web weight=65535"));
  step(nullptr, task("id=g name=web weight=65535"));
  step(nullptr, task("id=h name=web weight=65535"));
  step(nullptr, task("id=i name=web weight=65535"));
  EXPECT_THAT(weights_of(*spec("web.marathon")), ElementsAre(UINT32_MAX, draw_share(1)));
}

TEST_F(MesosViewTest, TellsTheTasksInOrderOfArrivalWithWhatIsPublished) {
  begin(with(improved(), WhenNone::none));
  const TaskPtr first = task("id=z name=web");
  step(nullptr, first);
  step(nullptr, task("id=a name=sick unready"));
  step(nullptr, task("id=b name=x.y framework=f discovery"));
  step(nullptr, task("id=c name=x framework=y.f addresses=10.9.0.9"));
  step(first, task("id=z name=other"));
  Lines ids;
  std::map<std::string, std::set<std::string>> owners;
  std::size_t slices = 0;
  for (std::optional<std::uint64_t> place = 0; place; ++slices) {
    place =
        view_->visit_tasks(*place, 3, [&](const SchedulerTask& one, std::span<const MesosRecord> records) {
          ids.push_back(one.id);
          for (const MesosRecord& record : records) owners[one.id].insert(record.owner.text());
        });
  }
  EXPECT_EQ(slices, 2U);
  EXPECT_THAT(ids, ElementsAre("z", "a", "b", "c"));
  EXPECT_TRUE(owners["z"].contains("other.marathon.mesos."));
  EXPECT_THAT(owners["a"], IsEmpty());
  EXPECT_TRUE(owners["b"].contains("x-y.f.mesos."));
  EXPECT_FALSE(owners["b"].contains("x.y.f.mesos."));  // taken by c
  EXPECT_TRUE(owners["c"].contains("x.y.f.mesos."));
}

TEST_F(MesosViewTest, TellsWhatStandsAtANameAndWhatNot) {
  begin(improved());
  step(nullptr, task("id=a name=x.a framework=b discovery addresses=10.0.0.2"));
  step(nullptr, task("id=b name=x framework=a.b addresses=10.0.0.1"));
  step(nullptr, task("id=c name=x framework=a.b addresses=10.0.0.1"));
  step(nullptr, task("id=d name=! framework=b"));
  const auto standings = view_->standings_at(*parse_domain("X.a.b.mesos"));
  ASSERT_EQ(standings.size(), 2U);
  EXPECT_EQ(standings[0].rank, MesosRank::name);
  EXPECT_EQ(standings[0].count, 2U);
  EXPECT_TRUE(standings[0].is_published);
  EXPECT_EQ(standings[1].rank, MesosRank::raw_name);
  EXPECT_FALSE(standings[1].is_published);
  EXPECT_THAT(view_->standings_at(*parse_domain("nobody.mesos")), IsEmpty());

  const auto contributions = [&](const char* owner, std::size_t most) {
    Lines lines;
    const bool is_all = view_->visit_contributions(*parse_domain(owner), most, [&](const auto& one) {
      lines.push_back(
          std::string(one.element) + " " + one.id + " " + one.raw + (one.is_published ? "" : " out") +
          (one.withheld.empty() ? "" : ": " + std::string(one.withheld)) + (one.has_data ? "" : ", nowhere"));
    });
    if (!is_all) lines.push_back("and more");
    return lines;
  };
  EXPECT_THAT(contributions("X.a.b.mesos", 10), ElementsAre("task a x.a out", "task b x", "task c x"));
  EXPECT_THAT(contributions("x.a.b.mesos", 2), ElementsAre("task a x.a out", "task b x", "and more"));
  EXPECT_THAT(contributions("nobody.mesos", 10), IsEmpty());

  const auto withhold = [&](const std::shared_ptr<const SchedulerTask>& one, const char* reason) {
    SchedulerChange change;
    change.withheld.push_back({nullptr, std::make_shared<const registry::SchedulerWithheld>(
                                            registry::SchedulerWithheld{*one, reason, "", false})});
    apply(change);
    return change.withheld.front().after;
  };
  const auto sick = withhold(task("id=e name=x framework=a.b addresses=10.0.0.9"), "unhealthy");
  EXPECT_THAT(view_->standings_at(*parse_domain("x.a.b.mesos")), SizeIs(2)) << "it has no names";
  withhold(nowhere("id=g name=lost framework=b ports=31000"), "no_agent");
  step(nullptr, nowhere("id=h name=bare framework=b"));
  EXPECT_THAT(contributions("x.a.b.mesos", 10),
              ElementsAre("task a x.a out", "task b x", "task c x", "task e x out: unhealthy"));
  SchedulerTask unwell = *task("id=f name=x framework=a.b addresses=10.0.0.8 unready");
  unwell.reason = registry::Reason::not_routable_unhealthy;
  const auto known = std::make_shared<const SchedulerTask>(unwell);
  step(nullptr, known);
  EXPECT_THAT(contributions("x.a.b.mesos", 10), Contains("task f x out: not_routable:unhealthy"))
      << "while others are well";
  step(known, nullptr);
  EXPECT_THAT(contributions("lost.b.mesos", 10), ElementsAre("task g lost out: no_agent, nowhere"));
  EXPECT_THAT(contributions("_lost._tcp.b.mesos", 10), ElementsAre("task g lost out: no_agent, nowhere"));
  EXPECT_THAT(contributions("bare.b.mesos", 10), ElementsAre("task h bare out: no_address, nowhere"));
  SchedulerChange back;
  back.withheld.push_back({sick, nullptr});
  apply(back);
  EXPECT_THAT(contributions("x.a.b.mesos", 10), ElementsAre("task a x.a out", "task b x", "task c x"));

  Lines reasons;
  view_->visit_dropped([&](const auto& dropped) {
    reasons.push_back(std::string(naming::to_string(dropped.reason)) + " " + dropped.what);
  });
  EXPECT_THAT(reasons, ElementsAre("name_empty d"));
}

// What a change costs are its names, however large the cluster is.
TEST_F(MesosViewTest, AChangeInALargeClusterPutsItsNamesAlone) {
  begin(exact());
  SchedulerChange change;
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    change.tasks.push_back(
        {nullptr, task("id=t" + number + " name=app" + std::to_string(i / 10) + " ports=31000 agent=x-S" +
                       std::to_string(i % 400) + " addresses=10." + std::to_string(i / 250) + ".0." +
                       std::to_string(i % 250 + 1))});
  }
  apply(change);
  EXPECT_EQ(view_->counters().names, 10'000U * 2 + 1'000 * 6);
  step(change.tasks[77].after, nullptr);
  EXPECT_LE(sink_.log.size(), 8U);
}

TEST_F(MesosViewTest, ANameStaysAnEmptyOneWhileNamesBelowItExist) {
  class ZoneSink final : public NameSink {
   public:
    ZoneSink(Zones& zones, Zone& zone) : zones_(zones), zone_(zone) {}
    void put(std::size_t, const NameSpec& spec) override { zones_.put(zone_, spec); }
    void erase(std::size_t, const Name& owner) override { zones_.erase(zone_, owner); }

   private:
    Zones& zones_;
    Zone& zone_;
  };
  NameTable table;
  Zones zones(table);
  ZoneConfig zone_config;
  zone_config.apex = mesos_domain();
  zone_config.generated = true;
  Zone& zone = zones.add(zone_config);
  ZoneSink sink(zones, zone);
  MesosView view(exact(), MesosSink::kZone, sink);
  SchedulerChange change;
  const auto marathon = framework("marathon", "10.0.0.5");
  const TaskPtr web = task("id=test name=web");
  change.frameworks.push_back({nullptr, marathon});
  change.tasks.push_back({nullptr, web});
  view.apply(change);
  const Name owner = *parse_domain("marathon.mesos");
  EXPECT_EQ(zones.read(owner)->rrsets.size(), 1U);
  change = {};
  change.frameworks.push_back({marathon, nullptr});
  view.apply(change);
  ASSERT_TRUE(zones.read(owner).has_value());
  EXPECT_THAT(zones.read(owner)->rrsets, IsEmpty());
  change = {};
  change.tasks.push_back({web, nullptr});
  view.apply(change);
  EXPECT_FALSE(zones.read(owner).has_value());
}

void expect_same(const MesosView& view, const MesosSink& sink, const SchedulerChange& whole) {
  MesosSink fresh_sink;
  MesosView fresh(view.config(), MesosSink::kZone, fresh_sink);
  fresh.apply(whole);
  ASSERT_EQ(sink.lines(), fresh_sink.lines());
  ASSERT_EQ(sink.names, fresh_sink.names);
  const MesosViewCounters& a = view.counters();
  const MesosViewCounters& b = fresh.counters();
  ASSERT_EQ(a.names, sink.names.size());
  ASSERT_EQ(std::tie(a.names, a.records, a.collisions, a.shared_frameworks, a.dropped),
            std::tie(b.names, b.records, b.collisions, b.shared_frameworks, b.dropped));
}

void follow_changes(unsigned seed, const MesosViewConfig& config, bool expects_targets) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  ChangingCluster cluster(seed);
  MesosSink sink;
  sink.expects_targets = expects_targets;
  MesosView view(config, MesosSink::kZone, sink);
  for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    view.apply(cluster.step());
    expect_same(view, sink, cluster.whole());
  }
}

TEST(MesosViewFollows, ChangesAsIfItHadBegunWithTheState) {
  follow_changes(std::random_device{}(), exact(), false);
  follow_changes(std::random_device{}(), with(improved(), WhenNone::servfail), true);
}

// At every moment what an SRV record points to has an address.
TEST(MesosViewFollows, ChangesWithTargetsAlwaysThere) {
  follow_changes(std::random_device{}(), improved(), true);
  follow_changes(std::random_device{}(), with(improved(), WhenNone::none), true);
}

TEST(MesosViewFollows, Reconfigurations) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  ChangingCluster cluster(seed);
  MesosSink sink;
  MesosView view(exact(), MesosSink::kZone, sink);
  for (int i = 0; i < 30; ++i) view.apply(cluster.step());

  std::vector<MesosViewConfig> configs = {improved(), exact()};
  configs.push_back(exact());
  configs.back().ttl = 5;
  configs.push_back(exact());
  configs.back().naming.rfc952 = true;
  configs.push_back(with(improved(), WhenNone::servfail));
  configs.push_back(improved());
  configs.back().name_server_addresses = addresses_from("10.0.0.53");
  configs.push_back(improved());
  for (const MesosViewConfig& config : configs) {
    view.reconfigure(config);
    expect_same(view, sink, cluster.whole());
    view.apply(cluster.step());
    expect_same(view, sink, cluster.whole());
  }
  sink.log.clear();
  view.reconfigure(improved());
  EXPECT_THAT(sink.log, IsEmpty());
}

}  // namespace
}  // namespace muster::zones
