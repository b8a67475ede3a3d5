// Why a scheduler could not be asked, or was not believed.
#pragma once

#include <string>

namespace muster::registry::sources {

struct SourceFailure {
  std::string kind;     // a bounded set, for metrics: "refused", "timeout", "http_503", "parse", "limit",
                        // "auth", "redirect" …
  std::string message;  // whom, what, and what to do
};

}  // namespace muster::registry::sources
