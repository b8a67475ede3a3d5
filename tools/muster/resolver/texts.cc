#include "tools/muster/resolver/texts.h"

#include "tools/muster/resolver/resolv_conf.h"

namespace muster::resolver {

namespace {

bool is_reverse(const std::string& domain) { return domain.ends_with(".arpa"); }

std::string heading(Kind kind, const std::string& what) {
  return "# Sends " + what + " to muster: made by `muster install-resolver --kind " +
         std::string(to_string(kind)) + "`, undone by its --undo.\n";
}
std::string heading(Kind kind, const Target& target) {
  return heading(kind, "names below " + target.domains.front());
}
const std::string kAll = "all look-ups";

// A global server is asked for the names of links' own servers too (their scopes are asked side by side), but
// ours nobody else is asked for. Of several servers it keeps to one, so that there must be no other beside
// musterd, who alone knows our names.
std::string resolved(const Target& target, const Node& node) {
  std::string text = heading(Kind::systemd_resolved, target) + "[Resolve]\n";
  if (!node.resolved_servers.empty())
    text += "# Nobody else: systemd-resolved asks one server of its list for everything.\nDNS=\n";
  text += "DNS=" + net::to_string(target.server) + "\nDomains=";
  for (const std::string& domain : target.domains)
    text += (&domain == &target.domains.front() ? "~" : " ~") + domain;
  return text + "\n";
}

std::string key_list(const std::string& key, const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? key + "=" : ",") + value;
  return text.empty() ? "" : text + "\n";
}

bool is_option(const std::string& text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-:") == text.npos;
}

// Global servers take the place of those of all connections, and so do the global search list and options:
// what NetworkManager has made of the connections' ones goes over. It hears of no domain but "*" without a
// plugin.
std::string network_manager(const Target& target, const Node& node) {
  const ResolvConf now = parse_resolv_conf(node.resolv_conf.value_or(""));
  std::vector<std::string> search;
  std::vector<std::string> options;
  for (const std::string& word : now.search) {
    if (const auto domain = domain_of(word)) search.push_back(*domain);
  }
  for (const std::string& word : now.options) {
    if (is_option(word)) options.push_back(word);
  }
  const std::string global = key_list("searches", search) + key_list("options", options);
  return heading(Kind::network_manager, kAll) + (global.empty() ? "" : "[global-dns]\n" + global + "\n") +
         "[global-dns-domain-*]\nservers=" + net::to_string(target.server.address) + "\n";
}

// transparent: instead of the empty zones that unbound has for private addresses and for names such as
// internal; private-domain: may have private addresses in it.
std::string unbound(const Target& target) {
  std::string text = heading(Kind::unbound, target) + "server:\n";
  if (target.server.address.is_loopback()) text += "  do-not-query-localhost: no\n";
  for (const std::string& domain : target.domains) {
    text += "  domain-insecure: \"" + domain + "\"\n";
    if (!is_reverse(domain)) text += "  private-domain: \"" + domain + "\"\n";
    text += "  local-zone: \"" + domain + "\" transparent\n";
  }
  for (const std::string& domain : target.domains) {
    text += "stub-zone:\n  name: \"" + domain + "\"\n  stub-addr: " + net::to_string(target.server.address) +
            "@" + std::to_string(target.server.port) + "\n";
  }
  return text;
}

std::string dnsmasq(Kind kind, const Target& target) {
  std::string text = heading(kind, target);
  for (const std::string& domain : target.domains) {
    text += "server=/" + domain + "/" + net::to_string(target.server.address) + "#" +
            std::to_string(target.server.port) + "\n";
    if (!is_reverse(domain)) text += "rebind-domain-ok=/" + domain + "/\n";
  }
  return text;
}

std::string with_end(const std::string& base) {
  return base.empty() || base.ends_with('\n') ? base : base + "\n";
}

std::string resolvconf(const Place& place, const Target& target, const std::string& base) {
  const std::string address = net::to_string(target.server.address);
  const bool is_debian = place.file.ends_with("/head");
  return with_end(base) + heading(Kind::resolvconf, kAll) +
         (is_debian ? "nameserver " + address + "\n" : "name_servers=\"" + address + "\"\n");
}

}  // namespace

std::string server_block(const Target& target) {
  std::string text = heading(Kind::coredns, target);
  for (const std::string& domain : target.domains) text += domain + " ";
  return text + "{\n    errors\n    cache 30\n    forward . " + net::to_string(target.server) + "\n}\n";
}

std::string text_for(const Place& place, const Target& target, const Node& node, const std::string& base) {
  switch (place.kind) {
    case Kind::resolv_conf: return with_nameserver(base, net::to_string(target.server.address));
    case Kind::systemd_resolved: return resolved(target, node);
    case Kind::network_manager:
      return place.takes_all ? network_manager(target, node) : dnsmasq(place.kind, target);
    case Kind::resolvconf: return resolvconf(place, target, base);
    case Kind::unbound: return unbound(target);
    case Kind::dnsmasq: return dnsmasq(place.kind, target);
    case Kind::coredns: return with_end(base) + (base.empty() ? "" : "\n") + server_block(target);
  }
  return "";
}

}  // namespace muster::resolver
