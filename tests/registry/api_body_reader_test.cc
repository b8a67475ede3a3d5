#include "registry/api/body_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/api/instance_json.h"
#include "registry/api/native_names.h"
#include "registry/rfc3339.h"

namespace muster::registry::api {
namespace {

using ::testing::HasSubstr;

const ReadContext kContext{*net::parse_ip("192.0.2.99"), WallTime{Millis{1'795'212'843'120}}, "deploy"};
const Named kWebI1{"web", "i1"};

auto read_web(std::string_view text) { return read_registration(text, kContext, kWebI1); }

std::string repeated(std::string_view piece, std::size_t times, std::string_view between = ",") {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out.append(i == 0 ? "" : between).append(piece);
  return out;
}

// "k0":value,"k1":value…
std::string numbered(std::size_t count, std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out.append(i == 0 ? "\"k" : ",\"k").append(std::to_string(i)).append("\":").append(value);
  }
  return out;
}

TEST(ReadRegistration, ReadsEveryMember) {
  const auto read = read_web(R"({"service":"web","id":"i1","generation":1795212000123,
      "addresses":["10.0.0.7","2001:db8::7"],
      "ports":[{"name":"http","port":8080,"proto":"tcp","service_port":10004,"scope":"container",
                "attributes":{"sla_ms":250}},{"port":53,"proto":"udp"}],
      "weight":10,"priority":2,"order":-5,"tags":{"region":"r","az":"a"},"meta":{"b":[1,2.5,null,true,"x"],"a":{}},
      "version":"abc123","attributes":{"error_rate":0.5},"properties":{"action":"x"},"lease":"1m","task":"t.1"})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->service, "web");
  EXPECT_EQ(read->id, "i1");
  EXPECT_EQ(read->generation, 1795212000123u);
  EXPECT_EQ(read->lease, Millis{60'000});
  EXPECT_EQ(read->by, "deploy");
  EXPECT_EQ(read->source, SourceId{});
  std::string body;
  append_body(body, *read->body);
  EXPECT_EQ(
      body,
      R"({"addresses":["10.0.0.7","2001:db8::7"],"ports":[{"name":"http","port":8080,"proto":"tcp",)"
      R"("service_port":10004,"scope":"container","attributes":{"sla_ms":250}},{"port":53,"proto":"udp"}],)"
      R"("weight":10,"priority":2,"order":-5,"tags":{"az":"a","region":"r"},)"
      R"("meta":{"b":[1,2.5,null,true,"x"],"a":{}},"version":"abc123","attributes":{"error_rate":0.5},)"
      R"("properties":{"action":"x"},"task":"t.1"})");
}

TEST(ReadRegistration, WhatItWritesReadsBackAsTheSame) {
  const auto first =
      read_web(R"({"addresses":["10.0.0.7"],"port":80,"tags":{"b":"\u00fc","a":"\"\\\n"},"order":-1,
                                 "meta":{"k~/":1e3,"e":1e-7},"attributes":{"own":0.1}})");
  ASSERT_TRUE(first) << first.error().message;
  std::string text;
  append_body(text, *first->body);
  const auto again = read_web(text);
  ASSERT_TRUE(again) << again.error().message << "\n" << text;
  EXPECT_EQ(*again->body, *first->body);
}

TEST(ReadRegistration, SaysNothingOfWhatWasNotSent) {
  const auto read = read_web(R"({"address":"10.0.0.7"})");
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->body->weight || read->body->priority || read->body->order || read->generation ||
               read->lease);
  EXPECT_TRUE(read->body->ports.empty());
  EXPECT_EQ(read->body->meta, "{}");
}

TEST(ReadRegistration, Addresses) {
  struct Row {
    const char* why;
    std::string_view json;
    std::vector<std::string_view> addresses;
  };
  const Row kRows[] = {
      {"one", R"({"address":"10.0.0.7"})", {"10.0.0.7"}},
      {"auto is the caller", R"({"address":"auto"})", {"192.0.2.99"}},
      {"auto among others", R"({"addresses":["2001:db8::1","auto"]})", {"2001:db8::1", "192.0.2.99"}},
      {"a v4-mapped literal is IPv4", R"({"address":"::ffff:10.0.0.7"})", {"10.0.0.7"}},
      {"one address twice is one", R"({"addresses":["10.0.0.7","::ffff:10.0.0.7"]})", {"10.0.0.7"}},
      {"loopback is for machines of one", R"({"address":"127.0.0.11"})", {"127.0.0.11"}},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    const auto read = read_web(row.json);
    ASSERT_TRUE(read) << read.error().message;
    std::vector<std::string> shown;
    for (const IpAddress& address : read->body->addresses) shown.push_back(net::to_string(address));
    EXPECT_THAT(shown, ::testing::ElementsAreArray(row.addresses));
  }
}

TEST(ReadRegistration, ClampingOfLeasesIsTheRegistrysBusiness) {
  const auto read = read_web(R"({"address":"10.0.0.7","lease":"1ms"})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->lease, Millis{1});
}

TEST(ReadRegistration, WithoutAnIdTheEndpointIsTheId) {
  const Named web{"web", ""};
  EXPECT_EQ(read_registration(R"({"address":"10.0.0.7","port":8080})", kContext, web)->id, "10-0-0-7-8080");
  EXPECT_EQ(read_registration(R"({"address":"2001:db8::7","port":1})", kContext, web)->id, "2001-db8--7-1");
  EXPECT_EQ(read_registration(R"({"address":"10.0.0.7"})", kContext, web)->id, "10-0-0-7");
  EXPECT_EQ(read_registration(R"({"address":"10.0.0.7","id":"mine"})", kContext, web)->id, "mine");
}

struct Refused {
  const char* why;
  std::string json;
  ErrorCode code;
  std::string_view field;
  std::string_view hint;  // the message holds it
};

template <class Read>
void expect_refused(std::span<const Refused> rows, Read read) {
  for (const Refused& row : rows) {
    SCOPED_TRACE(row.why);
    const auto result = read(row.json);
    if (!result.has_error()) {
      ADD_FAILURE() << "accepted: " << row.json;
      continue;
    }
    EXPECT_EQ(to_string(result.error().code), to_string(row.code));
    EXPECT_EQ(result.error().field, row.field);
    EXPECT_THAT(result.error().message, HasSubstr(row.hint));
  }
}

std::string with(std::string_view members) {
  return R"({"address":"10.0.0.7",)" + std::string(members) + "}";
}

TEST(ReadRegistration, RefusesWithCodeFieldAndCure) {
  using enum ErrorCode;
  const Refused kRows[] = {
      {"empty", "", bad_json, "", "ends too early"},
      {"cut off", R"({"address":"10.0)", bad_json, "", "ends too early"},
      {"not JSON", R"({address:1})", bad_json, "", "octet 1"},
      {"something behind", "{} {}", bad_json, "", "not JSON"},
      {"bad UTF-8", "{\"version\":\"\xff\"}", bad_json, "", "not JSON"},
      {"too deep", with(R"("meta":{"a":)" + repeated("[", 40, "") + repeated("]", 40, "") + "}"), bad_json,
       "", "32"},
      {"an array", "[]", invalid_field, "", "JSON object"},
      {"no address", R"({"port":80})", invalid_field, "/addresses", "missing"},
      {"an empty list", R"({"addresses":[]})", invalid_field, "/addresses", "missing"},
      {"unknown member", with(R"("wieght":1)"), unknown_field, "/wieght", "known here: service, id"},
      {"unknown member of a port", with(R"("ports":[{"port":1,"nmae":"x"}])"), unknown_field, "/ports/0/nmae",
       "proto"},
      {"a member with / and ~ in its name", with(R"("a/b~c":1)"), unknown_field, "/a~1b~0c", "unknown"},
      {"read-only member", with(R"("state":"ACTIVE")"), unknown_field, "/state", "read-only"},
      {"not an address", R"({"address":"web-1.example"})", invalid_field, "/address", "IPv4 or IPv6"},
      {"an octet too large", R"({"addresses":["10.0.0.7","10.0.0.256"]})", invalid_field, "/addresses/1",
       "IPv4"},
      {"an address with a port", R"({"address":"10.0.0.7:80"})", invalid_field, "/address", "IPv4"},
      {"a number as address", R"({"address":7})", invalid_field, "/address", "string"},
      {"a string as addresses", R"({"addresses":"10.0.0.7"})", invalid_field, "/addresses", "array"},
      {"unspecified v4", R"({"address":"0.0.0.0"})", invalid_field, "/address", "auto"},
      {"unspecified v6", R"({"address":"::"})", invalid_field, "/address", "unspecified"},
      {"multicast v4", R"({"address":"224.0.0.1"})", invalid_field, "/address", "multicast"},
      {"multicast v6", R"({"address":"ff02::1"})", invalid_field, "/address", "multicast"},
      {"broadcast", R"({"address":"255.255.255.255"})", invalid_field, "/address", "broadcast"},
      {"zone id", R"({"address":"fe80::1%eth0"})", invalid_field, "/address", "zone id"},
      {"17 addresses", R"({"addresses":[)" + repeated(R"("10.0.0.7")", 17) + "]}", invalid_field,
       "/addresses", "16"},
      {"both forms of address", with(R"("addresses":["10.0.0.8"])"), invalid_field, "/addresses", "not both"},
      {"both forms of port", with(R"("port":80,"ports":[{"port":81}])"), invalid_field, "/ports", "not both"},
      {"port 0", with(R"("port":0)"), invalid_field, "/port", "port must be 1 to 65535"},
      {"port 65536", with(R"("ports":[{"port":65536}])"), invalid_field, "/ports/0/port",
       "port must be 1 to 65535"},
      {"a port as text", with(R"("port":"80")"), invalid_field, "/port", "1 to 65535"},
      {"a port with a fraction", with(R"("port":80.0)"), invalid_field, "/port", "1 to 65535"},
      {"a port without number", with(R"("ports":[{"name":"http"}])"), invalid_field, "/ports/0", "missing"},
      {"65 ports", with("\"ports\":[" + repeated(R"({"port":1})", 65) + "]"), invalid_field, "/ports", "64"},
      {"one name twice", with(R"("ports":[{"name":"a","port":1},{"name":"a","port":2}])"), invalid_field,
       "/ports/1", "same name"},
      {"one unnamed port twice", with(R"("ports":[{"port":1},{"port":1}])"), invalid_field, "/ports/1",
       "same name"},
      {"a port name in capitals", with(R"("ports":[{"name":"Http","port":1}])"), invalid_field,
       "/ports/0/name", R"(lower case: "http")"},
      {"a port name that is no label", with(R"("ports":[{"name":"a_b","port":1}])"), invalid_field,
       "/ports/0/name", "label"},
      {"unknown protocol", with(R"("ports":[{"port":1,"proto":"sctp"}])"), invalid_field, "/ports/0/proto",
       "udp"},
      {"unknown scope", with(R"("ports":[{"port":1,"scope":"x"}])"), invalid_field, "/ports/0/scope",
       "container"},
      {"weight too large", with(R"("weight":65536)"), invalid_field, "/weight", "0 to 65535"},
      {"weight below 0", with(R"("weight":-1)"), invalid_field, "/weight", "0 to 65535"},
      {"weight null", with(R"("weight":null)"), invalid_field, "/weight", "0 to 65535"},
      {"priority too large", with(R"("priority":65536)"), invalid_field, "/priority", "0 to 65535"},
      {"order over 32 bits", with(R"("order":2147483648)"), invalid_field, "/order", "-2147483648"},
      {"33 tags", with("\"tags\":{" + numbered(33, "\"\"") + "}"), invalid_field, "/tags", "32"},
      {"a tag key in capitals", with(R"("tags":{"AZ":"a"})"), invalid_field, "/tags/AZ", "a-z"},
      {"a tag that is no string", with(R"("tags":{"az":1})"), invalid_field, "/tags/az", "string"},
      {"a tag too long", with(R"("tags":{"az":")" + std::string(256, 'x') + "\"}"), invalid_field, "/tags/az",
       "255"},
      {"tags as a list", with(R"("tags":["a"])"), invalid_field, "/tags", "object"},
      {"17 attributes", with("\"attributes\":{" + numbered(17, "1") + "}"), invalid_field, "/attributes",
       "16"},
      {"an attribute as text", with(R"("attributes":{"sla_ms":"1"})"), invalid_field, "/attributes/sla_ms",
       "number"},
      {"meta as a list", with(R"("meta":[])"), invalid_field, "/meta", "object"},
      {"meta with a number beyond a double", with(R"("meta":{"k":[{"x":1e999}]})"), invalid_field, "/meta",
       "double"},
      {"meta too large", with(R"("meta":{"k":")" + std::string(4090, 'x') + "\"}"), invalid_field, "/meta",
       "4096"},
      {"version too long", with("\"version\":\"" + std::string(257, 'x') + "\""), invalid_field, "/version",
       "256"},
      {"a property with = in its key", with(R"("properties":{"a=b":"c"})"), invalid_field, "/properties/a=b",
       "="},
      {"a property too long", with(R"("properties":{"a":")" + std::string(254, 'x') + "\"}"), invalid_field,
       "/properties/a", "253"},
      {"properties too long together",
       with("\"properties\":{" + numbered(6, "\"" + std::string(250, 'x') + "\"") + "}"), invalid_field,
       "/properties", "1300"},
      {"lease of zero", with(R"("lease":"0s")"), invalid_field, "/lease", "longer than zero"},
      {"lease garbage", with(R"("lease":"5x")"), invalid_field, "/lease", "30s"},
      {"lease as a number", with(R"("lease":30)"), invalid_field, "/lease", "30s"},
      {"generation 0", with(R"("generation":0)"), invalid_field, "/generation", "1 to 9223372036854775807"},
      {"generation of 2^63", with(R"("generation":9223372036854775808)"), invalid_field, "/generation",
       "1 to"},
      {"exec checks", with(R"("port":1,"checks":[{"type":"http"},{"type":"exec"}])"), invalid_field,
       "/checks/1/type", "exec checks come from the configuration only"},
      {"a check's unknown member", with(R"("checks":[{"type":"tcp","intervall":"1s"}])"), unknown_field,
       "/checks/0/intervall", "known here: type, id, port, interval"},
      {"a check by a port that is not there", with(R"("port":1,"checks":[{"type":"tcp","port":"admin"}])"),
       invalid_field, "/checks/0/port", "port \"admin\" is none of the instance's"},
      {"a check without any port", with(R"("checks":[{"type":"ttl"},{"type":"tcp"}])"), invalid_field,
       "/checks/1/port", "port is missing"},
      {"address type default", with(R"("address_type":"default")"), address_type_not_publishable,
       "/address_type", "the destination comes with each message, nothing to publish in DNS"},
      {"address type response", with(R"("address_type":"response")"), address_type_not_publishable,
       "/address_type", "replies use the caller's own connection, nothing to publish in DNS"},
      {"address type default beside a url", R"({"url":"http://10.0.0.7/","address_type":"default"})",
       address_type_not_publishable, "/address_type",
       "address type \"default\" names no address: the destination comes with each message, nothing to "
       "publish in "
       "DNS"},
      {"a type without its url", with(R"("address_type":"url")"), invalid_field, "/url", "url is missing"},
      {"a prefix without its url", with(R"("address_type":"prefix")"), invalid_field, "/url",
       "url is missing"},
      {"unknown address type", with(R"("address_type":"x")"), invalid_field, "/address_type", "one of url"},
      {"an address type that is no string", with(R"("address_type":1)"), invalid_field, "/address_type",
       "one of url"},
      {"a url that is no string", R"({"url":1})", invalid_field, "/url", "a string"},
      {"an address beside a url", with(R"("url":"http://10.0.0.7/")"), invalid_field, "/addresses",
       "addresses and url"},
      {"a port beside a url", R"({"port":1,"url":"http://10.0.0.7/"})", invalid_field, "/ports",
       "ports and url"},
      {"a url with a fragment", R"({"url":"http://10.0.0.7/#a"})", invalid_field, "/url",
       "url must have no fragment"},
      {"a url of an unknown scheme without port", R"({"url":"x-y://10.0.0.7/"})", invalid_field, "/url",
       "url needs a port"},
      {"a probe of a url without host", R"({"url":"jms:/Q.x","checks":[{"type":"tcp","port":80}]})",
       invalid_field, "/checks", "the URL has no host"},
      {"a property too long in all", with(R"("properties":{"a":1})"), invalid_field, "/properties/a",
       "a string"},
      {"another service than the path's", with(R"("service":"api")"), invalid_field, "/service", "\"web\""},
      {"another id than the path's", with(R"("id":"i2")"), invalid_field, "/id", "\"i1\""},
  };
  expect_refused(kRows, read_web);
}

TEST(ReadRegistration, AUrlTellsAddressAndPort) {
  const auto read = read_web(
      R"({"url":"http://10.0.3.4:9000/rest-services","address_type":"prefix","properties":{"b":"2","a":"1"}})");
  ASSERT_TRUE(read) << read.error().message;
  const InstanceBody& body = *read->body;
  EXPECT_EQ(body.url->url, "http://10.0.3.4:9000/rest-services");
  EXPECT_EQ(body.url->type, AddressType::prefix);
  ASSERT_EQ(body.addresses.size(), 1U);
  EXPECT_EQ(net::to_string(body.addresses[0]), "10.0.3.4");
  ASSERT_EQ(body.ports.size(), 1U);
  EXPECT_EQ(body.ports[0].name, "http");
  EXPECT_EQ(body.ports[0].number, 9000);
  EXPECT_EQ(body.properties, (Tags{{"a", "1"}, {"b", "2"}}));
}

TEST(ReadRegistration, AUrlNamesAnInstanceWithoutId) {
  struct Row {
    const char* url;
    const char* id;
  };
  const ReadContext context{net::parse_ip("192.0.2.9").value(), {}, "me"};
  for (const Row& row :
       {Row{"http://10.0.3.4:9000/x", "10-0-3-4-9000"}, Row{"https://[2001:db8::7]/", "2001-db8--7-443"},
        Row{"http://Db.Example:81", "db-example-81"}}) {
    const auto read =
        read_registration("{\"url\":\"" + std::string(row.url) + "\"}", context, Named{"web", ""});
    ASSERT_TRUE(read) << row.url << ": " << read.error().message;
    EXPECT_EQ(read->id, row.id);
  }
  const auto hostless = read_registration(R"({"url":"mailto:a@b"})", context, Named{"web", ""});
  ASSERT_FALSE(hostless);
  EXPECT_EQ(hostless.error().field, "/id");
}

TEST(ReadRegistration, BoundsAreInclusive) {
  const std::string kJson[] = {
      with(R"("port":1,"weight":0,"priority":65535,"order":-2147483648,"generation":9223372036854775807)"),
      with(R"("port":65535,"weight":65535,"order":2147483647,"generation":1)"),
      with("\"tags\":{" + numbered(32, "\"" + std::string(255, 'x') + "\"") + "}"),
      with("\"attributes\":{" + numbered(16, "-1.5e3") + "}"),
      with("\"version\":\"" + std::string(256, 'x') + "\""),
      with(R"("meta":{"k":")" + std::string(4088, 'x') + "\"}"),
      with(R"("properties":{"a":")" + std::string(253, 'x') + "\"}"),
      with("\"properties\":{\"" + std::string(64, 'k') + R"(":"x"})"),
      R"({"url":"http://10.0.0.7/)" + std::string(2048 - 16, 'x') + "\"}",
      R"({"url":"jms:/Q.x","checks":[{"type":"ttl"}]})",
      with(R"("ports":[{"name":"a","port":1},{"name":"a","port":1,"proto":"udp"},{"port":1},{"port":2}])"),
  };
  for (const std::string& json : kJson) {
    const auto read = read_web(json);
    EXPECT_TRUE(read.has_value()) << json << "\n" << (read ? "" : read.error().message);
  }
}

TEST(NativeNames, Services) {
  EXPECT_FALSE(fault_of_service_name("web"));
  EXPECT_FALSE(fault_of_service_name("9-a"));
  EXPECT_FALSE(fault_of_service_name(std::string(62, 'a')));
  EXPECT_THAT(fault_of_service_name("Web").value(), HasSubstr("\"web\""));
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string("-a"), std::string("a-"),
                                 std::string("a.b"), std::string("_http"), std::string("gr\xc3\xbc")}) {
    EXPECT_TRUE(fault_of_service_name(bad)) << bad;
  }
}

TEST(NativeNames, Ids) {
  EXPECT_FALSE(fault_of_instance_id("A.z_0:x@y-"));
  EXPECT_FALSE(fault_of_instance_id(std::string(128, 'a')));
  for (const std::string& bad :
       {std::string(), std::string(129, 'a'), std::string("a/b"), std::string("a b"), std::string("a\n")}) {
    EXPECT_TRUE(fault_of_instance_id(bad)) << bad;
  }
}

TEST(ReadHeartbeat, EmptyOnesOnlyRenew) {
  for (const std::string_view text : {"", "{}", " {\n} "}) {
    const auto read = read_heartbeat(text, kContext, kWebI1);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->service, "web");
    EXPECT_EQ(read->id, "i1");
    EXPECT_EQ(read->by, "deploy");
    EXPECT_FALSE(read->body);
    EXPECT_FALSE(read->generation || read->lease || read->vitals.status || read->vitals.load ||
                 read->vitals.weight);
  }
}

TEST(ReadHeartbeat, ReadsEveryMember) {
  const auto read =
      read_heartbeat(R"({"generation":7,"status":"warning","reason":"disk","load":100,"overloaded":true,
      "weight":0,"attributes":{"error_rate":0.25},"instance":{"address":"10.0.0.7","lease":"20s"}})",
                     kContext, kWebI1);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->generation, 7u);
  EXPECT_EQ(read->vitals.status, HeartbeatStatus::warning);
  EXPECT_EQ(read->vitals.reason, "disk");
  EXPECT_EQ(read->vitals.load, 100);
  EXPECT_TRUE(read->vitals.overloaded);
  EXPECT_EQ(read->vitals.weight, 0);
  EXPECT_EQ(read->vitals.attributes, (Attributes{{"error_rate", 0.25}}));
  ASSERT_TRUE(read->body);
  EXPECT_EQ(read->lease, Millis{20'000});
}

TEST(ReadHeartbeat, TheInstanceMaySayTheGeneration) {
  const auto read = read_heartbeat(R"({"instance":{"address":"10.0.0.7","generation":7}})", kContext, kWebI1);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->generation, 7u);
}

TEST(ReadHeartbeat, RefusesWithCodeFieldAndCure) {
  using enum ErrorCode;
  const Refused kRows[] = {
      {"unknown member", R"({"sttaus":"passing"})", unknown_field, "/sttaus", "status"},
      {"unknown status", R"({"status":"fine"})", invalid_field, "/status",
       "passing, warning, critical and starting"},
      {"a status of another type", R"({"status":1})", invalid_field, "/status", "one of"},
      {"load over 100", R"({"load":101})", invalid_field, "/load", "0 to 100"},
      {"overloaded as text", R"({"overloaded":"yes"})", invalid_field, "/overloaded", "true or false"},
      {"reason too long", R"({"reason":")" + std::string(257, 'x') + "\"}", invalid_field, "/reason", "256"},
      {"weight too large", R"({"weight":70000})", invalid_field, "/weight", "65535"},
      {"a bad instance inside", R"({"instance":{"address":"10.0.0.7","port":0}})", invalid_field,
       "/instance/port", "1 to 65535"},
      {"an instance without address", R"({"instance":{}})", invalid_field, "/instance/addresses", "missing"},
      {"two generations", R"({"generation":1,"instance":{"address":"10.0.0.7","generation":2}})",
       invalid_field, "/instance/generation", "once"},
      {"an instance of another name", R"({"instance":{"address":"10.0.0.7","id":"i2"}})", invalid_field,
       "/instance/id", "i1"},
  };
  expect_refused(kRows, [](const std::string& json) { return read_heartbeat(json, kContext, kWebI1); });
}

TEST(ReadBody, ANameThatIsThereTwiceIsRefusedWhereItStands) {
  struct Row {
    const char* why;
    std::string text;
    const char* name;
    const char* pointer;
  };
  const Row rows[] = {
      {"at the top", R"({"weight":1,"address":"10.0.0.7","weight":9})", "weight", "/weight"},
      {"with the same value", R"({"address":"10.0.0.7","address":"10.0.0.7"})", "address", "/address"},
      {"inside", R"({"address":"10.0.0.7","tags":{"az":"a","az":"b"}})", "az", "/tags/az"},
      {"in a list", R"({"address":"10.0.0.7","ports":[{"port":1},{"port":2,"port":3}]})", "port",
       "/ports/1/port"},
      {"in meta, which is opaque", R"({"address":"10.0.0.7","meta":{"a":[[1],{"b":1,"b":1}]}})", "b",
       "/meta/a/1/b"},
      {"written otherwise", R"({"weight":1,"address":"10.0.0.7","w\u0065ight":9})", "weight", "/weight"},
      {"an empty name", R"({"meta":{"":1,"":2}})", "", "/meta/"},
      {"a name that a pointer writes otherwise", R"({"meta":{"a/b":{"~":1,"~":2}}})", "~", "/meta/a~1b/~0"},
      {"among many", R"({"meta":{)" + numbered(5'000, "1") + R"(,"k17":2}})", "k17", "/meta/k17"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto read = read_web(row.text);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::bad_json);
    EXPECT_EQ(read.error().field, row.pointer);
    EXPECT_EQ(read.error().message, "\"" + std::string(row.name) + "\" is there twice: say it once");
  }
  EXPECT_TRUE(read_web(
      R"({"address":"10.0.0.7","tags":{"az":"a","a":"b"},"meta":{"az":{"az":[{"az":1},{"az":1}]}}})"));
}

TEST(ReadBatch, ElementsStandAlone) {
  const auto read = read_heartbeats(R"({"instances":[{"service":"web","id":"i1","generation":1},
      {"service":"Web","id":"i2"},{"id":"i3"},7,{"service":"web","id":"i5","load":200},{"service":"web","id":"i6"}]})",
                                    kContext);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 6u);
  EXPECT_FALSE((*read)[0].error);
  EXPECT_EQ((*read)[0].value.generation, 1u);
  EXPECT_EQ((*read)[1].error->field, "/instances/1/service");
  EXPECT_EQ((*read)[1].error->code, ErrorCode::bad_name);
  EXPECT_EQ((*read)[1].value.id, "i2") << "the reply names the element";
  EXPECT_EQ((*read)[2].error->field, "/instances/2/service");
  EXPECT_EQ((*read)[3].error->field, "/instances/3");
  EXPECT_EQ((*read)[4].error->field, "/instances/4/load");
  EXPECT_FALSE((*read)[5].error);
}

TEST(ReadBatch, RegistrationsAreFullBodies) {
  const auto read = read_registrations(
      R"({"instances":[{"service":"web","address":"10.0.0.7","port":80},{"service":"web","id":"x"}]})",
      kContext);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)[0].value.id, "10-0-0-7-80");
  EXPECT_EQ((*read)[1].error->field, "/instances/1/addresses");
  EXPECT_EQ((*read)[1].value.id, "x");
}

TEST(ReadBatch, ABadListRefusesTheWhole) {
  using enum ErrorCode;
  const Refused kRows[] = {
      {"no list", "{}", invalid_field, "/instances", "missing"},
      {"no JSON", "{", bad_json, "", "ends too early"},
      {"an object", R"({"instances":{}})", invalid_field, "/instances", "array"},
      {"another member", R"({"instances":[],"x":1})", unknown_field, "/x", "instances"},
      {"too many", R"({"instances":[)" + repeated("{}", 1001) + "]}", batch_too_long, "/instances", "1000"},
  };
  expect_refused(kRows, [](const std::string& json) { return read_registrations(json, kContext); });
  EXPECT_TRUE(read_registrations(R"({"instances":[)" + repeated("{}", 1000) + "]}", kContext));
  EXPECT_TRUE(read_heartbeats(R"({"instances":[)" + repeated("{}", 10'000) + "]}", kContext));
  EXPECT_EQ(read_heartbeats(R"({"instances":[)" + repeated("{}", 10'001) + "]}", kContext).error().code,
            batch_too_long);
}

TEST(ReadOverlay, ReadsTheSheetsExample) {
  const auto read = read_overlay_entry(
      R"({"match":"web/i1","mode":"drain","weight":5,"priority":1,"tags":{"canary":"true","az":null},
          "expires_in":"10m","reason":"kernel update","by":"ops"})",
      kContext);
  ASSERT_TRUE(read) << read.error().message;
  OverlayEntry expected;
  expected.match = "web/i1";
  expected.mode = AdminMode::drain;
  expected.weight = 5;
  expected.priority = 1;
  expected.tags = {{"az", std::nullopt}, {"canary", "true"}};
  expected.expires_at = kContext.now + Millis{600'000};
  expected.reason = "kernel update";
  expected.by = "ops";
  EXPECT_EQ(*read, expected);
}

TEST(ReadOverlay, WhatIsListedCanBePutAgain) {
  const auto entry =
      read_overlay_entry(R"({"match":"web/*","weight":0,"tags":{"a":null},"expires_in":"10m"})", kContext);
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->by, "deploy") << "who set it, unless the entry says so";
  std::string list = "[";
  append_overlay_entry(list, *entry);
  const auto again = read_overlay(list + "]", kContext);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->at(0), *entry);
}

TEST(ReadOverlay, OneBadEntryRefusesTheList) {
  using enum ErrorCode;
  const Refused kRows[] = {
      {"not a list", "{}", invalid_field, "", "array"},
      {"no match", R"([{"mode":"up"}])", invalid_field, "/0/match", "missing"},
      {"an empty match", R"([{"match":"","mode":"up"}])", invalid_field, "/0/match", "web/*"},
      {"a control character", R"([{"match":"a\u0000","mode":"up"}])", invalid_field, "/0/match", "web/*"},
      {"sets nothing", R"([{"match":"a/b","mode":"up"},{"match":"a/b","reason":"x"}])", invalid_field, "/1",
       "nothing"},
      {"unknown mode", R"([{"match":"a/b","mode":"off"}])", invalid_field, "/0/mode",
       "auto, up, down and drain"},
      {"weight", R"([{"match":"a/b","weight":65536}])", invalid_field, "/0/weight", "0 to 65535"},
      {"tag of another type", R"([{"match":"a/b","tags":{"x":1}}])", invalid_field, "/0/tags/x", "string"},
      {"an end without length", R"([{"match":"a/b","mode":"up","expires_in":"0s"}])", invalid_field,
       "/0/expires_in", "longer than zero"},
      {"an end beyond reason", R"([{"match":"a/b","mode":"up","expires_in":"9223372036854775807ms"}])",
       invalid_field, "/0/expires_in", "hundred years"},
      {"an end that is no time", R"([{"match":"a/b","mode":"up","expires_at":"tomorrow"}])", invalid_field,
       "/0/expires_at", "2026"},
      {"unknown member", R"([{"match":"a/b","mdoe":"up"}])", unknown_field, "/0/mdoe", "mode"},
      {"too many", "[" + repeated(R"({"match":"a","weight":1})", 10'001) + "]", batch_too_long, "", "10000"},
  };
  expect_refused(kRows, [](const std::string& json) { return read_overlay(json, kContext); });
}

TEST(ReadAdmin, IsAnEntryWhoseMatchThePathGives) {
  const auto read = read_admin(R"({"mode":"auto","weight":0,"expires_in":"10m","reason":"x"})", kContext);
  ASSERT_TRUE(read) << read.error().message;
  OverlayEntry expected;
  expected.mode = AdminMode::automatic;
  expected.weight = 0;
  expected.expires_at = kContext.now + Millis{600'000};
  expected.reason = "x";
  expected.by = "deploy";
  EXPECT_EQ(*read, expected);
}

TEST(ReadAdmin, RefusesWithCodeFieldAndCure) {
  using enum ErrorCode;
  const Refused kRows[] = {
      {"sets nothing", R"({"reason":"x"})", invalid_field, "", "mode, weight or priority"},
      {"empty", "{}", invalid_field, "", "nothing to set"},
      {"unknown mode", R"({"mode":"maintenance"})", invalid_field, "/mode", "auto, up, down and drain"},
      {"weight", R"({"weight":-1})", invalid_field, "/weight", "0 to 65535"},
      {"a match", R"({"mode":"up","match":"a/b"})", unknown_field, "/match", "mode"},
  };
  expect_refused(kRows, [](const std::string& json) { return read_admin(json, kContext); });
}

TEST(ReadDrain, AReasonOrNothing) {
  EXPECT_EQ(*read_drain(""), "");
  EXPECT_EQ(*read_drain(R"({"reason":"kernel"})"), "kernel");
  EXPECT_EQ(read_drain(R"({"why":"kernel"})").error().code, ErrorCode::unknown_field);
}

TEST(ReadReload, ZonesToDiscard) {
  EXPECT_THAT(*read_reload(""), ::testing::IsEmpty());
  EXPECT_THAT(*read_reload(R"({"discard":["example.test."]})"), ::testing::ElementsAre("example.test."));
  EXPECT_EQ(read_reload(R"({"discard":"example.test."})").error().field, "/discard");
}

}  // namespace
}  // namespace muster::registry::api
