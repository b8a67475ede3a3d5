// list, show, explain, watch.
#include <algorithm>
#include <cstdio>

#include "tools/muster/command.h"
#include "tools/muster/json_text.h"
#include "tools/muster/table.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

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

std::string lease_of(const json::object& instance) {
  const json::value* lease = instance.if_contains("lease");
  if (lease == nullptr || !lease->is_object()) return "-";
  return member(lease->get_object(), "state") + " to " + member(lease->get_object(), "expires_at");
}

// Asks for the nearest name when a service is not there.
std::string nearest_service(const Context& context, const std::string& wanted) {
  const json::value value = json_of(context.client.get("/api/v1/services?limit=1000"));
  if (!value.is_object()) return "";
  std::string best;
  std::size_t most = 0;
  for (const json::value& item : value.get_object().at("services").as_array()) {
    const std::string name = member(item.as_object(), "name");
    const auto same = static_cast<std::size_t>(
        std::mismatch(name.begin(), name.end(), wanted.begin(), wanted.end()).first - name.begin());
    if (same > most) {
      most = same;
      best = name;
    }
  }
  return best;
}

}  // namespace

ExitCode list_services(const Context& context, const std::string& glob) {
  Table table({"SERVICE", "READY", "INSTANCES", "PUBLISHED"});
  json::array all;
  std::string after;
  do {
    const std::string query = "/api/v1/services?limit=1000&glob=" + encoded(glob) +
                              (after.empty() ? "" : "&after=" + encoded(after));
    const Reply reply = context.client.get(query);
    if (const ExitCode code = report(context.client, reply); code != done) return code;
    const json::value page = json_of(reply);
    for (const json::value& item : page.as_object().at("services").as_array()) {
      const json::object& service = item.as_object();
      table.add({member(service, "name"), member(service, "ready"), member(service, "instances"),
                 member(service, "publishable")});
      all.push_back(item);
    }
    after = member(page.as_object(), "next");
  } while (!after.empty());
  std::printf(
      "%s", context.json ? (compact(json::object{{"services", all}}) + "\n").c_str() : table.text().c_str());
  return done;
}

ExitCode show_service(const Context& context, const std::string& service) {
  const Reply reply = context.client.get("/api/v1/services/" + encoded(service));
  if (reply.status == 404) {
    const std::string near = nearest_service(context, service);
    std::fprintf(stderr, "muster: no service %s%s\n", service.c_str(),
                 near.empty() ? "" : (" (did you mean " + near + "?)").c_str());
    return not_found;
  }
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
    return done;
  }
  Table table({"ID", "ADDRESS", "PORTS", "WEIGHT", "STATE", "REASON", "SOURCE", "LEASE"});
  const json::value value = json_of(reply);
  for (const json::value& item : value.as_object().at("instances").as_array()) {
    const json::object& instance = item.as_object();
    table.add({member(instance, "id"), joined(instance.if_contains("addresses"), ","), ports_of(instance),
               member(instance, "weight"), member(instance, "state"), member(instance, "reason"),
               joined(instance.if_contains("sources"), ","), lease_of(instance)});
  }
  std::printf("%s", table.text().c_str());
  return done;
}

ExitCode explain(const Context& context, const std::string& name, const std::string& type) {
  // "service/id" asks about an instance, anything else is a domain name.
  const auto slash = name.find('/');
  const std::string path =
      slash == name.npos
          ? "/api/v1/explain?name=" + encoded(name) + (type.empty() ? "" : "&type=" + encoded(type))
          : "/api/v1/services/" + encoded(name.substr(0, slash)) + "/instances/" +
                encoded(name.substr(slash + 1)) + "/explain";
  const Reply reply = context.client.get(path);
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  std::printf("%s", context.json ? (reply.body + "\n").c_str() : outline(json_of(reply)).c_str());
  return done;
}

ExitCode watch(const Context& context, const std::string& glob) {
  std::string event;
  const Reply reply =
      context.client.stream("/api/v1/watch?service=" + encoded(glob), [&](std::string_view line) {
        while (line.ends_with('\r')) line.remove_suffix(1);
        if (line.starts_with("event: ")) event = line.substr(7);
        if (!line.starts_with("data: ")) return true;
        if (context.json) {
          std::printf("{\"event\":\"%s\",\"data\":%s}\n", event.c_str(), std::string(line.substr(6)).c_str());
        } else {
          std::printf("%s\n", watch_line(event, line.substr(6)).c_str());
        }
        std::fflush(stdout);
        return true;
      });
  if (reply.ok()) {
    std::fprintf(stderr, "muster: the stream from %s has ended\n", context.client.server().c_str());
    return refused;
  }
  return report(context.client, reply);
}

}  // namespace muster::cli
