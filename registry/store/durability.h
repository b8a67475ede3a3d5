// The answer a writer waits for.
#pragma once

#include <vector>

#include "registry/net/unique_function.h"

namespace muster::registry {

// How far an acknowledged change got: `durable` false means the store failed and the change lives in memory.
struct Durability {
  bool durable = true;
};
using Acknowledge = net::UniqueFunction<void(Durability)>;
using Acknowledges = std::vector<Acknowledge>;

}  // namespace muster::registry
