// Services: what is known, what is published, in which order, and the limits on all of it.
#include <algorithm>

#include "tests/registry/support/fixture.h"

namespace muster::registry::test {
namespace {

class ServiceOf : public Fixture {
 protected:
  Outcome put_in(std::string service, std::string id, InstanceBody body = body_at("10.0.0.7")) {
    return registry->apply(registration(std::move(service), std::move(id), std::move(body)), now);
  }
  std::vector<std::string> order_of(std::string_view service) {
    std::vector<std::string> ids;
    for (const auto& instance : registry->view(service, now).instances) ids.push_back(instance->id);
    return ids;
  }
};

TEST_F(ServiceOf, IsKnownForItsLingerAfterItsLastInstance) {
  EXPECT_FALSE(registry->is_known("web"));
  ASSERT_TRUE(put("i1", 1));
  EXPECT_TRUE(registry->is_known("web"));
  registry->take_batch();
  ASSERT_TRUE(remove("i1"));
  Batch batch = registry->take_batch();
  EXPECT_EQ(rows_of<ServiceRow>(batch), 1U);

  Registry second({}, now);
  for (const auto& row : batch.rows) second.restore(row, now);
  second.restored(now);
  EXPECT_TRUE(second.is_known("web"));
  EXPECT_EQ(second.take_batch().known_services, std::vector<std::string>{"web"})
      << "DNS is told of it, though no instance changes";

  pass(Millis(3'599'980));
  EXPECT_TRUE(registry->is_known("web"));
  registry->take_batch();
  pass(Millis(30));
  EXPECT_FALSE(registry->is_known("web"));
  batch = registry->take_batch();
  EXPECT_EQ(batch.known_services, std::vector<std::string>{"web"});
  EXPECT_EQ(rows_of<ServiceGone>(batch), 1U);

  EXPECT_FALSE(second.tick(kStart + Millis(3'590'000), 1000));
  EXPECT_TRUE(second.is_known("web"));
  EXPECT_FALSE(second.tick(kStart + Millis(3'600'010), 1000));
  EXPECT_FALSE(second.is_known("web"));
}

TEST_F(ServiceOf, AConfiguredOneIsAlwaysKnown) {
  RegistryConfig config;
  config.configured_services = {"web"};
  begin_anew(config);
  EXPECT_TRUE(registry->is_known("web"));
  EXPECT_EQ(registry->take_batch().known_services, std::vector<std::string>{"web"});
  ASSERT_TRUE(put("i1", 1));
  ASSERT_TRUE(remove("i1"));
  pass(Millis(3'700'000));
  EXPECT_TRUE(registry->is_known("web"));
  registry->reconfigure({}, now);
  pass(Millis(3'600'020));
  EXPECT_FALSE(registry->is_known("web"));
}

TEST_F(ServiceOf, ManyEndsAtOnceComeInSlices) {
  RegistryConfig config;
  config.service_linger = Millis(100'000);
  begin_anew(config);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(put_in("s" + std::to_string(i), "i1"));
    ASSERT_TRUE(registry->apply(Removal{"s" + std::to_string(i), "i1", {}, false, {}}, now));
  }
  registry->take_batch();
  now = now + Millis(100'010);  // a hundred tombstones and as many services
  std::size_t rows = 0, slices = 0;
  for (bool more = true; more; ++slices) {
    more = registry->tick(now, 10);
    const Batch slice = registry->take_batch();
    EXPECT_LE(slice.rows.size(), 10u);
    rows += slice.rows.size();
  }
  EXPECT_EQ(rows, 200u);
  EXPECT_GE(slices, 20u);
  EXPECT_FALSE(registry->is_known("s7"));
}

TEST_F(ServiceOf, OfTwoSpellingsTheLowerCaseOneElseTheOlderOwnsTheLabel) {
  ASSERT_TRUE(put_in("Web", "i1"));
  EXPECT_EQ(registry->find("Web", "i1")->reason, Reason::ok);
  ASSERT_TRUE(put_in("WEB", "i2"));
  EXPECT_EQ(registry->find("WEB", "i2")->reason, Reason::service_label_taken);
  EXPECT_FALSE(registry->find("WEB", "i2")->publishable);
  EXPECT_FALSE(registry->find("WEB", "i2")->serving);
  registry->take_batch();
  ASSERT_TRUE(put_in("web", "i3"));
  EXPECT_EQ(registry->find("web", "i3")->reason, Reason::ok);
  EXPECT_EQ(registry->find("Web", "i1")->reason, Reason::service_label_taken)
      << "the lower-case one takes it over";
  EXPECT_EQ(registry->view("Web", now).reason, Reason::service_label_taken);

  ASSERT_TRUE(registry->apply(Removal{"web", "i3", {}, false, {}}, now));
  for (int i = 0; i < 150; ++i) {
    pass(Millis(25'000));
    ASSERT_TRUE(put_in("Web", "i1"));
    ASSERT_TRUE(put_in("WEB", "i2"));
  }
  EXPECT_FALSE(registry->is_known("web"));
  EXPECT_EQ(registry->find("Web", "i1")->reason, Reason::ok) << "back to the older";
  EXPECT_EQ(registry->find("WEB", "i2")->reason, Reason::service_label_taken);
}

TEST_F(ServiceOf, NamesThatAreNoLabelAreKeptButNotPublished) {
  RegistryConfig config;
  config.reserved_labels = {"ns1"};
  begin_anew(config);
  struct {
    const char* name;
    Reason reason;
  } constexpr kRows[] = {{"a.b", Reason::service_name_not_a_label},
                         {"_x", Reason::reserved_label},
                         {"ns1", Reason::reserved_label},
                         {"ok", Reason::ok}};
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    Registration update = registration(row.name, "i1");
    update.source = {SourceKind::update, "update"};
    ASSERT_TRUE(registry->apply(update, now));
    EXPECT_EQ(registry->find(row.name, "i1")->reason, row.reason);
    EXPECT_EQ(registry->find(row.name, "i1")->publishable, row.reason == Reason::ok);
    EXPECT_EQ(registry->view(row.name, now).publishable, row.reason == Reason::ok);
  }
}

TEST_F(ServiceOf, MembersAreInConfiguredOrder) {
  const auto with = [](std::uint16_t priority, std::int32_t order) {
    InstanceBody body = body_at("10.0.0.7");
    body.priority = priority;
    body.order = order;
    return body;
  };
  ASSERT_TRUE(put_in("web", "z", with(0, 0)));
  ASSERT_TRUE(put_in("web", "late", with(1, 0)));
  ASSERT_TRUE(put_in("web", "a", with(0, 0)));
  ASSERT_TRUE(put_in("web", "first", with(0, -1)));
  EXPECT_EQ(order_of("web"), (std::vector<std::string>{"first", "z", "a", "late"}));
  ASSERT_TRUE(put_in("web", "z", with(2, 0)));
  EXPECT_EQ(order_of("web"), (std::vector<std::string>{"first", "a", "late", "z"}));
  ASSERT_TRUE(registry->apply(Removal{"web", "a", {}, false, {}}, now));
  ASSERT_TRUE(put_in("web", "a", with(0, 0)));
  EXPECT_EQ(order_of("web"), (std::vector<std::string>{"first", "a", "late", "z"}));
}

TEST_F(ServiceOf, OrderHoldsThroughManyComingsAndGoings) {
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(put_in("web", "i" + std::to_string(i)));
  for (int i = 0; i < 500; i += 3)
    ASSERT_TRUE(registry->apply(Removal{"web", "i" + std::to_string(i), {}, false, {}}, now));
  order_of("web");
  for (int i = 1; i < 500; i += 3)
    ASSERT_TRUE(registry->apply(Removal{"web", "i" + std::to_string(i), {}, false, {}}, now));
  for (int i = 500; i < 520; ++i) ASSERT_TRUE(put_in("web", "i" + std::to_string(i)));
  const auto view = registry->view("web", now);
  EXPECT_EQ(view.instances.size(), 166U + 20U);
  EXPECT_TRUE(std::ranges::is_sorted(view.instances, {}, [](const InstancePtr& i) { return i->sequence; }));
}

TEST_F(ServiceOf, ListPagesByNameWithAGlob) {
  for (const char* name : {"b", "a", "web-1", "web-2", "c"}) ASSERT_TRUE(put_in(name, "i1"));
  ASSERT_TRUE(put_in("web-1", "i2", InstanceBody{}));
  const auto names = [&](std::string_view glob, std::string_view after, std::size_t limit) {
    std::string joined;
    for (const auto& line : registry->list(glob, after, limit)) joined += line.name + " ";
    return joined;
  };
  EXPECT_EQ(names("", "", 10), "a b c web-1 web-2 ");
  EXPECT_EQ(names("", "a", 2), "b c ");
  EXPECT_EQ(names("web-*", "", 1), "web-1 ");
  EXPECT_EQ(names("web-*", "web-1", 9), "web-2 ");
  const auto line = registry->list("web-1", "", 1).at(0);
  EXPECT_EQ(line.instances, 2U);
  EXPECT_EQ(line.ready, 1U) << "i2 has no address";
}

TEST_F(ServiceOf, TheSetHashFollowsEveryRevision) {
  const auto sum = [&] {
    SetHash hash;
    for (const auto& i : registry->view("web", now).instances)
      hash += set_hash_term("web", i->id, i->revision);
    return to_string(hash);
  };
  const auto check = [&] {
    EXPECT_EQ(registry->view("web", now).set_hash, sum());
    const Batch batch = registry->take_batch();
    ASSERT_FALSE(batch.changes.empty());
    EXPECT_EQ(to_string(batch.changes.back().set_hash), sum());
  };
  EXPECT_EQ(registry->view("web", now).set_hash, std::string(32, '0'));
  ASSERT_TRUE(put("i1", 1));
  check();
  ASSERT_TRUE(put("i2", 1));
  check();
  ASSERT_TRUE(put("i1", 2));
  check();
  pass(Millis(25'020));
  check();
  ASSERT_TRUE(remove("i1"));
  check();
  ASSERT_TRUE(remove("i2"));
  check();
  EXPECT_EQ(registry->view("web", now).set_hash, std::string(32, '0'));
}

TEST_F(ServiceOf, LimitsRefuseTheNewAndLetTheOldGoOn) {
  RegistryConfig config;
  config.max_instances = 3;
  config.max_instances_per_service = 2;
  config.max_services = 2;
  begin_anew(config);
  ASSERT_TRUE(put_in("a", "1"));
  ASSERT_TRUE(put_in("a", "2"));
  const auto per_service = put_in("a", "3");
  EXPECT_EQ(code_of(per_service), "too_many_instances");
  EXPECT_EQ(per_service.error().retry_after, Millis(30'000));
  ASSERT_TRUE(put_in("b", "1"));
  EXPECT_EQ(code_of(put_in("c", "1")), "too_many_services");
  EXPECT_EQ(code_of(put_in("b", "2")), "too_many_instances");
  EXPECT_EQ(code_of(put_in("a", "1", body_at("10.0.0.8"))), "ok");
  const auto counts = registry->counts();
  EXPECT_EQ(counts.limit_per_service, 1U);
  EXPECT_EQ(counts.limit_services, 1U);
  EXPECT_EQ(counts.limit_instances, 1U);
  EXPECT_FALSE(registry->is_known("c")) << "a refusal leaves no trace";
}

TEST_F(ServiceOf, SeveralChangesAreAppliedAllOrNone) {
  RegistryConfig config;
  config.max_instances = 3;
  config.max_services = 2;
  config.max_instances_per_service = 2;
  begin_anew(config);
  const auto several = [&](std::vector<std::pair<const char*, const char*>> names) {
    std::vector<Change> changes;
    for (const auto& [service, id] : names) changes.push_back(registration(service, id));
    std::get<Registration>(changes.back()).lease = Millis(7'000);
    return registry->apply_all(changes, now);
  };
  const Outcome both = several({{"web", "i1"}, {"db", "d1"}});
  ASSERT_TRUE(both);
  EXPECT_EQ(both->touched, 2U);
  EXPECT_EQ(both->lease.ttl, Millis(7'000)) << "the shortest";
  EXPECT_TRUE(both->durable_needed);

  const std::uint64_t revision = registry->revision();
  EXPECT_EQ(several({{"web", "i2"}, {"web", "i3"}}).error().code, RefusalCode::too_many_instances);
  EXPECT_EQ(several({{"web", "i2"}, {"db", "d2"}}).error().code, RefusalCode::too_many_instances);
  EXPECT_EQ(several({{"web", "i1"}, {"x", "x1"}}).error().code, RefusalCode::too_many_services);
  EXPECT_EQ(several({{"web", "i1"}, {"web", "a/b"}}).error().code, RefusalCode::bad_name);
  EXPECT_EQ(registry->revision(), revision);
  EXPECT_TRUE(several({{"web", "i1"}, {"web", "i2"}})) << "what is there already takes no room";
}

TEST_F(ServiceOf, TheServiceOfALabelIsTheOneThatAnswersThere) {
  RegistryConfig config;
  config.reserved_labels = {"ns1"};
  begin_anew(config);
  EXPECT_EQ(registry->service_for("ns1"), std::nullopt);
  EXPECT_EQ(registry->service_for("web"), "web");
  ASSERT_TRUE(put_in("WEB", "i1"));
  EXPECT_EQ(registry->service_for("web"), "WEB");
  ASSERT_TRUE(put_in("web", "i1"));
  EXPECT_EQ(registry->service_for("web"), "web");
}

TEST_F(ServiceOf, CountsItsInstancesByState) {
  ASSERT_TRUE(put_in("a", "1"));
  ASSERT_TRUE(put_in("b", "1"));
  ASSERT_TRUE(put_in("b", "2"));
  Heartbeat critical;
  critical.service = "b";
  critical.id = "2";
  critical.vitals.status = HeartbeatStatus::critical;
  ASSERT_TRUE(registry->apply(critical, now));
  const auto in = [](const StateCounts& counts, State state) {
    return counts.by_state[static_cast<std::size_t>(state)];
  };

  auto states = registry->states("", 10);
  ASSERT_EQ(states.size(), 2U);
  EXPECT_EQ(states[1].service, "b");
  EXPECT_EQ(in(states[1].counts, State::active), 1U);
  EXPECT_EQ(in(states[1].counts, State::suspended), 1U);
  EXPECT_EQ(states[1].counts.fit, 1U);
  EXPECT_EQ(in(registry->counts().states, State::active), 2U);

  ASSERT_TRUE(registry->apply(Removal{"b", "1", {}, false, {}}, now));
  states = registry->states("a", 10);
  ASSERT_EQ(states.size(), 1U) << "the slice begins after the name given";
  EXPECT_EQ(in(states[0].counts, State::active), 0U);
  EXPECT_EQ(states[0].counts.candidates, 1U);
  EXPECT_EQ(states[0].counts.fit, 0U);
  ASSERT_TRUE(registry->apply(DrainOrder{"b", "2", true, ""}, now));
  EXPECT_EQ(registry->states("a", 1)[0].counts.candidates, 0U) << "one that drains is no candidate";
  EXPECT_EQ(registry->states("", 1).size(), 1U);
}

TEST_F(ServiceOf, CountsExpiriesBySourceAndLateness) {
  Registration beating = registration("web", "1");
  Registration lyft = registration("web", "2");
  lyft.source = {SourceKind::lyft, "lyft"};
  for (Registration* one : {&beating, &lyft}) {
    one->lease = Millis(2'000);
    ASSERT_TRUE(registry->apply(*one, now));
  }
  now = now + Millis(2'030);
  while (registry->tick(now, 1000)) {
  }
  const auto counts = registry->counts();
  EXPECT_EQ(counts.expired_of[static_cast<std::size_t>(SourceKind::heartbeat)], 1U);
  EXPECT_EQ(counts.expired_of[static_cast<std::size_t>(SourceKind::lyft)], 1U);
  for (const SourceKind kind : {SourceKind::heartbeat, SourceKind::lyft})
    EXPECT_EQ(registry->lateness()[static_cast<std::size_t>(kind)].sum(), 30U);
  EXPECT_EQ(registry->lateness()[static_cast<std::size_t>(SourceKind::update)].sum(), 0U);
}

TEST_F(ServiceOf, AReservedNameIsRefusedAtTheNativeDoorAlone) {
  RegistryConfig config;
  config.reserved_labels = {"ns1"};
  begin_anew(config);
  EXPECT_EQ(code_of(put_in("ns1", "i1")), "bad_name");
  Heartbeat beat;
  beat.service = "ns1";
  beat.id = "i1";
  beat.generation = 1;
  beat.body = shared(body_at("10.0.0.7"));
  EXPECT_EQ(code_of(registry->apply(beat, now)), "bad_name");
  for (const auto kind : {SourceKind::update, SourceKind::lyft, SourceKind::fixed}) {
    Registration other = registration("ns1", "i1");
    other.source = {kind, "other"};
    EXPECT_EQ(code_of(registry->apply(other, now)), "ok");
  }
  EXPECT_EQ(registry->view("ns1", now).reason, Reason::reserved_label);
  EXPECT_EQ(registry->list("", "", 10).at(0).reason, Reason::reserved_label);
}

TEST_F(ServiceOf, OneWithoutHeartbeatsSaysWithItsRegistrationHowItIs) {
  Registration self = registration("muster", "m1");
  self.source = {SourceKind::self, "self"};
  for (const auto& [status, reason] : {std::pair(HeartbeatStatus::critical, Reason::suspended_report),
                                       std::pair(HeartbeatStatus::warning, Reason::ok)}) {
    self.vitals = Vitals{status, "disk", {}, false, {}, {}};
    ASSERT_TRUE(registry->apply(self, now));
    EXPECT_EQ(registry->find("muster", "m1")->reason, reason);
    EXPECT_EQ(registry->explain("muster", "m1", now)->report, "disk");
  }
  EXPECT_EQ(registry->find("muster", "m1")->effective_weight, 0.5);
  EXPECT_EQ(rows_of<HealthRow>(registry->take_batch()), 0U) << "nor is its registration stored";
}

TEST_F(ServiceOf, WhereADoorKnowsNoGenerationTheFirstIsShown) {
  for (const auto kind : {SourceKind::lyft, SourceKind::fixed, SourceKind::self}) {
    begin_anew();
    ASSERT_TRUE(put_from(kind, "one", "i1", body_at("10.0.0.7")));
    EXPECT_EQ(web("i1")->generation, 1U);
    EXPECT_EQ(registry->explain("web", "i1", now)->claims.at(0).generation, 1U);
  }
}

TEST_F(ServiceOf, RefusesWhatIsNoName) {
  for (const char* name : {"", "a\nb"}) EXPECT_EQ(code_of(put_in(name, "i1")), "bad_name");
  EXPECT_EQ(code_of(put_in(std::string(256, 'a'), "i1")), "bad_name");
  for (const char* id : {"", "a/b", "a\x7f"}) EXPECT_EQ(code_of(put_in("web", id)), "bad_name");
  Registration r = registration("web", "i1");
  r.body = nullptr;
  EXPECT_EQ(code_of(registry->apply(r, now)), "invalid_field");
}

TEST_F(ServiceOf, LabelsOfIdsThatClash) {
  EXPECT_EQ(put_in("web", "Test")->label, "test");
  EXPECT_EQ(put_in("web", "test")->label, "iffe93qc");
  EXPECT_EQ(put_in("api", "test")->label, "test") << "labels are the service's own";
  EXPECT_EQ(put_in("web", "web.aaa")->label, "5quyukpq");
  ASSERT_TRUE(registry->apply(Removal{"web", "Test", {}, false, {}}, now));
  EXPECT_EQ(put_in("web", "TEST")->label, "test") << "free again";
}

TEST_F(ServiceOf, RevisionsGoOnAfterTheReservedBlock) {
  const auto block_of = [](const Batch& batch) {
    std::string value;
    for (const Row& row : batch.rows)
      if (const auto* meta = std::get_if<MetaRow>(&row)) value = meta->value;
    return value;
  };
  registry->restored(now);
  EXPECT_EQ(block_of(registry->take_batch()), "65536") << "reserved before the first use";
  for (std::uint64_t g = 1; g <= 32'767; ++g) ASSERT_TRUE(put("i1", g));
  EXPECT_EQ(block_of(registry->take_batch()), "");
  ASSERT_TRUE(put("i1", 40'000));
  ASSERT_TRUE(put("i1", 40'001));
  EXPECT_EQ(block_of(registry->take_batch()), "131072");
  Registry second({}, now);
  second.restore(MetaRow{"revision_block", "131072"}, now);
  second.restored(now);
  EXPECT_EQ(block_of(second.take_batch()), "196608");
  EXPECT_GE(second.apply(registration("web", "i1"), now)->revision, 131'072U);
}

// ---- the Lyft door

class LyftDoor : public Fixture {
 protected:
  Outcome post(std::string service, std::string id, std::string repo = "") {
    Registration r = registration(std::move(service), std::move(id));
    r.source = {SourceKind::lyft, "lyft"};
    r.lease = Millis(600'000);
    r.body = nullptr;
    r.amend = [repo](const InstanceBody* existing) {
      InstanceBody body = existing != nullptr ? *existing : body_at("10.0.0.7");
      body.lyft = LyftFields{repo, existing != nullptr ? "merged" : "{}"};
      return shared(std::move(body));
    };
    return registry->apply(r, now);
  }
  Outcome drop(std::string service, std::string id) {
    return registry->apply(Removal{std::move(service), std::move(id), {}, false, SourceKind::lyft}, now);
  }
};

TEST_F(LyftDoor, HasNoGenerationsAndNoTombstones) {
  ASSERT_TRUE(post("web", "10-0-0-7"));
  EXPECT_EQ(web("10-0-0-7")->generation, 1U);
  ASSERT_TRUE(post("web", "10-0-0-7"));
  EXPECT_EQ(web("10-0-0-7")->body->lyft->tags_json, "merged");
  EXPECT_TRUE(drop("web", "10-0-0-7")->existed);
  EXPECT_FALSE(web("10-0-0-7"));
  EXPECT_FALSE(drop("web", "10-0-0-7")->existed) << "of n deletes one finds it";
  EXPECT_EQ(registry->counts().tombstones, 0U);
  ASSERT_TRUE(post("web", "10-0-0-7"));
  EXPECT_EQ(web("10-0-0-7")->body->lyft->tags_json, "{}") << "registers anew";
}

TEST_F(LyftDoor, TouchesOnlyItsOwnClaims) {
  ASSERT_TRUE(put("i1", 1));
  EXPECT_FALSE(drop("web", "i1")->existed);
  ASSERT_TRUE(post("web", "i1"));
  EXPECT_TRUE(drop("web", "i1")->existed);
  EXPECT_TRUE(web("i1"));
}

TEST_F(LyftDoor, AmendmentsDoNotRenew) {
  const auto amend = [&](std::string service, std::string id) {
    Amendment a;
    a.service = std::move(service);
    a.id = std::move(id);
    a.source = {SourceKind::lyft, "lyft"};
    a.amend = [](const InstanceBody* existing) {
      InstanceBody body = *existing;
      body.weight = 9;
      return shared(std::move(body));
    };
    return registry->apply(a, now);
  };
  ASSERT_TRUE(post("web", "a"));
  ASSERT_TRUE(post("web", "b"));
  ASSERT_TRUE(put("native", 1));
  const auto expires = registry->lease_of("web", "a", now).expires_at;
  pass(Millis(5'000));
  registry->take_batch();
  EXPECT_EQ(amend("web", "")->touched, 2U);
  EXPECT_EQ(rows_of<ClaimRow>(registry->take_batch()), 2U);
  EXPECT_EQ(web("a")->body->weight, 9);
  EXPECT_EQ(web("native")->body->weight, std::nullopt);
  EXPECT_EQ(registry->lease_of("web", "a", now).expires_at, expires);
  EXPECT_EQ(amend("nope", "")->touched, 0U);
  EXPECT_EQ(code_of(amend("web", "native")), "unknown_instance");
  EXPECT_EQ(code_of(amend("web", "x")), "unknown_instance");
  EXPECT_EQ(code_of(amend("nope", "x")), "unknown_service");
}

TEST_F(LyftDoor, RepositoriesAreIndexedOverServicesInRegistrationOrder) {
  ASSERT_TRUE(post("b", "1", "repo"));
  ASSERT_TRUE(post("a", "1", "repo"));
  ASSERT_TRUE(post("a", "2", "other"));
  const auto hosts = registry->instances_of_repo("repo");
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[0]->service, "b");
  ASSERT_TRUE(post("b", "1", "other"));
  EXPECT_EQ(registry->instances_of_repo("repo").size(), 1U);
  EXPECT_EQ(registry->instances_of_repo("other").size(), 2U);
  ASSERT_TRUE(drop("a", "1"));
  EXPECT_TRUE(registry->instances_of_repo("repo").empty());
}

// A store hands its rows out in any order; who was there first decides, as it did before.
TEST(Restore, TheOlderOneKeepsTheLabelWhateverTheOrderOfTheRows) {
  const Instant now = net::Instant{} + Millis(1'000'000);
  const auto row = [](const std::string& service, const std::string& id, std::uint64_t sequence) {
    ClaimRow claim;
    claim.service = service;
    claim.id = id;
    claim.source = "heartbeat";
    claim.generation = 1;
    claim.sequence = sequence;
    claim.lease = Millis(30'000);
    claim.body = std::make_shared<const InstanceBody>();
    return claim;
  };
  std::vector<ClaimRow> rows = {row("Web", "A1", 1), row("Web", "a1", 2), row("WEB", "x", 3)};
  for (const bool backwards : {false, true}) {
    SCOPED_TRACE(backwards);
    if (backwards) std::ranges::reverse(rows);
    Registry registry({}, now);
    for (const ClaimRow& one : rows) registry.restore(one, now);
    registry.restored(now);
    EXPECT_EQ(registry.find("Web", "A1")->label, "a1");
    EXPECT_NE(registry.find("Web", "a1")->label, "a1");
    EXPECT_TRUE(registry.find("Web", "A1")->publishable);
    EXPECT_EQ(registry.find("WEB", "x")->reason, Reason::service_label_taken);
    const auto shown = registry.take_batch().changes;
    ASSERT_EQ(shown.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(shown[i].after->sequence, i + 1);
  }
}

// A start goes on service by service: no call cuts one, and an instance of two sources is shown once, whole.
TEST(Restore, WholeServicesComeTheOldestFirst) {
  const Instant now = net::Instant{} + Millis(1'000'000);
  Registry registry({}, now);
  const auto restore = [&](const std::string& service, const std::string& id, const std::string& source,
                           std::uint64_t sequence) {
    ClaimRow claim;
    claim.service = service;
    claim.id = id;
    claim.source = source;
    claim.generation = 1;
    claim.sequence = sequence;
    claim.lease = Millis(30'000);
    claim.body = std::make_shared<const InstanceBody>();
    registry.restore(claim, now);
  };
  restore("b", "i3", "heartbeat", 6);
  restore("c", "i1", "heartbeat", 3);
  restore("b", "i1", "update", 2);
  restore("a", "i1", "heartbeat", 5);
  restore("b", "i1", "heartbeat", 2);
  restore("b", "i2", "heartbeat", 4);
  EXPECT_EQ(registry.to_restore().claims, 6U);
  EXPECT_EQ(registry.to_restore().services, 3U);
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    more = registry.restore_next(now, 2);
    std::string part;
    for (const InstanceChange& change : registry.take_batch().changes) part += change.service + change.id + " ";
    parts.push_back(part);
  }
  EXPECT_EQ(parts, (std::vector<std::string>{"bi1 bi2 bi3 ", "ci1 ai1 "}));
  EXPECT_EQ(registry.find("b", "i1")->sources.size(), 2U);
  EXPECT_EQ(registry.counts().instances, 5U);
  EXPECT_EQ(registry.to_restore().claims, 0U);
}

TEST_F(LyftDoor, RestoredClaimsKeepTheirSource) {
  ASSERT_TRUE(post("web", "a", "repo"));
  const Batch stored = registry->take_batch();
  Registry second({}, now);
  for (const auto& row : stored.rows) second.restore(row, now);
  second.restored(now);
  EXPECT_EQ(second.instances_of_repo("repo").size(), 1U);
  EXPECT_EQ(second.find("web", "a")->sources, (std::vector<SourceId>{{SourceKind::lyft, "lyft"}}));
  EXPECT_EQ(second.find("web", "a")->generation, 1U);
}

}  // namespace
}  // namespace muster::registry::test
