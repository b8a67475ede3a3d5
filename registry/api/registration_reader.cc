// Registrations, one and many.
#include <utility>

#include "registry/api/batch_reader.h"
#include "registry/api/limits.h"
#include "registry/api/native_names.h"
#include "registry/limits.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;

// "10.0.0.7" and 8080: "10-0-0-7-8080"; of a host name "db-example-5432"; "": of a URL without a host there
// is none.
std::string derived_id(const InstanceBody& body) {
  if (is_hostless(body)) return {};
  std::string id = is_by_host(body) ? body.url->host : net::to_string(body.addresses.front());
  for (char& c : id) {
    if (c == '.' || c == ':') c = '-';
  }
  return body.ports.empty() ? id : id + "-" + std::to_string(body.ports.front().number);
}

bool read_one(const json::value& value, const Place& at, Reading& reading, const Named& named,
              Registration& out) {
  InstanceDraft draft;
  const bool read = read_instance(value, at, reading, draft);
  out.service = std::move(draft.service);
  out.id = std::move(draft.id);
  if (!read) return false;
  if (out.id.empty() && named.id.empty()) {
    out.id = derived_id(draft.body);
    if (out.id.empty())
      return reading.refuse(member_of(at, "id"), "id is missing: the URL has no host to make one of");
  }
  if (!settle_names(at, reading, named, out.service, out.id)) return false;
  out.body = std::make_shared<InstanceBody>(std::move(draft.body));
  out.generation = draft.generation;
  out.lease = draft.lease;
  out.by = reading.context.by;
  return true;
}

}  // namespace

ReadResult<Registration> read_registration(std::string_view text, const ReadContext& context, Named named) {
  return read_document<Registration>(
      text, context, [&](const json::value& root, const Place& at, Reading& reading, Registration& out) {
        return read_one(root, at, reading, named, out);
      });
}

ReadResult<Elements<Registration>> read_registrations(std::string_view text, const ReadContext& context) {
  return read_batch<Registration>(text, context, kMaxRegistrationBatch, read_one);
}

}  // namespace muster::registry::api
