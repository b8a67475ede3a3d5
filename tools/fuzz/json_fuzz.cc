// Any octets to every reader of request bodies. The first octet chooses the reader. What a reader takes is
// written and read again and must be the same value; what it refuses must carry a message.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "registry/api/body_reader.h"
#include "registry/api/instance_json.h"

namespace {

using namespace muster::registry;
using namespace muster::registry::api;

const ReadContext& context() {
  static const ReadContext kContext{*muster::net::parse_ip("192.0.2.99"), WallTime{Millis{1'795'212'843'120}},
                                    "fuzz"};
  return kContext;
}

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
bool taken(const ReadResult<T>& result) {
  require(result.has_value() || !result.error().message.empty());
  return result.has_value();
}

// Boost.JSON 1.81 reads a number of 17 digits up to one unit in the last place off, so fractions may move by
// that much each time; their keys may not.
InstanceBody without_fractions(InstanceBody body) {
  const auto clear = [](Attributes& attributes) {
    for (auto& [key, value] : attributes) value = 0;
  };
  clear(body.attributes);
  for (Port& port : body.ports) clear(port.attributes);
  body.meta = {};
  return body;
}

void registration(std::string_view text) {
  const auto first = read_registration(text, context(), {"web", "i1"});
  if (!taken(first)) return;
  std::string written;
  InstanceBody given = *first->body;
  if (given.url) given.addresses = {}, given.ports = {};  // the URL tells them again
  append_body(written, given);
  const auto again = read_registration(written, context(), {"web", "i1"});
  require(again.has_value());
  require(without_fractions(*again->body) == without_fractions(*first->body));
}

void overlay(std::string_view text) {
  const auto first = read_overlay(text, context());
  if (!taken(first)) return;
  std::string written = "[";
  for (const OverlayEntry& entry : *first) {
    if (written.size() > 1) written += ',';
    append_overlay_entry(written, entry);
  }
  const auto again = read_overlay(written + "]", context());
  require(again.has_value() && *again == *first);
}

template <class T>
void batch(const ReadResult<Elements<T>>& result) {
  if (!taken(result)) return;
  for (const auto& element : *result) require(!element.error || !element.error->message.empty());
}

void read(std::uint8_t reader, std::string_view text) {
  switch (reader % 8) {
    case 0: return registration(text);
    case 1: return overlay(text);
    case 2: return batch(read_registrations(text, context()));
    case 3: return batch(read_heartbeats(text, context()));
    case 4: return void(taken(read_heartbeat(text, context(), {"web", "i1"})));
    case 5: return void(taken(read_admin(text, context())));
    case 6: return void(taken(read_drain(text)));
    default: return void(taken(read_reload(text)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0) read(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
