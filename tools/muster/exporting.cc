// export: what was typed as the export's values, or what is wrong with it.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "registry/duration.h"
#include "registry/label.h"
#include "registry/net/file_text.h"
#include "tools/muster/command.h"
#include "tools/muster/haproxy/export.h"
#include "tools/muster/outside_command.h"

namespace muster::cli {

namespace {

struct WrongWord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::optional<net::Endpoint> endpoint(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto found = net::parse_endpoint(text);
  if (!found || found->port == 0)
    throw WrongWord(std::string(option) + " is not ADDRESS:PORT, with an IP address");
  return found;
}

// What HAProxy would take for its own syntax is no part of a password here.
std::string stats_auth(const ExportArguments& arguments, const std::optional<net::Endpoint>& stats) {
  if (arguments.stats_auth_file.empty()) {
    if (stats && !stats->address.is_loopback())
      throw WrongWord("--stats off the loopback needs --stats-auth-file, a file with USER:PASSWORD");
    return "";
  }
  const auto text = net::file_text(arguments.stats_auth_file, net::kSmallFile);
  if (!text) throw WrongWord("cannot read " + arguments.stats_auth_file + ": " + text.error().message());
  const std::string auth = text->substr(0, text->find('\n'));
  const auto colon = auth.find(':');
  const bool is_good = colon != auth.npos && colon > 0 && colon + 1 < auth.size() &&
                       auth.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "._~!@%^*+=,:;/?-") == auth.npos;
  if (!is_good)
    throw WrongWord(arguments.stats_auth_file +
                    " must hold USER:PASSWORD of letters, digits and . _ ~ ! @ % ^ * + = , : ; / ? -");
  return auth;
}

// HAProxy would not start with an address that it cannot have.
bool is_address_of_this_node(const net::IpAddress& address) {
  const bool is_v4 = address.family == net::Family::v4;
  const int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_storage place{};
  if (is_v4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(place);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.octets.data(), 4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(place);
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.octets.data(), 16);
  }
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&place),
                          is_v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)) == 0;
  close(fd);
  return bound;
}

haproxy::ExportOptions options_of(const ExportArguments& arguments) {
  haproxy::ExportOptions to;
  to.service = arguments.service;
  to.plan.bind = arguments.bind;
  if (!net::parse_ip(arguments.bind)) throw WrongWord("--bind is not an IP address");
  to.plan.group = arguments.group;
  to.plan.is_ours = is_address_of_this_node;
  to.plan.strict = arguments.strict;
  to.plan.bridge_names = arguments.names == "bridge";
  to.plan.registered_port = arguments.port == "registered";
  to.plan.http_checks = arguments.http_checks;
  to.plan.vhosts = to.render.vhosts = endpoint("--vhosts", arguments.vhosts);
  to.plan.stats = to.render.stats = endpoint("--stats", arguments.stats);
  to.render.fragment = arguments.fragment;
  to.render.stats_auth = stats_auth(arguments, to.render.stats);
  to.render.runtime_socket = to.target.runtime_socket = arguments.runtime_socket;
  if (arguments.runtime_socket.find_first_of(" \t\n\"'\\#$") != std::string::npos)
    throw WrongWord("--runtime-socket must be a path without blanks, quotes, \\, # and $");
  if (!arguments.output.empty()) {
    // A link stays one: its target is replaced.
    std::error_code no_link;
    const auto behind = std::filesystem::canonical(arguments.output, no_link);
    to.target.file = no_link ? arguments.output : behind.string();
    to.render.name = registry::hash_label(std::filesystem::absolute(to.target.file).string(), 8);
  }
  to.target.is_secret = !to.render.stats_auth.empty();
  to.target.reload = words_of(arguments.reload);
  if (!arguments.no_validate) to.target.validate = words_of(arguments.validate);
  to.watch = arguments.watch;
  if (arguments.output.empty() && (to.watch || !to.target.reload.empty()))
    throw WrongWord("--watch and --reload need --output FILE");
  if (to.watch && !arguments.runtime_socket.empty() && to.target.reload.empty())
    throw WrongWord("--watch with --runtime-socket needs --reload, too: not everything can be told there");
  const auto interval = registry::parse_duration(arguments.min_interval);
  if (!interval) throw WrongWord("--min-interval is not a duration such as 2s");
  to.min_interval = *interval;
  return to;
}

}  // namespace

ExitCode export_haproxy(const Context& context, const ExportArguments& arguments) {
  try {
    return haproxy::export_haproxy(context.client, options_of(arguments));
  } catch (const WrongWord& wrong) {
    std::fprintf(stderr, "muster: %s\n", wrong.what());
    return wrong_usage;
  }
}

}  // namespace muster::cli
