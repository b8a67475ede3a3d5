// A text's lines.
#pragma once

#include <string_view>
#include <vector>

namespace muster::resolver {

// Without their ends; a last line without one counts too.
inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace muster::resolver
