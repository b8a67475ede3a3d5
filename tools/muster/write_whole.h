// A text to the disk: all of it, or an error.
#pragma once

#include <string_view>

namespace muster::cli {

// Writes at the descriptor's place and waits for the disk. False: errno says why.
bool write_whole(int file, std::string_view text);

}  // namespace muster::cli
