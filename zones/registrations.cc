#include "zones/registrations.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "registry/label.h"
#include "registry/limits.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

using registry::InstanceBody;
using registry::Port;
using registry::Protocol;
using Known = RegistrationsView::Known;

// Which sort of name an owner below the domain is, and its parts, folded.
struct NamePlace {
  enum class Kind : std::uint8_t { other, service, instance, service_srv, port_srv } kind = Kind::other;
  std::string service;
  std::string instance;
  std::string port;
  Protocol protocol = Protocol::tcp;
};

// The labels in front of the domain, folded, first label first.
std::vector<std::string> labels_below(const Name& owner, const Name& domain) {
  std::vector<std::string> labels;
  for (Name at = owner; at != domain; at = at.parent())
    labels.push_back(registry::ascii_lower(at.first_label()));
  return labels;
}

std::optional<Protocol> protocol_of(const std::string& label) {
  if (label == "_tcp") return Protocol::tcp;
  if (label == "_udp") return Protocol::udp;
  return std::nullopt;
}

bool is_service(const std::string& label) { return registry::is_label(label, registry::kMaxServiceLabel); }
// "_web" for "web".
bool is_underscored(const std::string& label) {
  return label.size() > 1 && label[0] == '_' && is_service(label.substr(1));
}

NamePlace place_of(const Name& owner, const Name& domain) {
  const auto labels = labels_below(owner, domain);
  using Kind = NamePlace::Kind;
  if (labels.size() == 1 && is_service(labels[0]))
    return {.kind = Kind::service, .service = labels[0], .instance = {}, .port = {}};
  if (labels.size() == 2) {
    if (registry::is_label(labels[0], registry::kMaxLabel) && labels[0] != "by" && is_service(labels[1]))
      return {.kind = Kind::instance, .service = labels[1], .instance = labels[0], .port = {}};
    const auto protocol = protocol_of(labels[1]);
    if (protocol && is_underscored(labels[0]))
      return {.kind = Kind::service_srv,
              .service = labels[0].substr(1),
              .instance = {},
              .port = {},
              .protocol = *protocol};
  }
  if (labels.size() == 3) {
    const auto protocol = protocol_of(labels[1]);
    if (protocol && is_underscored(labels[0]) && is_service(labels[2]))
      return {.kind = Kind::port_srv,
              .service = labels[2],
              .instance = {},
              .port = labels[0].substr(1),
              .protocol = *protocol};
  }
  return {};
}

bool is_address(RrType type) { return type == RrType::a || type == RrType::aaaa; }

std::string id_for(const net::IpAddress& address) {
  std::string id = to_string(address);
  std::replace_if(
      id.begin(), id.end(), [](char c) { return c == '.' || c == ':'; }, '-');
  return id;
}

// One instance as the message leaves it.
struct Draft {
  std::string service;
  std::string id;
  InstanceBody body;        // of the claim
  registry::BodyPtr claim;  // as it was; null: none
  bool added = false;       // the message adds something: that alone makes or renews a claim
};

class Planner {
 public:
  Planner(const Update& update, const RegistrationsView& view) : update_(update), view_(view) {}

  net::Result<std::vector<registry::Change>, UpdateRefusal> plan(std::optional<registry::Millis> lease,
                                                                 const std::string& by) {
    for (const UpdateRecord& record : update_.changes) {
      if (!apply(record)) return *refusal_;
    }
    std::vector<registry::Change> changes;
    for (const Draft& draft : drafts_) {
      if (!draft.added && (draft.claim == nullptr || draft.body == *draft.claim)) continue;
      if (draft.body.addresses.empty()) {
        if (draft.claim != nullptr)
          changes.push_back(
              registry::Removal{draft.service, draft.id, std::nullopt, false, registry::SourceKind::update});
        continue;
      }
      registry::Registration registration;
      registration.service = draft.service;
      registration.id = draft.id;
      registration.source = {registry::SourceKind::update, "update"};
      registration.body = std::make_shared<const InstanceBody>(draft.body);
      registration.lease = lease;
      registration.by = by;
      changes.push_back(std::move(registration));
    }
    return changes;
  }

 private:
  bool refuse(const UpdateRecord& record, std::string_view why) {
    refusal_ = UpdateRefusal{UpdateFault::refused,
                             record.owner.text() + " " + to_string(record.type) + ": " + std::string(why)};
    return false;
  }

  bool apply(const UpdateRecord& record) {
    const NamePlace place = place_of(record.owner, view_.domain);
    switch (place.kind) {
      case NamePlace::Kind::service:
      case NamePlace::Kind::instance: return apply_address(record, place);
      case NamePlace::Kind::service_srv:
      case NamePlace::Kind::port_srv: return apply_port(record, place);
      case NamePlace::Kind::other: break;
    }
    return refuse(record,
                  "only addresses of SERVICE and INSTANCE.SERVICE, and SRV of _SERVICE._PROTO and "
                  "_PORT._PROTO.SERVICE, become registrations");
  }

  bool apply_address(const UpdateRecord& record, const NamePlace& place) {
    if (record.rr_class == RrClass::any) {
      if (!is_address(record.type) && record.type != RrType::any)
        return refuse(record, "an instance has addresses only");
      for (Draft* draft : drafts_at(place)) drop_addresses(*draft, record.type);
      return true;
    }
    if (!is_address(record.type)) return refuse(record, "an instance has addresses only");
    if (record.rr_class == RrClass::in && !view_.service_for(place.service))
      return refuse(record, "the name is not a service's: it is reserved");
    const net::IpAddress address = decode_address(record.rdata);
    const bool adds = record.rr_class == RrClass::in;
    Draft* draft = place.kind == NamePlace::Kind::service ? by_id(place.service, id_for(address), adds)
                                                          : by_label(place.service, place.instance, adds);
    if (draft == nullptr) return true;
    draft->added |= adds;
    auto& addresses = draft->body.addresses;
    const auto found = std::find(addresses.begin(), addresses.end(), address);
    if (!adds) {
      if (found != addresses.end()) addresses.erase(found);
    } else if (found == addresses.end()) {
      if (addresses.size() == registry::kMaxAddresses)
        return refuse(record, "an instance has at most 16 addresses");
      addresses.push_back(address);
    }
    return true;
  }

  static void drop_addresses(Draft& draft, RrType type) {
    std::erase_if(draft.body.addresses, [&](const net::IpAddress& address) {
      return type == RrType::any || address_type(address) == type;
    });
  }

  bool apply_port(const UpdateRecord& record, const NamePlace& place) {
    if (record.type != RrType::srv && !(record.rr_class == RrClass::any && record.type == RrType::any))
      return refuse(record, "only SRV records stand here");
    const auto here = [&](const Port& port) {
      return port.protocol == place.protocol && registry::ascii_lower(port.name) == place.port;
    };
    if (record.rr_class == RrClass::any) {
      for (Draft* draft : drafts_at(
               {.kind = NamePlace::Kind::service, .service = place.service, .instance = {}, .port = {}}))
        std::erase_if(draft->body.ports, here);
      return true;
    }
    const Srv srv = decode_srv(record.rdata);
    const NamePlace target =
        srv.target.is_at_or_below(view_.domain) ? place_of(srv.target, view_.domain) : NamePlace{};
    const bool adds = record.rr_class == RrClass::in;
    if (target.kind != NamePlace::Kind::instance || target.service != place.service)
      return adds ? refuse(record, "the target is no instance of this service") : true;
    Draft* draft = by_label(target.service, target.instance, false);
    if (draft == nullptr)
      return adds ? refuse(record, "the target is not registered, nor added before in this message") : true;
    if (!adds) {
      std::erase_if(draft->body.ports,
                    [&](const Port& port) { return here(port) && port.number == srv.port; });
      return true;
    }
    return set_port(record, srv, place, *draft);
  }

  bool set_port(const UpdateRecord& record, const Srv& srv, const NamePlace& place, Draft& draft) {
    if (srv.port == 0) return refuse(record, "a port is from 1 to 65535");
    auto& ports = draft.body.ports;
    const auto same = std::find_if(ports.begin(), ports.end(), [&](const Port& port) {
      return port.protocol == place.protocol && registry::ascii_lower(port.name) == place.port;
    });
    if (same != ports.end()) {
      same->number = srv.port;
    } else {
      if (ports.size() == registry::kMaxPorts) return refuse(record, "an instance has at most 64 ports");
      Port port;
      port.name = place.port;
      port.number = srv.port;
      port.protocol = place.protocol;
      ports.push_back(std::move(port));
    }
    draft.added = true;
    draft.body.priority = srv.priority;
    draft.body.weight = srv.weight;
    return true;
  }

  // Of an instance's name its own; of a service's all that have a claim of ours or get one by this message.
  std::vector<Draft*> drafts_at(const NamePlace& place) {
    std::vector<Draft*> found;
    if (place.kind == NamePlace::Kind::instance) {
      if (Draft* draft = by_label(place.service, place.instance, false)) found.push_back(draft);
      return found;
    }
    for (const Known& known : view_.claimed(place.service)) take(known);
    for (Draft& draft : drafts_) {
      if (registry::ascii_lower(draft.service) == place.service) found.push_back(&draft);
    }
    return found;
  }

  Draft* by_label(const std::string& service, const std::string& label, bool create) {
    if (const auto known = view_.find_label(service, label)) return take(*known);
    return by_id(service, label, create);
  }

  // Null: not known, nor named before in this message, and not to be created. Precondition of creation: the
  // service's label is not reserved.
  Draft* by_id(const std::string& service, const std::string& id, bool create) {
    if (Draft* draft = find_draft(service, id)) return draft;
    if (const auto known = view_.find_id(service, id)) return take(*known);
    return create ? keep({.service = *view_.service_for(service), .id = id, .body = {}, .claim = nullptr})
                  : nullptr;
  }

  // An instance that others registered is claimed with what it is known by, so that its ports may be added
  // to.
  Draft* take(const Known& known) {
    if (Draft* draft = find_draft(registry::ascii_lower(known.service), known.id)) return draft;
    Draft draft{.service = known.service, .id = known.id, .body = {}, .claim = known.claim};
    if (known.claim != nullptr) {
      draft.body = *known.claim;
    } else {
      draft.body.addresses = known.merged->addresses;
      draft.body.ports = known.merged->ports;
    }
    return keep(std::move(draft));
  }

  Draft* keep(Draft draft) {
    Draft& kept = drafts_.emplace_back(std::move(draft));
    index_[{registry::ascii_lower(kept.service), kept.id}] = &kept;
    return &kept;
  }

  Draft* find_draft(const std::string& service, const std::string& id) {
    const auto found = index_.find({service, id});
    return found == index_.end() ? nullptr : found->second;
  }

  const Update& update_;
  const RegistrationsView& view_;
  std::deque<Draft> drafts_;  // in the order in which the message names them
  std::map<std::pair<std::string, std::string>, Draft*> index_;  // by folded service and id
  std::optional<UpdateRefusal> refusal_;
};

}  // namespace

net::Result<std::vector<registry::Change>, UpdateRefusal> plan_registrations(
    const Update& update, const RegistrationsView& view, std::optional<registry::Millis> lease,
    const std::string& by) {
  return Planner(update, view).plan(lease, by);
}

}  // namespace muster::zones
