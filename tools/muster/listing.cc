// list, explain, watch.
#include <cstdio>

#include "tools/muster/command.h"
#include "tools/muster/json_text.h"
#include "tools/muster/suggest.h"
#include "tools/muster/table.h"

namespace muster::cli {

namespace json = boost::json;

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

ExitCode explain(const Context& context, const std::string& name, const std::string& type,
                 const std::string& client) {
  // "service/id" asks about an instance, anything else is a domain name.
  const auto slash = name.find('/');
  const std::string path = slash == name.npos
                               ? "/api/v1/explain?name=" + encoded(name) +
                                     (type.empty() ? "" : "&type=" + encoded(type)) +
                                     (client.empty() ? "" : "&client=" + encoded(client))
                               : "/api/v1/services/" + encoded(name.substr(0, slash)) + "/instances/" +
                                     encoded(name.substr(slash + 1)) + "/explain";
  const Reply reply = context.client.get(path);
  const ExitCode code = slash == name.npos
                            ? report(context.client, reply)
                            : report_about(context, reply, name.substr(0, slash), name.substr(slash + 1));
  if (code != done) return code;
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
