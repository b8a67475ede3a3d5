// A Mesos cluster as text: one element a line, as tests/zones/mesos_records.py reads them, too. And what is
// published of it, as that prints it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "registry/scheduler.h"
#include "zones/mesos_view.h"

namespace muster::zones::test {

inline Name mesos_domain() { return *parse_domain("mesos"); }

inline std::vector<std::string> split_at(std::string_view text, char at) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  std::string part;
  for (const char c : text) {
    if (c == at)
      parts.push_back(std::exchange(part, {}));
    else
      part += c;
  }
  parts.push_back(part);
  return parts;
}

inline std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return plain;
}

inline std::string escaped(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string safe;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet > 0x20 && octet < 0x7f && std::string_view("%=,;/").find(c) == std::string_view::npos)
      safe += c;
    else
      safe.append("%").append(1, kDigits[octet >> 4]).append(1, kDigits[octet & 15]);
  }
  return safe;
}

inline std::vector<net::IpAddress> addresses_from(std::string_view text) {
  std::vector<net::IpAddress> addresses;
  for (const std::string& one : split_at(text, ',')) addresses.push_back(net::parse_ip(one).value());
  return addresses;
}

inline std::uint16_t port_from(std::string_view text) {
  return text.empty() ? std::uint16_t{0} : static_cast<std::uint16_t>(std::stoi(std::string(text)));
}

inline registry::SchedulerPort discovery_port_from(std::string_view text) {
  const auto parts = split_at(text, '/');
  return {.number = port_from(parts.at(0)),
          .name = unescaped(parts.at(2)),
          .protocol = unescaped(parts.at(1)),
          .on_agent = parts.size() > 3};
}

// The fields of one line.
class Fields {
 public:
  explicit Fields(const std::string& line) {
    const auto parts = split_at(line, '\t');
    kind = parts.at(0);
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = parts[i].find('=');
      fields_[parts[i].substr(0, equals)] = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
    }
  }
  bool has(const std::string& key) const { return fields_.contains(key); }
  std::string get(const std::string& key) const { return has(key) ? fields_.at(key) : ""; }
  std::string text(const std::string& key) const { return unescaped(get(key)); }

  std::string kind;

 private:
  std::map<std::string, std::string> fields_;
};

inline registry::SchedulerTask task_from(const Fields& fields) {
  registry::SchedulerTask task;
  task.id = fields.text("id");
  task.name = fields.text("name");
  task.framework = fields.text("framework");
  task.agent_id = fields.text("agent");
  task.has_discovery = fields.has("discovery");
  task.is_ready = !fields.has("unready");
  if (fields.has("weight")) task.weight = port_from(fields.get("weight"));
  task.addresses = addresses_from(fields.get("addresses"));
  task.agent_addresses = addresses_from(fields.get("agent_addresses"));
  for (const auto& port : split_at(fields.get("ports"), ',')) task.host_ports.push_back(port_from(port));
  for (const auto& port : split_at(fields.get("di"), ';'))
    task.discovery_ports.push_back(discovery_port_from(port));
  return task;
}
inline registry::SchedulerTask task_from(const std::string& line) { return task_from(Fields(line)); }

// "id=a name=b", of marathon, on x-S0 at 10.0.1.10 unless it says otherwise.
inline registry::SchedulerTask marathon_task(std::string line) {
  std::ranges::replace(line, ' ', '\t');
  registry::SchedulerTask task = task_from("task\t" + line);
  if (task.framework.empty()) task.framework = "marathon";
  if (task.agent_id.empty()) task.agent_id = "x-S0";
  if (task.agent_addresses.empty()) task.agent_addresses = addresses_from("10.0.1.10");
  return task;
}

inline registry::SchedulerMasters masters_from(const Fields& fields) {
  registry::SchedulerMasters masters;
  if (fields.has("leader")) masters.leader = net::parse_endpoint(fields.get("leader")).value();
  for (const auto& one : split_at(fields.get("listed"), ','))
    masters.listed.push_back(net::parse_endpoint(one).value());
  return masters;
}

// Everything as one change in which all is new.
struct Cluster {
  registry::SchedulerChange change;
  std::vector<net::IpAddress> listener;

  void add(const std::string& line) {
    const Fields fields(line);
    if (fields.kind == "listener") {
      listener = addresses_from(fields.get("addresses"));
    } else if (fields.kind == "masters") {
      change.masters = masters_from(fields);
    } else if (fields.kind == "agent") {
      change.agents.push_back({nullptr, std::make_shared<registry::SchedulerAgent>(registry::SchedulerAgent{
                                            fields.text("id"), addresses_from(fields.get("addresses")),
                                            port_from(fields.get("port"))})});
    } else if (fields.kind == "framework") {
      change.frameworks.push_back(
          {nullptr, std::make_shared<registry::SchedulerFramework>(registry::SchedulerFramework{
                        fields.text("id"), fields.text("name"), addresses_from(fields.get("addresses")),
                        port_from(fields.get("port"))})});
    } else {
      ASSERT_EQ(fields.kind, "task");
      change.tasks.push_back({nullptr, std::make_shared<registry::SchedulerTask>(task_from(fields))});
    }
  }
};

inline Cluster read_cluster(std::istream& in) {
  Cluster cluster;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') cluster.add(line);
  }
  return cluster;
}

inline std::string test_file(const std::string& path) {
  return std::string(MUSTER_SOURCE_DIR) + "/tests/" + path;
}

inline Cluster read_cluster(const std::string& path) {
  std::ifstream in(test_file(path));
  EXPECT_TRUE(in) << path;
  return read_cluster(in);
}

inline std::vector<std::string> lines_in(std::istream& in) {
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// What the second implementation says: one list of lines a run, all of them in one process.
inline std::vector<std::vector<std::string>> lines_of_python(const std::vector<std::string>& runs) {
  std::string command = "python3 " + test_file("zones/mesos_records.py");
  for (const std::string& run : runs) command.append(&run == &runs.front() ? " " : " -- ").append(run);
  std::string output;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::array<char, 4096> octets;
  for (std::size_t size; (size = std::fread(octets.data(), 1, octets.size(), pipe)) > 0;)
    output.append(octets.data(), size);
  EXPECT_EQ(::pclose(pipe), 0) << command;
  std::vector<std::vector<std::string>> lines(1);
  for (std::string& line : split_at(output, '\n')) {
    if (line == "--")
      lines.emplace_back();
    else if (!line.empty())
      lines.back().push_back(std::move(line));
  }
  EXPECT_EQ(lines.size(), runs.size());
  lines.resize(runs.size());
  return lines;
}

// Keeps what is published. Complains about an SRV record whose target is not there, if told to.
class MesosSink final : public NameSink {
 public:
  static constexpr std::size_t kZone = 3;

  void put(std::size_t zone, const NameSpec& spec) override {
    EXPECT_EQ(zone, kZone);
    log.push_back("+" + spec.owner.text());
    names[spec.owner.text()] = spec;
    expect_all_targets();
  }
  void erase(std::size_t zone, const Name& owner) override {
    EXPECT_EQ(zone, kZone);
    log.push_back("-" + owner.text());
    EXPECT_EQ(names.erase(owner.text()), 1U) << owner.text() << " was not there";
    expect_all_targets();
  }

  // As Python prints them; RRsets without members say what they are instead.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const auto& [owner, spec] : names) {
      for (const RrsetSpec& rrset : spec.rrsets) {
        const std::string start = owner + " " + to_string(rrset.type) + " ";
        for (const Member& member : rrset.members)
          lines.push_back(start + rdata_text(rrset.type, member.rdata));
        if (rrset.members.empty()) lines.push_back(start + (rrset.servfail ? "SERVFAIL" : "NODATA"));
      }
    }
    std::ranges::sort(lines);
    return lines;
  }

  std::map<std::string, NameSpec> names;
  std::vector<std::string> log;
  bool expects_targets = false;

 private:
  void expect_all_targets() const {
    if (!expects_targets) return;
    for (const auto& [name, spec] : names) expect_targets(spec);
  }
  void expect_targets(const NameSpec& spec) const {
    for (const RrsetSpec& rrset : spec.rrsets) {
      if (rrset.type != RrType::srv) continue;
      for (const Member& member : rrset.members) {
        const std::string target = Name::from_wire(std::string_view(member.rdata).substr(6)).value().text();
        EXPECT_TRUE(has_address(target)) << spec.owner.text() << " points to " << target;
      }
    }
  }
  bool has_address(const std::string& owner) const {
    const auto at = names.find(owner);
    return at != names.end() && std::ranges::any_of(at->second.rrsets, [](const RrsetSpec& rrset) {
             return rrset.type != RrType::srv && !rrset.members.empty();
           });
  }
};

// The lines of records, then of what was left out.
inline std::vector<std::string> lines_of(const MesosSink& sink, const MesosView& view) {
  auto lines = sink.lines();
  std::vector<std::string> dropped;
  for (std::size_t i = 0; i < naming::kMesosDrops; ++i) {
    const auto reason = static_cast<naming::MesosDrop>(i);
    const std::size_t count = view.counters().dropped_for(reason);
    if (count != 0)
      dropped.push_back("; " + std::string(naming::to_string(reason)) + " " + std::to_string(count));
  }
  std::ranges::sort(dropped);
  lines.insert(lines.end(), dropped.begin(), dropped.end());
  return lines;
}

inline std::vector<std::string> lines_of(const Cluster& cluster, const naming::MesosNaming& naming,
                                         WhenNone when_none = WhenNone::all) {
  MesosViewConfig config;
  config.naming = naming;
  config.when_none = when_none;
  config.name_server_addresses = cluster.listener;
  MesosSink sink;
  MesosView view(config, MesosSink::kZone, sink);
  view.apply(cluster.change);
  return lines_of(sink, view);
}

// As a difference that people can read.
inline void expect_same_lines(const std::vector<std::string>& ours,
                              const std::vector<std::string>& expected) {
  std::vector<std::string> only_ours;
  std::vector<std::string> missing;
  auto a = ours;
  auto b = expected;
  std::ranges::sort(a);
  std::ranges::sort(b);
  std::ranges::set_difference(a, b, std::back_inserter(only_ours));
  std::ranges::set_difference(b, a, std::back_inserter(missing));
  for (const auto& line : only_ours) ADD_FAILURE() << "not expected: " << line;
  for (const auto& line : missing) ADD_FAILURE() << "missing:      " << line;
  EXPECT_EQ(ours.size(), expected.size());
}

}  // namespace muster::zones::test
