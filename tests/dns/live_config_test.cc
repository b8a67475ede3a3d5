#include "dns/live_config.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dns/answering.h"

namespace muster::dns {
namespace {

AnswerConfig named(std::string name) {
  AnswerConfig config;
  config.server_name = std::move(name);
  return config;
}

TEST(LiveConfig, IsTakenOverAtTheNextBatchAndTheClockIsAskedOnce) {
  zones::NameTable table;
  const auto live = std::make_shared<LiveConfig>(named("one"));
  int asked = 0;
  Answering answering(table, zones::Rng(1), live, [&asked] {
    ++asked;
    return Moment{1'700'000'000, 77};
  });
  EXPECT_EQ(answering.answerer.config.server_name, "one");
  live->set(named("two"));
  EXPECT_EQ(answering.answerer.config.server_name, "one") << "not in the middle of a batch";
  const Moment moment = answering.begin_batch();
  EXPECT_EQ(answering.answerer.config.server_name, "two");
  EXPECT_EQ(moment.now, 1'700'000'000u);
  EXPECT_EQ(moment.tick, 77u);
  EXPECT_EQ(asked, 1);
  answering.answerer.config.server_name = "untouched";
  answering.begin_batch();
  EXPECT_EQ(answering.answerer.config.server_name, "untouched") << "nothing is copied while nothing changes";
}

TEST(LiveConfig, IsReplacedWhileThreadsTakeItOver) {
  zones::NameTable table;
  const auto live = std::make_shared<LiveConfig>(named("0"));
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    Answering answering(table, zones::Rng(1), live, [] { return Moment(); });
    int last = 0;
    while (!stop) {
      answering.begin_batch();
      const int seen = std::stoi(answering.answerer.config.server_name);
      EXPECT_GE(seen, last) << "never back";
      last = seen;
    }
    answering.begin_batch();
    EXPECT_EQ(answering.answerer.config.server_name, "2000");
  });
  for (int i = 1; i <= 2000; ++i) live->set(named(std::to_string(i)));
  stop = true;
  reader.join();
}

}  // namespace
}  // namespace muster::dns
