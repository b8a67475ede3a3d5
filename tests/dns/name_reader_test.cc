#include "dns/name_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace muster::dns {
namespace {

using namespace std::string_view_literals;

// Behind a header of twelve octets: exactly so large, that AddressSanitizer sees an octet read too far.
struct Message {
  explicit Message(std::string_view body) : size(12 + body.size()), octets(new std::uint8_t[size]()) {
    std::copy(body.begin(), body.end(), octets.get() + 12);
  }
  Packet packet() const { return {octets.get(), size}; }

  std::size_t size;
  std::unique_ptr<std::uint8_t[]> octets;
};

TEST(NameReader, FollowsPointersAndTellsWhereTheyLed) {
  const Message message("\1a\0\1b\300\14\1c\300\17"sv);  // at 12, at 15, at 19
  zones::WireName name;
  std::vector<NamePiece> led_to;
  EXPECT_EQ(read_name(message.packet(), 19, name, &led_to), 23u);
  EXPECT_EQ(name.view(), "\1c\1b\1a\0"sv);
  std::vector<std::pair<std::size_t, std::size_t>> pieces;
  for (const NamePiece& piece : led_to) pieces.emplace_back(piece.begin, piece.end);
  EXPECT_EQ(pieces, (std::vector<std::pair<std::size_t, std::size_t>>{{15, 19}, {12, 15}}));

  led_to.clear();
  EXPECT_EQ(read_name(message.packet(), 12, name, &led_to), 15u);
  EXPECT_TRUE(led_to.empty()) << "nothing but itself";
}

TEST(NameReader, RefusesWhatDidNotComeBeforeWhole) {
  struct Row {
    const char* why;
    std::string_view body;
    std::size_t at;
  };
  const Row rows[] = {
      {"itself", "\300\14"sv, 12},
      {"forwards", "\300\16\0"sv, 12},
      {"into the header", "\300\13"sv, 12},
      {"its own beginning, again and again", "\1a\300\14"sv, 12},
      {"through the pointer, which is a label", "\2\300\14\0"sv, 13},
      {"through half the pointer", "\1\300\14twelve octet\0"sv, 13},
      {"a pointer that is half in the piece that led to it", "\300\300\14"sv, 13},
      {"cut", "\1a\1"sv, 12},
      {"half a pointer", "\1a\300"sv, 12},
  };
  for (const Row& row : rows) {
    zones::WireName name;
    EXPECT_FALSE(read_name(Message(row.body).packet(), row.at, name)) << row.why;
  }
}

}  // namespace
}  // namespace muster::dns
