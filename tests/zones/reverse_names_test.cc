// Who says what an address leads back to: writers that come and go in every order, and what is joined of
// them.
#include "zones/reverse_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/zones/support/reverse_sink.h"
#include "zones/reverse_view.h"

namespace muster::zones {
namespace {

using test::ip;
using test::Make;
using test::name;
using test::ReverseZones;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Lines = std::vector<std::string>;

class ReverseNamesTest : public testing::Test {
 protected:
  Place instance(const std::string& id, std::uint64_t sequence = 1) {
    known_.push_back(std::make_unique<Registered>(Registered{Make("web", id).sequence(sequence).get()}));
    return {sequence, known_.back().get()};
  }
  Lines flushed() {
    zones_.names.flush();
    return zones_.sink.lines();
  }
  std::vector<std::string> targets_at(const char* address) {
    zones_.names.flush();
    std::vector<std::string> targets;
    for (const Member& member : zones_.sink.names.at(naming::reverse_name(ip(address))).rrsets.at(0).members)
      targets.push_back(Name::from_wire(member.rdata)->text());
    return targets;
  }

  ReverseZones zones_;
  std::vector<std::unique_ptr<Registered>> known_;
};

// Each writer's coming and going, in every order in which that can be.
void visit_orders(std::vector<int> so_far, const std::function<void(const std::vector<int>&)>& visit) {
  constexpr int kWriters = 3;
  if (so_far.size() == 2 * kWriters) return visit(so_far);
  for (int writer = 0; writer < kWriters; ++writer) {
    if (std::ranges::count(so_far, writer) == 2) continue;
    auto more = so_far;
    more.push_back(writer);
    visit_orders(std::move(more), visit);
  }
}

TEST_F(ReverseNamesTest, IsTheSumOfThoseWhoAreThereInWhateverOrderTheyComeAndGo) {
  const Place i1 = instance("i1");
  ReverseView one(zones_.names, 60);
  ReverseView two(zones_.names, 30);
  const net::IpAddress address = ip("10.0.0.7");
  std::size_t orders = 0;
  visit_orders({}, [&](const std::vector<int>& order) {
    ++orders;
    std::array<bool, 3> is_there{};
    for (const int writer : order) {
      const bool comes = is_there[static_cast<std::size_t>(writer)] =
          !is_there[static_cast<std::size_t>(writer)];
      if (writer == 0) comes ? zones_.names.add(address, i1) : zones_.names.remove(address, i1);
      if (writer == 1) comes ? one.add(address, name("b.one.")) : one.remove(address, name("b.one."));
      if (writer == 2) comes ? two.add(address, name("a.two.")) : two.remove(address, name("a.two."));
      const auto [has_instance, has_one, has_two] = is_there;
      std::string line = "7.0.0.10.in-addr.arpa. ";
      line += has_instance ? "5:" : has_two ? "30:" : "60:";
      if (has_instance) line += " i1.web.svc.internal.";
      if (has_one) line += " b.one.";
      if (has_two) line += " a.two.";
      const bool is_any = has_instance || has_one || has_two;
      ASSERT_EQ(flushed(), is_any ? Lines{line} : Lines{}) << testing::PrintToString(order);
    }
  });
  EXPECT_EQ(orders, 90U);
}

TEST_F(ReverseNamesTest, ANameThatSeveralSayStandsOnceUntilTheLastIsGone) {
  const Place i1 = instance("i1");
  const net::IpAddress address = ip("10.0.0.7");
  ReverseView one(zones_.names, 60);
  auto two = std::make_unique<ReverseView>(zones_.names, 30);
  one.add(address, name("x.a.mesos."));
  two->add(address, name("x.a.mesos."));
  one.add(address, name("i1.web.svc.internal."));
  EXPECT_THAT(flushed(), ElementsAre("7.0.0.10.in-addr.arpa. 30: i1.web.svc.internal. x.a.mesos."));
  zones_.names.add(address, i1);
  EXPECT_THAT(flushed(), ElementsAre("7.0.0.10.in-addr.arpa. 5: i1.web.svc.internal. x.a.mesos."));
  zones_.names.remove(address, i1);
  two.reset();
  EXPECT_THAT(zones_.sink.lines(), ElementsAre("7.0.0.10.in-addr.arpa. 60: i1.web.svc.internal. x.a.mesos."));
  one.remove(address, name("i1.web.svc.internal."));
  one.remove(address, name("x.a.mesos."));
  EXPECT_THAT(flushed(), IsEmpty());
}

TEST_F(ReverseNamesTest, AViewThatGoesTakesItsOwnAlong) {
  ReverseView stays(zones_.names, 60);
  {
    ReverseView goes(zones_.names, 60);
    for (const char* address : {"10.0.0.1", "10.0.0.2"}) goes.add(ip(address), name("a.goes."));
    stays.add(ip("10.0.0.2"), name("a.stays."));
    stays.add(ip("10.0.0.3"), name("a.stays."));
    goes.flush();
    EXPECT_EQ(zones_.sink.names.size(), 3U);
    zones_.sink.log.clear();
  }
  EXPECT_THAT(zones_.sink.log, ElementsAre("-1.0.0.10.in-addr.arpa.", "+2.0.0.10.in-addr.arpa."));
  EXPECT_THAT(zones_.sink.lines(),
              ElementsAre("2.0.0.10.in-addr.arpa. 60: a.stays.", "3.0.0.10.in-addr.arpa. 60: a.stays."));
}

TEST_F(ReverseNamesTest, GoIntoTheLongestOfTheZonesAndNowhereElse) {
  ReverseView view(zones_.names, 60);
  for (const char* address : {"10.9.0.7", "10.8.0.7", "fd00::7", "192.0.2.1", "2001:db8::1"})
    view.add(ip(address), name("a.mesos."));
  EXPECT_EQ(flushed().size(), 3U);  // which of the zones each is put into, the sink looks at
  view.remove(ip("192.0.2.1"), name("a.mesos."));
  zones_.sink.log.clear();
  flushed();
  EXPECT_THAT(zones_.sink.log, IsEmpty());
}

TEST_F(ReverseNamesTest, ATtlThatChangesIsPutWhereTheViewStands) {
  ReverseView one(zones_.names, 60);
  ReverseView two(zones_.names, 30);
  one.add(ip("10.0.0.1"), name("a.one."));
  one.add(ip("10.0.0.2"), name("a.one."));
  two.add(ip("10.0.0.2"), name("a.two."));
  two.add(ip("10.0.0.3"), name("a.two."));
  flushed();
  zones_.sink.log.clear();
  one.set_ttl(60);
  flushed();
  EXPECT_THAT(zones_.sink.log, IsEmpty());
  one.set_ttl(20);
  EXPECT_THAT(flushed(),
              ElementsAre("1.0.0.10.in-addr.arpa. 20: a.one.", "2.0.0.10.in-addr.arpa. 20: a.one. a.two.",
                          "3.0.0.10.in-addr.arpa. 30: a.two."));
  EXPECT_THAT(zones_.sink.log, ElementsAre("+1.0.0.10.in-addr.arpa.", "+2.0.0.10.in-addr.arpa."));
}

// 172.17.0.2 is a container's address on every agent.
TEST_F(ReverseNamesTest, OfManyAtOneAddressTheFirstThousandStandAndThoseBehindThemCostNothing) {
  constexpr std::size_t kMost = 1000;
  const auto target = [](std::size_t number) {
    return *name("mesos.").child(std::to_string(10'000 + number));
  };
  ReverseView view(zones_.names, 60);
  for (std::size_t number = 0; number < kMost + 500; ++number) view.add(ip("10.0.0.2"), target(number));
  ASSERT_EQ(targets_at("10.0.0.2").size(), kMost);
  EXPECT_EQ(targets_at("10.0.0.2").back(), target(kMost - 1).text());
  zones_.sink.log.clear();
  view.remove(ip("10.0.0.2"), target(kMost + 100));
  view.add(ip("10.0.0.2"), target(kMost + 1000));
  flushed();
  EXPECT_THAT(zones_.sink.log, IsEmpty());
  view.remove(ip("10.0.0.2"), target(7));
  EXPECT_EQ(targets_at("10.0.0.2").back(), target(kMost).text());

  std::vector<Place> places;
  for (std::size_t number = 0; number < kMost + 1; ++number)
    places.push_back(instance("i" + std::to_string(number), number));
  for (std::size_t number = 0; number + 1 < kMost; ++number) zones_.names.add(ip("10.0.0.2"), places[number]);
  EXPECT_EQ(targets_at("10.0.0.2").size(), kMost);
  EXPECT_EQ(targets_at("10.0.0.2").back(), target(0).text()) << "one is left for the view";
  for (const std::size_t number : {kMost - 1, kMost}) zones_.names.add(ip("10.0.0.2"), places[number]);
  EXPECT_EQ(targets_at("10.0.0.2").size(), kMost);
  EXPECT_EQ(targets_at("10.0.0.2").back(), "i999.web.svc.internal.");
  for (const Place& place : places) zones_.names.remove(ip("10.0.0.2"), place);
  EXPECT_EQ(targets_at("10.0.0.2").size(), kMost);
  EXPECT_EQ(targets_at("10.0.0.2").front(), target(0).text());
}

TEST_F(ReverseNamesTest, WithTheNamesOfServicesThoseOfViewsStandBehindThem) {
  zones_.config.reverse_services = true;
  zones_.names.add(ip("10.0.0.7"), instance("i1", 1));
  zones_.names.add(ip("10.0.0.7"), instance("i2", 2));
  ReverseView view(zones_.names, 1);
  view.add(ip("10.0.0.7"), name("a.mesos."));
  EXPECT_THAT(flushed(), ElementsAre("7.0.0.10.in-addr.arpa. 1: i1.web.svc.internal. web.svc.internal. "
                                     "i2.web.svc.internal. a.mesos."));
}

// Against a model that knows nothing but who says what now; flushed now and then.
TEST_F(ReverseNamesTest, FollowsRandomWriters) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t bound) { return random() % bound; };
  const std::vector<const char*> addresses = {"10.0.0.1", "10.9.0.1", "fd00::1", "192.0.2.1"};
  std::vector<Place> places;
  for (int number = 0; number < 4; ++number)
    places.push_back(instance("i" + std::to_string(number), static_cast<std::uint64_t>(number)));
  std::array<std::unique_ptr<ReverseView>, 3> views;
  std::array<std::set<std::pair<std::string, Name>>, 3> said;
  std::set<std::pair<std::string, std::size_t>> registered;
  std::array<std::uint32_t, 3> ttls{};

  const auto expected = [&] {
    std::map<Name, std::string> lines;
    for (const char* address : addresses) {
      if (!zones_.names.covers(ip(address))) continue;
      std::vector<std::string> targets;
      std::uint32_t ttl = UINT32_MAX;
      for (const auto& [at, number] : registered) {
        if (at != address) continue;
        targets.push_back("i" + std::to_string(number) + ".web.svc.internal.");
        ttl = zones_.config.ttl;
      }
      std::set<Name> of_views;
      for (std::size_t view = 0; view < views.size(); ++view) {
        for (const auto& [at, target] : said[view]) {
          if (at != address) continue;
          of_views.insert(target);
          ttl = std::min(ttl, ttls[view]);
        }
      }
      for (const Name& target : of_views) targets.push_back(target.text());
      if (targets.empty()) continue;
      const Name owner = naming::reverse_name(ip(address));
      std::string line = owner.text() + " " + std::to_string(ttl) + ":";
      for (const std::string& target : targets) line += " " + target;
      lines[owner] = line;
    }
    Lines all;
    for (const auto& [owner, line] : lines) all.push_back(line);
    return all;
  };

  for (int step = 0; step < 5000; ++step) {
    const std::string at = addresses[pick(addresses.size())];
    const std::size_t who = pick(4);
    if (who == 3) {
      const std::size_t number = pick(places.size());
      if (registered.erase({at, number}) == 0) {
        registered.emplace(at, number);
        zones_.names.add(ip(at), places[number]);
      } else {
        zones_.names.remove(ip(at), places[number]);
      }
    } else if (!views[who]) {
      ttls[who] = 1 + static_cast<std::uint32_t>(pick(9));
      views[who] = std::make_unique<ReverseView>(zones_.names, ttls[who]);
    } else if (pick(50) == 0) {
      views[who].reset();
      said[who].clear();
    } else if (pick(20) == 0) {
      ttls[who] = 1 + static_cast<std::uint32_t>(pick(9));
      views[who]->set_ttl(ttls[who]);
    } else {
      const Name target = *name("mesos.").child(std::string(1, static_cast<char>('a' + pick(4))));
      if (said[who].erase({at, target}) == 0) {
        said[who].emplace(at, target);
        views[who]->add(ip(at), target);
      } else {
        views[who]->remove(ip(at), target);
      }
    }
    zones_.names.flush();
    ASSERT_EQ(zones_.sink.lines(), expected()) << "step " << step;
  }
}

}  // namespace
}  // namespace muster::zones
