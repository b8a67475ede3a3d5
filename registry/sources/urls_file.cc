#include "registry/sources/urls_file.h"

#include <algorithm>

#include "registry/net/blanks.h"

namespace muster::registry::sources {

UrlsFile read_urls(std::string_view text) {
  UrlsFile file;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = net::trimmed(line.substr(0, line.find('#')), " \t\r");
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
