// One type's records of one set of a service (naming::SetKey): which instances stand in them and under which
// rule, and why the others do not. For explain; it chooses as naming::fill_set() does, which makes the
// answers.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "zones/live_names.h"
#include "zones/ready_set.h"

namespace muster::zones {

inline constexpr std::string_view kFixedRule = "fixed";  // all records are sent as they stand, nobody chooses

class SetView {
 public:
  SetView(const LiveNames& names, naming::SetKey key, const std::string& label, RrType type);

  // Whether it has what these records are made of; if it has, whether it stands in them is the choice's
  // business.
  bool suits(const registry::Instance& instance) const;
  // The policy, or what overrode it; the reason of one that is out.
  std::string rule_of(const registry::Instance& instance) const;
  bool chooses(const registry::Instance& instance) const { return chosen_.contains(&instance); }
  std::string rule() const;        // of the set as a whole
  std::string ttl_reason() const;  // "" when nobody suits
  TtlRange ttl_range() const { return ttl_; }
  struct Standing {
    double weight = 0;  // 0: it is out, or stands by
    std::uint16_t srv = 0;
    double response = 1;
  };
  Standing standing_of(const registry::Instance& instance) const;
  // Whether an answer holds those that are not its first as well.
  bool answers_more() const;
  // Those whose record this is; of another service where that is fallen back to.
  const std::vector<registry::InstancePtr>& holders_of(std::string_view rdata) const;

 private:
  void note_holder(const registry::InstancePtr& instance, const Name& service);
  void note_fallback(const LiveNames& names);

  const naming::SetKey key_;
  const RrType type_;
  ServicePolicy policy_;
  TtlRange ttl_;
  std::vector<const registry::Instance*> able_;
  ReadySet set_;
  std::unordered_map<const registry::Instance*, double> chosen_;                 // with which weight
  std::unordered_map<std::string, std::vector<registry::InstancePtr>> holders_;  // by address, target or URL
};

}  // namespace muster::zones
