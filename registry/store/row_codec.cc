#include "registry/store/row_codec.h"

#include <boost/json.hpp>

#include "registry/health/check_json.h"
#include "registry/json_text.h"
#include "registry/store/plain_body.h"

namespace muster::registry {
namespace {

namespace json = boost::json;

// ---- writing --------------------------------------------------------------------------------------------

// The members of one object, commas between them.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }
  std::string& name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, key);
    out_ += ':';
    return out_;
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) append_json_string(name(key), value);
  }
  void number(std::string_view key, std::int64_t value) { name(key) += std::to_string(value); }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

void append_addresses(Members& members, std::string_view key, const std::vector<IpAddress>& addresses) {
  if (addresses.empty()) return;
  std::string& out = members.name(key);
  char before = '[';
  for (const IpAddress& address : addresses) {
    out += before;
    append_json_string(out, net::to_string(address));
    before = ',';
  }
  out += ']';
}

void append_tags(Members& members, std::string_view key, const Tags& tags) {
  if (tags.empty()) return;
  Members inner(members.name(key));
  for (const auto& [name, value] : tags) append_json_string(inner.name(name), value);
  inner.close();
}

void append_attributes(Members& members, const Attributes& attributes) {
  if (attributes.empty()) return;
  Members inner(members.name("attributes"));
  for (const auto& [name, value] : attributes) append_json_number(inner.name(name), value);
  inner.close();
}

void append_port(std::string& out, const Port& port) {
  Members members(out);
  members.text("name", port.name);
  members.number("port", port.number);
  if (port.protocol == Protocol::udp) members.text("proto", "udp");
  if (port.scope == PortScope::container) members.text("scope", "container");
  if (port.service_port) members.number("service_port", port.service_port);
  append_attributes(members, port.attributes);
  members.close();
}

void append_ports(Members& members, const std::vector<Port>& ports) {
  if (ports.empty()) return;
  std::string& out = members.name("ports");
  char before = '[';
  for (const Port& port : ports) {
    out += before;
    append_port(out, port);
    before = ',';
  }
  out += ']';
}

void append_lyft(Members& members, const LyftFields& lyft) {
  Members inner(members.name("lyft"));
  inner.text("repo", lyft.service_repo_name);
  inner.text("tags", lyft.tags_json);
  inner.close();
}

// ---- reading --------------------------------------------------------------------------------------------

using Check = std::optional<BodyError>;  // nothing: all is well

Check read_text(const json::value& value, std::string& into) {
  if (!value.is_string()) return BodyError::wrong_type;
  into.assign(value.get_string().data(), value.get_string().size());
  return {};
}

template <class Number>
Check read_number(const json::value& value, Number& into) {
  if (!value.is_int64()) return BodyError::wrong_type;
  if (!std::in_range<Number>(value.get_int64())) return BodyError::out_of_range;
  into = static_cast<Number>(value.get_int64());
  return {};
}

template <class Number>
Check read_number(const json::value& value, std::optional<Number>& into) {
  return read_number(value, into.emplace());
}

Check read_addresses(const json::value& value, std::vector<IpAddress>& into) {
  if (!value.is_array()) return BodyError::wrong_type;
  for (const json::value& element : value.get_array()) {
    if (!element.is_string()) return BodyError::wrong_type;
    const auto address =
        net::parse_ip(std::string_view(element.get_string().data(), element.get_string().size()));
    if (!address) return BodyError::bad_address;
    into.push_back(*address);
  }
  return {};
}

Check read_tags(const json::value& value, Tags& into) {
  if (!value.is_object()) return BodyError::wrong_type;
  for (const auto& member : value.get_object()) {
    std::string text;
    if (const Check bad = read_text(member.value(), text)) return bad;
    into.emplace_back(std::string(member.key()), std::move(text));
  }
  return {};
}

Check read_attributes(const json::value& value, Attributes& into) {
  if (!value.is_object()) return BodyError::wrong_type;
  for (const auto& member : value.get_object()) {
    if (!member.value().is_number()) return BodyError::wrong_type;
    into.emplace_back(std::string(member.key()), member.value().to_number<double>());
  }
  return {};
}

// One of two words, the second being the one that is written.
template <class Enum>
Check read_word(const json::value& value, std::string_view word, Enum meaning, Enum& into) {
  if (!value.is_string()) return BodyError::wrong_type;
  if (value.get_string() != word) return BodyError::out_of_range;
  into = meaning;
  return {};
}

Check read_port_member(std::string_view key, const json::value& value, Port& port) {
  if (key == "name") return read_text(value, port.name);
  if (key == "port") return read_number(value, port.number);
  if (key == "proto") return read_word(value, "udp", Protocol::udp, port.protocol);
  if (key == "scope") return read_word(value, "container", PortScope::container, port.scope);
  if (key == "service_port") return read_number(value, port.service_port);
  if (key == "attributes") return read_attributes(value, port.attributes);
  return BodyError::unknown_member;
}

Check read_port(const json::value& value, Port& port) {
  if (!value.is_object()) return BodyError::wrong_type;
  for (const auto& member : value.get_object())
    if (const Check bad = read_port_member(member.key(), member.value(), port)) return bad;
  if (port.number == 0) return BodyError::out_of_range;  // never a port 0
  return {};
}

Check read_ports(const json::value& value, std::vector<Port>& into) {
  if (!value.is_array()) return BodyError::wrong_type;
  for (const json::value& element : value.get_array())
    if (const Check bad = read_port(element, into.emplace_back())) return bad;
  return {};
}

template <char... kUsual>
Check read_rare(const json::value& value, Check (*read)(const json::value&, std::string&),
                RareText<kUsual...>& into) {
  std::string text;
  const Check bad = read(value, text);
  into = std::move(text);
  return bad;
}

Check read_opaque(const json::value& value, std::string& into) {
  if (const Check bad = read_text(value, into)) return bad;
  json::error_code error;
  const json::value inner = json::parse(into, error);
  if (error || !inner.is_object()) return BodyError::bad_opaque;
  return {};
}

Check read_lyft(const json::value& value, Rare<LyftFields>& into) {
  if (!value.is_object()) return BodyError::wrong_type;
  LyftFields lyft;
  for (const auto& member : value.get_object()) {
    Check bad = BodyError::unknown_member;
    if (member.key() == "repo") bad = read_text(member.value(), lyft.service_repo_name);
    if (member.key() == "tags") bad = read_opaque(member.value(), lyft.tags_json);
    if (bad) return bad;
  }
  into = std::move(lyft);
  return {};
}

// A URL tells addresses and ports, which stand in the row as well: what they are is read from there.
Check complete_url(const std::string& url, AddressType type, InstanceBody& body) {
  InstanceBody by_url;
  if (take_url(url, type, by_url)) return BodyError::bad_url;
  body.url = std::move(by_url.url);
  return {};
}

Check read_address_type(const json::value& value, AddressType& into) {
  std::string word;
  if (const Check bad = read_text(value, word)) return bad;
  const auto type = address_type_from(word);
  if (!type) return BodyError::out_of_range;
  into = *type;
  return {};
}

Check read_checks(const json::value& value, health::OwnChecks& into) {
  auto checks = health::read_own_checks(value);
  if (!checks) return BodyError::bad_checks;
  into = std::move(*checks);
  return {};
}

Check read_member(std::string_view key, const json::value& value, InstanceBody& body) {
  if (key == "addresses") return read_addresses(value, body.addresses);
  if (key == "host_addresses") return read_addresses(value, body.host_addresses);
  if (key == "ports") return read_ports(value, body.ports);
  if (key == "weight") return read_number(value, body.weight);
  if (key == "priority") return read_number(value, body.priority);
  if (key == "order") return read_number(value, body.order);
  if (key == "tags") return read_tags(value, body.tags);
  if (key == "properties") return read_tags(value, body.properties);
  if (key == "attributes") return read_attributes(value, body.attributes);
  if (key == "meta") return read_rare(value, read_opaque, body.meta);
  if (key == "version") return read_rare(value, read_text, body.version);
  if (key == "task") return read_text(value, body.task);
  if (key == "checks") return read_checks(value, body.checks);
  if (key == "lyft") return read_lyft(value, body.lyft);
  return BodyError::unknown_member;
}

}  // namespace

std::string_view to_string(BodyError error) {
  switch (error) {
    case BodyError::not_json: return "not JSON";
    case BodyError::not_an_object: return "not a JSON object";
    case BodyError::unknown_member: return "unknown member";
    case BodyError::wrong_type: return "wrong type";
    case BodyError::out_of_range: return "value out of range";
    case BodyError::bad_address: return "no IP address";
    case BodyError::bad_checks: return "checks that are none";
    case BodyError::bad_url: return "a URL that is none";
    case BodyError::bad_opaque: return "meta or tags are no JSON object";
  }
  return "";
}

void append_body(std::string& out, const InstanceBody& body) {
  Members members(out);
  append_addresses(members, "addresses", body.addresses);
  append_addresses(members, "host_addresses", body.host_addresses);
  append_ports(members, body.ports);
  if (body.url) {
    members.text("url", body.url->url);
    if (body.url->type != AddressType::url) members.text("address_type", to_string(body.url->type));
  }
  if (body.weight) members.number("weight", *body.weight);
  if (body.priority) members.number("priority", *body.priority);
  if (body.order) members.number("order", *body.order);
  append_tags(members, "tags", body.tags);
  append_tags(members, "properties", body.properties);
  append_attributes(members, body.attributes);
  if (!body.meta.is_usual()) members.text("meta", body.meta);
  members.text("version", body.version);
  members.text("task", body.task);
  if (body.lyft) append_lyft(members, *body.lyft);
  if (body.checks) health::append_own_checks(members.name("checks"), *body.checks);
  members.close();
}

// Whatever is not written plainly, faulty or only unusual: names what is wrong with it.
net::Result<BodyPtr, BodyError> read_any_body(std::string_view text) {
  // One row's values live in this buffer and die with it: no allocation for a usual body.
  unsigned char buffer[4096];
  json::monotonic_resource memory(buffer, sizeof buffer);
  json::error_code error;
  const json::value document = json::parse(json::string_view(text.data(), text.size()), error, &memory);
  if (error) return BodyError::not_json;
  if (!document.is_object()) return BodyError::not_an_object;
  auto body = std::make_shared<InstanceBody>();
  std::string url;
  AddressType type = AddressType::url;
  for (const auto& member : document.get_object()) {
    const std::string_view key = member.key();
    const Check bad = key == "url"            ? read_text(member.value(), url)
                      : key == "address_type" ? read_address_type(member.value(), type)
                                              : read_member(key, member.value(), *body);
    if (bad) return *bad;
  }
  if (!url.empty())
    if (const Check bad = complete_url(url, type, *body)) return *bad;
  return BodyPtr(std::move(body));
}

net::Result<BodyPtr, BodyError> read_body(std::string_view text) {
  auto body = std::make_shared<InstanceBody>();
  if (read_plain_body(text, *body)) return BodyPtr(std::move(body));
  return read_any_body(text);
}

}  // namespace muster::registry
