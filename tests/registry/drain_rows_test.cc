// Drains outlive a restart, whoever says that the instance is there.
#include <map>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

const SourceId kMesos{SourceKind::scheduler, "mesos"};
const SourceId kStatic{SourceKind::fixed, "static"};

class DrainRows : public Fixture {
 protected:
  Outcome list(const SourceId& source, const std::string& service, const std::string& id,
               const char* task = "") {
    InstanceBody body = body_at("10.9.0.1");
    body.task = task;
    return registry->apply(SourceStep{source, {}, {registration(service, id, std::move(body))}}, now);
  }
  Outcome drain(const std::string& service, const std::string& id, bool on = true) {
    return registry->apply(DrainOrder{service, id, on, "kernel"}, now);
  }
  // What a store has kept of drains and claims so far.
  const std::map<std::string, Row>& stored() {
    for (Row& row : registry->take_batch().rows) {
      if (const auto* one = std::get_if<DrainRow>(&row))
        rows_.insert_or_assign("drain " + one->service + "/" + one->id, row);
      if (const auto* one = std::get_if<DrainGone>(&row))
        rows_.erase("drain " + one->service + "/" + one->id);
      if (const auto* one = std::get_if<ClaimRow>(&row))
        rows_.insert_or_assign("claim " + one->service + "/" + one->id, row);
      if (const auto* one = std::get_if<ClaimGone>(&row))
        rows_.erase("claim " + one->service + "/" + one->id);
    }
    return rows_;
  }
  void forget_stored() { rows_.clear(); }
  void restart(RegistryConfig config = {}) {
    stored();
    registry = std::make_unique<Registry>(std::move(config), now);
    for (const auto& [key, row] : rows_) registry->restore(row, now);
    registry->restored(now);
  }

 private:
  std::map<std::string, Row> rows_;
};

TEST_F(DrainRows, WhatASourceListsIsDrainedWhenItIsListedAgain) {
  for (const SourceId& source : {kMesos, kStatic}) {
    SCOPED_TRACE(source.name);
    ASSERT_TRUE(list(source, "app", "t"));
    ASSERT_TRUE(list(source, "app", "u"));
    ASSERT_TRUE(drain("app", "t"));
    const auto since = registry->find("app", "t")->draining_since;
    restart();
    EXPECT_FALSE(registry->find("app", "t"));
    pass(Millis(600'000));
    ASSERT_TRUE(list(source, "app", "t"));
    ASSERT_TRUE(list(source, "app", "u"));
    EXPECT_EQ(registry->find("app", "t")->draining_since, since);
    EXPECT_EQ(registry->find("app", "t")->draining_reason, "kernel");
    EXPECT_FALSE(registry->find("app", "t")->serving);
    EXPECT_TRUE(registry->find("app", "u")->serving);
    ASSERT_TRUE(drain("app", "t", false));
    restart();
    ASSERT_TRUE(list(source, "app", "t"));
    EXPECT_TRUE(registry->find("app", "t")->serving);
    begin_anew();
  }
}

TEST_F(DrainRows, WhatDoesNotComeBackInTheTimeForWhichNamesAreKnownIsForgotten) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(drain("app", "t"));
  restart();
  pass(Millis(3'599'000));
  EXPECT_TRUE(stored().contains("drain app/t"));
  pass(Millis(2'000));
  EXPECT_FALSE(stored().contains("drain app/t"));
  ASSERT_TRUE(list(kMesos, "app", "t"));
  EXPECT_TRUE(registry->find("app", "t")->serving);
}

TEST_F(DrainRows, TheyGoWithTheirInstance) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(put("me", 1));
  ASSERT_TRUE(drain("app", "t"));
  ASSERT_TRUE(drain("web", "me"));
  EXPECT_TRUE(stored().contains("drain app/t"));
  EXPECT_TRUE(stored().contains("drain web/me"));
  ASSERT_TRUE(registry->apply(SourceStep{kMesos, {{"app", "t", Cause::source_gone}}, {}}, now));
  ASSERT_TRUE(put("me", 2));
  EXPECT_TRUE(web("me")->serving) << "a new life";
  EXPECT_FALSE(stored().contains("drain app/t"));
  EXPECT_FALSE(stored().contains("drain web/me"));
}

TEST_F(DrainRows, JoinedInstancesAreDrainedByEachOfTheirNames) {
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  ASSERT_TRUE(drain("app", "t"));
  InstanceBody body = body_at("10.0.0.7");
  body.task = "t";
  ASSERT_TRUE(put("me", 1, std::move(body)));
  restart();
  EXPECT_FALSE(web("me")->serving) << "though the scheduler has not spoken yet";
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  EXPECT_EQ(registry->counts().instances, 1U);
  EXPECT_FALSE(web("me")->serving);
  ASSERT_TRUE(remove("me", 1));
  EXPECT_FALSE(stored().contains("drain web/me"));
  restart();
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  EXPECT_TRUE(registry->find("app", "t")->serving) << "a removal ends the drain, as before a restart";
}

// Before the start both names were one instance: what ended its drain for one ends it for the other.
TEST_F(DrainRows, WhatEndsADrainEndsItForTheNamesThatAreStillAwaited) {
  const auto begin = [&] {
    begin_anew();
    forget_stored();
    InstanceBody body = body_at("10.0.0.7");
    body.task = "t";
    EXPECT_TRUE(list(kMesos, "app", "t", "t"));
    EXPECT_TRUE(put("me", 1, body));
    EXPECT_TRUE(drain("web", "me"));
    restart();
    EXPECT_EQ(registry->counts().waiting_drains, 1U);
    return body;
  };
  const auto is_drained = [&] {
    EXPECT_TRUE(list(kMesos, "app", "t", "t"));
    return registry->find("app", "t")->draining_since.has_value();
  };
  begin();
  EXPECT_TRUE(is_drained());
  begin();
  pass(Millis(31'000));
  EXPECT_FALSE(web("me"));
  EXPECT_TRUE(is_drained()) << "a lease that ends is no word on it";
  begin();
  EXPECT_TRUE(drain("web", "me", false));
  EXPECT_FALSE(is_drained());
  InstanceBody body = begin();
  EXPECT_TRUE(put("me", 2, body));
  EXPECT_FALSE(is_drained()) << "a new life";
  begin();
  EXPECT_TRUE(remove("me", 1));
  EXPECT_FALSE(is_drained());
  begin();
  EXPECT_TRUE(drain("app", "t", false)) << "though it is not there yet";
  EXPECT_FALSE(stored().contains("drain app/t"));
  EXPECT_TRUE(web("me")->draining_since) << "it has a name of its own now";
  begin();
  EXPECT_TRUE(registry->apply(SourceStep{kMesos, {{"app", "t", Cause::source_gone}}, {}}, now));
  EXPECT_FALSE(stored().contains("drain app/t")) << "its source says that it is gone";
  EXPECT_EQ(registry->counts().waiting_drains, 0U);
}

TEST_F(DrainRows, OfTwoThatWereSetApartEachEndsByItself) {
  InstanceBody body = body_at("10.0.0.7");
  body.task = "t";
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  ASSERT_TRUE(put("me", 1, body));
  ASSERT_TRUE(drain("web", "me"));
  ASSERT_TRUE(put("me", 1));
  ASSERT_EQ(registry->counts().instances, 2U);
  restart();
  ASSERT_TRUE(drain("web", "me", false));
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  EXPECT_FALSE(registry->find("app", "t")->serving);
}

TEST_F(DrainRows, NumbersOfThoseThatAreAwaitedAreNotGivenAnew) {
  ASSERT_TRUE(list(kMesos, "app", "t"));
  ASSERT_TRUE(drain("app", "t"));
  restart();
  ASSERT_TRUE(put("me", 1));
  ASSERT_TRUE(drain("web", "me"));
  ASSERT_TRUE(drain("web", "me", false));
  EXPECT_EQ(registry->counts().waiting_drains, 1U);
}

// Drained between the end of its lease and the judgement on it, and taken back when more of its kind end.
TEST_F(DrainRows, WhatProtectionBringsBackIsDrainedStill) {
  RegistryConfig config;
  config.protection.min_instances = 4;
  begin_anew(config);
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(put(id, 1));
    if (std::string_view(id) == "a") now = now + Millis(2'000);
  }
  now = now + Millis(28'000);
  ASSERT_TRUE(registry->tick(now, 1)) << "its lease has ended, and it is not judged";
  ASSERT_TRUE(drain("web", "a"));
  registry->tick(now, 100);
  ASSERT_FALSE(web("a"));
  EXPECT_FALSE(stored().contains("drain web/a"));
  pass(Millis(2'100));
  ASSERT_TRUE(web("a"));
  EXPECT_TRUE(web("a")->draining_since);
  EXPECT_TRUE(stored().contains("drain web/a"));
}

// Who may not write a service does not end the drain of an instance there by the name that it had in his.
TEST_F(DrainRows, AwaitedNamesNeedTheRight) {
  RegistryConfig config;
  config.may_write = [](std::string_view by, std::string_view service) {
    return by == "deploy" || service == "web";
  };
  for (const std::string by : {"web", "deploy"}) {
    SCOPED_TRACE(by);
    begin_anew(config);
    forget_stored();
    InstanceBody body = body_at("10.0.0.7");
    body.task = "t";
    Registration mine = registration("web", "me", body);
    mine.by = "deploy";
    ASSERT_TRUE(list(kMesos, "app", "t", "t"));
    ASSERT_TRUE(registry->apply(mine, now));
    ASSERT_TRUE(drain("web", "me"));
    restart(config);
    ASSERT_TRUE(registry->apply(DrainOrder{"web", "me", false, "", by}, now));
    ASSERT_TRUE(list(kMesos, "app", "t", "t"));
    EXPECT_EQ(registry->find("app", "t")->serving, by == "deploy");
  }
}

// "web" may write that service alone, "deploy" all.
RegistryConfig with_rights() {
  RegistryConfig config;
  config.may_write = [](std::string_view by, std::string_view service) {
    return by == "deploy" || (by == "web" && service == "web");
  };
  return config;
}

TEST_F(DrainRows, WhatTheRegistryEndsItselfNeedsNoRight) {
  begin_anew(with_rights());
  InstanceBody body = body_at("10.0.0.7");
  body.task = "t";
  Registration mine = registration("own", "me", body);
  mine.by = "deploy";
  mine.generation = 5;
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  ASSERT_TRUE(registry->apply(mine, now));
  ASSERT_TRUE(registry->apply(Removal{"own", "me", 5, true, {}, "deploy"}, now));
  restart(with_rights());
  ASSERT_TRUE(stored().contains("drain app/t"));
  pass(Millis(1'000));
  ASSERT_FALSE(registry->find("own", "me")) << "it was to be removed";
  EXPECT_FALSE(stored().contains("drain app/t"));
  mine.generation = 7;
  ASSERT_TRUE(registry->apply(mine, now));
  ASSERT_TRUE(list(kMesos, "app", "t", "t"));
  pass(Millis(1'000));
  EXPECT_TRUE(registry->find("own", "me")) << "a life that began after the removal";
  EXPECT_TRUE(registry->find("app", "t")->serving);
}

TEST_F(DrainRows, WhoMayWriteWhereItLivedEndsItByAllItsNames) {
  const SourceId marathon{SourceKind::marathon, "marathon"};
  begin_anew(with_rights());
  ASSERT_TRUE(list(marathon, "web", "t", "t"));
  ASSERT_TRUE(list(kMesos, "pay", "t", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "t", true, "kernel", "web"}, now));
  restart(with_rights());
  ASSERT_TRUE(list(marathon, "web", "t", "t"));
  ASSERT_TRUE(registry->apply(DrainOrder{"web", "t", false, "", "web"}, now));
  ASSERT_TRUE(list(kMesos, "pay", "t", "t"));
  ASSERT_EQ(registry->counts().instances, 1U);
  EXPECT_TRUE(registry->find("web", "t")->serving);
}

TEST_F(DrainRows, ARemovalEndsOneThatIsAwaited) {
  ASSERT_TRUE(list(kStatic, "app", "t"));
  ASSERT_TRUE(drain("app", "t"));
  restart();
  const Outcome removed = registry->apply(Removal{"app", "t", {}, false, {}, ""}, now);
  ASSERT_TRUE(removed);
  EXPECT_FALSE(removed->existed);
  EXPECT_FALSE(stored().contains("drain app/t"));
  ASSERT_TRUE(list(kStatic, "app", "t"));
  EXPECT_TRUE(registry->find("app", "t")->serving);
}

TEST_F(DrainRows, AwaitedNamesGoOnBelongingToTheSchedulersHalf) {
  const SourceId marathon{SourceKind::marathon, "marathon"};
  InstanceBody body = body_at("10.0.0.7");
  body.task = "t";
  ASSERT_TRUE(list(marathon, "shop", "t", "t"));
  ASSERT_TRUE(list(kMesos, "pay", "t", "t"));
  ASSERT_TRUE(put("me", 1, body));
  ASSERT_TRUE(drain("shop", "t"));
  restart();
  ASSERT_TRUE(list(marathon, "shop", "t", "t"));
  ASSERT_TRUE(put("me", 1)) << "it names the task no more";
  ASSERT_TRUE(drain("shop", "t", false));
  ASSERT_TRUE(list(kMesos, "pay", "t", "t"));
  EXPECT_TRUE(registry->find("shop", "t")->serving);
  EXPECT_FALSE(web("me")->serving) << "each ends by itself";
}

}  // namespace
}  // namespace muster::registry::test
