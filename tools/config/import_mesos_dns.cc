#include "tools/config/import_mesos_dns.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <iterator>
#include <map>
#include <optional>
#include <set>

#include "registry/label.h"
#include "registry/net/file_text.h"
#include "registry/net/ip_address.h"
#include "registry/sources/zookeeper_url.h"

namespace muster::config {

namespace {

namespace json = boost::json;

// The keys of the outermost object, with their places.
struct KeyPlace {
  std::string key;
  std::size_t line;
  std::size_t column;
};

std::vector<KeyPlace> places_of_keys(std::string_view text) {
  std::vector<KeyPlace> places;
  std::size_t line = 1;
  std::size_t line_begin = 0;
  int depth = 0;
  bool at_key = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      line_begin = i + 1;
    } else if (c == '{' || c == '[') {
      at_key = ++depth == 1;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (c == ',') {
      at_key = depth == 1;
    } else if (c == '"') {
      const std::size_t begin = i + 1;
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\';
      if (at_key) places.push_back({std::string(text.substr(begin, i - begin)), line, begin - line_begin});
      at_key = false;
    }
  }
  return places;
}

class Import {
 public:
  Import(std::string_view text, const std::string& file, const std::string& home, Secrets secrets)
      : text_(text), file_(file), home_(home), secrets_(secrets) {}

  ImportedConfig run() {
    if (!read()) return std::move(result_);
    result_.toml =
        "# From " + file_ + " by `muster import mesos-dns`. Every key: docs/reference/configuration.md\n";
    write_dns();
    write_http();
    write_source();
    write_forward();
    write_unused();
    return std::move(result_);
  }

 private:
  // ---- reading

  bool read() {
    boost::system::error_code error;
    json::stream_parser parser;
    const std::size_t read = parser.write_some(text_.data(), text_.size(), error);
    if (!error && !parser.done()) error = json::error::incomplete;
    if (error) {
      const std::string_view before = text_.substr(0, read);
      const auto line = 1 + std::count(before.begin(), before.end(), '\n');
      const auto column =
          before.size() - (before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1) + 1;
      result_.errors.push_back(file_ + ":" + std::to_string(line) + ":" + std::to_string(column) +
                               ": not JSON: " + error.message());
      return false;
    }
    const json::value value = parser.release();
    if (!value.is_object()) {
      result_.errors.push_back(file_ + ":1:1: not a JSON object");
      return false;
    }
    for (const KeyPlace& place : places_of_keys(text_))
      places_.insert_or_assign(registry::ascii_lower(place.key), place);
    warn_of_repeats();
    for (const auto& [key, one] : value.get_object())
      values_.insert_or_assign(registry::ascii_lower(key), one);
    return true;
  }

  void warn_of_repeats() {
    std::set<std::string> seen;
    for (const KeyPlace& place : places_of_keys(text_)) {
      if (!seen.insert(registry::ascii_lower(place.key)).second)
        warn(place.key, "stands twice; the last one counts");
    }
  }

  std::string at(std::string_view key) const {
    const auto place = places_.find(registry::ascii_lower(key));
    if (place == places_.end()) return file_ + ": " + std::string(key) + ": ";
    return file_ + ":" + std::to_string(place->second.line) + ":" + std::to_string(place->second.column) +
           ": " + std::string(key) + ": ";
  }
  void warn(std::string_view key, std::string_view message) {
    result_.warnings.push_back(at(key).append(message));
  }
  void fail(std::string_view key, std::string_view message) {
    result_.errors.push_back(at(key).append(message));
  }

  // Null: not there. Marks it as known.
  const json::value* take(std::string_view key) {
    known_.insert(registry::ascii_lower(key));
    const auto found = values_.find(registry::ascii_lower(key));
    return found == values_.end() || found->second.is_null() ? nullptr : &found->second;
  }

  std::string text(std::string_view key, std::string fallback) {
    const json::value* value = take(key);
    if (value == nullptr) return fallback;
    if (const json::string* said = value->if_string()) return std::string(*said);
    fail(key, "must be a string");
    return fallback;
  }
  bool flag(std::string_view key, bool fallback) {
    const json::value* value = take(key);
    if (value == nullptr) return fallback;
    if (const bool* said = value->if_bool()) return *said;
    fail(key, "must be true or false");
    return fallback;
  }
  std::int64_t number(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
    const json::value* value = take(key);
    if (value == nullptr) return fallback;
    const std::int64_t* said = value->if_int64();
    if (said != nullptr && *said >= least && *said <= most) return *said;
    fail(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return fallback;
  }
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback) {
    const json::value* value = take(key);
    if (value == nullptr) return fallback;
    const json::array* list = value->if_array();
    std::vector<std::string> said;
    for (const json::value& one : list == nullptr ? json::array() : *list) {
      if (one.is_string()) said.emplace_back(one.get_string());
    }
    if (list == nullptr || said.size() != list->size()) fail(key, "must be a list of strings");
    return said;
  }
  std::string path(std::string_view key) {
    std::string said = text(key, "");
    if (said.starts_with("~/")) said.replace(0, 1, home_);
    return said;
  }

  // ---- writing

  void line(const std::string& text) { result_.toml += text + "\n"; }
  void comment(const std::string& text) { line("# " + text); }

  // ADDRESS:PORT of a listener; IPv6 in brackets.
  std::string listen(std::string_view key, const std::string& address, std::int64_t port) {
    const auto parsed = net::parse_ip(address);
    if (!parsed) {
      fail(key, "is not an IP address: " + address);
      return "";
    }
    return net::to_string(net::Endpoint{*parsed, static_cast<std::uint16_t>(port)});
  }

  void write_dns() {
    const bool on = flag("dnson", true);
    const std::int64_t port = number("port", 53, 1, 65535);
    listener_ = text("listener", "0.0.0.0");
    line("\n[dns]");
    if (on) {
      line("listen = " + toml_list({listen("listener", listener_, port)}));
    } else {
      warn("dnson", "musterd always answers DNS; it listens on loopback only");
      line("listen = [\"127.0.0.1:5300\"]  # dnson was false");
    }
  }

  void write_http() {
    http_on_ = flag("httpon", true);
    const std::int64_t port = number("httpport", 8123, 1, 65535);
    const std::string address = text("HTTPListener", "0.0.0.0");
    line("\n[http]");
    if (http_on_) {
      line("listen = " + toml_list({listen("HTTPListener", address, port)}));
      comment("Who is not on loopback may read, and may not write.");
    } else {
      line("listen = [\"127.0.0.1:8053\"]  # httpon was false; musterd's own API, on loopback only");
    }
  }

  void write_source() {
    line("\n[[source.mesos]]");
    const bool https = flag("mesosHTTPSOn", false);
    write_masters(https);
    line("refresh = \"" + std::to_string(number("refreshSeconds", 60, 1, 86'400)) + "s\"");
    line("timeout = \"" + std::to_string(number("stateTimeoutSeconds", 300, 1, 86'400)) + "s\"");
    comment("stream = true stays: changes arrive at once, not only every `refresh`.");
    write_login();
    write_tls(https);
    write_names();
  }

  void write_masters(bool https) {
    const std::string zookeeper = text("zk", "");
    std::vector<std::string> masters;
    for (const std::string& master : texts("masters", {})) {
      std::string url = (https ? "https://" : "http://") + master;
      if (std::find(masters.begin(), masters.end(), url) != masters.end()) {
        warn("masters", "\"" + master + "\" stands twice; once is enough");
      } else {
        masters.push_back(std::move(url));
      }
    }
    if (masters.empty() && zookeeper.empty()) fail("masters", "or zk is needed: where the Mesos masters are");
    if (!masters.empty()) line("masters = " + toml_list(masters));
    if (!zookeeper.empty()) write_zookeeper(zookeeper, https && masters.empty());
  }

  void write_zookeeper(const std::string& text, bool https) {
    const auto url = registry::sources::parse_zookeeper_url(text);
    if (!url) return fail("zk", url.error());
    if (url->login.empty() || secrets_ == Secrets::held) {
      line("zookeeper = " + toml_string(text));
    } else {
      line("zookeeper_file = \"mesos.zk\"  # put the value of zk into this file, readable by musterd alone");
    }
    if (https) line("scheme = \"https\"");
  }

  void write_login() {
    const std::string how = text("mesosAuthentication", "");
    const std::string iam = path("iamConfigFile");
    const json::value* value = take("mesosCredentials");
    const json::object* login = value == nullptr ? nullptr : value->if_object();
    if (how != "iam") note_unused({"iamConfigFile"}, R"(mesosAuthentication is not "iam")");
    if (how != "basic") note_unused({"mesosCredentials"}, R"(mesosAuthentication is not "basic")");
    if (how == "iam") return line("iam_file = " + toml_string(iam));
    if (!how.empty() && how != "basic") fail("mesosAuthentication", R"(must be "", "basic" or "iam")");
    if (how != "basic") return;
    const auto member = [&](const char* key) -> std::string {
      const json::value* one = login == nullptr ? nullptr : login->if_contains(key);
      return one != nullptr && one->is_string() ? std::string(one->get_string()) : std::string();
    };
    const std::string principal = member("principal");
    if (principal.empty()) fail("mesosCredentials", "needs principal and secret for basic authentication");
    line("username = " + toml_string(principal));
    if (secrets_ == Secrets::held) return line("password = " + toml_string(member("secret")));
    line("password_file = \"mesos.password\"  # put the secret into this file, readable by musterd alone");
  }

  void write_tls(bool https) {
    const std::string ca = path("caCertFile");
    const std::string certificate = path("certFile");
    const std::string key = path("keyFile");
    if (!https) return note_unused({"caCertFile", "certFile", "keyFile"}, "mesosHTTPSOn is false");
    if (!ca.empty()) line("ca_file = " + toml_string(ca));
    if (ca.empty()) {
      warn("mesosHTTPSOn",
           "without caCertFile the masters' certificates are not checked, as before: set ca_file and take "
           "tls_verify away");
      line("tls_verify = false");
    }
    if (!certificate.empty()) line("cert_file = " + toml_string(certificate));
    if (!key.empty()) line("key_file = " + toml_string(key));
  }

  void write_names() {
    domain_ = registry::ascii_lower(text("domain", "mesos"));
    if (domain_.ends_with('.')) domain_.pop_back();
    line("domain = " + toml_string(domain_ + "."));
    line("ttl = \"" + std::to_string(number("ttl", 60, 0, 2'147'483'647)) + "s\"");
    line("names = \"exact\"");
    line("routable = \"running\"  # as before; \"strict\" leaves out tasks that are not well");
    if (listener_ != "0.0.0.0" && listener_ != "::") line("listener = " + toml_string(listener_));
    const auto dotted = [](std::string name) {
      std::replace(name.begin(), name.end(), '@', '.');
      return name.ends_with('.') ? name : name + ".";
    };
    const std::string mname = text("SOAMname", "");
    const std::string rname = text("SOARname", "");
    if (!mname.empty()) line("ns_name = " + toml_string(dotted(mname)));
    if (!rname.empty()) line("hostmaster = " + toml_string(dotted(rname)));
    line("soa = { refresh = " + std::to_string(number("SOARefresh", 60, 1, 2'147'483'647)) +
         ", retry = " + std::to_string(number("SOARetry", 600, 1, 2'147'483'647)) +
         ", expire = " + std::to_string(number("SOAExpire", 86'400, 1, 2'147'483'647)) + " }");
    line("srv_weight = " + std::to_string(number("srvRecordDefaultWeight", 1, 0, 65'535)));
    line("ip_sources = " + toml_list(texts("IPSources", {"netinfo", "mesos", "host"})));
    line(std::string("rfc952 = ") + (flag("EnforceRFC952", false) ? "true" : "false"));
    line(std::string("truncate = ") + (flag("setTruncateBit", true) ? "\"tc\"" : "\"cut\""));
    line(std::string("enumerate = ") + (flag("EnumerationOn", true) ? "true" : "false"));
    line(std::string("http_api = ") + (http_on_ ? "true" : "false"));
  }

  void write_forward() {
    const bool on = flag("externalon", true);
    const std::int64_t seconds = std::min<std::int64_t>(number("timeout", 5, 1, 3600), 30);  // what [forward] takes
    std::vector<std::string> upstreams = texts("resolvers", {"8.8.8.8"});
    const json::value* zones = take("zoneResolvers");
    if (zones != nullptr && !zones->is_object()) fail("zoneResolvers", "must be an object of lists");
    flag("recurseon", true);
    note_unused({"recurseon"}, "recursion is offered with forwarded answers, and never with our own");
    for (const std::string& upstream : upstreams) check_server("resolvers", upstream);
    check_zones(zones);
    if (!on) return note_unused({"resolvers", "timeout", "zoneResolvers"}, "externalon is false");
    warn("externalon",
         "names of other domains are forwarded for this machine and private networks, no longer for everybody: "
         "see forward.allow");
    line("");
    line("[forward]");
    line("enabled = true");
    line("upstreams = " + toml_list(upstreams));
    line("timeout = \"" + std::to_string(seconds) + "s\"");
    line(
        "allow = [\"127.0.0.0/8\", \"::1/128\", \"10.0.0.0/8\", \"172.16.0.0/12\", \"192.168.0.0/16\", "
        "\"fc00::/7\"]  # it was everybody");
    if (zones == nullptr || !zones->is_object() || zones->get_object().empty()) return;
    line("[forward.zones]");
    for (const auto& [zone, servers] : zones->get_object()) {
      std::vector<std::string> said;
      for (const json::value& one : servers.is_array() ? servers.get_array() : json::array()) {
        if (one.is_string()) said.emplace_back(one.get_string());
      }
      if (!said.empty()) line(toml_string(zone) + " = " + toml_list(said));
    }
  }

  // ADDRESS or ADDRESS:PORT.
  void check_server(std::string_view key, const std::string& server) {
    if (!net::parse_ip(server) && !net::parse_endpoint(server))
      fail(key, "\"" + server + "\" is no IP address, with a port or without");
  }

  static bool is_within(std::string_view zone, std::string_view other) {
    return zone == other || (zone.ends_with(other) && zone[zone.size() - other.size() - 1] == '.');
  }

  void check_zones(const json::value* zones) {
    if (zones == nullptr || !zones->is_object()) return;
    std::vector<std::string> names = {domain_};
    for (const auto& [key, servers] : zones->get_object()) {
      std::string zone = registry::ascii_lower(key);
      if (zone.ends_with('.')) zone.pop_back();
      for (const std::string& other : names) {
        if (is_within(zone, other) || is_within(other, zone))
          fail("zoneResolvers", "\"" + zone + "\" and \"" + other + "\" overlap");
      }
      names.push_back(zone);
      for (const json::value& one : servers.is_array() ? servers.get_array() : json::array()) {
        if (one.is_string()) check_server("zoneResolvers", std::string(one.get_string()));
      }
    }
  }

  // Of those that are there.
  void note_unused(std::initializer_list<const char*> keys, const std::string& why) {
    for (const char* key : keys) {
      if (take(key) != nullptr) comment(std::string(key) + " is not used: " + why + ".");
    }
  }

  void write_unused() {
    const std::pair<const char*, const char*> kWithout[] = {
        {"zkDetectionTimeout", "musterd goes on with what it knows while there is no leader"},
        {"SOASerial", "the serial follows the content"},
        {"SOAMinttl", "it never had an effect: negative answers hold for zones.negative_ttl"},
    };
    for (const auto& [key, why] : kWithout) {
      if (take(key) != nullptr) line("# " + std::string(key) + " has no counterpart: " + why + ".");
    }
    for (const auto& [key, value] : values_) {
      if (known_.contains(key)) continue;
      const std::string& spelt = places_.at(key).key;
      warn(spelt, "is no key of Mesos-DNS; left out");
      line("# " + spelt + " is no key of Mesos-DNS.");
    }
  }

  const std::string_view text_;
  const std::string file_;
  const std::string home_;
  const Secrets secrets_;
  ImportedConfig result_;
  std::map<std::string, json::value> values_;  // by key in lower case: Mesos-DNS does not care
  std::map<std::string, KeyPlace> places_;
  std::set<std::string> known_;
  std::string listener_;
  std::string domain_;  // without its last dot
  bool http_on_ = true;
};

}  // namespace

ImportedConfig import_mesos_dns(std::string_view json, const std::string& file, const std::string& home,
                                Secrets secrets) {
  return Import(json, file, home, secrets).run();
}

ImportedConfig import_mesos_dns_file(const std::string& file, Secrets secrets) {
  const auto text = net::file_text(file, net::kConfigFile);
  if (!text) {
    ImportedConfig nothing;
    nothing.errors.push_back(file + ": cannot be read: " + text.error().message());
    return nothing;
  }
  const char* home = std::getenv("HOME");
  return import_mesos_dns(*text, file, home == nullptr ? "" : home, secrets);
}

}  // namespace muster::config
