// What joining and parting must not lose: refusals without a trace, drains, reports, ends.
#include <algorithm>
#include <set>
#include "tests/registry/support/fixture.h"
namespace muster::registry::test {
namespace {
const SourceId kMesos{SourceKind::scheduler, "mesos"};
const SourceId kMarathon{SourceKind::marathon, "marathon"};
const SourceId kStatic{SourceKind::fixed, "static"};
const SourceId kUpdate{SourceKind::update, "update"};
const SourceId kLyft{SourceKind::lyft, "lyft"};
InstanceBody of_task(std::string task, const char* ip = "10.0.0.7") {
  InstanceBody body = body_at(ip);
  body.task = std::move(task);
  return body;
}
class JoiningCases : public Fixture {
 protected:
  Outcome list(const SourceId& s, const std::string& service, const std::string& id, InstanceBody b,
               Fitness f = {}) {
    Registration r = registration(service, id, std::move(b));
    r.fitness = f;
    return registry->apply(SourceStep{s, {}, {r}}, now);
  }
  Outcome list(const SourceId& s, const std::string& service, const std::string& task) {
    return list(s, service, task, of_task(task, "10.9.0.1"));
  }
  Outcome unlist(const SourceId& s, const std::string& service, const std::string& id,
                 Cause c = Cause::source_gone) {
    return registry->apply(SourceStep{s, {{service, id, c}}, {}}, now);
  }
  Outcome join(const std::string& id, const std::string& task, std::optional<std::uint64_t> g = 1) {
    return put(id, g, of_task(task));
  }
  Registration reg(std::string service, std::string id, InstanceBody b, std::optional<std::uint64_t> g = {}) {
    Registration r = registration(std::move(service), std::move(id), std::move(b));
    r.generation = g;
    return r;
  }
  std::set<std::string> instances() const {
    std::set<std::string> all;
    registry->for_each([&](const InstancePtr& i) {
      std::string t = i->service + "/" + i->id;
      if (i->aliases)
        for (const auto& a : *i->aliases) t += " <- " + a;
      all.insert(t);
    });
    return all;
  }
  using Set = std::set<std::string>;
};

TEST_F(JoiningCases, RefusedCreateOnlyPartsTheInstance) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  Registration r = reg("app", "t", body_at("10.0.0.8"), 1);
  r.precondition.create_only = true;
  EXPECT_EQ(code_of(registry->apply(r, now)), "precondition_failed");
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  pass(Millis(10'000));
  ASSERT_TRUE(beat("me", 1));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"})) << "after the next heartbeat and list";
}

TEST_F(JoiningCases, RefusedByTombstonePartsTheInstance) {
  ASSERT_TRUE(registry->apply(reg("app", "t", body_at("10.0.0.8"), 10), now));
  ASSERT_TRUE(registry->apply(Removal{"app", "t", 10, false, {}}, now));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(code_of(registry->apply(reg("app", "t", body_at("10.0.0.8"), 5), now)), "deregistered");
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
}

TEST_F(JoiningCases, RefusedBatchPartsTheInstance) {
  ASSERT_TRUE(registry->apply(reg("app", "t", body_at("10.0.0.8"), 10), now));
  ASSERT_TRUE(registry->apply(Removal{"app", "t", 10, false, {}}, now));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t", 5));
  const Outcome o = registry->apply_all(
      std::vector<Change>{reg("web", "x", body_at("10.0.0.9")), reg("app", "t", body_at("10.0.0.8"), 6)},
      now);
  EXPECT_FALSE(o);
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"})) << "all of them or none";
}

TEST_F(JoiningCases, AFullRegistryRefusesToPart) {
  RegistryConfig c;
  c.max_instances = 1;
  begin_anew(c);
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(code_of(registry->apply(reg("app", "t", body_at("10.0.0.8"), 6), now)), "too_many_instances");
  EXPECT_LE(registry->counts().instances, 1U);
}

TEST_F(JoiningCases, AStaleEndIsAbsorbed) {
  ASSERT_TRUE(list(kStatic, "web", "s", body_at("192.0.2.1")));
  ASSERT_TRUE(list(kMesos, "web", "s"));
  ASSERT_TRUE(unlist(kMesos, "web", "s", Cause::task_ended));
  EXPECT_TRUE(web("s")->serving);
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(registry->apply(reg("web", "s", of_task("t"), 1), now));
  EXPECT_EQ(instances(), (Set{"app/t <- web/s"}));
  EXPECT_EQ(to_string(registry->find("app", "t")->reason), "ok");
}

TEST_F(JoiningCases, MarathonListsAgainWhileMesosIsBehind) {
  ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  ASSERT_TRUE(unlist(kMarathon, "app", "t", Cause::task_ended));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  EXPECT_EQ(to_string(registry->find("app", "t")->reason), "ok") << "with one name for both it is";
}

TEST_F(JoiningCases, MarathonListsAgainByTheSameNames) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  ASSERT_TRUE(unlist(kMarathon, "app", "t", Cause::task_ended));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  EXPECT_EQ(to_string(registry->find("app", "t")->reason), "ok");
}

TEST_F(JoiningCases, DrainOfTheTaskSurvivesThatTheClientParts) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"app", "t", true, "kernel"}, now));
  ASSERT_TRUE(join("me", ""));
  EXPECT_FALSE(registry->find("app", "t")->serving);
  EXPECT_FALSE(web("me")->serving);
}

TEST_F(JoiningCases, StoredDrainEqualsTheLivingOne) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  Registration lyft = reg("web", "me", body_at("10.0.0.7"));
  lyft.source = kLyft;
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(lyft, now));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "kernel"}, now));
  ASSERT_TRUE(remove("me", 1));
  EXPECT_EQ(instances(), (Set{"app/t"}));
}

TEST_F(JoiningCases, DrainedWebMeStaysDrainedWhenItsHeartbeatRunsOut) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(list(kStatic, "web", "me", body_at("192.0.2.1")));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "kernel"}, now));
  pass(Millis(31'000));
  EXPECT_EQ(instances(), (Set{"app/t", "web/me"}));
  EXPECT_FALSE(web("me")->serving) << "the operator drained web/me by this very name";
}

TEST_F(JoiningCases, RemovalAfterDrainSurvivesJoiningADrainedTask) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"app", "t", true, "kernel"}, now));
  ASSERT_TRUE(join("me", "x"));
  registry->set_safe_stop([](const Instance&, Instant at) { return at.wall + Millis(5'000); });
  ASSERT_TRUE(registry->apply(Removal{"web", "me", 1, true, {}}, now));
  ASSERT_TRUE(beat("me", 1));
  ASSERT_TRUE(join("me", "t"));
  pass(Millis(6'000));
  EXPECT_EQ(instances(), (Set{"app/t"})) << "202 was promised";
}

TEST_F(JoiningCases, NotRoutableGoesBeforeSuspendedReport) {
  ASSERT_TRUE(list(kMesos, "web", "t", of_task("t"), {State::suspended, Reason::not_routable_unhealthy}));
  ASSERT_TRUE(join("t", "t"));
  ASSERT_TRUE(beat("t", 1, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  EXPECT_EQ(to_string(web("t")->reason), "not_routable:unhealthy");
}

TEST_F(JoiningCases, NotReadyVersusStarting) {
  ASSERT_TRUE(list(kMesos, "web", "t", of_task("t"), {State::starting, Reason::not_routable_not_ready}));
  ASSERT_TRUE(join("t", "t"));
  ASSERT_TRUE(beat("t", 1, Vitals{HeartbeatStatus::starting, "", {}, false, {}, {}}));
  EXPECT_EQ(to_string(web("t")->reason), "not_routable:not_ready");
}

TEST_F(JoiningCases, CriticalReportSurvivesJoiningAnUpdateClaim) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  Registration u = reg("app", "t", body_at("10.0.0.8"));
  u.source = kUpdate;
  ASSERT_TRUE(registry->apply(u, now));
  ASSERT_TRUE(join("me", ""));
  ASSERT_TRUE(beat("me", 1, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me"}));
  EXPECT_FALSE(registry->find("app", "t")->serving) << "who speaks by heartbeats said it cannot";
}

TEST_F(JoiningCases, AllRegistrationsOfAnEndedTaskEnd) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("you", "t"));
  ASSERT_TRUE(unlist(kMesos, "app", "t", Cause::task_ended));
  EXPECT_EQ(instances(), Set{});
}

TEST_F(JoiningCases, AnAsideThatCannotJoinComesBackAsSuspect) {
  RegistryConfig c;
  c.protection.min_instances = 2;
  begin_anew(c);
  auto j = [&](const char* id, const char* task, Millis lease) {
    Registration r = reg("web", id, of_task(task));
    r.lease = lease;
    return registry->apply(r, now);
  };
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(j("me", "t", Millis(60'000)));
  ASSERT_TRUE(j("a", "t", Millis(2'000)));
  ASSERT_TRUE(j("b", "", Millis(4'000)));
  ASSERT_TRUE(j("c", "", Millis(4'000)));
  pass(Millis(2'100));
  pass(Millis(2'100));
  EXPECT_EQ(instances(), (Set{"app/t <- web/me", "web/a", "web/b", "web/c"}));
}

TEST_F(JoiningCases, HeartbeatWithBodyAndPutByTheTasksOwnNameAgree) {
  std::string codes[2];
  Set seen[2];
  for (int i = 0; i < 2; ++i) {
    begin_anew();
    ASSERT_TRUE(list(kMesos, "app", "t"));
    ASSERT_TRUE(join("me", "t", 100));
    if (i == 0)
      codes[i] = code_of(registry->apply(reg("app", "t", of_task("t"), 50), now));
    else {
      Heartbeat h;
      h.service = "app";
      h.id = "t";
      h.generation = 50;
      h.body = shared(of_task("t"));
      codes[i] = code_of(registry->apply(h, now));
    }
    seen[i] = instances();
  }
  EXPECT_EQ(codes[0], codes[1]);
  EXPECT_EQ(seen[0], seen[1]);
}

TEST_F(JoiningCases, ASecondRegistrationDoesNotPartTwoSchedulers) {
  ASSERT_TRUE(list(kMesos, "of-mesos", "t"));
  ASSERT_TRUE(list(kMarathon, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  EXPECT_EQ(instances(), (Set{"app/t <- of-mesos/t <- web/me"}));
  ASSERT_TRUE(registry->apply(reg("of-mesos", "t", of_task("t"), 1), now));
  std::size_t of_task_t = 0;
  registry->for_each([&](const InstancePtr& i) {
    for (auto& s : i->sources)
      if (s.kind == SourceKind::scheduler || s.kind == SourceKind::marathon) {
        ++of_task_t;
        break;
      }
  });
  EXPECT_EQ(of_task_t, 1U) << "a task listed by two schedulers is one instance";
}

TEST_F(JoiningCases, RemovalOfOneSourceTouchesOnlyTheNamedClaim) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  Registration u = reg("web", "me", body_at("10.0.0.8"));
  u.source = kUpdate;
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(u, now));
  Removal r;
  r.service = "app";
  r.id = "t";
  r.only_source = SourceKind::update;
  ASSERT_TRUE(registry->apply(r, now));
  EXPECT_EQ(web("me")->sources.size(), 3U) << "app/t has no update claim; web/me has";
}

TEST_F(JoiningCases, UpdateEndsWhileHeartbeatIsCritical) {
  Registration u = reg("web", "i1", body_at("10.0.0.8"));
  u.source = kUpdate;
  u.lease = Millis(2'000);
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(beat("i1", 1, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  ASSERT_TRUE(registry->apply(u, now));
  registry->take_batch();
  pass(Millis(2'100));
  const Batch b = registry->take_batch();
  std::optional<bool> last;
  for (const Row& r : b.rows) {
    if (std::holds_alternative<HealthGone>(r)) last = false;
    if (std::holds_alternative<HealthRow>(r)) last = true;
  }
  EXPECT_NE(last, std::optional(false)) << "a restart would serve it again";
}

TEST_F(JoiningCases, ListEmptiesWhileItsInstancesBecomeOne) {
  std::vector<Registration> fixed;
  for (int i = 0; i < 12; ++i) {
    const std::string t = "t" + std::to_string(i);
    ASSERT_TRUE(list(kMesos, "of-mesos", t));
    ASSERT_TRUE(list(kStatic, "of-mesos", t, body_at("192.0.2.1")));
    ASSERT_TRUE(list(kStatic, "app", t, body_at("192.0.2.2")));
    ASSERT_TRUE(list(kMarathon, "app", t));
  }
  ASSERT_TRUE(registry->apply(SourceList{kStatic, {}}, now));
  std::size_t with_static = 0;
  registry->for_each([&](const InstancePtr& i) {
    for (auto& s : i->sources) with_static += s.kind == SourceKind::fixed;
  });
  EXPECT_EQ(with_static, 0U);
}

TEST_F(JoiningCases, WhoStoodApartJoinsOnceThePlaceIsFree) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("you", "t"));
  ASSERT_TRUE(list(kMesos, "web", "me", body_at("10.9.0.2")));
  EXPECT_EQ(instances(), (Set{"app/t <- web/you", "web/me"}));
}

TEST_F(JoiningCases, AnotherHostIsLeft) {
  const SourceId other{SourceKind::scheduler, "other-mesos"};
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(list(other, "other", "t"));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(join("you", "t"));
  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"other/t <- web/me", "web/you"}));
  begin_anew();
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(list(other, "other", "t"));
  ASSERT_TRUE(registry->apply(reg("app", "t", body_at("10.0.0.9"), 1), now));
  ASSERT_TRUE(join("you", "t"));
  EXPECT_EQ(instances(), (Set{"app/t", "other/t", "web/you"}));
  ASSERT_TRUE(registry->apply(Removal{"app", "t", 1, false, {}}, now));
  ASSERT_TRUE(unlist(kMesos, "app", "t"));
  EXPECT_EQ(instances(), (Set{"other/t <- web/you"}));
}

TEST_F(JoiningCases, MarathonBeforeMesosOfOneName) {
  const SourceId other{SourceKind::scheduler, "other-mesos"};
  Set seen[2];
  for (int i = 0; i < 2; ++i) {
    begin_anew();
    if (i == 0) {
      ASSERT_TRUE(list(kMesos, "app", "t"));
    }
    ASSERT_TRUE(list(kMarathon, "app", "t"));
    if (i == 1) {
      ASSERT_TRUE(list(kMesos, "app", "t"));
    }
    ASSERT_TRUE(list(other, "other", "t"));
    seen[i] = instances();
  }
  EXPECT_EQ(seen[0], seen[1]);
}

TEST_F(JoiningCases, StoredDrainsAreTheLivingOnes) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  Registration u = reg("app", "t", body_at("10.0.0.8"));
  u.source = kUpdate;
  ASSERT_TRUE(registry->apply(u, now));
  ASSERT_TRUE(join("me", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"app", "t", true, "kernel"}, now));
  ASSERT_TRUE(join("me", ""));
  std::set<std::string> drained;
  for (const Row& row : registry->take_batch().rows) {
    if (const auto* drain = std::get_if<DrainRow>(&row)) drained.insert(drain->service + "/" + drain->id);
    if (const auto* gone = std::get_if<DrainGone>(&row)) drained.erase(gone->service + "/" + gone->id);
  }
  EXPECT_EQ(drained, (std::set<std::string>{"app/t", "web/me"})) << "a drain is of both halves";
  EXPECT_TRUE(registry->find("app", "t")->draining_since && registry->find("web", "me")->draining_since);
}

TEST_F(JoiningCases, BatchOfDnsUpdatesIsAllOrNothing) {
  RegistryConfig c;
  c.max_instances = 2;
  begin_anew(c);
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(join("me", "t"));
  Registration on_me = reg("web", "me", body_at("10.0.0.8"));
  on_me.source = kUpdate;
  ASSERT_TRUE(registry->apply(on_me, now));  // update claim beside, under the alias
  Registration a = reg("app", "t", body_at("10.0.0.8"));
  a.source = kUpdate;  // parts web/me
  Registration b = reg("web", "new", body_at("10.0.0.9"));
  b.source = kUpdate;
  const std::uint64_t before = registry->revision();
  const Outcome o = registry->apply_all(std::vector<Change>{a, b}, now);
  EXPECT_TRUE(o || registry->revision() == before) << "refused, yet applied in part: " << code_of(o);
  EXPECT_LE(registry->counts().instances, 2U);
}

}  // namespace
}  // namespace muster::registry::test
