// The workload on a command line; every program that asks queries takes the same options.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/load/workload.h"

namespace muster::load {

inline void add_workload_options(CLI::App& app, Workload& workload) {
  app.add_option("--domain", workload.domain);
  app.add_option("--services", workload.fleet.services)->check(CLI::Range(1, 10'000'000));
  app.add_option("--instances", workload.fleet.instances)->check(CLI::Range(1, 100'000));
  app.add_flag("--dual-stack", workload.fleet.dual_stack);
  app.add_flag("--dns-sd", workload.dns_sd);
  app.add_flag("--reverse", workload.reverse);
  app.add_flag("--edns", workload.edns);
  app.add_flag("--recursion", workload.recursion);
  app.add_flag("--zipf", workload.zipf);
  app.add_option("--seed", workload.seed);
}

}  // namespace muster::load
