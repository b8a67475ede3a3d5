#include <algorithm>

#include "registry/label.h"
#include "registry/net/file_text.h"
#include "registry/net/tls_files.h"
#include "tools/config/read_sections.h"
#include "tools/config/secret.h"

namespace muster::config {

namespace {

bool known_scope(std::string_view scope) {
  return scope == "read" || scope == "admin" || (scope.starts_with("write:") && scope.size() > 6);
}

// One name is one row of the log, and one secret one caller.
void refuse_twice(Section& section, const Token& token, const std::vector<Token>& before) {
  const auto any = [&](auto same) { return std::any_of(before.begin(), before.end(), same); };
  if (!token.name.empty() && any([&](const Token& other) { return other.name == token.name; })) {
    section.error("name", "is the name of another token, too");
  }
  if (!token.secret.empty() && any([&](const Token& other) { return other.secret == token.secret; })) {
    section.error(section.has("secret") ? "secret" : "secret_file", "is the secret of another token, too");
  }
  if (!token.certificate.empty() && any([&](const Token& other) {
        return registry::ascii_lower(other.certificate) == registry::ascii_lower(token.certificate);
      })) {
    section.error("certificate", "is that of another token, too");
  }
}

Token read_token(Section section, const std::vector<Token>& before, bool has_client_ca) {
  Token token;
  token.name = section.text("name", "");
  if (token.name.empty()) section.error("name", "is required: what the log calls who uses this token");
  const auto secret = read_secret(section, "secret");
  token.secret = secret.value_or("");
  token.certificate = section.text("certificate", "");
  if (secret && token.secret.empty() && token.certificate.empty() && token.name != "anonymous") {
    section.error(
        "secret",
        "or secret_file, or certificate, is required (only the entry named \"anonymous\" has none)");
  } else if (!token.certificate.empty() && token.name == "anonymous") {
    section.error("certificate", "is not of the entry \"anonymous\", which is for those who show none");
  } else if (!token.certificate.empty() && !has_client_ca) {
    section.error("certificate", "needs http.tls_client_ca, the authorities whose certificates are believed");
  } else if (!token.secret.empty() && token.secret.size() < 8) {
    section.error("secret", "must have at least 8 characters");
  }
  token.allow = section.list<std::string>("allow", {}, "a scope: \"read\", \"write:GLOB\" or \"admin\"",
                                          [](std::string_view text) -> std::optional<std::string> {
                                            if (!known_scope(text)) return std::nullopt;
                                            return std::string(text);
                                          });
  refuse_twice(section, token, before);
  section.finish();
  return token;
}

// Whatever would hinder a start with these files is known here.
void read_tls(Section& section, Http& http) {
  http.tls_certificate = section.text("tls_certificate", "");
  http.tls_key = section.text("tls_key", "");
  http.tls_client_ca = section.text("tls_client_ca", "");
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    return section.error(http.tls_key.empty() ? "tls_certificate" : "tls_key",
                         "needs the other of tls_certificate and tls_key");
  }
  if (http.tls_key.empty()) {
    if (!http.tls_client_ca.empty()) section.error("tls_client_ca", "needs tls_certificate and tls_key");
    return;
  }
  const std::filesystem::path folder = section.diagnostics().folder();
  bool readable = true;
  const auto look_at = [&](const char* key, const std::filesystem::path& file) {
    const auto text = net::file_text(folder / file, net::kConfigFile);
    if (text) return;
    section.error(key, "cannot be read: " + file.string() + " (" + text.error().message() + ")");
    readable = false;
  };
  look_at("tls_certificate", http.tls_certificate);
  look_at("tls_key", http.tls_key);
  if (!http.tls_client_ca.empty()) look_at("tls_client_ca", http.tls_client_ca);
  if (!readable) return;
  try {
    net::check_tls_files((folder / http.tls_certificate).string(), (folder / http.tls_key).string());
  } catch (const std::runtime_error& error) {
    return section.error("tls_key", std::string("and tls_certificate cannot be used: ") + error.what());
  }
  if (http.tls_client_ca.empty()) return;
  try {
    net::check_tls_files((folder / http.tls_certificate).string(), (folder / http.tls_key).string(),
                         (folder / http.tls_client_ca).string());
  } catch (const std::runtime_error& error) {
    section.error("tls_client_ca", std::string("cannot be used: ") + error.what());
  }
}

void read_throttle(Section section, Throttle& throttle) {
  const std::string strategy = section.choice(
      "strategy", "none", {"none", "token-bucket", "leaky-bucket", "min-interval", "concurrent"});
  const std::string per = section.choice("per", "client", {"client", "token", "service"});
  throttle.strategy = registry::http::read_throttle_strategy(strategy).value_or(throttle.strategy);
  throttle.per = registry::http::read_throttle_per(per).value_or(throttle.per);
  throttle.rate = section.number("rate", throttle.rate, 0.001, 1e9);
  throttle.burst = section.number("burst", throttle.burst, 1, 1e9);
  section.finish();
}

}  // namespace

void read_http(Section& section, Http& http) {
  http.listen = section.list<net::Endpoint>("listen", {"127.0.0.1:8053"},
                                            "an address such as \"127.0.0.1:8053\"", net::parse_endpoint);
  if (section.is_empty_list("listen")) section.error("listen", "must name at least one address");
  read_tls(section, http);
  http.max_body = section.size("max_body", http.max_body, std::size_t{1} << 30);
  http.max_connections = section.count("max_connections", http.max_connections, 1, 1'000'000);
  http.max_in_flight = section.count("max_in_flight", http.max_in_flight, 1, 1'000'000);
  http.trusted_proxies =
      section.list<net::IpPrefix>("trusted_proxies", {}, "an address prefix", net::parse_prefix);
  for (Section& token : section.tables("token"))
    http.tokens.push_back(read_token(token, http.tokens, !http.tls_client_ca.empty()));
  if (!http.trusted_proxies.empty() && http.tokens.empty()) {
    section.error("trusted_proxies",
                  "needs tokens: without them a proxy would open writing to everybody behind it");
  }
  if (auto throttle = section.table("throttle")) read_throttle(*throttle, http.throttle);
  section.finish();
}

}  // namespace muster::config
