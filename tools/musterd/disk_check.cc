#include "tools/musterd/disk_check.h"

#include <fmt/format.h>

namespace muster::tools {

namespace {

using registry::api::HealthStatus;

constexpr std::uint64_t kMiB = 1 << 20;

struct Bound {
  HealthStatus status;
  double share;
  std::uint64_t octets;
};
constexpr Bound kBounds[] = {{HealthStatus::fail, 0.01, 16 * kMiB}, {HealthStatus::warn, 0.05, 100 * kMiB}};

}  // namespace

std::optional<DiskSpace> disk_space(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path folder =
      path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const auto space = std::filesystem::space(folder, error);
  if (error) return std::nullopt;
  return DiskSpace{space.available, space.capacity};
}

registry::api::HealthVerdict disk_verdict(const std::optional<DiskSpace>& space) {
  if (!space) return {HealthStatus::warn, "the disk of the store cannot be asked for its space"};
  const double share =
      space->size == 0 ? 0 : static_cast<double>(space->free) / static_cast<double>(space->size);
  for (const Bound& bound : kBounds) {
    if (share < bound.share || space->free < bound.octets)
      return {bound.status, fmt::format("{} MiB ({:.1f} %) left on the disk of the store", space->free / kMiB,
                                        100 * share)};
  }
  return {};
}

}  // namespace muster::tools
