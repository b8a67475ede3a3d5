// What clients get under each policy, packet by packet: shares, orders, independence, turns; over UDP and
// TCP, from one thread and from several.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <random>
#include <thread>

#include "dns/octets.h"
#include "tests/dns/support/packets.h"
#include "tests/dns/support/world.h"
#include "tests/zones/support/chi_square.h"
#include "tests/zones/support/instances.h"
#include "zones/naming/native.h"

namespace muster::dns::test {
namespace {

using zones::Policy;
using zones::RrType;
using zones::ServicePolicy;
using zones::test::chi_square;
using zones::test::ChiSquare;
using zones::test::Make;
using zones::test::port;
using Orders = std::map<std::vector<int>, double>;

constexpr const char* kService = "web.svc.internal.";
constexpr const char* kSrv = "_web._tcp.svc.internal.";

// 20,000 see a share of a quarter that is 8 % wrong; MUSTER_POLICY_DRAWS=100000 one that is 3.4 % wrong.
int draws() {
  const char* wanted = std::getenv("MUSTER_POLICY_DRAWS");
  return wanted == nullptr ? 20'000 : std::atoi(wanted);
}

// One service whose member i has the address 10.0.0.i and the port 8000 + i, with these weights.
class PolicyTest : public testing::Test {
 protected:
  PolicyTest() : zone_(world_.generated_zone("svc.internal.")), seed_(std::random_device{}()) {}
  void SetUp() override { RecordProperty("seed", std::to_string(seed_)); }
  void TearDown() override {
    if (HasFailure()) std::cerr << "seed " << seed_ << "\n";
  }

  void serve(const ServicePolicy& policy, const std::vector<int>& weights) {
    std::vector<registry::InstancePtr> members;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      members.push_back(Make("web", std::string(1, static_cast<char>('a' + i)))
                            .at("10.0.0." + std::to_string(i))
                            .on(port(static_cast<std::uint16_t>(8000 + i)))
                            .weight(static_cast<std::uint16_t>(weights[i]))
                            .get());
    }
    put(policy, members);
  }

  void put(const ServicePolicy& policy, const std::vector<registry::InstancePtr>& members) {
    zones::naming::ServicePicture picture;
    picture.name = name_of(kService);
    for (const auto& member : members) picture.members.push_back(member.get());
    picture.policy = policy;
    picture.ttl = {1, policy.ttl};
    zones::naming::SetContent content;
    zones::naming::fill_set({}, picture, content);
    world_.put(zone_, {name_of(kService), content.rrsets});
    zones::naming::fill_set({zones::naming::SetKey::Kind::service, registry::Protocol::tcp, "", ""}, picture,
                            content);
    world_.put(zone_, {name_of(kSrv), content.rrsets});
  }

  std::uint64_t seed() { return seed_++; }

  World world_;
  zones::Zone& zone_;
  std::uint64_t seed_;
};

// What is in the answer section, by the index of its member; with SRV's fields beside it.
struct Record {
  int member = 0;
  unsigned priority = 0;
  unsigned weight = 0;
};

std::size_t skip_name(const Octets& reply, std::size_t at) {
  for (;; at += reply[at] + 1U) {
    if (reply[at] == 0) return at + 1;
    if (reply[at] >= 0xc0) return at + 2;
  }
}

std::vector<Record> records_of(const Octets& reply) {
  std::vector<Record> records;
  const std::size_t count = read_u16(reply.data() + 6);
  std::size_t at = skip_name(reply, 12) + 4;
  for (std::size_t i = 0; i < count; ++i) {
    at = skip_name(reply, at);
    const auto type = static_cast<RrType>(read_u16(reply.data() + at));
    const std::size_t size = read_u16(reply.data() + at + 8);
    const std::uint8_t* rdata = reply.data() + at + 10;
    records.push_back(type == RrType::srv
                          ? Record{read_u16(rdata + 4) - 8000, read_u16(rdata), read_u16(rdata + 2)}
                          : Record{rdata[3], 0, 0});
    at += 10 + size;
  }
  return records;
}

class Asker {
 public:
  Asker(World& world, RrType type, Transport transport, std::uint64_t seed)
      : thread_(world, seed),
        query_(QueryBuilder(type == RrType::srv ? kSrv : kService, type).edns().build()),
        client_(transport == Transport::udp ? udp_client() : tcp_client()) {}
  std::vector<Record> ask() { return records_of(thread_.ask(query_, client_)); }

 private:
  Thread thread_;
  Octets query_;
  Client client_;
};

// As RFC 2782 writes it: of the lowest priority those of weight 0 first, then a draw of 0 to the sum
// inclusive.
template <class Random>
int first_of_rfc_2782(std::vector<Record> records, Random& random) {
  const unsigned lowest = std::ranges::min(records, {}, &Record::priority).priority;
  std::erase_if(records, [&](const Record& one) { return one.priority != lowest; });
  std::stable_partition(records.begin(), records.end(), [](const Record& one) { return one.weight == 0; });
  unsigned sum = 0;
  for (const Record& one : records) sum += one.weight;
  const unsigned point = std::uniform_int_distribution<unsigned>(0, sum)(random);
  sum = 0;
  for (const Record& one : records) {
    if ((sum += one.weight) >= point) return one.member;
  }
  return records.back().member;
}

std::vector<double> normed(std::vector<double> shares) {
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

// A draw without replacement: each in turn by its share of what is left.
double chance_of(const std::vector<int>& order, const std::vector<double>& weights) {
  double left = std::accumulate(weights.begin(), weights.end(), 0.0);
  double chance = 1;
  for (const int member : order) {
    chance *= weights[static_cast<std::size_t>(member)] / left;
    left -= weights[static_cast<std::size_t>(member)];
  }
  return chance;
}

// Independent answers: each pair of successive firsts as often as their shares say.
ChiSquare successive(const std::vector<int>& firsts, const std::vector<double>& shares) {
  const std::size_t n = shares.size();
  std::vector<double> seen(n * n);
  std::vector<double> expected(n * n);
  for (std::size_t i = 0; i + 1 < firsts.size(); ++i)
    ++seen[static_cast<std::size_t>(firsts[i]) * n + static_cast<std::size_t>(firsts[i + 1])];
  for (std::size_t i = 0; i < n * n; ++i) expected[i] = shares[i / n] * shares[i % n];
  return chi_square(seen, expected);
}

const std::vector<int> kWeights = {10, 20, 30, 40};

struct DrawnRow {
  Policy policy;
  bool one;
  std::vector<double> weights;  // by which it should be drawn
};
const std::vector<double> kByWeight = {10, 20, 30, 40};
const std::vector<double> kAlike = {1, 1, 1, 1};
const DrawnRow kDrawnRows[] = {
    {Policy::weighted, true, kByWeight},      {Policy::weighted_failover, false, kByWeight},
    {Policy::random, true, kAlike},           {Policy::random_failover, false, kAlike},
    {Policy::response_time, true, kByWeight}, {Policy::response_time_failover, false, kByWeight},
};

TEST_F(PolicyTest, WhatIsDrawnComesInItsSharesAndOrders) {
  for (const DrawnRow& row : kDrawnRows) {
    ServicePolicy policy;
    policy.policy = row.policy;
    serve(policy, kWeights);
    const std::vector<double> shares = normed(row.weights);
    for (const RrType type : {RrType::a, RrType::srv}) {
      for (const Transport transport : {Transport::udp, Transport::tcp}) {
        SCOPED_TRACE(std::string(to_string(row.policy)) + " " + zones::to_string(type) +
                     (transport == Transport::udp ? " udp" : " tcp"));
        Asker asker(world_, type, transport, seed());
        std::vector<int> firsts;
        Orders orders;
        for (int i = 0; i < draws(); ++i) {
          const auto records = asker.ask();
          ASSERT_EQ(records.size(), row.one ? 1 : kWeights.size());
          std::vector<int> order;
          for (const Record& one : records) order.push_back(one.member);
          firsts.push_back(order.front());
          ++orders[order];
        }
        std::vector<double> seen(kWeights.size());
        for (const int first : firsts) ++seen[static_cast<std::size_t>(first)];
        EXPECT_TRUE(chi_square(seen, shares).fits()) << testing::PrintToString(seen);
        EXPECT_TRUE(successive(firsts, shares).fits()) << "one answer depends on the one before";
        std::vector<double> counts;
        std::vector<double> chances;
        for (const auto& [order, count] : orders) {
          counts.push_back(count);
          chances.push_back(chance_of(order, row.weights));
        }
        EXPECT_TRUE(chi_square(counts, chances).fits()) << "orders";
        EXPECT_EQ(orders.size(), row.one ? 4 : 24);
      }
    }
  }
}

// The same from four threads at once.
TEST_F(PolicyTest, SharesAreTheSameOverThreads) {
  for (const DrawnRow& row : kDrawnRows) {
    ServicePolicy policy;
    policy.policy = row.policy;
    serve(policy, kWeights);
    for (const RrType type : {RrType::a, RrType::srv}) {
      SCOPED_TRACE(std::string(to_string(row.policy)) + " " + zones::to_string(type));
      std::vector<std::vector<double>> seen(4, std::vector<double>(kWeights.size()));
      std::vector<std::thread> threads;
      for (std::size_t t = 0; t < seen.size(); ++t) {
        threads.emplace_back([&, t, seed = seed()] {
          Asker asker(world_, type, t % 2 == 0 ? Transport::udp : Transport::tcp, seed);
          for (int i = 0; i < draws() / 4; ++i)
            ++seen[t][static_cast<std::size_t>(asker.ask().front().member)];
        });
      }
      for (std::thread& thread : threads) thread.join();
      std::vector<double> all(kWeights.size());
      for (const auto& one : seen) {
        for (std::size_t i = 0; i < all.size(); ++i) all[i] += one[i];
      }
      EXPECT_TRUE(chi_square(all, normed(row.weights)).fits()) << testing::PrintToString(all);
    }
  }
}

// What makes the tests above worth something: one share that is wrong by half is seen.
TEST_F(PolicyTest, AWrongWeightIsSeen) {
  ServicePolicy policy;
  policy.policy = Policy::weighted;
  serve(policy, {15, 20, 30, 40});
  Asker asker(world_, RrType::a, Transport::udp, seed());
  std::vector<double> seen(kWeights.size());
  for (int i = 0; i < draws(); ++i) ++seen[static_cast<std::size_t>(asker.ask().front().member)];
  EXPECT_FALSE(chi_square(seen, normed(kByWeight)).fits());
}

TEST_F(PolicyTest, AClientOfRfc2782TakesEachByItsWeight) {
  for (const Policy one : {Policy::weighted_failover, Policy::response_time_failover, Policy::weighted}) {
    SCOPED_TRACE(to_string(one));
    ServicePolicy policy;
    policy.policy = one;
    serve(policy, {1, 2, 3});
    Asker asker(world_, RrType::srv, Transport::tcp, seed());
    std::mt19937_64 random(seed());
    std::vector<double> seen(3);
    for (int i = 0; i < draws(); ++i)
      ++seen[static_cast<std::size_t>(first_of_rfc_2782(asker.ask(), random))];
    EXPECT_TRUE(chi_square(seen, normed({1, 2, 3})).fits()) << testing::PrintToString(seen);
  }
}

TEST_F(PolicyTest, TurnsAreTakenStrictlyAndEachSetHasItsOwn) {
  for (const Policy one : {Policy::round_robin, Policy::round_robin_failover}) {
    SCOPED_TRACE(to_string(one));
    ServicePolicy policy;
    policy.policy = one;
    serve(policy, {1, 7, 3});
    Asker a(world_, RrType::a, Transport::udp, seed());
    Asker srv(world_, RrType::srv, Transport::tcp, seed());
    const std::size_t size = one == Policy::round_robin ? 1 : 3;
    for (int turn = 0; turn < 12; ++turn) {
      const auto records = a.ask();
      ASSERT_EQ(records.size(), size);
      for (std::size_t i = 0; i < size; ++i)
        EXPECT_EQ(records[i].member, (turn + static_cast<int>(i)) % 3) << "turn " << turn;
      if (turn % 2 == 0) {
        EXPECT_EQ(srv.ask().front().member, turn / 2 % 3) << "the turns of A move nothing of SRV";
      }
    }
  }
}

TEST_F(PolicyTest, AnAnswerThatCannotBeSentTakesNoTurn) {
  ServicePolicy policy;
  policy.policy = Policy::round_robin_failover;
  std::vector<registry::InstancePtr> members;
  for (int i = 0; i < 20; ++i) {
    members.push_back(Make("web", std::string(static_cast<std::size_t>(1 + i), 'i'))
                          .at("10.0.0." + std::to_string(i))
                          .on(port(static_cast<std::uint16_t>(8000 + i)))
                          .weight(1)
                          .get());
  }
  put(policy, members);
  Thread thread(world_, seed());
  const Octets query = QueryBuilder(kSrv, RrType::srv).build();
  for (int turn = 0; turn < 6; ++turn) {
    const Octets cut = thread.ask(query, udp_client());
    ASSERT_TRUE(cut[2] & 2) << "TC";
    EXPECT_EQ(records_of(thread.ask(query, tcp_client())).front().member, turn);
  }
}

TEST_F(PolicyTest, TurnsGoOnWhileMembersComeAndGo) {
  ServicePolicy policy;
  policy.policy = Policy::round_robin;
  serve(policy, {1, 1, 1});
  Asker asker(world_, RrType::a, Transport::udp, seed());
  for (int turn = 0; turn < 4; ++turn) EXPECT_EQ(asker.ask().front().member, turn % 3);
  policy.when_none = zones::WhenNone::none;
  put(policy, {Make("web", "a").at("10.0.0.0").state(registry::State::suspended).get()});
  EXPECT_TRUE(asker.ask().empty()) << "nobody is ready";
  serve(policy, {1, 1, 1, 1, 1});
  EXPECT_EQ(asker.ask().front().member, 4) << "the fifth turn, not the first";
}

TEST_F(PolicyTest, OverThreadsNobodysTurnComesTwice) {
  for (const Policy one : {Policy::round_robin, Policy::round_robin_failover, Policy::weighted_rr}) {
    SCOPED_TRACE(to_string(one));
    ServicePolicy policy;
    policy.policy = one;
    serve(policy, {1, 1, 1, 1, 1});
    std::vector<std::vector<int>> seen(4, std::vector<int>(5));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < seen.size(); ++t) {
      threads.emplace_back([&, t, seed = seed()] {
        Asker asker(world_, RrType::a, t % 2 == 0 ? Transport::udp : Transport::tcp, seed);
        for (int i = 0; i < 1'003; ++i) ++seen[t][static_cast<std::size_t>(asker.ask().front().member)];
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<int> all(5);
    for (const auto& counts : seen) {
      for (std::size_t i = 0; i < all.size(); ++i) all[i] += counts[i];
    }
    EXPECT_LE(std::ranges::max(all) - std::ranges::min(all), 1) << testing::PrintToString(all);
  }
}

TEST_F(PolicyTest, AWeightedRoundIsExactInEveryCycle) {
  ServicePolicy policy;
  policy.policy = Policy::weighted_rr;
  serve(policy, {5, 1, 1});
  for (const RrType type : {RrType::a, RrType::srv}) {
    Asker asker(world_, type, Transport::udp, seed());
    std::string round;
    for (int i = 0; i < 14; ++i) {
      const auto records = asker.ask();
      ASSERT_EQ(records.size(), 1u);
      round += static_cast<char>('a' + records.front().member);
    }
    EXPECT_EQ(round, "aabacaaaabacaa");
  }
}

TEST_F(PolicyTest, SingleAndFailoverAnswerInConfiguredOrder) {
  std::vector<registry::InstancePtr> members;
  const auto add = [&](int i, registry::State state) {
    members.push_back(Make("web", std::string(1, static_cast<char>('a' + i)))
                          .at("10.0.0." + std::to_string(i))
                          .on(port(static_cast<std::uint16_t>(8000 + i)))
                          .weight(static_cast<std::uint16_t>(1 + i))
                          .state(state)
                          .get());
  };
  add(0, registry::State::suspended);
  add(1, registry::State::active);
  add(2, registry::State::suspended);
  add(3, registry::State::active);
  ServicePolicy policy;
  policy.policy = Policy::failover;
  put(policy, members);
  auto a = Asker(world_, RrType::a, Transport::udp, seed()).ask();
  ASSERT_EQ(a.size(), 1u);
  EXPECT_EQ(a[0].member, 1) << "the first that is ready";
  const auto srv = Asker(world_, RrType::srv, Transport::udp, seed()).ask();
  ASSERT_EQ(srv.size(), 2u);
  EXPECT_EQ(srv[0].priority, 10u) << "its place in configured order; gaps stay";
  EXPECT_EQ(srv[1].priority, 30u);
  EXPECT_EQ(srv[1].weight, 1u);

  policy.policy = Policy::single;
  policy.when_none = zones::WhenNone::none;
  put(policy, members);
  EXPECT_TRUE(Asker(world_, RrType::a, Transport::udp, seed()).ask().empty()) << "no other takes its place";
  policy.when_none = zones::WhenNone::all;
  put(policy, members);
  a = Asker(world_, RrType::a, Transport::udp, seed()).ask();
  ASSERT_EQ(a.size(), 1u);
  EXPECT_EQ(a[0].member, 0);
}

TEST_F(PolicyTest, AllAnswersInConfiguredOrderEveryTime) {
  ServicePolicy policy;
  policy.policy = Policy::all;
  serve(policy, {3, 1, 2});
  for (const RrType type : {RrType::a, RrType::srv}) {
    Asker asker(world_, type, Transport::udp, seed());
    for (int i = 0; i < 10; ++i) {
      const auto records = asker.ask();
      ASSERT_EQ(records.size(), 3u);
      for (int place = 0; place < 3; ++place)
        EXPECT_EQ(records[static_cast<std::size_t>(place)].member, place);
      if (type == RrType::srv) {
        EXPECT_EQ(records[0].weight, 3u);
      }
    }
  }
}

TEST_F(PolicyTest, SrvShowsTheOrderAsPrioritiesWhereThePolicyAsksForIt) {
  ServicePolicy policy;
  policy.policy = Policy::round_robin_failover;
  policy.srv_by_priority = true;
  serve(policy, {5, 5, 5});
  Asker asker(world_, RrType::srv, Transport::udp, seed());
  for (int turn = 0; turn < 4; ++turn) {
    const auto records = asker.ask();
    ASSERT_EQ(records.size(), 3u);
    for (unsigned place = 0; place < 3; ++place) {
      EXPECT_EQ(records[place].priority, place);
      EXPECT_EQ(records[place].weight, 1u);
      EXPECT_EQ(records[place].member, (turn + static_cast<int>(place)) % 3);
    }
  }
  policy.policy = Policy::hash_failover;
  policy.srv_by_priority = false;
  serve(policy, {5, 5, 5});
  const auto records = asker.ask();
  ASSERT_EQ(records.size(), 3u);
  for (unsigned place = 0; place < 3; ++place) EXPECT_EQ(records[place].priority, place);
}

// ---- by the client's network

class HashTest : public PolicyTest {
 protected:
  // The order in which a client at `address` gets the members, as letters.
  std::string order_for(std::string_view address, const Octets& subnet = {}, RrType type = RrType::a) {
    Thread thread(world_, seed());
    for (std::uint8_t i = 0; i < 16; ++i) thread.answerer().config.hash_key[i] = i;
    thread.answerer().config.ecs_trusted = trusted_;
    Client client = udp_client();
    client.address = *net::parse_ip(address);
    QueryBuilder query(type == RrType::srv ? kSrv : kService, type);
    query.edns();
    if (!subnet.empty()) query.option(8, subnet);
    reply_ = thread.ask(query.build(), client);
    std::string order;
    for (const Record& one : records_of(reply_)) order += static_cast<char>('a' + one.member);
    return order;
  }
  // The client subnet option of the last reply; empty: none.
  Octets subnet_of_reply() const {
    for (std::size_t at = 12; at + 8 <= reply_.size(); ++at) {
      if (read_u16(&reply_[at]) == 8 && read_u16(&reply_[at + 2]) == 7 && read_u16(&reply_[at + 4]) == 1)
        return {reply_.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                reply_.begin() + static_cast<std::ptrdiff_t>(at) + 11};
    }
    return {};
  }

  std::vector<net::IpPrefix> trusted_;
  Octets reply_;
};

TEST_F(HashTest, ANetworkHasItsOrder) {
  ServicePolicy policy;
  policy.policy = Policy::hash_failover;
  serve(policy, {1, 2, 3, 4});
  EXPECT_EQ(order_for("10.0.0.9"), "dcba");
  EXPECT_EQ(order_for("10.0.0.200"), "dcba") << "one /24";
  EXPECT_EQ(order_for("10.0.1.9"), "bdca");
  EXPECT_EQ(order_for("192.0.2.1"), "cdab");
  EXPECT_EQ(order_for("2001:db8::1"), "cabd") << "a /56";
  EXPECT_EQ(order_for("2001:db8:0:ff::1"), "cabd");
  EXPECT_EQ(order_for("10.0.0.9", {}, RrType::srv), "dcba") << "SRV in the same order";
  policy.policy = Policy::hash;
  serve(policy, {1, 2, 3, 4});
  EXPECT_EQ(order_for("10.0.0.9"), "d");
}

// RFC 7871.
TEST_F(HashTest, ABelievedSubnetOptionDecides) {
  ServicePolicy policy;
  policy.policy = Policy::hash_failover;
  serve(policy, {1, 2, 3, 4});
  const Octets subnet = {0, 1, 24, 0, 192, 0, 2};
  EXPECT_EQ(order_for("10.0.0.9", subnet), "dcba") << "nobody is believed";
  EXPECT_TRUE(subnet_of_reply().empty());
  trusted_ = {*net::parse_prefix("10.0.0.0/8")};
  EXPECT_EQ(order_for("10.0.0.9", subnet), "cdab");
  EXPECT_EQ(subnet_of_reply(), (Octets{0, 1, 24, 24, 192, 0, 2}));
  EXPECT_EQ(order_for("11.0.0.9", subnet), order_for("11.0.0.9")) << "another sender is not";

  EXPECT_EQ(order_for("10.0.0.9", {0, 1, 16, 0, 10, 1}), "dbca") << "as coarse as it is";
  EXPECT_EQ(order_for("10.0.0.9", {0, 1, 32, 0, 192, 0, 2, 77}), "cdab") << "and not finer than a /24";
  EXPECT_EQ(order_for("10.0.0.9", {0, 1, 0, 0}), "dcba") << "without bits the sender decides";

  policy.policy = Policy::weighted_failover;
  serve(policy, {1, 2, 3, 4});
  order_for("10.0.0.9", subnet);
  EXPECT_TRUE(subnet_of_reply().empty()) << "no answer depends on it";
}

TEST_F(HashTest, WhoGoesMovesItsOwnShareOnly) {
  ServicePolicy policy;
  policy.policy = Policy::hash;
  serve(policy, {10, 20, 30, 40});
  const auto all = [&] {
    std::vector<std::string> firsts;
    for (int i = 0; i < 2'000; ++i)
      firsts.push_back(order_for("10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1"));
    return firsts;
  };
  const auto before = all();
  std::vector<double> seen(4);
  for (const std::string& first : before) ++seen[static_cast<std::size_t>(first[0] - 'a')];
  EXPECT_TRUE(chi_square(seen, normed(kByWeight)).fits()) << testing::PrintToString(seen);
  serve(policy, {10, 20, 30});
  const auto after = all();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != "d") {
      EXPECT_EQ(after[i], before[i]);
    }
  }
}

TEST_F(HashTest, OverAThousandMembersAreDrawnByWeight) {
  ServicePolicy policy;
  policy.policy = Policy::hash;
  std::vector<registry::InstancePtr> members;
  for (std::size_t i = 0; i <= zones::kHashMembersMost; ++i) {
    members.push_back(Make("web", "i" + std::to_string(i))
                          .at("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256))
                          .weight(1)
                          .get());
  }
  put(policy, members);
  std::map<std::string, int> seen;
  for (int i = 0; i < 50; ++i) ++seen[order_for("10.0.0.9")];
  EXPECT_GT(seen.size(), 1u) << "no longer one answer for one network";
}

}  // namespace
}  // namespace muster::dns::test
