// What of a node decides who resolves names there, as plain values; look() reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/result.h"
#include "tools/muster/resolver/kind.h"
#include "tools/muster/resolver/root.h"

namespace muster::resolver {

struct Node {
  std::optional<std::string> resolv_conf{};  // its text
  std::string resolv_conf_link{};            // where it leads, "": a file, or not there
  bool has_network_manager = false;
  bool has_debian_resolvconf = false;
  bool has_openresolv = false;
  bool has_unbound = false;
  bool has_dnsmasq = false;
  std::string network_manager_dns{};            // main.dns; "": not said
  std::vector<std::string> resolved_servers{};  // DNS= of systemd-resolved in files that are not ours
};
Node look(const Root& root);

struct Finding {
  std::optional<Kind> kind;
  std::string why;  // what was seen; without a kind: why none could be chosen
};
// Who writes /etc/resolv.conf, so that nobody else can; without a kind: nobody.
Finding writer_of_resolv_conf(const Node& node);

// The kind that fits.
Finding detect(const Node& node);

// The place of a kind on this node; the error says which kind is the right one.
net::Result<Place, std::string> choose_place(Kind kind, const Node& node);

}  // namespace muster::resolver
