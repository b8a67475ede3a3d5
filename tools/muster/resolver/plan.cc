#include "tools/muster/resolver/plan.h"

#include <algorithm>
#include <sstream>

#include "tools/muster/resolver/lines.h"
#include "tools/muster/resolver/resolv_conf.h"
#include "tools/muster/resolver/texts.h"

namespace muster::resolver {

namespace {

struct Base {
  Before before;
  std::string text;
};

// What we change: the text of before us, however often we have come.
net::Result<Base, std::string> base_of(const Place& place, const Present& present, bool force) {
  const Stamp stamp = read_stamp(present.text.value_or(""));
  if (stamp.origin == Origin::ours_and_changed && !force)
    return "somebody has changed " + place.file +
           " since muster wrote it: --undo --force gives up the change and puts back what was before, "
           "--force gives it up and writes anew";
  if (stamp.origin != Origin::somebody) {
    if (stamp.before == Before::nothing) return Base{Before::nothing, ""};
    if (!present.backup)
      return "the backup of " + place.file +
             " is gone: take muster's lines out of the file, and its last line, by hand";
    return Base{Before::file, *present.backup};
  }
  if (present.backup && !force)
    return "there is a backup of " + place.file +
           " already, but the file is no longer what muster wrote: --undo --force puts the backup back, "
           "--force "
           "writes and keeps that backup";
  if (!present.text && present.backup) return Base{Before::file, *present.backup};
  if (!present.text) return Base{Before::nothing, ""};
  return Base{Before::file, *present.text};
}

std::vector<std::string> addresses(const std::vector<std::string>& servers, const net::Endpoint& ours) {
  std::vector<std::string> list;
  for (const std::string& server : servers) {
    const auto bare = net::parse_ip(server);
    const auto with_port = net::parse_endpoint(server);
    const bool is_ours = bare ? *bare == ours.address : with_port && *with_port == ours;
    if ((bare || with_port) && !is_ours) list.push_back(server);
  }
  return list;
}

std::vector<std::string> asked_before(const Place& place, const Target& target, const Node& node,
                                      const std::string& base) {
  if (place.kind == Kind::systemd_resolved) return addresses(node.resolved_servers, target.server);
  const std::string text = place.kind == Kind::resolv_conf ? base : node.resolv_conf.value_or("");
  return addresses(parse_resolv_conf(text).nameservers, target.server);
}

bool asks_this_node(const Node& node) {
  const auto servers = parse_resolv_conf(*node.resolv_conf).nameservers;
  return std::any_of(servers.begin(), servers.end(), [](const std::string& server) {
    const auto address = net::parse_ip(server);
    return address && address->is_loopback();
  });
}

// systemd-resolved does not validate these, nor what lies below them.
bool is_unsigned_anyway(const std::string& domain) {
  const auto is_below = [&](const std::string& apex) {
    return domain == apex || domain.ends_with("." + apex);
  };
  return is_below("internal") || is_below("arpa") || is_below("test") || is_below("local");
}

std::string quoted(const std::vector<std::string>& upstreams) {
  std::string text;
  for (const std::string& each : upstreams) text += (text.empty() ? "\"" : ", \"") + each + "\"";
  return text;
}

std::vector<std::string> notes_of(const Plan& plan, const Target& target, const Node& node) {
  std::vector<std::string> notes;
  if (plan.takes_all)
    notes.push_back(
        "every name is asked of musterd, which must forward those that are not its own: [forward] enabled = "
        "true, upstreams = " +
        (plan.upstreams.empty() ? "the servers of before" : "[" + quoted(plan.upstreams) + "]"));
  switch (plan.place.kind) {
    case Kind::systemd_resolved:
      if (!plan.takes_all)
        notes.emplace_back(
            "names that are not musterd's are asked of it as well, beside the servers of the links, whose "
            "answers "
            "count; where no link has servers it should forward ([forward] upstreams)");
      if (!std::all_of(target.domains.begin(), target.domains.end(), is_unsigned_anyway))
        notes.emplace_back(
            "where systemd-resolved validates (DNSSEC=), a domain of yours that is not signed must stand in "
            "a file of "
            "/etc/dnssec-trust-anchors.d");
      break;
    case Kind::unbound:
    case Kind::dnsmasq:
      if (node.resolv_conf && !writer_of_resolv_conf(node).kind && !asks_this_node(node))
        notes.push_back("/etc/resolv.conf names no address of this node: programs here do not ask " +
                        std::string(to_string(plan.place.kind)) + " yet");
      break;
    case Kind::coredns:
      notes.emplace_back("CoreDNS reads it by itself where its plugin reload is on, else on SIGUSR1");
      break;
    default: break;
  }
  return notes;
}

// A block of somebody else's for the domain: CoreDNS would not start with two.
bool has_block(std::string_view corefile, const std::string& domain) {
  for (const std::string_view line : lines_of(corefile)) {
    std::istringstream words{std::string(line.substr(0, line.find('#')))};
    for (std::string word; words >> word && word != "{";) {
      if (const auto scheme = word.find("://"); scheme != word.npos) word.erase(0, scheme + 3);
      while (word.ends_with(',') || word.ends_with('{')) word.pop_back();
      if (domain_of(word.substr(0, word.find(':'))) == domain && line.front() != ' ' && line.front() != '\t')
        return true;
    }
  }
  return false;
}

bool names_target_alone(const std::string& text, const Target& target) {
  const auto servers = parse_resolv_conf(text).nameservers;
  return servers.size() == 1 && net::parse_ip(servers.front()) == target.server.address;
}

}  // namespace

net::Result<Plan, std::string> make_plan(const Place& place, const Target& target, const Node& node,
                                         const Present& present, bool force) {
  if (place.port_53) {
    if (const std::string trouble = trouble_of_port(target.server); !trouble.empty()) return trouble;
  }
  const auto base = base_of(place, present, force);
  if (!base) return base.error();
  for (const std::string& domain : target.domains) {
    if (place.kind == Kind::coredns && has_block(base->text, domain))
      return place.file + " has a block for " + domain + " already";
  }

  Plan plan;
  plan.place = place;
  plan.takes_all =
      place.takes_all || (place.kind == Kind::systemd_resolved && !node.resolved_servers.empty());
  plan.upstreams = asked_before(place, target, node, base->text);
  plan.text = stamped(text_for(place, target, node, base->text), base->before);
  // Somebody has written it by hand: there is nothing to do, and nothing to undo.
  if (place.kind == Kind::resolv_conf && present.text == base->text && names_target_alone(base->text, target))
    plan.text = *present.text;
  plan.makes_backup = base->before == Before::file && !present.backup && plan.text != present.text;
  plan.notes = notes_of(plan, target, node);
  return plan;
}

net::Result<UndoStep, std::string> plan_undo(const std::string& file, const Present& present, bool force) {
  const Stamp stamp = read_stamp(present.text.value_or(""));
  const std::string how = ": --undo --force gives up the change and puts back what was before";
  switch (stamp.origin) {
    case Origin::ours_and_changed:
      if (!force) return "somebody has changed " + file + " since muster wrote it" + how;
      break;
    case Origin::somebody:
      if (!present.backup) return UndoStep::nothing;
      if (!force) return file + " is not what muster wrote: somebody has replaced it since" + how;
      return UndoStep::put_back;
    case Origin::ours: break;
  }
  if (stamp.before == Before::nothing) return UndoStep::remove;
  if (!present.backup)
    return "the backup of " + file +
           " is gone: take muster's lines out of the file, and its last line, by hand";
  return UndoStep::put_back;
}

}  // namespace muster::resolver
