// What was typed, as values; one function a verb carries it out and gives the exit code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/muster/client.h"

namespace muster::cli {

// What every verb has.
struct Context {
  Client client;
  bool json = false;
};

struct RegisterArguments {
  std::string service;
  std::string address;  // ADDRESS:PORT, [ADDRESS]:PORT, ADDRESS, or a URL
  std::string id;
  int weight = -1;  // -1: not said
  int priority = -1;
  std::vector<std::string> tags;  // k=v
  std::vector<std::string> properties;  // k=v
  bool prefix = false;                  // the URL is the beginning of one
  std::string task;               // a scheduler's task id; "": none
  std::string lease;
  std::string port_name;
  std::uint64_t generation = 0;  // 0: not said, see register_instance()
  bool hold = false;
};
// A repeat of the command renews: an instance that lives keeps its generation. One that is new begins a life of its own,
// and so does `hold`, whose life is this process's.
ExitCode register_instance(const Context& context, const RegisterArguments& arguments);

struct RunArguments {
  std::string service;  // default: the command's name
  int port = 0;
  std::string address = "auto";
  std::string id;
  std::string lease;
  int weight = -1;
  std::vector<std::string> tags;
  std::string task;
  std::vector<std::string> command;
};
// The command's own exit status; 128 + n when signal n ended it.
int run_command(const Context& context, const RunArguments& arguments);

ExitCode deregister(const Context& context, const std::string& service, const std::string& id);
ExitCode drain(const Context& context, const std::string& service, const std::string& id, bool undo,
               bool wait);
ExitCode set_weight(const Context& context, const std::string& service, const std::string& id, int weight);
ExitCode set_mode(const Context& context, const std::string& service, const std::string& id,
                  const std::string& mode);

ExitCode list_services(const Context& context, const std::string& glob);
ExitCode show_service(const Context& context, const std::string& service);
// `client`: a prefix, for whom a name that is chosen by the client is explained; "": for all.
ExitCode explain(const Context& context, const std::string& name, const std::string& type,
                 const std::string& client);
ExitCode watch(const Context& context, const std::string& glob);
ExitCode lookup(const Context& context, const std::string& name, const std::string& type);

ExitCode list_sources(const Context& context);
ExitCode show_source(const Context& context, const std::string& source);
// Both end when the source has been told; what comes of it is its own doing.
ExitCode resync_source(const Context& context, const std::string& source);
ExitCode accept_source(const Context& context, const std::string& source);

// As typed; see haproxy/export.h and haproxy/plan.h.
struct ExportArguments {
  std::string service = "*";
  std::string output;  // "": standard output
  std::string bind = "127.0.0.1";
  std::string group;
  std::string names = "label";
  std::string port;  // "registered", or ""
  std::string validate = "haproxy -c -f {}";
  std::string reload;
  std::string runtime_socket;
  std::string vhosts;
  std::string stats;
  std::string stats_auth_file;
  std::string min_interval = "2s";
  bool strict = false;
  bool fragment = false;
  bool http_checks = false;
  bool no_validate = false;
  bool watch = false;
};
ExitCode export_haproxy(const Context& context, const ExportArguments& arguments);

// As typed; see resolver/kind.h.
struct InstallArguments {
  std::string kind;                  // "": found out
  std::vector<std::string> domains;  // none: asked of musterd
  std::string address;               // ADDRESS or ADDRESS:PORT; "": asked of musterd
  std::string root = "/";
  std::string file;    // "": the kind's
  std::string reload;  // a command; "": the kind's
  bool apply = false;
  bool undo = false;
  bool no_reload = false;
  bool force = false;
};
ExitCode install_resolver(const Context& context, const InstallArguments& arguments);

ExitCode reload(const Context& context, const std::vector<std::string>& discard);
// Forgets what other servers have answered for the name and below it, "": everything.
ExitCode flush_cache(const Context& context, const std::string& name);
ExitCode show_stats(const Context& context);
ExitCode dump_zone(const Context& context, const std::string& zone);
ExitCode check_config(const std::string& file, bool as_json);
// What another program's configuration is here, as TOML; `from`: "mesos-dns" or "ultraesb".
ExitCode import_config(const std::string& from, const std::string& file);

}  // namespace muster::cli
