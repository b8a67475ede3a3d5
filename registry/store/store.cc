#include "registry/store/store.h"

#include "registry/store/memory_store.h"
#include "registry/store/sqlite_store.h"
#include "registry/store/store_access.h"

namespace muster::registry {

std::unique_ptr<Store> open_store(const StoreConfig& config) {
  if (config.kind == "memory") return std::make_unique<MemoryStore>();
  if (config.kind == "sqlite") {
    refuse_unwritable(config.path);
    return std::make_unique<SqliteStore>(config.path);
  }
  throw StoreRefused("store.kind \"" + config.kind + "\" is unknown; say \"sqlite\" or \"memory\"");
}

}  // namespace muster::registry
