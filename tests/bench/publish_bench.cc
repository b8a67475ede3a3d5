// What a change costs from the registry's door to the live table, and what a start costs: everything that was
// stored, restored and published as one batch. In process: no HTTP, no store, no DNS packets.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "registry/registry.h"
#include "zones/publish.h"

namespace muster::zones {
namespace {

net::Instant at(std::int64_t ms) { return net::Instant{} + net::Millis(1'000'000 + ms); }

std::string service_name(std::size_t service) { return "web-" + std::to_string(service); }
std::string instance_id(std::size_t instance) { return "i" + std::to_string(instance); }

registry::BodyPtr body_of(std::size_t number, std::uint16_t weight) {
  registry::InstanceBody body;
  net::IpAddress address;
  address.octets[0] = 10;
  for (std::size_t i = 1; i < 4; ++i) address.octets[i] = static_cast<unsigned char>(number >> (24 - 8 * i));
  body.addresses = {address};
  body.ports = {{"http", 8080, registry::Protocol::tcp, registry::PortScope::host, 0, {}}};
  body.weight = weight;
  body.tags = {{"az", "eu-1a"}, {"env", "production"}, {"team", "storefront"}};
  return std::make_shared<const registry::InstanceBody>(std::move(body));
}

// A registry and its publisher; services of so many instances, as read from a store.
class Fleet {
 public:
  Fleet(std::size_t services, std::size_t instances)
      : services_(services), instances_(instances), registry_(registry_config(), at(0)) {
    PublishConfig config;
    config.domain = *Name::from_text("svc.internal.");
    config.is_known = [this](std::string_view service) { return registry_.is_known(service); };
    publisher_ = std::make_unique<Publisher>(std::move(config), zones_);
    for (std::size_t number = 0; number < services * instances; ++number)
      registry_.restore(claim(number), at(0));
  }

  void show() { registry_.restored(at(0)); }
  void show_in_parts() {
    for (bool more = true; more;) {
      more = registry_.restore_next(at(0), 256);
      registry_.take_batch();
    }
  }
  void publish() {
    const registry::Batch batch = registry_.take_batch();
    if (table_.stats().names < 16) table_.reserve(services_ * (4 + 2 * instances_));
    publisher_->publish(batch, at(now_ms_));
  }
  void tick() { publisher_->tick(at(now_ms_ += 20)); }

  void change_weight(std::size_t number, std::uint16_t weight) {
    registry::Registration registration;
    registration.service = service_name(number / instances_);
    registration.id = instance_id(number % instances_);
    registration.body = body_of(number, weight);
    registration.generation = 1;
    if (!registry_.apply(registration, at(now_ms_))) std::abort();
  }
  void renew(std::size_t number) {
    registry::Heartbeat heartbeat;
    heartbeat.service = service_name(number / instances_);
    heartbeat.id = instance_id(number % instances_);
    heartbeat.generation = 1;
    if (!registry_.apply(heartbeat, at(now_ms_))) std::abort();
  }

  std::size_t size() const { return services_ * instances_; }
  const NameTable& table() const { return table_; }
  std::uint64_t puts() const { return publisher_->counters().puts; }

 private:
  static registry::RegistryConfig registry_config() {
    registry::RegistryConfig config;
    config.epoch = "bench";
    return config;
  }

  registry::ClaimRow claim(std::size_t number) const {
    registry::ClaimRow row;
    row.service = service_name(number / instances_);
    row.id = instance_id(number % instances_);
    row.source = "heartbeat";
    row.generation = 1;
    row.sequence = number + 1;
    row.lease = net::Millis(86'400'000);
    row.by = "127.0.0.1";
    row.body = body_of(number, 1);
    return row;
  }

  const std::size_t services_;
  const std::size_t instances_;
  std::int64_t now_ms_ = 0;
  NameTable table_;
  Zones zones_{table_};
  registry::Registry registry_;
  std::unique_ptr<Publisher> publisher_;
};

// Arguments of all: services, instances of each.
std::unique_ptr<Fleet> fleet_of(const benchmark::State& state) {
  return std::make_unique<Fleet>(static_cast<std::size_t>(state.range(0)),
                                 static_cast<std::size_t>(state.range(1)));
}

Fleet& published_fleet(const benchmark::State& state) {
  static std::pair<std::int64_t, std::int64_t> size;
  static std::unique_ptr<Fleet> fleet;
  if (const std::pair wanted(state.range(0), state.range(1)); !fleet || size != wanted) {
    size = wanted;
    fleet.reset();
    fleet = fleet_of(state);
    fleet->show();
    fleet->publish();
    fleet->tick();
  }
  return *fleet;
}

void restored(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto fleet = fleet_of(state);
    state.ResumeTiming();
    fleet->show();
    state.PauseTiming();
    fleet.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

std::size_t resident_octets() {
  std::size_t all = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// What an instance weighs in the registry alone, without names: growth of the process.
void registry_memory(benchmark::State& state) {
  for (auto _ : state) {
    const std::size_t before = resident_octets();
    const auto fleet = fleet_of(state);
    fleet->show_in_parts();
    state.counters["octets"] =
        static_cast<double>(resident_octets() - before) / static_cast<double>(fleet->size());
  }
}

void first_publish(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    auto fleet = fleet_of(state);
    fleet->show();
    state.ResumeTiming();
    fleet->publish();
    state.PauseTiming();
    state.counters["names"] = static_cast<double>(fleet->table().stats().names);
    state.counters["puts"] = static_cast<double>(fleet->puts());
    fleet.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * state.range(1));
}

// One change, one batch: applied and published before the next comes.
void weight_change(benchmark::State& state) {
  Fleet& fleet = published_fleet(state);
  std::size_t number = 0;
  std::uint16_t weight = 1;
  for (auto _ : state) {
    number = (number + 7'919) % fleet.size();
    weight = static_cast<std::uint16_t>(weight % 60'000 + 2);
    fleet.change_weight(number, weight);
    fleet.publish();
  }
  state.SetItemsProcessed(state.iterations());
}

void heartbeat(benchmark::State& state) {
  Fleet& fleet = published_fleet(state);
  std::size_t number = 0;
  const std::uint64_t puts = fleet.puts();
  for (auto _ : state) {
    number = (number + 7'919) % fleet.size();
    fleet.renew(number);
    fleet.publish();
  }
  state.counters["puts"] = static_cast<double>(fleet.puts() - puts);
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(registry_memory)->Args({333'334, 3})->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(restored)->Args({33'334, 3})->Unit(benchmark::kMillisecond);
BENCHMARK(first_publish)->Args({33'334, 3})->Args({100, 1'000})->Unit(benchmark::kMillisecond);
BENCHMARK(weight_change)
    ->Args({1'000, 3})
    ->Args({100'000, 3})
    ->Args({1, 1'000})
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(heartbeat)->Args({100'000, 3})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace muster::zones
