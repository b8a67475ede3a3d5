// What the head of a master's answer says about where to go on.
#pragma once

#include <string>

#include "registry/sources/source_failure.h"

namespace muster::registry::sources {

inline bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 307 || status == 308;
}

// Of a status that is neither 200 nor a redirect; `where` names what was asked.
inline SourceFailure failure_of(int status, const std::string& where) {
  if (status == 401 || status == 403) {
    return {"auth", where + " refuses us (" + std::to_string(status) +
                        "): check username and password_file, or token_file, of the source"};
  }
  return {"http_" + std::to_string(status), where + " answered " + std::to_string(status)};
}

}  // namespace muster::registry::sources
