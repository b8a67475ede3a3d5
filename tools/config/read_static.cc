#include <algorithm>

#include "registry/properties.h"
#include "tools/config/read_sections.h"

namespace muster::config {

namespace {

constexpr std::size_t kAddressesMost = 16;

// "" when the address may be published, else why not.
std::string refusal(const net::IpAddress& address) {
  if (address.is_unspecified()) return "is the unspecified address";
  if (address.is_multicast()) return "is a multicast address";
  if (address.is_broadcast()) return "is the broadcast address";
  return "";
}

void add_address(Section& section, std::string_view key, const std::string& text,
                 registry::InstanceBody& body) {
  const auto address = net::parse_ip(text);
  if (!address) {
    section.error(key, "is not an IPv4 or IPv6 address: \"" + text + "\"");
  } else if (const std::string why = refusal(*address); !why.empty()) {
    section.error(key, why + ": nobody could connect to it");
  } else {
    body.addresses.push_back(*address);
  }
}

registry::Port read_port(Section section) {
  registry::Port port;
  port.number = static_cast<std::uint16_t>(section.integer("port", 1, 1, 65535));
  if (!section.has("port")) section.error("port", "is required");
  port.name = section.text("name", "");
  if (port.name.size() > 62) section.error("name", "must have at most 62 octets");
  if (section.choice("proto", "tcp", {"tcp", "udp"}) == "udp") port.protocol = registry::Protocol::udp;
  section.finish();
  return port;
}

std::optional<registry::AddressType> read_address_type(Section& section) {
  const std::string word = section.text("address_type", "");
  if (!section.has("address_type")) return registry::AddressType::url;
  if (const auto why = registry::why_not_publishable(word)) {
    section.diagnostics().error(section.position("address_type"), section.path_of("address_type"), *why);
    return std::nullopt;
  }
  return registry::address_type_from(section.choice("address_type", "url", {"url", "prefix"}));
}

// True: the instance is given by its URL, well or badly.
bool read_url(Section& section, registry::InstanceBody& body) {
  const auto type = read_address_type(section);
  const std::string url = section.text("url", "");
  if (!section.has("url")) {
    if (section.has("address_type") && type)
      section.error("address_type", "needs a url: it says what kind of URL it is");
    return section.has("address_type");
  }
  for (const char* key : {"address", "addresses", "port", "ports"}) {
    if (section.has(key)) section.error(key, "and url: the URL tells address and port, give nothing but it");
  }
  if (const auto fault = registry::take_url(url, type.value_or(registry::AddressType::url), body))
    section.error("url", *fault);
  return true;
}

void read_places(Section& section, registry::InstanceBody& body) {
  if (section.has("address")) add_address(section, "address", section.text("address", ""), body);
  for (const std::string& text : section.texts("addresses", {}))
    add_address(section, "addresses", text, body);
  if (body.addresses.size() > kAddressesMost) section.error("addresses", "must be at most 16");
  if (section.has("port")) {
    registry::Port port;
    port.number = static_cast<std::uint16_t>(section.integer("port", 1, 1, 65535));
    body.ports.push_back(port);
  }
  for (Section& port : section.tables("ports")) body.ports.push_back(read_port(port));
}

void read_tags(Section& section, registry::InstanceBody& body) {
  auto tags = section.table("tags");
  if (!tags) return;
  const toml::table& table = *section.node("tags")->as_table();
  for (const auto& [key, value] : table) {
    body.tags.emplace_back(std::string(key.str()), tags->text(key.str(), ""));
  }
  std::sort(body.tags.begin(), body.tags.end());
}

StaticInstance read_instance(Section section, const std::string& service) {
  StaticInstance instance;
  instance.service = service;
  auto body = std::make_shared<registry::InstanceBody>();
  instance.id = section.text("id", "");
  if (instance.id.empty() || instance.id.size() > 128) section.error("id", "is required, 1 to 128 octets");
  registry::InstanceBody by_url;
  const bool has_url = read_url(section, by_url);
  read_places(section, *body);
  if (!has_url && !section.has("address") && !section.has("addresses"))
    section.error("address", "or addresses or url is required");
  if (by_url.url) *body = std::move(by_url);
  if (section.has("weight"))
    body->weight = static_cast<std::uint16_t>(section.integer("weight", 1, 0, 65535));
  if (section.has("priority"))
    body->priority = static_cast<std::uint16_t>(section.integer("priority", 0, 0, 65535));
  if (section.has("order"))
    body->order = static_cast<std::int32_t>(section.integer("order", 0, INT32_MIN, INT32_MAX));
  body->version = section.text("version", "");
  read_tags(section, *body);
  body->properties = read_properties(section);
  section.finish();
  instance.body = std::move(body);
  return instance;
}

}  // namespace

// Each fault where it stands.
registry::Tags read_properties(Section& section) {
  registry::Tags properties;
  auto inner = section.table("properties");
  if (!inner) return properties;
  for (const auto& [key, value] : *section.node("properties")->as_table()) {
    const std::string name(key.str());
    const std::string text = inner->text(name, "");
    if (const auto fault = registry::fault_of_property(name, text)) {
      inner->diagnostics().error(inner->position(name), inner->path_of(name), *fault);
    } else {
      properties.emplace_back(name, text);
    }
  }
  std::sort(properties.begin(), properties.end());
  if (const auto fault = registry::fault_of_properties(properties)) section.error("properties", *fault);
  return properties;
}

namespace {

bool is_service_label(const std::string& name) {
  const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return !name.empty() && name.size() <= 62 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), good);
}

}  // namespace

void read_static_source(Section& section, std::vector<StaticInstance>& instances) {
  const std::string service = section.text("service", "");
  if (!is_service_label(service)) {
    section.error("service",
                  "is required: one label of lower-case letters, digits and hyphens, at most 62 octets");
  }
  for (Section& table : section.tables("instances")) {
    StaticInstance instance = read_instance(table, service);
    const bool twice = std::any_of(instances.begin(), instances.end(), [&](const StaticInstance& other) {
      return other.service == instance.service && other.id == instance.id;
    });
    if (twice) table.error("id", "\"" + instance.id + "\" stands twice in service " + service);
    instances.push_back(std::move(instance));
  }
  section.finish();
}

}  // namespace muster::config
