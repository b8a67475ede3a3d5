#include "zones/ready_set.h"

#include <gtest/gtest.h>

#include "tests/zones/support/instances.h"

namespace muster::zones {
namespace {

using registry::AdminMode;
using registry::InstancePtr;
using registry::State;
using test::Make;

// "a b! c- d0 e~": a serves, b! is suspended, c- drains, d0 has weight 0, e~ is timed out, f* is starting, g^
// is forced up although suspended; a digit behind a slash is the priority: "a/1".
std::vector<InstancePtr> read(std::string_view text) {
  std::vector<InstancePtr> members;
  for (std::size_t at = 0; at < text.size();) {
    Make make("web", std::string(1, text[at++]));
    make.weight(1);
    for (; at < text.size() && text[at] != ' '; ++at) {
      switch (text[at]) {
        case '!': make.state(State::suspended); break;
        case '-': make.draining(); break;
        case '0': make.weight(0); break;
        case '~': make.state(State::timedout); break;
        case '*': make.state(State::starting); break;
        case '^': make.state(State::suspended).admin(AdminMode::up); break;
        case 'x': make.state(State::off).admin(AdminMode::down); break;
        case '/': make.priority(static_cast<std::uint16_t>(text[++at] - '0')); break;
      }
    }
    if (at < text.size()) ++at;
    members.push_back(make.get());
  }
  return members;
}

std::vector<const registry::Instance*> pointers(const std::vector<InstancePtr>& members) {
  std::vector<const registry::Instance*> all;
  for (const auto& member : members) all.push_back(member.get());
  return all;
}

std::string ids(const ReadySet& set) {
  std::string text;
  for (const Chosen& one : set.chosen) text += one.instance->id;
  return text;
}

TEST(ReadySet, WhoStandsInAnAnswer) {
  struct Row {
    const char* why;
    const char* members;
    const char* lowest;  // A/AAAA
    const char* all;     // SRV
    const char* note;
    WhenNone when_none = WhenNone::all;
    bool publish_not_ready = false;
  };
  const Row rows[] = {
      {"all pass", "a b c", "abc", "abc", ""},
      {"a suspended one is left out", "a b!", "a", "a", ""},
      {"a timed-out one is served", "a b~", "ab", "ab", ""},
      {"a forced one is served whatever its checks say", "a b^", "ab", "ab", ""},
      {"a starting one is not", "a b*", "a", "a", ""},
      {"drained and down ones are no candidates", "a b- cx", "a", "a", ""},
      {"nothing ready: all candidates that are not starting", "a! b! c*", "ab", "ab", "0 of 3 ready"},
      {"not even then a drained or down one", "a! b- cx", "a", "a", "0 of 1 ready"},
      {"all awaiting a first verdict: nobody", "a* b*", "", "", "0 of 2 ready"},
      {"nothing ready, none: nobody", "a! b!", "", "", "0 of 2 ready", WhenNone::none},
      {"nothing ready, servfail: nobody", "a! b!", "", "", "0 of 2 ready", WhenNone::servfail},
      {"one ready: when_none says nothing", "a b!", "a", "a", "", WhenNone::none},
      {"publish_not_ready: every candidate", "a b! c* d-", "abc", "abc", "", WhenNone::all, true},
      {"addresses of the lowest tier only", "a b c/1", "ab", "abc", ""},
      {"the lowest tier with a ready one", "a! b/1 c/1", "bc", "bc", ""},
      {"weight 0 stands aside in its tier", "a0 b c/1", "b", "bc", ""},
      {"all of a tier 0: they are equal, and it is still the lowest", "a0 b0 c/1", "ab", "abc", ""},
      {"weight 0 of another tier is judged there", "a b0/1 c/1", "a", "ac", ""},
      {"panic keeps tiers", "a!/1 b!/2", "a", "ab", "0 of 2 ready"},
      {"panic keeps weight 0 aside", "a!0 b!", "b", "b", "0 of 2 ready"},
      {"nobody registered", "", "", "", ""},
      {"nobody but drained ones", "a-", "", "", ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto members = read(row.members);
    ServicePolicy policy;
    policy.when_none = row.when_none;
    policy.publish_not_ready = row.publish_not_ready;
    const ReadySet lowest = choose(pointers(members), policy, Tiers::lowest);
    EXPECT_EQ(ids(lowest), row.lowest);
    EXPECT_EQ(ids(choose(pointers(members), policy, Tiers::all)), row.all);
    EXPECT_EQ(lowest.note(), (Note{row.note, 0}));
    EXPECT_EQ(lowest.servfail, row.when_none == WhenNone::servfail && lowest.panic);
  }
}

TEST(ReadySet, TooFewAreAsGoodAsNone) {
  struct Row {
    const char* why;
    Policy policy;
    double threshold;
    const char* members;
    const char* all;
    bool panic;
  };
  const Row rows[] = {
      {"half is not under a half", Policy::random, 0.5, "a b!", "a", false},
      {"less than half", Policy::random, 0.5, "a b! c!", "abc", true},
      {"never those that start", Policy::random, 0.5, "a b! c*", "ab", true},
      {"over all priorities", Policy::random, 0.5, "a b/1 c!/2", "ab", false},
      {"drained ones do not count", Policy::random, 0.5, "a b- c!", "a", false},
      {"weights count where they are drawn by", Policy::weighted, 0.5, "a0 b!", "b", true},
      {"heads where not", Policy::round_robin, 0.5, "a0 b!", "a", false},
      {"heads where each is drawn alike", Policy::random, 0.5, "a0 b!", "a", false},
      {"heads where all weights are 0", Policy::weighted, 0.6, "a0 b0!", "ab", true},
      {"without a threshold one is enough", Policy::random, 0, "a b! c! d!", "a", false},
      {"all wanted, all there", Policy::random, 1, "a b", "ab", false},
      {"all wanted, one away", Policy::random, 1, "a b!", "ab", true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto members = read(row.members);
    ServicePolicy policy;
    policy.policy = row.policy;
    policy.panic_threshold = row.threshold;
    const ReadySet set = choose(pointers(members), policy, Tiers::all);
    EXPECT_EQ(ids(set), row.all);
    EXPECT_EQ(set.panic, row.panic);
    policy.when_none = WhenNone::none;
    EXPECT_EQ(ids(choose(pointers(members), policy, Tiers::all)), row.panic ? "" : row.all) << "fails closed";
  }
}

TEST(ReadySet, DrainingOnesStayWithoutPanicking) {
  ServicePolicy policy;
  policy.panic_threshold = 0.5;
  const auto members = read("a- b! c!");
  EXPECT_EQ(ids(choose(pointers(members), policy, Tiers::all)), "bc") << "not even in panic";
}

TEST(ReadySet, WhatStandsByIsShownInSrvAlone) {
  ServicePolicy policy;
  policy.srv_zero_kept = true;
  policy.drained_kept = true;
  const auto members = read("a0 b c- d/1");
  EXPECT_EQ(ids(choose(pointers(members), policy, Tiers::lowest)), "b");
  const ReadySet set = choose(pointers(members), policy, Tiers::all);
  EXPECT_EQ(ids(set), "bdac") << "behind all others";
  EXPECT_EQ(srv_weights(set.chosen, 1), (std::vector<std::uint16_t>{1, 1, 0, 0}));
  EXPECT_EQ(set.chosen[1].group, 1);
  EXPECT_EQ(set.chosen[2].group, 2);
  EXPECT_EQ(set.chosen[3].group, 2);
  EXPECT_EQ(set.chosen[2].priority, 0) << "another of its priority is to be used before it";
}

TEST(ReadySet, NobodyIsSentToWhatStandsBy) {
  ServicePolicy policy;
  policy.drained_kept = true;
  const auto members = read("a- b/1");
  const ReadySet set = choose(pointers(members), policy, Tiers::all);
  EXPECT_EQ(ids(set), "ba");
  EXPECT_EQ(set.chosen[1].priority, 1) << "alone with priority 0 it would be the first choice";
  for (const Policy one :
       {Policy::single, Policy::weighted, Policy::round_robin, Policy::weighted_rr, Policy::hash}) {
    policy.policy = one;
    EXPECT_EQ(ids(choose(pointers(members), policy, Tiers::all)), "b") << to_string(one);
  }
  policy.policy = Policy::weighted_failover;
  EXPECT_EQ(ids(choose(pointers(read("a- b!")), policy, Tiers::all)), "ba") << "in panic it stays as well";
  Make ended = Make("web", "a").weight(1).draining();
  ended.instance.reason = registry::Reason::task_ended;
  EXPECT_EQ(ids(choose(pointers({ended.get(), Make("web", "b").weight(1).get()}), policy, Tiers::all)), "b");
}

TEST(ReadySet, InPanicHiddenOnesAreServed) {
  Make hidden = Make("web", "a").weight(1).state(State::timedout);
  hidden.instance.reason = registry::Reason::timedout_hidden;
  const std::vector<InstancePtr> members = {hidden.get()};
  const ReadySet set = choose(pointers(members), {}, Tiers::all);
  EXPECT_TRUE(set.panic);
  EXPECT_EQ(ids(set), "a");
}

TEST(ReadySet, ASuspectIsShownAsItIsWhereNothingIsDrawn) {
  const Make suspect = Make("web", "a").weight(16).effective(1).suspect(1);
  ServicePolicy policy;
  policy.policy = Policy::all;
  EXPECT_EQ(choose(pointers({suspect.get()}), policy, Tiers::all).chosen.at(0).weight, 16);
}

TEST(ReadySet, SingleIsTheFirstCandidateOrNobody) {
  ServicePolicy policy;
  policy.policy = Policy::single;
  EXPECT_EQ(ids(choose(pointers(read("a b c")), policy, Tiers::all)), "a");
  EXPECT_EQ(ids(choose(pointers(read("a- b c")), policy, Tiers::all)), "b") << "one that drains is none";
  EXPECT_EQ(ids(choose(pointers(read("a! b c")), policy, Tiers::all)), "a") << "panic: still no other";
  policy.when_none = WhenNone::none;
  EXPECT_EQ(ids(choose(pointers(read("a! b c")), policy, Tiers::all)), "");
}

std::vector<double> weights(const ReadySet& set) {
  std::vector<double> weights;
  for (const Chosen& one : set.chosen) weights.push_back(one.weight);
  return weights;
}

TEST(ReadySet, ASlowStartLowersTheWeightBesideOthers) {
  Make slow = Make("web", "a").weight(10);
  slow.instance.ramp = 0.25F;
  Make other = Make("web", "b").weight(10);
  const auto members = [&] { return std::vector<InstancePtr>{slow.get(), other.get()}; };
  EXPECT_EQ(weights(choose(pointers(members()), {}, Tiers::all)), (std::vector<double>{2.5, 10}));
  ServicePolicy random;
  random.policy = Policy::random;
  EXPECT_EQ(weights(choose(pointers(members()), random, Tiers::all)), (std::vector<double>{0.25, 1}));
  ServicePolicy all;
  all.policy = Policy::all;
  EXPECT_EQ(weights(choose(pointers(members()), all, Tiers::all)), (std::vector<double>{10, 10}))
      << "nothing is drawn";
  other.instance.ramp = 0.5F;
  EXPECT_EQ(weights(choose(pointers(members()), {}, Tiers::all)), (std::vector<double>{10, 10}))
      << "all of them start slowly";
}

TEST(ReadySet, ResponseTimesBecomeShares) {
  const auto made = [](const char* id, float ms, float success) {
    Make make = Make("web", id).weight(1);
    make.instance.latency_ms = ms;
    make.instance.success = success;
    return make.get();
  };
  ServicePolicy policy;
  policy.policy = Policy::response_time;
  const auto shares = [&](const std::vector<InstancePtr>& members) {
    return weights(choose(pointers(members), policy, Tiers::all));
  };
  EXPECT_EQ(shares({made("a", 10, 1), made("b", 20, 1), made("c", 40, 1)}), (std::vector<double>{2, 1, 0.5}));
  EXPECT_EQ(shares({made("a", 10, 1), made("b", 30, 1)}), (std::vector<double>{2, 20.0 / 30}))
      << "an even number: their middle";
  EXPECT_EQ(shares({made("a", 0, 1), made("b", 30, 1)}), (std::vector<double>{1, 1}))
      << "no sample: the median";
  EXPECT_EQ(shares({made("a", 1, 1), made("b", 100, 1), made("c", 10'000, 1)}),
            (std::vector<double>{8, 1, 0.125}));
  EXPECT_EQ(shares({made("a", 10, 0.5F), made("b", 10, 0.01F)}), (std::vector<double>{0.5, 0.125}));
  policy.response_exponent = 2;
  EXPECT_EQ(shares({made("a", 10, 1), made("b", 20, 1), made("c", 40, 1)}),
            (std::vector<double>{4, 1, 0.25}));
  policy.policy = Policy::weighted;
  EXPECT_EQ(shares({made("a", 10, 1), made("b", 20, 1)}), (std::vector<double>{1, 1}));
}

TEST(ReadySet, PanicUsesConfiguredWeightsAndAllZeroIsUniform) {
  const std::vector<InstancePtr> panic = {
      Make("web", "a").weight(10).effective(0.5).state(State::suspended).get()};
  EXPECT_EQ(choose(pointers(panic), {}, Tiers::all).chosen.at(0).weight, 10);
  const std::vector<InstancePtr> suspect = {
      Make("web", "a").weight(10).effective(10.0 / 16).state(State::timedout).get()};
  EXPECT_EQ(choose(pointers(suspect), {}, Tiers::all).chosen.at(0).weight, 0.625);
  const auto zero = read("a0 b0");
  for (const Chosen& one : choose(pointers(zero), {}, Tiers::all).chosen) EXPECT_EQ(one.weight, 1);
}

TEST(ReadySet, OfSuspectsTheLongestSilenceIsTold) {
  const Make plain = Make("web", "a").weight(1);
  Make old = Make("web", "b").weight(1).suspect(1'700'000'005);
  Make older = Make("web", "c").weight(1).suspect(1'700'000'000);
  const Note told{"heartbeats silent", 1'700'000'000};
  EXPECT_EQ(choose(pointers({plain.get(), old.get(), older.get()}), {}, Tiers::all).note(), told);
  EXPECT_EQ(choose(pointers({old.get(), older.draining().get()}), {}, Tiers::all).note().since, 1'700'000'005u)
      << "only those that are answered";
  old.state(State::suspended);
  EXPECT_EQ(choose(pointers({old.get()}), {}, Tiers::all).note(), (Note{"0 of 1 ready", 0}));
}

TEST(ReadySet, OfASchedulerThatIsOutOfTouchItsNameIsTold) {
  Make lost = Make("web", "a").weight(1);
  lost.instance.sources = {{registry::SourceKind::scheduler, "mesos"}};
  lost.instance.silent_since = registry::WallTime(std::chrono::seconds(1'700'000'000));
  EXPECT_EQ(choose(pointers({lost.get()}), {}, Tiers::all).note(), (Note{"mesos silent", 1'700'000'000}));
  Make suspect = Make("web", "b").weight(1).suspect(1'600'000'000);
  EXPECT_EQ(choose(pointers({lost.get(), suspect.get()}), {}, Tiers::all).note(),
            (Note{"heartbeats silent", 1'600'000'000}));
}

TEST(ReadySet, DrawShares) {
  EXPECT_EQ(draw_share(1), 16000u);
  EXPECT_EQ(draw_share(1.0 / 16), 1000u) << "a suspect of weight 1 has exactly a sixteenth";
  EXPECT_EQ(draw_share(65535), 65535u * 16000u) << "the greatest weight fits";
  EXPECT_EQ(draw_share(1e-9), 1u) << "never nothing";
  Chosen great;
  great.weight = 8.0 * 65535;
  Chosen half;
  half.weight = 4.0 * 65535;
  const std::vector<Chosen> fast = {great, half};
  const double scale = draw_scale(fast);
  EXPECT_NEAR(draw_share(great.weight, scale) / static_cast<double>(draw_share(half.weight, scale)), 2, 1e-6)
      << "what response times make of great weights keeps its ratio";
}

TEST(ReadySet, SrvWeightField) {
  struct Row {
    const char* why;
    std::vector<double> weights;
    std::uint32_t scale;
    std::vector<std::uint16_t> shown;
  };
  const Row rows[] = {
      {"whole ones as registered", {60, 30, 10}, 1, {60, 30, 10}},
      {"a fraction grows all by 100", {1, 0.5}, 1, {100, 50}},
      {"a suspect's sixteenth, rounded half up", {1, 0.0625}, 1, {100, 6}},
      {"as far as the sum fits", {600, 299.5}, 1, {43200, 21564}},
      {"never under 1", {1000, 0.0625}, 1, {65000, 4}},
      {"even when it would vanish", {65535, 0.0625}, 1, {65535, 1}},
      {"a scale multiplies", {60, 30}, 256, {15360, 7680}},
      {"up to the field's end", {60, 3000}, 256, {15360, 65535}},
      {"auto: the greatest becomes a multiple of 256", {60, 30}, 0, {65280, 32640}},
      {"auto: never under 1", {65535, 0.001}, 0, {65280, 1}},
      {"nobody", {}, 0, {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    std::vector<Chosen> chosen;
    for (const double weight : row.weights) chosen.push_back({nullptr, weight});
    EXPECT_EQ(srv_weights(chosen, row.scale), row.shown);
  }
}

}  // namespace
}  // namespace muster::zones
