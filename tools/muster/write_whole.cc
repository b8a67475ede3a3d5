#include "tools/muster/write_whole.h"

#include <unistd.h>

#include <cerrno>

namespace muster::cli {

bool write_whole(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t some = write(file, text.data(), text.size());
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(some));
  }
  return fsync(file) == 0;
}

}  // namespace muster::cli
