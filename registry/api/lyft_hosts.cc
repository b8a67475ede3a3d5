#include "registry/api/lyft_hosts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "registry/json_text.h"

namespace muster::registry::api {

namespace {

const net::IpAddress* ipv4_of(const InstanceBody& body) {
  const auto found = std::ranges::find(body.addresses, net::Family::v4, &net::IpAddress::family);
  return found == body.addresses.end() ? nullptr : &*found;
}

// "2026-11-20 22:04:45.250000": a space, six decimals, no zone.
std::string python_time(WallTime at) {
  const std::time_t seconds =
      std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
  const auto micros = static_cast<int>((at.time_since_epoch().count() % 1000 + 1000) % 1000 * 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> date{}, text{};
  std::strftime(date.data(), date.size(), "%Y-%m-%d %H:%M:%S", &parts);
  std::snprintf(text.data(), text.size(), "%.19s.%06d", date.data(), micros);
  return text.data();
}

void append_pair(std::string& out, std::string_view name, std::string_view text) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
  out += ',';
}

std::string_view tag_of(const InstanceBody& body, std::string_view key, std::string_view otherwise) {
  for (const auto& [name, value] : body.tags) {
    if (name == key) return value;
  }
  return otherwise;
}

// Tags of an instance that another door registered: Envoy reads the last four.
std::string tags_of_other(const Instance& instance) {
  constexpr std::array<std::string_view, 5> kOurs = {"az", "region", "instance_id", "canary",
                                                     "load_balancing_weight"};
  const InstanceBody& body = *instance.body;
  std::string tags = "{";
  for (const auto& [name, value] : body.tags) {
    if (std::ranges::find(kOurs, name) == kOurs.end()) append_pair(tags, name, value);
  }
  append_pair(tags, "az", tag_of(body, "az", ""));
  append_pair(tags, "region", tag_of(body, "region", ""));
  append_pair(tags, "instance_id", tag_of(body, "instance_id", instance.id));
  tags += tag_of(body, "canary", "") == "true" ? "\"canary\":true" : "\"canary\":false";
  const int weight = std::clamp<int>(body.weight_or_default(), 1, 100);
  return tags + ",\"load_balancing_weight\":" + std::to_string(weight) + "}";
}

void append_host(std::string& out, const LyftHost& host) {
  const Instance& instance = *host.instance;
  const InstanceBody& body = *instance.body;
  const WallTime heard =
      host.lease.heartbeat_at == WallTime{} ? instance.created_at : host.lease.heartbeat_at;
  out += '{';
  append_pair(out, "ip_address", net::to_string(*ipv4_of(body)));
  out += "\"port\":" + std::to_string(body.ports.front().number) + ",";
  append_pair(out, "revision", body.version);
  append_pair(out, "service", instance.service);
  append_pair(out, "service_repo_name", body.lyft ? body.lyft->service_repo_name : std::string());
  append_pair(out, "last_check_in", python_time(heard));
  out += "\"tags\":" + (body.lyft ? body.lyft->tags_json : tags_of_other(instance)) + "}";
}

}  // namespace

bool is_listed(const LyftHost& host, const LyftConfig& config) {
  const Instance& instance = *host.instance;
  if (!ipv4_of(*instance.body) || instance.body->ports.empty()) return false;
  if (host.lease.state == LeaseState::suspect) return false;
  if (instance.admin == AdminMode::down || instance.admin == AdminMode::drain || instance.draining_since)
    return false;
  return instance.serving || !config.only_ready;
}

std::string write_hosts(std::string_view what, std::string_view name, std::vector<LyftHost> hosts,
                        const LyftConfig& config) {
  std::ranges::sort(hosts, {}, [](const LyftHost& host) { return host.instance->sequence; });
  std::string out = "{";
  append_pair(out, what, name);
  append_pair(out, "env", config.env);
  out += "\"hosts\":[";
  for (const LyftHost& host : hosts) {
    if (!is_listed(host, config)) continue;
    if (out.back() == '}') out += ',';
    append_host(out, host);
  }
  return out + "]}";
}

}  // namespace muster::registry::api
