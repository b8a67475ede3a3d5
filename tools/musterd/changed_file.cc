#include "tools/musterd/changed_file.h"

#include <sys/stat.h>

#include <tuple>
#include <utility>

#include "registry/net/file_text.h"

namespace muster::tools {

namespace {

// What tells one content from another without reading it.
using Stamp = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;

std::optional<Stamp> stamp_of(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return Stamp(found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

}  // namespace

std::function<std::optional<std::string>()> changed_file(
    std::filesystem::path path, std::function<void(const std::string& error)> tell) {
  return [path = std::move(path), tell = std::move(tell), last = std::optional<Stamp>(),
          is_failing = false]() mutable -> std::optional<std::string> {
    const auto stamp = stamp_of(path);
    if (stamp && stamp == last) return std::nullopt;
    auto text = net::file_text(path, net::kSmallFile);
    if (!text) {
      if (!std::exchange(is_failing, true)) tell(path.string() + ": " + text.error().message());
      return std::nullopt;
    }
    is_failing = false;
    last = stamp;
    return std::move(*text);
  };
}

}  // namespace muster::tools
