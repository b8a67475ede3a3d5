// The JSON documents of Marathon as they come in, read piece by piece: one task, and one other member of an
// app, is held as JSON at a time, what is not read of the rest is passed over.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "registry/net/result.h"
#include "registry/sources/element_stream.h"
#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

enum class MarathonDocument : std::uint8_t {
  apps,   // GET /v2/apps?embed=…: {"apps": […]}
  app,    // GET /v2/apps/ID?embed=…: {"app": {…}}
  tasks,  // GET /v2/tasks: {"tasks": […]}, made into apps of which nothing but the tasks is known
  pods,   // GET /v2/pods/::status: […]
};

// Beyond them the whole is refused: the kind is `limit`.
struct MarathonLimits {
  std::size_t most_octets = std::size_t{512} << 20;
  std::size_t most_elements = 1'000'000;  // apps and tasks, pods and their instances
  std::size_t most_ports = 256;  // of one task or app; the first are kept, for a port is known by its place
};

class MarathonParser {
 public:
  MarathonParser(MarathonDocument document, MarathonLimits limits);
  ~MarathonParser();

  // False: it failed, finish() says how; what follows is not looked at.
  bool write(std::string_view piece);
  // The state, if all of it was there and nothing after it. Once.
  net::Result<MarathonState, ParseError> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
