// muster, the command line: reads the words, then one function a verb (command.h).
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>

#include "registry/net/file_text.h"
#include "tools/config/diagnostics.h"
#include "tools/muster/command.h"

namespace muster::cli {
namespace {

std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

struct Common {
  std::string server = environment("MUSTER_SERVER", "http://127.0.0.1:8053");
  std::string token_file = environment("MUSTER_TOKEN_FILE", "");
  TlsOptions tls{environment("MUSTER_CA_FILE", ""), environment("MUSTER_CERT_FILE", ""),
                 environment("MUSTER_KEY_FILE", "")};
  bool json = false;
};

Context context_of(const Common& common) {
  std::string token;
  if (!common.token_file.empty()) {
    const auto text = net::file_text(common.token_file, net::kSmallFile);
    if (!text)
      throw std::runtime_error("cannot read the token file " + common.token_file + ": " + text.error().message());
    token = text->substr(0, text->find('\n'));
  }
  const auto look_at = [](const char* what, const std::string& file) {
    if (!file.empty() && !std::ifstream(file))
      throw std::runtime_error(std::string("cannot read the ") + what + " file " + file);
  };
  look_at("CA", common.tls.ca_file);
  look_at("certificate", common.tls.cert_file);
  look_at("key", common.tls.key_file);
  return {Client(common.server, token, common.tls), common.json};
}

class Program {
 public:
  Program() : app_("Registers services with musterd and shows what it knows.", "muster") {
    app_.set_version_flag("--version", "muster " MUSTER_VERSION);
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--server", common_.server, "musterd's HTTP address (MUSTER_SERVER)")
        ->capture_default_str();
    app_.add_option("--token-file", common_.token_file, "file with the access token (MUSTER_TOKEN_FILE)");
    app_.add_option("--ca-file", common_.tls.ca_file, "certificates to trust, PEM (MUSTER_CA_FILE)");
    app_.add_option("--cert-file", common_.tls.cert_file, "certificate to show, PEM (MUSTER_CERT_FILE)");
    app_.add_option("--key-file", common_.tls.key_file,
                    "its key (MUSTER_KEY_FILE); default: in the same file");
    app_.add_flag("--json", common_.json, "print JSON");
    add_registering();
    add_instance_verbs();
    add_looking();
    add_operating();
  }

  int run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
      return action_();
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app_.exit(error);
      if (!refuse_verb(argc, argv)) app_.exit(error);
      return wrong_usage;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "muster: %s\n", error.what());
      return refused;
    }
  }

 private:
  using Verb = std::function<int(const Context&)>;

  CLI::App* verb(const char* name, const char* help, Verb act) { return verb_of(app_, name, help, std::move(act)); }
  CLI::App* verb_of(CLI::App& parent, const char* name, const char* help, Verb act) {
    CLI::App* sub = parent.add_subcommand(name, help);
    sub->callback(
        [this, act = std::move(act)] { action_ = [this, act] { return act(context_of(common_)); }; });
    return sub;
  }

  void add_registering() {
    auto* put = verb("register", "register an instance, or renew it",
                     [this](const Context& c) { return register_instance(c, register_); });
    put->add_option("SERVICE", register_.service)->required();
    put->add_option("ADDRESS:PORT", register_.address, "or a URL: http://10.0.0.7:8080/path")->required();
    put->add_option("--id", register_.id, "default: the address and port");
    put->add_option("--weight", register_.weight)->check(CLI::Range(0, 65535));
    put->add_option("--priority", register_.priority, "lower is preferred")->check(CLI::Range(0, 65535));
    put->add_option("--tag", register_.tags, "KEY=VALUE; may repeat")->take_all();
    put->add_option("--property", register_.properties, "KEY=VALUE for clients, in TXT; may repeat")
        ->take_all();
    put->add_flag("--prefix", register_.prefix, "the URL is the beginning of one, which clients complete");
    put->add_option("--task", register_.task,
                    "the scheduler's task that it is: joins it with what Mesos or Marathon tell");
    put->add_option("--lease", register_.lease, "how long it lives without a heartbeat: 30s");
    put->add_option("--port-name", register_.port_name, "gives _NAME._tcp.SERVICE a record of its own");
    put->add_option("--generation", register_.generation,
                    "number of this life, a greater one begins a new one; default: the living one's, else the time in ms")
        ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
    put->add_flag("--hold", register_.hold, "stay, renew, and on a signal drain and deregister");

    auto* run = verb("run", "register while a command runs",
                     [this](const Context& c) { return run_command(c, run_); });
    run->add_option("--as", run_.service, "the service's name; default: the command's");
    run->add_option("--port", run_.port)->check(CLI::Range(1, 65535));
    run->add_option("--address", run_.address, "default: the address from which musterd sees us");
    run->add_option("--id", run_.id, "default: the host's name and our process id");
    run->add_option("--lease", run_.lease);
    run->add_option("--weight", run_.weight)->check(CLI::Range(0, 65535));
    run->add_option("--tag", run_.tags)->take_all();
    run->add_option("--task", run_.task, "as of register");
    run->add_option("COMMAND", run_.command, "after --")->required();
    run->positionals_at_end();
  }

  CLI::App* instance_verb(const char* name, const char* help, Verb act) {
    CLI::App* sub = verb(name, help, std::move(act));
    sub->add_option("SERVICE", service_)->required();
    sub->add_option("ID", id_)->required();
    return sub;
  }

  void add_instance_verbs() {
    instance_verb("deregister", "take an instance out",
                  [this](const Context& c) { return deregister(c, service_, id_); });
    auto* drain_verb =
        instance_verb("drain", "out of the answers, registration stays; tells when it is safe to stop",
                      [this](const Context& c) { return drain(c, service_, id_, undo_, wait_); });
    drain_verb->add_flag("--undo", undo_, "back into the answers");
    drain_verb->add_flag("--wait", wait_, "sleep until no resolver can still hold the record");
    auto* weight = instance_verb("weight", "the operator's weight, above what the instance says",
                                 [this](const Context& c) { return set_weight(c, service_, id_, weight_); });
    weight->add_option("N", weight_)->required()->check(CLI::Range(0, 65535));
    instance_verb("up", "force an instance into the answers",
                  [this](const Context& c) { return set_mode(c, service_, id_, "up"); });
    instance_verb("down", "take an instance out of the answers",
                  [this](const Context& c) { return set_mode(c, service_, id_, "down"); });
    instance_verb("auto", "let its own state decide again",
                  [this](const Context& c) { return set_mode(c, service_, id_, "auto"); });
  }

  void add_looking() {
    verb("list", "services", [this](const Context& c) {
      return list_services(c, glob_);
    })->add_option("GLOB", glob_);
    verb("show", "the instances of a service", [this](const Context& c) { return show_service(c, service_); })
        ->add_option("SERVICE", service_)
        ->required();
    verb("watch", "every change, a line each", [this](const Context& c) {
      return watch(c, glob_);
    })->add_option("GLOB", glob_);
    auto* why = verb("explain", "why a name, or SERVICE/ID, is answered as it is",
                     [this](const Context& c) { return explain(c, name_, explain_type_, client_); });
    why->add_option("NAME", name_)->required();
    why->add_option("TYPE", explain_type_);
    why->add_option("--client", client_, "the network that asks, of a name that is chosen by it");
    auto* look = verb("lookup", "what DNS answers, and the registry beside it",
                      [this](const Context& c) { return lookup(c, name_, type_); });
    look->add_option("NAME", name_)->required();
    look->add_option("TYPE", type_)->capture_default_str();
  }

  void add_operating() {
    verb("reload", "read configuration and zone files again",
         [this](const Context& c) { return reload(c, discard_); })
        ->add_option("--discard", discard_, "drop this zone's stored updates")
        ->take_all();
    CLI::App* cache = app_.add_subcommand("cache", "what other servers have answered: flush");
    cache->require_subcommand(1);
    verb_of(*cache, "flush", "forget it, of NAME and what is below, or of everything",
            [this](const Context& c) { return flush_cache(c, name_); })
        ->add_option("NAME", name_);
    verb("stats", "counters", [](const Context& c) { return show_stats(c); });
    verb("dump", "a zone as a master file", [this](const Context& c) { return dump_zone(c, zone_); })
        ->add_option("ZONE", zone_)
        ->required();
    add_sources();
    add_export();
    add_install();
    CLI::App* check = app_.add_subcommand("check-config", "check a configuration file");
    check->add_option("FILE", file_)->required();
    check->callback([this] { action_ = [this] { return check_config(file_, common_.json); }; });
    CLI::App* import = app_.add_subcommand("import", "another program's configuration as one of musterd");
    import->add_option("FROM", from_, "mesos-dns or ultraesb")
        ->required()
        ->check(CLI::IsMember({"mesos-dns", "ultraesb"}));
    import->add_option("FILE", file_)->required();
    import->callback([this] { action_ = [this] { return import_config(from_, file_); }; });
  }

  void add_sources() {
    CLI::App* source = app_.add_subcommand("source", "where services come from: list, show, resync, accept");
    source->require_subcommand(1);
    verb_of(*source, "list", "every source and how it fares", [](const Context& c) { return list_sources(c); });
    const auto add = [&](const char* name, const char* help, ExitCode (*act)(const Context&, const std::string&)) {
      verb_of(*source, name, help, [this, act](const Context& c) { return act(c, source_); })
          ->add_option("NAME", source_)
          ->required();
    };
    add("show", "one source", show_source);
    add("resync", "let it ask its scheduler for everything now", resync_source);
    add("accept", "give up the instances that it holds", accept_source);
  }

  void add_export() {
    CLI::App* exports =
        app_.add_subcommand("export", "the registry as another program's configuration: haproxy");
    exports->require_subcommand(1);
    CLI::App* to = verb_of(*exports, "haproxy", "a section for each service and front port",
                           [this](const Context& c) { return export_haproxy(c, export_); });
    to->add_option("--output", export_.output, "the file; default: standard output");
    to->add_flag("--watch", export_.watch, "stay, and follow every change");
    to->add_option("--reload", export_.reload, "run when the file has changed: 'systemctl reload haproxy'");
    to->add_option("--runtime-socket", export_.runtime_socket,
                   "HAProxy's admin socket: with --reload, what concerns servers alone is told there");
    to->add_option("--validate", export_.validate, "run before the file is replaced; {} is the candidate")
        ->capture_default_str();
    to->add_flag("--no-validate", export_.no_validate);
    to->add_option("--min-interval", export_.min_interval, "between two changes of the file")
        ->capture_default_str();
    to->add_option("--bind", export_.bind, "where the sections listen; 0.0.0.0: everywhere")
        ->capture_default_str();
    to->add_option("--service", export_.service, "a glob")->capture_default_str();
    to->add_option("--group", export_.group, "only ports of this HAPROXY_GROUP");
    to->add_flag("--strict", export_.strict, "only ports that say HAPROXY_n_ENABLED=true");
    to->add_option("--port", export_.port,
                   "registered: in front as behind, where all instances have one port")
        ->check(CLI::IsMember({"registered"}));
    to->add_option("--names", export_.names, "of servers: label, or bridge (APP-N, counting down)")
        ->check(CLI::IsMember({"label", "bridge"}))
        ->capture_default_str();
    to->add_flag("--http-checks", export_.http_checks, "look at the path of an instance's HTTP check");
    to->add_option("--vhosts", export_.vhosts, "ADDRESS:PORT of a frontend that goes by HAPROXY_n_VHOST");
    to->add_flag("--fragment", export_.fragment, "the sections alone, beside a configuration of your own");
    to->add_option("--stats", export_.stats, "ADDRESS:PORT of HAProxy's statistics page");
    to->add_option("--stats-auth-file", export_.stats_auth_file,
                   "USER:PASSWORD for it; needed off the loopback");
  }

  void add_install() {
    CLI::App* to =
        verb("install-resolver", "send this node's look-ups to musterd: shows the change, or makes it",
             [this](const Context& c) { return install_resolver(c, install_); });
    to->add_option("--kind", install_.kind,
                   "resolv.conf, systemd-resolved, networkmanager, resolvconf, unbound, dnsmasq or coredns; "
                   "default: who answers here");
    to->add_option("--domain", install_.domains, "may repeat; default: the zones of musterd")->take_all();
    to->add_option("--address", install_.address, "ADDRESS[:PORT] of musterd's DNS; default: it is asked");
    CLI::Option* apply = to->add_flag("--apply", install_.apply, "make the change, with a backup");
    to->add_flag("--undo", install_.undo, "put back what was there before")->excludes(apply);
    to->add_flag("--no-reload", install_.no_reload, "tell nobody to read it");
    to->add_option("--reload", install_.reload, "the command that tells them, instead of the kind's");
    to->add_flag("--force", install_.force, "although somebody has changed it since, or nobody would answer");
    to->add_option("--root", install_.root, "folder above all files: of an image")->capture_default_str();
    to->add_option("--file", install_.file, "the file, instead of the kind's");
  }

  // The first word that is neither an option nor an option's value; "" when there is none.
  std::string typed_verb(int argc, char** argv) const {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (!word.starts_with('-')) return word;
      const CLI::Option* option = app_.get_option_no_throw(word);
      if (option != nullptr && option->get_items_expected_max() > 0) ++i;
    }
    return "";
  }

  // True: the verb is unknown; it was named, and the nearest with it.
  bool refuse_verb(int argc, char** argv) const {
    const std::string typed = typed_verb(argc, argv);
    std::vector<std::string> verbs;
    for (const CLI::App* sub : app_.get_subcommands([](const CLI::App*) { return true; })) verbs.push_back(sub->get_name());
    if (typed.empty() || std::find(verbs.begin(), verbs.end(), typed) != verbs.end()) return false;
    const std::string near = config::nearest(typed, verbs);
    std::fprintf(stderr, "muster: there is no verb %s (%s)\n", typed.c_str(),
                 near.empty() ? "muster --help lists them" : ("did you mean " + near + "?").c_str());
    return true;
  }

  CLI::App app_;
  Common common_;
  std::function<int()> action_;
  RegisterArguments register_;
  RunArguments run_;
  ExportArguments export_;
  InstallArguments install_;
  std::string service_;
  std::string id_;
  std::string glob_ = "*";
  std::string name_;
  std::string type_ = "A";
  std::string explain_type_;
  std::string client_;
  std::string zone_;
  std::string file_;
  std::string from_;
  std::string source_;
  std::vector<std::string> discard_;
  int weight_ = 0;
  bool undo_ = false;
  bool wait_ = false;
};

}  // namespace
}  // namespace muster::cli

int main(int argc, char** argv) { return muster::cli::Program().run(argc, argv); }
