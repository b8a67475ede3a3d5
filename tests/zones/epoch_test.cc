#include "zones/epoch.h"

#include <gtest/gtest.h>

#include <set>

namespace muster::zones {
namespace {

TEST(Epochs, WhatIsRetiredWaitsForThoseWhoWereOnline) {
  Epochs epochs;
  Epochs::Seat* early = epochs.take_seat();
  Epochs::Seat* late = epochs.take_seat();
  epochs.online(*early);
  const std::uint64_t first = epochs.advance();
  EXPECT_LT(epochs.safe(), first);
  epochs.online(*late);
  EXPECT_LT(epochs.safe(), first);
  epochs.offline(*early);
  EXPECT_GE(epochs.safe(), first) << "the other came after it";
  const std::uint64_t second = epochs.advance();
  EXPECT_LT(epochs.safe(), second);
  epochs.online(*late);
  EXPECT_GE(epochs.safe(), second) << "going online again is passing by";
  epochs.offline(*late);
  EXPECT_GE(epochs.safe(), epochs.advance());
}

TEST(Epochs, SeatsEndAndComeBack) {
  Epochs epochs;
  std::set<Epochs::Seat*> seats;
  for (std::size_t i = 0; i < Epochs::kReadersMax; ++i) seats.insert(epochs.take_seat());
  EXPECT_EQ(seats.size(), Epochs::kReadersMax);
  EXPECT_EQ(epochs.take_seat(), nullptr);
  Epochs::leave_seat(**seats.begin());
  EXPECT_EQ(epochs.take_seat(), *seats.begin());
}

TEST(Epochs, WhoLeavesHoldsNothing) {
  Epochs epochs;
  Epochs::Seat* seat = epochs.take_seat();
  epochs.online(*seat);
  const std::uint64_t epoch = epochs.advance();
  Epochs::leave_seat(*seat);
  EXPECT_GE(epochs.safe(), epoch);
}

}  // namespace
}  // namespace muster::zones
