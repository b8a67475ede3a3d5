// What an event of Marathon means. Nothing is promised of events, neither their order nor that they come:
// removals act at once, whatever else they say is only a hint to fetch again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/sources/event_stream.h"

namespace muster::registry::sources {

// What is done before anything is fetched.
enum class MarathonAct : std::uint8_t {
  none,
  ended,        // the task is gone for good
  out,          // it is about to go: not to be served any more
  not_alive,    // a health check failed
  unreachable,  // its agent is, or it is LOST
  app_ended,    // so are all tasks of the app
};

struct MarathonHint {
  MarathonAct act = MarathonAct::none;
  std::string task;               // id of the task or instance that `act` is about
  std::vector<std::string> apps;  // to be fetched again; one may be a pod, of which only pods() knows
  bool pods = false;              // the pods are
  bool everything = false;        // all is
  bool is_attached = false;       // the stream has begun
  bool is_bad = false;            // of a known name, and not to be read; then everything is fetched
  std::string_view type = "other";  // of the event: one of marathon_event_types(), or that
  bool operator==(const MarathonHint&) const = default;
};

// Events that say nothing about tasks give a hint that is empty.
MarathonHint read_marathon_event(const EventFrame& frame);

// The names to be subscribed to: `event_type=` of /v2/events.
const std::vector<std::string>& marathon_event_types();

}  // namespace muster::registry::sources
