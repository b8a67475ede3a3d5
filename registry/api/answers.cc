// Whom the services' answers hold now, with all that is known of their instances: for load balancers, which
// share out by themselves. A registry may hold a hundred thousand services, so they come in pages, and a page
// is collected some services at a time.
#include <algorithm>

#include "registry/api/call.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"
#include "registry/api/query.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::size_t kMostServices = 1'000;   // of one page
constexpr std::size_t kMostInstances = 2'000;  // with these a page ends
constexpr std::size_t kServicesATurn = 128;

struct Answers {
  std::uint64_t revision = 0;
  std::string_view policy;
  std::string service;
  Answering answering;
  std::vector<InstancePtr> instances;
};

struct Page {
  CallPtr call;
  std::uint64_t revision = 0;  // all up to it was visible before the first service was looked at
  std::string glob;
  std::size_t most = 0;
  std::string after;  // the last service in it
  bool has_more = false;
  std::size_t instances = 0;
  std::vector<Answers> services;
};
using PagePtr = std::shared_ptr<Page>;

void append_instances(std::string& out, const std::vector<InstancePtr>& instances) {
  out += '[';
  for (const InstancePtr& instance : instances) {
    if (out.back() != '[') out += ',';
    append_instance(out, *instance, {});
  }
  out += ']';
}

void append_ids(std::string& out, const std::vector<InstancePtr>& instances) {
  for (const InstancePtr& instance : instances) {
    if (out.back() != '[') out += ',';
    append_string(out, instance->id);
  }
}

void append_answers(std::string& out, const Answers& answers) {
  out += "{\"service\":";
  append_string(out, answers.service);
  out += ",\"revision\":";
  append_number(out, answers.revision);
  out += ",\"policy\":";
  append_string(out, answers.policy);
  out += ",\"panic\":";
  append_bool(out, answers.answering.in_panic);
  const bool is_own = answers.answering.fallback.empty();
  out += ",\"answering\":[";
  if (is_own) append_ids(out, answers.answering.instances);
  out += "],\"instances\":";
  append_instances(out, answers.instances);
  out += ",\"fallback\":";
  if (is_own) {
    out += "null}";
    return;
  }
  out += "{\"service\":";
  append_string(out, answers.answering.fallback);
  out += ",\"instances\":";
  append_instances(out, answers.answering.instances);
  out += "}}";
}

std::string page_json(const Page& page) {
  std::string out = "{\"epoch\":";
  append_string(out, page.call->context->epoch);
  out += ",\"revision\":";
  append_number(out, page.revision);
  out += ",\"services\":[";
  for (const Answers& answers : page.services) {
    if (out.back() != '[') out += ',';
    append_answers(out, answers);
  }
  out += "],\"next\":";
  append_string_or_null(out, page.has_more ? page.after : "");
  return out.append("}");
}

void finish(const PagePtr& page, Turn& turn) {
  page->call->revision = turn.registry.revision();
  turn.after_visible([page](Durability) { page->call->send(200, page_json(*page)); });
}

bool is_full(const Page& page) {
  return page.services.size() >= page.most || page.instances >= kMostInstances;
}

void collect(const PagePtr& page, Turn& turn) {
  const auto found = turn.registry.list(page->glob, page->after, kServicesATurn);
  for (const ServiceSummary& service : found) {
    if (is_full(*page)) {
      page->has_more = true;
      return finish(page, turn);
    }
    page->after = service.name;
    if (!service.publishable) continue;
    ServiceView view = turn.registry.view(service.name, turn.now);
    Answering answering = page->call->context->outside.answering_of(service.name);
    page->instances += view.instances.size() + (answering.fallback.empty() ? 0 : answering.instances.size());
    page->services.push_back(
        {view.revision, view.policy, service.name, std::move(answering), std::move(view.instances)});
  }
  if (found.size() < kServicesATurn) return finish(page, turn);
  on_control(page->call, [page](Turn& later) { collect(page, later); });
}

void get_answers(CallPtr call) {
  const Outside& outside = call->context->outside;
  if (!outside.answering_of) return call->refuse({ErrorCode::not_found, "this server answers nobody"});
  if (!is_complete(outside)) return call->refuse(not_complete());
  const auto limit = query_number(call->request, "limit", 1, kMostServices);
  if (!limit) return call->refuse(limit.error());
  auto page = std::make_shared<Page>();
  page->call = call;
  page->glob = call->request.query_value("service").value_or("*");
  page->after = call->request.query_value("after").value_or("");
  page->most = limit->value_or(kMostServices);
  // What the registry has taken before in this turn is in no answer yet. Who goes on from the revision would
  // never hear of it again, so the answers are looked at once all that it counts is visible.
  on_control(std::move(call), [page](Turn& turn) {
    page->revision = turn.registry.revision();
    turn.after_visible(
        [page](Durability) { on_control(page->call, [page](Turn& later) { collect(page, later); }); });
  });
}

}  // namespace

void add_answers_route(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context,
            {"GET", "/api/v1/answers", Scope::read, get_answers, {"service", "limit", "after"}});
}

}  // namespace muster::registry::api
