#include "zones/ttl.h"

#include <gtest/gtest.h>

#include "tests/zones/support/instances.h"

namespace muster::zones {
namespace {

using registry::State;
using test::Make;

TEST(Ttl, OfOneInstance) {
  struct Row {
    const char* why;
    Make make;
    TtlRange range;
    std::uint32_t seconds;
    TtlReason reason;
  };
  const auto web = [] { return Make("web", "i1"); };
  const Row rows[] = {
      {"no lease: the service's ttl", web(), {1, 5}, 5, TtlReason::configured},
      {"a long lease does not matter", web().lease(30), {1, 5}, 5, TtlReason::configured},
      {"a third of a short lease", web().lease(9), {1, 5}, 3, TtlReason::lease_third},
      {"rounded down", web().lease(8), {1, 5}, 2, TtlReason::lease_third},
      {"never under ttl_min", web().lease(2), {1, 5}, 1, TtlReason::lease_third},
      {"a higher ttl_min", web().lease(6), {3, 5}, 3, TtlReason::lease_third},
      {"a low lease: ttl_min", web().lease(30).low(), {1, 5}, 1, TtlReason::lease_low},
      {"timed out: ttl_min", web().lease(30).state(State::timedout), {1, 5}, 1, TtlReason::timed_out},
      {"suspended, starting: as long as the lease says",
       web().lease(9).state(State::suspended),
       {1, 5},
       3,
       TtlReason::lease_third},
      {"ttl under ttl_min wins", web().lease(30).low(), {10, 5}, 5, TtlReason::lease_low},
      {"ttl 0 stays 0", web().lease(2), {1, 0}, 0, TtlReason::configured},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto instance = row.make.get();
    const Ttl ttl = ttl_of(*instance, row.range);
    EXPECT_EQ(ttl.seconds, row.seconds);
    EXPECT_EQ(ttl.reason, row.reason);
  }
}

TEST(Ttl, OfASetIsTheLeastOfItsCandidates) {
  const auto plain = Make("web", "a").lease(30).get();
  const auto brief = Make("web", "b").lease(9).get();
  const auto low_but_draining = Make("web", "c").lease(30).low().draining().get();
  const std::vector<const registry::Instance*> able = {plain.get(), brief.get(), low_but_draining.get()};
  const Ttl ttl = ttl_of(able, {1, 5}, false);
  EXPECT_EQ(ttl.seconds, 3u) << "a draining one does not count";
  EXPECT_EQ(to_string(ttl), "a third of the lease of web/b (9 s)");
  EXPECT_EQ(ttl_of(able, {1, 5}, true).seconds, 1u) << "nothing ready";
  EXPECT_EQ(ttl_of({}, {1, 5}, false).seconds, 5u);
}

}  // namespace
}  // namespace muster::zones
