// What a scheduler's source adds to the explanation of a name in its zone: how the source fares, and each
// element behind a record, with the name that the scheduler gave it, in the answer or not.
#include "registry/json_text.h"
#include "registry/label.h"
#include "tools/musterd/scheduler_one.h"
#include "tools/musterd/schedulers.h"

namespace muster::tools {

namespace {

using zones::MesosView;

// Of a cluster of more tasks not all are looked at: they are worked out again, on the control thread, at some
// 2 us each.
constexpr std::size_t kMostTasks = 20'000;
constexpr std::size_t kMostDropped = 1'000;
constexpr std::size_t kMostLeftOut = 1'000;  // of each source

void append_text(std::string& out, char before, std::string_view name, std::string_view text) {
  (out += before).append("\"").append(name).append("\":");
  registry::append_json_string(out, text);
}

void append_flag(std::string& out, std::string_view name, bool flag) {
  out.append(",\"").append(name).append("\":").append(flag ? "true" : "false");
}

void append_source(std::string& out, const registry::SourceStatus& status, net::WallTime now) {
  append_text(out, '{', "name", status.name);
  append_text(out, ',', "state", status.state);
  append_flag(out, "from_store", status.from_store);
  out.append(",\"held\":").append(std::to_string(status.held)).append(",\"age_ms\":");
  out.append(status.last_success ? std::to_string((now - *status.last_success).count()) : "null");
  append_text(out, ',', "error", status.error ? status.error->message : "");
  out += '}';
}

void append_left_out(std::string& out, std::string_view source, const registry::SchedulerWithheld& task) {
  if (out.back() != '[') out += ',';
  append_text(out, '{', "source", source);
  append_text(out, ',', "id", task.id);
  append_text(out, ',', "raw", task.name);
  append_text(out, ',', "framework", task.framework);
  append_text(out, ',', "agent", task.agent_id);
  append_text(out, ',', "reason", task.withheld_for);
  out += ",\"addresses\":[";
  for (const auto& address : task.addresses) {
    if (out.back() != '[') out += ',';
    registry::append_json_string(out, net::to_string(address));
  }
  out += "]}";
}

std::string_view reason_of(const MesosView::Contribution& one) {
  if (one.is_published) return "ok";
  if (!one.withheld.empty()) return one.withheld;
  return "name_taken";
}

// What the zone leaves out of what is served: told at its apex, for the names are none that could be asked.
void append_dropped(std::string& out, const MesosView& view) {
  std::size_t left = kMostDropped;
  bool is_all = true;
  out += ",\"dropped\":[";
  view.visit_dropped([&](const zones::naming::MesosDropped& dropped) {
    if (left == 0) return void(is_all = false);
    --left;
    if (out.back() != '[') out += ',';
    append_text(out, '{', "reason", zones::naming::to_string(dropped.reason));
    append_text(out, ',', "what", dropped.what);
    out += '}';
  });
  out += ']';
  append_flag(out, "all_dropped", is_all);
}

void append_element(std::string& out, const MesosView::Contribution& one) {
  if (out.back() != '[') out += ',';
  append_text(out, '{', "type", zones::to_string(one.record.type));
  append_text(out, ',', "data", one.has_data ? zones::rdata_text(one.record.type, one.record.rdata) : "");
  append_flag(out, "serving", one.is_published);
  append_text(out, ',', "reason", reason_of(one));
  append_text(out, ',', "rule", zones::naming::to_string(one.record.rank));
  append_text(out, ',', "element", one.element);
  append_text(out, ',', "id", one.id);
  append_text(out, ',', "raw", one.raw);
  append_text(out, ',', "framework", one.framework);
  append_text(out, ',', "agent", one.agent_id);
  out += '}';
}

}  // namespace

void Schedulers::One::leave_out(const registry::SchedulerStep<registry::SchedulerWithheld>& step) {
  if (step.before && !step.before->service.empty()) {
    const auto at = left_out.find(registry::ascii_lower(step.before->service));
    if (at == left_out.end()) return;
    at->second.replace(step.before, nullptr);
    if (at->second.size() == 0) left_out.erase(at);
  }
  if (step.after && !step.after->service.empty())
    left_out[registry::ascii_lower(step.after->service)].replace(nullptr, step.after);
}

// Tasks that are no instances of the service, though they would be.
std::string Schedulers::explain_service(const std::string& service) const {
  std::string out = ",\"left_out\":[";
  bool is_all = true;
  for (const auto& one : all_) {
    const auto found = one->left_out.find(service);
    if (found == one->left_out.end()) continue;
    const auto more = found->second.visit(0, kMostLeftOut, [&](const registry::SchedulerWithheld& task) {
      append_left_out(out, one->name, task);
    });
    is_all = is_all && !more;
  }
  out += ']';
  append_flag(out, "all_left_out", is_all);
  return out;
}

std::string Schedulers::explain(const zones::Name& owner, std::optional<zones::RrType> type,
                                const std::string& service, net::WallTime now) const {
  if (!service.empty()) return all_.empty() ? "" : explain_service(service);
  const zones::Zone* zone = names_.zones.zone_of(owner);
  for (const auto& one : all_) {
    if (!one->zone || &one->zone->zone() != zone) continue;
    std::string out = ",\"source\":";
    append_source(out, one->source->status(), now);
    out += ",\"elements\":[";
    const bool is_all = one->zone->view().visit_contributions(
        owner, kMostTasks, [&](const MesosView::Contribution& contribution) {
          if (!type || *type == contribution.record.type) append_element(out, contribution);
        });
    out += ']';
    append_flag(out, "all_elements", is_all);
    if (owner == one->zone->view().config().naming.domain) append_dropped(out, one->zone->view());
    return out;
  }
  return "";
}

}  // namespace muster::tools
