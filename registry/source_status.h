// What a source says of itself, for GET /sources, the metrics and the self-check.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

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

// How often, by a word of a set that has an end.
using Counts = std::map<std::string, std::uint64_t, std::less<>>;
inline void count_one(Counts& counts, std::string_view word) {
  const auto at = counts.find(word);
  ++(at == counts.end() ? counts.emplace(word, 0).first->second : at->second);
}

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
  Counts errors;                          // since the start, by kind
  Counts names_left_out;                  // by its zone, as it is now, by why
  std::size_t shared_frameworks = 0;      // names of frameworks that several have
  std::uint64_t collisions = 0;           // names of the infrastructure that tasks share, since the start
  Counts rejected;                        // instances that the registry did not take, by why
  std::optional<net::Millis> fetch_took;  // of the last whole state; nullopt: there was none yet
  std::uint64_t fetches = 0;
  std::uint64_t bytes = 0;
  Counts events;  // by type
  std::uint64_t reconnects = 0;
};

}  // namespace muster::registry
