#include "registry/api/lyft_form.h"

#include <gtest/gtest.h>

#include "registry/api/raw_object.h"

namespace muster::registry::api {
namespace {

using http::FormFields;

constexpr const char* kPlace = R"({"az":"a","region":"r","instance_id":"i"})";

FormFields good() { return {{"ip", "10.0.0.1"}, {"port", "80"}, {"revision", "abc"}, {"tags", kPlace}}; }

// `good()` with some parameters replaced; a null value takes one away.
FormFields changed(std::vector<std::pair<const char*, const char*>> changes) {
  FormFields fields = good();
  for (const auto& change : changes) {
    std::erase_if(fields, [&](const auto& field) { return field.first == change.first; });
    if (change.second) fields.emplace_back(change.first, change.second);
  }
  return fields;
}

LyftRegistration read(const FormFields& fields, std::string_view peer = "192.168.7.7",
                      std::string_view forwarded = "") {
  LyftConfig config;
  config.trusted_proxies = {*net::parse_prefix("127.0.0.1/32")};
  return read_lyft_registration("web", fields, {*net::parse_ip(peer), forwarded}, config);
}

TEST(LyftForm, AGoodOneIsARegistration) {
  const auto registration = read(changed({{"service_repo_name", "repo"}, {"port", " +0080 "}}));
  ASSERT_TRUE(registration.has_value());
  EXPECT_EQ(registration->service, "web");
  EXPECT_EQ(registration->id, "10-0-0-1");
  EXPECT_EQ(registration->source.kind, SourceKind::lyft);
  EXPECT_EQ(registration->lease, Millis(600'000));
  const auto body = registration->amend(nullptr);
  EXPECT_EQ(net::to_string(body->addresses.at(0)), "10.0.0.1");
  EXPECT_EQ(body->ports.at(0).number, 80);
  EXPECT_EQ(body->version, "abc");
  EXPECT_EQ(body->lyft->service_repo_name, "repo");
  EXPECT_EQ(body->lyft->tags_json, kPlace);
  EXPECT_EQ(body->tags, (Tags{{"az", "a"}, {"instance_id", "i"}, {"region", "r"}}));
  EXPECT_EQ(body->weight, std::nullopt);
}

TEST(LyftForm, EachCheckAloneAndBeforeTheNext) {
  struct Row {
    const char* why;
    std::vector<std::pair<const char*, const char*>> changes;
    LyftError error;
  };
  const Row rows[] = {
      {"port is a word", {{"port", "http"}}, LyftError::bad_parameters},
      {"port is a fraction", {{"port", "80.5"}}, LyftError::bad_parameters},
      {"port in hex", {{"port", "0x50"}}, LyftError::bad_parameters},
      {"port with an exponent", {{"port", "1e1"}}, LyftError::bad_parameters},
      {"port with an underscore", {{"port", "1_000"}}, LyftError::bad_parameters},
      {"port in other digits", {{"port", "\xd9\xa8\xd9\xa0"}}, LyftError::bad_parameters},
      {"port empty", {{"port", ""}}, LyftError::bad_parameters},
      {"a bad port comes before bad tags", {{"port", "x"}, {"tags", "{"}}, LyftError::bad_parameters},
      {"tags are no JSON", {{"tags", "{"}}, LyftError::bad_tags},
      {"tags are empty", {{"tags", ""}}, LyftError::bad_tags},
      {"something after the tags", {{"tags", "{} x"}}, LyftError::bad_tags},
      {"bad tags come before a port out of range", {{"tags", "{"}, {"port", "0"}}, LyftError::bad_tags},
      {"bad tags come before a missing ip", {{"tags", "{"}, {"ip", nullptr}}, LyftError::bad_tags},
      {"tags are an array", {{"tags", "[]"}}, LyftError::bad_parameters},
      {"tags are a string", {{"tags", "\"x\""}}, LyftError::bad_parameters},
      {"no tags: az and the others are missing", {{"tags", nullptr}}, LyftError::bad_parameters},
      {"no ip", {{"ip", nullptr}}, LyftError::bad_parameters},
      {"an empty ip", {{"ip", ""}}, LyftError::bad_parameters},
      {"no port", {{"port", nullptr}}, LyftError::bad_parameters},
      {"port 0", {{"port", "0"}}, LyftError::bad_parameters},
      {"port -1", {{"port", "-1"}}, LyftError::bad_parameters},
      {"port 65536", {{"port", "65536"}}, LyftError::bad_parameters},
      {"port beyond every integer", {{"port", "99999999999999999999999"}}, LyftError::bad_parameters},
      {"no revision", {{"revision", nullptr}}, LyftError::bad_parameters},
      {"an empty revision", {{"revision", ""}}, LyftError::bad_parameters},
      {"ip with a leading zero", {{"ip", "10.0.0.01"}}, LyftError::bad_parameters},
      {"ip with a blank", {{"ip", " 10.0.0.1"}}, LyftError::bad_parameters},
      {"ip with three octets", {{"ip", "10.0.1"}}, LyftError::bad_parameters},
      {"ip over 255", {{"ip", "10.0.0.256"}}, LyftError::bad_parameters},
      {"a name", {{"ip", "localhost"}}, LyftError::bad_parameters},
      {"IPv6", {{"ip", "::1"}}, LyftError::bad_parameters},
      {"IPv4 in IPv6", {{"ip", "::ffff:10.0.0.1"}}, LyftError::bad_parameters},
      {"the unspecified address", {{"ip", "0.0.0.0"}}, LyftError::bad_parameters},
      {"a multicast address", {{"ip", "224.0.0.1"}}, LyftError::bad_parameters},
      {"the broadcast address", {{"ip", "255.255.255.255"}}, LyftError::bad_parameters},
      {"no az", {{"tags", R"({"region":"r","instance_id":"i"})"}}, LyftError::bad_parameters},
      {"no region", {{"tags", R"({"az":"a","instance_id":"i"})"}}, LyftError::bad_parameters},
      {"no instance_id", {{"tags", R"({"az":"a","region":"r"})"}}, LyftError::bad_parameters},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto registration = read(changed(row.changes));
    ASSERT_FALSE(registration.has_value());
    EXPECT_EQ(registration.error(), row.error);
  }
}

TEST(LyftForm, TheFirstOfEqualNamesWins) {
  auto fields = good();
  fields.emplace_back("port", "nonsense");
  fields.emplace_back("unknown", "ignored");
  EXPECT_TRUE(read(fields).has_value());
}

TEST(LyftForm, AutoIp) {
  struct Row {
    const char* why;
    const char* peer;
    const char* forwarded;
    const char* id;  // null: refused
  };
  const Row rows[] = {
      {"the peer", "192.168.7.7", "", "192-168-7-7"},
      {"a peer outside auto_ip", "10.0.0.9", "", nullptr},
      {"a forwarded address from nobody we trust", "192.168.7.7", "192.168.1.1", "192-168-7-7"},
      {"the last one from a proxy", "127.0.0.1", "192.168.0.0,192.168.216.186", "192-168-216-186"},
      {"outside", "127.0.0.1", "192.169.216.186", nullptr},
      {"no address", "127.0.0.1", "192.168.256.186", nullptr},
      {"no number", "127.0.0.1", "192.168.x.1", nullptr},
      {"IPv6", "127.0.0.1", "fe80::1", nullptr},
      {"the proxy itself", "127.0.0.1", "", nullptr},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto registration = read(changed({{"ip", nullptr}, {"auto_ip", "1"}}), row.peer, row.forwarded);
    ASSERT_EQ(registration.has_value(), row.id != nullptr);
    if (row.id) {
      EXPECT_EQ(registration->id, row.id);
    }
  }
  EXPECT_FALSE(read(changed({{"ip", nullptr}, {"auto_ip", ""}})).has_value()) << "an empty value is none";
  EXPECT_EQ(read(changed({{"auto_ip", "1"}}))->id, "10-0-0-1") << "ip goes first";
}

TEST(LyftForm, TagsAreMergedByTopLevelKeyAndKeptVerbatim) {
  const char* first =
      R"({"az":"a","region":"r","instance_id":"i","load_balancing_weight":7,"o":{"x":[1.0,1e2]},"n":null})";
  const auto before = read(changed({{"tags", first}}))->amend(nullptr);
  EXPECT_EQ(before->lyft->tags_json, first);
  EXPECT_EQ(before->weight, 7);
  const auto after =
      read(changed({{"tags", R"({"az":"b","region":"r","instance_id":"i","o":{}})"}, {"revision", "new"}}))
          ->amend(before.get());
  EXPECT_EQ(after->lyft->tags_json,
            R"({"az":"b","region":"r","instance_id":"i","load_balancing_weight":7,"o":{},"n":null})");
  EXPECT_EQ(after->weight, 7) << "a heartbeat without a weight keeps it";
  EXPECT_EQ(after->version, "new");
}

TEST(LyftForm, WeightTags) {
  struct Row {
    const char* tag;
    std::optional<std::uint16_t> weight;
  };
  const Row rows[] = {{"1", 1},
                      {"100", 100},
                      {"0", std::nullopt},
                      {"101", std::nullopt},
                      {"1.0", std::nullopt},
                      {"\"5\"", std::nullopt},
                      {"true", std::nullopt},
                      {"-1", std::nullopt}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.tag);
    const auto tags =
        std::string(R"({"az":"a","region":"r","instance_id":"i","load_balancing_weight":)") + row.tag + "}";
    const auto body = read(changed({{"tags", tags.c_str()}}))->amend(nullptr);
    EXPECT_EQ(body->weight, row.weight);
    EXPECT_EQ(body->lyft->tags_json, tags);
  }
}

TEST(LyftForm, NativeTagsAreWhatCanBeOne) {
  const auto body =
      read(changed({{"tags",
                     R"({"az":"\u00e4\"","region":1.5,"instance_id":true,"Upper":"x","l":[1],"z":null})"}}))
          ->amend(nullptr);
  EXPECT_EQ(body->tags, (Tags{{"az", "ä\""}, {"instance_id", "true"}, {"region", "1.5"}}));
}

TEST(LyftForm, WeightParameter) {
  struct Row {
    const char* why;
    FormFields fields;
    std::optional<std::uint16_t> weight;
    LyftError error;
  };
  const Row rows[] = {
      {"least", {{"load_balancing_weight", "1"}}, 1, {}},
      {"most, written oddly", {{"load_balancing_weight", " +0100\t"}}, 100, {}},
      {"absent", {}, std::nullopt, LyftError::weight_missing},
      {"empty", {{"load_balancing_weight", ""}}, std::nullopt, LyftError::weight_missing},
      {"blank", {{"load_balancing_weight", " "}}, std::nullopt, LyftError::weight_invalid},
      {"zero", {{"load_balancing_weight", "0"}}, std::nullopt, LyftError::weight_invalid},
      {"too much", {{"load_balancing_weight", "101"}}, std::nullopt, LyftError::weight_invalid},
      {"a fraction", {{"load_balancing_weight", "5.0"}}, std::nullopt, LyftError::weight_invalid},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto weight = read_lyft_weight(row.fields);
    ASSERT_EQ(weight.has_value(), row.weight.has_value());
    if (row.weight) {
      EXPECT_EQ(*weight, *row.weight);
    } else {
      EXPECT_EQ(weight.error(), row.error);
    }
  }
}

TEST(RawObject, KeepsValuesAsSent) {
  const auto read =
      read_raw_object(" { \"a\" : [ 1 , {\"}\":\"]\"} ] , \"b\\u0041\":\"x,\\\"y\" ,\"a\": 2e0 } ");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(*read, (RawMembers{{"a", "2e0"}, {"bA", R"("x,\"y")"}}));
  EXPECT_EQ(write_raw_object(*read), R"({"a":2e0,"bA":"x,\"y"})");
  EXPECT_TRUE(read_raw_object("{}")->empty());
  EXPECT_TRUE(read_raw_object("{ }")->empty());
  EXPECT_EQ(read_raw_object("{\"a\":}").error(), RawObjectError::not_json);
  EXPECT_EQ(read_raw_object("{\"a\":\"\xff\"}").error(), RawObjectError::not_json);
  EXPECT_EQ(read_raw_object(std::string(40, '[') + std::string(40, ']')).error(), RawObjectError::not_json);
  EXPECT_EQ(read_raw_object("1").error(), RawObjectError::not_an_object);
}

}  // namespace
}  // namespace muster::registry::api
