// What heartbeats say of their instance, drains and admin modes: state, reason, weight.
#include <functional>
#include <map>

#include "registry/store/row_batch.h"
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

RegistryConfig with_load() {
  RegistryConfig config;
  config.settings = [](std::string_view) {
    ServiceSettings settings;
    settings.use_load = true;
    return settings;
  };
  return config;
}

InstanceBody weighing(std::uint16_t weight) {
  InstanceBody body = body_at("10.0.0.7");
  body.weight = weight;
  return body;
}

class ConditionOf : public Fixture {
 protected:
  ConditionOf() : Fixture(with_load()) {}
};

TEST_F(ConditionOf, HeartbeatsTable) {
  using enum HeartbeatStatus;
  struct Cell {
    Vitals vitals;
    State state;
    Reason reason;
    bool serving;
    double weight;
    const char* why;
  };
  const Cell cells[] = {
      {{}, State::active, Reason::ok, true, 10, "nothing said"},
      {{passing, "", {}, false, {}, {}}, State::active, Reason::ok, true, 10, "passing"},
      {{warning, "slow", {}, false, {}, {}}, State::active, Reason::ok, true, 5, "warning halves"},
      {{critical, "disk", {}, false, {}, {}},
       State::suspended,
       Reason::suspended_report,
       false,
       10,
       "suspended by report"},
      {{starting, "", {}, false, {}, {}}, State::starting, Reason::starting, false, 10, "keeps STARTING"},
      {{{}, "", 25, false, {}, {}}, State::active, Reason::ok, true, 7.5, "load"},
      {{{}, "", 100, false, {}, {}}, State::active, Reason::weight_zero, true, 0, "full load: weight zero"},
      {{warning, "", 50, false, {}, {}}, State::active, Reason::ok, true, 2.5, "warning and load multiply"},
      {{{}, "", {}, true, {}, {}}, State::active, Reason::overloaded, true, 0, "out of capacity"},
      {{{}, "", {}, false, 3, {}}, State::active, Reason::ok, true, 3, "weight replaces"},
      {{{}, "", {}, false, 0, {}}, State::active, Reason::weight_zero, true, 0, "weight zero"},
  };
  for (const Cell& cell : cells) {
    SCOPED_TRACE(cell.why);
    begin_anew(with_load());
    ASSERT_TRUE(put("i1", 1, weighing(10)));
    ASSERT_TRUE(beat("i1", 1, cell.vitals));
    EXPECT_EQ(web("i1")->state, cell.state);
    EXPECT_EQ(web("i1")->reason, cell.reason);
    EXPECT_EQ(web("i1")->serving, cell.serving);
    EXPECT_EQ(web("i1")->effective_weight, cell.weight);
    ASSERT_TRUE(beat("i1", 1, Vitals{passing, "", 0, false, 10, {}}));
    EXPECT_EQ(web("i1")->reason, Reason::ok) << "a later passing clears it";
    EXPECT_EQ(web("i1")->effective_weight, 10);
  }
}

TEST_F(ConditionOf, WhatIsAbsentStaysButOverloadEnds) {
  ASSERT_TRUE(put("i1", 1, weighing(10)));
  ASSERT_TRUE(beat("i1", 1, Vitals{HeartbeatStatus::warning, "slow", 50, true, {}, {}}));
  EXPECT_EQ(web("i1")->effective_weight, 0);
  ASSERT_TRUE(beat("i1", 1));
  EXPECT_EQ(web("i1")->effective_weight, 2.5);
  EXPECT_EQ(registry->explain("web", "i1", now)->report, "slow");
}

TEST_F(ConditionOf, AWeightIsStoredAStatusIsNot) {
  ASSERT_TRUE(put("i1", 1, weighing(10)));
  registry->take_batch();
  ASSERT_TRUE(beat("i1", 1, Vitals{HeartbeatStatus::warning, "", {}, false, {}, {{"sla_ms", 5}}}));
  EXPECT_EQ(web("i1")->body->attributes, (Attributes{{"sla_ms", 5}}));
  EXPECT_TRUE(registry->take_batch().rows.empty());
  const auto granted = beat("i1", 1, Vitals{{}, "", {}, false, 4, {}});
  EXPECT_TRUE(granted->durable_needed);
  EXPECT_EQ(rows_of<ClaimRow>(registry->take_batch()), 1U);
}

std::map<std::string, std::string> stored_reports(const Rows& rows) {
  std::map<std::string, std::string> stored;
  for (const Row& row : rows) {
    if (const auto* there = std::get_if<HealthRow>(&row))
      stored[there->service + "/" + there->id + " " + there->check] = there->state;
  }
  return stored;
}

TEST_F(ConditionOf, WhoSaidThatItCannotServeIsNotServedAfterARestart) {
  using enum HeartbeatStatus;
  using Stored = std::map<std::string, std::string>;
  struct Row {
    const char* why;
    std::function<void()> then;
    Stored stored;
    Reason reason;  // after the restart
  };
  const auto say = [this](HeartbeatStatus status) {
    ASSERT_TRUE(beat("i1", 1, Vitals{status, "disk", {}, false, {}, {}}));
  };
  const Row rows[] = {
      {"critical", [] {}, {{"web/i1 report", "SUSPENDED"}}, Reason::suspended_report},
      {"a heartbeat that says nothing of it",
       [&] { ASSERT_TRUE(beat("i1", 1)); },
       {{"web/i1 report", "SUSPENDED"}},
       Reason::suspended_report},
      {"starting", [&] { say(starting); }, {{"web/i1 report", "STARTING"}}, Reason::starting},
      {"well again", [&] { say(passing); }, {}, Reason::ok},
      {"a warning is no state", [&] { say(warning); }, {}, Reason::ok},
      {"a new life", [&] { ASSERT_TRUE(put("i1", 2)); }, {}, Reason::ok},
      {"gone and there again",
       [&] {
         ASSERT_TRUE(remove("i1"));
         ASSERT_TRUE(put("i1", 2));
       },
       {},
       Reason::ok},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    begin_anew(with_load());
    ASSERT_TRUE(put("i1", 1, weighing(10)));
    say(critical);
    row.then();
    RowBatch stored;  // the last word on each key, as the store keeps it
    stored.add(registry->take_batch().rows);
    EXPECT_EQ(stored_reports(stored.rows()), row.stored);
    Registry second({}, now);
    for (const auto& one : stored.rows()) second.restore(one, now);
    second.restored(now);
    ASSERT_TRUE(second.find("web", "i1"));
    if (!row.stored.empty()) {
      EXPECT_EQ(second.find("web", "i1")->reason, row.reason);
      EXPECT_FALSE(second.find("web", "i1")->serving);
    }
    EXPECT_EQ(second.take_batch().changes.size(), 1U);
    Heartbeat well;
    well.service = "web";
    well.id = "i1";
    well.vitals.status = passing;
    const auto granted = second.apply(well, now);
    ASSERT_TRUE(granted);
    EXPECT_EQ(second.find("web", "i1")->reason, Reason::ok);
    EXPECT_EQ(rows_of<HealthGone>(second.take_batch()), row.stored.empty() ? 0U : 1U);
  }
}

TEST_F(ConditionOf, AReportOfNobodyIsForgotten) {
  registry->restore(HealthRow{"web", "i9", "report", "SUSPENDED", Millis(0), now.wall}, now);
  registry->restored(now);
  EXPECT_EQ(rows_of<HealthGone>(registry->take_batch()), 1U);
}

TEST_F(ConditionOf, AttributesAddUpToSixteenAndARefusalLeavesNoTrace) {
  ASSERT_TRUE(put("i1", 1));
  Vitals many;
  for (char c = 'a'; c < 'q'; ++c) many.attributes.emplace_back(std::string(1, c), 1.0);
  ASSERT_TRUE(beat("i1", 1, many));
  now = now + Millis(1'000);
  const auto expires = registry->lease_of("web", "i1", now).expires_at;
  EXPECT_EQ(code_of(beat("i1", 1, Vitals{{}, "", {}, false, 7, {{"z", 1.0}}})), "invalid_field");
  EXPECT_EQ(registry->lease_of("web", "i1", now).expires_at, expires);
  EXPECT_EQ(web("i1")->body->weight, std::nullopt);
}

TEST_F(ConditionOf, DrainStaysThroughHeartbeatsAndRestartsUntilItIsUndone) {
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "i1", true, "update"}, now));
  EXPECT_FALSE(web("i1")->serving);
  EXPECT_EQ(web("i1")->reason, Reason::draining);
  EXPECT_EQ(web("i1")->draining_since, now.wall);
  const Batch batch = registry->take_batch();
  ASSERT_EQ(rows_of<DrainRow>(batch), 1U);

  Registry second({}, now);
  for (const auto& row : batch.rows) second.restore(row, now);
  second.restored(now);
  EXPECT_EQ(second.find("web", "i1")->reason, Reason::draining);
  EXPECT_EQ(second.find("web", "i1")->draining_reason, "update");

  ASSERT_TRUE(beat("i1", 1));
  EXPECT_EQ(web("i1")->reason, Reason::draining);
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "i1", false, ""}, now));
  EXPECT_EQ(web("i1")->reason, Reason::ok);
  EXPECT_EQ(rows_of<DrainGone>(registry->take_batch()), 1U);
  EXPECT_EQ(code_of(registry->apply(DrainOrder{"web", "i9", true, ""}, now)), "unknown_instance");
  EXPECT_EQ(code_of(registry->apply(DrainOrder{"nope", "i9", true, ""}, now)), "unknown_service");
}

TEST_F(ConditionOf, ARemovalThatDrainsFirstRemovesAtTheSafeTime) {
  registry->set_safe_stop([](const Instance&, Instant at) { return at.wall + Millis(5'000); });
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(registry->apply(Removal{"web", "i1", 1, true, {}}, now));
  EXPECT_EQ(web("i1")->reason, Reason::draining);
  pass(Millis(4'990));
  EXPECT_TRUE(web("i1"));
  pass(Millis(20));
  EXPECT_FALSE(web("i1"));
  EXPECT_EQ(code_of(beat("i1", 1)), "deregistered");
}

TEST_F(ConditionOf, ARemovalThatDrainsFirstGoesOnAfterARestart) {
  registry->set_safe_stop([](const Instance&, Instant at) { return at.wall + Millis(5'000); });
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(registry->apply(Removal{"web", "i1", 1, true, {}}, now));
  const Batch stored = registry->take_batch();

  begin_anew();
  now = now + Millis(2'000);
  for (const auto& row : stored.rows) registry->restore(row, now);
  registry->restored(now);
  pass(Millis(2'990));
  EXPECT_TRUE(web("i1"));
  pass(Millis(20));
  EXPECT_FALSE(web("i1"));
  EXPECT_EQ(code_of(beat("i1", 1)), "deregistered");
}

TEST_F(ConditionOf, ARemovalThatDrainsFirstCanBeUndone) {
  registry->set_safe_stop([](const Instance&, Instant at) { return at.wall + Millis(5'000); });
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(registry->apply(Removal{"web", "i1", 1, true, {}}, now));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "i1", false, ""}, now));
  pass(Millis(6'000));
  EXPECT_TRUE(web("i1"));
}

TEST_F(ConditionOf, AdminModesTable) {
  struct Cell {
    AdminMode mode;
    bool critical, drained;
    State state;
    Reason reason;
    bool serving;
    const char* why;
  };
  const Cell cells[] = {
      {AdminMode::automatic, false, false, State::active, Reason::ok, true, "auto"},
      {AdminMode::automatic, true, false, State::suspended, Reason::suspended_report, false,
       "auto leaves the report"},
      {AdminMode::up, true, false, State::active, Reason::forced_up, true, "up beats reports"},
      {AdminMode::up, false, true, State::active, Reason::draining, false, "a drain beats up"},
      {AdminMode::down, false, false, State::off, Reason::admin_down, false, "down"},
      {AdminMode::down, false, true, State::off, Reason::admin_down, false, "down over drain"},
      {AdminMode::drain, false, false, State::off, Reason::draining, false, "drain"},
  };
  for (const Cell& cell : cells) {
    SCOPED_TRACE(cell.why);
    begin_anew();
    ASSERT_TRUE(put("i1", 1));
    if (cell.critical) {
      ASSERT_TRUE(beat("i1", 1, Vitals{HeartbeatStatus::critical, "", {}, false, {}, {}}));
    }
    if (cell.drained) {
      ASSERT_TRUE(registry->apply(DrainOrder{"web", "i1", true, ""}, now));
    }
    OverlayEntry entry;
    entry.match = "web/i1";
    entry.mode = cell.mode;
    ASSERT_TRUE(registry->apply(OverlayEdit{OverlayEdit::Kind::append, {entry}, "", {}}, now));
    EXPECT_EQ(web("i1")->state, cell.state);
    EXPECT_EQ(web("i1")->reason, cell.reason);
    EXPECT_EQ(web("i1")->serving, cell.serving);
    EXPECT_EQ(web("i1")->admin, cell.mode);
  }
}

}  // namespace
}  // namespace muster::registry::test
