// What a Mesos view says in the reverse zones: of which tasks, when it comes and goes, and beside whom.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/zones/support/changing_cluster.h"
#include "tests/zones/support/mesos_cluster.h"
#include "tests/zones/support/reverse_sink.h"
#include "zones/mesos_view.h"

namespace muster::zones {
namespace {

using namespace test;
using registry::SchedulerChange;
using registry::SchedulerTask;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using TaskPtr = std::shared_ptr<const SchedulerTask>;
using Lines = std::vector<std::string>;

MesosViewConfig with_ptr(naming::MesosNaming naming) {
  MesosViewConfig config;
  config.naming = std::move(naming);
  config.naming.ptr = true;
  return config;
}
MesosViewConfig exact() { return with_ptr(naming::exact_naming(mesos_domain())); }
MesosViewConfig improved() { return with_ptr(naming::improved_naming(mesos_domain())); }
MesosViewConfig with(MesosViewConfig config, WhenNone when_none) {
  config.when_none = when_none;
  return config;
}

TaskPtr task(const std::string& line) { return std::make_shared<SchedulerTask>(marathon_task(line)); }

// All that is put and erased, wherever, in one order.
class SharedLog final : public NameSink {
 public:
  SharedLog(NameSink& to, Lines& log) : to_(to), log_(log) {}
  void put(std::size_t zone, const NameSpec& spec) override {
    log_.push_back("+" + spec.owner.text());
    to_.put(zone, spec);
  }
  void erase(std::size_t zone, const Name& owner) override {
    log_.push_back("-" + owner.text());
    to_.erase(zone, owner);
  }

 private:
  NameSink& to_;
  Lines& log_;
};

class MesosReverseTest : public testing::Test {
 protected:
  MesosView& begin(MesosViewConfig config) {
    view_ = std::make_unique<MesosView>(std::move(config), MesosSink::kZone, view_log_, &reverse_);
    return *view_;
  }
  void step(TaskPtr before, TaskPtr after) {
    SchedulerChange change;
    change.tasks.push_back({std::move(before), std::move(after)});
    log_.clear();
    view_->apply(change);
  }
  Lines lines() const { return reverse_sink_.lines(); }

  Lines log_;
  MesosSink sink_;
  SharedLog view_log_{sink_, log_};
  PublishConfig config_ = reverse_config();
  PublishCounters counters_;
  ReverseSink reverse_sink_{config_.reverse};
  SharedLog reverse_log_{reverse_sink_, log_};
  ReverseNames reverse_{config_, counters_, reverse_log_};
  std::unique_ptr<MesosView> view_;
};

TEST_F(MesosReverseTest, LeadsFromATasksOwnAddressesToItsCanonicalName) {
  struct Row {
    const char* why;
    const char* task;
    Lines lines;
  };
  const Row rows[] = {
      {"a container's addresses of both kinds",
       "id=test name=web addresses=10.9.0.7,fd00::7",
       {"7.0.9.10.in-addr.arpa. 60: web-iffe9-s0.marathon.mesos.",
        "7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 60: "
        "web-iffe9-s0.marathon.mesos."}},
      {"its agent's are those of many", "id=test name=web addresses=10.0.1.10", {}},
      {"one of them is its agent's",
       "id=test name=web addresses=10.0.1.10,10.9.0.7",
       {"7.0.9.10.in-addr.arpa. 60: web-iffe9-s0.marathon.mesos."}},
      {"outside the zones", "id=test name=web addresses=192.0.2.7", {}},
      {"no addresses", "id=test name=web", {}},
      {"with DiscoveryInfo the mangled name alone",
       "id=test name=grp.Web discovery addresses=10.9.0.7",
       {"7.0.9.10.in-addr.arpa. 60: grp-web-iffe9-s0.marathon.mesos."}},
      {"no label, no canonical name", "id=test name=___ discovery addresses=10.9.0.7", {}},
      {"no framework", "id=test name=web framework=! addresses=10.9.0.7", {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    begin(exact());
    const TaskPtr one = task(row.task);
    step(nullptr, one);
    EXPECT_EQ(lines(), row.lines);
    step(one, nullptr);
    EXPECT_THAT(lines(), IsEmpty());
    EXPECT_THAT(sink_.names, IsEmpty());
    view_.reset();
  }
}

TEST_F(MesosReverseTest, WithoutPtrSaysNothing) {
  MesosViewConfig config = exact();
  config.naming.ptr = false;
  begin(config);
  step(nullptr, task("id=test name=web addresses=10.9.0.7"));
  EXPECT_THAT(lines(), IsEmpty());
  EXPECT_THAT(reverse_sink_.log, IsEmpty());
}

// T-H-S.F.D has the agent's addresses then.
TEST_F(MesosReverseTest, WhereAllPortsAreTheAgentsNothingLeadsToTheTask) {
  begin(improved());
  step(nullptr, task("id=test name=web discovery di=80/tcp//agent addresses=10.9.0.7"));
  EXPECT_THAT(lines(), IsEmpty());
  step(nullptr, task("id=web.aaa name=web discovery di=80/tcp/ addresses=10.9.0.8"));
  EXPECT_THAT(lines(), ElementsAre("8.0.9.10.in-addr.arpa. 60: web-5quyu-s0.marathon.mesos."));
}

TEST_F(MesosReverseTest, ComesAfterTheNameItLeadsToAndGoesBeforeIt) {
  begin(exact());
  const TaskPtr web = task("id=test name=web addresses=10.9.0.7");
  const std::string canonical = "web-iffe9-s0.marathon.mesos.";
  const auto place = [&](const std::string& entry) { return std::ranges::find(log_, entry) - log_.begin(); };
  step(nullptr, web);
  ASSERT_LT(place("+7.0.9.10.in-addr.arpa."), std::ssize(log_));
  EXPECT_LT(place("+" + canonical), place("+7.0.9.10.in-addr.arpa."));
  step(web, nullptr);
  ASSERT_LT(place("-" + canonical), std::ssize(log_));
  EXPECT_LT(place("-7.0.9.10.in-addr.arpa."), place("-" + canonical));
}

TEST_F(MesosReverseTest, FollowsATaskThatMovesAndTouchesNothingElse) {
  begin(exact());
  const TaskPtr first = task("id=test name=web addresses=10.9.0.7,10.9.0.8");
  const TaskPtr moved = task("id=test name=web addresses=10.9.0.8,10.9.0.9");
  const TaskPtr elsewhere = task("id=test name=web agent=x-S1 addresses=10.9.0.8,10.9.0.9");
  step(nullptr, first);
  reverse_sink_.log.clear();
  step(first, moved);
  EXPECT_THAT(reverse_sink_.log, ElementsAre("-7.0.9.10.in-addr.arpa.", "+9.0.9.10.in-addr.arpa."));
  step(moved, elsewhere);
  EXPECT_THAT(lines(), ElementsAre("8.0.9.10.in-addr.arpa. 60: web-iffe9-s1.marathon.mesos.",
                                   "9.0.9.10.in-addr.arpa. 60: web-iffe9-s1.marathon.mesos."));
  reverse_sink_.log.clear();
  step(nullptr, task("id=web.aaa name=web agent=x-S2"));  // T.F.D changes; this one has no addresses
  step(elsewhere, task("id=test name=web agent=x-S1 ports=31000 addresses=10.9.0.8,10.9.0.9"));
  EXPECT_THAT(reverse_sink_.log, IsEmpty());
}

TEST_F(MesosReverseTest, AnAddressThatTurnsOutToBeTheAgentsLeadsBackNoLonger) {
  begin(exact());
  const TaskPtr early = task("id=test name=web addresses=10.9.0.7 agent_addresses=10.0.1.10");
  const TaskPtr later = task("id=test name=web addresses=10.9.0.7 agent_addresses=10.9.0.7");
  step(nullptr, early);
  EXPECT_EQ(lines().size(), 1U);
  step(early, later);
  EXPECT_THAT(lines(), IsEmpty());
  step(later, early);
  EXPECT_EQ(lines().size(), 1U);
}

// As its A record there: with when_none = "all" the address of the only one stays, well or not.
TEST_F(MesosReverseTest, IsThereWhileTheAddressRecordOfTheNameIs) {
  struct Row {
    WhenNone when_none;
    std::size_t sick;
  };
  for (const Row& row : {Row{WhenNone::all, 1}, Row{WhenNone::none, 0}, Row{WhenNone::servfail, 0}}) {
    begin(with(exact(), row.when_none));
    const TaskPtr well = task("id=test name=web addresses=10.9.0.7");
    const TaskPtr sick = task("id=test name=web unready addresses=10.9.0.7");
    step(nullptr, sick);
    EXPECT_EQ(lines().size(), row.sick);
    step(sick, well);
    EXPECT_EQ(lines().size(), 1U);
    step(well, sick);
    EXPECT_EQ(lines().size(), row.sick);
    view_.reset();
    sink_.names.clear();
  }
}

// "T of framework F.slave" is spelt like "the agent of T of framework F", and that claim is stronger.
TEST_F(MesosReverseTest, DoesNotLeadToANameThatAnotherClaimHas) {
  begin(improved());
  const TaskPtr own = task("id=test name=web framework=x.slave addresses=10.9.0.7");
  const TaskPtr stronger = task("id=test name=web framework=x addresses=10.9.0.8");
  step(nullptr, own);
  EXPECT_THAT(lines(), ElementsAre("7.0.9.10.in-addr.arpa. 60: web-iffe9-s0.x.slave.mesos."));
  step(nullptr, stronger);
  EXPECT_THAT(lines(), ElementsAre("8.0.9.10.in-addr.arpa. 60: web-iffe9-s0.x.mesos."));
  step(stronger, nullptr);
  EXPECT_THAT(lines(), ElementsAre("7.0.9.10.in-addr.arpa. 60: web-iffe9-s0.x.slave.mesos."));
}

TEST_F(MesosReverseTest, ReconfiguredItComesGoesAndHasAnotherTtl) {
  MesosViewConfig off = exact();
  off.naming.ptr = false;
  begin(off);
  const TaskPtr web = task("id=test name=web addresses=10.9.0.7");
  step(nullptr, web);
  const Registered instance{Make("web", "i1").get()};
  reverse_.add(ip("10.9.0.7"), {1, &instance});
  reverse_.flush();
  const std::string native = "7.0.9.10.in-addr.arpa. 5: i1.web.svc.internal.";
  for (int round = 0; round < 2; ++round) {
    view_->reconfigure(exact());
    EXPECT_THAT(lines(), ElementsAre(native + " web-iffe9-s0.marathon.mesos."));
    MesosViewConfig quick = exact();
    quick.ttl = 3;
    view_->reconfigure(quick);
    EXPECT_THAT(lines(),
                ElementsAre("7.0.9.10.in-addr.arpa. 3: i1.web.svc.internal. web-iffe9-s0.marathon.mesos."));
    view_->reconfigure(off);
    EXPECT_THAT(lines(), ElementsAre(native));
  }
  view_->reconfigure(exact());
  view_.reset();
  EXPECT_THAT(lines(), ElementsAre(native));
}

TEST_F(MesosReverseTest, ASilentClusterKeepsWhatItSaid) {
  begin(exact());
  step(nullptr, task("id=test name=web addresses=10.9.0.7"));
  reverse_sink_.log.clear();
  SchedulerChange change;
  change.silence = registry::SchedulerSilence{registry::WallTime(std::chrono::seconds(1))};
  view_->apply(change);
  EXPECT_THAT(reverse_sink_.log, IsEmpty());
}

// Each address leads to names that have it.
void expect_forward(const ReverseSink& reverse, const MesosSink& forward) {
  std::set<std::pair<Name, std::string>> pairs;  // reverse name, target
  for (const auto& [owner, spec] : forward.names) {
    for (const RrsetSpec& rrset : spec.rrsets) {
      if (rrset.type == RrType::srv) continue;
      for (const Member& member : rrset.members)
        pairs.emplace(naming::reverse_name(decode_address(member.rdata)), spec.owner.wire());
    }
  }
  for (const auto& [owner, spec] : reverse.names) {
    for (const Member& member : spec.rrsets.at(0).members)
      EXPECT_TRUE(pairs.contains({owner, member.rdata})) << owner.text();
  }
}

std::size_t follow_changes(unsigned seed, const MesosViewConfig& config) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  ChangingCluster cluster(seed);
  MesosSink sink;
  ReverseZones reverse;
  MesosView view(config, MesosSink::kZone, sink, &reverse.names);
  MesosViewConfig other = config;
  std::size_t seen = 0;
  for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    view.apply(cluster.step());
    if (step % 10 == 0) {
      other.ttl = 60 + static_cast<std::uint32_t>(step);
      other.naming.ptr = step % 40 != 0;
      view.reconfigure(other);
    }
    MesosSink fresh_sink;
    ReverseZones fresh_reverse;
    MesosView fresh(view.config(), MesosSink::kZone, fresh_sink, &fresh_reverse.names);
    fresh.apply(cluster.whole());
    EXPECT_EQ(reverse.sink.lines(), fresh_reverse.sink.lines());
    expect_forward(reverse.sink, sink);
    seen += reverse.sink.names.size();
  }
  return seen;
}

TEST(MesosReverseFollows, ChangesAsIfItHadBegunWithTheState) {
  EXPECT_GT(follow_changes(std::random_device{}(), exact()), 0U);
  EXPECT_GT(follow_changes(std::random_device{}(), with(improved(), WhenNone::servfail)), 0U);
}

}  // namespace
}  // namespace muster::zones
