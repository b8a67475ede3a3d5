// The store that keeps nothing: registrations live as long as the process, because the registry itself is the
// memory. Chosen by store.kind = "memory"; every commit succeeds, and each start is a new epoch.
#pragma once

#include "registry/store/store.h"

namespace muster::registry {

class MemoryStore final : public Store {
 public:
  LoadReport load(const std::function<void(Row)>& visit) override;
  CommitResult commit(const Rows&) override { return {}; }
  bool is_instant() const override { return true; }
  bool is_lasting() const override { return false; }
  CommitResult check() override { return {}; }
  void close() override {}
};

}  // namespace muster::registry
