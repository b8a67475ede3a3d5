#include "tools/muster/resolver/kind.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace muster::resolver {

namespace {

struct Row {
  Kind kind;
  std::string_view text;
};
constexpr std::array kRows = {Row{Kind::resolv_conf, "resolv.conf"},
                              Row{Kind::systemd_resolved, "systemd-resolved"},
                              Row{Kind::network_manager, "networkmanager"},
                              Row{Kind::resolvconf, "resolvconf"},
                              Row{Kind::unbound, "unbound"},
                              Row{Kind::dnsmasq, "dnsmasq"},
                              Row{Kind::coredns, "coredns"}};

}  // namespace

std::string_view to_string(Kind kind) {
  return std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.kind == kind; })->text;
}

std::optional<Kind> parse_kind(std::string_view text) {
  const auto row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& each) { return each.text == text; });
  if (row == kRows.end()) return std::nullopt;
  return row->kind;
}

std::span<const Kind> all_kinds() {
  static const std::vector<Kind> kKinds = [] {
    std::vector<Kind> kinds;
    for (const Row& row : kRows) kinds.push_back(row.kind);
    return kinds;
  }();
  return kKinds;
}

std::span<const Place> all_places() {
  static const std::array kPlaces = {
      Place{.kind = Kind::resolv_conf,
            .file = "/etc/resolv.conf",
            .port_53 = true,
            .takes_all = true,
            .adds = true},
      Place{.kind = Kind::systemd_resolved,
            .file = "/etc/systemd/resolved.conf.d/muster.conf",
            .reload = {"systemctl", "restart", "systemd-resolved"},
            .makes_folder = true},
      Place{.kind = Kind::network_manager,
            .file = "/etc/NetworkManager/conf.d/muster.conf",
            .reload = {"nmcli", "general", "reload"},
            .port_53 = true,
            .takes_all = true,
            .makes_folder = true},
      // With main.dns=dnsmasq NetworkManager runs one, which reads this folder.
      Place{.kind = Kind::network_manager,
            .file = "/etc/NetworkManager/dnsmasq.d/muster.conf",
            .reload = {"nmcli", "general", "reload", "dns-full"},
            .makes_folder = true,
            .reads_every_file = true},
      // Debian's resolvconf, and openresolv.
      Place{.kind = Kind::resolvconf,
            .file = "/etc/resolvconf/resolv.conf.d/head",
            .reload = {"resolvconf", "-u"},
            .port_53 = true,
            .takes_all = true,
            .adds = true},
      Place{.kind = Kind::resolvconf,
            .file = "/etc/resolvconf.conf",
            .reload = {"resolvconf", "-u"},
            .port_53 = true,
            .takes_all = true,
            .adds = true},
      Place{.kind = Kind::unbound,
            .file = "/etc/unbound/unbound.conf.d/muster.conf",
            .reload = {"systemctl", "reload-or-restart", "unbound"}},
      // It reads its configuration at its start alone.
      Place{.kind = Kind::dnsmasq,
            .file = "/etc/dnsmasq.d/muster.conf",
            .reload = {"systemctl", "restart", "dnsmasq"},
            .reads_every_file = true},
      Place{.kind = Kind::coredns, .adds = true},
  };
  return kPlaces;
}

std::string backup_of(const Place& place, const std::string& file) {
  const std::filesystem::path path(file);
  const std::string name = (place.reads_every_file ? "." : "") + path.filename().string() + ".muster-backup";
  return (path.parent_path() / name).string();
}

}  // namespace muster::resolver
