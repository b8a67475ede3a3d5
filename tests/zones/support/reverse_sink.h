// Keeps what is published in reverse zones, an address a line: "7.0.9.10.in-addr.arpa. 60: a.mesos. b.mesos."
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/zones/support/instances.h"
#include "zones/naming/reverse.h"
#include "zones/publish_config.h"
#include "zones/reverse_names.h"

namespace muster::zones::test {

class ReverseSink final : public NameSink {
 public:
  explicit ReverseSink(std::vector<Name> zones) : zones_(std::move(zones)) {}

  void put(std::size_t zone, const NameSpec& spec) override {
    expect_zone(zone, spec.owner);
    log.push_back("+" + spec.owner.text());
    names[spec.owner] = spec;
  }
  void erase(std::size_t zone, const Name& owner) override {
    expect_zone(zone, owner);
    log.push_back("-" + owner.text());
    EXPECT_EQ(names.erase(owner), 1U) << owner.text() << " was not there";
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& [owner, spec] : names) {
      const RrsetSpec& rrset = spec.rrsets.at(0);
      EXPECT_EQ(rrset.type, RrType::ptr);
      std::string line = owner.text() + " " + std::to_string(rrset.ttl) + ":";
      for (const Member& member : rrset.members) line += " " + Name::from_wire(member.rdata)->text();
      lines.push_back(std::move(line));
    }
    return lines;
  }

  std::map<Name, NameSpec> names;
  std::vector<std::string> log;

 private:
  void expect_zone(std::size_t zone, const Name& owner) const {
    EXPECT_EQ(zone, kDomain + 1 + naming::reverse_zone_of(owner, zones_).value()) << owner.text();
  }

  std::vector<Name> zones_;
};

inline PublishConfig reverse_config() {
  PublishConfig config;
  config.domain = name("svc.internal.");
  config.ttl = 5;
  config.reverse = {name("10.in-addr.arpa."), name("9.10.in-addr.arpa."), name("0.0.d.f.ip6.arpa.")};
  return config;
}

// The reverse names alone, with what they need.
struct ReverseZones {
  PublishConfig config = reverse_config();
  PublishCounters counters;
  ReverseSink sink{config.reverse};
  ReverseNames names{config, counters, sink};
};

}  // namespace muster::zones::test
