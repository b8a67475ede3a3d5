#include "tools/muster/resolver/resolv_conf.h"

#include <sstream>

#include "tools/muster/resolver/lines.h"

namespace muster::resolver {

namespace {

// The words behind the keyword; none when the line has another one.
std::vector<std::string> words_behind(std::string_view line, std::string_view keyword) {
  std::vector<std::string> words;
  if (!line.starts_with(keyword)) return words;
  line.remove_prefix(keyword.size());
  if (!line.starts_with(' ') && !line.starts_with('\t')) return words;
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf found;
  bool is_head = true;
  for (const std::string_view line : lines_of(text)) {
    if (line.starts_with('#') || line.starts_with(';')) {
      if (is_head) found.first_comment.append(line).append("\n");
      continue;
    }
    if (!line.empty()) is_head = false;
    if (const auto server = words_behind(line, "nameserver"); !server.empty())
      found.nameservers.push_back(server.front());
    if (const auto domain = words_behind(line, "domain"); !domain.empty()) found.search = {domain.front()};
    if (const auto search = words_behind(line, "search"); !search.empty()) found.search = search;
    for (const std::string& option : words_behind(line, "options")) found.options.push_back(option);
  }
  return found;
}

std::string with_nameserver(std::string_view text, const std::string& address) {
  std::string ours =
      "# Sends all look-ups to muster: made by `muster install-resolver`, undone by its --undo.\n";
  if (const auto before = parse_resolv_conf(text).nameservers; !before.empty()) {
    ours += "# Asked before:";
    for (const std::string& server : before) ours += " " + server;
    ours += "\n";
  }
  ours += "nameserver " + address + "\n";
  std::string changed;
  for (const std::string_view line : lines_of(text)) {
    const bool is_server = !words_behind(line, "nameserver").empty();
    if (is_server) {
      changed += ours;
      ours.clear();
    } else {
      changed.append(line).append("\n");
    }
  }
  return changed + ours;
}

}  // namespace muster::resolver
