// Puts a configuration in its place, as nothing or as a whole: validated beside the old one, renamed over it,
// and then HAProxy is told. What was not told stays to be told, over restarts of this program too
// (FILE.reload-pending).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::haproxy {

struct Target {
  std::string file;
  std::vector<std::string> validate;  // words, "{}" is the candidate; none: it is not validated
  std::vector<std::string> reload;    // words; none: nobody is told, and `runtime_socket` is not used
  std::string runtime_socket;         // tried before `reload`, and asked whether that has worked; "": none
  bool is_secret = false;             // nobody but the file's owner and group may read it
};

enum class Applied : std::uint8_t {
  unchanged,
  reloaded,
  by_runtime,
  written,
  failed,
  reload_failed,
  invalid
};

struct ApplyResult {
  Applied outcome = Applied::unchanged;
  std::string what;    // of the last three; of by_runtime and reloaded what was done
  std::string told{};  // of by_runtime: the worker that was told
};
// `told`: the worker that was last told by the socket and not reloaded since, "": none. Where another one
// runs now, HAProxy is reloaded although nothing has changed.
ApplyResult apply(const Target& target, const std::string& text, const std::string& told = "");

}  // namespace muster::haproxy
