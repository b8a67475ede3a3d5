#include "tools/muster/install_words.h"

#include <algorithm>
#include <filesystem>

#include "tools/muster/outside_command.h"

namespace muster::cli {

using resolver::Kind;
using resolver::Place;
using resolver::Root;

namespace {

std::string absolute_file(const Root& root, const InstallArguments& arguments) {
  if (!root.is_machine()) return (std::filesystem::path("/") / arguments.file).string();
  return std::filesystem::absolute(arguments.file).string();
}

}  // namespace

Root root_of(const InstallArguments& arguments) {
  std::error_code error;
  const auto folder = std::filesystem::canonical(arguments.root, error);
  if (error) throw Stopped(wrong_usage, "--root " + arguments.root + ": " + error.message());
  return Root(folder);
}

std::optional<Kind> typed_kind(const InstallArguments& arguments) {
  if (arguments.kind.empty()) return std::nullopt;
  const auto kind = resolver::parse_kind(arguments.kind);
  if (kind) return kind;
  std::string known;
  for (const Kind each : resolver::all_kinds()) known += " " + std::string(to_string(each));
  throw Stopped(wrong_usage, "--kind " + arguments.kind + " is none of" + known);
}

std::optional<net::Endpoint> typed_address(const InstallArguments& arguments) {
  if (arguments.address.empty()) return std::nullopt;
  std::optional<net::Endpoint> server = net::parse_endpoint(arguments.address);
  if (const auto bare = net::parse_ip(arguments.address)) server = net::Endpoint{*bare, 53};
  if (!server || server->port == 0 || server->address.is_unspecified())
    throw Stopped(wrong_usage,
                  "--address is not ADDRESS or ADDRESS:PORT, with an IP address that can be asked");
  return server;
}

std::vector<std::string> typed_domains(const InstallArguments& arguments) {
  std::vector<std::string> domains;
  for (const std::string& text : arguments.domains) {
    const auto domain = resolver::domain_of(text);
    if (!domain)
      throw Stopped(wrong_usage, "--domain " + text + " is not a domain name of letters, digits, - and _");
    domains.push_back(*domain);
  }
  return domains;
}

Place place_of(Kind kind, const resolver::Node& node, const Root& root, const InstallArguments& arguments) {
  const auto chosen = resolver::choose_place(kind, node);
  if (arguments.file.empty()) return value_or_refuse(chosen);
  const auto places = resolver::all_places();
  Place place =
      *std::find_if(places.begin(), places.end(), [&](const Place& each) { return each.kind == kind; });
  if (chosen) place = *chosen;
  place.file = absolute_file(root, arguments);
  return place;
}

Reload reload_of(const Root& root, const Place& place, const InstallArguments& arguments) {
  const bool is_said = !arguments.reload.empty();
  const auto words = is_said ? words_of(arguments.reload) : place.reload;
  return {words, !words.empty() && !arguments.no_reload && (is_said || root.is_machine())};
}

std::string tell(const Reload& reload) {
  if (!reload.runs) return "";
  const CommandResult told = run_words(reload.words);
  return told.ok() ? "" : told.what();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace muster::cli
