// Any text to the reader of musterd.toml: it is taken, and then reads the same again, or it is refused with
// messages that name the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tools/config/changes.h"
#include "tools/config/config_reader.h"

namespace {

constexpr std::string_view kFile = "m.toml";

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace config = muster::config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const config::LoadResult first = config::load_text(text, std::string(kFile));
  const config::LoadResult again = config::load_text(text, std::string(kFile));
  require(first.errors == again.errors);
  for (const std::string& error : first.errors) {
    require(error.starts_with(kFile) && error.size() > kFile.size() + 2);
  }
  if (!first.errors.empty()) return 0;
  const config::Changes changes = config::changes_between(first.config, again.config);
  require(changes.taken_over.empty() && changes.needs_restart.empty());
  return 0;
}
