// A place of this very node: its file and the backup beside it, and what they hold now.
#pragma once

#include <string>

#include "registry/net/result.h"
#include "tools/muster/resolver/file_change.h"
#include "tools/muster/resolver/kind.h"
#include "tools/muster/resolver/plan.h"
#include "tools/muster/resolver/root.h"

namespace muster::resolver {

struct Site {
  Place place;
  FilePair files;  // of this machine, links followed
  Present present;
};

// The error: the file cannot be read, or its owner is not set up here.
net::Result<Site, std::string> site_of(const Root& root, const Place& place);

// Its folder, where nobody has needed it yet. "" or what failed.
std::string make_folder(const Site& site);

}  // namespace muster::resolver
