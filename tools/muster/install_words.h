// install-resolver: what was typed, as values; what both of its ways need.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/muster/command.h"
#include "tools/muster/resolver/kind.h"
#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/root.h"
#include "tools/muster/resolver/target.h"

namespace muster::cli {

// What ends the verb, with its exit code; the message is said on standard error unless it is "".
struct Stopped : std::runtime_error {
  Stopped(ExitCode with, const std::string& what) : std::runtime_error(what), code(with) {}
  ExitCode code;
};

template <class T>
T value_or_refuse(net::Result<T, std::string> result) {
  if (!result) throw Stopped(refused, result.error());
  return *std::move(result);
}

resolver::Root root_of(const InstallArguments& arguments);
std::optional<resolver::Kind> typed_kind(const InstallArguments& arguments);
std::optional<net::Endpoint> typed_address(const InstallArguments& arguments);
std::vector<std::string> typed_domains(const InstallArguments& arguments);

// The kind's, or the file that was named: that one is written whoever writes /etc/resolv.conf.
resolver::Place place_of(resolver::Kind kind, const resolver::Node& node, const resolver::Root& root,
                         const InstallArguments& arguments);

struct Reload {
  std::vector<std::string> words;  // none: nobody needs to be told
  bool runs = false;
};
// The programs of this machine do not read an image's files: there only a command that was said is run.
Reload reload_of(const resolver::Root& root, const resolver::Place& place, const InstallArguments& arguments);
// "" or what failed.
std::string tell(const Reload& reload);
std::string joined(const std::vector<std::string>& words);

// The other way: puts back what install-resolver has changed.
ExitCode undo_resolver(const Context& context, const InstallArguments& arguments);

}  // namespace muster::cli
