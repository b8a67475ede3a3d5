#include "tools/config/read_source.h"

namespace muster::config {

void read_marathon_source(Section& section, const std::vector<std::string>& taken,
                          std::vector<MarathonSource>& sources) {
  MarathonSource source;
  source.name = read_source_name(section, "marathon", taken);
  source.urls =
      section.list<std::string>("urls", {}, "an address such as \"http://10.0.0.1:8080\"",
                                [&](std::string_view text) { return read_origin(section, "urls", text); });
  source.urls_file = section.text("urls_file", "");
  if (source.urls_file.empty() && !section.has("urls")) source.urls = {"http://127.0.0.1:8080"};
  if (source.urls_file.empty() && section.is_empty_list("urls"))
    section.error("urls", "or urls_file is required: where Marathon answers");
  source.label_selector = section.text("label_selector", "");
  source.service_name = read_service_name(section, source.service_name, {"{path}", "{source}"});
  SourceRules defaults;
  defaults.refresh = Millis(30'000);
  source.rules = read_source_rules(section, std::move(defaults));
  // It has no zone of its own that could answer SERVFAIL.
  source.rules.stale_action = section.choice("stale_action", "drop", {"drop"});
  section.finish();
  sources.push_back(std::move(source));
}

}  // namespace muster::config
