// What is believed of a Marathon as text, and back: what the store keeps for a start without one. Three lines
// of JSON: apps and pods as Marathon writes them, and what is remembered of tasks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/net/result.h"
#include "registry/sources/marathon_belief.h"
#include "registry/sources/marathon_parse.h"
#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

// It comes in pieces of some 64 KiB.
void write_marathon(const MarathonBelief& belief, const TextSink& sink);

struct MarathonRead {
  MarathonState apps;
  MarathonState pods;
  std::vector<MarathonBelief::Seen> seen;
};

// Reads back the same, in any pieces.
class MarathonReader {
 public:
  explicit MarathonReader(const MarathonLimits& limits);
  bool write(std::string_view piece);               // false: it failed, finish() says how
  net::Result<MarathonRead, std::string> finish();  // once

 private:
  enum class Line : std::uint8_t { apps, pods, seen, over };

  MarathonParser apps_;
  MarathonParser pods_;
  std::string seen_;
  Line line_ = Line::apps;
};

}  // namespace muster::registry::sources
