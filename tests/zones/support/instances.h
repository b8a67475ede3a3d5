// Instances, small services and SRV fields for tests of names.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "registry/model.h"
#include "zones/answer_spec.h"

namespace muster::zones::test {

inline Name name(std::string_view text) { return *Name::from_text(text); }

inline net::IpAddress ip(std::string_view text) { return *net::parse_ip(text); }

inline registry::Port port(std::uint16_t number, std::string label = "",
                           registry::Protocol protocol = registry::Protocol::tcp) {
  registry::Port port;
  port.number = number;
  port.name = std::move(label);
  port.protocol = protocol;
  return port;
}

// An instance that grows by its own words: Make("web", "i1").at("10.0.0.1").on(port(80)).
struct Make {
  registry::Instance instance;
  registry::InstanceBody body;

  Make(std::string service, std::string id) {
    instance.service = std::move(service);
    instance.label = id;
    instance.id = std::move(id);
  }
  Make& at(std::string_view address) { return body.addresses.push_back(ip(address)), *this; }
  Make& on(registry::Port port) { return body.ports.push_back(std::move(port)), *this; }
  Make& weight(std::uint16_t weight) {
    return body.weight = weight, instance.effective_weight = weight, *this;
  }
  Make& effective(double weight) { return instance.effective_weight = weight, *this; }
  Make& priority(std::uint16_t priority) { return body.priority = priority, *this; }
  Make& state(registry::State state) { return instance.state = state, *this; }
  Make& admin(registry::AdminMode admin) { return instance.admin = admin, *this; }
  Make& draining() { return instance.draining_since = registry::WallTime{}, *this; }
  Make& lease(int seconds) { return instance.lease = std::chrono::seconds(seconds), *this; }
  Make& suspect(std::int64_t silent_since_seconds) {
    instance.lease_state = registry::LeaseState::suspect;
    instance.silent_since = registry::WallTime(std::chrono::seconds(silent_since_seconds));
    return *this;
  }
  Make& low() { return instance.lease_low = true, *this; }
  Make& tag(std::string key, std::string value) {
    return body.tags.emplace_back(std::move(key), std::move(value)), *this;
  }
  Make& property(std::string key, std::string value) {
    return body.properties.emplace_back(std::move(key), std::move(value)), *this;
  }
  // Its addresses and ports are those of the URL.
  Make& url(std::string_view text, registry::AddressType type = registry::AddressType::url) {
    const auto fault = registry::take_url(text, type, body);
    if (fault) throw std::runtime_error(std::string(text) + " " + *fault);
    return *this;
  }
  Make& reason(registry::Reason reason) { return instance.reason = reason, *this; }
  Make& sequence(std::uint64_t sequence) { return instance.sequence = sequence, *this; }

  registry::InstancePtr get() const {
    auto made = std::make_shared<registry::Instance>(instance);
    made->body = std::make_shared<const registry::InstanceBody>(body);
    return made;
  }
};

struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
  bool operator==(const Srv&) const = default;
};
inline Srv srv(const std::string& rdata) {
  const auto u16 = [&](std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(rdata[at]) << 8 |
                                      static_cast<unsigned char>(rdata[at + 1]));
  };
  return {u16(0), u16(2), u16(4), Name::from_wire(rdata.substr(6))->text()};
}

inline const RrsetSpec* find(const std::vector<RrsetSpec>& rrsets, RrType type) {
  for (const RrsetSpec& rrset : rrsets) {
    if (rrset.type == type) return &rrset;
  }
  return nullptr;
}

// The character strings of a TXT record.
inline std::vector<std::string> txt(const std::string& rdata) {
  std::vector<std::string> strings;
  for (std::size_t at = 0; at < rdata.size(); at += 1 + static_cast<unsigned char>(rdata[at])) {
    strings.push_back(rdata.substr(at + 1, static_cast<unsigned char>(rdata[at])));
  }
  return strings;
}

}  // namespace muster::zones::test
