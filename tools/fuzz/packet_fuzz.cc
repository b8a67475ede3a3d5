// Fuzzes the answer function with packets over UDP and TCP, against zones of every shape. Whatever comes in,
// the reply is silence or a message that keeps its limit, answers this query, and that another reader can
// decode.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "dns/ixfr_query.h"
#include "tests/dns/support/world.h"

// Last: its macros break the standard headers under clang.
#include <ldns/ldns.h>

namespace {

using namespace muster::dns;

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

void check(const std::vector<std::uint8_t>& query, const Client& client, test::Thread& thread) {
  const std::vector<std::uint8_t> reply = thread.ask(query, client);
  const bool silent = query.size() < kHeaderSize || (query[2] & 0x80) != 0;
  require(reply.empty() == silent);
  if (silent) return;
  require(reply.size() >= kHeaderSize);
  require(reply[0] == query[0] && reply[1] == query[1] && (reply[2] & 0xf8) == (0x80 | (query[2] & 0x78)));
  ldns_pkt* packet = nullptr;
  require(ldns_wire2pkt(&packet, reply.data(), reply.size()) == LDNS_STATUS_OK);
  const bool udp = client.transport == Transport::udp;
  require(!udp || ldns_pkt_edns(packet) || reply.size() <= 512);
  require(udp || (reply[2] & 2) == 0);
  ldns_pkt_free(packet);
}

// What a desk reads of a query that it is handed.
void check_desk(Packet packet) {
  Query query;
  if (read_query(packet, query).ok) static_cast<void>(read_ixfr_serial(packet, query));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  if (size > kPacketMax) return 0;
  const std::vector<std::uint8_t> query(data, data + size);
  check(query, test::udp_client(), *fixture.thread);
  check(query, test::tcp_client(), *fixture.thread);
  check_desk(query);
  return 0;
}
