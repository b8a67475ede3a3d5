// install-resolver --undo: puts back what was there before, of one kind or of all that have something of
// ours.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdio>
#include <filesystem>

#include "tools/muster/install_words.h"
#include "tools/muster/json_text.h"
#include "tools/muster/resolver/file_change.h"
#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/plan.h"
#include "tools/muster/resolver/site.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

using resolver::Kind;
using resolver::Place;
using resolver::Root;
using resolver::Site;

// Where there may be something of ours: the kind's places, or all.
std::vector<Place> places_to_undo(const Root& root, const InstallArguments& arguments) {
  const auto kind = typed_kind(arguments);
  const resolver::Node node = look(root);
  if (!arguments.file.empty()) {
    if (!kind)
      throw Stopped(wrong_usage,
                    "--undo with --file needs --kind, too: what the backup is called depends on it");
    return {place_of(*kind, node, root, arguments)};
  }
  if (kind == Kind::coredns) throw Stopped(wrong_usage, "--undo for CoreDNS needs --file, the Corefile");
  const bool is_somebodys = resolver::writer_of_resolv_conf(node).kind.has_value();
  std::vector<Place> places;
  for (const Place& place : resolver::all_places()) {
    // What others make of our lines (Debian's resolvconf: of its head) is not ours.
    const bool is_made_of_ours = place.kind == Kind::resolv_conf && is_somebodys;
    const bool is_asked = !kind || place.kind == *kind;
    if (is_asked && !place.file.empty() && !is_made_of_ours) places.push_back(place);
  }
  return places;
}

struct Undone {
  Site site;
  resolver::UndoStep step;
};

std::vector<Undone> undo_steps(const Root& root, const InstallArguments& arguments) {
  std::vector<Undone> steps;
  for (const Place& place : places_to_undo(root, arguments)) {
    // Its owner is not here, so neither are we.
    if (!root.exists(std::filesystem::path(place.file).parent_path())) continue;
    const Site site = value_or_refuse(site_of(root, place));
    const auto step = value_or_refuse(resolver::plan_undo(site.files.file, site.present, arguments.force));
    if (step != resolver::UndoStep::nothing) steps.push_back({site, step});
  }
  return steps;
}

}  // namespace

ExitCode undo_resolver(const Context& context, const InstallArguments& arguments) {
  const Root root = root_of(arguments);
  const auto steps = undo_steps(root, arguments);
  json::array undone;
  std::string untold;
  for (const auto& [site, step] : steps) {
    const bool removes = step == resolver::UndoStep::remove;
    const std::string failed = removes ? remove_file(site.files) : put_back(site.files);
    if (!failed.empty()) throw Stopped(refused, failed);
    const Reload reload = reload_of(root, site.place, arguments);
    if (!context.json)
      std::printf("%s is %s.\n", site.files.file.c_str(),
                  removes ? "removed: it was not there before" : "as it was before");
    undone.push_back(json::object{{"kind", std::string(to_string(site.place.kind))},
                                  {"file", site.files.file},
                                  {"removed", removes},
                                  {"reload", json::array(reload.words.begin(), reload.words.end())}});
    if (const std::string trouble = tell(reload); !trouble.empty())
      untold += (untold.empty() ? "" : "\n") + std::string("it is undone, but nobody reads it yet: ") +
                trouble + "\n  once that is mended: " + joined(reload.words);
  }
  if (context.json) std::printf("%s\n", compact(json::object{{"undone", undone}}).c_str());
  if (!context.json && steps.empty()) std::printf("muster has changed nothing here: nothing to undo.\n");
  if (!untold.empty()) throw Stopped(refused, untold);
  return done;
}

}  // namespace muster::cli
