#include "registry/sources/mesos_pid.h"

#include <charconv>

namespace muster::registry::sources {

namespace {

// 0: none.
std::uint16_t pid_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : 0;
}

}  // namespace

std::optional<MesosPid> parse_mesos_pid(std::string_view text) {
  const auto at = text.find('@');
  if (at == text.npos) return std::nullopt;
  text.remove_prefix(at + 1);
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != host.npos) {
    return std::nullopt;
  }
  const std::uint16_t port = pid_port(text.substr(colon + 1));
  if (host.empty() || port == 0) return std::nullopt;
  return MesosPid{std::string(host), port};
}

}  // namespace muster::registry::sources
