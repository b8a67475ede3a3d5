#include "tools/musterd/store_log.h"

#include "tools/musterd/log.h"

namespace muster::tools {

namespace {

void tell(bool& failing, bool fails, const char* event, const std::string& error) {
  if (fails == failing) return;
  failing = fails;
  if (fails) return log(LogLevel::error, event, {{"error", error}});
  log(LogLevel::info, event, {{"message", "well again"}});
}

}  // namespace

void StoreLog::look(const registry::StoreState& state) {
  tell(writes_fail_, !state.healthy, "store", state.last_error);
  tell(checkpoints_fail_, !state.checkpoints.last_error.empty(), "store_checkpoint", state.checkpoints.last_error);
}

}  // namespace muster::tools
