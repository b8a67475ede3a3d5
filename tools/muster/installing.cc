// install-resolver: what was typed, what musterd says of itself and what the node has, as one change of one
// file; shown, or made. uninstalling.cc has the way back.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdio>

#include "tools/muster/command.h"
#include "tools/muster/install_words.h"
#include "tools/muster/json_text.h"
#include "tools/muster/resolver/diff.h"
#include "tools/muster/resolver/file_change.h"
#include "tools/muster/resolver/forwarding.h"
#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/plan.h"
#include "tools/muster/resolver/site.h"
#include "tools/muster/resolver/texts.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

using resolver::Finding;
using resolver::Place;
using resolver::Plan;
using resolver::Root;
using resolver::Site;
using resolver::Target;

// ---- whither

std::vector<std::string> texts_of(const json::value& status, std::string_view name) {
  std::vector<std::string> texts;
  const json::object* object = status.if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains(name);
  if (list == nullptr || !list->is_array()) return texts;
  for (const json::value& each : list->get_array()) texts.push_back(text_of(each));
  return texts;
}

json::value ask_status(const Context& context) {
  const Reply status = context.client.get("/api/v1/status");
  if (const ExitCode code = report(context.client, status); code != done) {
    std::fprintf(stderr, "  --address and --domain say what it would have said.\n");
    throw Stopped(code, "");
  }
  return json_of(status);
}

// For a terminal.
std::string printable(std::string text) {
  for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
  return text;
}

// Its names come from the network and go into files of root's: one that is not plain is left out, and said.
std::vector<std::string> domains_of(const json::value& status, std::vector<std::string>& notes) {
  std::vector<std::string> domains;
  for (const std::string& zone : texts_of(status, "zones")) {
    if (const auto domain = resolver::domain_of(zone)) {
      domains.push_back(*domain);
    } else {
      notes.push_back("musterd's zone " + printable(zone) + " is left out: not of letters, digits, - and _");
    }
  }
  if (domains.empty())
    throw Stopped(refused, "musterd tells no domain that can stand in a file: --domain says one");
  return domains;
}

Target target_of(const Context& context, const InstallArguments& arguments, const Place& place,
                 std::vector<std::string>& notes) {
  Target target;
  const auto address = typed_address(arguments);
  target.domains = typed_domains(arguments);
  if (address) target.server = *address;
  if (address && (!target.domains.empty() || place.takes_all)) return target;
  const json::value status = ask_status(context);
  if (target.domains.empty()) target.domains = domains_of(status, notes);
  if (address) return target;
  std::vector<net::Endpoint> listeners;
  for (const std::string& text : texts_of(status, "dns")) {
    const auto listener = net::parse_endpoint(text);
    if (listener && listener->port != 0) listeners.push_back(*listener);
  }
  target.server = value_or_refuse(
      resolver::choose_listener(listeners, resolver::host_of(context.client.server()), place.port_53));
  return target;
}

// ---- may it be

// A node whose look-ups all fail is hard to mend from afar: where everything goes to one server, it must be
// one that answers for everything. Of an image's network nothing is known here.
std::string trouble_of_forwarding(const Root& root, const Plan& plan, const Target& target) {
  if (!plan.takes_all || !root.is_machine()) return "";
  switch (resolver::ask_forwarding(target.server)) {
    case resolver::Forwarding::yes: return "";
    case resolver::Forwarding::no:
      return net::to_string(target.server) +
             " does not forward names that are not its own: they would all fail here";
    case resolver::Forwarding::silent:
      return "nobody answers at " + net::to_string(target.server) + ": every look-up would fail here";
  }
  return "";
}

// ---- what is done

json::array array_of(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::value text_or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

// One install: what will be, and what has been done of it.
struct Install {
  std::string why;           // this kind
  std::optional<Site> site;  // none: CoreDNS without a file
  Plan plan;
  std::string diff;  // or the text, where there is no file
  Reload reload;
  bool applied = false;
  bool told = false;  // whom `reload` tells

  bool changes() const { return site && plan.text != site->present.text; }
};

void print_json(const Install& install) {
  json::object all{
      {"kind", std::string(to_string(install.plan.place.kind))},
      {"why", install.why},
      {"file", install.site ? json::value(install.site->files.file) : json::value(nullptr)},
      {"before", install.site ? text_or_null(install.site->present.text) : json::value(nullptr)},
      {"text", install.plan.text},
      {"changes", install.changes()},
      {"applied", install.applied},
      {"backup", install.plan.makes_backup ? json::value(install.site->files.backup) : json::value(nullptr)},
      {"reload", array_of(install.reload.words)},
      {"told", install.told},
      {"upstreams", array_of(install.plan.upstreams)},
      {"notes", array_of(install.plan.notes)}};
  std::printf("%s\n", compact(all).c_str());
}

std::string undo_command(const Install& install, const InstallArguments& arguments) {
  std::string command =
      "muster install-resolver --undo --kind " + std::string(to_string(install.plan.place.kind));
  if (arguments.root != "/") command += " --root " + arguments.root;
  if (!arguments.file.empty()) command += " --file " + arguments.file;
  return command;
}

void print_text(const Install& install, const InstallArguments& arguments) {
  std::printf("kind: %s (%s)\n", std::string(to_string(install.plan.place.kind)).c_str(),
              install.why.c_str());
  std::printf("%s", install.diff.c_str());
  for (const std::string& note : install.plan.notes) std::printf("note: %s\n", note.c_str());
  if (!install.site) {
    std::printf("This goes into the Corefile; --file FILE --apply puts it there.\n");
  } else if (!install.changes()) {
    std::printf("%s is like that already: nothing to do.\n", install.site->files.file.c_str());
  } else if (install.applied) {
    std::printf(
        "%s is written%s.\n", install.site->files.file.c_str(),
        install.plan.makes_backup ? (", what was before is " + install.site->files.backup).c_str() : "");
    if (!install.reload.words.empty() && !install.reload.runs)
      std::printf("not run: %s\n", joined(install.reload.words).c_str());
    std::printf("undo: %s\n", undo_command(install, arguments).c_str());
  } else {
    if (!install.reload.words.empty())
      std::printf("then: %s%s\n", joined(install.reload.words).c_str(),
                  install.reload.runs ? "" : " (is not run)");
    std::printf("Nothing has been changed: --apply does it.\n");
  }
}

Install prepared(const Context& context, const InstallArguments& arguments, const Root& root) {
  const resolver::Node node = look(root);
  Install install;
  Finding finding{typed_kind(arguments), "as asked for"};
  if (!finding.kind) finding = resolver::detect(node);
  if (!finding.kind) throw Stopped(refused, finding.why);
  install.why = finding.why;
  const Place place = place_of(*finding.kind, node, root, arguments);
  std::vector<std::string> notes;
  const Target target = target_of(context, arguments, place, notes);
  install.reload = reload_of(root, place, arguments);
  if (place.file.empty()) {
    if (arguments.apply) throw Stopped(wrong_usage, "--apply for CoreDNS needs --file, the Corefile");
    install.plan.place = place;
    install.plan.text = install.diff = resolver::server_block(target);
    return install;
  }
  install.site = value_or_refuse(site_of(root, place));
  install.plan = value_or_refuse(make_plan(place, target, node, install.site->present, arguments.force));
  install.plan.notes.insert(install.plan.notes.begin(), notes.begin(), notes.end());
  install.diff = resolver::diff(install.site->files.file, install.site->present.text, install.plan.text);
  if (!install.changes()) return install;
  const std::string trouble = trouble_of_forwarding(root, install.plan, target);
  if (!trouble.empty() && arguments.apply && !arguments.force)
    throw Stopped(refused, trouble + " (--force does it)");
  if (!trouble.empty()) install.plan.notes.push_back(trouble);
  return install;
}

ExitCode install(const Context& context, const InstallArguments& arguments) {
  const Root root = root_of(arguments);
  Install install = prepared(context, arguments, root);
  if (arguments.apply && install.changes()) {
    std::string failed = make_folder(*install.site);
    if (failed.empty())
      failed = replace_file(install.site->files, install.site->present.text, install.plan.text,
                            install.plan.makes_backup);
    if (!failed.empty()) throw Stopped(refused, failed);
    install.applied = true;
  }
  const std::string failed = install.applied ? tell(install.reload) : "";
  install.told = install.applied && install.reload.runs && failed.empty();
  if (context.json) {
    print_json(install);
  } else {
    print_text(install, arguments);
  }
  if (!failed.empty())
    throw Stopped(refused, "it is written, but nobody reads it yet: " + failed +
                               "\n  once that is mended: " + joined(install.reload.words) +
                               "\n  to undo it: " + undo_command(install, arguments));
  return done;
}

}  // namespace

ExitCode install_resolver(const Context& context, const InstallArguments& arguments) {
  try {
    return arguments.undo ? undo_resolver(context, arguments) : install(context, arguments);
  } catch (const Stopped& stopped) {
    if (*stopped.what() != '\0') std::fprintf(stderr, "muster: %s\n", stopped.what());
    return stopped.code;
  }
}

}  // namespace muster::cli
