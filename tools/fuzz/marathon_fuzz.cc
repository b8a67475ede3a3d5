// Any octets as what Marathon says. The first octet says which document it is ('0' apps, '1' an app, '2'
// tasks, '3' pods, '4' tasks as text, '5' the stream of events), the second where the text is cut: in two
// pieces it must be what it is in one. What comes of it must be within the bounds of the registry.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "registry/limits.h"
#include "registry/sources/marathon_instances.h"
#include "registry/sources/marathon_parse.h"
#include "registry/sources/marathon_tasks_text.h"
#include "registry/sources/marathon_write.h"

namespace {

using namespace muster::registry;
using namespace muster::registry::sources;

constexpr SteadyTime kAskedAt{Millis(1'000)};
constexpr muster::net::Instant kNow{SteadyTime(Millis(2'000)), WallTime(Millis(1'767'400'000'000))};

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<IpAddress> addresses_of(std::string_view host) {
  if (host.size() % 2 == 0) return {};
  return {*muster::net::parse_ip("10.0.0.1")};
}

void check(const MarathonInstance& instance) {
  const InstanceBody& body = instance.body;
  require(!instance.id.empty() && instance.id.size() <= kMaxForeignName &&
          instance.id.find('/') == std::string::npos);
  require(instance.service.size() <= kMaxForeignName && instance.app != nullptr);
  require(body.addresses.size() <= kMaxAddresses && body.host_addresses.size() <= kMaxAddresses);
  require(body.ports.size() <= kMaxPorts && body.ports.size() == instance.port_indexes.size());
  for (const Port& port : body.ports) require(port.number != 0 && port.name.size() <= kMaxPortName);
  require(body.tags.size() <= kMaxTags && std::ranges::is_sorted(body.tags));
  for (const auto& [key, value] : body.tags)
    require(!key.empty() && key.size() <= kMaxTagKey && value.size() <= kMaxTagValue);
  require(!instance.is_routable() || (!body.addresses.empty() && instance.state != State::off));
}

// A second look at the same finds the same.
void check(const std::function<MarathonLook()>& look) {
  const MarathonLook one = look();
  for (const MarathonInstance& instance : one.instances) check(instance);
  require(std::ranges::adjacent_find(one.instances, std::ranges::greater_equal(), &MarathonInstance::id) ==
          one.instances.end());
  require(!one.look_again || *one.look_again > kNow.steady);
  const MarathonLook again = look();
  require(again.instances == one.instances && again.memory == one.memory && again.service == one.service);
}

// What the store would keep is read back as it was.
void check_text(const MarathonPicture& picture) {
  MarathonBelief belief;
  for (const auto& [id, app] : picture.apps) {
    if (!app.content->is_partial) belief.apps.push_back(app.content);
  }
  for (const auto& [id, pod] : picture.pods) {
    if (!pod.content->is_partial) belief.pods.push_back(pod.content);
  }
  MarathonReader reader{MarathonLimits{}};
  write_marathon(belief, [&](std::string_view piece) { reader.write(piece); });
  const auto back = reader.finish();
  require(back.has_value() && back->apps.apps.size() == belief.apps.size() &&
          back->pods.pods.size() == belief.pods.size());
  for (std::size_t i = 0; i < belief.apps.size(); ++i) require(back->apps.apps[i] == *belief.apps[i]);
  for (std::size_t i = 0; i < belief.pods.size(); ++i) require(back->pods.pods[i] == *belief.pods[i]);
}

// Whichever way it is looked at.
void check(const MarathonPicture& picture) {
  for (const Routable routable : {Routable::strict, Routable::running, Routable::any_alive}) {
    MarathonRules rules;
    rules.routable.routable = routable;
    for (const auto& app : picture.apps)
      check([&] { return look_at_app(picture, app.first, {}, rules, addresses_of, kNow); });
    for (const auto& pod : picture.pods)
      check([&] { return look_at_pod(picture, pod.first, {}, rules, addresses_of, kNow); });
  }
  check_text(picture);
}

void read_json(MarathonDocument document, std::string_view text, std::size_t cut) {
  MarathonParser whole(document, {});
  whole.write(text);
  MarathonParser pieces(document, {});
  pieces.write(text.substr(0, cut));
  pieces.write(text.substr(cut));
  auto one = whole.finish();
  const auto other = pieces.finish();
  require(one.has_value() == other.has_value());
  if (!one.has_value()) {
    require(!one.error().message.empty() && one.error().kind == other.error().kind);
    return;
  }
  require(*one == *other);
  MarathonPicture picture;
  const bool is_list = one->has_list;
  require(is_list == (document == MarathonDocument::pods ? take_pods(picture, std::move(*one), kAskedAt)
                                                         : take_apps(picture, std::move(*one), kAskedAt)));
  check(picture);
}

void read_text(std::string_view text) {
  auto state = read_marathon_tasks_text(text, {});
  require(state.has_value());
  MarathonPicture picture;
  take_apps(picture, std::move(*state), kAskedAt);
  check(picture);
}

void read_events(std::string_view text, std::size_t cut) {
  const std::vector<EventFrame> whole = EventStreamReader(1'000).write(text);
  EventStreamReader reader(1'000);
  std::vector<EventFrame> pieces = reader.write(text.substr(0, cut));
  for (EventFrame& frame : reader.write(text.substr(cut))) pieces.push_back(std::move(frame));
  require(whole == pieces);
  MarathonPicture picture;
  for (const EventFrame& frame : whole) {
    const MarathonHint hint = read_marathon_event(frame);
    require(hint.act == MarathonAct::none || hint.act == MarathonAct::app_ended || !hint.task.empty());
    take_hint(picture, hint, kAskedAt);
    mark_of_task(picture, hint.task, kAskedAt);
    mark_of_pod(picture, hint.task, kAskedAt);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const std::size_t cut = text.size() * data[1] / 256;
  switch (data[0] % 6) {
    case 4: read_text(text); break;
    case 5: read_events(text, cut); break;
    default: read_json(static_cast<MarathonDocument>(data[0] % 6), text, cut); break;
  }
  return 0;
}
