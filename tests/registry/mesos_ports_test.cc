#include "registry/sources/mesos_ports.h"

#include <gtest/gtest.h>

#include <numeric>

namespace muster::registry::sources {
namespace {

using Numbers = std::vector<std::uint16_t>;

struct Row {
  const char* text;
  Numbers numbers;
  bool bad = false;
};

TEST(MesosPorts, AreReadAsMesosWritesThemAndAsOthersDo) {
  const Row rows[] = {
      {"[31000-31002, 31005-31005]", {31000, 31001, 31002, 31005}},
      {"[31000-31000,31004-31004]", {31000, 31004}},
      {"31000-31001", {31000, 31001}},
      {"[31000]", {31000}},
      {" [ 31005 - 31006 , 31000 ] ", {31000, 31005, 31006}},
      {"[31002-31000]", {}},
      {"[31000-31003, 31002-31005, 31001-31001]", {31000, 31001, 31002, 31003, 31004, 31005}},
      {"[65534-65535]", {65534, 65535}},
      {"[1-2]", {1, 2}},
      {"", {}},
      {"[]", {}},
      {"[0-1]", {}, true},
      {"[65535-65536]", {}, true},
      {"[a-b, 31000]", {31000}, true},
      {"[31000, , 31001]", {31000, 31001}, true},
      {"[31000-]", {}, true},
      {"[-31000]", {}, true},
      {"[31000-31001-31002]", {}, true},
  };
  for (const Row& row : rows) {
    const MesosPorts ports = read_mesos_ports(row.text, 256);
    EXPECT_EQ(ports.numbers, row.numbers) << row.text;
    EXPECT_EQ(ports.bad, row.bad) << row.text;
    EXPECT_FALSE(ports.cut) << row.text;
  }
}

TEST(MesosPorts, TheLowestAreKept) {
  const MesosPorts all = read_mesos_ports("[40000-40009, 1-65535]", 256);
  Numbers lowest(256);
  std::iota(lowest.begin(), lowest.end(), std::uint16_t{1});
  EXPECT_EQ(all, (MesosPorts{lowest, true, false}));
  EXPECT_FALSE(read_mesos_ports("[1-256]", 256).cut);
  EXPECT_EQ(read_mesos_ports("[7]", 0), (MesosPorts{{}, true, false}));
}

}  // namespace
}  // namespace muster::registry::sources
