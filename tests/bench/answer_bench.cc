// What one answer() costs in the process, without sockets: services of three instances, names drawn
// uniformly. At 100,000 services the cache misses decide, so each is measured one by one and in batches of
// 64, as the UDP threads do it.
#include <benchmark/benchmark.h>

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/dns/support/signing.h"
#include "tests/dns/support/world.h"

namespace {

using namespace muster::dns;
using muster::zones::RrType;

constexpr std::size_t kQueries = 1 << 16;
constexpr std::size_t kBatch = 64;
using Octets = std::vector<std::uint8_t>;

enum Kind : int { a, srv, nodata, nxdomain };

std::string service(std::size_t i) { return "service-" + std::to_string(i); }

test::World& world_of(std::size_t services) {
  static std::map<std::size_t, std::unique_ptr<test::World>> worlds;
  auto& world = worlds[services];
  if (world) return *world;
  world = std::make_unique<test::World>();
  auto& zone = world->generated_zone("svc.internal.");
  for (std::size_t i = 0; i < services; ++i) {
    std::array<test::Instance, 3> instances;
    for (std::size_t j = 0; j < instances.size(); ++j) {
      const std::string address =
          "10." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255) + "." + std::to_string(j + 1);
      instances[j] = {"i" + std::to_string(j), address, static_cast<std::uint32_t>(j + 1)};
    }
    test::put_service(*world, zone, "svc.internal.", service(i), instances);
  }
  return *world;
}

Octets packet(Kind kind, const std::string& label) {
  Octets octets = {0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const std::string name = (kind == srv        ? "_" + label + "._tcp"
                            : kind == nxdomain ? "no-" + label
                                               : label) +
                           ".svc.internal.";
  const auto wire = test::name_of(name);
  octets.insert(octets.end(), wire.wire().begin(), wire.wire().end());
  const RrType type = kind == srv ? RrType::srv : kind == nodata ? RrType::aaaa : RrType::a;
  octets.insert(octets.end(), {0, static_cast<std::uint8_t>(type), 0, 1});
  return octets;
}

// The packets one after the other in memory, as a receive ring holds them.
std::vector<Octets> packets(Kind kind, std::size_t services) {
  std::mt19937_64 random(7);
  std::vector<Octets> result;
  for (std::size_t i = 0; i < kQueries; ++i) result.push_back(packet(kind, service(random() % services)));
  return result;
}

void answer_singly(benchmark::State& state) {
  const auto kind = static_cast<Kind>(state.range(0));
  const auto services = static_cast<std::size_t>(state.range(1));
  test::Thread thread(world_of(services));
  const std::vector<Octets> queries = packets(kind, services);
  const Client client = test::udp_client();
  std::array<std::uint8_t, 1232> reply;
  std::size_t i = 0;
  for (auto _ : state) {
    const muster::zones::NameTable::Reader::Online online(thread.reader());
    for (std::size_t n = 0; n < kBatch; ++n) {
      benchmark::DoNotOptimize(answer(queries[i++ % kQueries], client, thread.answerer(), reply));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

void answer_in_batches(benchmark::State& state) {
  const auto kind = static_cast<Kind>(state.range(0));
  const auto services = static_cast<std::size_t>(state.range(1));
  test::Thread thread(world_of(services));
  const std::vector<Octets> queries = packets(kind, services);
  const Client client = test::udp_client();
  std::vector<Pending> pending(kBatch);
  std::array<std::uint8_t, 1232> reply;
  std::size_t i = 0;
  for (auto _ : state) {
    const muster::zones::NameTable::Reader::Online online(thread.reader());
    for (Pending& one : pending) prepare(queries[i++ % kQueries], client, thread.answerer(), one);
    for (const Pending& one : pending) fetch(one, thread.answerer());
    for (Pending& one : pending) look_up(one, thread.answerer());
    for (const Pending& one : pending) benchmark::DoNotOptimize(finish(one, thread.answerer(), reply));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}

// What a query shows of its sender, and what counting its replies costs: A of one of 1,000 services.
enum Sender : int { nobody, edns, client_cookie, good_cookie, limited, signed_sha256 };

Octets with_opt(Octets octets, const Octets& cookie) {
  const auto size = static_cast<std::uint8_t>(cookie.empty() ? 0 : 4 + cookie.size());
  octets.insert(octets.end(), {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, size});
  if (!cookie.empty()) {
    octets.insert(octets.end(), {0, 10, 0, static_cast<std::uint8_t>(cookie.size())});
    octets.insert(octets.end(), cookie.begin(), cookie.end());
  }
  octets[11] = 1;
  return octets;
}

Octets shown_by(Sender sender, const Octets& plain, const Client& client, const AnswerConfig& config) {
  Cookie cookie{};
  const Octets alone(kClientCookie, 'c');
  answer_cookie(alone, client.address, client.now, *config.cookies, cookie);
  switch (sender) {
    case edns: return with_opt(plain, {});
    case client_cookie: return with_opt(plain, alone);
    case good_cookie: return with_opt(plain, {cookie.begin(), cookie.end()});
    case signed_sha256: return test::sign(plain, {});
    default: return plain;
  }
}

void answer_to(benchmark::State& state) {
  const auto sender = static_cast<Sender>(state.range(0));
  test::Thread thread(world_of(1000));
  const Client client = test::udp_client();
  AnswerConfig& config = thread.answerer().config;
  if (sender == limited) {
    config.rate_limit.responses_per_second = RateLimiter::kRateMost;
    config.rate_limiter = std::make_shared<RateLimiter>(muster::zones::SipKey{1});
  }
  std::vector<Octets> queries = packets(a, 1000);
  for (Octets& query : queries) query = shown_by(sender, query, client, config);
  std::array<std::uint8_t, 1232> reply;
  std::size_t i = 0;
  for (auto _ : state) {
    const muster::zones::NameTable::Reader::Online online(thread.reader());
    for (std::size_t n = 0; n < kBatch; ++n) {
      benchmark::DoNotOptimize(answer(queries[i++ % kQueries], client, thread.answerer(), reply));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
}
BENCHMARK(answer_to)->ArgName("sender")->DenseRange(nobody, signed_sha256);

void kinds_and_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"kind", "services"})->ArgsProduct({{a, srv, nodata, nxdomain}, {1000, 100'000}});
}
BENCHMARK(answer_singly)->Apply(kinds_and_sizes);
BENCHMARK(answer_in_batches)->Apply(kinds_and_sizes);

}  // namespace
