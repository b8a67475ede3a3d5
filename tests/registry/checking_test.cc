// What checks and reports make of instances, through the registry's own doors, in virtual time.
#include <map>
#include <random>
#include <vector>

#include "registry/health/own_check.h"
#include "tests/registry/support/probed.h"

namespace muster::registry::test {
namespace {

using health::Verdict;

class Checking : public Probed {
 protected:
  Outcome report(const Verdict& verdict, const std::string& id = "a", const std::string& by = "") {
    return registry->apply(Report{"web", id, verdict, "lb1", by}, now);
  }
  std::string reason(const std::string& id = "a") const { return reason_text(web(id)->reason, *web(id)); }
  Outcome list(const SourceId& source, const std::string& id, const char* ip = "10.0.0.7") {
    return registry->apply(SourceStep{source, {}, {registration("web", id, body_at(ip))}}, now);
  }
  // What a store has kept of health and claims.
  const std::map<std::string, Row>& stored() {
    for (Row& row : registry->take_batch().rows) {
      if (const auto* one = std::get_if<HealthRow>(&row))
        rows_.insert_or_assign("health " + one->service + "/" + one->id + " " + one->check, row);
      if (const auto* one = std::get_if<HealthGone>(&row))
        rows_.erase("health " + one->service + "/" + one->id + " " + one->check);
      if (const auto* one = std::get_if<ClaimRow>(&row))
        rows_.insert_or_assign("claim " + one->service + "/" + one->id, row);
      if (const auto* one = std::get_if<ClaimGone>(&row))
        rows_.erase("claim " + one->service + "/" + one->id);
      if (const auto* one = std::get_if<MetaRow>(&row)) rows_.insert_or_assign("meta " + one->key, row);
    }
    return rows_;
  }
  static InstanceBody checked_at(const char* ip, std::uint16_t port = 0) {
    InstanceBody body = body_at(ip);
    health::OwnCheck check;
    check.id = "own";
    check.port_number = port;
    body.checks = health::OwnChecks(std::make_shared<const health::OwnChecks::List>(1, check));
    return body;
  }
  void forget_stored() { rows_.clear(); }
  void restart(ServiceSettings settings = with({tcp_check()})) {
    stored();
    registry = std::make_unique<Registry>(config_of(std::move(settings)), now);
    for (const auto& [key, row] : rows_) registry->restore(row, now);
    registry->restored(now);
  }

 private:
  std::map<std::string, Row> rows_;
};

TEST_F(Checking, ANewInstanceIsServedOnceItWasFoundWell) {
  ASSERT_TRUE(put("a"));
  EXPECT_EQ(web("a")->state, State::starting);
  EXPECT_EQ(reason(), "starting");
  EXPECT_FALSE(web("a")->serving);
  look(Millis(210));
  EXPECT_EQ(web("a")->state, State::active);
  EXPECT_EQ(reason(), "ok");
  EXPECT_TRUE(web("a")->serving);
  const std::uint64_t revision = registry->revision();
  look(Millis(60'000));
  EXPECT_EQ(registry->revision(), revision) << "looks that find the same are no change";
}

TEST_F(Checking, OneThatWasNeverWellIsNotServed) {
  found["10.0.0.7"] = kBusy;
  ASSERT_TRUE(put("a"));
  look(Millis(60'000));
  EXPECT_EQ(reason(), "suspended:http:503");
  EXPECT_FALSE(web("a")->serving);
}

TEST_F(Checking, OneWithoutThePortThatIsLookedAtSaysSo) {
  health::Check admin = tcp_check();
  admin.port_name = "admin";
  restart(with({admin}));
  ASSERT_TRUE(put("a"));
  look(Millis(60'000));
  EXPECT_EQ(web("a")->state, State::starting);
  EXPECT_EQ(reason(), "bad_port");
  InstanceBody body = body_at("10.0.0.7");
  body.ports.push_back({});
  body.ports.back().name = "admin";
  body.ports.back().number = 9'000;
  ASSERT_TRUE(put("a", {}, body));
  EXPECT_EQ(reason(), "starting");
  look(Millis(210));
  EXPECT_EQ(reason(), "ok");
}

TEST_F(Checking, SoftFailuresTimeOutAndThenSuspend) {
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  found["10.0.0.7"] = kTimeout;
  look(Millis(11'500));
  EXPECT_EQ(web("a")->state, State::timedout);
  EXPECT_EQ(reason(), "timedout:timeout");
  EXPECT_TRUE(web("a")->serving);
  look(Millis(6'100));
  EXPECT_EQ(web("a")->state, State::suspended);
  EXPECT_EQ(reason(), "suspended:timeout");
  EXPECT_FALSE(web("a")->serving);
  found.clear();
  look(Millis(2'100));
  EXPECT_TRUE(web("a")->serving);
  EXPECT_EQ(web("a")->failure, health::FailureClass::none);
}

TEST_F(Checking, TimedOutOnesMayBeHidden) {
  ServiceSettings settings = with({tcp_check()});
  settings.hides_timedout = true;
  begin_anew(config_of(settings));
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  found["10.0.0.7"] = kTimeout;
  look(Millis(11'500));
  EXPECT_EQ(web("a")->state, State::timedout);
  EXPECT_EQ(reason(), "timedout_hidden");
  EXPECT_FALSE(web("a")->serving);
}

TEST_F(Checking, ProbesEndWithTheirInstance) {
  ASSERT_TRUE(put("a"));
  Registration brief = registration("web", "b", body_at("10.0.0.8"));
  brief.lease = Millis(5'000);
  ASSERT_TRUE(registry->apply(brief, now));
  EXPECT_EQ(registry->probe_counts().wishes, 2U);
  ASSERT_TRUE(remove("a"));
  EXPECT_EQ(registry->probe_counts().wishes, 1U);
  look(Millis(6'000));
  EXPECT_FALSE(web("b")) << "its lease is over";
  EXPECT_EQ(registry->probe_counts().wishes, 0U);
  ASSERT_TRUE(put("a"));
  const auto orders = registry->probes_due(now + Millis(300), 10);
  ASSERT_EQ(orders.size(), 1U);
  ASSERT_TRUE(remove("a"));
  registry->probe_found(orders[0].number, kRefused, now);
  EXPECT_EQ(registry->probe_counts().in_flight, 0U);
}

TEST_F(Checking, AnInstanceThatMovedIsLookedAtWhereItIs) {
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  found["10.0.0.8"] = kRefused;
  ASSERT_TRUE(put("a", {}, body_at("10.0.0.8")));
  EXPECT_TRUE(web("a")->serving) << "until the new address was looked at";
  look(Millis(210));
  EXPECT_EQ(reason(), "suspended:refused");
}

TEST_F(Checking, ARestartGoesOnWhereItWas) {
  ASSERT_TRUE(put("a"));
  ASSERT_TRUE(put("b", {}, body_at("10.0.0.8")));
  look(Millis(210));
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  ASSERT_EQ(reason(), "suspended:refused");
  restart();
  EXPECT_FALSE(web("a")->serving);
  EXPECT_TRUE(web("b")->serving) << "it was well, and is not a beginner";
  look(Millis(210));
  EXPECT_FALSE(web("a")->serving);
  EXPECT_EQ(registry->health_of("web", "a", now)->checks[0].suspension, Millis(2'000))
      << "the series goes on";
  found.clear();
  look(Millis(2'100));
  EXPECT_TRUE(web("a")->serving);
  EXPECT_FALSE(stored().contains("health web/a tcp"));
}

TEST_F(Checking, WhatASourceListsAfterARestartWasThereBefore) {
  const SourceId fixed{SourceKind::fixed, "static"};
  ASSERT_TRUE(list(fixed, "a"));
  ASSERT_TRUE(list(fixed, "b", "10.0.0.8"));
  EXPECT_EQ(web("a")->state, State::starting) << "the first start of all";
  look(Millis(210));
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  restart();
  ASSERT_TRUE(list(fixed, "a"));
  ASSERT_TRUE(list(fixed, "b", "10.0.0.8"));
  EXPECT_EQ(web("a")->state, State::suspended);
  EXPECT_EQ(web("b")->state, State::active);
  look(Millis(61'000));
  ASSERT_TRUE(list(fixed, "c", "10.0.0.9"));
  EXPECT_EQ(web("c")->state, State::starting);
}

TEST_F(Checking, StoredStatesOfWhatDoesNotComeBackAreForgotten) {
  const SourceId fixed{SourceKind::fixed, "static"};
  found["10.0.0.7"] = kRefused;
  ASSERT_TRUE(list(fixed, "a"));
  look(Millis(300));
  ASSERT_TRUE(stored().contains("health web/a tcp"));
  restart();
  pass(Millis(3'590'000));
  EXPECT_TRUE(stored().contains("health web/a tcp"));
  pass(Millis(20'000));
  EXPECT_FALSE(stored().contains("health web/a tcp"));
}

TEST_F(Checking, TheOperatorsWordGoesFirst) {
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  OverlayEntry entry;
  entry.match = "web/a";
  entry.mode = AdminMode::up;
  ASSERT_TRUE(registry->apply(OverlayEdit{OverlayEdit::Kind::set_exact, {entry}, "", {}}, now));
  EXPECT_EQ(web("a")->state, State::active);
  EXPECT_EQ(reason(), "forced_up");
  EXPECT_EQ(registry->health_of("web", "a", now)->real_state, State::suspended);
  found.clear();
  entry.mode = AdminMode::down;
  ASSERT_TRUE(registry->apply(OverlayEdit{OverlayEdit::Kind::set_exact, {entry}, "", {}}, now));
  look(Millis(3'000));
  EXPECT_EQ(web("a")->state, State::off);
  EXPECT_EQ(registry->health_of("web", "a", now)->real_state, State::active)
      << "it is looked at all the same";
  entry.mode = AdminMode::automatic;
  ASSERT_TRUE(registry->apply(OverlayEdit{OverlayEdit::Kind::set_exact, {entry}, "", {}}, now));
  EXPECT_TRUE(web("a")->serving);
}

TEST_F(Checking, NoMoreThanItsPartOfAServiceIsSuspended) {
  ServiceSettings settings = with({tcp_check()});
  settings.most_suspended_by_checks = 0.5;
  begin_anew(config_of(settings));
  for (int i = 0; i < 5; ++i) {
    const std::string ip = "10.0.0." + std::to_string(i);
    ASSERT_TRUE(put("i" + std::to_string(i), {}, body_at(ip.c_str())));
    found[ip] = kOk;
  }
  look(Millis(210));
  for (auto& [ip, verdict] : found) verdict = kRefused;
  look(Millis(11'000));
  int suspended = 0, capped = 0;
  for (int i = 0; i < 5; ++i) {
    const std::string id = "i" + std::to_string(i);
    suspended += web(id)->state == State::suspended;
    capped += reason(id) == "capped";
    EXPECT_EQ(web(id)->serving, reason(id) == "capped");
  }
  EXPECT_EQ(suspended, 2);
  EXPECT_EQ(capped, 3);
}

TEST_F(Checking, OneMayAlwaysBeSuspended) {
  ServiceSettings settings = with({tcp_check()});
  settings.most_suspended_by_checks = 0;
  begin_anew(config_of(settings));
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  EXPECT_EQ(web("a")->state, State::suspended);
}

TEST_F(Checking, AReloadAddsAndTakesChecksOfInstancesThatRun) {
  begin_anew();
  ASSERT_TRUE(put("a"));
  EXPECT_TRUE(web("a")->serving) << "no checks";
  found["10.0.0.7"] = kRefused;
  registry->reconfigure(config_of(with({tcp_check()})), now);
  EXPECT_TRUE(web("a")->serving) << "until it has looked";
  look(Millis(300));
  EXPECT_FALSE(web("a")->serving);
  const std::uint64_t wishes = registry->probe_counts().wishes;
  registry->reconfigure(config_of(with({tcp_check()})), now);
  EXPECT_FALSE(web("a")->serving) << "nothing is other than it was";
  EXPECT_EQ(registry->probe_counts().wishes, wishes);
  ASSERT_TRUE(stored().contains("health web/a tcp"));
  registry->reconfigure({}, now);
  EXPECT_TRUE(web("a")->serving);
  EXPECT_EQ(registry->probe_counts().wishes, 0U);
  EXPECT_FALSE(stored().contains("health web/a tcp"));
}

TEST_F(Checking, InstancesBringChecksOfTheirOwn) {
  begin_anew(config_of({}));
  ASSERT_TRUE(put("a", {}, checked_at("10.0.0.7")));
  ASSERT_TRUE(put("b", {}, body_at("10.0.0.8")));
  EXPECT_EQ(web("a")->state, State::starting);
  EXPECT_EQ(web("b")->state, State::active) << "its neighbour's are not its own";
  look(Millis(300));
  EXPECT_TRUE(web("a")->serving);
  found["10.0.0.7"] = found["10.0.0.8"] = kRefused;
  look(Millis(11'000));
  EXPECT_EQ(reason(), "suspended:refused");
  EXPECT_TRUE(web("b")->serving);
  const std::uint64_t wishes = registry->probe_counts().wishes;
  ASSERT_TRUE(put("a", {}, checked_at("10.0.0.7")));
  EXPECT_EQ(reason(), "suspended:refused") << "the same body again";
  EXPECT_EQ(registry->probe_counts().wishes, wishes);
  ASSERT_TRUE(stored().contains("health web/a own"));
  ASSERT_TRUE(put("a", {}, body_at("10.0.0.7")));
  EXPECT_TRUE(web("a")->serving) << "a body without checks takes them away";
  EXPECT_EQ(registry->probe_counts().wishes, 0U);
  EXPECT_FALSE(stored().contains("health web/a own"));
}

TEST_F(Checking, OwnChecksStandBesideThoseOfTheService) {
  ASSERT_TRUE(put("a", {}, checked_at("10.0.0.7", 81)));
  const auto shown = [&] {
    std::string names;
    const auto health = registry->health_of("web", "a", now);
    for (const WatchView& check : health->checks)
      names += check.id + check.target + " ";
    return names;
  };
  EXPECT_EQ(shown(), "tcptcp://10.0.0.7:8080 owntcp://10.0.0.7:81 ");
  look(Millis(300));
  EXPECT_TRUE(web("a")->serving);
  registry->reconfigure(config_of(with({tcp_check("own")})), now);
  EXPECT_EQ(shown(), "owntcp://10.0.0.7:8080 ") << "the operator's goes before one of the same name";
  registry->reconfigure(config_of({}), now);
  EXPECT_EQ(shown(), "owntcp://10.0.0.7:81 ");
}

TEST_F(Checking, OwnChecksFollowWhatTheirServiceSays) {
  begin_anew(config_of({}));
  ASSERT_TRUE(put("a", {}, checked_at("10.0.0.7")));
  look(Millis(300));
  EXPECT_EQ(web("a")->ttl_bound, 10U);
  ServiceSettings settings;
  settings.check_rules.interval = Millis(4'000);
  registry->reconfigure(config_of(settings), now);
  EXPECT_EQ(web("a")->ttl_bound, 4U);
  EXPECT_TRUE(web("a")->serving) << "until it has looked";
}

TEST_F(Checking, OwnChecksOutliveARestart) {
  begin_anew(config_of({}));
  ASSERT_TRUE(put("a", {}, checked_at("10.0.0.7")));
  ASSERT_TRUE(put("b", {}, checked_at("10.0.0.8")));
  look(Millis(300));
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  restart(ServiceSettings{});
  EXPECT_EQ(web("a")->state, State::suspended);
  EXPECT_TRUE(web("b")->serving) << "it was well";
  found.clear();
  look(Millis(300));
  EXPECT_EQ(reason(), "ok");
}

TEST_F(Checking, ReportsSuspendAndTimeBringsBack) {
  begin_anew(config_of({}));
  ASSERT_TRUE(put("a"));
  ASSERT_TRUE(put("b", {}, body_at("10.0.0.8")));
  ASSERT_TRUE(report(kRefused));
  EXPECT_EQ(reason(), "suspended:refused");
  EXPECT_TRUE(stored().contains("health web/a reports"));
  ASSERT_TRUE(report(kRefused, "b"));
  EXPECT_EQ(reason("b"), "capped") << "half of a service at most";
  pass(Millis(2'010));
  EXPECT_EQ(web("a")->state, State::timedout);
  pass(Millis(10'010));
  EXPECT_EQ(reason(), "ok");
  EXPECT_FALSE(stored().contains("health web/a reports"));
  EXPECT_EQ(report(kOk, "none").error().code, RefusalCode::unknown_instance);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(report(kOk));
  const Outcome often = report(kOk);
  ASSERT_FALSE(often);
  EXPECT_EQ(often.error().code, RefusalCode::rate_limited);
}

TEST_F(Checking, HeartbeatsAreTheLooksOfATtlCheck) {
  health::Check check;
  check.id = "ttl";
  check.type = health::CheckType::ttl;
  check.rules.interval = Millis(5'000);
  begin_anew(config_of(with({check})));
  ASSERT_TRUE(put("a"));
  EXPECT_EQ(web("a")->state, State::starting);
  ASSERT_TRUE(beat("a"));
  EXPECT_EQ(web("a")->state, State::active);
  pass(Millis(5'010));
  EXPECT_EQ(reason(), "timedout:silence");
  ASSERT_TRUE(beat("a"));
  EXPECT_EQ(reason(), "ok");
}

TEST_F(Checking, AnswersAreKeptNoLongerThanTheChecksTakeToLookAgain) {
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  EXPECT_EQ(web("a")->ttl_bound, 10U) << "its interval";
  found["10.0.0.7"] = kRefused;
  look(Millis(11'000));
  EXPECT_EQ(web("a")->ttl_bound, 2U) << "its suspension";
  health::Check classic = tcp_check();
  classic.rules = health::MachineRules::classic(1, 3, Millis(10'000), Millis(2'500));
  begin_anew(config_of(with({classic})));
  found.clear();
  ASSERT_TRUE(put("a"));
  look(Millis(210));
  EXPECT_EQ(web("a")->ttl_bound, 15U) << "three failures in a row";
  begin_anew();
  ASSERT_TRUE(put("a"));
  EXPECT_EQ(web("a")->ttl_bound, kNoTtlBound);
}

// Whatever happens, every watch belongs to an instance that is there, and what is stored is what is not
// ACTIVE.
TEST_F(Checking, AStormLeavesNothingBehind) {
  const char* chosen = std::getenv("MUSTER_SEED");
  const unsigned first = chosen != nullptr ? static_cast<unsigned>(std::stoul(chosen)) : 1;
  for (unsigned seed = first; seed < first + 20; ++seed) {
    SCOPED_TRACE("MUSTER_SEED=" + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](unsigned end) {
      return std::uniform_int_distribution<unsigned>(0, end - 1)(random);
    };
    const std::vector<ServiceSettings> settings = {
        with({tcp_check()}), with({tcp_check(), tcp_check("second")}), {}};
    begin_anew(config_of(settings[0]));
    found.clear();
    forget_stored();
    const auto id = [&] { return "i" + std::to_string(below(6)); };
    for (int step = 0; step < 300; ++step) {
      const std::string ip = "10.0.0." + std::to_string(below(4));
      switch (below(8)) {
        case 0:
        case 1: static_cast<void>(put(id(), {}, body_at(ip.c_str()))); break;
        case 2: static_cast<void>(remove(id())); break;
        case 3: found[ip] = std::vector{kOk, kOk, kTimeout, kRefused, kBusy}[below(5)]; break;
        case 4: static_cast<void>(report(std::vector{kOk, kTimeout, kRefused}[below(3)], id())); break;
        case 5:
          if (below(8) == 0) registry->reconfigure(config_of(settings[below(3)]), now);
          break;
        case 6:
          if (below(20) == 0) restart(settings[0]);
          break;
        default: look(Millis(below(5'000)));
      }
      std::size_t watches = 0;
      std::map<std::string, State> states;
      registry->for_each([&](const InstancePtr& instance) {
        const auto view = registry->health_of(instance->service, instance->id, now);
        watches += view->checks.size();
        State worst = State::active;
        for (const WatchView& check : view->checks) {
          if (health::badness(check.state) > health::badness(worst)) worst = check.state;
          if (check.state != State::active)
            states["health web/" + instance->id + " " + check.id] = check.state;
        }
        if (view->reports && view->reports->state != State::active) {
          states["health web/" + instance->id + " reports"] = view->reports->state;
          if (health::badness(view->reports->state) > health::badness(worst)) worst = view->reports->state;
        }
        EXPECT_EQ(instance->state, worst) << instance->id;
      });
      ASSERT_EQ(registry->probe_counts().wishes, watches);
      std::map<std::string, State> kept;
      for (const auto& [key, row] : stored())
        if (const auto* one = std::get_if<HealthRow>(&row)) {
          ASSERT_TRUE(states.contains(key)) << key << " at step " << step;
          EXPECT_EQ(one->state, to_string(states[key])) << key;
          kept[key] = states[key];
        }
      ASSERT_EQ(kept.size(), states.size()) << "at step " << step;
    }
    for (int i = 0; i < 6; ++i) static_cast<void>(remove("i" + std::to_string(i)));
    look(Millis(31'000));
    EXPECT_EQ(registry->probe_counts().wishes, 0U);
    EXPECT_EQ(registry->probe_counts().in_flight, 0U);
  }
}

}  // namespace
}  // namespace muster::registry::test
