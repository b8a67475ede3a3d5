// Asks a Marathon for what is wanted of it, one document after the other: all apps and pods, or single apps.
// One that is too old for /v2/apps with tasks is asked for its tasks, as JSON, then as text: when all say
// that they have no /v2/apps, and none of them has ever told it. A while later it is asked again.
//
// Thread safety: all of it on the client's strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "registry/net/clock.h"
#include "registry/net/http_client.h"
#include "registry/sources/marathon_parse.h"
#include "registry/sources/walk.h"

namespace muster::registry::sources {

struct MarathonAsk {
  Endpoints endpoints;
  MarathonLimits state;
  std::string label_selector;  // of apps, as Marathon reads it: "tier==web"; "": all
};

struct MarathonWanted {
  bool everything = false;     // and then the rest does not matter
  std::set<std::string> apps;  // their ids
  bool pods = false;
  bool empty() const { return !everything && apps.empty() && !pods; }
};

// One document that has come.
struct MarathonFetched {
  MarathonDocument document = MarathonDocument::apps;
  std::string app;       // of `app`: its id
  bool is_there = true;  // false: Marathon knows no such app
  MarathonState state;
  net::SteadyTime asked_at{};
};

class MarathonFetch {
 public:
  struct Hooks {
    std::function<net::SteadyTime()> now;
    std::function<void(MarathonFetched)> fetched;
    // All of it has come, and who answered; or the first failure, after which nothing more is asked. Once,
    // and the last; never inside start().
    std::function<void(net::Result<net::HttpOrigin, SourceFailure>)> done;
  };

  // The client is this fetch's alone while it is under way, and outlives it.
  explicit MarathonFetch(net::HttpClient& client);
  ~MarathonFetch();

  // One at a time; something is wanted, and there is somebody to ask. `leader`: who answered last.
  void start(const MarathonAsk& ask, std::optional<net::HttpOrigin> leader, MarathonWanted wanted,
             Hooks hooks);
  void cancel();
  std::uint64_t bytes() const;  // that have come, inflated
  // What the Marathon has been found not to have is asked for again, from the next fetch on.
  void forget_age();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
