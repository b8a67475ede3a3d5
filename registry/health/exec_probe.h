// A probe that runs a program: its exit status is the verdict. The program is named by its words, without a
// shell, and is told in its environment whom it looks at.
#pragma once

#include <memory>

#include "registry/health/prober.h"
#include "registry/net/socket.h"

namespace muster::registry::health {

// `found` is called once, never inside this call, on the strand. At the deadline the program's group gets
// SIGTERM, a second later SIGKILL.
void probe_exec(const net::Strand& strand, std::shared_ptr<const ProbeTask> task, Prober::Found found);

}  // namespace muster::registry::health
