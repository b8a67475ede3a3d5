// Carries out probes: one connection, or one program, each, with one limit of time over all of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "registry/health/probe_task.h"
#include "registry/net/unique_function.h"

namespace muster::registry::health {

class Prober {
 public:
  using Found = net::UniqueFunction<void(Verdict)>;

  explicit Prober(boost::asio::io_context& io);
  ~Prober();

  // `found` is called once, never inside this call, on a thread that runs the context. `late`, where the task
  // waits on: when an answer comes after the verdict was `timeout`.
  void probe(std::shared_ptr<const ProbeTask> task, Found found, Found late);

 private:
  class Contexts;
  boost::asio::io_context& io_;
  std::shared_ptr<Contexts> contexts_;
};

}  // namespace muster::registry::health
