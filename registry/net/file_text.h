// A whole file as text, never more of it than is allowed: a device may have no end.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <system_error>

#include "registry/net/result.h"

namespace muster::net {

// What holds a few lines: secrets, lists of addresses. Octets.
inline constexpr std::size_t kSmallFile = std::size_t{64} << 10;
// What somebody wrote or exported: configurations. Octets.
inline constexpr std::size_t kConfigFile = std::size_t{16} << 20;

// std::errc::file_too_large when there is more than `largest` octets.
Result<std::string, std::error_code> file_text(const std::filesystem::path& path, std::size_t largest);

}  // namespace muster::net
