// How muster ends; scripts rely on these.
#pragma once

namespace muster::cli {

enum ExitCode : int { done = 0, refused = 1, wrong_usage = 2, not_found = 3, unreachable = 4 };

}  // namespace muster::cli
