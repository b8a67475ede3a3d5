#include "tools/musterd/settings.h"

#include <gtest/gtest.h>
#include <net/if.h>

namespace muster::tools {
namespace {

TEST(Settings, WhichAddressesAreForOthers) {
  struct Row {
    const char* interface;
    unsigned flags;
    const char* address;
    bool is_for_others;
  };
  const Row rows[] = {
      {"eth0", IFF_UP, "192.0.2.1", true},
      {"eth0", IFF_UP, "2001:db8::1", true},
      {"eth0", 0, "192.0.2.1", false},
      {"lo", IFF_UP | IFF_LOOPBACK, "127.0.0.1", false},
      {"eth0", IFF_UP, "169.254.1.1", false},
      {"eth0", IFF_UP, "fe80::1", false},
      {"docker0", IFF_UP, "172.17.0.1", false},
      {"docker_gwbridge", IFF_UP, "172.18.0.1", false},
      {"br-0123456789ab", IFF_UP, "172.19.0.1", false},
      {"br-lan", IFF_UP, "192.168.1.1", true},
      {"br-0123456789xy", IFF_UP, "192.168.1.2", true},
      {"br0", IFF_UP, "192.0.2.7", true},
  };
  for (const Row& row : rows)
    EXPECT_EQ(is_for_others(row.interface, row.flags, *net::parse_ip(row.address)), row.is_for_others)
        << row.interface << " " << row.address;
}

}  // namespace
}  // namespace muster::tools
