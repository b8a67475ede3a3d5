#include "registry/sources/zookeeper_nodes.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "registry/sources/json_element.h"
#include "registry/sources/mesos_pid.h"

namespace muster::registry::sources {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostNodeOctets = std::size_t{64} * 1024;
constexpr std::size_t kMostDepth = 16;
constexpr std::string_view kJson = "json.info_";
constexpr std::string_view kProtobuf = "info_";

// ZooKeeper counts with ten digits; with leading zeros, so names of one length are in the order of their
// numbers.
bool is_numbered(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  name.remove_prefix(prefix.size());
  return name.size() == 10 &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<json::object> read_object(std::string_view data) {
  json::parse_options options;
  options.max_depth = kMostDepth;
  json::error_code error;
  json::value value = json::parse({data.data(), data.size()}, error, {}, options);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::optional<std::uint16_t> port_at(const json::object& object) {
  const json::value* value = member(object, "port");
  if (value == nullptr) return std::nullopt;
  boost::system::error_code error;
  const auto port = value->to_number<std::uint16_t>(error);
  return error ? std::nullopt : std::optional(port);
}

std::optional<net::Endpoint> address_of(const json::object& info) {
  const json::object* address = object_at(info, "address");
  if (address == nullptr) return std::nullopt;
  const auto ip = net::parse_ip(text_at(*address, "ip"));
  const auto port = port_at(*address);
  if (!ip || !port) return std::nullopt;
  return net::Endpoint{*ip, *port};
}

std::optional<net::Endpoint> pid_of(const json::object& info) {
  const auto pid = parse_mesos_pid(text_at(info, "pid"));
  if (!pid) return std::nullopt;
  const auto ip = net::parse_ip(pid->host);
  return ip ? std::optional(net::Endpoint{*ip, pid->port}) : std::nullopt;
}

}  // namespace

std::string_view reason_of(MasterNodeFault fault) {
  switch (fault) {
    case MasterNodeFault::too_long: return "node_too_long";
    case MasterNodeFault::not_json: return "node_not_json";
    case MasterNodeFault::no_address: return "node_no_address";
    case MasterNodeFault::unusable: break;
  }
  return "node_unusable";
}

MasterNodeResult read_master_node(std::string_view data) {
  if (data.size() > kMostNodeOctets) return MasterNodeFault::too_long;
  const auto info = read_object(data);
  if (!info) return MasterNodeFault::not_json;
  auto at = address_of(*info);
  if (!at) at = pid_of(*info);
  if (!at) return MasterNodeFault::no_address;
  const net::IpAddress& ip = at->address;
  if (ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast() || at->port == 0)
    return MasterNodeFault::unusable;
  return *at;
}

MasterNodes master_nodes(const std::vector<std::string>& children) {
  MasterNodes nodes;
  std::size_t old = 0;
  for (const std::string& child : children) {
    if (is_numbered(child, kJson)) {
      nodes.names.push_back(child);
    } else {
      old += is_numbered(child, kProtobuf) ? 1 : 0;
      drop(nodes.dropped, "node_other");
    }
  }
  std::sort(nodes.names.begin(), nodes.names.end());
  for (; nodes.names.size() > MasterNodes::kMostMasters; nodes.names.pop_back())
    drop(nodes.dropped, "node_too_many");
  nodes.is_old = nodes.names.empty() && old > 0;
  return nodes;
}

AnnouncedMasters announced_masters(const MasterNodes& nodes, const std::map<std::string, std::string>& data) {
  AnnouncedMasters masters{{}, nodes.dropped};
  for (const std::string& name : nodes.names) {
    const auto found = data.find(name);
    if (found == data.end()) continue;
    const auto at = read_master_node(found->second);
    if (!at) {
      drop(masters.dropped, reason_of(at.error()));
    } else if (std::find(masters.listed.begin(), masters.listed.end(), *at) == masters.listed.end()) {
      masters.listed.push_back(*at);  // one that came back before its old session ended stands there twice
    }
  }
  return masters;
}

}  // namespace muster::registry::sources
