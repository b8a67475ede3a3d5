// The log of transitions: which event a change is, and that a storm costs a bounded number of lines.
#include "tools/musterd/transitions.h"

#include <gmock/gmock.h>

namespace muster::tools {
namespace {

using registry::Cause;
using registry::Instance;
using registry::InstanceChange;
using registry::LeaseState;
using registry::State;
using ::testing::HasSubstr;

constexpr net::Instant kStart{net::SteadyTime(net::Millis(1'000'000)),
                              net::WallTime(net::Millis(1'800'000'000'000))};

registry::InstancePtr instance(void (*how)(Instance&) = [](Instance&) {}) {
  auto made = std::make_shared<Instance>();
  how(*made);
  return made;
}

InstanceChange change(registry::InstancePtr before, registry::InstancePtr after, Cause cause = Cause::none,
                      bool revised = true) {
  InstanceChange made;
  made.service = "web";
  made.id = "i1";
  made.before = std::move(before);
  made.after = std::move(after);
  made.revision = 7;
  made.cause = cause;
  made.revised = revised;
  return made;
}

TEST(Transition, IsNamedForWhatAnOperatorActsOn) {
  const auto plain = instance();
  const auto suspended = instance([](Instance& i) { i.state = State::suspended; });
  const auto draining = instance([](Instance& i) { i.draining_since = kStart.wall; });
  const auto by_admin = instance([](Instance& i) { i.admin = registry::AdminMode::drain; });
  const auto suspect = instance([](Instance& i) {
    i.lease_state = LeaseState::suspect;
    i.state = State::timedout;
  });
  const auto low = instance([](Instance& i) { i.lease_low = true; });
  const struct {
    const char* why;
    InstanceChange change;
    Transition is;
  } rows[] = {
      {"new", change(nullptr, plain), Transition::registered},
      {"another weight", change(plain, instance()), Transition::updated},
      {"only its TTL moves", change(plain, low, Cause::none, false), Transition::none},
      {"its report", change(plain, suspended), Transition::state_changed},
      {"an order to drain", change(plain, draining), Transition::draining},
      {"a drain by the overlay", change(plain, by_admin), Transition::draining},
      {"from one drain into the other", change(draining, by_admin), Transition::updated},
      {"back", change(draining, plain), Transition::drain_ended},
      {"held, though no revision", change(plain, suspect, Cause::none, false), Transition::suspect},
      {"heard again", change(suspect, plain), Transition::returned},
      {"removed", change(plain, nullptr, Cause::deregistered), Transition::deregistered},
      {"its lease ran out", change(plain, nullptr, Cause::expired), Transition::expired},
      {"held for long enough", change(suspect, nullptr, Cause::held_out), Transition::held_out},
      {"a probe was refused", change(suspect, nullptr, Cause::confirmed), Transition::confirmed},
      {"the task ended", change(plain, nullptr, Cause::task_ended), Transition::task_ended},
      {"another took its place", change(plain, nullptr, Cause::replaced), Transition::replaced},
      {"its source is gone", change(plain, nullptr, Cause::source_gone), Transition::source_gone},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(to_string(transition_of(row.change)), to_string(row.is));
  }
}

class TransitionLog : public ::testing::Test {
 protected:
  Transitions make(LogLevel threshold = LogLevel::info) {
    return Transitions(
        [this](LogLevel, std::string_view event, std::initializer_list<Field> fields) {
          std::string line(event);
          for (const Field& field : fields) line += " " + std::string(field.name) + "=" + field.value;
          lines.push_back(line);
        },
        [threshold](LogLevel level) { return level >= threshold; });
  }
  static registry::Batch batch_of(std::size_t count, const InstanceChange& change) {
    registry::Batch batch;
    batch.changes.assign(count, change);
    return batch;
  }
  std::vector<std::string> lines;
};

TEST_F(TransitionLog, SaysWhatAndWhy) {
  Transitions log = make();
  log.write(batch_of(1, change(instance(), instance([](Instance& i) {
                                 i.state = State::suspended;
                                 i.reason = registry::Reason::suspended_report;
                                 i.sources = {registry::SourceId{}};
                               }))),
            kStart);
  ASSERT_EQ(lines.size(), 1U);
  for (const char* part :
       {"state_changed service=web id=i1 state=SUSPENDED from=", "source=heartbeat", "revision=7"}) {
    EXPECT_THAT(lines[0], HasSubstr(part));
  }
}

TEST_F(TransitionLog, AStormCostsABoundedNumberOfLines) {
  Transitions log = make();
  log.write(batch_of(20'000, change(nullptr, instance())), kStart);
  EXPECT_EQ(lines.size(), Transitions::kLinesASecond);
  log.write(batch_of(1, change(instance(), nullptr, Cause::expired)), kStart);
  EXPECT_EQ(lines.size(), Transitions::kLinesASecond + 1) << "another kind has its own budget";
  log.tick(kStart + net::Millis(999));
  EXPECT_EQ(lines.size(), Transitions::kLinesASecond + 1);
  log.tick(kStart + net::Millis(1'000));
  EXPECT_EQ(lines.back(), "registered suppressed=19900");
  EXPECT_EQ(log.suppressed(), 19'900U);
  log.tick(kStart + net::Millis(1'010));
  EXPECT_EQ(lines.size(), Transitions::kLinesASecond + 2) << "told once";
  log.write(batch_of(1, change(nullptr, instance())), kStart + net::Millis(1'020));
  EXPECT_EQ(lines.back(), "registered service=web id=i1 state=ACTIVE from= reason=ok source= revision=7");
}

TEST_F(TransitionLog, OtherUpdatesAreForDebugging) {
  const auto update = change(instance(), instance());
  Transitions quiet = make();
  quiet.write(batch_of(1, update), kStart);
  EXPECT_TRUE(lines.empty());
  Transitions loud = make(LogLevel::debug);
  loud.write(batch_of(1, update), kStart);
  EXPECT_EQ(lines.size(), 1U);
}

TEST_F(TransitionLog, WritesNothingBelowItsLevel) {
  Transitions log = make(LogLevel::warning);
  log.write(batch_of(5'000, change(nullptr, instance())), kStart);
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(log.suppressed(), 0U);
}

}  // namespace
}  // namespace muster::tools
