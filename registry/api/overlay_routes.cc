// The operator's overlay: the whole list as a JSON array, with its own revision as entity tag.
#include "registry/api/call.h"
#include "registry/api/entity_tag.h"
#include "registry/api/instance_json.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::string_view kOverlay = "/api/v1/overlay";

struct Listing {
  std::vector<OverlayEntry> entries;
  std::uint64_t revision = 0;
};

Listing listing_of(const Registry& registry) { return {registry.overlay(), registry.overlay_revision()}; }

std::string list_json(const std::vector<OverlayEntry>& entries) {
  std::string out = "[";
  for (const OverlayEntry& entry : entries) {
    if (out.size() > 1) out += ',';
    append_overlay_entry(out, entry);
  }
  return out.append("]");
}

void send_list(Call& call, const Listing& listing, bool durable) {
  http::Headers headers = durability_header(durable);
  headers.emplace_back("ETag", entity_tag(call.context->epoch, listing.revision));
  call.send(200, list_json(listing.entries), std::move(headers));
}

void get_overlay(CallPtr call) {
  on_control(call, [call](Turn& turn) {
    turn.after_visible([call, listing = listing_of(turn.registry)](Durability) {
      const std::string tag = entity_tag(call->context->epoch, listing.revision);
      if (!matches_any(call->request.header("If-None-Match"), tag)) return send_list(*call, listing, true);
      call->send_as(304, "", "", {{"ETag", tag}});
    });
  });
}

void edit_overlay(CallPtr call, OverlayEdit edit) {
  on_control(call, [call, edit = std::move(edit)](Turn& turn) mutable {
    if (!has_room(*call, turn)) return;
    auto outcome = turn.registry.apply(std::move(edit), turn.now);
    if (!outcome) return call->refuse(api_error(outcome.error()));
    acknowledge(call, turn, *outcome, [call, listing = listing_of(turn.registry)](bool durable) {
      send_list(*call, listing, durable);
    });
  });
}

// The revision that must still be the overlay's; absent: replace whatever is there.
ReadResult<std::optional<std::uint64_t>> read_if_match(const Call& call) {
  using Wanted = std::optional<std::uint64_t>;
  const std::string_view if_match = call.request.header("If-Match");
  if (if_match.empty() || if_match == "*") return Wanted{};
  const auto revision = revision_of(if_match, call.context->epoch);
  if (revision) return Wanted{*revision};
  if (revision.error() == TagError::other_store) {
    return ReadError{ErrorCode::precondition_failed,
                     "the tag is of another store's epoch: GET the overlay again", ""};
  }
  return ReadError{ErrorCode::invalid_field, "If-Match takes one tag as GET gave it, or *", ""};
}

void put_overlay(CallPtr call) {
  auto wanted = read_if_match(*call);
  if (!wanted) return call->refuse(wanted.error());
  auto entries = read_overlay(call->request.body, call->read_context());
  if (!entries) return call->refuse(entries.error());
  OverlayEdit edit;
  edit.kind = OverlayEdit::Kind::replace_all;
  edit.entries = std::move(*entries);
  edit.if_revision = *wanted;
  edit_overlay(std::move(call), std::move(edit));
}

void post_overlay(CallPtr call) {
  auto entry = read_overlay_entry(call->request.body, call->read_context());
  if (!entry) return call->refuse(entry.error());
  OverlayEdit edit;
  edit.kind = OverlayEdit::Kind::append;
  edit.entries.push_back(std::move(*entry));
  edit_overlay(std::move(call), std::move(edit));
}

void delete_overlay(CallPtr call) {
  const auto match = call->request.query_value("match");
  if (!match || match->empty()) {
    return call->refuse(
        {ErrorCode::invalid_field, "match is missing: ?match=web/i1, as the entry has it", "?match"});
  }
  OverlayEdit edit;
  edit.kind = OverlayEdit::Kind::remove_match;
  edit.match = *match;
  edit_overlay(std::move(call), std::move(edit));
}

}  // namespace

void add_overlay_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  add_route(router, context, {"GET", kOverlay, Scope::read, get_overlay});
  add_route(router, context, {"PUT", kOverlay, Scope::admin, put_overlay});
  add_route(router, context, {"POST", kOverlay, Scope::admin, post_overlay});
  add_route(router, context, {"DELETE", kOverlay, Scope::admin, delete_overlay, {"match"}});
}

}  // namespace muster::registry::api
