#include "registry/sources/urls_file.h"

#include <algorithm>

namespace muster::registry::sources {

namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

UrlsFile read_urls(std::string_view text) {
  UrlsFile file;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const bool has_scheme = line.find("://") != line.npos;
    const auto origin = net::parse_origin(has_scheme ? std::string(line) : "http://" + std::string(line));
    if (!origin && line.find('@') != line.npos) {
      file.faults.push_back("line " + std::to_string(number) +
                            " holds a password: put it into username and password_file");
    } else if (!origin) {
      file.faults.push_back("line " + std::to_string(number) + ": \"" + std::string(line.substr(0, 100)) +
                            "\" is no host:port");
    } else if (std::ranges::find(file.urls, *origin) == file.urls.end()) {
      file.urls.push_back(*origin);
    }
  }
  return file;
}

}  // namespace muster::registry::sources
