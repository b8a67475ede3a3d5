// What stands at a name now, who decided, and why others do not: for people who wonder about an answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "zones/live_names.h"
#include "zones/record.h"
#include "zones/rendezvous.h"
#include "zones/zone.h"

namespace muster::zones {

struct NameExplanation {
  std::string name;
  std::string zone;
  std::string outcome;  // "answer" | "nodata" | "nxdomain" | "referral" | "servfail" | "refused"
  std::string closest_encloser;
  std::string service;  // "" when no service stands behind it
  std::string would_be_of;  // the service that has the name, or would have it if there were one; "": of none
  struct Record {
    std::string type;
    std::uint32_t ttl = 0;
    std::string text;
    std::uint32_t weight = 0;  // SRV: as shown; else the share in whole registered weights, at least 1
    double probability = 0;    // that the next answer holds it first; of a set that nobody chooses from: 1
    std::string policy;        // what chose it: the policy, what overrode it, or "fixed"
    std::string ttl_reason;
    std::vector<registry::InstancePtr> instances;  // whose it is, maybe of the fall-back; empty: nobody's
  };
  std::vector<Record> records;
  // One of the instances that this name is about, in the answers or not.
  struct Candidate {
    registry::InstancePtr instance;
    bool answered = false;  // it stands in these records; in SRV also those that are not the first choice
    double probability = 0;
    std::string rule;  // the policy, what overrode it, or why it is out
    std::string ttl_reason;
  };
  std::vector<Candidate> candidates;
  bool generated = false;  // the zone is made from the registry; else from a file and its updates
  std::string ttl_reason;
  std::string note;  // "0 of 4 ready", "heartbeats silent"
};

// `client`: for whom a hashed set is explained; null: for all.
NameExplanation explain(Zones& zones, const LiveNames& names, const Name& name, std::optional<RrType> type,
                        const ClientNetwork* client = nullptr);

// One of the types under which an instance stands at a name, or would if it were in the answers.
struct InstanceShare {
  std::string type;
  double probability = 0;  // that the next answer holds it first; 0: it is out
  std::string rule;        // the policy, what overrode it, or why it is out
  bool operator==(const InstanceShare&) const = default;
};

// What of a name's records is this instance's: its addresses, records that point to its names, and all of its
// own names. Instances that share an address share its chance.
std::vector<InstanceShare> shares_of(const Zones& zones, const LiveNames& names,
                                     const registry::Instance& instance, const Name& name);

// The chance of each member to be first: its share among the lowest tier; of SRV, that an RFC 2782 client
// takes it first. Of a set in fixed order that is no service's (`chosen` false) all are sent alike: 1 each.
// With a client a hashed set has one first.
std::vector<double> first_chances(const RrsetSpec& rrset, bool chosen, const ClientNetwork* client = nullptr);

}  // namespace muster::zones
