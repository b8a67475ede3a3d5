#include "tools/musterd/convey.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace muster::tools {
namespace {

using HandOver = std::function<bool(int)>;

class Convey : public testing::TestWithParam<Here> {};
INSTANTIATE_TEST_SUITE_P(Here, Convey, testing::Values(Here::makes, Here::uses),
                         [](const auto& at) { return at.param == Here::makes ? "makes" : "uses"; });

TEST_P(Convey, EveryPartComesOnceAndInOrder) {
  std::vector<int> came;
  convey<int>(
      [](const HandOver& hand_over) {
        for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(hand_over(i));
      },
      [&](int part) { came.push_back(part); }, GetParam());
  ASSERT_EQ(came.size(), 1'000U);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(came[static_cast<std::size_t>(i)], i);
}

TEST_P(Convey, BothWorkAtTheSameTimeOnTheirThreads) {
  const auto caller = std::this_thread::get_id();
  std::thread::id maker;
  std::thread::id user;
  convey<int>(
      [&](const HandOver& hand_over) {
        maker = std::this_thread::get_id();
        hand_over(1);
      },
      [&](int) { user = std::this_thread::get_id(); }, GetParam());
  EXPECT_NE(maker, user);
  EXPECT_EQ(GetParam() == Here::makes ? maker : user, caller);
}

TEST_P(Convey, WhatTheMakerThrowsComesAfterWhatItMade) {
  int came = 0;
  EXPECT_THROW(convey<int>(
                   [](const HandOver& hand_over) {
                     for (int i = 0; i < 3; ++i) hand_over(i);
                     throw std::runtime_error("the store is foreign");
                   },
                   [&](int) { ++came; }, GetParam()),
               std::runtime_error);
  EXPECT_EQ(came, 3);
}

TEST_P(Convey, AMakerWhosePartsNobodyTakesIsTold) {
  bool told = false;
  EXPECT_THROW(convey<int>(
                   [&](const HandOver& hand_over) {
                     while (hand_over(1)) {
                     }
                     told = true;
                   },
                   [](int) { throw std::runtime_error("no room"); }, GetParam()),
               std::runtime_error);
  EXPECT_TRUE(told);
}

}  // namespace
}  // namespace muster::tools
