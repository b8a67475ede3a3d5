// Who wins between sources: pure functions from the claims about one instance, and the operator's overlay, to
// one body; and the same with every field's winner and losers, for explain.
#pragma once

#include <span>
#include <vector>

#include "registry/overlay.h"
#include "registry/registry.h"

namespace muster::registry {

// One claim as merging sees it. Between sources of equal rank (heartbeat, update, self) the earlier in the
// list wins.
struct Saying {
  const SourceId* source;
  BodyPtr body;
};

// Shares the body of a single claim that no overlay touches. `effect` may be null; `sayings` is not empty.
BodyPtr merge(std::span<const Saying> sayings, const OverlayEffect* effect);
// `overlay`: the entries that match, in their order.
std::vector<FieldOrigin> explain_merge(std::span<const Saying> sayings, std::span<const OverlayEntry> overlay);

}  // namespace muster::registry
