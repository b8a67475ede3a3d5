// What is to be done to one file of a node, and what its owner should know: made of what is there, carried
// out by nobody yet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/net/result.h"
#include "tools/muster/resolver/kind.h"
#include "tools/muster/resolver/node.h"
#include "tools/muster/resolver/stamp.h"
#include "tools/muster/resolver/target.h"

namespace muster::resolver {

// The file that the place names, as it is.
struct Present {
  std::optional<std::string> text;    // nullopt: not there
  std::optional<std::string> backup;  // its text
};

struct Plan {
  Place place;
  std::string text;  // of the whole file; the same as now: there is nothing to do
  bool makes_backup = false;
  std::vector<std::string> upstreams;  // asked until now, addresses that musterd can forward to
  bool takes_all = false;              // every name is going to be musterd's
  std::vector<std::string> notes;
};

// `force`: also where somebody has changed what muster wrote. The error says why not, and what to do.
net::Result<Plan, std::string> make_plan(const Place& place, const Target& target, const Node& node,
                                         const Present& present, bool force);

enum class UndoStep : std::uint8_t { nothing, remove, put_back };
net::Result<UndoStep, std::string> plan_undo(const std::string& file, const Present& present, bool force);

}  // namespace muster::resolver
