// Fuzzes what stands behind a right signature, which mutations of packets never pass: the input is a message
// with six octets of choices in front, which this signs as a client does, perhaps cut short, late, or with
// other data. Every reply to a well-formed one carries a TSIG that an independent reader finds right.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/dns/support/signing.h"
#include "tests/dns/support/world.h"

namespace {

using namespace muster::dns;
using Octets = std::vector<std::uint8_t>;

constexpr std::size_t kChoices = 6;

struct Fixture {
  test::World world;
  test::Thread* thread = nullptr;
  Fixture() {
    test::build_shapes(world);
    thread = new test::Thread(world);
  }
};

void require(bool holds) {
  if (!holds) std::abort();
}

test::Signing choose(const std::uint8_t* choices) {
  struct Key {
    const char* name;
    const char* algorithm;
  };
  static constexpr Key kKeys[] = {{"transfer", "hmac-sha256"}, {"sha1", "hmac-sha1"},
                                  {"SHA384", "hmac-sha384"},   {"sha512", "HMAC-SHA512"},
                                  {"short", "hmac-sha512"},    {"nobody", "hmac-sha256"},
                                  {"sha1", "hmac-sha256"},     {"transfer", "hmac-md5"}};
  test::Signing signing;
  signing.name = kKeys[choices[0] % 8].name;
  signing.algorithm = kKeys[choices[0] % 8].algorithm;
  if (choices[0] & 0x80) signing.secret = "guess";
  signing.time = test::kNow + choices[1] * 8 - 1024;
  signing.fudge = static_cast<std::uint16_t>(choices[2] * 4);
  if (choices[3] & 0x80) signing.mac_octets = choices[3] & 0x7f;
  signing.other.assign(choices[4], choices[5]);
  if (choices[5] & 1) signing.original_id = 0x4321;
  return signing;
}

void check(const Octets& query, const test::Signing& signing, const Octets& mac, const Client& client,
           test::Thread& thread) {
  const Octets reply = thread.ask(query, client);
  if (reply.empty()) return;
  const auto read = test::take_off(reply);
  if (!read || read->mac.empty()) return;
  require(read->signing.original_id == static_cast<std::uint16_t>(reply[0] << 8 | reply[1]));
  test::Signing expected = signing;
  expected.mac_octets = 64;
  expected.original_id.reset();
  expected.prior = mac;
  expected.time = read->signing.time;
  expected.fudge = read->signing.fudge;
  expected.error = read->signing.error;
  expected.other = read->signing.other;
  require(read->mac == mac_of(read->message, expected));
  require(signing.secret != "guess");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  if (size < kChoices + kHeaderSize || size > kPacketMax - 1024) return 0;
  const test::Signing signing = choose(data);
  const Octets message(data + kChoices, data + size);
  const Octets query = sign(message, signing);
  const Octets mac = mac_of(message, signing);
  check(query, signing, mac, test::udp_client(), *fixture.thread);
  check(query, signing, mac, test::tcp_client(), *fixture.thread);
  return 0;
}
