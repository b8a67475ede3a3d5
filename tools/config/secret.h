// Secrets in the configuration: in it, or the first line of a file of their own. No error ever shows one.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tools/config/mesos_source.h"
#include "tools/config/section.h"

namespace muster::config {

// `key` itself or KEY_file; "": neither is there. nullopt: what is wrong has been reported.
std::optional<std::string> read_secret(Section& section, std::string_view key);
// What a file with this text holds: its first line, without blanks at the end.
std::string secret_of(std::string_view text);
// Whether it can be one of these, and what is wanted of it.
bool is_secret(HeldSecret held, std::string_view secret);
std::string_view wanted_of(HeldSecret held);  // "a token"
// The path of a file that is read again when it changes. It has been looked at: what is wrong with it has
// been reported. Empty: there is none.
std::filesystem::path read_secret_file(Section& section, std::string_view file_key, HeldSecret held);
// 32 hex digits; nullopt: not there, or reported.
std::optional<std::array<std::uint8_t, 16>> read_hex_secret(Section& section, std::string_view key);

}  // namespace muster::config
