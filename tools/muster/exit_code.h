// How muster ends; scripts rely on these.
#pragma once

namespace muster::cli {

enum ExitCode : int {
  done = 0,
  refused = 1,
  wrong_usage = 2,
  not_found = 3,
  unreachable = 4,
  reload_failed = 5,  // export: the file is written, HAProxy could not be told
  invalid = 6,        // export: what was made is no valid configuration, and is not used
};

}  // namespace muster::cli
