// Readers and the writer at the same time, through growth, removal, clean-up of tombstones and new secrets.
// Worth most under TSan and ASan: an entry or array that is freed too early is a use after free here.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/zones/specs.h"
#include "zones/entry_writer.h"
#include "zones/name_table.h"
#include "zones/rng.h"

namespace muster::zones {
namespace {

using namespace test;

constexpr std::size_t kLasting = 500;   // never removed, but replaced all the time
constexpr std::size_t kPassing = 6000;  // come and go
constexpr std::size_t kAbsent = 200;    // never there

std::string wire(std::string_view kind, std::size_t index) {
  return std::string(name(std::string(kind) + std::to_string(index) + ".svc.internal.").wire());
}

std::vector<std::string> wires(std::string_view kind, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(wire(kind, i));
  return all;
}

// All members and their TTL bear one number, so that a mixture of two versions would be seen.
EntryPtr entry(const std::string& owner, std::uint32_t version) {
  RrsetSpec a = rrset(RrType::a, {}, version);
  for (std::uint32_t i = 0; i < 1 + version % 5; ++i) {
    a.members.push_back({std::string(reinterpret_cast<const char*>(&version), 4), 1, 0, {}});
  }
  return EntryWriter::build({*Name::from_wire(owner), {a}}, 0, 0);
}

bool is_whole(const Entry& found, std::string_view owner) {
  if (found.name() != owner || found.rrset_count() != 1) return false;
  const RrsetView set = found.rrset(0);
  if (set.count() != 1 + set.ttl() % 5) return false;
  for (std::uint32_t i = 0; i < set.count(); ++i) {
    if (load<std::uint32_t>(set.rdata(i).data()) != set.ttl()) return false;
  }
  return true;
}

struct Names {
  std::vector<std::string> lasting = wires("lasting", kLasting);
  std::vector<std::string> passing = wires("passing", kPassing);
  std::vector<std::string> absent = wires("absent", kAbsent);
};

// What a reader saw that it must not see.
struct Faults {
  std::atomic<std::uint64_t> missing{0};
  std::atomic<std::uint64_t> broken{0};
  std::atomic<std::uint64_t> ghosts{0};
  std::atomic<std::uint64_t> backwards{0};
};

void read(NameTable& table, const Names& names, std::uint64_t seed, const std::atomic<bool>& stop,
          Faults& faults, std::atomic<std::uint64_t>& reads) {
  NameTable::Reader reader(table);
  Rng rng(seed);
  std::vector<std::uint32_t> newest(kLasting);
  while (!stop.load()) {
    const NameTable::Reader::Online online(reader);
    for (int i = 0; i < 32; ++i) {
      const std::size_t index = rng.below(kLasting);
      const Entry* lasting = reader.find(names.lasting[index]);
      if (lasting == nullptr) {
        ++faults.missing;
      } else {
        if (!is_whole(*lasting, names.lasting[index])) ++faults.broken;
        const std::uint32_t version = lasting->rrset(0).ttl();
        if (version < newest[index]) ++faults.backwards;
        newest[index] = version;
      }
      const std::string& passing = names.passing[rng.below(kPassing)];
      const Entry* found = reader.find(passing);
      if (found != nullptr && !is_whole(*found, passing)) ++faults.broken;
      if (reader.find(names.absent[rng.below(kAbsent)]) != nullptr) ++faults.ghosts;
    }
    reads += 96;
    if (rng.below(50) == 0) std::this_thread::yield();  // stay online a little longer
  }
}

// Waves of coming and going over a table that is replaced all the time.
void write(NameTable& table, const Names& names, std::uint64_t seed, int changes) {
  Rng rng(seed);
  std::uint32_t version = 1;
  for (int i = 0; i < changes; ++i) {
    const bool growing = i / 10'000 % 2 == 0;
    table.put(entry(names.lasting[rng.below(kLasting)], ++version));
    const std::string& passing = names.passing[rng.below(kPassing)];
    const Entry* there = table.find(passing);
    if (rng.below(10) < (growing ? 8U : 2U)) {
      table.put(entry(passing, ++version));
    } else if (there != nullptr) {
      table.remove(there);
    }
    if (i % 1000 == 0) table.tidy();
  }
}

class NameTableStress : public testing::TestWithParam<NameTable::Tuning> {};

TEST_P(NameTableStress, ReadersSeeEveryNameOldOrNewAndNeverMissOneThatStays) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Names names;
  NameTable table(GetParam());
  for (const std::string& owner : names.lasting) table.put(entry(owner, 0));
  Faults faults;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> reads{0};
  std::vector<std::thread> readers;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    readers.emplace_back([&, i] { read(table, names, seed + i, stop, faults, reads); });
  }
  write(table, names, seed, 60'000);
  stop.store(true);
  for (std::thread& reader : readers) reader.join();
  for (std::size_t pieces = table.stats().retired / 1000 + 1; pieces > 0; --pieces) table.tidy();

  EXPECT_EQ(faults.missing, 0U);
  EXPECT_EQ(faults.broken, 0U);
  EXPECT_EQ(faults.ghosts, 0U);
  EXPECT_EQ(faults.backwards, 0U);
  EXPECT_GT(reads, 0U);
  EXPECT_GT(table.stats().rebuilds, 2U);
  EXPECT_EQ(table.stats().secrets > 0, GetParam().probe_max < 256);
  EXPECT_EQ(table.stats().retired, 0U) << "nobody is online any more";
}

INSTANTIATE_TEST_SUITE_P(Tuned, NameTableStress,
                         testing::Values(NameTable::Tuning{}, NameTable::Tuning{.probe_max = 8, .carry = 16}),
                         [](const auto& tuned) {
                           return tuned.index == 0 ? "AsItRuns" : "NewSecretsAllTheTime";
                         });

}  // namespace
}  // namespace muster::zones
