// From one generated configuration to the next by HAProxy's Runtime API (2.6 management guide, §9.3), where
// only servers and their weights differ: no connection is cut, and no process is replaced. Pure but for
// send_commands().
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace muster::haproxy {

// One request and how its reply may begin when all is well; none: it is empty then.
struct Command {
  std::string text;
  std::vector<std::string> good{};
  // It may fail and nothing is lost: what it removes is out of use already.
  bool may_fail = false;
  // Instead of it, where what it adds is there already: a server that left with open connections and has come
  // back.
  std::vector<Command> if_exists{};
  bool operator==(const Command&) const = default;
};

inline constexpr std::size_t kCommandsMost = 500;  // beyond that a reload is quicker

// Both as render() made them. nullopt: something else differs, or too much does, so that a reload is needed.
std::optional<std::vector<Command>> commands_between(const std::string& running, const std::string& next);

// Whether HAProxy's `reply` says that the command is done.
bool is_done(const Command& command, const std::string& reply);

// The process that answers at the socket; "": none does.
std::string running_worker(const std::string& socket);
// Whether another one answers there within some seconds.
bool is_replaced(const std::string& socket, const std::string& worker);

// One after another to the socket of that path. The first thing that went wrong, or "".
std::string send_commands(const std::string& socket, const std::vector<Command>& commands);

}  // namespace muster::haproxy
