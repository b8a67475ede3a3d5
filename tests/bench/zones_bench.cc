// Prices of the parts of the query path and of a change: look-ups, draws, puts.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "zones/choice.h"
#include "zones/entry_writer.h"
#include "zones/rng.h"
#include "zones/zone.h"

namespace muster::zones {
namespace {

constexpr std::size_t kBatch = 64;  // queries that are received together

Name owner(std::size_t index) {
  return *Name::from_text("i1.web-" + std::to_string(index) + ".svc.internal.");
}

RrsetSpec addresses(std::size_t count, bool equal) {
  RrsetSpec spec;
  spec.ttl = 30;
  spec.order = Order::weighted;
  for (std::size_t i = 0; i < count; ++i) {
    const auto weight = static_cast<std::uint32_t>(equal ? 10 : 10 * (1 + i % 3));
    spec.members.push_back({std::string(4, static_cast<char>(i)), weight, 0, {}});
  }
  return spec;
}

// A table of so many names, and their wire forms in random order.
struct Table {
  explicit Table(std::size_t names) {
    for (std::size_t i = 0; i < names; ++i) {
      table.put(EntryWriter::build({owner(i), {addresses(1, true)}}, 0, 0));
      wires.emplace_back(owner(i).wire());
    }
    while (table.stats().retired > 0) table.tidy();
    Rng rng(1);
    for (std::size_t i = names; i > 1; --i) std::swap(wires[i - 1], wires[rng.below(i)]);
  }
  NameTable table;
  std::vector<std::string> wires;
};

Table& table_of(std::size_t names) {
  static std::size_t size = 0;
  static std::unique_ptr<Table> table;
  if (size != names) table = std::make_unique<Table>(names);
  size = names;
  return *table;
}

void find(benchmark::State& state) {
  Table& table = table_of(static_cast<std::size_t>(state.range(0)));
  NameTable::Reader reader(table.table);
  std::size_t next = 0;
  for (auto _ : state) {
    const NameTable::Reader::Online online(reader);
    for (std::size_t i = 0; i < kBatch; ++i) {
      benchmark::DoNotOptimize(reader.find(table.wires[next])->find(RrType::a)->images().data());
      if (++next == table.wires.size()) next = 0;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}

void find_with_prefetch(benchmark::State& state) {
  Table& table = table_of(static_cast<std::size_t>(state.range(0)));
  NameTable::Reader reader(table.table);
  std::size_t next = 0;
  std::uint64_t hashes[kBatch];
  for (auto _ : state) {
    const NameTable::Reader::Online online(reader);
    if (next + kBatch > table.wires.size()) next = 0;
    const std::string* wires = &table.wires[next];
    for (std::size_t i = 0; i < kBatch; ++i) reader.prefetch_slot(hashes[i] = reader.hash(wires[i]));
    for (const std::uint64_t hash : hashes) reader.prefetch_entry(hash);
    for (std::size_t i = 0; i < kBatch; ++i) {
      benchmark::DoNotOptimize(reader.find(hashes[i], wires[i])->find(RrType::a)->images().data());
    }
    next += kBatch;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}

void replace(benchmark::State& state) {
  Table& table = table_of(static_cast<std::size_t>(state.range(0)));
  std::vector<NameSpec> specs;
  for (std::size_t i = 0; i < table.wires.size(); ++i) {
    specs.push_back({*Name::from_wire(table.wires[i]), {addresses(1, true)}});
  }
  std::size_t next = 0;
  for (auto _ : state) {
    table.table.put(EntryWriter::build(specs[next], 0, 0));
    if (++next == specs.size()) next = 0;
  }
}

// Through the zone's tree, every name new: growth and its dual writes included.
void put_new(benchmark::State& state) {
  const auto names = static_cast<std::size_t>(state.range(0));
  std::vector<NameSpec> specs;
  for (std::size_t i = 0; i < names; ++i) specs.push_back({owner(i), {addresses(1, true)}});
  for (auto _ : state) {
    state.PauseTiming();
    auto table = std::make_unique<NameTable>();
    auto zones = std::make_unique<Zones>(*table);
    ZoneConfig config;
    config.apex = *Name::from_text("svc.internal.");
    Zone& zone = zones->add(config);
    state.ResumeTiming();
    for (const NameSpec& spec : specs) zones->put(zone, spec);
    state.PauseTiming();
    zones.reset();
    table.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Arguments: members, most, equal weights.
void draw(benchmark::State& state) {
  const RrsetSpec spec = addresses(static_cast<std::size_t>(state.range(0)), state.range(2) != 0);
  const EntryPtr entry = EntryWriter::build({owner(0), {spec}}, 0, 0);
  const RrsetView rrset = entry->rrset(0);
  Choice choice;
  Rng rng(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(choice.draw(rrset, static_cast<std::size_t>(state.range(1)), rng).data());
  }
}

void build(benchmark::State& state) {
  const NameSpec spec{owner(0), {addresses(static_cast<std::size_t>(state.range(0)), state.range(1) != 0)}};
  for (auto _ : state) benchmark::DoNotOptimize(EntryWriter::build(spec, 0, 0).get());
}

// A change of a known name through its zone, and its share of closing a batch of so many; history: the zone may
// be transferred.
void change(benchmark::State& state) {
  constexpr std::size_t kNames = 100'000;
  const auto batch = static_cast<std::size_t>(state.range(0));
  const auto members = static_cast<std::size_t>(state.range(1));
  NameTable table;
  Zones zones(table);
  ZoneConfig config;
  config.apex = *Name::from_text("svc.internal.");
  Zone& zone = zones.add(config);
  std::vector<NameSpec> specs;
  for (std::size_t i = 0; i < kNames; ++i) specs.push_back({owner(i), {addresses(members, true)}});
  for (const NameSpec& spec : specs) zones.put(zone, spec);
  zones.keep_history(zone, state.range(2) != 0);
  std::size_t next = 0;
  for (auto _ : state) {
    NameSpec& spec = specs[next];
    ++spec.rrsets[0].members[0].rdata[0];
    zones.put(zone, spec);
    if (++next % batch == 0) zones.close_batch(zone, zones.serial(zone) + 1);
    if (next == kNames) next = 0;
  }
}

// Turning the history on, in one go.
void keep_history(benchmark::State& state) {
  NameTable table;
  Zones zones(table);
  ZoneConfig config;
  config.apex = *Name::from_text("svc.internal.");
  Zone& zone = zones.add(config);
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i)
    zones.put(zone, {owner(i), {addresses(3, true)}});
  for (auto _ : state) {
    zones.keep_history(zone, true);
    zones.keep_history(zone, false);
  }
}

// A whole zone, slice by slice; items are records.
void walk(benchmark::State& state) {
  NameTable table;
  Zones zones(table);
  ZoneConfig config;
  config.apex = *Name::from_text("svc.internal.");
  Zone& zone = zones.add(config);
  for (std::size_t i = 0; i < 100'000; ++i) zones.put(zone, {owner(i), {addresses(3, true)}});
  zones.keep_history(zone, true);
  zones.close_batch(zone, 2);
  std::size_t records = 0;
  for (auto _ : state) {
    const auto one = zones.history(zone)->begin_walk();
    for (bool more = true; more;) {
      RecordList slice;
      more = zones.history(zone)->next(*one, slice);
      records += slice.count();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
}

BENCHMARK(change)->ArgNames({"batch", "members", "history"})->ArgsProduct({{1, 10, 1000}, {1, 3, 100}, {0, 1}});
BENCHMARK(keep_history)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(walk)->Unit(benchmark::kMillisecond);
BENCHMARK(find)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(find_with_prefetch)->Arg(1'000)->Arg(100'000)->Arg(1'000'000);
BENCHMARK(replace)->Arg(100'000);
BENCHMARK(put_new)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(draw)
    ->ArgNames({"members", "most", "equal"})
    ->ArgsProduct({{3, 4, 16, 64, 256, 1024}, {4096}, {0, 1}})
    ->ArgsProduct({{10, 1000, 100'000}, {1, 3}, {0, 1}});
BENCHMARK(build)->ArgNames({"members", "equal"})->ArgsProduct({{1, 3, 1000}, {0, 1}});

}  // namespace
}  // namespace muster::zones
