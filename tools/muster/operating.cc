// reload, stats, dump, check-config.
#include <cstdio>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "registry/net/file_text.h"
#include "tools/config/check_files.h"
#include "tools/config/import_mesos_dns.h"
#include "tools/muster/command.h"
#include "tools/muster/import/ultraesb.h"
#include "tools/muster/json_text.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

ExitCode print_reply(const Context& context, const Reply& reply) {
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  std::printf("%s", context.json ? (reply.body + "\n").c_str() : outline(json_of(reply)).c_str());
  return done;
}

}  // namespace

ExitCode reload(const Context& context, const std::vector<std::string>& discard) {
  json::object body;
  if (!discard.empty()) body["discard"] = json::array(discard.begin(), discard.end());
  return print_reply(context, context.client.request("POST", "/api/v1/reload", json::serialize(body)));
}

ExitCode flush_cache(const Context& context, const std::string& name) {
  return print_reply(context, context.client.request("DELETE", "/api/v1/cache?name=" + encoded(name), ""));
}

ExitCode show_stats(const Context& context) {
  return print_reply(context, context.client.get("/api/v1/stats"));
}

ExitCode dump_zone(const Context& context, const std::string& zone) {
  const Reply reply = context.client.get("/api/v1/zones/" + encoded(zone));
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  std::printf("%s", context.json ? (compact(json::object{{"zone", zone}, {"text", reply.body}}) + "\n").c_str() : reply.body.c_str());
  return done;
}

ExitCode check_config(const std::string& file, bool as_json) {
  const config::Findings found = config::check_config(file);
  const bool good = found.errors.empty();
  if (as_json) {
    const auto list = [](const std::vector<std::string>& lines) {
      return json::array(lines.begin(), lines.end());
    };
    const json::object verdict{
        {"good", good}, {"errors", list(found.errors)}, {"warnings", list(found.warnings)}};
    std::printf("%s\n", compact(verdict).c_str());
    return good ? done : wrong_usage;
  }
  for (const auto* lines : {&found.warnings, &found.errors}) {
    for (const std::string& line : *lines) std::fprintf(stderr, "%s\n", line.c_str());
  }
  if (!good) return wrong_usage;
  std::printf("%s: good\n", file.c_str());
  return done;
}

namespace {

config::ImportedConfig imported_from(const std::string& from, const std::string& file) {
  if (from == "mesos-dns") return config::import_mesos_dns_file(file, config::Secrets::named);
  const auto text = net::file_text(file, net::kConfigFile);
  if (text) return import_ultraesb(*text, file);
  return {"", {}, {file + ": cannot be read: " + text.error().message()}};
}

}  // namespace

ExitCode import_config(const std::string& from, const std::string& file) {
  const config::ImportedConfig imported = imported_from(from, file);
  for (const std::string& error : imported.errors) std::fprintf(stderr, "%s\n", error.c_str());
  for (const std::string& warning : imported.warnings) std::fprintf(stderr, "%s\n", warning.c_str());
  if (!imported.errors.empty()) return wrong_usage;
  std::printf("%s", imported.toml.c_str());
  return done;
}

}  // namespace muster::cli
