// Claims that come and go in every way at once: whatever happens, each is found by its own name and by its
// instance's, what is stored is what is there, and a restart finds the same.
#include <map>
#include <random>
#include <set>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

using Keys = std::set<std::string>;

// What a store makes of the rows it is given.
class Stored {
 public:
  void take(const Rows& rows) {
    for (const Row& row : rows) std::visit([this](const auto& one) { take(one); }, row);
  }
  Rows rows() const {
    Rows all;
    for (const auto& [key, row] : claims_) all.emplace_back(row);
    for (const auto& [key, row] : tombstones_) all.emplace_back(row);
    for (const auto& [key, row] : reports_) all.emplace_back(row);
    for (const auto& [key, row] : drains_) all.emplace_back(row);
    if (overlay_) all.emplace_back(*overlay_);
    if (revisions_) all.emplace_back(*revisions_);
    return all;
  }
  Keys claims() const { return keys_of(claims_); }
  Keys reports() const { return keys_of(reports_); }
  const std::map<std::string, DrainRow>& drains() const { return drains_; }

 private:
  static std::string key_of(const std::string& service, const std::string& id) { return service + "/" + id; }
  template <class Map>
  static Keys keys_of(const Map& map) {
    Keys keys;
    for (const auto& [key, row] : map) keys.insert(key);
    return keys;
  }
  void take(const ClaimRow& row) {
    claims_.insert_or_assign(key_of(row.service, row.id) + " " + row.source, row);
  }
  void take(const ClaimGone& row) { claims_.erase(key_of(row.service, row.id) + " " + row.source); }
  void take(const TombstoneRow& row) { tombstones_.insert_or_assign(key_of(row.service, row.id), row); }
  void take(const TombstoneGone& row) { tombstones_.erase(key_of(row.service, row.id)); }
  void take(const HealthRow& row) { reports_.insert_or_assign(key_of(row.service, row.id), row); }
  void take(const HealthGone& row) { reports_.erase(key_of(row.service, row.id)); }
  void take(const DrainRow& row) { drains_.insert_or_assign(key_of(row.service, row.id), row); }
  void take(const DrainGone& row) { drains_.erase(key_of(row.service, row.id)); }
  void take(const OverlayRows& row) { overlay_ = row; }
  void take(const MetaRow& row) { revisions_ = row; }
  template <class Other>
  void take(const Other&) {}

  std::map<std::string, ClaimRow> claims_;
  std::map<std::string, TombstoneRow> tombstones_;
  std::map<std::string, HealthRow> reports_;
  std::map<std::string, DrainRow> drains_;
  std::optional<OverlayRows> overlay_;
  std::optional<MetaRow> revisions_;
};

class JoiningStorm : public Fixture {
 protected:
  std::size_t pick(std::size_t most) { return random_() % most; }
  template <class Value, std::size_t N>
  const Value& one_of(const Value (&values)[N]) {
    return values[pick(N)];
  }

  RegistryConfig config() const {
    RegistryConfig config;
    config.protection.min_instances = 2;
    config.protection.window = Millis(3'000);
    config.protection.hold = Millis(4'000);
    config.may_write = [](std::string_view by, std::string_view service) {
      return by != "narrow" || service == "web";
    };
    return config;
  }
  std::string any_service() { return one_of<std::string>({"web", "app", "Web", "other"}); }
  std::string any_id() { return one_of<std::string>({"a", "b", "t0", "t1", "t2"}); }
  std::string anybody() { return pick(4) == 0 ? "narrow" : "wide"; }
  std::string any_task() { return one_of<std::string>({"", "t0", "t1", "t2", "a"}); }
  SourceId any_source() {
    return one_of<SourceId>({{SourceKind::scheduler, "mesos"},
                             {SourceKind::scheduler, "other-mesos"},
                             {SourceKind::marathon, "marathon"},
                             {SourceKind::fixed, "static"}});
  }
  InstanceBody any_body() {
    InstanceBody body = body_at(one_of<const char*>({"10.0.0.1", "10.0.0.2", "10.0.1.3"}));
    body.task = any_task();
    if (pick(3) == 0) body.weight = static_cast<std::uint16_t>(pick(3));
    return body;
  }
  Registration any_registration() {
    Registration one = registration(any_service(), any_id(), any_body());
    one.lease = Millis(2'000 + 1'000 * pick(3));
    if (pick(4) == 0) one.precondition.create_only = true;
    if (pick(3) == 0) one.generation = 1 + pick(50);
    if (pick(4) == 0) one.source = {SourceKind::lyft, "lyft"};
    if (pick(4) == 0) one.source = {SourceKind::update, "update"};
    one.by = one.service == "web" ? anybody() : "wide";
    return one;
  }
  Registration any_listed() {
    Registration one = registration(any_service(), any_id(), any_body());
    if (pick(2) == 0) one.id = one.body->task.empty() ? one.id : one.body->task;
    if (pick(4) == 0) one.fitness = {State::suspended, Reason::not_routable_unhealthy};
    return one;
  }

  void count(const Outcome& outcome) { ++(outcome ? granted_ : refused_); }
  void register_one(const Registration& one) {
    const std::uint64_t revision = registry->revision();
    const RegistryCounts before = registry->counts();
    const Outcome outcome = registry->apply(one, now);
    count(outcome);
    if (outcome) return;
    EXPECT_EQ(registry->revision(), revision) << "a refusal leaves no trace";
    EXPECT_EQ(registry->counts().instances, before.instances);
  }
  void do_something() {
    switch (pick(14)) {
      case 0:
      case 1:
      case 2: register_one(any_registration()); break;
      case 3: {
        Registration one = any_registration(), other = any_registration();
        if (one.service != other.service || one.id != other.id)
          count(registry->apply_all(std::vector<Change>{one, other}, now));
        break;
      } break;
      case 4: {
        Heartbeat beat;
        beat.service = any_service();
        beat.id = any_id();
        beat.by = beat.service == "web" ? anybody() : "wide";
        if (pick(2) == 0) beat.body = shared(any_body());
        if (pick(2) == 0) beat.vitals.status = one_of({HeartbeatStatus::passing, HeartbeatStatus::critical});
        count(registry->apply(beat, now));
        break;
      }
      case 5: {
        Removal removal{any_service(), any_id(), {}, pick(3) == 0, {}};
        removal.by = removal.service == "web" ? anybody() : "wide";
        if (pick(3) == 0) removal.only_source = SourceKind::lyft;
        count(registry->apply(removal, now));
        break;
      }
      case 6:
      case 7:
      case 8: count(registry->apply(SourceStep{any_source(), {}, {any_listed()}}, now)); break;
      case 9: {
        const Cause cause = one_of({Cause::source_gone, Cause::task_ended});
        count(registry->apply(SourceStep{any_source(), {{any_service(), any_id(), cause}}, {}}, now));
        break;
      }
      case 10: {
        SourceList list{any_source(), {}};
        for (std::size_t i = pick(4); i > 0; --i) list.instances.push_back(any_listed());
        count(registry->apply(list, now));
        break;
      }
      case 11: {
        DrainOrder order{any_service(), any_id(), pick(2) == 0, one_of<std::string>({"r", "s"})};
        order.by = order.service == "web" ? anybody() : "wide";
        count(registry->apply(order, now));
        break;
      }
      case 12: {
        OverlayEdit edit{OverlayEdit::Kind::append, {}, "", {}};
        const std::string match = pick(2) == 0 ? any_service() + "/" + any_id() : any_service() + "/*";
        edit.entries.push_back({match,
                                one_of({AdminMode::up, AdminMode::down, AdminMode::automatic}),
                                3,
                                {},
                                {},
                                now.wall + Millis(2'000),
                                "",
                                ""});
        count(registry->apply(edit, now));
        break;
      }
      default: pass(Millis(10 + pick(1'500)));
    }
  }

  void check() {
    std::map<std::string, InstancePtr> by_name;
    std::size_t instances = 0, aliases = 0, serving = 0;
    Keys claimed, told;
    std::map<std::string, std::pair<WallTime, std::string>> drained;
    registry->for_each([&](const InstancePtr& instance) {
      ++instances;
      const std::string own = instance->service + "/" + instance->id;
      ASSERT_TRUE(by_name.emplace(own, instance).second) << own;
      ASSERT_EQ(registry->find(instance->service, instance->id), instance);
      for (const std::string& alias : instance->aliases ? *instance->aliases : std::vector<std::string>()) {
        ++aliases;
        ASSERT_TRUE(by_name.emplace(alias, instance).second) << alias;
        const std::size_t slash = alias.find('/');
        ASSERT_EQ(registry->find(alias.substr(0, slash), alias.substr(slash + 1)), instance);
      }
      const auto explanation = registry->explain(instance->service, instance->id, now);
      ASSERT_TRUE(explanation);
      ASSERT_FALSE(explanation->claims.empty());
      std::set<std::string> sources;
      for (const ClaimView& claim : explanation->claims) {
        ASSERT_TRUE(sources.insert(claim.source.name).second) << "one claim of each source";
        const SourceKind kind = claim.source.kind;
        const bool is_stored =
            kind == SourceKind::heartbeat || kind == SourceKind::update || kind == SourceKind::lyft;
        const std::string name = claim.alias.empty() ? own : claim.alias;
        if (is_stored) claimed.insert(name + " " + claim.source.name);
        if (is_stored) told.insert(name);
        if (instance->draining_since)
          drained.insert_or_assign(name, std::pair(*instance->draining_since, instance->draining_reason));
        const bool has_rights = kind == SourceKind::heartbeat || kind == SourceKind::lyft;
        ASSERT_FALSE(has_rights && claim.by == "narrow" && instance->service != "web")
            << name << " has a say in " << own;
      }
      if (instance->draining_since)
        drained.insert_or_assign(own, std::pair(*instance->draining_since, instance->draining_reason));
      serving += instance->serving;
    });
    ASSERT_NO_FATAL_FAILURE(expect_no_two_that_could_be_one());
    const RegistryCounts counts = registry->counts();
    ASSERT_EQ(counts.instances, instances);
    ASSERT_EQ(counts.aliases, aliases);
    joined_ += aliases;
    std::size_t listed = 0, ready = 0;
    for (const ServiceSummary& service : registry->list("", "", 100)) {
      const ServiceView view = registry->view(service.name, now);
      ASSERT_EQ(view.instances.size(), service.instances);
      for (const InstancePtr& instance : view.instances)
        ASSERT_EQ(registry->find(service.name, instance->id), instance);
      listed += service.instances;
      ready += service.ready;
    }
    ASSERT_EQ(listed, instances);
    ASSERT_EQ(ready, serving);
    stored_.take(registry->take_batch().rows);
    ASSERT_EQ(stored_.claims(), claimed);
    for (const std::string& name : stored_.reports()) ASSERT_TRUE(told.contains(name)) << name;
    for (const auto& [name, drain] : drained) {
      ASSERT_TRUE(stored_.drains().contains(name)) << name;
      const DrainRow& row = stored_.drains().at(name);
      ASSERT_EQ(std::pair(row.since, row.reason), drain) << name;
    }
    ASSERT_EQ(stored_.drains().size(), drained.size() + counts.waiting_drains);
    drained_ += drained.size();
  }

  // Where one scheduler alone says where a task's instance lives, all of it that may be there is there.
  void expect_no_two_that_could_be_one() {
    std::vector<Explanation> all;
    registry->for_each([&](const InstancePtr& instance) {
      all.push_back(*registry->explain(instance->service, instance->id, now));
    });
    const auto is_scheduler = [](const ClaimView& claim) {
      return claim.source.kind == SourceKind::scheduler || claim.source.kind == SourceKind::marathon;
    };
    for (const Explanation& from : all) {
      for (const ClaimView& named : from.claims) {
        const std::string& task = named.body->task;
        if (task.empty()) continue;
        std::map<SourceKind, std::vector<const Explanation*>> homes;
        for (const Explanation& home : all)
          for (const ClaimView& claim : home.claims)
            if (is_scheduler(claim) && claim.alias.empty() && claim.body->task == task)
              homes[claim.source.kind].push_back(&home);
        const SourceKind kind =
            homes.contains(SourceKind::marathon) ? SourceKind::marathon : SourceKind::scheduler;
        if (homes[kind].size() != 1 || homes[kind].front() == &from) continue;
        const Explanation& home = *homes[kind].front();
        const bool could = std::ranges::all_of(from.claims, [&](const ClaimView& claim) {
          if (!claim.alias.empty()) return true;  // it may stay behind
          const bool is_there = std::ranges::any_of(
              home.claims, [&](const ClaimView& other) { return other.source == claim.source; });
          if (is_there || (claim.by == "narrow" && home.instance->service != "web")) return false;
          return !is_scheduler(claim) ||
                 (claim.body->task == task && claim.source.kind == SourceKind::scheduler &&
                  kind == SourceKind::marathon);
        });
        ASSERT_FALSE(could) << from.instance->service << "/" << from.instance->id << " could be "
                            << home.instance->service << "/" << home.instance->id;
      }
    }
  }

  void restart() {
    const Keys before = stored_.claims();
    const Rows rows = stored_.rows();
    registry = std::make_unique<Registry>(config(), now);
    for (const Row& row : rows) registry->restore(row, now);
    registry->restored(now);
    stored_.take(registry->take_batch().rows);
    ASSERT_EQ(stored_.claims(), before);
  }

  std::mt19937 random_;
  Stored stored_;
  std::size_t drained_ = 0;
  std::size_t granted_ = 0, refused_ = 0, joined_ = 0;
};

TEST_F(JoiningStorm, WhateverHappensAllNamesLeadWhereTheyShould) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_.seed(seed);
    stored_ = Stored();
    begin_anew(config());
    for (int step = 0; step < 400; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      do_something();
      ASSERT_NO_FATAL_FAILURE(check());
      if (step % 100 == 99) {
        ASSERT_NO_FATAL_FAILURE(restart());
        ASSERT_NO_FATAL_FAILURE(check());
      }
    }
  }
  EXPECT_GT(granted_, 10'000U);
  EXPECT_GT(refused_, 1'000U);
  EXPECT_GT(joined_, 10'000U);
  EXPECT_GT(drained_, 10'000U);
}

}  // namespace
}  // namespace muster::registry::test
