// Whether the disk that holds the store has room left. Pure, but for disk_space().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "registry/api/health_board.h"

namespace muster::tools {

struct DiskSpace {
  std::uint64_t free = 0;  // octets that musterd may use
  std::uint64_t size = 0;
};

// Of the file system that holds `path`, or the folder it is to be in; nullopt: cannot be asked.
std::optional<DiskSpace> disk_space(const std::filesystem::path& path);

// Below 5 % or 100 MiB it warns, below 1 % or 16 MiB it fails: a store that cannot grow keeps nothing new.
registry::api::HealthVerdict disk_verdict(const std::optional<DiskSpace>& space);

}  // namespace muster::tools
