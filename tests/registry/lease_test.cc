// Leases: who is there, for how long, and what the lease's state shows.
#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

using Lease = Fixture;

TEST_F(Lease, AnInstanceIsThereFromItsRegistrationOn) {
  const auto granted = put("i1", 7);
  ASSERT_TRUE(granted);
  EXPECT_TRUE(granted->created);
  EXPECT_FALSE(granted->existed);
  EXPECT_TRUE(granted->durable_needed);
  EXPECT_EQ(granted->label, "i1");
  EXPECT_EQ(granted->generation, 7U);
  EXPECT_EQ(granted->lease.expires_at, now.wall + Millis(30'000));
  ASSERT_TRUE(web("i1"));
  EXPECT_TRUE(web("i1")->serving);
  EXPECT_EQ(web("i1")->reason, Reason::ok);
  EXPECT_EQ(web("i1")->revision, granted->revision);
  const Batch batch = registry->take_batch();
  ASSERT_EQ(batch.changes.size(), 1U);
  EXPECT_FALSE(batch.changes[0].before);
  EXPECT_EQ(batch.changes[0].after, web("i1"));
  EXPECT_EQ(rows_of<ClaimRow>(batch), 1U);
}

TEST_F(Lease, TheSameBodyAgainOnlyRenews) {
  ASSERT_TRUE(put("i1", 7));
  const auto revision = registry->revision();
  registry->take_batch();
  now = now + Millis(10'000);
  const auto again = put("i1", 7);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->created);
  EXPECT_FALSE(again->durable_needed);
  EXPECT_EQ(again->lease.expires_at, now.wall + Millis(30'000));
  const Batch batch = registry->take_batch();
  EXPECT_TRUE(batch.changes.empty());
  EXPECT_TRUE(batch.rows.empty());
  EXPECT_EQ(registry->revision(), revision);
}

TEST_F(Lease, HeartbeatsKeepItAndCostNothing) {
  ASSERT_TRUE(put("i1", 7));
  registry->take_batch();
  for (int i = 0; i < 30; ++i) {
    pass(Millis(10'000));
    ASSERT_TRUE(beat("i1", 7));
  }
  const Batch batch = registry->take_batch();
  EXPECT_TRUE(batch.changes.empty());
  EXPECT_TRUE(batch.rows.empty());
  EXPECT_TRUE(web("i1"));
}

TEST_F(Lease, EndsNeverEarlyAndAtMostOneTickLate) {
  ASSERT_TRUE(put("i1", 7));
  registry->take_batch();
  pass(Millis(29'999));
  EXPECT_TRUE(web("i1"));
  pass(Millis(11));
  EXPECT_FALSE(web("i1"));
  const Batch batch = registry->take_batch();
  ASSERT_FALSE(batch.changes.empty());
  EXPECT_EQ(batch.changes.back().cause, Cause::expired);
  EXPECT_FALSE(batch.changes.back().after);
  EXPECT_EQ(rows_of<ClaimGone>(batch), 1U);
  EXPECT_EQ(rows_of<TombstoneRow>(batch), 0U);
  EXPECT_EQ(registry->counts().expired, 1U);
}

TEST_F(Lease, RunsLowOnceAndAHeartbeatRestoresIt) {
  ASSERT_TRUE(put("i1", 7));
  const auto revision = web("i1")->revision;
  registry->take_batch();
  pass(Millis(25'000));
  EXPECT_FALSE(web("i1")->lease_low) << "just min(5 s, lease/3) remains, not less";
  pass(Millis(20));
  ASSERT_TRUE(web("i1")->lease_low);
  Batch batch = registry->take_batch();
  ASSERT_EQ(batch.changes.size(), 1U);
  EXPECT_FALSE(batch.changes[0].revised);
  EXPECT_EQ(web("i1")->revision, revision);
  pass(Millis(1000));
  EXPECT_TRUE(registry->take_batch().changes.empty());
  ASSERT_TRUE(beat("i1", 7));
  EXPECT_FALSE(web("i1")->lease_low);
  batch = registry->take_batch();
  ASSERT_EQ(batch.changes.size(), 1U);
  EXPECT_FALSE(batch.changes[0].revised);
  EXPECT_EQ(registry->revision(), revision);
  pass(Millis(29'980));
  EXPECT_TRUE(web("i1"));
}

TEST_F(Lease, IsClampedAndNeverLongerThanAsked) {
  struct {
    Millis asked, granted;
    const char* why;
  } constexpr kRows[] = {
      {Millis(1), Millis(2'000), "below lease_min"},
      {Millis(9'000), Millis(9'000), "as asked"},
      {Millis(1'000'000'000), Millis(86'400'000), "above lease_max"},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.why);
    Registration r = registration("web", "i1");
    r.lease = row.asked;
    const auto granted = registry->apply(r, now);
    ASSERT_TRUE(granted);
    EXPECT_EQ(granted->lease.ttl, row.granted);
  }
}

TEST_F(Lease, AShorterLeaseIsArmedEarlier) {
  Registration r = registration("web", "i1");
  r.lease = Millis(3'600'000);
  ASSERT_TRUE(registry->apply(r, now));
  Heartbeat h;
  h.service = "web";
  h.id = "i1";
  h.lease = Millis(2'000);
  ASSERT_TRUE(registry->apply(h, now));
  pass(Millis(2'010));
  EXPECT_FALSE(web("i1"));
}

TEST_F(Lease, APausedMachineExpiresNobody) {
  ASSERT_TRUE(put("i1", 7));
  registry->shift_deadlines(Millis(40'000));
  now = now + Millis(40'000);
  pass(Millis(29'990));
  EXPECT_TRUE(web("i1"));
  EXPECT_EQ(registry->lease_of("web", "i1", now).expires_at, now.wall + Millis(10));
  pass(Millis(20));
  EXPECT_FALSE(web("i1"));
}

TEST_F(Lease, RecoveredInstancesHaveOneWholeLeaseFromWhenTheListenersOpen) {
  ASSERT_TRUE(put("i2", 7));
  ASSERT_TRUE(put("i1", 8));
  const Batch stored = registry->take_batch();
  Registry second({}, now);
  for (const Row& row : stored.rows) second.restore(row, now);
  EXPECT_EQ(second.to_restore().claims, 2U);
  const Instant open = now + Millis(5'000);
  second.restored(open);
  ASSERT_TRUE(second.find("web", "i1"));
  EXPECT_EQ(second.find("web", "i1")->lease_state, LeaseState::recovered);
  EXPECT_EQ(second.find("web", "i1")->effective_weight, 1.0);
  EXPECT_EQ(second.find("web", "i1")->generation, 8U);
  EXPECT_GT(second.find("web", "i1")->revision, 65'535U) << "revisions go on after the reserved block";
  const ServiceView view = second.view("web", open);
  ASSERT_EQ(view.instances.size(), 2U);
  EXPECT_EQ(view.instances[0]->id, "i2") << "registration order survives";

  Heartbeat h;
  h.service = "web";
  h.id = "i1";
  ASSERT_TRUE(second.apply(h, open + Millis(20'000)));
  EXPECT_EQ(second.find("web", "i1")->lease_state, LeaseState::live);
  for (Instant t = open; t.steady < open.steady + Millis(29'990); t = t + Millis(10)) second.tick(t, 1000);
  EXPECT_TRUE(second.find("web", "i2"));
  second.tick(open + Millis(30'000), 1000);
  EXPECT_FALSE(second.find("web", "i2"));
  EXPECT_TRUE(second.find("web", "i1"));
}

}  // namespace
}  // namespace muster::registry::test
