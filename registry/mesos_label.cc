#include "registry/mesos_label.h"

#include <algorithm>

#include "registry/label.h"

namespace muster::registry {

namespace {

constexpr std::size_t kHashSymbols = 5;
constexpr std::size_t kLabelMost = 63;

// Of 'A' 'a', of '.' '-'; 0: left out.
char mapped(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) return c;
  return c == '-' || c == '.' || c == '_' ? '-' : '\0';
}

std::string kept(std::string_view text) {
  std::string kept;
  kept.reserve(text.size());
  for (const char c : text) {
    if (const char to = mapped(c)) kept += to;
  }
  return kept;
}

void strip_left(std::string_view& text, std::string_view cut) {
  text.remove_prefix(std::min(text.find_first_not_of(cut), text.size()));
}

void strip_dashes_right(std::string& text) { text.resize(text.find_last_not_of('-') + 1); }

template <class Take>
void split(std::string_view text, char at, const Take& take) {
  for (std::size_t end = 0; end != text.npos;) {
    end = text.find(at);
    take(text.substr(0, end));
    if (end != text.npos) text.remove_prefix(end + 1);
  }
}

}  // namespace

// What dashes leave free at the end of the label is filled with what comes after its length, once: the result
// may end in a dash again.
std::string mesos_label(std::string_view text, const MesosRule& rule) {
  const std::string all = kept(text);
  std::string_view rest = all;
  strip_left(rest, rule.cut);
  const std::size_t most = std::min(rest.size(), rule.most);
  std::string label(rest.substr(0, most));
  strip_dashes_right(label);
  if (label.size() == most) return label;
  rest.remove_prefix(most);
  strip_left(rest, "-");
  return label.append(rest.substr(0, most - label.size()));
}

std::string mesos_framework(std::string_view name, const MesosRule& rule) {
  std::string joined;
  split(name, '.', [&](std::string_view part) {
    const std::string label = mesos_label(part, rule);
    if (label.empty()) return;
    if (!joined.empty()) joined += '.';
    joined += label;
  });
  return joined;
}

std::vector<std::string> mesos_protocols(std::string_view text, const MesosRule& rule) {
  std::vector<std::string> protocols;
  const auto add = [&](std::string label) {
    if (!label.empty() && std::ranges::find(protocols, label) == protocols.end())
      protocols.push_back(std::move(label));
  };
  split(text, ',', [&](std::string_view part) { add(mesos_label(part, rule)); });
  if (text.find(',') != text.npos) add(mesos_label(text, rule));
  return protocols;
}

std::string mesos_agent_tail(std::string_view agent_id) {
  return ascii_lower(agent_id.substr(agent_id.rfind('-') + 1));
}

std::optional<std::string> mesos_instance(std::string_view label, std::string_view task_id,
                                          std::string_view agent_tail) {
  const std::size_t others = 2 + kHashSymbols + agent_tail.size();
  const std::size_t most = others < kLabelMost ? kLabelMost - others : 0;
  std::string instance(label.substr(0, most));
  if (label.size() > most) strip_dashes_right(instance);
  if (instance.empty()) return std::nullopt;
  return instance.append("-").append(hash_label(task_id, kHashSymbols)).append("-").append(agent_tail);
}

}  // namespace muster::registry
