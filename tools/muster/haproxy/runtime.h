// From one generated configuration to the next by HAProxy's Runtime API (2.6 management guide, §9.3), where
// only servers and their weights differ: no connection is cut, and no process is replaced. Pure but for
// send_commands().
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace muster::haproxy {

// One request and how its reply begins when all is well; "": it is empty then.
struct Command {
  std::string text;
  std::string good;
  // It may fail and nothing is lost: what it removes is out of use already.
  bool may_fail = false;
  bool operator==(const Command&) const = default;
};

inline constexpr std::size_t kCommandsMost = 500;  // beyond that a reload is quicker

// Both as render() made them. nullopt: something else differs, or too much does, so that a reload is needed.
std::optional<std::vector<Command>> commands_between(const std::string& running, const std::string& next);

// One after another to the socket of that path. The first thing that went wrong, or "".
std::string send_commands(const std::string& socket, const std::vector<Command>& commands);

}  // namespace muster::haproxy
