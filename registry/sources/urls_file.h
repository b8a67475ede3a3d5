// A file that lists where a scheduler answers, one `host:port` a line, as haproxy-marathon-bridge's
// /etc/haproxy-marathon-bridge/marathons does. Empty lines and what follows a `#` do not count.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/net/http_url.h"

namespace muster::registry::sources {

struct UrlsFile {
  std::vector<net::HttpOrigin> urls;  // each once
  std::vector<std::string> faults;    // of lines that are none: "line 3: \"x y\" is no host:port"
};

// A line without a scheme is http.
UrlsFile read_urls(std::string_view text);

}  // namespace muster::registry::sources
