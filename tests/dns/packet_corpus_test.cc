// The fuzz driver's corpus as an ordinary test, then mutations of it: every reply is judged by the strict
// reader and by ldns. MUSTER_SEED repeats a run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using test::Octets;

constexpr int kMutations = 20'000;

std::vector<Octets> corpus() {
  std::vector<Octets> packets;
  for (const auto& file :
       std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/tools/fuzz/corpus/packet")) {
    std::ifstream stream(file.path(), std::ios::binary);
    packets.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  std::sort(packets.begin(), packets.end());  // directories have no order, seeds repeat
  return packets;
}

std::uint64_t seed() {
  const char* given = std::getenv("MUSTER_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

class PacketCorpus : public testing::Test {
 protected:
  PacketCorpus() { test::build_shapes(world_); }
  void check(const Octets& query) {
    test::read_reply(query, thread_.ask(query, test::udp_client()), true);
    test::read_reply(query, thread_.ask(query, test::tcp_client()), false);
  }

  test::World world_;
  test::Thread thread_{world_};
};

// Mostly small hurts: the farther from a query, the sooner it is refused.
void mutate(Octets& packet, const std::vector<Octets>& others, std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const auto at = [&] { return static_cast<std::ptrdiff_t>(below(packet.size())); };
  if (packet.empty()) packet.push_back(0);
  switch (below(20)) {
    case 1: packet[below(packet.size())] = static_cast<std::uint8_t>(random()); break;
    case 2: packet.resize(1 + below(packet.size())); break;
    case 3: packet.insert(packet.begin() + at(), static_cast<std::uint8_t>(random())); break;
    case 4: packet.erase(packet.begin() + at()); break;
    case 5: {
      const Octets& other = others[below(others.size())];
      packet.resize(1 + below(packet.size()));
      packet.insert(packet.end(), other.begin() + static_cast<std::ptrdiff_t>(below(other.size())),
                    other.end());
      break;
    }
    default: packet[below(packet.size())] ^= static_cast<std::uint8_t>(1u << below(8));
  }
}

TEST_F(PacketCorpus, IsAnsweredWell) {
  const std::vector<Octets> packets = corpus();
  ASSERT_GE(packets.size(), 10u);
  for (const Octets& packet : packets) check(packet);
}

TEST_F(PacketCorpus, MutationsAreAnsweredWellAndLeaveNoTrace) {
  const std::vector<Octets> packets = corpus();
  const std::uint64_t with = seed();
  SCOPED_TRACE("MUSTER_SEED=" + std::to_string(with));
  std::mt19937_64 random(with);
  const Octets control = test::QueryBuilder("host.sub.example.com.").edns().build();
  const Octets before = thread_.ask(control, test::udp_client());
  for (int i = 0; i < kMutations && !HasFailure(); ++i) {
    Octets packet = packets[random() % packets.size()];
    for (std::size_t hurts = 1 + random() % 4; hurts > 0; --hurts) mutate(packet, packets, random);
    SCOPED_TRACE(test::to_hex(packet));
    check(packet);
  }
  EXPECT_EQ(thread_.ask(control, test::udp_client()), before);
  std::uint64_t answered = 0;
  for (const auto& row : thread_.answerer().counters.responses) {
    answered += row[static_cast<std::size_t>(Rcode::noerror)].value();
  }
  EXPECT_GT(answered, std::uint64_t{kMutations / 20}) << "too hurt to test anything but the reader";
}

}  // namespace
}  // namespace muster::dns
