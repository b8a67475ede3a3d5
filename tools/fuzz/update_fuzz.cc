// Fuzzes UPDATE messages, from the packet to what becomes of them in a file zone and, as registrations, in the
// native domain. The input is a message with an octet of choices in front: UDP or TCP, whether the store takes
// the commit, and whether the registry is nearly full.
//
// Whatever comes in:
//  - an update is done as a whole or leaves no trace, also when its commit fails;
//  - a zone that it changed has a newer serial, and is one that a master file may hold;
//  - the reply keeps its limit, and another reader can decode it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "dns/handed_reply.h"
#include "dns/rcode.h"
#include "dns/update_message.h"
#include "registry/registry.h"
#include "tests/dns/support/world.h"
#include "zones/publish.h"
#include "zones/registrations_view.h"
#include "zones/zone_file.h"
#include "zones/zone_listing.h"
#include "zones/zone_updates.h"

// Last: its macros break the standard headers under clang.
#include <ldns/ldns.h>

namespace {

using namespace muster;
using dns::Rcode;
using dns::test::name_of;
using zones::ZoneUpdates;

constexpr std::uint8_t kUdp = 1;
constexpr std::uint8_t kStoreFails = 2;
constexpr std::uint8_t kNearlyFull = 4;

constexpr const char* kZone =
    "$TTL 60\n"
    "@ SOA ns1 host 4294967295 60 60 60 5\n"
    "@ NS ns1\n"
    "@ NS ns2\n"
    "ns1 A 192.0.2.1\n"
    "ns2 A 192.0.2.2\n"
    "web A 192.0.2.10\n"
    "web A 192.0.2.11\n"
    "Web TXT one\n"
    "alias CNAME web\n"
    "mail.deep MX 10 web\n"
    "old DNAME web\n"
    "cut NS ns1\n"
    "*.wild TXT wild\n";

void require(bool holds) {
  if (!holds) std::abort();
}

zones::CompiledZoneResult compile(const std::string& text) {
  return zones::compile_zone("zone", name_of("t."),
                             [&](const std::string&) -> net::Result<std::string, std::error_code> { return text; });
}

class FileZone {
 public:
  FileZone() {
    static const zones::CompiledZone file = *compile(kZone);
    zones::ZoneConfig config;
    config.apex = name_of("t.");
    config.soa = file.soa();
    config.soa_ttl = file.soa_ttl();
    zone_ = &zones_.add(config);
    for (std::uint32_t name = 0; name < file.names(); ++name) zones_.put(*zone_, file.name(name));
  }

  Rcode take(const zones::Update& update, bool store_fails) {
    const std::string before = text();
    const std::uint32_t serial = zones_.serial(*zone_);
    std::optional<ZoneUpdates::End> end;
    updates_.submit(update, [&](ZoneUpdates::End one) { end = std::move(one); });
    require(text() == before);  // nothing is visible before it is stored
    if (!end) {
      require(storing_);
      updates_.settled(!store_fails);
      if (store_fails) updates_.settled(true);  // what undoes it
    }
    require(end.has_value() && updates_.idle());
    const std::string after = text();
    require((after != before) == end->changed);
    if (end->changed) {
      require(zones::serial_newer(zones_.serial(*zone_), serial));
      require(compile(after).has_value());
    }
    if (end->ending == ZoneUpdates::Ending::not_stored) return Rcode::servfail;
    return end->refusal ? dns::rcode_for(end->refusal->fault) : Rcode::noerror;
  }

 private:
  std::string text() { return *zones::write_live_zone(reader_, name_of("t.")); }

  zones::NameTable table_;
  zones::NameTable::Reader reader_{table_};
  zones::Zones zones_{table_};
  zones::Zone* zone_ = nullptr;
  bool storing_ = false;
  ZoneUpdates updates_{zones_, name_of("t."), [this](registry::Rows) { storing_ = true; }};
};

class NativeDomain {
 public:
  explicit NativeDomain(bool nearly_full) : registry_(config(nearly_full), kNow), publisher_(names(), zones_) {
    add("web", "i1", registry::SourceKind::update, "192.0.2.1");
    add("web", "Other", registry::SourceKind::heartbeat, "192.0.2.5");
    add("Shop", "a", registry::SourceKind::heartbeat, "192.0.2.6");
    add("db", "192-0-2-9", registry::SourceKind::update, "192.0.2.9");
    publisher_.publish(registry_.take_batch(), kNow);
  }

  Rcode take(const zones::Update& update, std::optional<std::uint32_t> asked, std::optional<std::uint32_t>& granted) {
    if (const auto refusal = zones::check_update(update, view())) return dns::rcode_for(refusal->fault);
    std::optional<registry::Millis> lease;
    if (asked) lease = std::chrono::seconds(*asked);
    const auto known = zones::view_registrations(name_of("d."), publisher_, registry_, kNow);
    const auto changes = zones::plan_registrations(update, known, lease, "fuzz");
    if (!changes) return dns::rcode_for(changes.error().fault);
    const std::uint64_t revision = registry_.revision();
    const registry::Outcome outcome = registry_.apply_all(*changes, kNow);
    require(outcome || registry_.revision() == revision);
    if (outcome && asked) granted = static_cast<std::uint32_t>(outcome->lease.ttl.count() / 1000);
    publisher_.publish(registry_.take_batch(), kNow);
    if (outcome) check_names(*changes);
    return outcome ? Rcode::noerror : Rcode::servfail;
  }

 private:
  static constexpr registry::Instant kNow{registry::SteadyTime(registry::Millis(1'000'000)),
                                          registry::WallTime(registry::Millis(1'795'212'000'000))};

  static registry::RegistryConfig config(bool nearly_full) {
    registry::RegistryConfig config;
    config.reserved_labels = {"ns1"};
    if (nearly_full) config.max_instances = 5;
    if (nearly_full) config.max_services = 4;
    return config;
  }
  static zones::PublishConfig names() {
    zones::PublishConfig config;
    config.domain = name_of("d.");
    return config;
  }

  void add(const char* service, const char* id, registry::SourceKind source, const char* address) {
    registry::InstanceBody body;
    body.addresses = {*net::parse_ip(address)};
    body.ports = {{"", 80, registry::Protocol::tcp, registry::PortScope::host, 0, {}}};
    registry::Registration one;
    one.service = service;
    one.id = id;
    one.source = {source, source == registry::SourceKind::update ? "update" : "heartbeat"};
    one.body = std::make_shared<const registry::InstanceBody>(std::move(body));
    require(registry_.apply(one, kNow).has_value());
  }

  zones::UpdateView view() {
    const zones::Zone& zone = *zones_.find(name_of("d."));
    return {.apex = name_of("d."),
            .soa = zones_.config(zone).soa,
            .soa_ttl = zones_.config(zone).soa_ttl,
            .read = [&](const zones::Name& owner) { return zones_.read(zone, owner); },
            .has_names_below = [&](const zones::Name& owner) { return zones_.has_names_below(zone, owner); }};
  }

  // What was registered answers at its name.
  void check_names(const std::vector<registry::Change>& changes) {
    for (const registry::Change& change : changes) {
      const auto* one = std::get_if<registry::Registration>(&change);
      if (one == nullptr) continue;
      const registry::InstancePtr instance = registry_.find(one->service, one->id);
      require(instance != nullptr && instance->publishable);
      require(zones_.read(*name_of("d.").below({instance->label, one->service})).has_value());
    }
  }

  registry::Registry registry_;
  zones::NameTable table_;
  zones::Zones zones_{table_};
  zones::Publisher publisher_;
};

struct Answering {
  dns::test::World world;
  dns::test::Thread thread{world};
  std::vector<std::uint8_t> reply = std::vector<std::uint8_t>(dns::kPacketMax);
  Answering() { thread.answerer().config.updates = true; }
};

void check_reply(const std::vector<std::uint8_t>& reply, std::size_t limit) {
  require(reply.size() >= dns::kHeaderSize && reply.size() <= limit);
  ldns_pkt* packet = nullptr;
  require(ldns_wire2pkt(&packet, reply.data(), reply.size()) == LDNS_STATUS_OK);
  ldns_pkt_free(packet);
}

// As dns/updates.cc, which needs Asio, goes about it.
dns::HandedReply decide(const dns::Handed& handed, const dns::Query& query, std::uint8_t choices) {
  if (query.type != zones::RrType::soa || !lease_ok(query.edns)) return {.rcode = Rcode::formerr};
  const auto asked = zones::Name::from_wire({reinterpret_cast<const char*>(handed.packet.data()) + dns::kHeaderSize,
                                             query.name.size});
  const bool is_file = *asked == name_of("t.");
  if (!is_file && !(*asked == name_of("d."))) return {.rcode = Rcode::notauth};
  const auto update = dns::read_update(handed.packet, query);
  if (!update) return {.rcode = update.error() == dns::UpdateError::too_many_records ? Rcode::refused : Rcode::formerr};
  dns::HandedReply reply;
  if (is_file) {
    reply.rcode = FileZone().take(*update, (choices & kStoreFails) != 0);
  } else {
    reply.rcode = NativeDomain((choices & kNearlyFull) != 0).take(*update, lease_in(query.edns), reply.lease);
  }
  return reply;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Answering answering;
  if (size < 1 || size - 1 > dns::kPacketMax) return 0;
  const std::uint8_t choices = data[0];
  dns::Handed handed;
  handed.packet.assign(data + 1, data + size);
  handed.client = (choices & kUdp) != 0 ? dns::test::udp_client() : dns::test::tcp_client();
  dns::Answerer& answerer = answering.thread.answerer();
  std::size_t written = 0;
  {
    const zones::NameTable::Reader::Online online(answering.thread.reader());
    written = answer(handed.packet, handed.client, answerer, answering.reply);
  }
  if (written != dns::kHandOn) return 0;  // the packet driver's business
  handed.sender = answerer.scratch.sender;
  dns::Query query;
  require(read_query(handed.packet, query).ok);
  const dns::HandedReply reply = decide(handed, query, choices);
  const std::size_t limit = (choices & kUdp) == 0 ? dns::kPacketMax : query.edns.present ? 1232 : 512;
  check_reply(write_reply(handed, query, answerer.config, dns::test::kNow, reply), limit);
  return 0;
}
