// /master/state as it comes in, read piece by piece: one element (an agent, a task) is held as JSON at a
// time, what is not read of the rest is passed over.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "registry/net/result.h"
#include "registry/sources/element_stream.h"
#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

// Beyond them the whole is refused: the kind is `limit`.
struct MesosLimits {
  std::size_t most_octets = std::size_t{512} << 20;
  std::size_t most_elements = 1'000'000;  // agents, frameworks and tasks, ended ones among them
  std::size_t most_ports = 256;           // of one task; the lowest are kept
};

using MesosParseError = ParseError;

class MesosStateParser {
 public:
  explicit MesosStateParser(MesosLimits limits);
  ~MesosStateParser();

  // False: it failed, finish() says how; what follows is not looked at.
  bool write(std::string_view piece);
  // The state, if all of it was there and nothing after it. Once.
  net::Result<MesosState, MesosParseError> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
