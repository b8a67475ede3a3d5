// Why an instance is, or is not, in the answers; and one name's answer as it is served now.
#include "registry/api/call.h"
#include "registry/api/instance_json.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;

// [item,…]
template <class Range, class Append>
void append_list(std::string& out, const Range& range, Append append) {
  out += '[';
  for (const auto& item : range) {
    if (&item != &*range.begin()) out += ',';
    append(out, item);
  }
  out += ']';
}

void append_loser(std::string& out, const std::pair<std::string, std::string>& lost) {
  out += "{\"from\":";
  append_string(out, lost.first);
  out += ",\"value\":";
  out += lost.second;
  out += '}';
}

void append_origin(std::string& out, const FieldOrigin& origin) {
  append_string(out, origin.field);
  out += ":{\"value\":";
  out += origin.value_json;
  out += ",\"from\":";
  append_string(out, origin.from);
  out += ",\"lost\":";
  append_list(out, origin.lost, append_loser);
  out += '}';
}

void append_fields(std::string& out, const std::vector<FieldOrigin>& fields) {
  out += ",\"fields\":{";
  for (const FieldOrigin& origin : fields) {
    if (&origin != &fields.front()) out += ',';
    append_origin(out, origin);
  }
  out += '}';
}

void append_claim(std::string& out, const ClaimView& claim) {
  out += "{\"source\":";
  append_string(out, claim.source.name);
  out += ",\"generation\":";
  append_number(out, claim.generation);
  out += ",\"heard_ms_ago\":";
  append_number(out, std::int64_t{claim.heard_ago.count()});
  out += ",\"by\":";
  append_string(out, claim.by);
  if (!claim.alias.empty()) {
    out += ",\"alias\":";
    append_string(out, claim.alias);
  }
  out += ",\"body\":";
  append_body(out, *claim.body);
  out += '}';
}

void append_answer(std::string& out, const PublishedAs::Answer& answer) {
  out += "{\"name\":";
  append_string(out, answer.name);
  out += ",\"type\":";
  append_string(out, answer.type);
  out += ",\"probability\":";
  append_number(out, answer.probability);
  out += ",\"rule\":";
  append_string(out, answer.rule);
  out += '}';
}

std::string explanation_json(const Explanation& explanation, const PublishedAs& published) {
  std::string out = "{\"serving\":";
  append_bool(out, explanation.instance->serving);
  out += ",\"reason\":";
  append_string(out, reason_text(explanation.reason, *explanation.instance));
  append_fields(out, explanation.fields);
  out += ",\"names\":";
  append_list(out, published.names,
              [](std::string& to, const std::string& name) { append_string(to, name); });
  out += ",\"claims\":";
  append_list(out, explanation.claims, append_claim);
  out += ",\"overlay\":";
  append_list(out, explanation.overlay, append_overlay_entry);
  if (!published.answers.empty()) {
    out += ",\"answers\":";
    append_list(out, published.answers, append_answer);
  }
  if (!published.not_in_txt.empty()) {
    out += ",\"not_in_txt\":";
    append_list(out, published.not_in_txt,
                [](std::string& to, const std::string& key) { append_string(to, key); });
  }
  return out.append("}");
}

void explain_instance(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    auto explanation = turn.registry.explain(call->capture(0), call->capture(1), turn.now);
    if (!explanation) return call->refuse(missing_instance(turn.registry, call->capture(0)));
    const auto& published_as = call->context->outside.published_as;
    auto published = published_as ? published_as(*explanation->instance) : PublishedAs{};
    turn.after_visible([call, explanation = std::move(*explanation), published = std::move(published)](
                           Durability) { call->send(200, explanation_json(explanation, published)); });
  });
}

void explain_name(CallPtr call) {
  const auto& explain = call->context->outside.explain_name;
  if (!explain) return call->refuse({ErrorCode::not_found, "this server explains no names"});
  const std::string name(call->request.query_value("name").value_or(""));
  const std::string type(call->request.query_value("type").value_or("A"));
  if (name.empty())
    return call->refuse({ErrorCode::invalid_field, "name is missing: ?name=web.svc.internal", "?name"});
  std::optional<net::IpPrefix> client;
  if (const auto asked = call->request.query_value("client")) {
    client = net::parse_prefix(*asked);
    if (!client)
      return call->refuse(
          {ErrorCode::invalid_field, "is not an address or prefix: ?client=10.0.0.0/24", "?client"});
  }
  on_control(call, [call, name, type, client, &explain](Turn& turn) {
    std::string json = explain(name, type, client);
    if (json.empty())
      return call->refuse({ErrorCode::bad_name, "not a domain name, or not a record type", "?name"});
    turn.after_visible(
        [call, json = std::move(json)](Durability) mutable { call->send(200, std::move(json)); });
  });
}

}  // namespace

void add_explain_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  constexpr std::string_view kInstance = "/api/v1/services/{service}/instances/{id}/explain";
  add_route(router, context, {"GET", kInstance, Scope::read, explain_instance});
  add_route(router, context,
            {"GET", "/api/v1/explain", Scope::read, explain_name, {"name", "type", "client"}});
}

}  // namespace muster::registry::api
