// Who musterd says it is to a scheduler. It is asked for anew before each request, on the source's strand, so
// that a secret that has changed counts from the next request on.
#pragma once

#include <functional>

#include "registry/net/http_message.h"

namespace muster::registry::sources {

// The headers that say so; an empty function: nobody.
using Login = std::function<net::HttpHeaders()>;

inline void add_login(net::HttpHeaders& headers, const Login& login) {
  if (!login) return;
  for (auto& header : login()) headers.push_back(std::move(header));
}

}  // namespace muster::registry::sources
