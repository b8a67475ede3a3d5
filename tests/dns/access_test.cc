#include "dns/access.h"

#include <gtest/gtest.h>

#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

TEST(Access, PrefixesAndKeys) {
  const AccessList list{{*net::parse_prefix("10.0.0.0/8"), *net::parse_prefix("2001:db8::/32")},
                        {test::name_of("Transfer.")}};
  const zones::Name key = test::name_of("transfer.");
  const zones::Name other = test::name_of("update.");
  struct Row {
    const char* why;
    const char* address;
    const zones::Name* key;
    bool permitted;
  };
  const Row rows[] = {
      {"an address inside", "10.1.2.3", nullptr, true},
      {"an address inside, another key", "10.1.2.3", &other, true},
      {"IPv6 inside", "2001:db8::1", nullptr, true},
      {"outside", "11.0.0.1", nullptr, false},
      {"outside with the key, whatever its case", "11.0.0.1", &key, true},
      {"outside with another key", "11.0.0.1", &other, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(list.permits(*net::parse_ip(row.address), row.key), row.permitted);
    EXPECT_FALSE(AccessList{}.permits(*net::parse_ip(row.address), row.key))
        << "an empty list permits nobody";
  }
}

}  // namespace
}  // namespace muster::dns
