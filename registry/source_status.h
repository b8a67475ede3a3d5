// What a source says of itself, for GET /sources, the metrics and the self-check.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "registry/net/clock.h"

namespace muster::registry {

struct SourceError {
  std::string kind;  // "refused", "timeout", "parse" …
  std::string message;
  net::WallTime at{};
};

// Its last good picture in the store.
struct StoredPicture {
  net::WallTime learnt_at{};  // when the source last said so
  std::size_t octets = 0;     // packed
};

struct SourceStatus {
  std::string name;
  std::string type;            // "static", "mesos"
  std::string state = "live";  // "init", "live", "stale"
  std::string mode;            // "file", "poll", "stream"
  std::string endpoint;        // that is asked: "10.0.0.1:5050"; "" none
  std::string leader;          // as the scheduler says it; "" none
  std::optional<net::WallTime> last_success;
  bool from_store = false;  // what is known comes from there, and nobody has been asked successfully since
  std::optional<StoredPicture> stored;
  std::size_t held = 0;
  std::size_t total = 0;
  std::size_t routable = 0;
  std::map<std::string, std::size_t, std::less<>> excluded;  // how many are not served, by reason
  std::optional<SourceError> error;                          // since the last success
  std::uint64_t consecutive_errors = 0;
  std::uint64_t fetches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  std::uint64_t reconnects = 0;
};

}  // namespace muster::registry
