#include "tests/dns/support/world.h"

#include <cstdlib>
#include <map>
#include <memory>

// Last: its macros break the standard headers under clang.
#include <ldns/ldns.h>

namespace muster::dns::test {

using zones::Member;
using zones::Name;
using zones::NameSpec;
using zones::Order;
using zones::Overflow;
using zones::RrsetSpec;
using zones::RrType;

namespace {

// `internal.` holds the zone `svc.internal.` of ours and knows its cut.
constexpr const char* kInternal[] = {
    "@ 3600 NS ns1",
    "ns1 3600 A 192.0.2.1",
    "svc 3600 NS ns1.svc",
    "svc 3600 DS 1 8 2 0102030405060708091011121314151617181920212223242526272829303132",
    "ns1.svc 3600 A 192.0.2.9",
    "host 60 A 192.0.2.2",
};

constexpr const char* kExample[] = {
    "@ 3600 NS ns1",
    "@ 3600 NS ns2.Elsewhere.test.",
    "@ 300 MX 10 Mail",
    "@ 300 MX 20 mail.elsewhere.test.",
    "@ 300 A 192.0.2.80",
    "ns1 3600 A 192.0.2.53",
    "ns1 3600 AAAA 2001:db8::53",
    "Mail 300 A 192.0.2.25",
    "Mail 300 A 192.0.2.26",
    "Mail 300 AAAA 2001:db8::25",
    "www 300 CNAME web",
    "cased 300 MX 10 Mail.EXAMPLE.Com.",
    "web 300 A 192.0.2.81",
    "web 300 TXT \"v=1\"",
    "away 300 CNAME www.elsewhere.test.",
    "gone 300 CNAME nothing",
    "nodata 300 CNAME ns1",
    "to-svc 300 CNAME web.svc.internal.",
    "to-rfc4592 300 CNAME host1.example.",
    "to-wild 300 CNAME x.wild",
    "to-cut 300 CNAME host.sub",
    "self 300 CNAME self",
    "ping 300 CNAME pong",
    "pong 300 CNAME ping",
    "dn 300 DNAME other",
    "dn 300 A 192.0.2.90",
    "x.other 300 A 192.0.2.91",
    "*.other 300 TXT \"wild behind a DNAME\"",
    "loop 300 DNAME loop.loop",
    "*.wild 300 A 192.0.2.99",
    "*.wild 300 MX 5 mail",
    "real.wild 300 TXT \"here\"",
    "*.wildalias 300 CNAME web",
    "a.deep.ent 300 A 192.0.2.77",
    "sub 3600 NS ns.sub",
    "sub 3600 NS ns1",
    "sub 3600 NS ns.sub2",
    "sub 3600 DS 1 8 2 0102030405060708091011121314151617181920212223242526272829303132",
    "ns.sub 3600 A 192.0.2.54",
    "ns.sub 3600 AAAA 2001:db8::54",
    "deeper.sub 3600 NS ns.deeper.sub",
    "ns.deeper.sub 3600 A 192.0.2.55",
    "sub2 3600 NS ns.sub2",
    "ns.sub2 3600 A 192.0.2.56",
    "_ldap._tcp 300 SRV 0 1 389 Mail",
    "_ldap._tcp 300 SRV 5 1 389 ns.sub",
    "_ldap._tcp 300 SRV 9 1 389 www",
    "svcb 300 HTTPS 0 svcb-target",
    "svcb-target 300 HTTPS 1 . alpn=h2",
    "svcb-target 300 A 192.0.2.82",
    "naptr 300 NAPTR 1 2 \"u\" \"sip\" \"\" web",
    "odd 300 TYPE65280 \\# 5 000ac00c01",
    "odd\\032name\\000.\\200 300 TXT \"octets\"",
    "minfo 300 MINFO mail web",
    "zero 0 A 192.0.2.70",
    "twice 300 MX 1 mail",
    "twice 300 MX 2 mail",
    "to-fat 300 CNAME fat",
    "to-crowd 300 MX 1 crowd",
    "old 300 MB web",
    "old 300 MD web",
    "old 300 MF web",
    "old 300 MG web",
    "old 300 MR web",
    "later 300 RP web mail",
    "later 300 AFSDB 1 web",
    "later 300 KX 1 web",
    "later 300 SRV 1 1 1 web",
    "later 300 SVCB 1 web",
    "later 300 NAPTR 1 2 \"u\" \"sip\" \"\" web",
    "below.later 300 DNAME web",
    "at\\064[ 300 TXT \"at\"",
    "at`[ 300 TXT \"grave\"",
    "at`\\123 300 TXT \"brace\"",
    "Case.PEOPLE 300 MX 1 Mail.PEOPLE",
    "mail.people 300 A 192.0.2.27",
};

// The zone of RFC 4592 §2.2.1.
constexpr const char* kWildcards[] = {
    "@ 3600 NS ns.example.com.",
    "@ 3600 NS ns.example.net.",
    "* 3600 TXT \"this is a wildcard\"",
    "* 3600 MX 10 host1",
    "sub.* 3600 TXT \"this is not a wildcard\"",
    "host1 3600 A 192.0.2.1",
    "_ssh._tcp.host1 3600 SRV 0 0 22 host1",
    "_ssh._tcp.host2 3600 SRV 0 0 22 host1",
    "subdel 3600 NS ns.example.com.",
    "subdel 3600 NS ns.example.net.",
};

std::string rdata_of(const ldns_rr* rr) {
  ldns_buffer* buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
  if (ldns_rr_rdata2buffer_wire(buffer, rr) != LDNS_STATUS_OK) std::abort();
  std::string rdata(reinterpret_cast<const char*>(ldns_buffer_begin(buffer)), ldns_buffer_position(buffer));
  ldns_buffer_free(buffer);
  return rdata;
}

std::string chain_name(int i) { return "c" + std::to_string(i); }

// c0 → c1 → … → c20, the last an address: longer than is followed.
std::vector<std::string> chain_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 20; ++i) lines.push_back(chain_name(i) + " 300 CNAME " + chain_name(i + 1));
  lines.push_back("c20 300 A 192.0.2.20");
  return lines;
}

NameSpec members_at(std::string_view owner, RrType type, std::span<const std::string> rdatas, Order order,
                    Overflow overflow) {
  RrsetSpec set;
  set.type = type;
  set.ttl = 5;
  set.order = order;
  set.overflow = overflow;
  for (const std::string& rdata : rdatas) set.members.push_back({rdata, 1, 0, {}});
  return {name_of(owner), {set}};
}

std::string address_rdata(int i) { return {10, 1, static_cast<char>(i / 256), static_cast<char>(i % 256)}; }

void build_service_shapes(World& world) {
  zones::Zone& zone = world.generated_zone("svc.internal.");
  const Instance three[] = {{"i1", "10.0.0.1", 6}, {"i2", "10.0.0.2", 3}, {"i3", "2001:db8::3", 1}};
  put_service(world, zone, "svc.internal.", "web", three);

  std::vector<std::string> many;
  for (int i = 0; i < 2000; ++i) many.push_back(address_rdata(i));
  world.put(zone, members_at("many.svc.internal.", RrType::a, many, Order::weighted, Overflow::fit));
  std::vector<std::string> srv;
  for (int i = 0; i < 4000; ++i)
    srv.push_back(zones::encode_srv(1, 1, 80, name_of("i" + std::to_string(i) + ".big.svc.internal.")));
  world.put(zone,
            members_at("_big._tcp.svc.internal.", RrType::srv, srv, Order::weighted, Overflow::truncate));

  // Together more than a message holds.
  std::vector<std::string> addresses6;
  for (int i = 0; i < 1200; ++i) addresses6.push_back(std::string(12, '\x20') + address_rdata(i));
  NameSpec wide = members_at("wide.svc.internal.", RrType::a, many, Order::weighted, Overflow::fit);
  const NameSpec wide6 =
      members_at("wide.svc.internal.", RrType::aaaa, addresses6, Order::weighted, Overflow::fit);
  wide.rrsets.push_back(wide6.rrsets[0]);
  wide.rrsets.push_back(
      members_at(".", RrType::txt, std::vector{std::string("\x1t")}, Order::fixed, Overflow::truncate)
          .rrsets[0]);
  world.put(zone, wide);

  NameSpec panic = members_at("panic.svc.internal.", RrType::a, std::vector{address_rdata(1)},
                              Order::weighted, Overflow::fit);
  panic.rrsets[0].note.text = "0 of 1 ready";
  world.put(zone, panic);
  panic.owner = name_of("stale.svc.internal.");
  panic.rrsets[0].note = {"heartbeats silent", kNow - 34};
  world.put(zone, panic);
  NameSpec none = members_at("none.svc.internal.", RrType::a, {}, Order::weighted, Overflow::fit);
  none.rrsets[0].note.text = "0 of 4 ready";
  world.put(zone, none);
  none.owner = name_of("fail.svc.internal.");
  none.rrsets[0].servfail = true;
  world.put(zone, none);
  NameSpec one = members_at("one.svc.internal.", RrType::a, std::vector{address_rdata(1), address_rdata(2)},
                            Order::weighted, Overflow::fit);
  one.rrsets[0].at_most = 1;
  world.put(zone, one);

  // The orders in which policies answer.
  const std::vector<std::string> some = {address_rdata(1), address_rdata(2), address_rdata(3)};
  world.put(zone, members_at("turns.svc.internal.", RrType::a, some, Order::rotated, Overflow::fit));
  NameSpec round = members_at("round.svc.internal.", RrType::a, some, Order::scheduled, Overflow::fit);
  round.rrsets[0].at_most = 1;
  world.put(zone, round);
  NameSpec network = members_at("network.svc.internal.", RrType::a, some, Order::hashed, Overflow::fit);
  NameSpec ranked =
      members_at("_network._tcp.svc.internal.", RrType::srv, {}, Order::hashed, Overflow::truncate);
  ranked.rrsets[0].ranked = true;
  for (std::size_t i = 0; i < some.size(); ++i) {
    const std::string id = "i" + std::to_string(i);
    network.rrsets[0].members[i].id = id;
    ranked.rrsets[0].members.push_back({zones::encode_srv(0, 1, 80, name_of(id + ".network.svc.internal.")),
                                        1,
                                        static_cast<std::uint16_t>(i / 2),
                                        {},
                                        id});
  }
  world.put(zone, network);
  world.put(zone, ranked);

  // One instance with two ports, another with one.
  NameSpec ports = members_at("ports.svc.internal.", RrType::srv, {}, Order::fixed, Overflow::truncate);
  const net::IpAddress both = *net::parse_ip("10.2.0.1");
  for (const std::uint16_t port : {80, 443, 22}) {
    const Name target = name_of(port == 22 ? "i2.ports.svc.internal." : "i1.ports.svc.internal.");
    ports.rrsets[0].members.push_back({zones::encode_srv(1, 1, port, target), 1, 0, {both}});
  }
  ports.rrsets[0].additional_ttl = 5;
  world.put(zone, ports);

  NameSpec crowd = members_at("_crowd._tcp.svc.internal.", RrType::srv, {}, Order::fixed, Overflow::truncate);
  Member balancer{zones::encode_srv(1, 1, 80, name_of("i1.crowd.svc.internal.")), 1, 0, {}};
  for (int i = 0; i < 30; ++i) balancer.addresses.push_back(*net::parse_ip("10.4.0." + std::to_string(i)));
  crowd.rrsets[0].members.push_back(balancer);
  crowd.rrsets[0].additional_ttl = 5;
  world.put(zone, crowd);

  std::vector<Instance> far;  // over TCP most lie behind the reach of pointers
  for (int i = 0; i < 600; ++i)
    far.push_back(
        {"i" + std::to_string(i), "10.3." + std::to_string(i / 256) + "." + std::to_string(i % 256), 1});
  put_service(world, zone, "svc.internal.", "far", far);

  std::vector<std::string> browse;
  for (int i = 0; i < 30; ++i) {
    const Name host = name_of("i" + std::to_string(i) + ".dnssd.svc.internal.");
    const Name instance = name_of("Web\\032UI\\032" + std::to_string(i) + "._http._tcp.svc.internal.");
    world.put(zone, members_at(host.text(), RrType::a, std::vector{address_rdata(i)}, Order::fixed,
                               Overflow::truncate));
    NameSpec spec{instance, {}};
    spec.rrsets.push_back(members_at(".", RrType::srv, std::vector{zones::encode_srv(1, 1, 80, host)},
                                     Order::fixed, Overflow::truncate)
                              .rrsets[0]);
    spec.rrsets.push_back(members_at(".", RrType::txt, std::vector{std::string("\x9txtvers=1")}, Order::fixed,
                                     Overflow::truncate)
                              .rrsets[0]);
    world.put(zone, spec);
    browse.push_back(std::string(instance.wire()));
  }
  world.put(zone, members_at("_http._tcp.svc.internal.", RrType::ptr, std::span(browse).first(8),
                             Order::fixed, Overflow::truncate));
  world.put(zone,
            members_at("_all._tcp.svc.internal.", RrType::ptr, browse, Order::fixed, Overflow::truncate));
}

}  // namespace

Name name_of(std::string_view text) {
  auto name = Name::from_text(text);
  if (!name) std::abort();
  return *name;
}

zones::Zone& World::file_zone(std::string_view apex_text, std::span<const char* const> lines) {
  const Name apex = name_of(apex_text);
  zones::ZoneConfig config;
  config.apex = apex;
  config.soa = {*apex.child("ns1"), *apex.child("hostmaster"), 7, 3600, 600, 86400, 60};
  config.soa_ttl = 3600;
  zones::Zone& zone = zones_.add(config);
  ldns_rdf* origin = ldns_dname_new_frm_str(apex.text().c_str());
  std::map<Name, std::map<RrType, RrsetSpec>> names;
  for (const char* line : lines) {
    const std::string_view view(line);
    const Name owner = *Name::from_text(view.substr(0, view.find(' ')), apex);
    ldns_rr* rr = nullptr;
    if (ldns_rr_new_frm_str(&rr, line, 3600, origin, nullptr) != LDNS_STATUS_OK) std::abort();
    const auto type = static_cast<RrType>(ldns_rr_get_type(rr));
    RrsetSpec& set = names[owner][type];
    set.type = type;
    set.ttl = ldns_rr_ttl(rr);
    set.members.push_back({rdata_of(rr), 1, 0, {}});
    ldns_rr_free(rr);
  }
  ldns_rdf_deep_free(origin);
  for (const auto& [owner, sets] : names) {
    NameSpec spec{owner, {}};
    for (const auto& [type, set] : sets) spec.rrsets.push_back(set);
    zones_.put(zone, spec);
  }
  return zone;
}

zones::Zone& World::generated_zone(std::string_view apex_text) {
  zones::ZoneConfig config;
  config.apex = name_of(apex_text);
  config.generated = true;
  config.soa = {*config.apex.child("ns1"), *config.apex.child("hostmaster"), 9, 60, 15, 86400, 2};
  return zones_.add(config);
}

void build_shapes(World& world) {
  world.file_zone("internal.", kInternal);
  std::vector<const char*> example(std::begin(kExample), std::end(kExample));
  const std::vector<std::string> chain = chain_lines();
  for (const std::string& line : chain) example.push_back(line.c_str());
  const std::string label(63, 'l');
  const std::string long_name = "long 300 DNAME " + label + "." + label + "." + label;
  example.push_back(long_name.c_str());
  std::vector<std::string> fat;
  for (int i = 0; i < 40; ++i)
    fat.push_back("fat 300 TXT \"" + std::to_string(i) + std::string(40, 'f') + "\"");
  for (const std::string& line : fat) example.push_back(line.c_str());
  std::vector<std::string> glue;
  for (int i = 0; i < 8; ++i) {
    const std::string server = "ns" + std::to_string(i) + ".wide";
    glue.push_back("wide 3600 NS " + server);
    glue.push_back("sibling 3600 NS " + server);
    for (int j = 1; j < 6; ++j)
      glue.push_back(server + " 3600 AAAA 2001:db8::" + std::to_string(i) + ":" + std::to_string(j));
  }
  for (int i = 0; i < 30; ++i) glue.push_back("crowd 300 A 198.51.100." + std::to_string(i));
  for (const std::string& line : glue) example.push_back(line.c_str());
  world.file_zone("Example.com.", example);
  world.file_zone("example.", kWildcards);
  build_service_shapes(world);
  world.zones().set_readiness(world.generated_zone("unfilled.test."), zones::Readiness::not_ready);
  world.zones().set_readiness(world.generated_zone("incomplete.test."), zones::Readiness::incomplete);
  world.zones().set_readiness(world.generated_zone("broken.test."), zones::Readiness::load_failed);
  world.generated_zone("inner.broken.test.");
  world.zones().set_stale(world.generated_zone("silent.test."), {"mesos silent", kNow - 34});
  const char* const half[] = {"@ 3600 NS ns1", "* 60 TXT \"wild\"", "www 60 A 192.0.2.83"};
  world.zones().set_readiness(world.file_zone("loading.test.", half), zones::Readiness::not_ready);
}

void put_service(World& world, zones::Zone& zone, std::string_view domain, std::string_view service,
                 std::span<const Instance> instances, std::uint32_t ttl) {
  const Name owner = *name_of(domain).child(service);
  NameSpec at_name{owner, {}};
  RrsetSpec srv;
  srv.type = RrType::srv;
  srv.ttl = srv.additional_ttl = ttl;
  srv.order = Order::weighted;
  std::map<RrType, RrsetSpec> addresses;
  for (const Instance& instance : instances) {
    const Name target = *owner.child(instance.label);
    const net::IpAddress address = *net::parse_ip(instance.address);
    const RrType type = zones::address_type(address);
    RrsetSpec own;
    own.type = type;
    own.ttl = ttl;
    own.members.push_back({zones::encode_address(address), 1, 0, {}});
    world.put(zone, {target, {own}});
    RrsetSpec& all = addresses[type];
    all.type = type;
    all.ttl = ttl;
    all.order = Order::weighted;
    all.overflow = Overflow::fit;
    all.members.push_back({zones::encode_address(address), instance.weight, 0, {}});
    srv.members.push_back({zones::encode_srv(1, static_cast<std::uint16_t>(instance.weight), 8080, target),
                           instance.weight,
                           0,
                           {address}});
  }
  for (const auto& [type, set] : addresses) at_name.rrsets.push_back(set);
  at_name.rrsets.push_back(srv);
  world.put(zone, at_name);
  const std::string label = "_" + std::string(service);
  world.put(zone, {*name_of(domain).child("_tcp")->child(label), {srv}});
}

namespace {

AnswerConfig thread_config() {
  AnswerConfig config;
  config.server_name = "ns1.muster.test";
  config.ecs_trusted = {*net::parse_prefix("127.0.0.0/8")};
  config.cookies = CookieSecrets{{'s', 'e', 'c', 'r', 'e', 't'}, std::nullopt};
  config.tsig_keys = std::make_shared<const TsigKeys>(
      std::vector<TsigKey>{{name_of("transfer."), TsigAlgorithm::hmac_sha256, "a secret of octets"},
                           {name_of("sha1."), TsigAlgorithm::hmac_sha1, "a secret of octets"},
                           {name_of("sha384."), TsigAlgorithm::hmac_sha384, "a secret of octets"},
                           {name_of("sha512."), TsigAlgorithm::hmac_sha512, "a secret of octets"},
                           {name_of("short."), TsigAlgorithm::hmac_sha512, "a secret of octets", 32}});
  return config;
}

}  // namespace

Thread::Thread(World& world, std::uint64_t seed)
    : reader_(world.table()), answerer_(reader_, zones::Rng(seed), thread_config()) {}

std::vector<std::uint8_t> Thread::ask(const std::vector<std::uint8_t>& query, const Client& client) {
  const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[query.size()]);
  std::copy(query.begin(), query.end(), copy.get());
  constexpr std::size_t size = kPacketMax;  // the limit is the answer's to keep, not the buffer's
  const std::unique_ptr<std::uint8_t[]> reply(new std::uint8_t[size]);
  const zones::NameTable::Reader::Online online(reader_);
  const std::size_t written = answer({copy.get(), query.size()}, client, answerer_, {reply.get(), size});
  return {reply.get(), reply.get() + written};
}

Client udp_client() { return {*net::parse_ip("127.0.0.1"), 40000, Transport::udp, false, kNow}; }
Client tcp_client() { return {*net::parse_ip("127.0.0.1"), 40000, Transport::tcp, false, kNow}; }

}  // namespace muster::dns::test
