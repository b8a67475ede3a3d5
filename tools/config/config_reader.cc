#include "tools/config/config_reader.h"

#include <unistd.h>

#include <array>

#include "registry/net/file_text.h"
#include "tools/config/check_whole.h"
#include "tools/config/read_checks.h"
#include "tools/config/read_sections.h"
#include "tools/config/read_source.h"

namespace muster::config {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "muster";
}

// "dns.udp_threads=1" into the table; the value is TOML, or else a bare word.
std::string apply_override(toml::table& root, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == text.npos || equals == 0) return "--set " + text + ": write it as KEY=VALUE";
  std::string value_text = text.substr(equals + 1);
  toml::table parsed;
  try {
    parsed = toml::parse("v = " + value_text);
  } catch (const toml::parse_error&) {
    parsed.insert_or_assign("v", value_text);
  }
  toml::table* at = &root;
  std::string path = text.substr(0, equals);
  for (auto dot = path.find('.'); dot != path.npos; dot = path.find('.')) {
    const std::string key = path.substr(0, dot);
    if (!at->contains(key)) at->insert(key, toml::table{});
    at = at->get(key)->as_table();
    if (at == nullptr) return "--set " + text + ": " + key + " is not a table";
    path.erase(0, dot + 1);
  }
  at->insert_or_assign(path, *parsed.get("v"));
  return "";
}

template <class T>
void read_section(Section& root, std::string_view key, T& part, void (*read)(Section&, T&)) {
  static const toml::table kEmpty;
  if (auto section = root.table(key)) return read(*section, part);
  Section empty(kEmpty, std::string(key), root.diagnostics());
  read(empty, part);
}

void read_sources(Section& root, Config& config) {
  auto source = root.table("source");
  if (!source) return;
  for (Section& table : source->tables("static")) read_static_source(table, config.static_instances);
  std::vector<std::string> names = {"static"};
  for (Section& table : source->tables("mesos")) {
    read_mesos_source(table, names, config.mesos);
    names.push_back(config.mesos.back().name);
  }
  for (Section& table : source->tables("marathon")) {
    read_marathon_source(table, names, config.marathon);
    names.push_back(config.marathon.back().name);
  }
  source->finish();
}

void read_metrics(Section& root, Config& config) {
  if (auto section = root.table("metrics")) {
    config.metrics = section->flag("enabled", true);
    section->finish();
  }
}

void refuse_parts_not_built(Section& root) { root.not_built("cluster", "the cluster"); }

void read_root(Section& root, Config& config) {
  config.server.name = host_name();
  read_section(root, "server", config.server, read_server);
  read_section(root, "dns", config.dns, read_dns);
  for (Section& key : root.tables("key")) read_key(key, config.keys);
  read_section(root, "zones", config.zones, read_zones);
  read_section(root, "registry", config.registry, read_registry);
  read_section(root, "store", config.store, read_store);
  read_section(root, "http", config.http, read_http);
  read_section(root, "forward", config.forward, read_forward);
  read_section(root, "log", config.log, read_log);
  read_sources(root, config);
  read_section(root, "health", config.health, read_health);
  for (auto& [name, section] : root.named_tables("service"))
    read_service(section, config.services[name], config.health);
  read_metrics(root, config);
  refuse_parts_not_built(root);
  root.finish();
}

void resolve(std::filesystem::path& path, const std::filesystem::path& folder) {
  if (!path.empty() && path.is_relative()) path = folder / path;
}

void resolve_paths(SourceRules& rules, const std::filesystem::path& folder) {
  for (auto* path : {&rules.tls.ca_file, &rules.tls.cert_file, &rules.tls.key_file}) resolve(*path, folder);
}

void resolve_paths(Config& config) {
  const std::filesystem::path folder = config.file.parent_path();
  resolve(config.store.path, folder);
  resolve(config.http.tls_certificate, folder);
  resolve(config.http.tls_key, folder);
  resolve(config.http.tls_client_ca, folder);
  for (ZoneFile& file : config.zones.files) resolve(file.file, folder);
  for (MesosSource& source : config.mesos) resolve_paths(source.rules, folder);
  for (MarathonSource& source : config.marathon) {
    resolve(source.urls_file, folder);
    resolve_paths(source.rules, folder);
  }
}

LoadResult load_table(toml::table table, const std::string& file, const std::vector<std::string>& overrides) {
  LoadResult result;
  result.config.file = file;
  for (const std::string& text : overrides) {
    if (const std::string error = apply_override(table, text); !error.empty()) result.errors.push_back(error);
  }
  Diagnostics diagnostics(file.empty() ? "--dev" : file);
  Section root(table, "", diagnostics);
  read_root(root, result.config);
  if (diagnostics.ok()) check_whole(table, result.config, diagnostics);
  resolve_paths(result.config);
  for (std::string& line : diagnostics.lines()) result.errors.push_back(std::move(line));
  result.known_keys = diagnostics.known();
  return result;
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& file,
                     const std::vector<std::string>& overrides) {
  try {
    return load_table(toml::parse(text, std::string_view(file)), file, overrides);
  } catch (const toml::parse_error& error) {
    Diagnostics diagnostics(file);
    const auto& begin = error.source().begin;
    diagnostics.error({begin.line, begin.column}, "", error.description());
    LoadResult result;
    result.errors = diagnostics.lines();
    return result;
  }
}

LoadResult load_file(const std::string& file, const std::vector<std::string>& overrides) {
  const auto text = net::file_text(file, net::kConfigFile);
  if (text) return load_text(*text, file, overrides);
  LoadResult result;
  result.errors.push_back(file + ": cannot be read: " + text.error().message());
  return result;
}

LoadResult load_dev(const std::vector<std::string>& overrides) {
  toml::table table;
  table.insert("store", toml::table{{"kind", "memory"}});
  return load_table(std::move(table), "", overrides);
}

}  // namespace muster::config
