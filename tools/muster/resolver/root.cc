#include "tools/muster/resolver/root.h"

#include <algorithm>
#include <deque>

#include "registry/net/file_text.h"

namespace muster::resolver {

namespace fs = std::filesystem;

namespace {

constexpr int kLinksMost = 40;  // as the kernel: path_resolution(7)

}  // namespace

std::optional<fs::path> Root::place(const std::string& file) const {
  std::deque<fs::path> ahead;
  const auto prepend = [&](const fs::path& path) { ahead.insert(ahead.begin(), path.begin(), path.end()); };
  prepend(fs::path(file).relative_path());
  fs::path inside;  // relative to the root, free of links
  for (int links = 0; !ahead.empty();) {
    const fs::path part = ahead.front();
    ahead.pop_front();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      inside = inside.parent_path();
      continue;
    }
    std::error_code no_link;
    const fs::path target = fs::read_symlink(folder_ / inside / part, no_link);
    if (no_link) {
      inside /= part;
      continue;
    }
    if (++links > kLinksMost) return std::nullopt;
    if (target.is_absolute()) inside.clear();
    prepend(target.relative_path());
  }
  return folder_ / inside;
}

std::string Root::name(const fs::path& place) const {
  return "/" + place.lexically_relative(folder_).string();
}

bool Root::exists(const std::string& file) const {
  const auto there = place(file);
  std::error_code error;
  return there && fs::exists(*there, error);
}

std::optional<std::string> Root::text(const std::string& file) const {
  const auto there = place(file);
  if (!there) return std::nullopt;
  const auto read = net::file_text(*there, net::kConfigFile);
  if (!read) return std::nullopt;
  return *read;
}

std::string Root::link_target(const std::string& file) const {
  std::error_code error;
  const fs::path path(file);
  const auto folder = place(path.parent_path().string());
  if (!folder || !fs::is_symlink(*folder / path.filename(), error)) return "";
  const auto target = place(file);
  return target ? name(*target) : "";
}

std::vector<std::string> Root::drop_ins(const std::string& folder) const {
  std::vector<std::string> files;
  std::error_code error;
  const auto there = place(folder);
  if (!there) return files;
  for (fs::directory_iterator at(*there, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".conf")
      files.push_back((fs::path(folder) / at->path().filename()).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace muster::resolver
