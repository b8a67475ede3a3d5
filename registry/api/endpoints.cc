// GET /api/v1: what this server can be asked, for people and tools that meet it for the first time.
#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;

void append_endpoint(std::string& out, const EndpointLine& endpoint) {
  out += "{\"method\":";
  append_string(out, endpoint.method);
  out += ",\"path\":";
  append_string(out, endpoint.path);
  out += ",\"scope\":";
  append_string(out, endpoint.scope);
  out += '}';
}

void get_endpoints(CallPtr call) {
  const Outside& outside = call->context->outside;
  const ServerFacts facts = outside.facts ? outside.facts() : ServerFacts{};
  std::string out = "{\"name\":";
  append_string(out, facts.name);
  out += ",\"version\":";
  append_string(out, facts.version);
  out += ",\"endpoints\":[";
  if (outside.endpoints) {
    for (const EndpointLine& endpoint : outside.endpoints()) {
      if (out.back() != '[') out += ',';
      append_endpoint(out, endpoint);
    }
  }
  call->send(200, out.append("]}"));
}

}  // namespace

void add_endpoints_route(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", "/api/v1", Scope::read, get_endpoints});
}

}  // namespace muster::registry::api
