#include "registry/sources/mesos_step.h"

#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

MesosStep step_of(std::size_t tasks, std::size_t gone, std::size_t listed, std::size_t withheld = 0) {
  MesosStep step;
  step.seen.source = step.native.source.name = "mesos";
  step.seen.masters.emplace();
  step.seen.agents.push_back({nullptr, std::make_shared<const SchedulerAgent>()});
  for (std::size_t i = 0; i < tasks; ++i) {
    SchedulerTask task;
    task.id = std::to_string(i);
    step.seen.tasks.push_back({nullptr, std::make_shared<const SchedulerTask>(std::move(task))});
  }
  for (std::size_t i = 0; i < withheld; ++i) {
    SchedulerWithheld task;
    task.id = std::to_string(i);
    step.seen.withheld.push_back({nullptr, std::make_shared<const SchedulerWithheld>(std::move(task))});
  }
  for (std::size_t i = 0; i < gone; ++i) step.native.gone.push_back({"s", "g" + std::to_string(i)});
  for (std::size_t i = 0; i < listed; ++i) {
    Registration registration;
    registration.id = "l" + std::to_string(i);
    step.native.listed.push_back(std::move(registration));
  }
  return step;
}

// As "surroundings tasks gone listed", one a piece.
std::vector<std::string> shown(const MesosStep& step, std::size_t most) {
  std::vector<std::string> all;
  for (const MesosStep& piece : pieces_of(step, most)) {
    EXPECT_EQ(piece.seen.source + piece.native.source.name, "mesosmesos");
    all.push_back(std::string(piece.seen.masters && !piece.seen.agents.empty() ? "yes " : "no ") +
                  std::to_string(piece.seen.tasks.size()) + " " + std::to_string(piece.native.gone.size()) +
                  " " + std::to_string(piece.native.listed.size()));
  }
  return all;
}

TEST(MesosStep, APieceHoldsAtMostSoManyAndWhatGoesComesFirst) {
  using Pieces = std::vector<std::string>;
  EXPECT_EQ(shown(step_of(0, 0, 0), 2), Pieces{"yes 0 0 0"}) << "one at least";
  EXPECT_EQ(shown(step_of(2, 1, 2), 2), Pieces{"yes 2 1 2"});
  EXPECT_EQ(shown(step_of(5, 3, 4), 2), (Pieces{"yes 2 2 0", "no 2 1 2", "no 1 0 2"}));
  EXPECT_EQ(shown(step_of(0, 0, 5), 2), (Pieces{"yes 0 0 2", "no 0 0 2", "no 0 0 1"}));
}

TEST(MesosStep, NothingIsLostAndTheOrderStays) {
  std::string tasks;
  std::string withheld;
  std::string instances;
  for (const MesosStep& piece : pieces_of(step_of(7, 5, 4, 11), 3)) {
    EXPECT_LE(piece.seen.withheld.size(), 3U);
    for (const auto& task : piece.seen.withheld) withheld += task.after->id;
    for (const auto& task : piece.seen.tasks) tasks += task.after->id;
    for (const auto& gone : piece.native.gone) instances += gone.id + " ";
    for (const auto& listed : piece.native.listed) instances += listed.id + " ";
  }
  EXPECT_EQ(tasks, "0123456");
  EXPECT_EQ(withheld, "012345678910");
  EXPECT_EQ(instances, "g0 g1 g2 g3 g4 l0 l1 l2 l3 ");
}

}  // namespace
}  // namespace muster::registry::sources
