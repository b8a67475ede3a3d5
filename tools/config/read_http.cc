#include "tools/config/read_sections.h"
#include "tools/config/secret.h"

namespace muster::config {

namespace {

bool known_scope(std::string_view scope) {
  return scope == "read" || scope == "admin" || (scope.starts_with("write:") && scope.size() > 6);
}

Token read_token(Section section) {
  Token token;
  token.name = section.text("name", "");
  if (token.name.empty()) section.error("name", "is required: what the log calls who uses this token");
  const auto secret = read_secret(section, "secret");
  token.secret = secret.value_or("");
  if (secret && token.secret.empty() && token.name != "anonymous") {
    section.error("secret", "or secret_file is required (only the entry named \"anonymous\" has none)");
  } else if (!token.secret.empty() && token.secret.size() < 8) {
    section.error("secret", "must have at least 8 characters");
  }
  token.allow = section.list<std::string>("allow", {}, "a scope: \"read\", \"write:GLOB\" or \"admin\"",
                                          [](std::string_view text) -> std::optional<std::string> {
                                            if (!known_scope(text)) return std::nullopt;
                                            return std::string(text);
                                          });
  section.finish();
  return token;
}

void read_throttle(Section section, Throttle& throttle) {
  throttle.strategy = section.choice("strategy", throttle.strategy,
                                     {"none", "token-bucket", "leaky-bucket", "min-interval", "concurrent"});
  throttle.rate = section.number("rate", throttle.rate, 0.001, 1e9);
  throttle.burst = section.number("burst", throttle.burst, 1, 1e9);
  throttle.per = section.choice("per", throttle.per, {"client", "token", "service"});
  section.finish();
}

}  // namespace

void read_http(Section& section, Http& http) {
  http.listen = section.list<net::Endpoint>("listen", {"127.0.0.1:8053"},
                                            "an address such as \"127.0.0.1:8053\"", net::parse_endpoint);
  if (section.is_empty_list("listen")) section.error("listen", "must name at least one address");
  http.tls_certificate = section.text("tls_certificate", "");
  http.tls_key = section.text("tls_key", "");
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    section.error(http.tls_key.empty() ? "tls_certificate" : "tls_key",
                  "needs the other of tls_certificate and tls_key");
  }
  http.max_body = section.size("max_body", http.max_body, std::size_t{1} << 30);
  http.max_connections = static_cast<std::size_t>(section.integer("max_connections", 1000, 1, 1'000'000));
  http.max_in_flight = static_cast<std::size_t>(section.integer("max_in_flight", 256, 1, 1'000'000));
  http.trusted_proxies =
      section.list<net::IpPrefix>("trusted_proxies", {}, "an address prefix", net::parse_prefix);
  for (Section& token : section.tables("token")) http.tokens.push_back(read_token(token));
  if (!http.trusted_proxies.empty() && http.tokens.empty()) {
    section.error("trusted_proxies",
                  "needs tokens: without them a proxy would open writing to everybody behind it");
  }
  if (auto throttle = section.table("throttle")) read_throttle(*throttle, http.throttle);
  section.finish();
}

}  // namespace muster::config
