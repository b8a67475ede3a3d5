// The HAPROXY_… labels with which an app says how it wants to stand in front of its clients: as marathon-lb
// and its kin know them, as far as they are honoured. A value is checked before it is used and never copied
// into a configuration as it is: whoever may deploy an app may not write HAProxy's configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace muster::haproxy {

using Labels = std::map<std::string, std::string>;
// What is wrong with a label, for the operator: "HAPROXY_0_MODE = \"udp\": …".
using Warn = std::function<void(const std::string& what)>;

// Of one port, by its place.
struct PortLabels {
  std::optional<bool> enabled;
  std::vector<std::string> groups;  // the port's own, else the app's
  std::uint16_t port = 0;           // in front; 0: not said
  std::string bind;                 // an IP literal; "": not said
  bool http = false;                // mode
  bool mode_said = false;
  std::string balance;             // "": not said
  std::vector<std::string> hosts;  // folded
  std::string path;                // a prefix; "": none
  bool sticky = false;
  std::int64_t rule_order = 0;  // BACKEND_WEIGHT: the greater the earlier its rule
  bool operator==(const PortLabels&) const = default;
};
PortLabels port_labels(const Labels& labels, std::size_t place, const Warn& warn);

// Several apps that are one behind the same port while one replaces the other.
struct Deployment {
  std::string group;       // "": none
  std::string started_at;  // the later app's instances come first
};
Deployment deployment_of(const Labels& labels, const Warn& warn);

// Warns of labels that are HAProxy's and mean nothing here.
void name_unknown(const Labels& labels, const Warn& warn);

}  // namespace muster::haproxy
