// The text of a file whenever it is another than before.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace muster::tools {

// Each call looks; nullopt: it is as it was at the last call, or cannot be read. `tell` hears why it cannot,
// once until it can again.
std::function<std::optional<std::string>()> changed_file(
    std::filesystem::path path, std::function<void(const std::string& error)> tell);

}  // namespace muster::tools
