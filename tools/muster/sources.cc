// source: how the sources of services fare, and what an operator may ask of one.
#include <cstdio>

#include "tools/muster/command.h"
#include "tools/muster/json_text.h"
#include "tools/muster/suggest.h"
#include "tools/muster/table.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

constexpr const char* kSources = "/api/v1/sources";

std::string dash_if_empty(std::string text) { return text.empty() ? "-" : text; }

// "1.271 s"
std::string age_of(const json::object& source) {
  const json::value* age = source.if_contains("age_ms");
  if (age == nullptr || !age->is_number()) return "-";
  return plain_decimal(age->to_number<double>() / 1000) + " s";
}

std::string member_of(const json::object& source, std::string_view object, std::string_view name) {
  const json::value* value = source.if_contains(object);
  return value == nullptr || !value->is_object() ? "" : member(value->get_object(), name);
}

ExitCode tell(const Context& context, const std::string& source, const char* what, const char* done_text) {
  const Reply reply =
      context.client.request("POST", std::string(kSources) + "/" + encoded(source) + "/" + what, "");
  if (!reply.ok()) return report_about_source(context, reply, source);
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
    return done;
  }
  const json::value value = json_of(reply);
  const std::string held = value.is_object() ? member(value.get_object(), "held") : "";
  std::printf("%s: %s (held: %s); muster source show %s tells what comes of it\n", source.c_str(), done_text,
              held.c_str(), source.c_str());
  return done;
}

}  // namespace

ExitCode list_sources(const Context& context) {
  const Reply reply = context.client.get(kSources);
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
    return done;
  }
  Table table({"NAME", "TYPE", "STATE", "MODE", "ENDPOINT", "ROUTABLE", "INSTANCES", "HELD", "AGE", "ERROR"});
  const json::value value = json_of(reply);
  for (const json::value& item : value.as_object().at("sources").as_array()) {
    const json::object& source = item.as_object();
    table.add({member(source, "name"), member(source, "type"), member(source, "state"),
               dash_if_empty(member(source, "mode")), dash_if_empty(member(source, "endpoint")),
               member_of(source, "instances", "routable"), member_of(source, "instances", "total"),
               member(source, "held"), age_of(source), dash_if_empty(member_of(source, "error", "kind"))});
  }
  std::printf("%s", table.text().c_str());
  return done;
}

ExitCode show_source(const Context& context, const std::string& source) {
  const Reply reply = context.client.get(std::string(kSources) + "/" + encoded(source));
  if (!reply.ok()) return report_about_source(context, reply, source);
  std::printf("%s", context.json ? (reply.body + "\n").c_str() : outline(json_of(reply)).c_str());
  return done;
}

ExitCode resync_source(const Context& context, const std::string& source) {
  return tell(context, source, "resync", "asks for everything now");
}

ExitCode accept_source(const Context& context, const std::string& source) {
  return tell(context, source, "accept", "what it held is given up");
}

}  // namespace muster::cli
