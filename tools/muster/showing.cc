// show: the instances of a service as a table.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "registry/glob.h"
#include "registry/rfc3339.h"
#include "tools/muster/command.h"
#include "tools/muster/instance.h"
#include "tools/muster/json_text.h"
#include "tools/muster/suggest.h"
#include "tools/muster/table.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

constexpr int kWeightsAskedMost = 100;  // instances whose registered weight is asked for, a request each

std::string joined(const json::value* list, const char* separator) {
  std::string text;
  if (list == nullptr || !list->is_array()) return text;
  for (const json::value& item : list->get_array()) text += (text.empty() ? "" : separator) + text_of(item);
  return text;
}

std::string ports_of(const json::object& instance) {
  std::string text;
  const json::value* ports = instance.if_contains("ports");
  if (ports == nullptr || !ports->is_array()) return "-";
  for (const json::value& item : ports->get_array()) {
    const json::object& port = item.as_object();
    if (!text.empty()) text += ",";
    const std::string name = member(port, "name");
    if (!name.empty()) text += name + ":";
    text += member(port, "port");
    if (member(port, "proto") == "udp") text += "/udp";
  }
  return text.empty() ? "-" : text;
}

std::string span_text(std::chrono::milliseconds span) {
  const auto seconds = std::max<std::int64_t>(0, (span.count() + 999) / 1000);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds / 3600) + " h";
}

// {state, what is left}, by the server's clock.
std::pair<std::string, std::string> lease_of(const json::object& instance, std::chrono::system_clock::time_point now) {
  const json::value* value = instance.if_contains("lease");
  if (value == nullptr || !value->is_object()) return {"-", "-"};
  const json::object& lease = value->get_object();
  const auto until = registry::parse_rfc3339(member(lease, "expires_at"));
  const auto left = until ? std::chrono::duration_cast<std::chrono::milliseconds>(*until - now) : std::chrono::milliseconds(0);
  return {member(lease, "state"), until ? span_text(left) : "-"};
}

// Where the operator has set a weight, the one that the instance itself was registered with stands beside it.
class Weights {
 public:
  explicit Weights(const Context& context) : client_(context.client) {
    const json::value overlay = json_of(client_.get("/api/v1/overlay"));
    if (!overlay.is_array()) return;
    for (const json::value& entry : overlay.get_array()) {
      const json::object* object = entry.if_object();
      if (object != nullptr && !member(*object, "weight").empty()) matches_.push_back(member(*object, "match"));
    }
  }

  std::string of(const std::string& service, const json::object& instance) {
    std::string weight = member(instance, "weight");
    const std::string id = member(instance, "id");
    const bool set = std::any_of(matches_.begin(), matches_.end(), [&](const std::string& match) {
      return registry::glob_matches(match, service + "/" + id);
    });
    if (!set || asked_ == kWeightsAskedMost) return weight;
    ++asked_;
    const std::string registered = registered_weight(Instance{service, id, 0, {}});
    return registered.empty() ? weight : weight + " (registered " + registered + ")";
  }

 private:
  std::string registered_weight(const Instance& instance) const {
    const json::value explained = json_of(client_.get(instance.path() + "/explain"));
    boost::system::error_code error;
    const json::value* from = explained.find_pointer("/fields/weight/from", error);
    if (from == nullptr || text_of(*from) != "overlay") return "";
    const json::value* lost = explained.find_pointer("/fields/weight/lost/0/value", error);
    return lost == nullptr ? "1" : text_of(*lost);
  }

  const Client& client_;
  std::vector<std::string> matches_;
  int asked_ = 0;
};

// A URL without addresses, for it has no host or that is not resolved, stands for itself.
std::string places_of(const json::object& instance) {
  const std::string addresses = joined(instance.if_contains("addresses"), ",");
  return addresses.empty() ? member(instance, "url") : addresses;
}

}  // namespace

ExitCode show_service(const Context& context, const std::string& service) {
  const Reply reply = context.client.get("/api/v1/services/" + encoded(service));
  if (const ExitCode code = report_about(context, reply, service); code != done) return code;
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
    return done;
  }
  Table table({"ID", "ADDRESS", "PORTS", "WEIGHT", "STATE", "REASON", "SOURCE", "LEASE", "LEFT"});
  Weights weights(context);
  const auto now = reply.date.value_or(std::chrono::system_clock::now());
  const json::value value = json_of(reply);
  for (const json::value& item : value.as_object().at("instances").as_array()) {
    const json::object& instance = item.as_object();
    const auto [lease, left] = lease_of(instance, now);
    table.add({member(instance, "id"), places_of(instance), ports_of(instance), weights.of(service, instance),
               member(instance, "state"), member(instance, "reason"),
               joined(instance.if_contains("sources"), ","), lease, left});
  }
  std::printf("%s", table.text().c_str());
  return done;
}

}  // namespace muster::cli
