#include "tools/muster/haproxy/render.h"

#include <algorithm>

namespace muster::haproxy {

namespace {

constexpr std::string_view kDefaults = R"(
defaults
  log global
  mode tcp
  option tcplog
  option dontlognull
  option redispatch
  retries 3
  maxconn 2000
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  timeout check 5s
)";
const std::string kChecks = "default-server " + std::string(kCheckWords);

constexpr std::size_t kHostsALine = 50;

class Text {
 public:
  void line(std::string_view text) { (out_ += text) += '\n'; }
  // Of a section.
  void inner(const std::string& text) { ((out_ += "  ") += text) += '\n'; }
  void section(std::string_view kind, const std::string& name) {
    out_ += '\n';
    out_ += kind;
    if (!name.empty()) (out_ += ' ') += name;
    out_ += '\n';
  }
  void raw(std::string_view text) { out_ += text; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void add_global(const RenderOptions& options, Text& text) {
  text.section("global", "");
  text.inner("log /dev/log local0");
  text.inner("log /dev/log local1 notice");
  text.inner("maxconn 4096");
  if (!options.runtime_socket.empty())
    text.inner("stats socket " + options.runtime_socket + " mode 600 level admin");
  text.raw(kDefaults);
  text.inner(kChecks);
}

// Beside somebody else's defaults nothing is taken from them that decides what a section is.
void add_mode(bool http, bool fragment, Text& text) {
  if (!http && !fragment) return;
  text.inner(http ? "mode http" : "mode tcp");
  text.inner(http ? "option httplog" : "option tcplog");
}

void add_server(const Section& section, const Server& server, Text& text) {
  std::string line = "server " + server.name + " " + server.endpoint + " check";
  if (server.weight) line += " weight " + std::to_string(*server.weight);
  if (server.backup) line += " backup";
  if (section.sticky) line += " cookie " + server.name;
  text.inner(line);
}

void add_section(const Section& section, bool fragment, Text& text) {
  text.section("listen", section.name);
  text.inner("bind " + net::to_string(section.bind));
  add_mode(section.http, fragment, text);
  if (fragment) text.inner(kChecks);
  text.inner("balance " + section.balance);
  bool has_backup = false;
  for (const Server& server : section.servers) has_backup |= server.backup;
  if (has_backup) text.inner("option allbackups");
  if (!section.check_path.empty()) {
    text.inner("option httpchk GET " + section.check_path);
    text.inner("http-check expect status 200-399");
  }
  if (section.sticky) text.inner("cookie MUSTER insert indirect nocache");
  for (const Server& server : section.servers) add_server(section, server, text);
}

void add_vhosts(const Plan& plan, const net::Endpoint& at, Text& text) {
  text.section("frontend", "muster_vhosts");
  text.inner("bind " + net::to_string(at));
  add_mode(true, false, text);
  for (std::size_t i = 0; i < plan.rules.size(); ++i) {
    const Rule& rule = plan.rules[i];
    const std::string number = std::to_string(i + 1);
    // A line of HAProxy's has 64 words; conditions of one name are alternatives.
    for (std::size_t first = 0; first < rule.hosts.size(); first += kHostsALine) {
      std::string acl = "acl h_" + number + " hdr(host),host_only,lower -m str --";
      for (std::size_t host = first; host < std::min(first + kHostsALine, rule.hosts.size()); ++host)
        acl += " " + rule.hosts[host];
      text.inner(acl);
    }
    if (!rule.path.empty()) text.inner("acl p_" + number + " path_beg " + rule.path);
    text.inner("use_backend " + rule.section + " if h_" + number + (rule.path.empty() ? "" : " p_" + number));
  }
}

void add_stats(const RenderOptions& options, Text& text) {
  text.section("listen", "muster_stats");
  text.inner("bind " + net::to_string(*options.stats));
  add_mode(true, false, text);
  text.inner("stats enable");
  text.inner("stats uri /");
  if (!options.stats_auth.empty()) text.inner("stats auth " + options.stats_auth);
}

// HAProxy does not start when it has nothing to listen to. A name of the kernel's, which no client knows.
void add_nothing(const std::string& name, Text& text) {
  text.section("listen", "muster_nothing");
  text.inner("bind abns@muster_nothing_" + name);
}

}  // namespace

std::string render(const Plan& plan, const RenderOptions& options) {
  Text text;
  text.line(kFirstLine);
  if (!options.fragment) add_global(options, text);
  if (options.stats) add_stats(options, text);
  if (options.vhosts) add_vhosts(plan, *options.vhosts, text);
  for (const Section& section : plan.sections) add_section(section, options.fragment, text);
  if (plan.sections.empty() && !options.vhosts && !options.stats && !options.fragment)
    add_nothing(options.name, text);
  return text.take();
}

}  // namespace muster::haproxy
