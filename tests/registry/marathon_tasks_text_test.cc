// /v2/tasks as text.
#include "registry/sources/marathon_tasks_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using Numbers = std::vector<std::uint16_t>;

MarathonState read(std::string_view text) {
  auto state = read_marathon_tasks_text(text, {});
  EXPECT_TRUE(state.has_value());
  return state ? std::move(*state) : MarathonState();
}

TEST(MarathonTasksText, IsALineForEachServicePort) {
  const MarathonState state = read(
      "serviceapp\t8081\t10.0.1.7:31500\t\nwebapp\t80\tsrv4:31292\tsrv5:31100\t\r\n"
      "webapp\t443\tsrv4:31293\tsrv5:31101\nbatch\t \tsrv4\t\n\n");
  EXPECT_TRUE(state.has_list);
  EXPECT_THAT(state.dropped, IsEmpty());
  ASSERT_THAT(state.apps, SizeIs(2)) << "the app without ports is passed over";
  EXPECT_EQ(state.apps[0].id, "/serviceapp");
  const MarathonApp& webapp = state.apps[1];
  EXPECT_EQ(webapp.id, "/webapp");
  EXPECT_FALSE(webapp.is_partial);
  ASSERT_THAT(webapp.tasks, SizeIs(2));
  MarathonTask first;
  first.id = "srv4:31292";
  first.host = "srv4";
  first.state = "TASK_RUNNING";
  first.ports = {31292, 31293};
  first.service_ports = {80, 443};
  EXPECT_EQ(webapp.tasks[0], first);
  EXPECT_EQ(webapp.tasks[1].id, "srv5:31100");
  EXPECT_EQ(webapp.tasks[1].ports, (Numbers{31100, 31101}));
}

TEST(MarathonTasksText, PathsAreSplitAtTheUnderscores) {
  EXPECT_EQ(read("prod_shop_cart\t10019\th:1").apps.at(0).id, "/prod/shop/cart");
}

TEST(MarathonTasksText, LinesThatDoNotAgreeMakeATaskOfEachEnd) {
  const MarathonState state = read("a\t80\th1:1\th2:2\na\t81\th2:3\n");
  ASSERT_THAT(state.apps, SizeIs(1));
  ASSERT_THAT(state.apps[0].tasks, SizeIs(3));
  EXPECT_EQ(state.apps[0].tasks[2].id, "h2:3");
  EXPECT_EQ(state.apps[0].tasks[2].service_ports, (Numbers{81}));
}

TEST(MarathonTasksText, ABadPieceCostsItselfAlone) {
  const MarathonState state = read(
      "a\tx\th:1\na b\t80\th:1\n\t80\th:1\nb\t80\th:0\th:70000\th\t:5\tno/host:5\t[fd00::7]:6\t10.0.0.1:7\n");
  ASSERT_THAT(state.apps, SizeIs(1));
  ASSERT_THAT(state.apps[0].tasks, SizeIs(2));
  EXPECT_EQ(state.apps[0].tasks[0].host, "fd00::7");
  EXPECT_EQ(state.apps[0].tasks[1].host, "10.0.0.1");
  EXPECT_THAT(state.dropped, ElementsAre(Pair("bad_address", 5), Pair("bad_app", 2), Pair("bad_port", 1)));
}

TEST(MarathonTasksText, LimitsAreTold) {
  MarathonLimits limits;
  limits.most_elements = 2;
  EXPECT_TRUE(read_marathon_tasks_text("a\t80\th:1\th:2\n", limits).has_value());
  EXPECT_EQ(read_marathon_tasks_text("a\t80\th:1\th:2\th:3\n", limits).error().kind, ParseError::Kind::limit);
  limits.most_octets = 3;
  EXPECT_EQ(read_marathon_tasks_text("a\t80", limits).error().kind, ParseError::Kind::limit);
}

}  // namespace
}  // namespace muster::registry::sources
