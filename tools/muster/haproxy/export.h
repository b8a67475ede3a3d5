// `muster export haproxy`: what the registry knows as HAProxy's configuration, once or for as long as it
// runs.
#pragma once

#include <chrono>
#include <string>

#include "tools/muster/client.h"
#include "tools/muster/haproxy/apply.h"
#include "tools/muster/haproxy/plan.h"
#include "tools/muster/haproxy/render.h"

namespace muster::haproxy {

struct ExportOptions {
  std::string service = "*";  // a glob
  PlanOptions plan;
  RenderOptions render;
  Target target;  // no file: the configuration goes to standard output
  bool watch = false;
  std::chrono::milliseconds min_interval{2'000};  // between two changes of the file
};

// Of a watch only what cannot be mended by waiting ends it.
cli::ExitCode export_haproxy(const cli::Client& client, const ExportOptions& options);

}  // namespace muster::haproxy
