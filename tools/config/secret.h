// Secrets in the configuration: in it, or the first line of a file of their own. No error ever shows one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tools/config/section.h"

namespace muster::config {

// `key` itself or KEY_file; "": neither is there. nullopt: what is wrong has been reported.
std::optional<std::string> read_secret(Section& section, std::string_view key);
// 32 hex digits; nullopt: not there, or reported.
std::optional<std::array<std::uint8_t, 16>> read_hex_secret(Section& section, std::string_view key);

}  // namespace muster::config
