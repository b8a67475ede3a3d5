#include "registry/rare.h"

#include <gtest/gtest.h>

#include "registry/model.h"

namespace muster::registry {
namespace {

using Object = RareText<'{', '}'>;

TEST(RareText, TheUsualTextTakesNoRoomOfItsOwn) {
  EXPECT_EQ(sizeof(Object), sizeof(void*));
  EXPECT_TRUE(Object().is_usual());
  EXPECT_EQ(Object().text(), "{}");
  EXPECT_TRUE(Object("{}").is_usual()) << "given or not, it is the same";
  EXPECT_TRUE(RareText<>(std::string()).is_usual());
  EXPECT_FALSE(Object("").is_usual());
}

TEST(RareText, IsAValue) {
  Object one(R"({"a":1})");
  const Object other = one;
  EXPECT_EQ(one, other);
  one = "{}";
  EXPECT_TRUE(one.is_usual());
  EXPECT_EQ(other.text(), R"({"a":1})") << "a copy is its own";
  one = other;
  one = static_cast<const Object&>(one);
  EXPECT_EQ(one, other) << "also assigned to itself";
  const Object moved = std::move(one);
  EXPECT_EQ(moved, other);
  EXPECT_EQ(std::string_view(moved), other.text());
  EXPECT_LT(Object("a"), Object("b"));
  EXPECT_NE(Object(), other);
}

TEST(Sources, AreEqualWhenTheyNameTheSame) {
  const SourceId heartbeat;
  const SourceId mesos{SourceKind::scheduler, "mesos"};
  const Sources none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none, Sources(std::vector<SourceId>{})) << "shared or not";
  EXPECT_EQ(Sources({heartbeat, mesos}), Sources({heartbeat, mesos}));
  EXPECT_FALSE(Sources({heartbeat, mesos}) == Sources({mesos, heartbeat})) << "in their order";
  EXPECT_FALSE(Sources({heartbeat}) == none);
  EXPECT_EQ(Sources({mesos}).front(), mesos);
}

}  // namespace
}  // namespace muster::registry
