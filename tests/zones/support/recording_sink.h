// A sink that keeps what is published and complains at once about a record whose target is not there, an
// erased name that something still points to, and a name below a service's that comes before it or stays
// after it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/zones/support/instances.h"
#include "zones/name_sink.h"

namespace muster::zones::test {

class RecordingSink final : public NameSink {
 public:
  explicit RecordingSink(Name domain) : domain_(std::move(domain)) {}

  void put(std::size_t zone, const NameSpec& spec) override {
    ++puts;
    log.push_back("+" + spec.owner.text());
    const std::string owner = key(spec.owner);
    forget(owner);
    names_[owner] = spec;
    zones_[owner] = zone;
    for (const std::string& target : targets(spec)) {
      if (target == owner) continue;
      EXPECT_TRUE(names_.contains(target)) << owner << " points to " << target << ", which is not published";
      ++pointed_to_[target];
    }
    if (const auto service = service_above(spec.owner)) {
      EXPECT_TRUE(names_.contains(*service)) << owner << " came before " << *service;
    }
  }

  void erase(std::size_t zone, const Name& owner) override {
    ++erases;
    log.push_back("-" + owner.text());
    const std::string gone = key(owner);
    EXPECT_EQ(pointed_to_[gone], 0) << gone << " went while something points to it";
    if (names_.contains(gone)) {
      EXPECT_EQ(zones_[gone], zone);
    }
    for (auto below = names_.begin(); below != names_.end(); ++below) {
      EXPECT_NE(service_above(below->second.owner), gone) << gone << " went before " << below->first;
    }
    forget(gone);
    names_.erase(gone);
  }

  void bind(const Name& owner, const std::vector<RrType>& types, const std::vector<RrsetSpec>& sets) override {
    ++puts;
    log.push_back("=" + owner.text());
    const std::string bound = key(owner);
    forget(bound);
    bound_[bound] = {owner, sets};
    bound_types_[bound] = types;
    for (const std::string& target : targets(bound_[bound])) {
      EXPECT_TRUE(names_.contains(target)) << bound << " points to " << target << ", which is not published";
      ++pointed_to_[target];
    }
  }
  void unbind(const Name& owner) override {
    ++erases;
    log.push_back("/" + owner.text());
    const std::string bound = key(owner);
    forget(bound);
    EXPECT_EQ(bound_.erase(bound), 1u) << bound << " was not bound";
  }

  // By public name, what services have there.
  const std::map<std::string, NameSpec>& bound() const { return bound_; }
  const std::map<std::string, NameSpec>& names() const { return names_; }
  const NameSpec* find(std::string_view text) const {
    const auto at = names_.find(key(name(text)));
    return at == names_.end() ? nullptr : &at->second;
  }
  void start_counting() {
    puts = erases = 0;
    log.clear();
  }

  std::size_t puts = 0;
  std::size_t erases = 0;
  std::vector<std::string> log;

 private:
  static std::string key(const Name& name) { return name.lower().text(); }

  // S.D of _P._O.S.D and V.K.by.S.D. Instance names come before it: its SRV records point to them.
  std::optional<std::string> service_above(const Name& owner) const {
    if (owner.label_count() < domain_.label_count() + 3 || !owner.is_at_or_below(domain_))
      return std::nullopt;
    Name at = owner;
    while (at.label_count() > domain_.label_count() + 1) at = at.parent();
    return at.first_label().starts_with('_') ? std::nullopt : std::optional(key(at));
  }

  std::vector<std::string> targets(const NameSpec& spec) const {
    std::vector<std::string> all;
    for (const RrsetSpec& rrset : spec.rrsets) {
      for (const Member& member : rrset.members) {
        if (rrset.type == RrType::srv) all.push_back(key(*Name::from_wire(member.rdata.substr(6))));
        if (rrset.type == RrType::ptr) all.push_back(key(*Name::from_wire(member.rdata)));
      }
    }
    std::erase(all, key(domain_));
    return all;
  }

  void forget(const std::string& owner) {
    for (const auto* all : {&names_, &bound_}) {
      const auto known = all->find(owner);
      if (known == all->end()) continue;
      for (const std::string& target : targets(known->second)) {
        if (target != owner) --pointed_to_[target];
      }
    }
  }

  Name domain_;
  std::map<std::string, NameSpec> names_;
  std::map<std::string, NameSpec> bound_;
  std::map<std::string, std::vector<RrType>> bound_types_;
  std::map<std::string, std::size_t> zones_;
  std::map<std::string, int> pointed_to_;
};

}  // namespace muster::zones::test
