#include "tools/muster/suggest.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "tools/config/diagnostics.h"
#include "tools/muster/json_text.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

constexpr int kPagesMost = 10;  // of 1,000 services: a typing error is not worth more

const json::array* member_list(const json::value& value, std::string_view name) {
  const json::object* object = value.if_object();
  const json::value* list = object == nullptr ? nullptr : object->if_contains(json::string_view(name.data(), name.size()));
  return list == nullptr ? nullptr : list->if_array();
}

void add_members(std::vector<std::string>& names, const json::array* list, std::string_view name) {
  if (list == nullptr) return;
  for (const json::value& item : *list) {
    if (const json::object* object = item.if_object()) names.push_back(member(*object, name));
  }
}

std::vector<std::string> services(const Client& client) {
  std::vector<std::string> names;
  std::string after;
  for (int page = 0; page < kPagesMost; ++page) {
    const json::value value =
        json_of(client.get("/api/v1/services?limit=1000" + (after.empty() ? "" : "&after=" + encoded(after))));
    add_members(names, member_list(value, "services"), "name");
    after = value.is_object() ? member(value.get_object(), "next") : "";
    if (after.empty()) break;
  }
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  const std::string near = config::nearest(word, known);
  return near.empty() || near == word ? "" : " (did you mean " + near + "?)";
}

}  // namespace

ExitCode report_about(const Context& context, const Reply& reply, const std::string& service, const std::string& id) {
  if (reply.status != 404) return report(context.client, reply);
  const Reply found = context.client.get("/api/v1/services/" + encoded(service));
  if (found.ok() && id.empty()) return report(context.client, reply);
  if (found.ok()) {
    std::vector<std::string> ids;
    const json::value value = json_of(found);
    add_members(ids, member_list(value, "instances"), "id");
    std::fprintf(stderr, "muster: service %s has no instance %s%s\n", service.c_str(), id.c_str(),
                 did_you_mean(id, ids).c_str());
  } else if (found.status == 404) {
    std::fprintf(stderr, "muster: no service %s%s\n", service.c_str(),
                 did_you_mean(service, services(context.client)).c_str());
  } else {
    return report(context.client, reply);  // this token may not look
  }
  return not_found;
}

ExitCode report_about_source(const Context& context, const Reply& reply, const std::string& source) {
  const Reply all = reply.status == 404 ? context.client.get("/api/v1/sources") : Reply{};
  std::vector<std::string> names;
  const json::value value = json_of(all);
  add_members(names, member_list(value, "sources"), "name");
  // One that is there takes no such word, and the reply says why.
  if (names.empty() || std::find(names.begin(), names.end(), source) != names.end())
    return report(context.client, reply);
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  const std::string meant = did_you_mean(source, names);
  std::fprintf(stderr, "muster: no source %s%s\n", source.c_str(),
               meant.empty() ? (" (the sources are " + list + ")").c_str() : meant.c_str());
  return not_found;
}

}  // namespace muster::cli
