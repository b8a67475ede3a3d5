// A client's registration that names a scheduler's task, and a task that two schedulers list by different
// names: one instance, whoever comes first.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

const SourceId kMesos{SourceKind::scheduler, "mesos"};
const SourceId kOtherMesos{SourceKind::scheduler, "other-mesos"};
const SourceId kMarathon{SourceKind::marathon, "marathon"};
const SourceId kStatic{SourceKind::fixed, "static"};

InstanceBody of_task(std::string task, const char* ip = "10.0.0.7") {
  InstanceBody body = body_at(ip);
  body.task = std::move(task);
  return body;
}

class Joining : public Fixture {
 protected:
  Outcome list(const SourceId& source, const std::string& service, const std::string& id, InstanceBody body) {
    return registry->apply(SourceStep{source, {}, {registration(service, id, std::move(body))}}, now);
  }
  Outcome list(const SourceId& source, const std::string& service, const std::string& task) {
    return list(source, service, task, of_task(task, "10.9.0.1"));
  }
  Outcome unlist(const SourceId& source, const std::string& service, const std::string& id,
                 Cause cause = Cause::source_gone) {
    return registry->apply(SourceStep{source, {{service, id, cause}}, {}}, now);
  }
  Outcome join(const std::string& id, const std::string& task) { return put(id, 1, of_task(task)); }
  // "app/t <- web/me", "web/you": every instance with its aliases.
  std::set<std::string> instances() const {
    std::set<std::string> all;
    registry->for_each([&](const InstancePtr& instance) {
      std::string text = instance->service + "/" + instance->id;
      if (instance->aliases)
        for (const std::string& alias : *instance->aliases) text += " <- " + alias;
      all.insert(text);
    });
    return all;
  }
  using Set = std::set<std::string>;
};

TEST_F(Joining, OneInstanceUnderTheSchedulersNameWhoeverComesFirst) {
  for (const bool scheduler_first : {true, false}) {
    SCOPED_TRACE(scheduler_first ? "the scheduler first" : "the client first");
    begin_anew();
    if (scheduler_first) {
      ASSERT_TRUE(list(kMesos, "app", "t"));
    }
    const Outcome granted = join("me", "t");
    ASSERT_TRUE(granted);
    EXPECT_EQ(granted->alias_of, scheduler_first ? "app/t" : "");
    EXPECT_EQ(granted->created, !scheduler_first);
    if (!scheduler_first) {
      ASSERT_TRUE(list(kMesos, "app", "t"));
    }
    EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
    EXPECT_EQ(web("me"), registry->find("app", "t"));
    EXPECT_EQ(web("me")->sources.size(), 2U);
    EXPECT_EQ(registry->counts().instances, 1U);
    EXPECT_EQ(web("me")->body->addresses, std::vector{address("10.9.0.1")}) << "the scheduler's";
    EXPECT_TRUE(registry->view("web", now).instances.empty());
  }
}

TEST_F(Joining, FeedTellsThatOneHasReplacedTheOther) {
  ASSERT_TRUE(join("me", "t"));
  registry->take_batch();
  ASSERT_TRUE(list(kMesos, "app", "t"));
  const Batch batch = registry->take_batch();
  const auto gone = std::ranges::find(batch.changes, nullptr, &InstanceChange::after);
  ASSERT_NE(gone, batch.changes.end());
  EXPECT_EQ(gone->service + "/" + gone->id, "web/me");
  EXPECT_EQ(gone->cause, Cause::replaced);
  EXPECT_EQ(batch.changes.back().after, registry->find("app", "t"));
}

TEST_F(Joining, HeartbeatsGoOnUnderTheClientsName) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  for (int i = 0; i < 10; ++i) {
    pass(Millis(10'000));
    const Outcome renewed = beat("me", 1);
    ASSERT_TRUE(renewed);
    EXPECT_EQ(renewed->alias_of, "app/t");
    EXPECT_EQ(renewed->lease.ttl, Millis(30'000)) << "its own, though the scheduler's word has no end";
    EXPECT_EQ(renewed->lease.expires_at, now.wall + Millis(30'000));
  }
  EXPECT_EQ(web("me")->sources.size(), 2U);
  pass(Millis(31'000));
  EXPECT_EQ(instances(), (Set{"app/t"})) << "the scheduler lists it still";
  EXPECT_EQ(code_of(beat("me", 1)), "unknown_instance");
  ASSERT_TRUE(beat("me", 1, {}, shared(of_task("t"))));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
}

TEST_F(Joining, RegisteringAnewStaysJoined) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  const std::uint64_t revision = web("me")->revision;
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(web("me")->revision, revision) << "it says the same";
  ASSERT_TRUE(put("me", 2, of_task("t")));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  EXPECT_EQ(code_of(put("me", 1, of_task("t"))), "stale_generation");
}

TEST_F(Joining, DeregisteringByTheAliasEndsWhatTheClientSaid) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(remove("me", 1));
  EXPECT_EQ(instances(), (Set{"app/t"}));
  EXPECT_EQ(code_of(beat("me", 1)), "deregistered") << "under its own name";
  ASSERT_TRUE(put("me", 2, of_task("t")));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
}

TEST_F(Joining, DrainsByEitherName) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "kernel"}, now));
  EXPECT_FALSE(registry->find("app", "t")->serving);
  ASSERT_TRUE(registry->apply(DrainOrder{"app", "t", false, ""}, now));
  EXPECT_TRUE(web("me")->serving);
}

TEST_F(Joining, TheEndOfTheTaskEndsTheRegistrationToo) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(unlist(kMesos, "app", "t", Cause::task_ended));
  EXPECT_EQ(instances(), Set{});
  EXPECT_EQ(code_of(beat("me", 1)), "deregistered");
  EXPECT_EQ(code_of(put("me", {}, of_task("t"))), "deregistered");
}

TEST_F(Joining, WhoIsNoLongerListedStandsUnderItsOwnNameAgain) {
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  const std::uint64_t sequence = [&] {
    const Batch batch = registry->take_batch();
    return batch.changes.front().after->sequence;
  }();
  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"web/me"}));
  EXPECT_EQ(web("me")->sequence, sequence) << "its place among the others";
  ASSERT_TRUE(beat("me", 1));
  pass(Millis(31'000));
  EXPECT_EQ(instances(), Set{});
}

TEST_F(Joining, StoredUnderTheClientsName) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  Batch batch = registry->take_batch();
  ASSERT_EQ(rows_of<ClaimRow>(batch), 1U);
  const auto row =
      std::ranges::find_if(batch.rows, [](const Row& one) { return std::holds_alternative<ClaimRow>(one); });
  EXPECT_EQ(std::get<ClaimRow>(*row).service, "web");
  EXPECT_EQ(std::get<ClaimRow>(*row).id, "me");

  begin_anew();
  for (const Row& one : batch.rows) registry->restore(one, now);
  registry->restored(now);
  EXPECT_EQ(instances(), (Set{"web/me"})) << "until its scheduler has spoken";
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  registry->take_batch();
  ASSERT_TRUE(remove("me"));
  batch = registry->take_batch();
  const auto gone =
      std::ranges::find_if(batch.rows, [](const Row& one) { return std::holds_alternative<ClaimGone>(one); });
  ASSERT_NE(gone, batch.rows.end());
  EXPECT_EQ(std::get<ClaimGone>(*gone).id, "me");
}

TEST_F(Joining, WhatTheClientReportsCountsAndIsStoredUnderItsName) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  registry->take_batch();
  ASSERT_TRUE(beat("me", 1, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  EXPECT_EQ(registry->find("app", "t")->reason, Reason::suspended_report);
  const Batch batch = registry->take_batch();
  const auto row =
      std::ranges::find_if(batch.rows, [](const Row& one) { return std::holds_alternative<HealthRow>(one); });
  ASSERT_NE(row, batch.rows.end());
  EXPECT_EQ(std::get<HealthRow>(*row).id, "me");

  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_FALSE(web("me")->serving) << "its report went with it";
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_FALSE(web("me")->serving) << "and came back with it";
  pass(Millis(31'000));
  EXPECT_TRUE(registry->find("app", "t")->serving) << "who said so is no more";
  const Batch last = registry->take_batch();
  const auto report = std::find_if(last.rows.rbegin(), last.rows.rend(), [](const Row& one) {
    return std::holds_alternative<HealthRow>(one) || std::holds_alternative<HealthGone>(one);
  });
  ASSERT_NE(report, last.rows.rend());
  EXPECT_TRUE(std::holds_alternative<HealthGone>(*report));
}

TEST_F(Joining, ADrainGoesWithTheInstance) {
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "kernel"}, now));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_EQ(registry->find("app", "t")->reason, Reason::draining);
}

TEST_F(Joining, NamingNoTaskOrAnotherParts) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(list(kMesos, "app", "u"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("me", ""));
  EXPECT_EQ(instances(), (Set{"app/t", "app/u", "web/me"}));
  ASSERT_TRUE(join("me", "t"));
  const Outcome moved = join("me", "u");
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->alias_of, "app/u");
  EXPECT_EQ(instances(), (Set{"app/t", "app/u <- web/me"}));
  ASSERT_TRUE(join("me", "nobody's"));
  EXPECT_EQ(instances(), (Set{"app/t", "app/u", "web/me"}));
}

TEST_F(Joining, WhoeverSpeaksOfTheAliasSpeaksOfTheInstance) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(list(kStatic, "web", "me", body_at("192.0.2.1")));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  EXPECT_EQ(web("me")->body->addresses, std::vector{address("192.0.2.1")});
  ASSERT_TRUE(remove("me", 1));
  EXPECT_EQ(instances(), (Set{"app/t", "web/me"})) << "nobody says any more that they are one";
  ASSERT_TRUE(unlist(kStatic, "web", "me"));
  EXPECT_EQ(instances(), (Set{"app/t"}));
}

TEST_F(Joining, MesosFollowsMarathonsName) {
  for (const bool mesos_first : {true, false}) {
    SCOPED_TRACE(mesos_first ? "Mesos first" : "Marathon first");
    begin_anew();
    if (mesos_first) {
      ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
    }
    ASSERT_TRUE(list(kMarathon, "app", "t"));
    if (!mesos_first) {
      ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
    }
    ASSERT_TRUE(join("me", "t"));
    EXPECT_EQ(instances(), (Set{"app/t <- of-mesos/t <- web/me"}));
    ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
    ASSERT_TRUE(unlist(kMarathon, "app", "t"));
    EXPECT_EQ(instances(), (Set{"of-mesos/t <- web/me"})) << "Mesos lists it still";
    ASSERT_TRUE(list(kMarathon, "app", "t"));
    EXPECT_EQ(instances(), (Set{"app/t <- of-mesos/t <- web/me"}));
    ASSERT_TRUE(unlist(kMesos, "of-mesos", "t"));
    EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  }
}

TEST_F(Joining, AnEndThatMarathonSawKeepsItOutWhileMesosIsBehind) {
  ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  ASSERT_TRUE(unlist(kMarathon, "app", "t", Cause::task_ended));
  EXPECT_EQ(instances(), (Set{"of-mesos/t"}));
  EXPECT_EQ(registry->find("of-mesos", "t")->reason, Reason::task_ended);
  ASSERT_TRUE(unlist(kMesos, "of-mesos", "t"));
  EXPECT_EQ(instances(), Set{});
}

TEST_F(Joining, AWholeListJoinsAsStepsDo) {
  ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
  ASSERT_TRUE(list(kMesos, "of-mesos", "u"));
  ASSERT_TRUE(registry->apply(
      SourceList{kMarathon, {registration("app", "t", of_task("t")), registration("app", "u", of_task("u"))}},
      now));
  EXPECT_EQ(instances(), (Set{"app/t <- of-mesos/t", "app/u <- of-mesos/u"}));
  ASSERT_TRUE(registry->apply(SourceList{kMesos, {registration("of-mesos", "u", of_task("u"))}}, now));
  EXPECT_EQ(instances(), (Set{"app/t", "app/u <- of-mesos/u"}));
  ASSERT_TRUE(registry->apply(SourceList{kMarathon, {}}, now));
  EXPECT_EQ(instances(), (Set{"of-mesos/u"}));
}

TEST_F(Joining, TasksOfTwoClustersOnlyShareAnId) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(list(kOtherMesos, "other", "t"));
  EXPECT_EQ(instances(), (Set{"app/t", "other/t"}));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me", "other/t"})) << "the first";
  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"other/t <- web/me"}));
}

TEST_F(Joining, ASecondRegistrationOfATaskStandsAlone) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("you", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me", "web/you"}));
  ASSERT_TRUE(beat("you", 1));
  ASSERT_TRUE(remove("me", 1));
  EXPECT_EQ(instances(), (Set{"app/t <- web/you"})) << "its place is free";
}

TEST_F(Joining, ARegistrationUnderTheTasksOwnNameGoesBefore) {
  ASSERT_TRUE(list(kMesos, "web", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("t", "t"));
  EXPECT_EQ(instances(), (Set{"web/me", "web/t"}));
  EXPECT_EQ(web("t")->sources.size(), 2U);
}

TEST_F(Joining, ATaskThatIsListedUnderAnAliasIsItself) {
  ASSERT_TRUE(list(kMesos, "web", "t"));
  ASSERT_TRUE(join("u", "t"));
  ASSERT_TRUE(list(kMesos, "web", "u"));
  EXPECT_EQ(instances(), (Set{"web/t", "web/u"}));
  EXPECT_EQ(web("u")->sources.size(), 2U) << "who registered as it";
}

TEST_F(Joining, NeedsNoRoomOfItsOwn) {
  RegistryConfig config;
  config.max_instances = 1;
  begin_anew(std::move(config));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(code_of(put("other", 1)), "too_many_instances");
  Registration in_batch = registration("web", "me", of_task("t"));
  EXPECT_TRUE(registry->apply_all(std::vector<Change>{in_batch}, now));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
}

TEST_F(Joining, WhoWasKeptAsideComesBackByItsTask) {
  RegistryConfig config;
  config.protection.min_instances = 2;
  begin_anew(std::move(config));
  const auto join_for = [&](const char* id, Millis lease) {
    Registration one = registration("web", id, of_task(std::string("task-of-") + id));
    one.lease = lease;
    return registry->apply(one, now);
  };
  ASSERT_TRUE(join_for("a", Millis(2'000)));
  ASSERT_TRUE(join_for("b", Millis(4'000)));
  ASSERT_TRUE(join_for("c", Millis(4'000)));
  pass(Millis(2'100));
  EXPECT_EQ(instances(), (Set{"web/b", "web/c"})) << "one of three: a is kept aside";
  ASSERT_TRUE(list(kMesos, "app", "task-of-a"));
  pass(Millis(2'100));
  EXPECT_EQ(instances(), (Set{"app/task-of-a", "web/b", "web/c"}))
      << "the rest are suspects, a is no suspect";
  ASSERT_TRUE(list(kMesos, "app", "task-of-b"));
  EXPECT_EQ(web("b")->lease_state, LeaseState::live) << "its scheduler speaks for it";
  pass(Millis(50));
  EXPECT_EQ(instances(), (Set{"app/task-of-a", "app/task-of-b", "web/c"})) << "its own lease is over";
}

TEST_F(Joining, ExplainTellsWhoSpeaksByWhichName) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  const auto explanation = registry->explain("web", "me", now);
  ASSERT_TRUE(explanation);
  EXPECT_EQ(explanation->instance->id, "t");
  ASSERT_EQ(explanation->claims.size(), 2U);
  for (const ClaimView& claim : explanation->claims)
    EXPECT_EQ(claim.alias, claim.source.kind == SourceKind::heartbeat ? "web/me" : "");
}

TEST_F(Joining, TheOverlaySpeaksOfAllNames) {
  ASSERT_TRUE(registry->apply(
      OverlayEdit{OverlayEdit::Kind::append, {{"web/me", AdminMode::down, {}, {}, {}, {}, "", ""}}, "", {}},
      now));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(web("me")->admin, AdminMode::down);
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_EQ(registry->find("app", "t")->admin, AdminMode::down) << "who moves stays down";
  ASSERT_TRUE(registry->apply(
      OverlayEdit{OverlayEdit::Kind::append, {{"w*/m*", {}, 7, {}, {}, {}, "", ""}}, "", {}}, now));
  EXPECT_EQ(registry->find("app", "t")->body->weight, 7);
  EXPECT_EQ(registry->explain("app", "t", now)->overlay.size(), 2U);
  ASSERT_TRUE(registry->apply(
      OverlayEdit{OverlayEdit::Kind::append, {{"app/t", AdminMode::up, {}, {}, {}, {}, "", ""}}, "", {}},
      now));
  EXPECT_EQ(web("me")->admin, AdminMode::up) << "the later wins";
  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_EQ(web("me")->admin, AdminMode::down);
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(remove("me"));
  EXPECT_EQ(registry->find("app", "t")->body->weight, std::nullopt);
}

// Whatever the order of what is said: who is one instance follows from what stands.
TEST_F(Joining, TheOrderOfWordsDoesNotMatter) {
  constexpr int kTasks = 3;
  struct Stand {
    bool mesos = false, marathon = false, fixed = false, native = false, names_task = false;
  };
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    begin_anew();
    std::mt19937 random(seed);
    std::array<Stand, kTasks> stands{};
    for (int step = 0; step < 300; ++step) {
      const std::size_t which = random() % kTasks;
      Stand& stand = stands[which];
      const std::string task = "t" + std::to_string(which);
      const std::string me = "me" + std::to_string(which);
      switch (random() % 6) {
        case 0:
          stand.mesos = !stand.mesos;
          ASSERT_TRUE(stand.mesos ? list(kMesos, "of-mesos", task) : unlist(kMesos, "of-mesos", task));
          break;
        case 1:
          stand.marathon = !stand.marathon;
          ASSERT_TRUE(stand.marathon ? list(kMarathon, "app", task) : unlist(kMarathon, "app", task));
          break;
        case 2:
          stand.fixed = !stand.fixed;
          ASSERT_TRUE(stand.fixed ? list(kStatic, "web", me, body_at("192.0.2.1"))
                                  : unlist(kStatic, "web", me));
          break;
        case 3:
          if (stand.native) {
            ASSERT_TRUE(remove(me));
          }
          stand.native = false;
          break;
        default:
          stand.native = true;
          stand.names_task = random() % 2 == 0;
          ASSERT_TRUE(put(me, {}, of_task(stand.names_task ? task : "")));
      }
      Set expected;
      for (std::size_t i = 0; i < kTasks; ++i) {
        const Stand& one = stands[i];
        const std::string number = std::to_string(i);
        const bool joins = one.native && one.names_task && (one.mesos || one.marathon);
        const std::string alias = joins ? " <- web/me" + number : "";
        if (one.marathon) {
          expected.insert("app/t" + number + (one.mesos ? " <- of-mesos/t" + number : "") + alias);
        } else if (one.mesos) {
          expected.insert("of-mesos/t" + number + alias);
        }
        if (!joins && (one.native || one.fixed)) expected.insert("web/me" + number);
      }
      ASSERT_EQ(instances(), expected) << "after step " << step;
    }
  }
}

}  // namespace
}  // namespace muster::registry::test
