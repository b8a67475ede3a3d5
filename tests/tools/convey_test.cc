#include "tools/musterd/convey.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace muster::tools {
namespace {

using HandOver = std::function<bool(int)>;

TEST(Convey, EveryPartComesOnceAndInOrder) {
  std::vector<int> came;
  convey<int>(
      [](const HandOver& hand_over) {
        for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(hand_over(i));
      },
      [&](int part) { came.push_back(part); });
  ASSERT_EQ(came.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(came[static_cast<std::size_t>(i)], i);
}

TEST(Convey, WhatTheMakerThrowsComesAfterWhatItMade) {
  int came = 0;
  EXPECT_THROW(convey<int>(
                   [](const HandOver& hand_over) {
                     for (int i = 0; i < 3; ++i) hand_over(i);
                     throw std::runtime_error("the store is foreign");
                   },
                   [&](int) { ++came; }),
               std::runtime_error);
  EXPECT_EQ(came, 3);
}

TEST(Convey, AMakerWhosePartsNobodyTakesIsTold) {
  bool told = false;
  EXPECT_THROW(convey<int>(
                   [&](const HandOver& hand_over) {
                     while (hand_over(1)) {
                     }
                     told = true;
                   },
                   [](int) { throw std::runtime_error("no room"); }),
               std::runtime_error);
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace muster::tools
