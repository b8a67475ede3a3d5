#include <algorithm>
#include <boost/url/parse.hpp>
#include <optional>

#include "tools/config/read_source.h"
#include "tools/config/secret.h"

namespace muster::config {

// A scheduler's address: scheme, host and perhaps a port, nothing else.
std::optional<std::string> read_origin(Section& section, std::string_view key, std::string_view text) {
  const auto url = boost::urls::parse_uri(text);
  if (!url || (url->scheme() != "http" && url->scheme() != "https") || url->encoded_host().empty())
    return std::nullopt;
  if (url->has_userinfo()) {
    section.error(key, "holds a password: put it into username and password_file");
    return std::string(text);
  }
  if (url->encoded_path().size() > 1 || url->has_query() || url->has_fragment()) return std::nullopt;
  std::string origin(text);
  if (origin.ends_with('/')) origin.pop_back();
  return origin;
}

std::vector<std::string> each_once(Section& section, std::string_view key, std::vector<std::string> words,
                                   const std::vector<std::string>& known) {
  if (words.empty()) section.error(key, "must not be empty");
  for (auto word = words.begin(); word != words.end(); ++word) {
    if (std::find(known.begin(), known.end(), *word) == known.end()) {
      std::string all;
      for (const std::string& one : known) all += (all.empty() ? "\"" : ", \"") + one + "\"";
      section.error(key, "holds \"" + *word + "\", which is none of " + all);
    }
    if (std::find(words.begin(), word, *word) != word) section.error(key, "holds \"" + *word + "\" twice");
  }
  return words;
}

namespace {

zones::Name below(Section& section, std::string_view key, const std::string& fallback,
                  const zones::Name& domain) {
  if (auto name = section.domain(key)) return *name;
  const auto name = zones::Name::from_text(fallback, domain);
  return name ? *name : domain;
}

void read_soa(Section& section, MesosNames& names) {
  auto soa = section.table("soa");
  if (!soa) return;
  const auto seconds = [&](const char* key, std::uint32_t fallback) {
    return static_cast<std::uint32_t>(soa->integer(key, fallback, 1, kTtlMostSeconds));
  };
  names.soa_refresh = seconds("refresh", names.soa_refresh);
  names.soa_retry = seconds("retry", names.soa_retry);
  names.soa_expire = seconds("expire", names.soa_expire);
  soa->finish();
}

MesosNames read_names(Section& section) {
  MesosNames names;
  names.domain = section.domain("domain").value_or(*zones::parse_domain("mesos."));
  if (names.domain.is_root()) section.error("domain", "cannot be the root");
  names.profile = section.choice("names", "exact", {"exact", "improved"});
  const bool improved = names.profile == "improved";
  names.ttl = section.duration("ttl", names.ttl, {Millis(0), std::chrono::seconds(kTtlMostSeconds)});
  names.ip_sources =
      each_once(section, "ip_sources", section.texts("ip_sources", {"netinfo", "mesos", "host"}),
                {"netinfo", "docker", "mesos", "host"});
  // One address, or several.
  const std::string listener =
      section.has("listener") && section.node("listener")->is_string() ? section.text("listener", "") : "";
  if (!section.has("listener") || !section.node("listener")->is_string()) {
    names.listener = section.list<net::IpAddress>("listener", {}, "an address", net::parse_ip);
  } else if (!listener.empty()) {
    const auto address = net::parse_ip(listener);
    if (!address) section.error("listener", "is not an IPv4 or IPv6 address: \"" + listener + "\"");
    if (address && !address->is_unspecified()) names.listener.push_back(*address);
  }
  names.ns_name = below(section, "ns_name", "ns1", names.domain);
  names.hostmaster = below(section, "hostmaster", "root.ns1", names.domain);
  names.extra_ns = section.list<zones::Name>("extra_ns", {}, "a domain name", zones::parse_domain);
  read_soa(section, names);
  names.srv_weight = static_cast<std::uint16_t>(section.integer("srv_weight", 1, 0, 65535));
  names.rfc952 = section.flag("rfc952", false);
  const std::vector<std::string> everybody = {"FRAMEWORK", "CLUSTER", "EXTERNAL"};
  names.visibility = each_once(section, "visibility", section.texts("visibility", everybody), everybody);
  names.raw_names = section.flag("raw_names", true);
  names.protect_reserved =
      section.choice("reserved", improved ? "protect" : "merge", {"merge", "protect"}) == "protect";
  names.empty_names = section.flag("empty_names", !improved);
  names.dangling_srv = section.flag("dangling_srv", !improved);
  names.rfc2782_order = section.flag("rfc2782_order", improved);
  names.master_srv = section.flag("master_srv", improved);
  names.port_scope = section.flag("port_scope", improved);
  names.numbered_ports = section.flag("numbered_ports", false);
  names.ptr = section.flag("ptr", false);
  names.hide_disabled = section.flag("hide_disabled", improved);
  names.max_ports_per_task = section.count("max_ports_per_task", names.max_ports_per_task, 1, 65535);
  names.answers = static_cast<std::uint16_t>(section.integer_or_word("answers", 0, "all", 0, 1, 65535));
  names.cut = section.choice("truncate", "tc", {"tc", "cut"}) == "cut";
  names.enumerate = section.flag("enumerate", true);
  names.http_api = section.flag("http_api", true);
  return names;
}

// As Mesos' own --zk, or a file whose first line is that; no error shows the login that may be in it. False:
// nothing is said.
bool read_zookeeper(Section& section, MesosSource& source) {
  const auto said = read_secret(section, "zookeeper");
  if (const std::string file = section.text("zookeeper_file", ""); !file.empty())
    source.zookeeper_file = section.diagnostics().folder() / file;
  if (said && said->empty()) return false;
  if (!said) return true;
  auto url = registry::sources::parse_zookeeper_url(*said);
  if (url) {
    source.zookeeper = std::move(*url);
  } else {
    section.error(section.has("zookeeper") ? "zookeeper" : "zookeeper_file", url.error());
  }
  return true;
}

SourceLogin read_login(Section& section) {
  SourceLogin login;
  login.username = section.text("username", "");
  login.password = section.text("password", "");
  login.token = section.text("token", "");
  login.bearer = section.choice("token_scheme", "bearer", {"bearer", "token"}) == "bearer";
  struct {
    const char* key;
    HeldSecret held;
  } const files[] = {{"password_file", HeldSecret::password},
                     {"token_file", HeldSecret::token},
                     {"credentials_file", HeldSecret::credentials}};
  std::vector<const char*> given;
  for (const auto& [key, held] : files) {
    std::filesystem::path file = read_secret_file(section, key, held);
    if (!section.has(key) || section.text(key, "").empty()) continue;
    login.file = std::move(file);
    login.held = held;
    given.push_back(key);
  }
  if (!login.password.empty()) given.push_back("password");
  if (!login.token.empty()) given.push_back("token");
  if (given.size() > 1) section.error(given[1], std::string("and ") + given[0] + ": give one of the two");
  const bool has_password = given.size() == 1 && std::string_view(given[0]).starts_with("password");
  if (has_password && login.username.empty()) section.error(given[0], "needs username");
  if (!login.username.empty() && given.size() == 1 && !has_password)
    section.error(given[0], "and username: give one of the two");
  // A token that somebody else fetches does what the key would.
  if (!section.text("iam_file", "").empty())
    section.error(
        "iam_file",
        "is not part of this version: let a program of yours log in with the service account's key and "
        "write the token into a file, and give token_file and token_scheme = \"token\"; the file is read "
        "again when it changes");
  return login;
}

}  // namespace

SourceRules read_source_rules(Section& section, SourceRules rules) {
  const DurationBounds positive{Millis(100)};
  rules.refresh = section.duration("refresh", rules.refresh, positive);
  rules.stream = section.flag("stream", true);
  rules.timeout = section.duration("timeout", rules.timeout, positive);
  rules.max_body = section.size("max_body", rules.max_body, std::size_t{8} << 30);
  rules.max_tasks = section.count("max_tasks", rules.max_tasks, 1, 10'000'000);
  rules.routable = section.choice("routable", rules.routable, {"strict", "running", "any-alive"});
  rules.serve_states = each_once(section, "serve_states", section.texts("serve_states", {"TASK_RUNNING"}),
                                 {"TASK_RUNNING", "TASK_STAGING", "TASK_STARTING", "TASK_UNKNOWN"});
  rules.unreachable_grace = section.duration("unreachable_grace", rules.unreachable_grace);
  rules.weight_labels = section.texts("weight_labels", {"muster.weight", "MUSTER_WEIGHT", "weight"});
  rules.guard = section.flag("guard", true);
  rules.guard_min = section.count("guard_min", rules.guard_min, 1, 1'000'000);
  rules.guard_grace = section.duration("guard_grace", rules.guard_grace);
  rules.required = section.flag("required", true);
  rules.start_grace = section.duration("start_grace", rules.start_grace);
  rules.stale_after = section.duration("stale_after", std::max(3 * rules.refresh, Millis(30'000)), positive);
  rules.max_stale = section.duration("max_stale", rules.max_stale);
  rules.login = read_login(section);
  rules.tls.ca_file = section.text("ca_file", "");
  rules.tls.cert_file = section.text("cert_file", "");
  rules.tls.key_file = section.text("key_file", "");
  if (rules.tls.cert_file.empty() != rules.tls.key_file.empty())
    section.error(rules.tls.cert_file.empty() ? "key_file" : "cert_file",
                  "needs the other of cert_file and key_file");
  rules.tls.server_name = section.text("server_name", "");
  rules.tls.verify = section.flag("tls_verify", true);
  return rules;
}

std::string read_source_name(Section& section, const std::string& fallback,
                             const std::vector<std::string>& taken) {
  const std::string name = section.text("name", fallback);
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (name.empty() || name.size() > 62 || !std::all_of(name.begin(), name.end(), good)) {
    section.error("name", "must be 1 to 62 lower-case letters, digits, `-` and `_`");
  } else if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
    section.error("name", "is the name of another source, too");
  }
  return name;
}

std::string read_service_name(Section& section, std::string fallback, const std::vector<std::string>& known) {
  std::string pattern = section.text("service_name", std::move(fallback));
  for (auto begin = pattern.find('{'); begin != pattern.npos; begin = pattern.find('{', begin + 1)) {
    const auto end = pattern.find('}', begin);
    const std::string part = pattern.substr(begin, end == pattern.npos ? end : end - begin + 1);
    if (std::find(known.begin(), known.end(), part) != known.end()) continue;
    std::string all;
    for (const std::string& one : known) all += (all.empty() ? "" : ", ") + one;
    section.error("service_name", "holds " + part + ", which is none of " + all);
  }
  return pattern;
}

void read_mesos_source(Section& section, const std::vector<std::string>& taken,
                       std::vector<MesosSource>& sources) {
  MesosSource source;
  source.name = read_source_name(section, "mesos", taken);
  source.masters =
      section.list<std::string>("masters", {}, "an address such as \"http://10.0.0.1:5050\"",
                                [&](std::string_view text) { return read_origin(section, "masters", text); });
  const bool is_announced = read_zookeeper(section, source);
  if (!is_announced && !section.has("masters")) source.masters = {"http://127.0.0.1:5050"};
  if (!is_announced && section.is_empty_list("masters"))
    section.error("masters",
                  "or zookeeper is required: the addresses of the Mesos masters, or where they announce them");
  const bool is_https = !source.masters.empty() && source.masters.front().starts_with("https:");
  source.scheme = section.choice("scheme", is_https ? "https" : "http", {"http", "https"});
  source.service_name =
      read_service_name(section, source.service_name, {"{name}", "{framework}", "{source}"});
  source.frameworks = section.texts("frameworks", {"*"});
  source.rules = read_source_rules(section, {});
  source.rules.when_none = section.choice("when_none", "all", {"all", "none", "servfail"});
  source.rules.stale_action = section.choice("stale_action", "drop", {"drop", "servfail"});
  source.names = read_names(section);
  section.finish();
  sources.push_back(std::move(source));
}

}  // namespace muster::config
