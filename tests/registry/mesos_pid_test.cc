#include "registry/sources/mesos_pid.h"

#include <gtest/gtest.h>

namespace muster::registry::sources {
namespace {

TEST(MesosPid, HasHostAndPort) {
  EXPECT_EQ(parse_mesos_pid("master@10.0.0.1:5050"), (MesosPid{"10.0.0.1", 5050}));
  EXPECT_EQ(parse_mesos_pid("slave(1)@agent-7.example:5051"), (MesosPid{"agent-7.example", 5051}));
  EXPECT_EQ(parse_mesos_pid("scheduler-1@[2001:db8::1]:15101"), (MesosPid{"2001:db8::1", 15101}));
  EXPECT_EQ(parse_mesos_pid("@10.0.0.1:65535"), (MesosPid{"10.0.0.1", 65535}));
}

TEST(MesosPid, WithoutEitherIsNone) {
  for (const char* text :
       {"", "@", "1@", "@2", "3@4", "master", "10.0.0.1:5050", "m@:5050", "m@h:", "m@h:0", "m@h:65536",
        "m@h:-1", "m@h:50 ", "m@h:0x10", "m@[2001:db8::1:5050", "m@[]:5050", "m@2001:db8::1:5050"})
    EXPECT_EQ(parse_mesos_pid(text), std::nullopt) << text;
}

}  // namespace
}  // namespace muster::registry::sources
