// Naming a task gives nobody a say in a service that he may not write.
#include <set>
#include <vector>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

const SourceId kMesos{SourceKind::scheduler, "mesos"};

InstanceBody of_task(const char* ip = "10.0.0.7") {
  InstanceBody body = body_at(ip);
  body.task = "t";
  return body;
}

// "deploy" may write every service, "web" only its own.
RegistryConfig with_tokens() {
  RegistryConfig config;
  config.may_write = [](std::string_view by, std::string_view service) {
    return by == "deploy" || (by == "web" && service == "web");
  };
  return config;
}

class JoiningRights : public Fixture {
 protected:
  JoiningRights() : Fixture(with_tokens()) {}

  Outcome list() {
    return registry->apply(SourceStep{kMesos, {}, {registration("pay", "t", of_task("10.9.0.1"))}}, now);
  }
  Outcome register_as(const std::string& by, const std::string& id = "me",
                      SourceId source = {SourceKind::heartbeat, "heartbeat"}) {
    Registration one =
        registration("web", id, source.kind == SourceKind::heartbeat ? of_task() : body_at("10.0.0.8"));
    one.source = std::move(source);
    one.by = by;
    return registry->apply(one, now);
  }
  Registration refused_registration() const {
    Registration one = registration("web", "me", of_task());
    one.by = "web";
    return one;
  }
  Outcome beat_as(const std::string& by, BodyPtr body = nullptr) {
    Heartbeat beat;
    beat.service = "web";
    beat.id = "me";
    beat.by = by;
    beat.body = std::move(body);
    return registry->apply(beat, now);
  }
  // "pay/t <- web/me": every instance with its aliases.
  std::set<std::string> instances() const {
    std::set<std::string> all;
    registry->for_each([&](const InstancePtr& instance) {
      std::string text = instance->service + "/" + instance->id;
      for (const auto& alias : instance->aliases ? *instance->aliases : std::vector<std::string>())
        text += " <- " + alias;
      all.insert(text);
    });
    return all;
  }
  using Set = std::set<std::string>;
  const Set kApart{"pay/t", "web/me"};
  const Set kJoined{"pay/t <- web/me"};
};

TEST_F(JoiningRights, WhoMayNotWriteTheServiceStandsAloneWhoeverComesFirst) {
  for (const bool scheduler_first : {true, false}) {
    SCOPED_TRACE(scheduler_first ? "the scheduler first" : "the client first");
    begin_anew(with_tokens());
    if (scheduler_first) {
      ASSERT_TRUE(list());
    }
    ASSERT_TRUE(register_as("web"));
    if (!scheduler_first) {
      ASSERT_TRUE(list());
    }
    EXPECT_EQ(instances(), kApart);
    ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", "web"}, now));
    EXPECT_TRUE(registry->find("pay", "t")->serving);
    ASSERT_TRUE(register_as("deploy"));
    EXPECT_EQ(instances(), kJoined);
  }
}

TEST_F(JoiningRights, ARestartKnowsWhoRegistered) {
  for (const std::string by : {"web", "deploy"}) {
    SCOPED_TRACE(by);
    begin_anew(with_tokens());
    ASSERT_TRUE(register_as(by == "web" ? "deploy" : "web"));
    ASSERT_TRUE(register_as(by));
    std::optional<ClaimRow> stored;  // the last word on it
    for (const Row& row : registry->take_batch().rows)
      if (const auto* claim = std::get_if<ClaimRow>(&row)) stored = *claim;
    ASSERT_TRUE(stored);
    begin_anew(with_tokens());
    registry->restore(*stored, now);
    registry->restored(now);
    ASSERT_TRUE(list());
    EXPECT_EQ(instances(), by == "web" ? kApart : kJoined);
  }
}

TEST_F(JoiningRights, WhoMayNotWriteTheServiceTakesHisNameBack) {
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_EQ(instances(), kJoined);
  const Outcome bare = beat_as("web");
  ASSERT_FALSE(bare);
  EXPECT_EQ(bare.error().code, RefusalCode::forbidden);
  EXPECT_EQ(bare.error().message, "web/me is part of pay/t: this takes the right to write the service pay");
  EXPECT_EQ(instances(), kJoined);
  ASSERT_TRUE(beat_as("web", shared(of_task())));
  EXPECT_EQ(instances(), kApart);
  ASSERT_TRUE(beat_as("deploy"));
  EXPECT_EQ(instances(), kApart) << "who renews it has not made it";
  ASSERT_TRUE(beat_as("deploy", shared(of_task())));
  EXPECT_EQ(instances(), kJoined);
}

TEST_F(JoiningRights, AnotherDoorsWriteByTheAliasNeedsTheRightToo) {
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_TRUE(register_as("web", "me", {SourceKind::lyft, "lyft"}));
  EXPECT_EQ(instances(), kApart);
  ASSERT_TRUE(register_as("deploy", "me", {SourceKind::lyft, "lyft"}));
  EXPECT_EQ(instances(), kJoined);
  ASSERT_TRUE(register_as("key", "me", {SourceKind::update, "update"}));
  EXPECT_EQ(instances(), kJoined) << "who may update the domain may write every service";
}

TEST_F(JoiningRights, OrdersByTheAliasNeedTheRight) {
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_TRUE(register_as("deploy", "me", {SourceKind::lyft, "lyft"}));
  const std::uint64_t revision = registry->revision();
  const auto heavier = [](const InstanceBody* existing) {
    InstanceBody body = *existing;
    body.weight = 7;
    return shared(std::move(body));
  };
  const auto orders = [&](const std::string& by) {
    return std::vector<Change>{DrainOrder{"web", "me", true, "", by},
                               DrainOrder{"web", "me", false, "", by},
                               Amendment{"web", "me", {SourceKind::lyft, "lyft"}, heavier, by},
                               Removal{"web", "me", {}, false, SourceKind::lyft, by},
                               Removal{"web", "me", {}, true, {}, by},
                               Removal{"web", "me", {}, false, {}, by}};
  };
  for (const Change& order : orders("web")) EXPECT_EQ(code_of(registry->apply(order, now)), "forbidden");
  EXPECT_EQ(registry->revision(), revision);
  for (const Change& order : orders("deploy")) EXPECT_EQ(code_of(registry->apply(order, now)), "ok");
  EXPECT_EQ(instances(), Set{"pay/t"});
}

TEST_F(JoiningRights, WhoRenewsHasNotMadeIt) {
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("web"));
  ASSERT_TRUE(beat_as("deploy"));
  ASSERT_TRUE(list());
  EXPECT_EQ(instances(), kApart);
}

TEST_F(JoiningRights, ASchedulersHalfStays) {
  const SourceId marathon{SourceKind::marathon, "marathon"};
  ASSERT_TRUE(registry->apply(SourceStep{marathon, {}, {registration("shop", "t", of_task())}}, now));
  ASSERT_TRUE(registry->apply(SourceStep{kMesos, {}, {registration("web", "me", of_task())}}, now));
  ASSERT_EQ(instances(), Set{"shop/t <- web/me"});
  const auto refused = register_as("web");
  EXPECT_EQ(code_of(refused), "forbidden");
  EXPECT_EQ(code_of(beat_as("web", shared(of_task()))), "forbidden");
  EXPECT_EQ(code_of(registry->apply_all(std::vector<Change>{refused_registration()}, now)), "forbidden");
  EXPECT_EQ(instances(), Set{"shop/t <- web/me"});
  ASSERT_TRUE(register_as("deploy"));
  EXPECT_EQ(instances(), Set{"shop/t <- web/me"});
}

TEST_F(JoiningRights, WhatMayNotFollowATaskToAnotherSchedulersNameStandsAlone) {
  const SourceId marathon{SourceKind::marathon, "marathon"};
  const auto told = [&](const SourceId& source, const std::string& service) {
    return registry->apply(SourceStep{source, {}, {registration(service, "t", of_task())}}, now);
  };
  for (const bool marathon_first : {true, false}) {
    SCOPED_TRACE(marathon_first ? "Marathon first" : "Mesos first");
    RegistryConfig config;
    config.may_write = [](std::string_view, std::string_view service) { return service != "shop"; };
    begin_anew(config);
    if (marathon_first) {
      ASSERT_TRUE(told(marathon, "shop"));
    }
    ASSERT_TRUE(told(kMesos, "pay"));
    ASSERT_TRUE(register_as("both"));
    if (!marathon_first) {
      EXPECT_EQ(instances(), Set{"pay/t <- web/me"});
      ASSERT_TRUE(told(marathon, "shop"));
    }
    EXPECT_EQ(instances(), (Set{"shop/t <- pay/t", "web/me"}));
  }
}

TEST_F(JoiningRights, AReloadJudgesAnew) {
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("deploy"));
  RegistryConfig config;
  config.may_write = [](std::string_view, std::string_view service) { return service == "web"; };
  registry->reconfigure(config, now);
  EXPECT_EQ(instances(), kApart);
  ASSERT_TRUE(beat_as("deploy")) << "it goes on as its own";
  registry->reconfigure(with_tokens(), now);
  EXPECT_EQ(instances(), kJoined);
  registry->reconfigure(config, now);
  registry->reconfigure({}, now);
  EXPECT_EQ(instances(), kJoined) << "without tokens whoever writes writes all";
}

TEST_F(JoiningRights, WithoutTokensWhoeverWritesWritesAll) {
  begin_anew();
  ASSERT_TRUE(list());
  ASSERT_TRUE(register_as("10.0.0.7"));
  EXPECT_EQ(instances(), kJoined);
}

TEST_F(JoiningRights, WhatWasSaidWithoutTheRightDoesNotComeAlong) {
  for (const std::string by : {"web", "deploy"}) {
    SCOPED_TRACE(by);
    begin_anew(with_tokens());
    ASSERT_TRUE(register_as("deploy"));
    ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", by}, now));
    Vitals vitals;
    vitals.status = HeartbeatStatus::critical;
    vitals.reason = "broken";
    const Heartbeat critical{"web", "me", {}, vitals, {}, {}, by};
    ASSERT_TRUE(registry->apply(critical, now));
    OverlayEntry down;
    down.match = "web/me";
    down.mode = AdminMode::down;
    down.weight = 0;
    down.by = by;
    ASSERT_TRUE(registry->apply(OverlayEdit{OverlayEdit::Kind::append, {down}, "", {}}, now));
    ASSERT_EQ(registry->find("web", "me")->admin, AdminMode::down);
    ASSERT_TRUE(list());
    ASSERT_EQ(instances(), kJoined);
    const InstancePtr task = registry->find("pay", "t");
    const bool is_said = by == "deploy";
    EXPECT_EQ(task->draining_since.has_value(), is_said);
    EXPECT_EQ(task->admin, is_said ? AdminMode::down : AdminMode::automatic);
    EXPECT_EQ(task->body->weight_or_default(), is_said ? 0 : 1);
    EXPECT_EQ(task->serving, !is_said);
    EXPECT_EQ(registry->explain("pay", "t", now)->overlay.size(), is_said ? 1U : 0U);
    EXPECT_EQ(registry->explain("pay", "t", now)->report, is_said ? "broken" : "");
  }
}

TEST_F(JoiningRights, WhoChangesItHasMadeItAsItIs) {
  ASSERT_TRUE(register_as("deploy"));
  Vitals vitals;
  vitals.weight = 0;
  const Heartbeat light{"web", "me", {}, vitals, {}, {}, "web"};
  ASSERT_TRUE(registry->apply(light, now));
  ASSERT_TRUE(list());
  EXPECT_EQ(instances(), kApart) << "its weight was the other's word";
  ASSERT_TRUE(register_as("deploy"));
  EXPECT_EQ(instances(), kJoined);
}

TEST_F(JoiningRights, ARestartKnowsWhoSaidIt) {
  std::vector<Row> rows;
  const auto save = [&] {
    for (Row& row : registry->take_batch().rows)
      if (!std::holds_alternative<MetaRow>(row)) rows.push_back(std::move(row));
  };
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", "web"}, now));
  Vitals vitals;
  vitals.status = HeartbeatStatus::critical;
  const Heartbeat critical{"web", "me", {}, vitals, {}, {}, "web"};
  ASSERT_TRUE(registry->apply(critical, now));
  save();
  registry = std::make_unique<Registry>(with_tokens(), now);
  for (const Row& row : rows) registry->restore(row, now);
  registry->restored(now);
  EXPECT_EQ(registry->find("web", "me")->state, State::suspended);
  EXPECT_TRUE(registry->find("web", "me")->draining_since);
  ASSERT_TRUE(list());
  ASSERT_EQ(instances(), kJoined);
  EXPECT_TRUE(registry->find("pay", "t")->serving);
}

TEST_F(JoiningRights, ADrainIsOfWhoAskedForItLast) {
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", "web"}, now));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", "deploy"}, now));
  ASSERT_TRUE(list());
  EXPECT_TRUE(registry->find("pay", "t")->draining_since) << "the operator asked for it, too";
  begin_anew(with_tokens());
  ASSERT_TRUE(register_as("deploy"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", true, "", "web"}, now));
  ASSERT_TRUE(registry->apply(Removal{"web", "me", {}, true, {}, "deploy"}, now));
  ASSERT_TRUE(list());
  pass(Millis(20));
  EXPECT_EQ(instances(), (Set{"pay/t"})) << "its removal was asked for by who may";
}

}  // namespace
}  // namespace muster::registry::test
