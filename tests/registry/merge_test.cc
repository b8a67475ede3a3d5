// Who wins between sources, the overlay's word, and what explain says about both.
#include <algorithm>
#include <ranges>

#include "registry/limits.h"
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

using Merge = Fixture;

// One body in which every field names its source.
InstanceBody body_of(std::uint8_t number, const std::string& name) {
  InstanceBody body = body_at("10.0.0.7", 1000 + number);
  body.addresses = {address(("10.0.0." + std::to_string(number)).c_str())};
  body.weight = number;
  body.priority = number;
  body.order = number;
  body.tags = {{name, "own"}, {"shared", name}};
  body.attributes = {{"shared", number}};
  body.properties = {{"shared", name}};
  body.meta = R"({"from":")" + name + R"("})";
  body.version = name;
  return body;
}

struct From {
  SourceKind kind;
  const char* name;
  std::uint8_t number;
};
constexpr From kStatic{SourceKind::fixed, "static", 1};
constexpr From kScheduler{SourceKind::scheduler, "mesos", 2};
constexpr From kHeartbeat{SourceKind::heartbeat, "heartbeat", 3};
constexpr From kLyft{SourceKind::lyft, "lyft", 4};

TEST_F(Merge, PrecedenceTable) {
  struct {
    std::vector<From> sources;
    std::uint8_t existence, opinion;  // whose address and port; whose weight, tags, meta
    const char* why;
  } const cells[] = {
      {{kStatic, kScheduler, kHeartbeat, kLyft}, 1, 3, "all four"},
      {{kScheduler, kHeartbeat, kLyft}, 2, 3, "no static"},
      {{kHeartbeat, kLyft}, 3, 3, "heartbeat before lyft"},
      {{kScheduler, kLyft}, 2, 4, "lyft's opinion beats the scheduler's"},
      {{kStatic, kScheduler}, 1, 2, "the scheduler's opinion beats the file's"},
      {{kStatic, kLyft}, 1, 4, "static address, lyft's weight"},
      {{kLyft}, 4, 4, "alone"},
  };
  for (const auto& cell : cells) {
    for (const bool reversed : {false, true}) {
      SCOPED_TRACE(std::string(cell.why) + (reversed ? ", reversed" : ""));
      begin_anew();
      auto sources = cell.sources;
      if (reversed) std::ranges::reverse(sources);
      for (const From& from : sources)
        ASSERT_TRUE(put_from(from.kind, from.name, "i1", body_of(from.number, from.name)));
      const auto& body = *web("i1")->body;
      const auto winner = std::ranges::find(sources, cell.opinion, &From::number)->name;
      EXPECT_EQ(net::to_string(body.addresses.at(0)), "10.0.0." + std::to_string(cell.existence));
      EXPECT_EQ(body.ports.at(0).number, 1000 + cell.existence);
      EXPECT_EQ(body.weight, cell.opinion);
      EXPECT_EQ(body.priority, cell.opinion);
      EXPECT_EQ(body.order, cell.opinion);
      EXPECT_EQ(body.version, winner);
      EXPECT_EQ(body.meta, R"({"from":")" + std::string(winner) + R"("})");
      EXPECT_EQ(body.attributes, (Attributes{{"shared", cell.opinion}}));
      EXPECT_EQ(body.properties, (Tags{{"shared", winner}}));
      EXPECT_EQ(body.tags.size(), sources.size() + 1) << "the union, by key";
      EXPECT_EQ(std::ranges::find(body.tags, "shared", &std::pair<std::string, std::string>::first)->second,
                winner);
      EXPECT_EQ(web("i1")->sources.size(), sources.size());
    }
  }
}

TEST_F(Merge, FieldsThatAStrongerSourceDoesNotNameComeFromTheWeaker) {
  InstanceBody strong = body_at("10.0.0.3");
  strong.ports.clear();
  ASSERT_TRUE(put("i1", 1, strong));
  ASSERT_TRUE(put_from(SourceKind::lyft, "lyft", "i1", body_of(4, "lyft")));
  EXPECT_EQ(net::to_string(web("i1")->body->addresses.at(0)), "10.0.0.3");
  EXPECT_EQ(web("i1")->body->ports.at(0).number, 1004);
  EXPECT_EQ(web("i1")->body->weight, 4);
}

TEST_F(Merge, BetweenHeartbeatAndUpdateTheLaterWriteWins) {
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  ASSERT_TRUE(put_from(SourceKind::update, "update", "i1", body_of(5, "update")));
  EXPECT_EQ(web("i1")->body->weight, 5);
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  EXPECT_EQ(web("i1")->body->weight, 5) << "a renewal is no write";
  ASSERT_TRUE(put("i1", 1, body_of(6, "heartbeat")));
  EXPECT_EQ(web("i1")->body->weight, 6);
}

TEST_F(Merge, ALeaselessClaimOutlivesTheHeartbeat) {
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "i1", body_of(1, "static")));
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  EXPECT_EQ(web("i1")->lease, Millis(0));
  pass(Millis(30'020));
  ASSERT_TRUE(web("i1"));
  EXPECT_EQ(web("i1")->body->weight, 1);
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(remove("i1"));
  EXPECT_TRUE(web("i1")) << "its source lists it still";
}

TEST_F(Merge, AtMostEightClaims) {
  for (int i = 0; i < 8; ++i)
    ASSERT_TRUE(put_from(SourceKind::scheduler, "s" + std::to_string(i), "i1", body_at("10.0.0.1")));
  EXPECT_EQ(code_of(put("i1")), "too_many_claims");
  EXPECT_TRUE(put_from(SourceKind::scheduler, "s7", "i1", body_at("10.0.0.2"))) << "existing ones go on";
}

TEST_F(Merge, AListSaysWhomItHadNoRoomFor) {
  RegistryConfig config;
  config.max_instances_per_service = 2;
  begin_anew(config);
  SourceList all;
  all.source = {SourceKind::fixed, "static"};
  for (const char* id : {"a", "b", "c"}) all.instances.push_back(registration("web", id));
  const Outcome listed = registry->apply(all, now);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->touched, 2U);
  ASSERT_EQ(listed->left_out.size(), 1U);
  EXPECT_EQ(listed->left_out[0].service + "/" + listed->left_out[0].id, "web/c");
  EXPECT_NE(listed->left_out[0].message, "");
}

TEST_F(Merge, AListReplacesTheWholeSource) {
  const auto list = [&](std::vector<std::string> ids) {
    SourceList all;
    all.source = {SourceKind::fixed, "static"};
    for (const auto& id : ids) all.instances.push_back(registration("web", id));
    return registry->apply(all, now);
  };
  EXPECT_EQ(list({"a", "b"})->touched, 2U);
  ASSERT_TRUE(put("b", 1));
  registry->take_batch();
  ASSERT_TRUE(list({"a", "c"}));
  EXPECT_TRUE(web("a"));
  EXPECT_TRUE(web("b")) << "its heartbeat claim remains";
  EXPECT_TRUE(web("c"));
  EXPECT_TRUE(registry->take_batch().rows.empty()) << "static claims are not stored";
  ASSERT_TRUE(list({}));
  EXPECT_FALSE(web("a"));
  EXPECT_EQ(registry->take_batch().changes.front().cause, Cause::source_gone);
  EXPECT_EQ(registry->counts().instances, 1U);
}

const Fitness kUnhealthy{State::suspended, Reason::not_routable_unhealthy};

TEST_F(Merge, AStepOfASourceTouchesOnlyWhatItNames) {
  const SourceId mesos{SourceKind::scheduler, "mesos"};
  const auto listed = [&](const std::string& id, Fitness fitness = {}) {
    Registration one = registration("web", id);
    one.fitness = fitness;
    return one;
  };
  SourceStep first{mesos, {}, {listed("a"), listed("b", kUnhealthy), listed("c")}};
  EXPECT_EQ(registry->apply(first, now)->touched, 3U);
  EXPECT_TRUE(web("a")->serving);
  EXPECT_FALSE(web("b")->serving);
  EXPECT_EQ(web("b")->state, State::suspended);
  ASSERT_TRUE(put("c", 1));
  registry->take_batch();

  const SourceStep second{
      mesos, {{"web", "a", Cause::task_ended}, {"web", "c"}, {"web", "never"}}, {listed("b")}};
  EXPECT_EQ(registry->apply(second, now)->touched, 3U);
  EXPECT_FALSE(web("a"));
  EXPECT_TRUE(web("b")->serving) << "it is well again";
  EXPECT_TRUE(web("c")) << "its heartbeat claim remains";
  const Batch batch = registry->take_batch();
  EXPECT_EQ(batch.changes.front().cause, Cause::task_ended);
  EXPECT_TRUE(batch.rows.empty()) << "what a scheduler lists is not stored";
}

TEST_F(Merge, AnInstanceIsOutWhenAnySourceSaysSo) {
  const auto say = [&](const char* source, Fitness fitness) {
    Registration one = registration("web", "a");
    one.fitness = fitness;
    return registry->apply(SourceStep{{SourceKind::scheduler, source}, {}, {one}}, now);
  };
  ASSERT_TRUE(say("mesos", {}));
  ASSERT_TRUE(say("marathon", kUnhealthy));
  EXPECT_FALSE(web("a")->serving);
  EXPECT_EQ(web("a")->reason, Reason::not_routable_unhealthy);
  ASSERT_TRUE(say("mesos", {State::starting, Reason::not_routable_no_result}));
  ASSERT_TRUE(say("marathon", {}));
  EXPECT_EQ(web("a")->reason, Reason::not_routable_no_result);
  ASSERT_TRUE(say("mesos", {}));
  EXPECT_TRUE(web("a")->serving);
  registry->take_batch();
  ASSERT_TRUE(say("mesos", {}));
  EXPECT_TRUE(registry->take_batch().changes.empty()) << "the same again is no change";
}

TEST_F(Merge, TheWorstOfWhatIsSaidCounts) {
  const Fitness held{State::timedout, Reason::held};
  const Fitness waits{State::starting, Reason::not_routable_no_result};
  struct {
    Fitness listed;
    HeartbeatStatus reported;
    State state;
    Reason reason;
    bool serving;
  } const rows[] = {
      {{}, HeartbeatStatus::passing, State::active, Reason::ok, true},
      {held, HeartbeatStatus::passing, State::timedout, Reason::held, true},
      {{State::timedout, Reason::unreachable},
       HeartbeatStatus::warning,
       State::timedout,
       Reason::unreachable,
       true},
      {held, HeartbeatStatus::starting, State::starting, Reason::starting, false},
      {held, HeartbeatStatus::critical, State::suspended, Reason::suspended_report, false},
      {waits, HeartbeatStatus::passing, State::starting, Reason::not_routable_no_result, false},
      {waits, HeartbeatStatus::critical, State::suspended, Reason::suspended_report, false},
      {kUnhealthy, HeartbeatStatus::starting, State::suspended, Reason::not_routable_unhealthy, false},
      {kUnhealthy, HeartbeatStatus::critical, State::suspended, Reason::not_routable_unhealthy, false},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(to_string(row.listed.reason)) + ", reported " +
                 std::to_string(static_cast<int>(row.reported)));
    begin_anew();
    Registration one = registration("web", "a");
    one.fitness = row.listed;
    ASSERT_TRUE(registry->apply(SourceStep{{SourceKind::scheduler, "mesos"}, {}, {one}}, now));
    ASSERT_TRUE(put("a", 1));
    ASSERT_TRUE(beat("a", 1, Vitals{row.reported, "", {}, false, {}, {}}));
    EXPECT_EQ(web("a")->state, row.state);
    EXPECT_EQ(web("a")->reason, row.reason);
    EXPECT_EQ(web("a")->serving, row.serving);
  }
}

TEST_F(Merge, AGrantIsOfTheLeaseThatWasAskedFor) {
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "a", body_at("192.0.2.1")));
  EXPECT_EQ(put("a", 1)->lease.ttl, Millis(30'000)) << "a client renews by it";
  EXPECT_EQ(beat("a", 1)->lease.ttl, Millis(30'000));
  EXPECT_EQ(registry->lease_of("web", "a", now).ttl, Millis(0))
      << "the instance lasts while the file lists it";
}

TEST_F(Merge, AReportEndsWithWhoMadeIt) {
  ASSERT_TRUE(
      registry->apply(SourceStep{{SourceKind::scheduler, "mesos"}, {}, {registration("web", "a")}}, now));
  ASSERT_TRUE(put("a", 1));
  ASSERT_TRUE(beat("a", 1, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  EXPECT_FALSE(web("a")->serving);
  registry->take_batch();
  pass(Millis(31'000));
  EXPECT_TRUE(web("a")->serving) << "it no longer says so";
  const Batch batch = registry->take_batch();
  EXPECT_EQ(rows_of<HealthGone>(batch), 1U);
  EXPECT_EQ(rows_of<ClaimGone>(batch), 1U);
}

// ---- overlay

OverlayEntry entry(std::string match, std::optional<std::uint16_t> weight = {},
                   std::optional<AdminMode> mode = {}) {
  OverlayEntry e;
  e.match = std::move(match);
  e.weight = weight;
  e.mode = mode;
  return e;
}

class OverlayOf : public Fixture {
 protected:
  Outcome edit(OverlayEdit::Kind kind, std::vector<OverlayEntry> entries, std::string match = "",
               std::optional<std::uint64_t> if_revision = {}) {
    return registry->apply(OverlayEdit{kind, std::move(entries), std::move(match), if_revision}, now);
  }
  using Kind = OverlayEdit::Kind;
};

TEST_F(OverlayOf, LaterEntriesWinFieldByFieldAndSurviveHeartbeats) {
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  OverlayEntry tags = entry("web/*");
  tags.tags = {{"canary", "true"}, {"shared", std::nullopt}};
  ASSERT_TRUE(edit(Kind::replace_all,
                   {entry("*", 5), entry("web/i1", {}, AdminMode::down), entry("web/i?", 7), tags}));
  EXPECT_EQ(web("i1")->body->weight, 7);
  EXPECT_EQ(web("i1")->reason, Reason::admin_down);
  EXPECT_EQ(web("i1")->body->tags, (Tags{{"canary", "true"}, {"heartbeat", "own"}}));
  ASSERT_TRUE(put("i1", 1, body_of(4, "heartbeat")));
  EXPECT_EQ(web("i1")->body->weight, 7);
  ASSERT_TRUE(put("i2", 1));
  EXPECT_EQ(web("i2")->body->weight, 7) << "new instances get it too";
  ASSERT_TRUE(edit(Kind::replace_all, {}));
  EXPECT_EQ(web("i1")->body->weight, 4);
  EXPECT_EQ(web("i1")->reason, Reason::ok);
}

TEST_F(OverlayOf, WhatOnlyASourceListsCannotBeDeregistered) {
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "i1", body_at("10.0.0.1")));
  registry->take_batch();
  for (const bool drain_first : {false, true}) {
    const auto refused = registry->apply(Removal{"web", "i1", {}, drain_first, {}}, now);
    EXPECT_EQ(code_of(refused), "listed_by_source");
    EXPECT_NE(refused.error().message.find("the source static lists it"), std::string::npos);
  }
  EXPECT_TRUE(registry->take_batch().changes.empty());
  ASSERT_TRUE(put("i1", 1));
  EXPECT_EQ(web("i1")->sources.size(), 2U);
  EXPECT_EQ(code_of(remove("i1", 1)), "ok") << "a registration beside it can";
  EXPECT_EQ(web("i1")->sources.size(), 1U);
  EXPECT_EQ(code_of(remove("i1", 1)), "listed_by_source");
}

TEST_F(OverlayOf, EntriesEndByThemselves) {
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "i1", body_at("10.0.0.1")));
  OverlayEntry ends = entry("web/i1", {}, AdminMode::drain);
  ends.expires_at = now.wall + Millis(600'000);
  ASSERT_TRUE(edit(Kind::append, {ends}));
  registry->take_batch();
  pass(Millis(599'990));
  EXPECT_EQ(web("i1")->reason, Reason::draining);
  pass(Millis(10));
  EXPECT_EQ(web("i1")->reason, Reason::ok);
  EXPECT_TRUE(registry->overlay().empty());
  EXPECT_EQ(rows_of<OverlayRows>(registry->take_batch()), 1U);
}

TEST_F(OverlayOf, SetExactKeepsWhatItDoesNotName) {
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(edit(Kind::set_exact, {entry("web/i1", 5)}));
  ASSERT_TRUE(edit(Kind::set_exact, {entry("web/i1", {}, AdminMode::down)}));
  EXPECT_EQ(web("i1")->body->weight, 5);
  ASSERT_TRUE(edit(Kind::set_exact, {entry("web/i1", {}, AdminMode::automatic)}));
  EXPECT_EQ(registry->overlay().size(), 2U);
  EXPECT_EQ(web("i1")->reason, Reason::ok);
  ASSERT_TRUE(edit(Kind::remove_match, {}, "web/i1"));
  EXPECT_TRUE(registry->overlay().empty());
  EXPECT_EQ(web("i1")->body->weight, std::nullopt);
}

TEST_F(OverlayOf, PreconditionAndLimit) {
  const auto first = edit(Kind::append, {entry("*", 5)});
  ASSERT_TRUE(first);
  EXPECT_EQ(registry->overlay_revision(), first->revision);
  EXPECT_EQ(code_of(edit(Kind::replace_all, {}, "", first->revision + 1)), "precondition_failed");
  EXPECT_EQ(code_of(edit(Kind::replace_all, std::vector<OverlayEntry>(kMaxOverlay, entry("x/y", 1)))), "ok");
  EXPECT_EQ(code_of(edit(Kind::append, {entry("z/y", 1)})), "batch_too_long");
}

TEST_F(OverlayOf, SurvivesARestart) {
  ASSERT_TRUE(put("i1", 1));
  OverlayEntry full = entry("web/i1", 5, AdminMode::drain);
  full.priority = 2;
  full.tags = {{"az", std::nullopt}, {"canary", "tr\"ue"}};
  full.expires_at = now.wall + Millis(60'000);
  full.reason = "kernel update";
  full.by = "deploy";
  ASSERT_TRUE(edit(Kind::append, {full}));
  const Batch stored = registry->take_batch();
  Registry second({}, now);
  for (const auto& row : stored.rows) second.restore(row, now);
  second.restored(now);
  ASSERT_EQ(second.overlay().size(), 1U);
  EXPECT_EQ(second.overlay()[0], full);
  EXPECT_EQ(second.find("web", "i1")->body->weight, 5);
}

TEST_F(OverlayOf, ExplainShowsTheEntriesThatALaterOneBeats) {
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  OverlayEntry first = entry("web/*", 5), second = entry("*", 6);
  first.tags = {{"shared", "first"}};
  second.tags = {{"shared", std::nullopt}};
  ASSERT_TRUE(edit(Kind::replace_all, {first, second}));
  using Lost = std::vector<std::pair<std::string, std::string>>;
  const auto explained = registry->explain("web", "i1", now);
  ASSERT_TRUE(explained);
  const auto field = [&](std::string_view name) {
    return *std::ranges::find(explained->fields, name, &FieldOrigin::field);
  };
  EXPECT_EQ(field("weight").value_json, "6");
  EXPECT_EQ(field("weight").lost, (Lost{{"overlay", "5"}, {"heartbeat", "3"}}));
  EXPECT_EQ(field("tags.shared").value_json, "null");
  EXPECT_EQ(field("tags.shared").lost, (Lost{{"overlay", "\"first\""}, {"heartbeat", "\"heartbeat\""}}));
}

TEST_F(OverlayOf, ExplainNamesWinnersAndLosers) {
  ASSERT_TRUE(put("i1", 1, body_of(3, "heartbeat")));
  ASSERT_TRUE(put_from(SourceKind::fixed, "static", "i1", body_of(1, "static")));
  ASSERT_TRUE(edit(Kind::append, {entry("web/*", 5)}));
  now = now + Millis(4'120);
  const auto explained = registry->explain("web", "i1", now);
  ASSERT_TRUE(explained);
  const auto field = [&](std::string_view name) {
    return *std::ranges::find(explained->fields, name, &FieldOrigin::field);
  };
  EXPECT_EQ(field("weight").from, "overlay");
  EXPECT_EQ(field("weight").value_json, "5");
  EXPECT_EQ(field("weight").lost,
            (std::vector<std::pair<std::string, std::string>>{{"heartbeat", "3"}, {"static", "1"}}));
  EXPECT_EQ(field("addresses").from, "static");
  EXPECT_EQ(field("addresses").value_json, R"(["10.0.0.1"])");
  EXPECT_EQ(field("meta").value_json, R"({"from":"heartbeat"})");
  EXPECT_EQ(field("tags.shared").from, "heartbeat");
  EXPECT_EQ(explained->overlay.size(), 1U);
  ASSERT_EQ(explained->claims.size(), 2U);
  EXPECT_EQ(explained->claims[0].heard_ago, Millis(4'120));
  EXPECT_EQ(explained->claims[0].by, "10.0.0.7");
}

// A glob that matches everybody reaches them in pieces of bounded work; in the end all have what was said
// last.
TEST_F(OverlayOf, AGlobOverManyGoesOnInPieces) {
  constexpr std::size_t kServices = 3 * kSweepVisits;
  for (std::size_t i = 0; i < kServices; ++i)
    ASSERT_TRUE(registry->apply(registration("s" + std::to_string(i), "i1", body_at("10.0.0.7")), now));
  registry->take_batch();
  const auto piece = [&] {
    now = now + Millis(10);
    registry->tick(now, 1'000'000);
    const std::size_t size = registry->take_batch().changes.size();
    EXPECT_LE(size, kSweepChanges);
    return size;
  };
  ASSERT_TRUE(edit(Kind::replace_all, {entry("*", 5)}));
  EXPECT_EQ(registry->take_batch().changes.size(), kSweepChanges);
  registry->tick(now, 1'000'000);
  EXPECT_EQ(registry->take_batch().changes.size(), 0U) << "one piece a tick";
  for (int i = 0; i < 5; ++i) EXPECT_EQ(piece(), kSweepChanges);
  ASSERT_TRUE(edit(Kind::replace_all, {entry("*", 7)}));
  registry->take_batch();
  const auto is_done = [&] {
    for (std::size_t s = 0; s < kServices; ++s)
      if (registry->find("s" + std::to_string(s), "i1")->effective_weight != 7) return false;
    return true;
  };
  std::size_t pieces = 0;
  for (; pieces < 1'000 && !is_done(); ++pieces) piece();
  EXPECT_GE(pieces, kServices / kSweepChanges - 1);
  EXPECT_EQ(piece(), 0U);
}

}  // namespace
}  // namespace muster::registry::test
