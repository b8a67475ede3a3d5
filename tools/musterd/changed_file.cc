#include "tools/musterd/changed_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <tuple>
#include <utility>

namespace muster::tools {

namespace {

// What tells one content from another without reading it.
using Stamp = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;

std::optional<Stamp> stamp_of(const std::filesystem::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return Stamp(found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

std::optional<std::string> text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf() || file.peek() == std::ifstream::traits_type::eof()))
    return std::nullopt;
  return std::move(text).str();
}

}  // namespace

std::function<std::optional<std::string>()> changed_file(
    std::filesystem::path path, std::function<void(const std::string& error)> tell) {
  return [path = std::move(path), tell = std::move(tell), last = std::optional<Stamp>(),
          is_failing = false]() mutable -> std::optional<std::string> {
    errno = 0;
    const auto stamp = stamp_of(path);
    if (stamp && stamp == last) return std::nullopt;
    auto text = stamp ? text_of(path) : std::nullopt;
    if (!text) {
      const int error = errno;
      if (!std::exchange(is_failing, true)) tell(path.string() + ": " + std::strerror(error));
      return std::nullopt;
    }
    is_failing = false;
    last = stamp;
    return text;
  };
}

}  // namespace muster::tools
