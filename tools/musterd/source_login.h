// The Authorization of a source, from its configuration and from the file that holds its secret, which may
// change while musterd runs: tokens are rotated, passwords replaced.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "registry/sources/login.h"
#include "tools/config/mesos_source.h"

namespace muster::tools {

// Looks at the file now, and at each call. One that cannot be read, or holds nothing of use, leaves what it
// held before. `warn` hears of it once until it is good again, and of a file that everybody may read; it
// never hears a secret. Copies share what they know; to be called on one strand.
registry::sources::Login source_login(const config::SourceLogin& login,
                                      std::function<void(const std::string& warning)> warn);

// `warn` hears it when everybody may read a file that holds a secret. "": there is none.
void warn_of_open_file(const std::filesystem::path& path,
                       const std::function<void(const std::string& warning)>& warn);

}  // namespace muster::tools
