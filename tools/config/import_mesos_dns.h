// The configuration of Mesos-DNS (config.json) as one of musterd: every key becomes what does the same here,
// or a comment that says why it has no counterpart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/config/imported_config.h"

namespace muster::config {

enum class Secrets : std::uint8_t {
  named,  // `toml` names a password_file and does not hold the password: to be shown
  held,   // it holds the password: to be run at once
};

// `file` is named in the messages; `home` replaces "~" in paths.
ImportedConfig import_mesos_dns(std::string_view json, const std::string& file, const std::string& home,
                                Secrets secrets);

// The same of a file; $HOME is the home.
ImportedConfig import_mesos_dns_file(const std::string& file, Secrets secrets);

}  // namespace muster::config
