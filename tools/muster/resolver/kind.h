// Who on a node answers its programs' look-ups, and which of his files is written so that he asks musterd.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace muster::resolver {

enum class Kind : std::uint8_t {
  resolv_conf,
  systemd_resolved,
  network_manager,
  resolvconf,
  unbound,
  dnsmasq,
  coredns
};

std::string_view to_string(Kind kind);
std::optional<Kind> parse_kind(std::string_view text);
std::span<const Kind> all_kinds();

// One way to send look-ups to musterd. A kind may have several: which, is in what the node has
// (choose_place).
struct Place {
  Kind kind = Kind::resolv_conf;
  std::string file{};                 // "": where it is, must be said (--file)
  std::vector<std::string> reload{};  // the words of what makes its owner read it; none: it is read anyway
  bool port_53 = false;               // the format knows addresses only
  bool takes_all = false;             // every name is asked there, not those of our domains alone
  bool adds = false;                  // the file is somebody's, and we add to it; else it is ours alone
  bool makes_folder = false;          // its owner reads the folder, and nobody has needed it yet
  bool reads_every_file = false;      // of the folder: what else lies there must begin with a dot
};
std::span<const Place> all_places();

// The file of before, beside it.
std::string backup_of(const Place& place, const std::string& file);

}  // namespace muster::resolver
