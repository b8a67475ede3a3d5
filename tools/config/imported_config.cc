#include "tools/config/imported_config.h"

#include "registry/json_text.h"

namespace muster::config {

std::string toml_string(std::string_view text) {
  std::string out;
  registry::append_json_string(out, text);
  return out;
}

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? ", " : "") + toml_string(text);
  return out + "]";
}

}  // namespace muster::config
