// The names of a service as a whole: S.D, _S._O.D, _P._O.S.D, the tag views V.K.by.S.D, and _health.S.D. A
// SetKey says which of them; each instance stands under some keys, and a name exists while an instance stands
// under its key.
//
// Targets are always instance names, whose addresses go along with each SRV member.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "registry/model.h"
#include "zones/answer_spec.h"
#include "zones/publish_config.h"
#include "zones/ready_set.h"
#include "zones/ttl.h"

namespace muster::zones::naming {

struct SetKey {
  enum class Kind : std::uint8_t {
    plain,    // S.D: every instance; SRV its first port
    service,  // _S._O.D: the first port of protocol O
    port,     // _P._O.S.D: the port named P with protocol O
    tag,      // V.K.by.S.D: those with tag K = V
    health,   // _health.S.D: every instance's state, where the service asks for it
  };
  Kind kind = Kind::plain;
  registry::Protocol protocol = registry::Protocol::tcp;
  std::string first;   // P or K, folded
  std::string second;  // V, folded
  auto operator<=>(const SetKey&) const = default;
};

// The service a set belongs to: its members in configured order.
struct ServicePicture {
  Name name;  // S.D
  std::vector<const registry::Instance*> members;
  ServicePolicy policy;
  TtlRange ttl;
  // Of the service that it falls back to, where it does; asked for in panic only.
  Name fallback_name;
  bool fallback_not_ready = false;  // it publishes those that are not ready, too
  std::function<std::vector<const registry::Instance*>()> fallback_members;
};

// Who stands in a set's SRV records and is to be used, of all priorities.
struct SrvMembers {
  std::vector<const registry::Instance*> instances;
  bool in_panic = false;
  bool of_fallback = false;  // of the service that this one falls back to
};
SrvMembers srv_members(const SetKey& key, const ServicePicture& service);

std::optional<Name> service_name(const Name& domain, std::string_view label);
// Its name below the service's; nullopt: does not fit into 255 octets.
std::optional<Name> instance_name(const Name& service, const registry::Instance& instance);
// L.S.D
std::optional<Name> own_name(const Name& domain, const registry::Instance& instance);

// Adds the keys under which an instance stands, itself: whatever its state. Of many instances in a row most
// stand under the same: what was just added is not added again, further repeats are the caller's to drop.
void add_set_keys(const registry::Instance& instance, const ServicePolicy& policy, std::vector<SetKey>& keys);
// A tag value is published when, folded, it is a label of letters, digits and hyphens.
std::optional<std::string> tag_label(std::string_view value);
std::optional<Name> owner_of(const SetKey& key, const Name& domain, std::string_view label);

// A public name of a service: which of its sets stands there. One that begins with _P._tcp or _P._udp has SRV of the
// port named P, or of the first one where P is the service; others have what S.D has. nullopt: it begins with _ and is
// none of these.
struct PublicSet {
  SetKey key;
  std::vector<RrType> types;
};
std::optional<PublicSet> public_set(const Name& owner, std::string_view label);

// The port with which an instance stands under a key; null: without one.
const registry::Port* port_for(const SetKey& key, const registry::InstanceBody& body);
bool stands_under(const SetKey& key, const registry::Instance& instance);
// Whether its URL stands in the set: where its SRV record is that of the URL's port.
bool has_url_under(const SetKey& key, const registry::Instance& instance);
// Whether it has an SRV record in the set.
bool has_port_under(const SetKey& key, const registry::Instance& instance);

// The RRsets at a key's name. `any` false: no instance stands under it. Filled again and again: what it has
// allocated is used by the next set, because a change of a large service makes thousands of records.
struct SetContent {
  bool any = false;
  std::optional<Panic> panic;  // of the first of its RRsets that is in it
  bool beyond_hash = false;    // an RRset has more members than its hash policy takes
  std::size_t texts_left_out = 0;  // TXT records of instances that found no room in the set
  std::vector<RrsetSpec> rrsets;

  void clear();
  RrsetSpec& add();  // its members are those of some set before, to be overwritten

 private:
  std::vector<RrsetSpec> spare_;
};
void fill_set(const SetKey& key, const ServicePicture& service, SetContent& content);

// The weight fields of SRV records as the policy shows them.
std::vector<std::uint16_t> shown_weights(std::span<const Chosen> chosen, const ServicePolicy& policy);

// What the addresses of an instance are, as its name and the sets answer them.
const std::vector<net::IpAddress>& addresses_of(const registry::InstanceBody& body);

}  // namespace muster::zones::naming
