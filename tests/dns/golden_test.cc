// Whole replies, octet for octet: what no decoder tells apart (pointers, order, the OPT's place) is fixed
// here. A file holds a comment, the query, "---" and the reply. MUSTER_GOLDEN=write makes the replies anew;
// read the difference before committing it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, ReplyIsOctetForOctetTheSame) {
  const std::string path = std::string(MUSTER_SOURCE_DIR "/tests/golden/") + GetParam() + ".hex";
  std::stringstream file;
  file << std::ifstream(path).rdbuf();
  const std::string text = file.str();
  const std::size_t line = text.find("---\n");
  ASSERT_NE(line, std::string::npos) << path;
  const test::Octets query = test::from_hex(text.substr(0, line));

  test::World world;
  test::build_shapes(world);
  test::Thread thread(world);
  const test::Octets reply = thread.ask(query, test::udp_client());
  test::read_reply(query, reply, true);
  if (std::getenv("MUSTER_GOLDEN") != nullptr) {
    std::ofstream(path) << text.substr(0, line) << "---\n" << test::to_hex(reply);
    return;
  }
  EXPECT_EQ(test::to_hex(reply), test::to_hex(test::from_hex(text.substr(line + 4))));
}

INSTANTIATE_TEST_SUITE_P(Packets, Golden,
                         testing::Values("mx", "referral", "nxdomain", "dname", "truncated", "srv_one",
                                         "refused"),
                         [](const auto& packet) { return std::string(packet.param); });

}  // namespace
}  // namespace muster::dns
