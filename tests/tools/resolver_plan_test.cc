// Which change sends a node's look-ups to muster: from what the node has to the text of one file.
#include "tools/muster/resolver/plan.h"

#include <gmock/gmock.h>

#include "tools/muster/resolver/diff.h"
#include "tools/muster/resolver/ini.h"
#include "tools/muster/resolver/resolv_conf.h"
#include "tools/muster/resolver/texts.h"

namespace muster::resolver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kResolvConf[] =
    "# by hand\nsearch example.com\nnameserver 10.0.0.2\nnameserver 10.0.0.3\noptions edns0\n";

Target target(const std::string& address,
              std::vector<std::string> domains = {"svc.internal", "10.in-addr.arpa"}) {
  return {std::move(domains), *net::parse_endpoint(address)};
}

Place place(const std::string& file) {
  for (const Place& each : all_places()) {
    if (each.file == file) return each;
  }
  ADD_FAILURE() << file;
  return {};
}

std::string without_stamp(const std::string& text) {
  return text.substr(0, text.rfind('\n', text.size() - 2) + 1);
}

TEST(ResolverTarget, TakesDomainNamesAndNothingElse) {
  struct Row {
    const char* text;
    const char* domain;  // nullptr: refused
    const char* why;
  };
  const Row rows[] = {
      {"svc.internal", "svc.internal", "a name"},
      {"SVC.Internal.", "svc.internal", "case and the final dot mean nothing"},
      {"_tcp.a-b.c1", "_tcp.a-b.c1", "what labels hold"},
      {"10.in-addr.arpa.", "10.in-addr.arpa", "a reverse zone"},
      {"internal", "internal", "one label"},
      {"", nullptr, "no name"},
      {".", nullptr, "the root: every name"},
      {"a..b", nullptr, "an empty label"},
      {"svc.internal..", nullptr, "two final dots"},
      {".svc.internal", nullptr, "a leading dot"},
      {"10.0.0.1", nullptr, "an address"},
      {"-a.b", nullptr, "a hyphen first"},
      {"a b.c", nullptr, "a blank begins another word"},
      {"a.b\nserver=/c/1.2.3.4", nullptr, "a new line begins another setting"},
      {"a/b.c", nullptr, "dnsmasq's own sign"},
      {"a\".c", nullptr, "a quote"},
      {"0/25.2.0.192.in-addr.arpa", nullptr, "RFC 2317 has such, these files have not"},
      {"m\xc3\xbc.c", nullptr, "not ASCII"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(domain_of(row.text),
              row.domain == nullptr ? std::nullopt : std::optional<std::string>(row.domain));
  }
  const std::string label(63, 'a');
  const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
  EXPECT_TRUE(domain_of(longest));
  EXPECT_FALSE(domain_of(longest + "a"));
  EXPECT_FALSE(domain_of(label + "a.b"));
}

TEST(ResolverTarget, AsksAListenerThatTheNodeReaches) {
  struct Row {
    std::vector<const char*> listeners;
    const char* host;
    bool port_53;
    const char* chosen;  // nullptr: none
    const char* why;
  };
  const Row rows[] = {
      {{"127.0.0.1:5300"}, "127.0.0.1", false, "127.0.0.1:5300", "the only one"},
      {{"127.0.0.1:5300"}, "127.0.0.1", true, nullptr, "a file without ports asks 53"},
      {{"127.0.0.1:5300", "127.0.0.2:53"}, "127.0.0.1", true, "127.0.0.2:53", "the one with port 53"},
      {{"0.0.0.0:53"}, "localhost", true, "127.0.0.1:53", "a wildcard here is loopback"},
      {{"[::]:53"}, "::1", true, "[::1]:53", "of its own family"},
      {{"0.0.0.0:53"}, "10.0.0.5", true, "10.0.0.5:53", "a wildcard there is the host"},
      {{"[::]:53", "0.0.0.0:54"}, "10.0.0.5", false, "10.0.0.5:54", "of the host's family"},
      {{"0.0.0.0:53"}, "ns.example.com", true, nullptr, "a name says no address"},
      {{"127.0.0.1:5300"}, "10.0.0.5", false, nullptr, "another machine's loopback"},
      {{"127.0.0.1:53", "10.0.0.5:5300"}, "10.0.0.5", false, "10.0.0.5:5300", "what the network reaches"},
      {{}, "127.0.0.1", false, nullptr, "it listens nowhere"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    std::vector<net::Endpoint> listeners;
    for (const char* text : row.listeners) listeners.push_back(*net::parse_endpoint(text));
    const auto chosen = choose_listener(listeners, row.host, row.port_53);
    ASSERT_EQ(chosen.has_value(), row.chosen != nullptr);
    EXPECT_EQ(chosen ? net::to_string(*chosen) : "", row.chosen == nullptr ? "" : row.chosen);
  }
  EXPECT_EQ(host_of("http://127.0.0.1:8053"), "127.0.0.1");
  EXPECT_EQ(host_of("https://user@[2001:db8::1]:8053/x"), "2001:db8::1");
  EXPECT_EQ(host_of("ns.example.com"), "ns.example.com");
  EXPECT_THAT(trouble_of_port(*net::parse_endpoint("127.0.0.1:5300")),
              HasSubstr("listen = [\"127.0.0.1:5300\", \"127.0.0.1:53\"]"));
}

TEST(ResolverResolvConf, IsReadAsTheCLibraryReadsIt) {
  const ResolvConf found = parse_resolv_conf(
      "; made by x\n# and y\ndomain old.example\nnameserver\t10.0.0.2 # note\n nameserver "
      "10.0.0.9\nnameservers 10.0.0.8\n"
      "nameserver\noptions edns0 ndots:2\noptions rotate\nsearch a.example b.example\n# z\nnameserver "
      "fe80::1%eth0");
  EXPECT_THAT(found.nameservers, ElementsAre("10.0.0.2", "fe80::1%eth0"))
      << "the keyword in the first column, then a blank";
  EXPECT_THAT(found.search, ElementsAre("a.example", "b.example")) << "the last of search and domain";
  EXPECT_THAT(found.options, ElementsAre("edns0", "ndots:2", "rotate"));
  EXPECT_EQ(found.first_comment, "; made by x\n# and y\n");
}

TEST(ResolverResolvConf, KeepsEveryOtherLine) {
  EXPECT_EQ(with_nameserver(kResolvConf, "127.0.0.1"),
            "# by hand\nsearch example.com\n"
            "# Sends all look-ups to muster: made by `muster install-resolver`, undone by its --undo.\n"
            "# Asked before: 10.0.0.2 10.0.0.3\nnameserver 127.0.0.1\noptions edns0\n");
  EXPECT_THAT(with_nameserver("", "::1"), HasSubstr("\nnameserver ::1\n"));
  EXPECT_THAT(with_nameserver("options edns0", "::1"), HasSubstr("options edns0\n# Sends"))
      << "a last line without end";
}

TEST(ResolverIni, FindsTheKeyInItsSection) {
  EXPECT_THAT(
      ini_values("dns=x\n[main]\nplugins=keyfile\n#dns=a\n dns = dnsmasq \r\n[device]\ndns=y\n[main]\ndns=\n",
                 "main", "dns"),
      ElementsAre("dnsmasq", ""));
  EXPECT_THAT(ini_values("[Resolve]\n", "Resolve", "DNS"), IsEmpty());
}

// ---- which kind

TEST(ResolverNode, TellsTheKindThatFits) {
  struct Row {
    Node node;
    const char* kind;  // "": cannot say
    const char* why;
  };
  const auto names = [](const std::string& server) { return "nameserver " + server + "\n"; };
  const Row rows[] = {
      {{.resolv_conf = kResolvConf}, "resolv.conf", "a plain file"},
      {{}, "resolv.conf", "none"},
      {{.resolv_conf_link = "/run/systemd/resolve/stub-resolv.conf"},
       "systemd-resolved",
       "in an image the link leads nowhere"},
      {{.resolv_conf = names("127.0.0.53"), .has_dnsmasq = true}, "systemd-resolved", "its stub"},
      {{.resolv_conf = names("10.0.0.2"), .resolv_conf_link = "/run/NetworkManager/resolv.conf"},
       "networkmanager",
       "a link"},
      {{.resolv_conf = "# Generated by NetworkManager\n" + names("10.0.0.2")},
       "networkmanager",
       "its own file"},
      {{.resolv_conf = "# Generated by NetworkManager\n" + names("10.0.0.2"), .network_manager_dns = "none"},
       "resolv.conf",
       "a file that it wrote before it was told not to"},
      {{.resolv_conf = "# Generated by resolvconf\n" + names("10.0.0.2")}, "resolvconf", "openresolv"},
      {{.resolv_conf_link = "/run/resolvconf/resolv.conf"}, "resolvconf", "Debian's"},
      {{.resolv_conf = names("127.0.0.1"), .has_unbound = true}, "unbound", "who answers on loopback"},
      {{.resolv_conf = names("::1"), .has_dnsmasq = true}, "dnsmasq", "over IPv6"},
      {{.resolv_conf = names("127.0.0.1"), .has_unbound = true, .has_dnsmasq = true}, "", "either may"},
      {{.resolv_conf = names("10.0.0.2"), .has_unbound = true}, "resolv.conf", "installed, but not asked"},
      {{.resolv_conf = stamped(names("127.0.0.1"), Before::file), .has_unbound = true},
       "resolv.conf",
       "our own doing"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const Finding found = detect(row.node);
    EXPECT_EQ(found.kind ? to_string(*found.kind) : "", row.kind);
    EXPECT_FALSE(found.why.empty());
  }
}

TEST(ResolverNode, AKindThatWouldNotLastIsRefusedWithTheRightOne) {
  struct Row {
    Kind kind;
    Node node;
    const char* expected;  // a file, or what the refusal says
    const char* why;
  };
  const Row rows[] = {
      {Kind::resolv_conf,
       {.resolv_conf_link = "/run/systemd/resolve/stub-resolv.conf"},
       "--kind systemd-resolved",
       "a link"},
      {Kind::resolv_conf,
       {.resolv_conf_link = "/run/NetworkManager/resolv.conf"},
       "--kind networkmanager",
       "a link"},
      {Kind::resolv_conf,
       {.resolv_conf_link = "/etc/resolvconf/run/resolv.conf"},
       "--kind resolvconf",
       "a link"},
      {Kind::resolv_conf,
       {.resolv_conf_link = "/run/other/resolv.conf"},
       "made anew at every start",
       "somebody's"},
      {Kind::resolv_conf,
       {.resolv_conf_link = "/etc/resolv.conf.here"},
       "/etc/resolv.conf",
       "a link that stays"},
      {Kind::resolv_conf,
       {.resolv_conf_link = "/run/NetworkManager/resolv.conf", .network_manager_dns = "none"},
       "made anew at every start",
       "nobody's any more"},
      {Kind::network_manager, {}, "/etc/NetworkManager/conf.d/muster.conf", "it writes resolv.conf"},
      {Kind::network_manager,
       {.network_manager_dns = "dnsmasq"},
       "/etc/NetworkManager/dnsmasq.d/muster.conf",
       "it runs one"},
      {Kind::network_manager, {.network_manager_dns = "none"}, "--kind resolv.conf", "it does nothing"},
      {Kind::network_manager,
       {.network_manager_dns = "systemd-resolved"},
       "--kind systemd-resolved",
       "it hands on"},
      {Kind::network_manager,
       {.resolv_conf_link = "/run/systemd/resolve/resolv.conf"},
       "--kind systemd-resolved",
       "it hands on"},
      {Kind::resolvconf,
       {.has_debian_resolvconf = true, .has_openresolv = true},
       "/etc/resolvconf/resolv.conf.d/head",
       "Debian's"},
      {Kind::resolvconf, {.has_openresolv = true}, "/etc/resolvconf.conf", "openresolv"},
      {Kind::resolvconf, {}, "neither", "none of both"},
      {Kind::unbound,
       {.resolv_conf_link = "/run/systemd/resolve/resolv.conf"},
       "/etc/unbound/unbound.conf.d/muster.conf",
       "beside"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(to_string(row.kind)) + ": " + row.why);
    const auto place = choose_place(row.kind, row.node);
    EXPECT_THAT(place ? place->file : place.error(), HasSubstr(row.expected));
  }
}

// ---- what text

std::string text_of(const std::string& file, const Target& to, const Node& node = {},
                    const std::string& base = "") {
  const std::string text = text_for(place(file), to, node, base);
  return text.substr(text.find('\n') + 1);  // without the heading
}

TEST(ResolverTexts, EachOwnerHasHisSyntax) {
  const Target v4 = target("127.0.0.1:5300");
  const Target v6 = target("[2001:db8::53]:53", {"svc.internal"});
  EXPECT_EQ(text_of("/etc/unbound/unbound.conf.d/muster.conf", v4),
            "server:\n  do-not-query-localhost: no\n"
            "  domain-insecure: \"svc.internal\"\n  private-domain: \"svc.internal\"\n  local-zone: "
            "\"svc.internal\" transparent\n"
            "  domain-insecure: \"10.in-addr.arpa\"\n  local-zone: \"10.in-addr.arpa\" transparent\n"
            "stub-zone:\n  name: \"svc.internal\"\n  stub-addr: 127.0.0.1@5300\n"
            "stub-zone:\n  name: \"10.in-addr.arpa\"\n  stub-addr: 127.0.0.1@5300\n");
  EXPECT_THAT(text_of("/etc/unbound/unbound.conf.d/muster.conf", v6), Not(HasSubstr("localhost")))
      << "it is not needed";
  EXPECT_EQ(text_of("/etc/dnsmasq.d/muster.conf", v4),
            "server=/svc.internal/127.0.0.1#5300\nrebind-domain-ok=/svc.internal/\nserver=/10.in-addr.arpa/"
            "127.0.0.1#5300\n");
  EXPECT_EQ(text_of("/etc/NetworkManager/dnsmasq.d/muster.conf", v6),
            "server=/svc.internal/2001:db8::53#53\nrebind-domain-ok=/svc.internal/\n");
  EXPECT_EQ(text_of("/etc/systemd/resolved.conf.d/muster.conf", v4),
            "[Resolve]\nDNS=127.0.0.1:5300\nDomains=~svc.internal ~10.in-addr.arpa\n");
  EXPECT_EQ(text_of("/etc/systemd/resolved.conf.d/muster.conf", v6, {.resolved_servers = {"10.0.0.2"}}),
            "[Resolve]\n# Nobody else: systemd-resolved asks one server of its list for everything.\nDNS=\n"
            "DNS=[2001:db8::53]:53\nDomains=~svc.internal\n");
  EXPECT_EQ(
      text_of("/etc/NetworkManager/conf.d/muster.conf", v6, {.resolv_conf = kResolvConf}),
      "[global-dns]\nsearches=example.com\noptions=edns0\n\n[global-dns-domain-*]\nservers=2001:db8::53\n");
  EXPECT_EQ(
      text_of("/etc/NetworkManager/conf.d/muster.conf", v6, {.resolv_conf = "search a/b\noptions A=b\n"}),
      "[global-dns-domain-*]\nservers=2001:db8::53\n")
      << "what is no name and no option is not carried over";
  EXPECT_THAT(
      text_for(place("/etc/resolvconf/resolv.conf.d/head"), v6, {}, "# head"),
      testing::AllOf(testing::StartsWith("# head\n"), testing::EndsWith("\nnameserver 2001:db8::53\n")));
  EXPECT_THAT(text_for(place("/etc/resolvconf.conf"), v6, {}, "resolv_conf=/etc/resolv.conf\n"),
              testing::AllOf(testing::StartsWith("resolv_conf="),
                             testing::EndsWith("\nname_servers=\"2001:db8::53\"\n")));
  EXPECT_THAT(
      server_block(v4),
      testing::EndsWith(
          "\nsvc.internal 10.in-addr.arpa {\n    errors\n    cache 30\n    forward . 127.0.0.1:5300\n}\n"));
}

// ---- one after the other

TEST(ResolverStamp, KnowsWhoWroteTheFile) {
  const std::string text = stamped("a\nb\n", Before::file);
  EXPECT_EQ(read_stamp(text).origin, Origin::ours);
  EXPECT_EQ(read_stamp(text).before, Before::file);
  EXPECT_EQ(read_stamp(stamped("", Before::nothing)).before, Before::nothing);
  EXPECT_EQ(read_stamp("a\nb\n").origin, Origin::somebody);
  EXPECT_EQ(read_stamp("").origin, Origin::somebody);
  EXPECT_EQ(read_stamp("x" + text).origin, Origin::ours_and_changed) << "before";
  EXPECT_EQ(read_stamp(text + "c\n").origin, Origin::ours_and_changed) << "behind";
  std::string other = text;
  other.replace(other.find("see the .muster-backup"), 22, "there was no such file");
  EXPECT_EQ(read_stamp(other).origin, Origin::ours_and_changed) << "what was before is part of the sum";
}

TEST(ResolverPlan, TheSecondTimeChangesNothing) {
  const Place where = place("/etc/resolv.conf");
  const Target to = target("127.0.0.1:53");
  const auto first = make_plan(where, to, {}, {kResolvConf, std::nullopt}, false);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->makes_backup);
  EXPECT_TRUE(first->takes_all);
  EXPECT_THAT(first->upstreams, ElementsAre("10.0.0.2", "10.0.0.3"));
  const auto second = make_plan(where, to, {}, {first->text, kResolvConf}, false);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->text, first->text);
  EXPECT_FALSE(second->makes_backup);
  EXPECT_THAT(second->upstreams, ElementsAre("10.0.0.2", "10.0.0.3")) << "those of before us";
  const auto moved = make_plan(where, target("127.0.0.2:53"), {}, {first->text, kResolvConf}, false);
  ASSERT_TRUE(moved);
  EXPECT_EQ(without_stamp(moved->text), with_nameserver(kResolvConf, "127.0.0.2"))
      << "of the file of before us";
  EXPECT_FALSE(moved->makes_backup) << "the undo needs the old one";
}

TEST(ResolverPlan, WhatSomebodyWroteByHandIsLeftAlone) {
  const std::string by_hand = "nameserver 127.0.0.1\n";
  const auto plan =
      make_plan(place("/etc/resolv.conf"), target("127.0.0.1:53"), {}, {by_hand, std::nullopt}, false);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->text, by_hand);
  EXPECT_FALSE(plan->makes_backup);
  const std::string other = stamped(with_nameserver(by_hand, "127.0.0.2"), Before::file);
  const auto back = make_plan(place("/etc/resolv.conf"), target("127.0.0.1:53"), {}, {other, by_hand}, false);
  ASSERT_TRUE(back);
  EXPECT_THAT(back->text, HasSubstr("\nnameserver 127.0.0.1\n")) << "not what is there now";
}

TEST(ResolverPlan, RefusesWhereSomebodysChangeWouldBeLost) {
  const Place where = place("/etc/dnsmasq.d/muster.conf");
  const Target to = target("127.0.0.1:5300");
  const std::string ours = make_plan(where, to, {}, {}, false)->text;
  const std::string with_file = stamped("x\n", Before::file);
  struct Row {
    Present present;
    const char* refusal;  // nullptr: planned
    bool forced;          // planned with --force
    const char* why;
  };
  const Row rows[] = {
      {{std::nullopt, std::nullopt}, nullptr, true, "nothing there"},
      {{"mine\n", std::nullopt}, nullptr, true, "somebody's, kept as the backup"},
      {{ours, std::nullopt}, nullptr, true, "ours"},
      {{ours + "x\n", std::nullopt}, "somebody has changed", true, "ours, changed since"},
      {{"mine\n", "older\n"}, "there is a backup", true, "the backup is of something else"},
      {{std::nullopt, "older\n"}, "there is a backup", true, "somebody has removed ours"},
      {{with_file, std::nullopt}, "is gone", false, "there was a backup"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto plan = make_plan(where, to, {}, row.present, false);
    EXPECT_THAT(plan ? "" : plan.error(), HasSubstr(row.refusal == nullptr ? "" : row.refusal));
    EXPECT_EQ(plan.has_value(), row.refusal == nullptr);
    const auto forced = make_plan(where, to, {}, row.present, true);
    EXPECT_EQ(forced.has_value(), row.forced);
    EXPECT_FALSE(forced && row.present.backup && forced->makes_backup) << "the older one stays";
  }
}

TEST(ResolverPlan, AFileWithoutPortsNeedsPort53) {
  for (const Place& each : all_places()) {
    const auto plan = make_plan(each, target("127.0.0.1:5300"), {}, {}, true);
    EXPECT_EQ(plan.has_value(), !each.port_53) << each.file;
    EXPECT_THAT(plan ? "127.0.0.1:53\"]" : plan.error(), HasSubstr("127.0.0.1:53\"]"));
  }
}

TEST(ResolverPlan, SaysWhatItsOwnerShouldKnow) {
  const auto notes = [](const std::string& file, const Node& node, const Target& to) {
    const auto plan = make_plan(place(file), to, node, {}, false);
    std::string all;
    for (const std::string& note : plan->notes) all += note + "\n";
    return all;
  };
  const Target to = target("127.0.0.1:53");
  EXPECT_THAT(notes("/etc/NetworkManager/conf.d/muster.conf", {.resolv_conf = kResolvConf}, to),
              HasSubstr("[forward] enabled = true, upstreams = [\"10.0.0.2\", \"10.0.0.3\"]"));
  EXPECT_THAT(notes("/etc/unbound/unbound.conf.d/muster.conf", {.resolv_conf = kResolvConf}, to),
              HasSubstr("do not ask unbound yet"));
  EXPECT_EQ(notes("/etc/dnsmasq.d/muster.conf", {.resolv_conf = "nameserver 127.0.0.1\n"}, to), "");
  const std::string file = "/etc/systemd/resolved.conf.d/muster.conf";
  EXPECT_THAT(notes(file, {}, to), Not(HasSubstr("dnssec")));
  EXPECT_THAT(notes(file, {}, target("127.0.0.1:53", {"svc.example.com"})),
              HasSubstr("dnssec-trust-anchors.d"));
  EXPECT_THAT(notes(file, {.resolved_servers = {"10.0.0.2:53", "10.0.0.3#name", "127.0.0.1:53"}}, to),
              HasSubstr("upstreams = [\"10.0.0.2:53\"]"))
      << "neither what is no address nor ourselves";
}

TEST(ResolverPlan, ACorefileWithTheDomainIsLeftAlone) {
  Place where = place("");
  where.file = "/etc/coredns/Corefile";
  const auto refused = [&](const std::string& corefile) {
    return !make_plan(where, target("127.0.0.1:5300"), {}, {corefile, std::nullopt}, false);
  };
  EXPECT_TRUE(refused(".:53 {\n}\nsvc.internal {\n}\n"));
  EXPECT_TRUE(refused("dns://svc.internal.:53, b.example {\n}\n"));
  EXPECT_TRUE(refused("svc.internal:53{\n}\n"));
  EXPECT_TRUE(refused("10.in-addr.arpa {\n}\n"));
  EXPECT_FALSE(refused(". {\n    forward svc.internal 10.0.0.1\n}\n# svc.internal {\n"));
}

TEST(ResolverPlan, UndoesOnlyWhatIsOurs) {
  const std::string made = stamped("x\n", Before::nothing);
  const std::string replaced = stamped("x\n", Before::file);
  struct Row {
    Present present;
    int step;    // -1: refused
    int forced;  // with --force
    const char* why;
  };
  constexpr int kNothing = static_cast<int>(UndoStep::nothing);
  constexpr int kRemove = static_cast<int>(UndoStep::remove);
  constexpr int kPutBack = static_cast<int>(UndoStep::put_back);
  const Row rows[] = {
      {{std::nullopt, std::nullopt}, kNothing, kNothing, "nothing there"},
      {{"mine\n", std::nullopt}, kNothing, kNothing, "somebody's"},
      {{made, std::nullopt}, kRemove, kRemove, "was not there before"},
      {{replaced, "old\n"}, kPutBack, kPutBack, "was there before"},
      {{made + "y\n", std::nullopt}, -1, kRemove, "somebody has added to it"},
      {{"y\n" + replaced, "old\n"}, -1, kPutBack, "somebody has added to it"},
      {{"mine\n", "old\n"}, -1, kPutBack, "somebody has replaced it"},
      {{std::nullopt, "old\n"}, -1, kPutBack, "somebody has removed it"},
      {{replaced, std::nullopt}, -1, -1, "the backup is gone"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    const auto step = plan_undo("f", row.present, false);
    EXPECT_EQ(step ? static_cast<int>(*step) : -1, row.step);
    const auto forced = plan_undo("f", row.present, true);
    EXPECT_EQ(forced ? static_cast<int>(*forced) : -1, row.forced);
  }
}

TEST(ResolverDiff, ShowsChangesWithTheirSurroundings) {
  EXPECT_EQ(diff("f", "a\n", "a\n"), "");
  EXPECT_EQ(diff("f", std::nullopt, "a\nb\n"), "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n"),
            "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
  std::string old;
  for (int i = 1; i <= 20; ++i) old += std::to_string(i) + "\n";
  EXPECT_EQ(diff("f", old, "0\n" + old + "21\n"),
            "--- f\n+++ f\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -18,3 +19,4 @@\n 18\n 19\n 20\n+21\n");
}

}  // namespace
}  // namespace muster::resolver
