#include "zones/registrations.h"

#include <gtest/gtest.h>

#include <sstream>

namespace muster::zones {
namespace {

using registry::InstanceBody;
using registry::Port;

Name name(std::string_view text) { return *Name::from_text(text, *Name::from_text("d.")); }

// As tests/zones/update_test.cc: "web + A 192.0.2.1" adds, "-" deletes a record, "*" an RRset.
UpdateRecord record(const std::string& line) {
  std::istringstream in(line);
  std::string owner;
  std::string what;
  std::string type;
  in >> owner >> what >> type;
  UpdateRecord record{.owner = name(owner), .type = *parse_type(type), .ttl = 5, .rdata = {}};
  if (what != "+") {
    record.rr_class = what == "-" ? RrClass::none : RrClass::any;
    record.ttl = 0;
  }
  std::vector<std::string> texts;
  for (std::string text; in >> text;) texts.push_back(text);
  std::vector<Word> words;
  for (const std::string& text : texts) words.push_back({text});
  if (!words.empty()) record.rdata = *rdata_from_words(record.type, words, name("@"));
  return record;
}

registry::BodyPtr body(const std::vector<std::string>& addresses, const std::vector<Port>& ports = {}) {
  InstanceBody body;
  for (const std::string& address : addresses) body.addresses.push_back(*net::parse_ip(address));
  body.ports = ports;
  return std::make_shared<const InstanceBody>(std::move(body));
}

Port port(std::uint16_t number, const std::string& name = "") {
  Port port;
  port.name = name;
  port.number = number;
  return port;
}

// "web/i1 192.0.2.1 :80 admin:81/udp w5 p1", "web/i1 gone"
std::string text_of(const registry::Change& change) {
  if (const auto* removal = std::get_if<registry::Removal>(&change)) {
    EXPECT_EQ(removal->only_source, registry::SourceKind::update);
    return removal->service + "/" + removal->id + " gone";
  }
  const auto& one = std::get<registry::Registration>(change);
  EXPECT_EQ(one.source.kind, registry::SourceKind::update);
  std::string text = one.service + "/" + one.id;
  for (const auto& address : one.body->addresses) text += " " + to_string(address);
  for (const Port& each : one.body->ports) {
    text += " " + each.name + ":" + std::to_string(each.number);
    if (each.protocol == registry::Protocol::udp) text += "/udp";
  }
  if (one.body->weight) text += " w" + std::to_string(*one.body->weight);
  if (one.body->priority) text += " p" + std::to_string(*one.body->priority);
  return text;
}

// Registered: web/i1 by updates (two addresses, a port), web/Other by heartbeat alone, db/192-0-2-9 by
// updates. The label "shop" is the service "Shop"'s, "ns1" nobody's.
RegistrationsView view() {
  using Known = RegistrationsView::Known;
  static const std::vector<std::pair<std::string, Known>> all = {
      {"i1", {"web", "i1", body({"192.0.2.1", "2001:db8::1"}, {port(80)}), body({"192.0.2.1"})}},
      {"other", {"web", "Other", nullptr, body({"192.0.2.5"}, {port(8080, "http")})}},
      {"192-0-2-9", {"db", "192-0-2-9", body({"192.0.2.9"}), body({"192.0.2.9"})}},
  };
  const auto find = [](auto matches) -> std::optional<Known> {
    for (const auto& [label, known] : all) {
      if (matches(label, known)) return known;
    }
    return std::nullopt;
  };
  return {.domain = name("@"),
          .find_label =
              [=](const std::string& service, const std::string& label) {
                return find([&](const auto& l, const auto& k) { return k.service == service && l == label; });
              },
          .find_id =
              [=](const std::string& service, const std::string& id) {
                return find([&](const auto&, const auto& k) { return k.service == service && k.id == id; });
              },
          .service_for = [](const std::string& label) -> std::optional<std::string> {
            if (label == "ns1") return std::nullopt;
            return label == "shop" ? "Shop" : label;
          },
          .claimed =
              [](const std::string& service) {
                std::vector<Known> claimed;
                for (const auto& [label, known] : all) {
                  if (known.service == service && known.claim != nullptr) claimed.push_back(known);
                }
                return claimed;
              }};
}

Update update(const std::vector<std::string>& lines) {
  Update update{.zone = name("@"), .prerequisites = {}, .changes = {}};
  for (const std::string& line : lines) update.changes.push_back(record(line));
  return update;
}

TEST(Registrations, AnUpdateBecomesWhatTheRegistryUnderstands) {
  struct Row {
    const char* why;
    std::vector<std::string> lines;
    std::vector<std::string> changes;
  };
  const Row rows[] = {
      {"an instance by its name", {"i2.web + A 192.0.2.2"}, {"web/i2 192.0.2.2"}},
      {"both families",
       {"i2.web + A 192.0.2.2", "i2.web + AAAA 2001:db8::2"},
       {"web/i2 192.0.2.2 2001:db8::2"}},
      {"without a name, by its address", {"web + A 192.0.2.2"}, {"web/192-0-2-2 192.0.2.2"}},
      {"of both families each its own",
       {"web + A 192.0.2.2", "web + AAAA 2001:db8::2"},
       {"web/192-0-2-2 192.0.2.2", "web/2001-db8--2 2001:db8::2"}},
      {"names are folded", {"I2.WEB + A 192.0.2.2"}, {"web/i2 192.0.2.2"}},
      {"a service is the one that answers at the label", {"i1.shop + A 192.0.2.2"}, {"Shop/i1 192.0.2.2"}},
      {"with a port",
       {"i2.web + A 192.0.2.2", "_web._tcp + SRV 1 5 80 i2.web"},
       {"web/i2 192.0.2.2 :80 w5 p1"}},
      {"with a named one",
       {"i2.web + A 192.0.2.2", "_admin._udp.web + SRV 0 1 81 i2.web"},
       {"web/i2 192.0.2.2 admin:81/udp w1 p0"}},
      {"another address of a known one",
       {"i1.web + A 192.0.2.7"},
       {"web/i1 192.0.2.1 2001:db8::1 192.0.2.7 :80"}},
      {"the same again renews", {"i1.web + A 192.0.2.1"}, {"web/i1 192.0.2.1 2001:db8::1 :80"}},
      {"another port in place of the old",
       {"_web._tcp + SRV 0 1 90 i1.web"},
       {"web/i1 192.0.2.1 2001:db8::1 :90 w1 p0"}},
      {"a port of an instance that others registered",
       {"_admin._tcp.web + SRV 0 1 81 other.web"},
       {"web/Other 192.0.2.5 http:8080 admin:81 w1 p0"}},
      {"an address is deleted", {"i1.web - A 192.0.2.1"}, {"web/i1 2001:db8::1 :80"}},
      {"a family", {"i1.web * AAAA"}, {"web/i1 192.0.2.1 :80"}},
      {"the last address", {"i1.web - A 192.0.2.1", "i1.web - AAAA 2001:db8::1"}, {"web/i1 gone"}},
      {"the name", {"i1.web * ANY"}, {"web/i1 gone"}},
      {"by its address", {"db - A 192.0.2.9"}, {"db/192-0-2-9 gone"}},
      {"a service's addresses: what updates brought, no more", {"web * A"}, {"web/i1 2001:db8::1 :80"}},
      {"all of a service", {"web * ANY"}, {"web/i1 gone"}},
      {"a port is deleted", {"_web._tcp - SRV 0 0 80 i1.web"}, {"web/i1 192.0.2.1 2001:db8::1"}},
      {"another is not there", {"_web._tcp - SRV 0 0 81 i1.web"}, {}},
      {"all of them", {"_web._tcp * SRV"}, {"web/i1 192.0.2.1 2001:db8::1"}},
      {"replaced in one message", {"i1.web * ANY", "i1.web + A 192.0.2.8"}, {"web/i1 192.0.2.8 :80"}},
      {"what nobody registered is no error", {"i9.web * ANY", "web - A 192.0.2.99", "_x._tcp * SRV"}, {}},
      {"what others registered stays theirs", {"other.web * ANY", "other.web - A 192.0.2.5"}, {}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = plan_registrations(update(row.lines), view(), registry::Millis(7'000), "127.0.0.1");
    ASSERT_TRUE(result.has_value()) << result.error().reason;
    std::vector<std::string> texts;
    for (const registry::Change& change : *result) {
      texts.push_back(text_of(change));
      if (const auto* one = std::get_if<registry::Registration>(&change)) {
        EXPECT_EQ(one->lease, registry::Millis(7'000));
        EXPECT_EQ(one->by, "127.0.0.1");
      }
    }
    EXPECT_EQ(texts, row.changes);
  }
}

TEST(Registrations, WhatIsNoRegistrationIsRefused) {
  struct Row {
    const char* why;
    std::string line;
  };
  const Row rows[] = {
      {"the domain itself", "@ + A 192.0.2.1"},
      {"text", "i2.web + TXT hello"},
      {"an alias", "web + CNAME other.web"},
      {"a name too deep", "a.i2.web + A 192.0.2.1"},
      {"SRV at a service", "web + SRV 0 1 80 i1.web"},
      {"another protocol", "_web._sctp + SRV 0 1 80 i1.web"},
      {"addresses at a SRV name", "_web._tcp + A 192.0.2.1"},
      {"no label of a service", "we_b + A 192.0.2.1"},
      {"the name of a name server", "ns1 + A 192.0.2.1"},
      {"an instance of it", "i1.ns1 + A 192.0.2.1"},
      {"where tag views are", "by.web + A 192.0.2.1"},
      {"an instance that nobody knows", "_web._tcp + SRV 0 1 80 i9.web"},
      {"a target in another service", "_web._tcp + SRV 0 1 80 192-0-2-9.db"},
      {"a target elsewhere", "_web._tcp + SRV 0 1 80 i1.web.example."},
      {"port 0", "_web._tcp + SRV 0 1 0 i1.web"},
      {"deleting text", "i1.web * TXT"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result =
        plan_registrations(update({"i2.web + A 192.0.2.2", row.line}), view(), std::nullopt, "");
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().fault, UpdateFault::refused) << result.error().reason;
  }
}

TEST(Registrations, AnInstanceIsBounded) {
  std::vector<std::string> lines;
  for (int i = 1; i <= 16; ++i) lines.push_back("i2.web + A 192.0.2." + std::to_string(i));
  EXPECT_TRUE(plan_registrations(update(lines), view(), std::nullopt, "").has_value());
  lines.push_back("i2.web + A 192.0.2.17");
  EXPECT_FALSE(plan_registrations(update(lines), view(), std::nullopt, "").has_value());
}

}  // namespace
}  // namespace muster::zones
