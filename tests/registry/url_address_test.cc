// What a URL tells of an instance, and which URLs are refused.
#include "registry/url_address.h"

#include <gtest/gtest.h>

#include "registry/model.h"

namespace muster::registry {
namespace {

// "host addresses | ports", as "db.example 10.0.0.7 | http:80/tcp".
std::string told(const InstanceBody& body) {
  std::string text = body.url->host;
  for (const IpAddress& address : body.addresses) text += (text.empty() ? "" : " ") + net::to_string(address);
  text += " |";
  for (const Port& port : body.ports)
    text += " " + port.name + ":" + std::to_string(port.number) + "/" + std::string(to_string(port.protocol));
  return text;
}

TEST(UrlAddress, TellsAddressAndPort) {
  struct Row {
    const char* url;
    const char* told;
  };
  for (const Row& row : {
           Row{"http://10.0.3.4:9000/rest-services", "10.0.3.4 | http:9000/tcp"},
           Row{"HTTPS://10.0.3.4", "10.0.3.4 | https:443/tcp"},
           Row{"http://10.0.3.4:/x?y=z", "10.0.3.4 | http:80/tcp"},
           Row{"http://[2001:db8::7]:81/", "2001:db8::7 | http:81/tcp"},
           Row{"http://Db.Example./x", "db.example. | http:80/tcp"},
           Row{"x-y://db:7", "db | x-y:7/tcp"},
           Row{"soap.beep://10.0.0.1:605/", "10.0.0.1 | :605/tcp"},
           Row{"coap://10.0.0.1/t", "10.0.0.1 | coap:5683/udp"},
           Row{"jms:/Q.x", " |"},
           Row{"file:///x", " |"},
           Row{"mailto:a@b", " |"},
           Row{"jdbc:mysql://db/x@y", " |"},
           Row{"http://10.0.0.1/?next=http://me@h/", "10.0.0.1 | http:80/tcp"},
           Row{"http://10.0.0.300.example/", "10.0.0.300.example | http:80/tcp"},
           Row{"urn:uuid:1-2", " |"},
       }) {
    InstanceBody body;
    const auto fault = take_url(row.url, AddressType::url, body);
    ASSERT_FALSE(fault) << row.url << " " << *fault;
    EXPECT_EQ(told(body), row.told) << row.url;
    EXPECT_EQ(body.url->url, row.url) << "as written";
    EXPECT_EQ(is_hostless(body), body.ports.empty()) << row.url;
    EXPECT_EQ(is_unresolved(body), !body.url->host.empty()) << row.url;
  }
}

TEST(UrlAddress, RefusesWhatNobodyCouldUse) {
  struct Row {
    std::string url;
    const char* fault;
  };
  const Row rows[] = {
      {"", "is empty"},
      {"/x", "no absolute URL"},
      {"10.0.0.7:8080", "no absolute URL"},
      {"http://h/ x", "printable ASCII"},
      {"http://h/\xc3\xbc", "printable ASCII"},
      {"http://h/%2", "no absolute URL"},
      {"http://h/#top", "no fragment"},
      {"http://me@h/", "no user name"},
      {"http://me:secret@h/", "no user name"},
      {"jdbc:mysql://user:secret@db/x", "no user name"},
      {"jdbc:x:y://db/z://me@db?q", "no user name"},
      {"x-y://h/", "needs a port"},
      {"file://h/x", "needs a port"},
      {"http:///x", "needs a host"},
      {"http:x", "needs a host"},
      {"http://h:0/", "1 to 65535"},
      {"http://h:65536/", "1 to 65535"},
      {"http://h:50x/", "1 to 65535"},
      {"http://0.0.0.0/", "unspecified"},
      {"http://[ff02::1]/", "multicast"},
      {"http://255.255.255.255/", "broadcast"},
      {"http://[v1.x]/", "neither a name nor"},
      {"http://a%20b/", "DNS cannot have"},
      {"http://" + std::string(254, 'a') + "/", "DNS cannot have"},
      {"http://" + std::string(64, 'a') + ".b/", "DNS cannot have"},
      {"http://a..b/", "DNS cannot have"},
      {"http://.a/", "DNS cannot have"},
      {"http://a../", "DNS cannot have"},
      {"http://./", "DNS cannot have"},
      {"http://10.0.0.300/", "DNS cannot have"},
      {"http://h/" + std::string(2048 - 8, 'x'), "2048"},
  };
  for (const Row& row : rows) {
    InstanceBody body;
    const auto fault = take_url(row.url, AddressType::url, body);
    ASSERT_TRUE(fault) << row.url;
    EXPECT_NE(fault->find(row.fault), std::string::npos) << row.url << " " << *fault;
    EXPECT_EQ(body, InstanceBody()) << "untouched: " << row.url;
  }
}

TEST(UrlAddress, LongestThatFits) {
  InstanceBody body;
  EXPECT_FALSE(take_url("http://h/" + std::string(2048 - 9, 'x'), AddressType::url, body));
}

TEST(UrlAddress, SaysWhyTypesOfMessagesAreNotPublished) {
  EXPECT_EQ(why_not_publishable("default"),
            "address type \"default\" names no address: the destination comes with each message, nothing to "
            "publish "
            "in DNS");
  EXPECT_EQ(why_not_publishable("response"),
            "address type \"response\" names no address: replies use the caller's own connection, nothing to "
            "publish "
            "in DNS");
  for (const char* word : {"url", "prefix", "", "x"}) EXPECT_FALSE(why_not_publishable(word)) << word;
}

// One of two million: what has no URL pays no more than two pointers for it.
TEST(UrlAddress, ABodyIsSmallerThanItWasWithoutUrls) { EXPECT_LE(sizeof(InstanceBody), 320U); }

}  // namespace
}  // namespace muster::registry
