// /v2/tasks as text/plain, the form of Marathon before it knew JSON: a line for each app and service port,
// with the ends of its running tasks.
//   prod_shop_cart TAB 10019 TAB srv4:31292 TAB srv5:31100
// Read into apps of which nothing but such tasks is known.
#pragma once

#include <string_view>

#include "registry/sources/marathon_parse.h"

namespace muster::registry::sources {

// Its only error is `limit`. The text names no task: the id of one is its first end, HOST:PORT.
net::Result<MarathonState, ParseError> read_marathon_tasks_text(std::string_view text,
                                                                const MarathonLimits& limits);

}  // namespace muster::registry::sources
