#include "tools/config/config_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "tools/config/changes.h"
#include "tools/config/every_key.h"

namespace muster::config {
namespace {

TEST(Config, ErrorsNameThePlaceAndTheCure) {
  struct Row {
    const char* why;
    const char* text;
    const char* error;
  };
  const std::string kLongProperty = "[service.web]\nproperties = { a = \"" + std::string(254, 'x') + "\" }\n";
  const Row rows[] = {
      {"an unknown key with its neighbour", "[dns]\nudp_thredas = 2\n",
       "m.toml:2:1: unknown key dns.udp_thredas (did you mean dns.udp_threads?)"},
      {"an unknown section", "[dsn]\n", "m.toml:1:2: unknown key dsn (did you mean dns?)"},
      {"a wrong type", "[dns]\nudp_threads = \"two\"\n",
       "m.toml:2:15: udp_threads must be an integer, not a string"},
      {"a number out of bounds", "[dns]\nedns_udp_size = 100\n",
       "m.toml:2:17: edns_udp_size must be 512 to 4096, not 100"},
      {"a duration without quotes", "[zones]\nttl = 5\n",
       "m.toml:2:7: ttl must be a duration in quotes such as \"250ms\", \"5s\" or \"1h30m\", not an integer"},
      {"a duration with a strange unit", "[zones]\nttl = \"5x\"\n",
       "m.toml:2:7: ttl is not a duration: \"5x\" (write \"250ms\", \"5s\" or \"1h30m\")"},
      {"an empty duration", "[registry]\nlease = \"\"\n",
       "m.toml:2:9: lease is not a duration: \"\" (write \"250ms\", \"5s\" or \"1h30m\")"},
      {"an address without a port", "[http]\nlisten = [\"127.0.0.1\"]\n",
       "m.toml:2:11: listen: \"127.0.0.1\" is not an address such as \"127.0.0.1:8053\""},
      {"no address at all", "[dns]\nlisten = []\n", "m.toml:2:10: listen must name at least one address"},
      {"a misspelt word", "[store]\nkind = \"sqllite\"\n",
       "m.toml:2:8: kind must be one of \"sqlite\", \"memory\", not \"sqllite\" (did you mean \"sqlite\"?)"},
      {"a section of a later version", "[cluster]\n",
       "m.toml:1:1: cluster is known, but the cluster is not part of this version: take the key out"},
      {"a Marathon that nothing names", "[[source.marathon]]\nurls = []\n",
       "m.toml:2:8: urls or urls_file is required: where Marathon answers"},
      {"a part of a service's name that is none", "[[source.marathon]]\nservice_name = \"{path}-{name}\"\n",
       "m.toml:2:16: service_name holds {name}, which is none of {path}, {source}"},
      {"another", "[[source.mesos]]\nservice_name = \"{name\"\n",
       "m.toml:2:16: service_name holds {name, which is none of {name}, {framework}, {source}"},
      {"what a Marathon has no zone for",
       "[[source.marathon]]\nurls = [\"http://10.0.0.1:8080\"]\nstale_action = \"servfail\"\n",
       "m.toml:3:16: stale_action must be one of \"drop\", not \"servfail\""},
      {"a source whose masters are none", "[[source.mesos]]\nmasters = []\n",
       "m.toml:2:11: masters or zookeeper is required: the addresses of the Mesos masters, or where they "
       "announce "
       "them"},
      {"a ZooKeeper without the path", "[[source.mesos]]\nzookeeper = \"zk://h1:2181\"\n",
       "m.toml:2:13: zookeeper needs the path at which the masters announce themselves, such as /mesos"},
      {"a ZooKeeper whose login is none", "[[source.mesos]]\nzookeeper = \"zk://hidden@h1:2181/mesos\"\n",
       "m.toml:2:13: zookeeper has a login that is not user:password in front of its `@`"},
      {"two addresses of ZooKeeper",
       "[[source.mesos]]\nzookeeper = \"zk://h1/mesos\"\nzookeeper_file = \"zk\"\n",
       "m.toml:2:13: zookeeper and zookeeper_file: give one of the two"},
      {"an address of ZooKeeper in no file", "[[source.mesos]]\nzookeeper_file = \"none.zk\"\n",
       "m.toml:2:18: zookeeper_file cannot be read: none.zk (No such file or directory)"},
      {"a password in an address", "[[source.mesos]]\nmasters = [\"http://a:b@10.0.0.1:5050\"]\n",
       "m.toml:2:11: masters holds a password: put it into username and password_file"},
      {"a password without a user",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\npassword = \"hidden\"\n",
       "m.toml:3:12: password needs username"},
      {"a user and a token",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\nusername = \"a\"\ntoken = \"hidden\"\n",
       "m.toml:4:9: token and username: give one of the two"},
      {"a password here and in a file",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\nusername = \"a\"\npassword = \"hidden\"\n"
       "password_file = \"/etc/passwd\"\n",
       "m.toml:4:12: password and password_file: give one of the two"},
      {"a token in no file",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\ntoken_file = \"none.token\"\n",
       "m.toml:3:14: token_file cannot be read: none.token (No such file or directory)"},
      {"a token in what has no end",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\ntoken_file = \"/dev/zero\"\n",
       "m.toml:3:14: token_file cannot be read: /dev/zero (File too large)"},
      {"a file without a token",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\ntoken_file = \"/dev/null\"\n",
       "m.toml:3:14: token_file needs a token in the first line of /dev/null"},
      {"credentials that are none",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\ncredentials_file = \"/dev/null\"\n",
       "m.toml:3:20: credentials_file needs user:password in the first line of /dev/null"},
      {"the key of a service account",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\niam_file = \"iam.json\"\n",
       "m.toml:3:12: iam_file is not part of this version: let a program of yours log in with the service "
       "account's key and write the token into a file, and give token_file and token_scheme = \"token\"; the "
       "file "
       "is read again when it changes"},
      {"an address of a scheduler with a path",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050/state\"]\n",
       "m.toml:2:12: masters: \"http://10.0.0.1:5050/state\" is not an address such as "
       "\"http://10.0.0.1:5050\""},
      {"an address source that stands twice",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\nip_sources = [\"host\", \"host\"]\n",
       "m.toml:3:14: ip_sources holds \"host\" twice"},
      {"an address source that does not exist",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\nip_sources = [\"hosts\"]\n",
       "m.toml:3:14: ip_sources holds \"hosts\", which is none of \"netinfo\", \"docker\", \"mesos\", "
       "\"host\""},
      {"two sources of one name",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\n[[source.mesos]]\ndomain = \"b.\"\nmasters = "
       "[\"http://10.0.0.2:5050\"]\n",
       "m.toml:3:1: name is the name of another source, too"},
      {"a view where a zone is",
       "[[source.mesos]]\nmasters = [\"http://10.0.0.1:5050\"]\ndomain = \"svc.internal\"\n",
       "m.toml:3:10: the zone svc.internal. stands twice, as zones.domain, too"},
      {"a slow start without a draw", "[service.web]\npolicy = \"failover\"\nslow_start = \"30s\"\n",
       "m.toml:3:14: slow_start has no effect: policy \"failover\" does not draw by weight; leave one of "
       "them out"},
      {"a policy that is none", "[service.web]\npolicy = \"weigthed\"\n",
       "m.toml:2:10: policy must be one of \"single\", \"round-robin\", \"round-robin-failover\", "
       "\"failover\", "
       "\"weighted\", \"weighted-failover\", \"random\", \"random-failover\", \"weighted-rr\", \"hash\", "
       "\"hash-failover\", \"response-time\", \"response-time-failover\", \"all\", not \"weigthed\" (did you "
       "mean "
       "\"weighted\"?)"},
      {"nothing to fall back to", "[service.web]\nwhen_none = \"fallback\"\n",
       "m.toml:2:13: when_none \"fallback\" needs `fallback`: the name of a service, or a list of addresses"},
      {"a fallback without need", "[service.web]\nfallback = \"db\"\n",
       "m.toml:2:12: fallback has no effect: it needs when_none = \"fallback\""},
      {"a fallback to no address", "[service.web]\nwhen_none = \"fallback\"\nfallback = [\"db\"]\n",
       "m.toml:3:13: fallback: \"db\" is not an IPv4 or IPv6 address"},
      {"a fallback to itself", "[service.web]\nwhen_none = \"fallback\"\nfallback = \"Web\"\n",
       "m.toml:3:12: fallback is the service itself; name another one"},
      {"response times of another policy", "[service.web]\nresponse_time = { tau = \"1m\" }\n",
       "m.toml:2:17: response_time has no effect: it needs policy = \"response-time\" or "
       "\"response-time-failover\""},
      {"SRV priorities of another policy", "[service.web]\nsrv_order = \"priority\"\n",
       "m.toml:2:13: srv_order \"priority\" needs policy = \"round-robin-failover\""},
      {"a hash key that is none", "[zones]\nhash_key = \"00\"\n",
       "m.toml:2:12: hash_key must be 32 hex digits (openssl rand -hex 16)"},
      {"a public name in no zone", "[service.web]\nalso = [\"a.example.test.\"]\n",
       "m.toml:2:9: also: a.example.test. is in no zone of [[zones.file]]"},
      {"a public name below the domain",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.web]\nalso = "
       "[\"a.svc.internal.\"]\n",
       "m.toml:5:9: also: a.svc.internal. is in no zone of [[zones.file]]"},
      {"a public name that is a wildcard",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.web]\nalso = "
       "[\"*.example.test.\"]\n",
       "m.toml:5:9: also: *.example.test. is a wildcard"},
      {"a public name of no port",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.web]\nalso = "
       "[\"_http.example.test.\"]\n",
       "m.toml:5:9: also: _http.example.test. begins with _ and so must be _PORT._tcp or _PORT._udp below a "
       "domain"},
      {"a public name of many services",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.\"w*\"]\nalso = "
       "[\"a.example.test.\"]\n",
       "m.toml:5:9: also: a.example.test. is of one service: name it in a [service.NAME] of its own, not "
       "under a glob"},
      {"a public name of two services",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.api]\nalso = "
       "[\"a.example.test.\"]\n[service.web]\nalso = [\"b.example.test.\", \"A.example.test.\"]\n",
       "m.toml:7:28: also: A.example.test. is named by [service.api], too"},
      {"a public name that is none",
       "[[zones.file]]\nname = \"example.test.\"\nfile = \"z\"\n[service.web]\nalso = [\"a..test.\"]\n",
       "m.toml:5:9: also: \"a..test.\" is not a domain name"},
      {"an unset environment variable", "[server]\nname = \"${MUSTER_TEST_UNSET}\"\n",
       "m.toml:2:8: environment variable MUSTER_TEST_UNSET is not set"},
      {"a word of a longer key", "[dns]\nthredas = 2\n",
       "m.toml:2:1: unknown key dns.thredas (did you mean dns.udp_threads?)"},
      {"a key of another section", "[zones]\nservice_linger = \"1m\"\n",
       "m.toml:2:1: unknown key zones.service_linger (did you mean registry.service_linger?)"},
      {"a key of a table that is not there", "[dns]\nslip = 1\n",
       "m.toml:2:1: unknown key dns.slip (did you mean dns.rate_limit.slip?)"},
      {"a key of a service", "[zones]\ntag_views = [\"az\"]\n",
       "m.toml:2:1: unknown key zones.tag_views (did you mean service.X.tag_views?)"},
      {"a section that is part of another", "[rate_limit]\n",
       "m.toml:1:2: unknown key rate_limit (did you mean dns.rate_limit?)"},
      {"a key that resembles none", "[dns]\nquux = 1\n", "m.toml:2:1: unknown key dns.quux"},
      {"the same zone twice", "[zones]\ndomain = \"a.\"\n[[zones.file]]\nname = \"A\"\nfile = \"x\"\n",
       "m.toml:4:8: the zone A. stands twice, as zones.domain, too"},
      {"the same file zone twice",
       "[[zones.file]]\nname = \"a\"\nfile = \"x\"\n[[zones.file]]\nname = \"a\"\nfile = \"x\"\n",
       "m.toml:5:8: the zone a. stands twice, as zones.file[0].name, too"},
      {"the same reverse zone twice", "[zones]\nreverse = [\"10.in-addr.arpa\", \"10.in-addr.arpa.\"]\n",
       "m.toml:2:31: the zone 10.in-addr.arpa. stands twice, as zones.reverse[0], too"},
      {"names of tasks in the reverse zones, of which there are none",
       "[[source.mesos]]\nmasters = [\"http://192.0.2.1:5050\"]\nptr = true\n",
       "m.toml:3:7: ptr needs a reverse zone for its names: list it in zones.reverse"},
      {"a reverse zone that is none", "[zones]\nreverse = [\"foo.test\"]\n",
       "m.toml:2:12: reverse: \"foo.test\" is not a reverse domain such as \"10.in-addr.arpa.\""},
      {"the same address twice", "[dns]\nlisten = [\"127.0.0.1:53\", \"127.0.0.1:53\"]\n",
       "m.toml:2:27: listen: 127.0.0.1:53 is taken in this file already, by 127.0.0.1:53 of dns.listen[0]"},
      {"an address of both listeners", "[http]\nlisten = [\"127.0.0.1:0\", \"127.0.0.1:5300\"]\n",
       "m.toml:2:26: listen: 127.0.0.1:5300 is taken in this file already, by 127.0.0.1:5300 of "
       "dns.listen[0]"},
      {"a wildcard that takes the port everywhere", "[dns]\nlisten = [\"0.0.0.0:53\", \"127.0.0.1:53\"]\n",
       "m.toml:2:25: listen: 127.0.0.1:53 is taken in this file already, by 0.0.0.0:53 of dns.listen[0]"},
      {"a user who is not there", "[server]\nuser = \"muster-test-nobody\"\n",
       "m.toml:2:8: user is \"muster-test-nobody\", and there is no such user on this machine (create it, or "
       "leave "
       "the key out)"},
      {"TLS files that are not there", "[http]\ntls_certificate = \"/dev/null\"\ntls_key = \"none.key\"\n",
       "m.toml:3:11: tls_key cannot be read: none.key (No such file or directory)"},
      {"a TLS key that has no end", "[http]\ntls_certificate = \"/dev/null\"\ntls_key = \"/dev/zero\"\n",
       "m.toml:3:11: tls_key cannot be read: /dev/zero (File too large)"},
      {"TLS files that are none", "[http]\ntls_certificate = \"/dev/null\"\ntls_key = \"/dev/null\"\n",
       nullptr},
      {"two tokens of one name",
       "[[http.token]]\nname = \"a\"\nsecret = \"12345678\"\n[[http.token]]\nname = \"a\"\nsecret = "
       "\"abcdefgh\"\n",
       "m.toml:5:8: name is the name of another token, too"},
      {"two tokens with one secret",
       "[[http.token]]\nname = \"a\"\nsecret = \"12345678\"\n[[http.token]]\nname = \"b\"\nsecret = "
       "\"12345678\"\n",
       "m.toml:6:10: secret is the secret of another token, too"},
      {"a tag's key in capitals", "[service.web]\ntag_views = [\"az\", \"A\"]\n",
       "m.toml:2:20: tag_views: \"A\" is not a tag's key: 1 to 63 octets of a-z, 0-9 and _ . -, beginning "
       "and ending "
       "with a letter or digit"},
      {"an upstream that is this server",
       "[dns]\nlisten = [\"127.0.0.1:53\"]\n[forward]\nupstreams = [\"127.0.0.1\"]\n",
       "m.toml:4:14: forward.upstreams: 127.0.0.1:53 is this server itself (dns.listen)"},
      {"an upstream by name", "[forward]\nupstreams = [\"ns.example\"]\n",
       "m.toml:2:14: upstreams: \"ns.example\" is not an address such as \"192.0.2.53\", \"192.0.2.53:53\" "
       "or "
       "\"[2001:db8::53]:53\""},
      {"a domain without servers", "[forward.zones]\n\"corp.example\" = []\n",
       "m.toml:2:18: corp.example must name at least one server"},
      {"servers of no domain", "[forward.zones]\n\"a..b\" = [\"192.0.2.1\"]\n",
       "m.toml:2:10: a..b is not a domain name"},
      {"a cache of nothing", "[forward]\ncache = \"1KiB\"\n",
       "m.toml:2:9: cache must be 0 (none) or at least 64KiB"},
      {"authorities of clients without TLS", "[http]\ntls_client_ca = \"c.pem\"\n",
       "m.toml:2:17: tls_client_ca needs tls_certificate and tls_key"},
      {"a client's certificate without authorities",
       "[[http.token]]\nname = \"a\"\ncertificate = \"a.test\"\n",
       "m.toml:3:15: certificate needs http.tls_client_ca, the authorities whose certificates are believed"},
      {"a certificate without its key", "[http]\ntls_certificate = \"c.pem\"\n",
       "m.toml:2:19: tls_certificate needs the other of tls_certificate and tls_key"},
      {"a token without a secret", "[[http.token]]\nname = \"deploy\"\nallow = [\"read\"]\n",
       "m.toml:1:1: secret or secret_file, or certificate, is required (only the entry named \"anonymous\" "
       "has none)"},
      {"an address type that names no address",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", address = \"192.0.2.1\", address_type "
       "= \"response\" }]\n",
       "m.toml:3:64: address type \"response\" names no address: replies use the caller's own connection, "
       "nothing to "
       "publish in DNS"},
      {"a URL that is none",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"10.0.0.7\" }]\n",
       "m.toml:3:32: url is no absolute URL (RFC 3986): scheme, colon and the rest, as "
       "http://10.0.0.7:8080/path"},
      {"a URL with a password",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"http://me:x@10.0.0.7/\" }]\n",
       "m.toml:3:32: url must have no user name or password: everybody could read it in DNS; leave out what "
       "stands "
       "before @"},
      {"a URL without a port that anybody knows",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"x-y://10.0.0.7/\" }]\n",
       "m.toml:3:32: url needs a port: that of the scheme x-y is not known here"},
      {"an address beside a URL",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"http://10.0.0.7/\", address = "
       "\"10.0.0.7\" }]\n",
       "m.toml:3:62: address and url: the URL tells address and port, give nothing but it"},
      {"a prefix without a URL",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", address_type = \"prefix\" }]\n",
       "m.toml:3:41: address_type needs a url: it says what kind of URL it is"},
      {"an address type that there is not",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"jms:/Q\", address_type = "
       "\"uri\" }]\n",
       "m.toml:3:57: address_type must be one of \"url\", \"prefix\", not \"uri\" (did you mean \"url\"?)"},
      {"a property of an instance with = in its key",
       "[[source.static]]\nservice = \"q\"\ninstances = [{ id = \"a\", url = \"jms:/Q\", properties = { "
       "\"a=b\" = \"x\" } }]\n",
       "m.toml:3:65: a property's key must be 1 to 64 printable ASCII characters without = and space"},
      {"a property of a service that is too long", kLongProperty.c_str(),
       "m.toml:2:20: a must be a string of at most 253 octets"},
      {"a resolver that is none", "[registry]\nresolvers = [\"ns1\"]\n",
       "m.toml:2:14: resolvers: \"ns1\" is not an address such as \"192.0.2.53\" or \"192.0.2.53:53\""},
      {"who may transfer, neither an address nor a key", "[zones]\nallow_transfer = [\"10.0.0.0/33\"]\n",
       "m.toml:2:19: allow_transfer: \"10.0.0.0/33\" is not an address, a prefix such as \"10.0.0.0/8\", or "
       "\"key:NAME\""},
      {"a key that is not there", "[zones]\nallow_transfer = [\"key:moved\"]\n",
       "m.toml:2:19: no [[key]] defines key:moved."},
      {"a key that is not there, of a file zone",
       "[[zones.file]]\nname = \"a\"\nfile = \"x\"\nallow_update = [\"10.0.0.0/8\", \"key:moved\"]\n",
       "m.toml:4:31: no [[key]] defines key:moved."},
      {"a secondary that is none", "[zones]\nnotify = [\"ns2\"]\n",
       "m.toml:2:11: notify: \"ns2\" is not an address such as \"192.0.2.53\" or \"192.0.2.53:53\""},
      {"a key without a secret", "[[key]]\nname = \"a\"\n",
       "m.toml:1:1: secret or secret_file is required (openssl rand -base64 32)"},
      {"a key without a name", "[[key]]\nsecret = \"c2VjcmV0\"\n",
       "m.toml:1:1: name is required: what both sides call the key"},
      {"a secret that is not base64", "[[key]]\nname = \"a\"\nsecret = \"top-secret\"\n",
       "m.toml:3:10: secret must be base64 (openssl rand -base64 32)"},
      {"a secret in two places",
       "[[key]]\nname = \"a\"\nsecret = \"c2VjcmV0\"\nsecret_file = \"/dev/null\"\n",
       "m.toml:3:10: secret and secret_file: give one of the two"},
      {"a secret file that is not there", "[[key]]\nname = \"a\"\nsecret_file = \"none.key\"\n",
       "m.toml:3:15: secret_file cannot be read: none.key (No such file or directory)"},
      {"an algorithm that nobody should use",
       "[[key]]\nname = \"a\"\nsecret = \"c2VjcmV0\"\nalgorithm = \"hmac-md5\"\n",
       "m.toml:4:13: algorithm must be one of \"hmac-sha1\", \"hmac-sha256\", \"hmac-sha384\", "
       "\"hmac-sha512\", not "
       "\"hmac-md5\""},
      {"a MAC cut below half", "[[key]]\nname = \"a\"\nsecret = \"c2VjcmV0\"\nmac_octets_min = 15\n",
       "m.toml:4:18: mac_octets_min must be 16 to 32, not 15"},
      {"a key twice",
       "[[key]]\nname = \"a\"\nsecret = \"c2VjcmV0\"\n[[key]]\nname = \"A.\"\nsecret = \"c2VjcmV0\"\n",
       "m.toml:5:8: name is the name of another key, too"},
      {"a key whose name has no room in a message",
       "[[key]]\nname = "
       "\"a123456789b123456789c123456789d123456789.e123456789f123456789g123456789h12345678\"\n"
       "secret = \"c2VjcmV0\"\n",
       "m.toml:2:8: name must have 1 to 78 characters"},
      {"a cookie secret of another length", "[dns]\ncookie_secret = \"0011\"\n",
       "m.toml:2:17: cookie_secret must be 32 hex digits (openssl rand -hex 16)"},
      {"a cookie secret that is no hex", "[dns]\ncookie_secret = \"0011223344556677889900112233445g\"\n",
       "m.toml:2:17: cookie_secret must be 32 hex digits (openssl rand -hex 16)"},
      {"a previous secret alone", "[dns]\ncookie_secret_previous = \"00112233445566778899001122334455\"\n",
       "m.toml:2:26: cookie_secret_previous needs cookie_secret, too"},
      {"a rate below nothing", "[dns.rate_limit]\nresponses_per_second = -1\n",
       "m.toml:2:24: responses_per_second must be 0 to 1000000, not -1"},
      {"TOML that cannot be parsed", "[dns\n", nullptr},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const LoadResult result = load_text(row.text, "m.toml");
    ASSERT_EQ(result.errors.size(), 1u);
    if (row.error != nullptr) {
      EXPECT_EQ(result.errors[0], row.error);
    }
    EXPECT_TRUE(result.errors[0].starts_with("m.toml:"));
  }
}

TEST(Config, OneRunFindsAllFaults) {
  const LoadResult result =
      load_text("[dns]\nudp_thredas = 1\ntcp_idle = \"x\"\n[log]\nlevel = 3\n", "m.toml");
  EXPECT_EQ(result.errors.size(), 3u);
}

TEST(Config, AnEmptyFileHasTheDefaults) {
  const LoadResult result = load_text("", "/etc/muster/musterd.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  const Config& config = result.config;
  EXPECT_EQ(net::to_string(config.dns.listen.at(0)), "127.0.0.1:5300");
  EXPECT_EQ(net::to_string(config.http.listen.at(0)), "127.0.0.1:8053");
  EXPECT_EQ(config.zones.domain.text(), "svc.internal.");
  EXPECT_EQ(config.zones.ns.value.at(0).text(), "ns1.svc.internal.");
  EXPECT_EQ(config.zones.hostmaster.value.text(), "hostmaster.svc.internal.");
  EXPECT_EQ(config.registry.rules.lease, Millis(30'000));
  EXPECT_EQ(config.store.path, "/etc/muster/muster.db");
}

TEST(Config, OverridesWinAndAreCheckedAsWell) {
  const LoadResult good = load_text("[dns]\nudp_threads = 4\n", "m.toml",
                                    {"dns.udp_threads=1", "log.level=debug", "dns.listen=[\"127.0.0.1:0\"]"});
  ASSERT_TRUE(good.errors.empty()) << good.errors[0];
  EXPECT_EQ(good.config.dns.udp_threads, 1u);
  EXPECT_EQ(good.config.log.level, "debug");
  EXPECT_EQ(good.config.dns.listen.at(0).port, 0);
  EXPECT_FALSE(load_text("", "m.toml", {"dns.udp_thredas=1"}).errors.empty());
  EXPECT_FALSE(load_text("", "m.toml", {"dns.udp_threads"}).errors.empty());
}

TEST(Config, EnvironmentVariablesAreReplacedInsideStrings) {
  ::setenv("MUSTER_TEST_NAME", "n7", 1);
  EXPECT_EQ(load_text("[server]\nname = \"a-${MUSTER_TEST_NAME}-b\"\n", "m.toml").config.server.name,
            "a-n7-b");
}

TEST(Config, TheMostSpecificServiceEntryCounts) {
  const LoadResult result = load_text(
      "[service.\"web-*\"]\nttl = \"3s\"\n[service.\"web-a*\"]\nttl = \"4s\"\n[service.web-ab]\nttl = "
      "\"6s\"\n",
      "m.toml");
  ASSERT_TRUE(result.errors.empty());
  EXPECT_EQ(result.config.service("web-b")->ttl, Millis(3000));
  EXPECT_EQ(result.config.service("web-ac")->ttl, Millis(4000));
  EXPECT_EQ(result.config.service("web-ab")->ttl, Millis(6000));
  EXPECT_EQ(result.config.service("db"), nullptr);
}

TEST(Config, SecondariesAreRead) {
  const LoadResult result = load_text(
      "[zones]\nallow_transfer = [\"10.0.0.0/8\", \"key:Moved\"]\n"
      "[[zones.file]]\nname = \"a.\"\nfile = \"a\"\nnotify = [\"192.0.2.1\", \"[2001:db8::1]:5353\"]\n"
      "[[key]]\nname = \"moved\"\nsecret = \"c2VjcmV0IG9jdGV0cw==\"\n",
      "m.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors.front();
  const Zones& zones = result.config.zones;
  ASSERT_EQ(zones.secondaries.allow_transfer.prefixes.size(), 1u);
  ASSERT_EQ(zones.secondaries.allow_transfer.keys.size(), 1u);
  EXPECT_EQ(zones.secondaries.allow_transfer.keys[0], *zones::parse_domain("moved"));
  EXPECT_TRUE(zones.secondaries.notify.empty());
  const Secondaries& file = zones.files.at(0).secondaries;
  EXPECT_TRUE(file.allow_transfer.empty()) << "nobody unless it is said";
  EXPECT_TRUE(file.any());
  ASSERT_EQ(file.notify.size(), 2u);
  EXPECT_EQ(net::to_string(file.notify[0]), "192.0.2.1:53");
  EXPECT_EQ(net::to_string(file.notify[1]), "[2001:db8::1]:5353");
}

TEST(Config, KeysAndSecretsAreRead) {
  const std::string file = testing::TempDir() + "/transfer.key";
  std::ofstream(file) << "AAECAw==\r\nwhat follows is no secret\n";
  const LoadResult result = load_text(
      "[dns]\ncookie_secret = \"000102030405060708090a0b0c0d0e0F\"\n[[key]]\nname = "
      "\"Transfer\"\nsecret_file = \"" +
          file + "\"\n[[key]]\nname = \"b.example\"\nalgorithm = \"hmac-sha512\"\nsecret = \"/+8=\"\n",
      "m.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  EXPECT_EQ(result.config.dns.cookie_secret->back(), 15);
  EXPECT_FALSE(result.config.dns.cookie_secret_previous);
  ASSERT_EQ(result.config.keys.size(), 2u);
  EXPECT_EQ(result.config.keys[0].name.text(), "Transfer.");
  EXPECT_EQ(result.config.keys[0].algorithm, "hmac-sha256");
  EXPECT_EQ(result.config.keys[0].secret, std::string("\0\1\2\3", 4));
  EXPECT_EQ(result.config.keys[0].mac_octets_min, 32u);
  EXPECT_EQ(result.config.keys[1].secret, "\xff\xef");
  EXPECT_EQ(result.config.keys[1].mac_octets_min, 64u);
}

TEST(Config, NoErrorShowsASecret) {
  const char* const texts[] = {"[[key]]\nname = \"a\"\nsecret = \"hush-hush\"\n",
                               "[[key]]\nname = \"a b..\"\nsecret = \"hush-hush\"\n",
                               "[dns]\ncookie_secret = \"hush-hush\"\n",
                               "[dns]\ncookie_secret_previous = \"hush-hush\"\n",
                               "[[key]]\nname = \"a\"\nsecret = \"hush-hush\"\nsecret_file = \"x\"\n"};
  for (const char* text : texts) {
    SCOPED_TRACE(text);
    const LoadResult result = load_text(text, "m.toml");
    EXPECT_FALSE(result.errors.empty());
    for (const std::string& error : result.errors) EXPECT_EQ(error.find("hush"), error.npos) << error;
  }
}

TEST(Config, WhatNeedsARestartIsNamed) {
  const Config running = load_text("", "m.toml").config;
  const Config next =
      load_text("[dns]\nlisten = [\"127.0.0.1:5301\"]\n[log]\nlevel = \"debug\"\n", "m.toml").config;
  EXPECT_EQ(changes_between(running, next).needs_restart, std::vector<std::string>{"dns.listen"});
  EXPECT_TRUE(changes_between(running, running).needs_restart.empty());
}

TEST(Config, WhatNeedsARestartIsNamedAgainAtTheNextReload) {
  const Config running = load_text("", "m.toml").config;
  const Config next =
      load_text("[http]\nmax_body = 4096\n[zones]\nttl = \"9s\"\n[metrics]\nenabled = false\n", "m.toml")
          .config;
  const Config taken = taken_over(running, next);
  EXPECT_EQ(taken.zones.ttl, Millis(9000));
  EXPECT_EQ(changes_between(running, taken).needs_restart, std::vector<std::string>{});
  EXPECT_EQ(changes_between(taken, next).needs_restart, (std::vector<std::string>{"http.max_body", "metrics.enabled"}));
}

TEST(Config, ACertificateOfAnotherNameIsTakenOverButTlsItselfNeedsARestart) {
  const Config plain = load_text("", "m.toml").config;
  Config first = plain;
  first.http.tls_certificate = "a.pem";
  first.http.tls_key = "a.key";
  Config second = plain;
  second.http.tls_certificate = "b.pem";
  second.http.tls_key = "b.key";
  EXPECT_TRUE(changes_between(first, second).needs_restart.empty());
  EXPECT_EQ(taken_over(first, second).http.tls_key, second.http.tls_key);
  EXPECT_EQ(changes_between(plain, first).needs_restart, (std::vector<std::string>{"http.tls_certificate", "http.tls_key"}));
  EXPECT_TRUE(taken_over(plain, first).http.tls_key.empty());
  EXPECT_EQ(taken_over(first, plain).http.tls_key, first.http.tls_key);
}

TEST(Config, TheShippedExamplesLoad) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/musterd.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  EXPECT_EQ(result.config.static_instances.size(), 2u);
  EXPECT_TRUE(result.config.zones.files.at(0).file.is_absolute());
}

TEST(Config, TheShippedForwardingLoads) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/forward.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  const Forward& forward = result.config.forward;
  EXPECT_TRUE(forward.enabled);
  EXPECT_EQ(forward.upstreams, (std::vector<net::Endpoint>{*net::parse_endpoint("192.0.2.53:53"),
                                                           *net::parse_endpoint("198.51.100.53:53")}));
  ASSERT_EQ(forward.zones.size(), 1u);
  EXPECT_EQ(forward.zones[0].apex.text(), "corp.example.");
}

TEST(Config, ForwardingIsOffAndForThisMachine) {
  const Forward forward = load_text("", "m.toml").config.forward;
  EXPECT_FALSE(forward.enabled);
  EXPECT_EQ(forward.allow,
            (std::vector<net::IpPrefix>{*net::parse_prefix("127.0.0.0/8"), *net::parse_prefix("::1/128")}));
}

TEST(Config, TheShippedUrlsLoad) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/urls.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  ASSERT_EQ(result.config.static_instances.size(), 3u);
  const registry::InstanceBody& first = *result.config.static_instances[0].body;
  EXPECT_EQ(first.url->url, "http://192.0.2.10:9000/rest-services");
  EXPECT_EQ(first.url->type, registry::AddressType::prefix);
  EXPECT_EQ(net::to_string(first.addresses.at(0)), "192.0.2.10");
  EXPECT_EQ(first.ports.at(0).number, 9000);
  EXPECT_EQ(result.config.static_instances[1].body->properties, (registry::Tags{{"zone", "b"}}));
  EXPECT_TRUE(registry::is_hostless(*result.config.static_instances[2].body));
  const zones::ServicePolicy& policy = result.config.service("rest")->policy;
  EXPECT_EQ(policy.advice, (std::vector<std::string>{"timeout=1000", "action=report"}));
  EXPECT_EQ(policy.properties, (registry::Tags{{"switchLocationHeadersTo", "http://localhost:8280/vpath"}}));
  EXPECT_TRUE(policy.debug_txt);
}

// What stands in [health.default] holds for checks, and is no word of the service to its clients.
TEST(Config, AdviceIsOnlyWhatTheServiceSays) {
  const LoadResult result = load_text("[health.default]\ntimeout = \"1s\"\n[service.web]\n", "m.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  EXPECT_TRUE(result.config.service("web")->policy.advice.empty());
}

TEST(Config, Resolvers) {
  const LoadResult result =
      load_text("[registry]\nresolvers = [\"192.0.2.53\", \"[2001:db8::53]:5353\"]\n", "m.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  ASSERT_EQ(result.config.registry.resolvers.size(), 2u);
  EXPECT_EQ(net::to_string(result.config.registry.resolvers[0]), "192.0.2.53:53");
  EXPECT_EQ(net::to_string(result.config.registry.resolvers[1]), "[2001:db8::53]:5353");
}

TEST(Config, TheShippedPoliciesLoad) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/policies.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  for (const std::string& name : zones::policy_names()) {
    const bool stands = std::ranges::any_of(result.config.services, [&](const auto& service) {
      return to_string(service.second.policy.policy) == name;
    });
    EXPECT_TRUE(stands) << name;
  }
  const Service& shop = result.config.services.at("shop");
  EXPECT_EQ(shop.policy.when_none, zones::WhenNone::fallback);
  EXPECT_EQ(shop.policy.fallback_service, "shop-static");
  EXPECT_EQ(shop.policy.panic_threshold, 0.25);
  EXPECT_EQ(shop.slow_start.span, Millis(30'000));
}

TEST(Config, TheShippedPublicNamesLoad) {
  const LoadResult result = load_file(MUSTER_SOURCE_DIR "/zones/examples/public-names.toml");
  ASSERT_TRUE(result.errors.empty()) << result.errors[0];
  EXPECT_EQ(result.config.services.at("web").also.size(), 3u);
}

TEST(Config, WhatIsTakenOverIsNamed) {
  const char* const kEach[][2] = {
      {"[dns]\ncookies = false\n", "dns.cookies"},
      {"[dns]\ncookie_secret = \"00112233445566778899001122334455\"\n", "dns.cookie_secret"},
      {"[dns.rate_limit]\nslip = 3\n", "dns.rate_limit.slip"},
      {"[[key]]\nname = \"a\"\nsecret = \"c2VjcmV0\"\n", "key"},
      {"[zones]\nttl = \"9s\"\n", "zones.ttl"},
      {"[zones]\nallow_transfer = [\"10.0.0.0/8\"]\n", "zones.allow_transfer"},
      {"[[zones.file]]\nname = \"a\"\nfile = \"a\"\n", "zones.file"},
      {"[registry]\nlease = \"9s\"\n", "registry.lease"},
      {"[registry.protection]\nhold = \"9s\"\n", "registry.protection.hold"},
      {"[registry.lyft]\nprotection = true\n", "registry.lyft.protection"},
      {"[[http.token]]\nname = \"a\"\nsecret = \"12345678\"\n", "http.token"},
      {"[[source.static]]\nservice = \"db\"\ninstances = [{ id = \"a\", address = \"192.0.2.1\" }]\n",
       "source.static"},
      {"[service.\"web-*\"]\nanswers = 1\n", "service.web-*"},
      {"[service.web]\ncheck = [{ type = \"tcp\" }]\n", "service.web"},
      {"[health]\nmax_inflight = 10\n", "health.max_inflight"},
      {"[health]\nexec = true\n", "health.exec"},
      {"[health.default]\nrise = 2\n", "health.default"},
      {"[forward]\nupstreams = [\"192.0.2.1\"]\n", "forward.upstreams"},
      {"[forward]\nallow = []\n", "forward.allow"},
      {"[forward]\ntimeout = \"1s\"\n", "forward.timeout"},
      {"[forward.zones]\n\"a\" = [\"192.0.2.1\"]\n", "forward.zones"},
      {"[log]\nlevel = \"debug\"\n", "log.level"},
  };
  const Config plain = load_text("", "m.toml").config;
  for (const auto& [text, key] : kEach) {
    SCOPED_TRACE(text);
    const LoadResult next = load_text(text, "m.toml");
    ASSERT_TRUE(next.errors.empty()) << next.errors[0];
    for (const auto& [was, is] : {std::pair(plain, next.config), std::pair(next.config, plain)}) {
      const Changes changes = changes_between(was, is);
      EXPECT_EQ(changes.taken_over, std::vector<std::string>{key});
      EXPECT_TRUE(changes.needs_restart.empty());
    }
    const Changes none = changes_between(next.config, load_text(text, "m.toml").config);
    EXPECT_TRUE(none.taken_over.empty());
  }
  EXPECT_TRUE(changes_between(plain, load_text("[zones]\nttl = \"5000ms\"\n", "m.toml").config).taken_over.empty())
      << "the default, said aloud";
  Config certified = plain;
  certified.http.tokens = {{"a", "", {"read"}, "a.test"}};
  Config another = plain;
  another.http.tokens = {{"a", "", {"read"}, "b.test"}};
  EXPECT_EQ(changes_between(certified, another).taken_over, std::vector<std::string>{"http.token"});
}

TEST(Config, NamesBelowTheDomainHaveNotChangedBecauseTheDomainHas) {
  const Config running = load_text("[zones]\nns = [\"ns7\"]\n", "m.toml").config;
  const Config next = load_text("[zones]\nns = [\"ns7\"]\ndomain = \"other.test\"\n", "m.toml").config;
  EXPECT_EQ(changes_between(running, next).needs_restart, std::vector<std::string>{"zones.domain"});
  EXPECT_EQ(taken_over(running, next).zones.ns.value.at(0).text(), "ns7.svc.internal.");
  const Config whole = load_text("[zones]\nns = [\"ns7.svc.internal\"]\n", "m.toml").config;
  EXPECT_TRUE(changes_between(running, whole).needs_restart.empty()) << "the same name in other words";
  const Config other = load_text("[zones]\nns = [\"ns8\"]\nhostmaster = \"root\"\n", "m.toml").config;
  EXPECT_EQ(changes_between(running, other).needs_restart, (std::vector<std::string>{"zones.ns", "zones.hostmaster"}));
}

// A key that is read is also one that a reload compares: itself, the list of tables that it is in, or its section.
TEST(Config, EveryKeyIsCompared) {
  const std::set<std::string> compared = compared_keys();
  const auto is_in = [](const std::string& key, const std::string& table) { return key.starts_with(table + "."); };
  for (const std::string& path : every_key()) {
    const std::string key = path.ends_with("_file") ? path.substr(0, path.size() - 5) : path;
    const bool found = std::any_of(compared.begin(), compared.end(), [&](const std::string& one) {
      return one == key || is_in(key, one) || is_in(one, key);
    });
    EXPECT_TRUE(found) << path;
  }
}

TEST(Config, MastersAnnouncedByZookeeperAreAskedAsTheOthersAre) {
  const auto source = [](const std::string& text) {
    const LoadResult result = load_text("[[source.mesos]]\n" + text, "m.toml");
    EXPECT_TRUE(result.errors.empty()) << result.errors.at(0);
    return result.config.mesos.at(0);
  };
  const MesosSource alone = source("zookeeper = \"zk://me:hidden@h1:2182,h2/mesos\"");
  EXPECT_EQ(registry::sources::to_string(*alone.zookeeper), "zk://h1:2182,h2:2181/mesos");
  EXPECT_EQ(alone.zookeeper->login, "me:hidden");
  EXPECT_TRUE(alone.masters.empty());
  EXPECT_EQ(alone.scheme, "http");
  EXPECT_EQ(source("zookeeper = \"zk://h/m\"\nscheme = \"https\"").scheme, "https");
  EXPECT_EQ(source("zookeeper = \"zk://h/m\"\nmasters = [\"https://10.0.0.1:5050\"]").scheme, "https");
  EXPECT_FALSE(source("zookeeper = \"\"\nmasters = [\"http://10.0.0.1:5050\"]").zookeeper);
}

// Every key that the reader knows stands, in backquotes, in the reference and in the man page.
TEST(Config, EveryKeyIsDocumented) {
  EXPECT_GT(every_key().size(), 80u);
  for (const char* page : {"docs/reference/configuration.md", "tools/man/musterd.toml.5"}) {
    std::ifstream in(std::string(MUSTER_SOURCE_DIR) + "/" + page);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    for (const std::string& path : every_key()) {
      const std::string key = path.substr(path.rfind('.') + 1);
      EXPECT_NE(text.find(key), text.npos) << page << " does not name " << path;
    }
  }
}

}  // namespace
}  // namespace muster::config
