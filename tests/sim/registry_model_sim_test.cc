// A million random calls, delayed and doubled ones among them, against a naive model that knows only the
// rules: who is alive until when under which generation, and who is buried until when.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>

#include "registry/registry.h"

namespace muster::registry {
namespace {

constexpr Instant kStart{SteadyTime(Millis(1'000'000)), WallTime(Millis(1'795'212'000'000))};
constexpr Millis kLease{2'000};
constexpr Millis kTombstone{5'000};

RegistryConfig config() {
  RegistryConfig c;
  c.protection.max_expired_ratio = 1;
  c.lease = kLease;
  c.lease_min = Millis(100);
  c.tombstone = kTombstone;
  c.service_linger = Millis(10'000);
  return c;
}

BodyPtr body_number(std::uint16_t number) {
  InstanceBody body;
  body.addresses = {net::parse_ip("10.0.0.1").value()};
  body.weight = number;
  return std::make_shared<const InstanceBody>(std::move(body));
}

struct Life {
  std::uint64_t generation;
  std::uint16_t weight;
  SteadyTime deadline;
  bool draining;
  std::uint64_t order;
};
struct Grave {
  std::uint64_t generation;
  SteadyTime until;
};
using Name = std::pair<std::string, std::string>;

// The rules in their plainest form: maps, and looking at everything when time passes.
class Model {
 public:
  void pass(SteadyTime now) {
    std::erase_if(alive, [&](const auto& item) { return item.second.deadline <= now; });
    std::erase_if(buried, [&](const auto& item) { return item.second.until <= now; });
  }
  std::string put(const Name& name, std::optional<std::uint64_t> g, std::uint16_t weight, Instant now) {
    if (const auto life = alive.find(name); life != alive.end()) {
      if (g && *g < life->second.generation) return "stale_generation";
      const bool anew = g && *g > life->second.generation;
      life->second = {g.value_or(life->second.generation), weight, now.steady + kLease,
                      anew ? false : life->second.draining, life->second.order};
      return "ok";
    }
    const auto grave = buried.find(name);
    const std::uint64_t dead = grave == buried.end() ? 0 : grave->second.generation;
    if (grave != buried.end() && g && *g <= dead) return "deregistered";
    const auto fresh = std::max(dead + 1, static_cast<std::uint64_t>(now.wall.time_since_epoch().count()));
    buried.erase(name);
    alive[name] = {g.value_or(fresh), weight, now.steady + kLease, false, ++births};
    return "ok";
  }
  std::string beat(const Name& name, std::optional<std::uint64_t> g, std::optional<std::uint16_t> weight,
                   Instant now) {
    const auto life = alive.find(name);
    if (life == alive.end() && buried.contains(name)) {
      if (!weight || !g || *g <= buried[name].generation) return "deregistered";
    }
    if (weight) return put(name, g, *weight, now);
    if (life == alive.end()) return "unknown_instance";
    if (g && *g != life->second.generation)
      return *g > life->second.generation ? "unknown_instance" : "stale_generation";
    life->second.deadline = now.steady + kLease;
    return "ok";
  }
  std::string remove(const Name& name, std::optional<std::uint64_t> g, Instant now) {
    const auto life = alive.find(name);
    if (life == alive.end()) return "ok";
    if (g && *g < life->second.generation) return "stale_generation";
    buried[name] = {life->second.generation, now.steady + kTombstone};
    alive.erase(life);
    return "ok";
  }
  std::string drain(const Name& name, bool on) {
    const auto life = alive.find(name);
    if (life == alive.end()) return "refused";
    life->second.draining = on;
    return "ok";
  }

  std::map<Name, Life> alive;
  std::map<Name, Grave> buried;
  std::uint64_t births = 0;
};

class Walk {
 public:
  explicit Walk(std::uint32_t seed) : random_(seed), registry_(config(), kStart) {}

  void step() {
    if (below(20) == 0) {
      now_ = now_ + Millis(below(3) == 0 ? 10 * below(100) : 10);
      while (registry_.tick(now_, 7)) {
      }
      model_.pass(now_.steady);
    }
    const Name name{"s" + std::to_string(below(8)), "i" + std::to_string(below(12))};
    const auto generation =
        below(4) == 0 ? std::nullopt : std::optional<std::uint64_t>(pick_generation(name));
    const auto weight = static_cast<std::uint16_t>(1 + below(5));
    const std::string expected = model(operation_ = below(10), name, generation, weight);
    const Outcome outcome = real(operation_, name, generation, weight);
    const std::string got = outcome ? "ok" : std::string(to_string(outcome.error().code));
    ASSERT_TRUE(got == expected || (expected == "refused" && !outcome))
        << "operation " << operation_ << " on " << name.first << "/" << name.second << ": " << got << ", not "
        << expected;
    follow(name);
  }

  // The whole picture, and that a reader of the changes alone knows the same.
  void compare() {
    std::size_t seen = 0;
    std::map<Name, InstancePtr> from_registry;
    registry_.for_each([&](const InstancePtr& i) { from_registry[{i->service, i->id}] = i; });
    ASSERT_EQ(from_registry.size(), model_.alive.size());
    for (const auto& [name, life] : model_.alive) {
      const InstancePtr instance = registry_.find(name.first, name.second);
      ASSERT_TRUE(instance);
      EXPECT_EQ(instance->generation, life.generation);
      EXPECT_EQ(instance->body->weight, life.weight);
      EXPECT_EQ(instance->serving, !life.draining);
      EXPECT_EQ(registry_.lease_of(name.first, name.second, now_).expires_at,
                now_.wall + (life.deadline - now_.steady));
      EXPECT_EQ(mirror_.at(name), instance);
      ++seen;
    }
    EXPECT_EQ(mirror_.size(), seen);
    compare_services();
  }

 private:
  std::uint32_t below(std::uint32_t n) { return random_() % n; }

  // Around the one that is known, as delayed and reordered calls are.
  std::uint64_t pick_generation(const Name& name) {
    const auto life = model_.alive.find(name);
    const auto grave = model_.buried.find(name);
    const std::uint64_t base = life != model_.alive.end()     ? life->second.generation
                               : grave != model_.buried.end() ? grave->second.generation
                                                              : 1'000;
    return base + below(3) - 1;
  }

  std::string model(std::uint32_t operation, const Name& name, std::optional<std::uint64_t> g,
                    std::uint16_t weight) {
    if (operation < 3) return model_.put(name, g, weight, now_);
    if (operation < 6) return model_.beat(name, g, std::nullopt, now_);
    if (operation < 8) return model_.beat(name, g, weight, now_);
    if (operation < 9) return model_.remove(name, g, now_);
    return model_.drain(name, weight > 2);
  }

  Outcome real(std::uint32_t operation, const Name& name, std::optional<std::uint64_t> g,
               std::uint16_t weight) {
    if (operation < 3) {
      Registration r;
      r.service = name.first;
      r.id = name.second;
      r.generation = g;
      r.body = body_number(weight);
      return registry_.apply(r, now_);
    }
    if (operation < 8) {
      Heartbeat h;
      h.service = name.first;
      h.id = name.second;
      h.generation = g;
      if (operation >= 6) h.body = body_number(weight);
      return registry_.apply(h, now_);
    }
    if (operation < 9) return registry_.apply(Removal{name.first, name.second, g, false, {}}, now_);
    return registry_.apply(DrainOrder{name.first, name.second, weight > 2, ""}, now_);
  }

  void follow(const Name& touched) {
    for (const auto& change : registry_.take_batch().changes) {
      const Name name{change.service, change.id};
      const auto known = mirror_.find(name);
      ASSERT_EQ(change.before, known == mirror_.end() ? nullptr : known->second) << "a step was lost";
      if (change.revised) {
        ASSERT_GT(change.revision, last_revision_) << "revisions never repeat or go back";
        last_revision_ = change.revision;
      }
      hashes_[change.service] = change.set_hash;
      if (change.after) {
        mirror_[name] = change.after;
      } else {
        mirror_.erase(name);
      }
    }
    const auto life = model_.alive.find(touched);
    const InstancePtr instance = registry_.find(touched.first, touched.second);
    ASSERT_EQ(instance != nullptr, life != model_.alive.end()) << touched.first << "/" << touched.second;
  }

  void compare_services() {
    for (int s = 0; s < 8; ++s) {
      const std::string service = "s" + std::to_string(s);
      const ServiceView view = registry_.view(service, now_);
      SetHash sum;
      std::uint64_t last = 0;
      for (const auto& instance : view.instances) {
        sum += set_hash_term(service, instance->id, instance->revision);
        const std::uint64_t order = model_.alive.at({service, instance->id}).order;
        EXPECT_GT(order, last) << "registration order";
        last = order;
      }
      EXPECT_EQ(view.set_hash, to_string(sum));
      if (const auto hash = hashes_.find(service); hash != hashes_.end()) {
        EXPECT_EQ(hash->second, sum);
      }
    }
  }

  std::mt19937 random_;
  Instant now_ = kStart;
  Registry registry_;
  Model model_;
  std::map<Name, InstancePtr> mirror_;
  std::map<std::string, SetHash> hashes_;
  std::uint64_t last_revision_ = 0;
  std::uint32_t operation_ = 0;
};

TEST(RegistryModelSim, AMillionRandomCalls) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Walk walk(seed);
  for (int i = 0; i < 1'000'000; ++i) {
    walk.step();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "call " << i;
    if (i % 2'000 == 0) walk.compare();
  }
  walk.compare();
}

}  // namespace
}  // namespace muster::registry
