#include "tools/config/every_key.h"

#include "tools/config/config_reader.h"

namespace muster::config {

namespace {

// The readers say which keys they know, but only those of tables that are there.
constexpr const char* kEveryTable = R"(
[dns.rate_limit]
[[key]]
name = "a"
secret = "c2VjcmV0"
[registry.protection]
[registry.lyft]
[http.throttle]
[[http.token]]
name = "anonymous"
[[zones.file]]
name = "a."
file = "a"
[[source.static]]
service = "db"
instances = [{ id = "a", address = "192.0.2.1", ports = [{ port = 1 }] }]
[[source.mesos]]
masters = ["http://192.0.2.1:5050"]
soa = {}
[[source.marathon]]
urls = ["http://192.0.2.1:8080"]
[health.default]
mark_as_timedout = {}
suspend_on_failure = {}
max_suspended_percent = {}
[service.X]
mark_as_timedout = {}
suspend_on_failure = {}
max_suspended_percent = {}
check = [{ type = "https", mark_as_timedout = {}, suspend_on_failure = {} }, { type = "exec" }, { type = "tcp", tls = true }]
policy = "response-time"
response_time = {}
when_none = "fallback"
fallback = "y"
[forward.zones]
[log]
[metrics]
)";

}  // namespace

const std::set<std::string>& every_key() {
  static const std::set<std::string> keys = load_text(kEveryTable, "every key").known_keys;
  return keys;
}

}  // namespace muster::config
