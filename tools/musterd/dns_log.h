// Log lines of zone transfers and DNS UPDATE messages, of each kind at most 20 a second: strangers who ask cannot fill
// the log. One thread's.
#pragma once

#include "dns/transfers.h"
#include "dns/updates.h"
#include "tools/musterd/line_budget.h"

namespace muster::tools {

class DnsLog {
 public:
  void write(const dns::TransferReport& report);
  void write(const dns::Updates::Report& report);

 private:
  LineBudget transfers_{20};
  LineBudget updates_{20};
};

}  // namespace muster::tools
