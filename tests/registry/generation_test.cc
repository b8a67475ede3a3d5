// Every cell of the generation table, through the registry's own door.
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

enum class Before { live, dead, unknown };
enum class Call { put, heartbeat, heartbeat_with_body, remove };

struct Cell {
  Call call;
  Before before;  // live with generation 10; a tombstone of 10; nothing
  std::optional<std::uint64_t> sent;
  const char* outcome;
  std::optional<std::uint64_t> generation;  // afterwards; nullopt: not there
  const char* why;
};

class Generation : public Fixture {
 protected:
  void arrange(Before before) {
    if (before == Before::unknown) return;
    ASSERT_TRUE(put("i1", 10));
    if (before == Before::dead) {
      ASSERT_TRUE(remove("i1", 10));
    }
  }
  Outcome make(const Cell& row) {
    const auto body = shared(body_at("10.0.0.8"));
    switch (row.call) {
      case Call::put: return put("i1", row.sent, *body);
      case Call::heartbeat: return beat("i1", row.sent);
      case Call::heartbeat_with_body: return beat("i1", row.sent, {}, body);
      case Call::remove: break;
    }
    return remove("i1", row.sent);
  }
};

const auto kNow = static_cast<std::uint64_t>(kStart.wall.time_since_epoch().count());

TEST_F(Generation, TheHighestIsNeverExceeded) {
  constexpr std::uint64_t kHighest = (std::uint64_t{1} << 63) - 1;
  ASSERT_TRUE(put("i1", kHighest));
  ASSERT_TRUE(remove("i1", kHighest));
  const Outcome again = put("i1", {});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->generation, kHighest) << "one more would be negative in the store";
}

TEST_F(Generation, Table) {
  const Cell rows[] = {
      {Call::put, Before::live, {}, "ok", 10, "same life, body replaces"},
      {Call::put, Before::live, 10, "ok", 10, "the same generation is the same life"},
      {Call::put, Before::live, 11, "ok", 11, "a newer one is a new life"},
      {Call::put, Before::live, 9, "stale_generation", 10, "an older process cannot overwrite its successor"},
      {Call::put, Before::dead, {}, "ok", kNow, "a start seconds after a stop must work"},
      {Call::put, Before::dead, 11, "ok", 11, "newer than the tombstone"},
      {Call::put, Before::dead, 10, "deregistered", {}, "what was deregistered stays so"},
      {Call::put, Before::dead, 9, "deregistered", {}, "older still"},
      {Call::put, Before::unknown, {}, "ok", kNow, "created with Unix ms"},
      {Call::put, Before::unknown, 3, "ok", 3, "created as sent"},
      {Call::heartbeat, Before::live, {}, "ok", 10, "renewed"},
      {Call::heartbeat, Before::live, 10, "ok", 10, "renewed"},
      {Call::heartbeat, Before::live, 11, "unknown_instance", 10, "a life we have not seen: send the body"},
      {Call::heartbeat, Before::live, 9, "stale_generation", 10, "a late heartbeat of an older life"},
      {Call::heartbeat, Before::dead, {}, "deregistered", {}, "cannot undo a deregistration"},
      {Call::heartbeat, Before::dead, 10, "deregistered", {}, "cannot undo a deregistration"},
      {Call::heartbeat, Before::dead, 11, "deregistered", {}, "nothing to revive it from"},
      {Call::heartbeat, Before::unknown, 10, "unknown_instance", {}, "send the body"},
      {Call::heartbeat, Before::unknown, {}, "unknown_instance", {}, "send the body"},
      {Call::heartbeat_with_body, Before::live, {}, "ok", 10, "renewed, body applied"},
      {Call::heartbeat_with_body, Before::live, 10, "ok", 10, "as PUT"},
      {Call::heartbeat_with_body, Before::live, 11, "ok", 11, "as PUT: a new life"},
      {Call::heartbeat_with_body, Before::live, 9, "stale_generation", 10, "as PUT"},
      {Call::heartbeat_with_body,
       Before::dead,
       {},
       "deregistered",
       {},
       "without a generation nothing is revived"},
      {Call::heartbeat_with_body, Before::dead, 10, "deregistered", {}, "not newer"},
      {Call::heartbeat_with_body, Before::dead, 11, "ok", 11, "revived"},
      {Call::heartbeat_with_body, Before::unknown, {}, "ok", kNow, "revived"},
      {Call::heartbeat_with_body, Before::unknown, 5, "ok", 5, "revived"},
      {Call::remove, Before::live, {}, "ok", {}, "gone"},
      {Call::remove, Before::live, 10, "ok", {}, "gone"},
      {Call::remove, Before::live, 11, "ok", {}, "gone"},
      {Call::remove, Before::live, 9, "stale_generation", 10, "the newer life stays"},
      {Call::remove, Before::dead, 10, "ok", {}, "idempotent"},
      {Call::remove, Before::dead, 9, "ok", {}, "idempotent"},
      {Call::remove, Before::unknown, {}, "ok", {}, "idempotent"},
      {Call::remove, Before::unknown, 4, "ok", {}, "idempotent"},
  };
  int number = 0;
  for (const Cell& row : rows) {
    SCOPED_TRACE("row " + std::to_string(number++) + ": " + row.why);
    begin_anew();
    arrange(row.before);
    const Outcome outcome = make(row);
    EXPECT_EQ(code_of(outcome), row.outcome);
    const InstancePtr after = web("i1");
    EXPECT_EQ(after ? std::optional(after->generation) : std::nullopt, row.generation);
    if (outcome && row.call == Call::remove) {
      EXPECT_EQ(outcome->existed, row.before == Before::live);
    }
  }
}

TEST_F(Generation, ANewLifeClearsDrainAndReports) {
  ASSERT_TRUE(put("i1", 10));
  ASSERT_TRUE(beat("i1", 10, Vitals{HeartbeatStatus::critical, "disk", {}, false, {}, {}}));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "i1", true, "update"}, now));
  EXPECT_EQ(web("i1")->reason, Reason::draining);
  ASSERT_TRUE(put("i1", 10));
  EXPECT_EQ(web("i1")->reason, Reason::draining) << "the same life stays drained";
  ASSERT_TRUE(put("i1", 11));
  EXPECT_EQ(web("i1")->reason, Reason::ok);
  EXPECT_FALSE(web("i1")->draining_since);
}

TEST_F(Generation, TombstonesLastTwoLeasesWithinBounds) {
  struct {
    Millis lease, span;
    const char* why;
  } constexpr kRows[] = {
      {Millis(10'000), Millis(60'000), "at least registry->tombstone"},
      {Millis(60'000), Millis(120'000), "twice the lease"},
      {Millis(3'600'000), Millis(600'000), "at most ten minutes"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    Registration r = registration("web", "i1");
    r.lease = row.lease;
    ASSERT_TRUE(registry->apply(r, now));
    ASSERT_TRUE(remove("i1"));
    pass(row.span - Millis(10));
    EXPECT_EQ(code_of(beat("i1")), "deregistered");
    EXPECT_EQ(registry->counts().tombstones, 1U);
    registry->take_batch();
    pass(Millis(20));
    EXPECT_EQ(code_of(beat("i1")), "unknown_instance");
    EXPECT_EQ(registry->counts().tombstones, 0U);
    EXPECT_EQ(rows_of<TombstoneGone>(registry->take_batch()), 1U);
  }
}

TEST_F(Generation, ARestoredTombstoneStillRefuses) {
  ASSERT_TRUE(put("i1", 10));
  ASSERT_TRUE(remove("i1", 10));
  const Batch stored = registry->take_batch();
  Registry second({}, now);
  for (const auto& row : stored.rows) {
    if (!std::holds_alternative<TombstoneRow>(row)) continue;
    second.restore(row, now);
  }
  second.restored(now);
  Registration r = registration("web", "i1");
  r.generation = 10;
  EXPECT_EQ(code_of(second.apply(r, now)), "deregistered");
}

TEST_F(Generation, PreconditionsAreRevisions) {
  ASSERT_TRUE(put("i1", 10));
  Registration r = registration("web", "i1", body_at("10.0.0.9"));
  r.precondition.create_only = true;
  EXPECT_EQ(code_of(registry->apply(r, now)), "precondition_failed");
  r.precondition = {false, web("i1")->revision + 1};
  EXPECT_EQ(code_of(registry->apply(r, now)), "precondition_failed");
  r.precondition.revision = web("i1")->revision;
  EXPECT_EQ(code_of(registry->apply(r, now)), "ok");
  r.id = "i2";
  EXPECT_EQ(code_of(registry->apply(r, now)), "precondition_failed") << "If-Match on nothing";
  r.precondition = {true, {}};
  EXPECT_EQ(code_of(registry->apply(r, now)), "ok");
}

}  // namespace
}  // namespace muster::registry::test
