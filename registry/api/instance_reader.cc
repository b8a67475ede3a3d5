#include "registry/api/instance_reader.h"

#include <algorithm>
#include <cmath>

#include "registry/api/limits.h"
#include "registry/api/native_names.h"
#include "registry/health/check_json.h"
#include "registry/health/own_check.h"
#include "registry/limits.h"
#include "registry/properties.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;
using Draft = InstanceDraft;

// ---- addresses

std::string fault_of_address(const IpAddress& address, std::string_view text) {
  const std::string shown(text);
  if (address.is_unspecified()) {
    return shown +
           " is the unspecified address: give one that clients can connect to, or \"auto\" for the caller's";
  }
  if (address.is_multicast()) return shown + " is a multicast address: an instance needs one of its own";
  if (address.is_broadcast()) return shown + " is the broadcast address: an instance needs one of its own";
  return {};
}

bool read_literal(std::string_view text, const Place& at, Reading& reading, IpAddress& out) {
  if (text == "auto") {
    out = reading.context.caller;
    return true;
  }
  if (text.find('%') != std::string_view::npos) {
    return reading.refuse(at, "a zone id means nothing to other machines: give the address without \"%…\"");
  }
  const auto address = net::parse_ip(text);
  if (!address) return reading.must_be(at, "an IPv4 or IPv6 address, or \"auto\"");
  out = *address;
  std::string fault = fault_of_address(out, text);
  return fault.empty() || reading.refuse(at, std::move(fault));
}

// One address twice says nothing new; an RRset could not hold it twice either.
bool add_address(const json::value& value, const Place& at, Reading& reading, std::vector<IpAddress>& out) {
  IpAddress address;
  if (!value.is_string()) return reading.must_be(at, "a string with an IPv4 or IPv6 address");
  if (!read_literal(value.get_string(), at, reading, address)) return false;
  if (std::ranges::find(out, address) == out.end()) out.push_back(address);
  return true;
}

bool refuse_both(const Place& at, Reading& reading, std::string_view one, std::string_view other) {
  std::string message = "give either ";
  return reading.refuse(at, message.append(one).append(" or ").append(other).append(", not both"));
}

bool read_addresses(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  auto& addresses = out.body.addresses;
  if (!addresses.empty()) return refuse_both(at, reading, "address", "addresses");
  return read_array(value, at, reading, kMaxAddresses, [&](const json::value& element, const Place& here) {
    return add_address(element, here, reading, addresses);
  });
}

bool read_address(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!out.body.addresses.empty()) return refuse_both(at, reading, "address", "addresses");
  return add_address(value, at, reading, out.body.addresses);
}

// ---- ports

bool read_port_name(const json::value& value, const Place& at, Reading& reading, Port& out) {
  if (!value.is_string()) return reading.must_be(at, "a string");
  auto fault = fault_of_port_name(std::string_view(value.get_string()));
  if (fault) return reading.refuse(at, std::move(*fault));
  out.name = std::string_view(value.get_string());
  return true;
}

bool read_port_number(const json::value& value, const Place& at, Reading& reading, Port& out) {
  return read_whole(value, at, reading, 1, 65535, out.number);
}

bool read_protocol(const json::value& value, const Place& at, Reading& reading, Port& out) {
  if (value == "tcp" || value == "udp") {
    out.protocol = value == "tcp" ? Protocol::tcp : Protocol::udp;
    return true;
  }
  return reading.must_be(at, "\"tcp\" or \"udp\"");
}

bool read_service_port(const json::value& value, const Place& at, Reading& reading, Port& out) {
  return read_whole(value, at, reading, 1, 65535, out.service_port);
}

bool read_scope(const json::value& value, const Place& at, Reading& reading, Port& out) {
  if (value == "host" || value == "container") {
    out.scope = value == "host" ? PortScope::host : PortScope::container;
    return true;
  }
  return reading.must_be(at, "\"host\" or \"container\"");
}

bool read_port_attributes(const json::value& value, const Place& at, Reading& reading, Port& out) {
  return read_attributes(value, at, reading, out.attributes);
}

constexpr Member<Port> kPortMembers[] = {
    {"name", read_port_name}, {"port", read_port_number},
    {"proto", read_protocol}, {"service_port", read_service_port},
    {"scope", read_scope},    {"attributes", read_port_attributes},
};

// Two named ports may not share name and protocol: they would be one SRV owner with two meanings. Unnamed
// ones are told apart by their numbers.
bool same_port(const Port& a, const Port& b) {
  return a.protocol == b.protocol && a.name == b.name && (!a.name.empty() || a.number == b.number);
}

bool add_port(const json::value& value, const Place& at, Reading& reading, std::vector<Port>& out) {
  Port port;
  if (!read_object(value, at, reading, kPortMembers, port)) return false;
  if (port.number == 0) return reading.refuse(at, "port is missing: give a number, 1 to 65535");
  const bool taken = std::ranges::any_of(out, [&](const Port& other) { return same_port(port, other); });
  if (taken) return reading.refuse(at, "two ports with the same name and proto: give each its own name");
  out.push_back(std::move(port));
  return true;
}

bool read_ports(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  auto& ports = out.body.ports;
  if (!ports.empty()) return refuse_both(at, reading, "port", "ports");
  return read_array(value, at, reading, kMaxPorts, [&](const json::value& element, const Place& here) {
    return add_port(element, here, reading, ports);
  });
}

bool read_port(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!out.body.ports.empty()) return refuse_both(at, reading, "port", "ports");
  return read_port_number(value, at, reading, out.body.ports.emplace_back());
}

// ---- numbers and descriptions

bool read_weight(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_whole(value, at, reading, 0, 65535, out.body.weight.emplace());
}

bool read_priority(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_whole(value, at, reading, 0, 65535, out.body.priority.emplace());
}

bool read_order(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_whole(value, at, reading, INT32_MIN, INT32_MAX, out.body.order.emplace());
}

bool read_tag(const json::key_value_pair& pair, const Place& at, Reading& reading, Tags& out) {
  std::string value;
  if (!is_key(pair.key())) {
    return reading.refuse(at,
                          "a tag's key must be 1 to 63 octets of a-z, 0-9 and _ . -, "
                          "beginning and ending with a letter or digit");
  }
  if (!read_text(pair.value(), at, reading, kMaxTagValue, value)) return false;
  out.emplace_back(at.key, std::move(value));
  return true;
}

bool read_tags(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object of strings");
  const auto& object = value.get_object();
  if (object.size() > kMaxTags) return reading.must_be(at, "at most 32 tags");
  for (const auto& pair : object) {
    if (!read_tag(pair, member_of(at, pair.key()), reading, out.body.tags)) return false;
  }
  std::ranges::sort(out.body.tags);
  return true;
}

bool read_property(const json::key_value_pair& pair, const Place& at, Reading& reading, Tags& out) {
  if (!pair.value().is_string()) return reading.must_be(at, "a string");
  const std::string_view value = pair.value().get_string();
  if (auto fault = fault_of_property(pair.key(), value)) return reading.refuse(at, std::move(*fault));
  out.emplace_back(at.key, value);
  return true;
}

bool read_properties(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object of strings");
  for (const auto& pair : value.get_object()) {
    if (!read_property(pair, member_of(at, pair.key()), reading, out.body.properties)) return false;
  }
  if (auto fault = fault_of_properties(out.body.properties))
    return reading.refuse(at, "properties " + *fault);
  std::ranges::sort(out.body.properties);
  return true;
}

// JSON knows no infinity, but whoever reads 1e999 into a double gets one.
bool is_finite(const json::value& value) {
  if (value.is_double()) return std::isfinite(value.get_double());
  if (value.is_array()) return std::ranges::all_of(value.get_array(), is_finite);
  if (!value.is_object()) return true;
  return std::ranges::all_of(value.get_object(), [](const auto& pair) { return is_finite(pair.value()); });
}

bool read_meta(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object");
  if (!is_finite(value)) return reading.must_be(at, "without numbers beyond a double's range");
  std::string meta;
  append_compact(meta, reading.raw.at(at));
  const bool fits = meta.size() <= kMaxMeta;
  out.body.meta = std::move(meta);
  return fits || reading.must_be(at, "at most 4096 octets as compact JSON");
}

bool read_version(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  std::string version;
  const bool is_read = read_text(value, at, reading, kMaxVersion, version);
  out.body.version = std::move(version);
  return is_read;
}

bool read_task(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_text(value, at, reading, kMaxForeignName, out.body.task);
}

bool read_body_attributes(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_attributes(value, at, reading, out.body.attributes);
}

bool read_lease(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_span(value, at, reading, out.lease.emplace());
}

bool read_draft_generation(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_generation(value, at, reading, out.generation);
}

bool read_service(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_name(value, at, reading, out.service);
}

bool read_id(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  return read_name(value, at, reading, out.id);
}

bool read_own_checks(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  auto checks = health::read_own_checks(value);
  if (checks) {
    out.body.checks = std::move(*checks);
    return true;
  }
  health::CheckFault fault = checks.error();
  reading.error = {fault.is_unknown ? ErrorCode::unknown_field : ErrorCode::invalid_field,
                   std::move(fault.message), pointer_to(at) + fault.pointer};
  return false;
}

// A check by a port that is not there would never look.
bool has_ports_of_checks(const Place& at, Reading& reading, const InstanceBody& body) {
  if (!body.checks) return true;
  const Place list = member_of(at, "checks");
  for (std::size_t i = 0; i < (*body.checks).size(); ++i) {
    const health::OwnCheck& check = (*body.checks)[i];
    if (check.type == health::CheckType::ttl || check.port_number != 0) continue;
    const Place place = element_of(list, i);
    if (check.port_name.empty() && body.ports.empty())
      return reading.refuse(member_of(place, "port"),
                            "port is missing: the instance has none to look at, give the check a number");
    if (check.port_name.empty() ||
        std::ranges::find(body.ports, check.port_name, &Port::name) != body.ports.end())
      continue;
    return reading.refuse(
        member_of(place, "port"),
        "port \"" + check.port_name + "\" is none of the instance's: give it that name there");
  }
  return true;
}

// ---- URLs

bool read_address_type(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  const std::string_view word = value.is_string() ? std::string_view(value.get_string()) : std::string_view();
  if (auto why = why_not_publishable(word))
    return reading.refuse(at, std::move(*why), ErrorCode::address_type_not_publishable);
  out.address_type = address_type_from(word);
  return out.address_type ||
         reading.must_be(
             at, "one of url, prefix, default and response; leave it out to give addresses and ports");
}

bool read_url(const json::value& value, const Place& at, Reading& reading, Draft& out) {
  if (!value.is_string()) return reading.must_be(at, "a string");
  out.url = std::string_view(value.get_string());
  return true;
}

bool refuse_beside_url(const Place& at, Reading& reading, std::string_view field) {
  return reading.refuse(member_of(at, field),
                        std::string(field) + " and url: the URL tells address and port, give nothing but it");
}

bool has_probes(const InstanceBody& body) {
  return body.checks && std::ranges::any_of(*body.checks, [](const health::OwnCheck& check) {
           return check.type != health::CheckType::ttl;
         });
}

bool settle_url(const Place& at, Reading& reading, Draft& out) {
  if (!out.url) {
    return !out.address_type ||
           reading.refuse(member_of(at, "url"), "url is missing: address_type says what kind of URL it is");
  }
  if (!out.body.addresses.empty()) return refuse_beside_url(at, reading, "addresses");
  if (!out.body.ports.empty()) return refuse_beside_url(at, reading, "ports");
  if (auto fault = take_url(*out.url, out.address_type.value_or(AddressType::url), out.body))
    return reading.refuse(member_of(at, "url"), "url " + *fault);
  if (!is_hostless(out.body) || !has_probes(out.body)) return true;
  return reading.refuse(member_of(at, "checks"),
                        "checks has nothing to look at: the URL has no host, only ttl checks make sense");
}

bool refuse_read_only(const json::value&, const Place& at, Reading& reading, Draft&) {
  return reading.refuse(at, std::string(at.key) + " is read-only: leave it out", ErrorCode::unknown_field);
}

constexpr Member<Draft> kMembers[] = {
    {"service", read_service},
    {"id", read_id},
    {"generation", read_draft_generation},
    {"addresses", read_addresses},
    {"address", read_address},
    {"ports", read_ports},
    {"port", read_port},
    {"weight", read_weight},
    {"priority", read_priority},
    {"order", read_order},
    {"tags", read_tags},
    {"meta", read_meta},
    {"version", read_version},
    {"attributes", read_body_attributes},
    {"properties", read_properties},
    {"lease", read_lease},
    {"task", read_task},
    {"checks", read_own_checks},
    {"address_type", read_address_type},
    {"url", read_url},
    {"label", refuse_read_only},
    {"revision", refuse_read_only},
    {"state", refuse_read_only},
    {"serving", refuse_read_only},
    {"reason", refuse_read_only},
    {"effective_weight", refuse_read_only},
    {"admin", refuse_read_only},
    {"draining", refuse_read_only},
    {"sources", refuse_read_only},
    {"owner", refuse_read_only},
    {"created_at", refuse_read_only},
    {"scheduler", refuse_read_only},
    {"host_addresses", refuse_read_only},
};

bool settle(const Place& at, Reading& reading, std::string_view key, const std::string& named,
            std::string& name) {
  if (name.empty()) name = named;
  if (named.empty() || name == named) return true;
  const Place here = member_of(at, key);
  return reading.refuse(here, std::string(key) + " must be \"" + named + "\" as in the path, or left out");
}

}  // namespace

bool read_generation(const json::value& value, const Place& at, Reading& reading,
                     std::optional<std::uint64_t>& out) {
  return read_whole(value, at, reading, 1, kMaxGeneration, out.emplace());
}

bool read_name(const json::value& value, const Place& at, Reading& reading, std::string& out) {
  return read_text(value, at, reading, kMaxForeignName, out);
}

bool settle_names(const Place& at, Reading& reading, const Named& named, std::string& service,
                  std::string& id) {
  if (!settle(at, reading, "service", named.service, service) || !settle(at, reading, "id", named.id, id)) {
    return false;
  }
  if (auto fault = fault_of_service_name(service)) {
    return reading.refuse(member_of(at, "service"), std::move(*fault), ErrorCode::bad_name);
  }
  if (auto fault = fault_of_instance_id(id)) {
    return reading.refuse(member_of(at, "id"), std::move(*fault), ErrorCode::bad_name);
  }
  return true;
}

bool read_instance(const json::value& value, const Place& at, Reading& reading, InstanceDraft& out) {
  if (!read_object(value, at, reading, kMembers, out)) return false;
  if (!settle_url(at, reading, out)) return false;
  if (out.body.url || !out.body.addresses.empty()) return has_ports_of_checks(at, reading, out.body);
  return reading.refuse(
      member_of(at, "addresses"),
      "addresses is missing: give at least one IPv4 or IPv6 address, \"auto\" for the caller's, or a url");
}

}  // namespace muster::registry::api
