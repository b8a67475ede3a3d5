#include "zones/naming/dns_sd.h"

#include <algorithm>

#include "registry/label.h"
#include "zones/naming/instance_names.h"
#include "zones/naming/label.h"
#include "zones/naming/native.h"
#include "zones/ready_set.h"
#include "zones/wire_name.h"

namespace muster::zones::naming {

namespace {

using registry::Instance;

constexpr std::size_t kHashSymbols = 8;
constexpr std::size_t kPathTextMax = 255;

// `path=` of the URL, where nothing else tells one; "": none.
std::string path_of_url(const registry::InstanceBody& body, const std::vector<std::string>& strings) {
  if (!body.url || registry::is_hostless(body)) return {};
  const auto is_path = [](const std::string& text) { return text.starts_with("path="); };
  if (std::any_of(strings.begin(), strings.end(), is_path)) return {};
  const std::string& url = body.url->url;
  const std::size_t path = url.find_first_of("/?#", url.find("://") + 3);  // RFC 3986 §3.2
  if (path == url.npos || url[path] != '/' || url.size() - path + 5 > kPathTextMax) return {};
  return "path=" + url.substr(path);
}

// txtvers first, then path (RFC 6763 §6.7, and what browsers of _http look for), then the rest by key.
std::vector<std::string> browse_strings(const Instance& instance, const ServicePolicy& policy) {
  auto strings = txt_strings(*instance.body, policy);
  if (auto path = path_of_url(*instance.body, strings); !path.empty()) strings.push_back(std::move(path));
  std::erase_if(strings, [](const std::string& text) {
    return Name::equal_fold(std::string_view(text).substr(0, 8), "txtvers=");
  });
  std::stable_partition(strings.begin(), strings.end(),
                        [](const std::string& text) { return text.starts_with("path="); });
  strings.insert(strings.begin(), "txtvers=1");
  return strings;
}

}  // namespace

std::vector<Offer> offers_of(const Instance& instance) {
  std::vector<Offer> offers;
  for (const registry::Port& port : instance.body->ports) {
    ServiceType type{registry::ascii_lower(port.name.empty() ? instance.service : port.name), port.protocol};
    const auto same = [&](const Offer& offer) { return offer.type == type; };
    if (std::none_of(offers.begin(), offers.end(), same)) offers.push_back({std::move(type), &port});
  }
  return offers;
}

std::optional<Name> type_name(const Name& domain, const ServiceType& type) {
  return domain.below({underscored(type.label), underscored(registry::to_string(type.protocol))});
}

std::string browse_label(const Instance& instance) {
  std::string label;
  label.reserve(instance.service.size() + 1 + instance.label.size());
  label.append(instance.service).append(1, ' ').append(instance.label);
  return label.size() <= kLabelMax ? label : hash_label(instance.service + "/" + instance.id, kHashSymbols);
}

std::optional<Name> browse_name(const Name& domain, const ServiceType& type, const Instance& instance) {
  return domain.below(
      {browse_label(instance), underscored(type.label), underscored(registry::to_string(type.protocol))});
}

NameSpec browse_spec(const Name& owner, const Offer& offer, const Name& target, const Instance& instance,
                     TtlRange range, const ServicePolicy& policy) {
  const std::uint16_t weight = own_weight(instance, policy.srv_weight_scale);
  const Ttls ttl{ttl_of(instance, range).seconds, range.most};
  Note note;
  tell_silence(instance, note);
  NameSpec spec{.owner = owner, .rrsets = {}};
  spec.rrsets.reserve(2);
  add_own_rrset(spec, RrType::srv, ttl, note)
      .members.push_back(own_srv(*offer.port, weight, target, *instance.body));
  add_own_rrset(spec, RrType::txt, ttl, note).members.emplace_back().rdata =
      encode_txt(browse_strings(instance, policy));
  return spec;
}

std::optional<Name> dns_sd_name(const Name& domain, std::string_view label) {
  auto name = domain.child("_udp");
  if (name) name = name->child("_dns-sd");
  return name ? name->child(label) : std::nullopt;
}

std::vector<NameSpec> browsing_domain_specs(const Name& domain, std::uint32_t ttl) {
  std::vector<NameSpec> specs;
  for (const std::string_view label : {"b", "lb", "r"}) {
    if (auto owner = dns_sd_name(domain, label))
      specs.push_back({std::move(*owner), {ptr_rrset(ttl, {domain})}});
  }
  return specs;
}

RrsetSpec ptr_rrset(std::uint32_t ttl, const std::vector<Name>& targets) {
  RrsetSpec rrset;
  rrset.type = RrType::ptr;
  rrset.ttl = ttl;
  rrset.members.reserve(targets.size());
  for (const Name& target : targets) {
    rrset.members.push_back({.rdata = std::string(target.wire()), .weight = 1, .tier = 0, .addresses = {}});
  }
  return rrset;
}

}  // namespace muster::zones::naming
