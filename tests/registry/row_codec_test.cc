#include "registry/store/row_codec.h"

#include <gtest/gtest.h>

#include "registry/health/own_check.h"
#include "registry/json_text.h"
#include "registry/store/plain_body.h"

namespace muster::registry {
namespace {

std::string written(const InstanceBody& body) {
  std::string text;
  append_body(text, body);
  return text;
}

InstanceBody full_body() {
  InstanceBody body;
  body.addresses = {*net::parse_ip("10.0.0.7"), *net::parse_ip("2001:db8::7")};
  body.host_addresses = {*net::parse_ip("192.0.2.1")};
  body.ports = {Port{.name = "http", .number = 8080, .attributes = {{"sla_ms", 0.1}}},
                Port{.name = "",
                     .number = 65535,
                     .protocol = Protocol::udp,
                     .scope = PortScope::container,
                     .service_port = 1,
                     .attributes = {}}};
  body.weight = 0;
  body.priority = 65535;
  body.order = -2147483647 - 1;
  body.tags = {{"az", "a"}, {"odd", "\"\\\n\t\x01\x7f/ü"}};
  body.properties = {{"queue", "work-in"}};
  body.attributes = {{"error_rate", 1e-300}, {"sla_ms", -0.0}, {"third", 1.0 / 3}};
  body.meta = R"({"b":1.0,"a":[1e2,  null]})";
  body.version = "abc123";
  body.task = "web.8c1f";
  body.lyft = LyftFields{"repo", R"({"az": "a","n":1.50})"};
  health::OwnCheck check;
  check.id = "http";
  check.type = health::CheckType::http;
  check.look.headers = {{"X-Key", "\"\\"}};
  check.interval = Millis(1'500);
  check.suspension.emplace().progression = 1.1;
  body.checks = health::OwnChecks(std::make_shared<const health::OwnChecks::List>(1, check));
  return body;
}

TEST(RowCodec, ReadsBackExactlyWhatWasWritten) {
  EXPECT_EQ(**read_body(written(full_body())), full_body());
  EXPECT_EQ(**read_body(written(InstanceBody())), InstanceBody());
  EXPECT_EQ(written(InstanceBody()), "{}");
}

TEST(RowCodec, AUrlComesBackWithWhatItTells) {
  for (const char* url : {"http://10.0.3.4:9000/rest-services", "https://db.example/", "jms:/Q.x"}) {
    for (const AddressType type : {AddressType::url, AddressType::prefix}) {
      InstanceBody body;
      ASSERT_FALSE(take_url(url, type, body));
      body.properties = {{"switchLocationHeadersTo", "http://localhost:8280/vpath"}};
      const auto read = read_body(written(body));
      ASSERT_TRUE(read) << url;
      EXPECT_EQ(**read, body) << url;
    }
  }
}

TEST(RowCodec, SaysWhetherAWeightWasGiven) {
  InstanceBody zero;
  zero.weight = 0;
  EXPECT_TRUE((*read_body(written(zero)))->weight.has_value());
  EXPECT_FALSE((*read_body("{}"))->weight.has_value());
}

TEST(RowCodec, LeavesOutWhatItWouldNotHaveWritten) {
  struct Case {
    const char* why;
    const char* text;
    BodyError error;
  };
  const Case cases[] = {
      {"cut short", R"({"version":"ab)", BodyError::not_json},
      {"nothing", "", BodyError::not_json},
      {"octets behind the end", "{}x", BodyError::not_json},
      {"a list", "[]", BodyError::not_an_object},
      {"a flipped letter in a key", R"({"wfight":1})", BodyError::unknown_member},
      {"a member of a port that we do not know", R"({"ports":[{"port":1,"x":1}]})",
       BodyError::unknown_member},
      {"a weight that is a string", R"({"weight":"1"})", BodyError::wrong_type},
      {"a weight with a fraction", R"({"weight":1.5})", BodyError::wrong_type},
      {"a weight over 16 bits", R"({"weight":65536})", BodyError::out_of_range},
      {"a negative weight", R"({"weight":-1})", BodyError::out_of_range},
      {"port 0", R"({"ports":[{"port":0}]})", BodyError::out_of_range},
      {"a port without number", R"({"ports":[{"name":"http"}]})", BodyError::out_of_range},
      {"a protocol that is none", R"({"ports":[{"port":1,"proto":"tdp"}]})", BodyError::out_of_range},
      {"an address with a flipped digit", R"({"addresses":["10.0.0.:"]})", BodyError::bad_address},
      {"a tag that is no string", R"({"tags":{"az":1}})", BodyError::wrong_type},
      {"meta that is not an object", R"({"meta":"[]"})", BodyError::bad_opaque},
      {"meta that is not JSON", R"({"meta":"{"})", BodyError::bad_opaque},
      {"a URL that is none", R"({"url":"nowhere"})", BodyError::bad_url},
      {"an address type that is none", R"({"url":"jms:/Q","address_type":"prefiy"})",
       BodyError::out_of_range},
      {"a URL that is a number", R"({"url":1})", BodyError::wrong_type},
      {"checks that are no list", R"({"checks":{}})", BodyError::bad_checks},
      {"a check with a flipped letter", R"({"checks":[{"type":"tcq"}]})", BodyError::bad_checks},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    const auto body = read_body(c.text);
    ASSERT_FALSE(body.has_value());
    EXPECT_EQ(body.error(), c.error);
  }
}

InstanceBody plain_body() {
  InstanceBody body = full_body();
  for (Port& port : body.ports) port.attributes.clear();
  body.tags = {{"az", "a b"}, {"canary", ""}, {"env", "production"}};
  body.attributes.clear();
  body.meta = "{}";
  body.lyft = {};
  body.checks = {};
  return body;
}

// What read_any_body() makes of it, or nothing.
std::optional<InstanceBody> read_slowly(const std::string& text) {
  const auto body = read_any_body(text);
  return body ? std::optional(**body) : std::nullopt;
}

TEST(PlainBody, ReadsWhatMostBodiesLookLike) {
  InstanceBody body;
  ASSERT_TRUE(read_plain_body(written(plain_body()), body));
  EXPECT_EQ(body, plain_body());
  EXPECT_EQ(body.tags.capacity(), body.tags.size()) << "a million bodies have no room to spare";
}

TEST(PlainBody, NeverReadsWhatTheOtherReaderReadsOtherwise) {
  const std::string text = written(plain_body());
  std::size_t read = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : std::string_view("\"\\{}[]:,0123456789-.eE+ aZ\x01\x7f\xc3")) {
      std::string changed = text;
      changed[at] = c;
      InstanceBody body;
      if (!read_plain_body(changed, body)) continue;
      ++read;
      EXPECT_EQ(read_slowly(changed), body) << changed;
    }
    InstanceBody body;
    EXPECT_FALSE(read_plain_body(text.substr(0, at), body)) << at;
  }
  EXPECT_GT(read, 1000U) << "letters and digits may be changed";
}

TEST(PlainBody, LeavesTheUnusualToTheOtherReader) {
  struct Case {
    const char* why;
    const char* text;
  };
  const Case cases[] = {
      {"nothing said", "{}"},
      {"an escape", R"({"version":"a\u0041"})"},
      {"beyond ASCII", "{\"version\":\"\xc3\xbc\"}"},
      {"blanks", R"({ "weight": 1 })"},
      {"another order", R"({"tags":{"a":"b"},"weight":1})"},
      {"a member twice", R"({"weight":1,"weight":2})"},
      {"a tag twice", R"({"tags":{"a":"b","a":"c"}})"},
      {"an exponent", R"({"attributes":{"x":1e2}})"},
      {"meta", R"({"meta":"{\"a\":1}"})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    InstanceBody body;
    EXPECT_FALSE(read_plain_body(c.text, body));
    EXPECT_TRUE(read_body(c.text).has_value());
    EXPECT_EQ(read_slowly(c.text), **read_body(c.text));
  }
}

TEST(RowCodec, EveryPrefixIsRefused) {
  const std::string text = written(full_body());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(read_body(text.substr(0, size)).has_value()) << size;
}

TEST(JsonText, NumbersReadBackEqualAndInfinityIsNull) {
  std::string out;
  append_json_number(out, 0.1);
  out += ' ';
  append_json_number(out, 10.0);
  out += ' ';
  append_json_number(out, 1.0 / 0.0);
  EXPECT_EQ(out, "0.1 10 null");
}

}  // namespace
}  // namespace muster::registry
