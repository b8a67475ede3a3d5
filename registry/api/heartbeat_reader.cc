// Heartbeats, one and many.
#include <utility>

#include "registry/api/batch_reader.h"
#include "registry/api/limits.h"
#include "registry/limits.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;

struct BeatDraft {
  Heartbeat beat;
  InstanceDraft instance;
  bool has_instance = false;
};

bool read_service(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_name(value, at, reading, out.beat.service);
}

bool read_id(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_name(value, at, reading, out.beat.id);
}

bool read_beat_generation(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_generation(value, at, reading, out.beat.generation);
}

bool read_status(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  constexpr std::pair<std::string_view, HeartbeatStatus> kStatuses[] = {
      {"passing", HeartbeatStatus::passing},
      {"warning", HeartbeatStatus::warning},
      {"critical", HeartbeatStatus::critical},
      {"starting", HeartbeatStatus::starting},
  };
  for (const auto& [name, status] : kStatuses) {
    if (!value.is_string() || std::string_view(value.get_string()) != name) continue;
    out.beat.vitals.status = status;
    return true;
  }
  return reading.must_be(at, "one of passing, warning, critical and starting");
}

bool read_reason(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_text(value, at, reading, kMaxReason, out.beat.vitals.reason);
}

bool read_load(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_whole(value, at, reading, 0, 100, out.beat.vitals.load.emplace());
}

bool read_overloaded(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_flag(value, at, reading, out.beat.vitals.overloaded);
}

bool read_weight(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_whole(value, at, reading, 0, 65535, out.beat.vitals.weight.emplace());
}

bool read_vital_attributes(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  return read_attributes(value, at, reading, out.beat.vitals.attributes);
}

bool read_full(const json::value& value, const Place& at, Reading& reading, BeatDraft& out) {
  out.has_instance = true;
  return read_instance(value, at, reading, out.instance);
}

constexpr Member<BeatDraft> kBeatMembers[] = {
    {"service", read_service},       {"id", read_id},         {"generation", read_beat_generation},
    {"status", read_status},         {"reason", read_reason}, {"load", read_load},
    {"overloaded", read_overloaded}, {"weight", read_weight}, {"attributes", read_vital_attributes},
    {"instance", read_full},
};

// The instance inside may repeat the heartbeat's names and generation, or be the only one to say the
// generation.
bool settle_instance(const Place& at, Reading& reading, BeatDraft& draft) {
  Heartbeat& beat = draft.beat;
  const Place inside = member_of(at, "instance");
  InstanceDraft& full = draft.instance;
  if (!settle_names(inside, reading, {beat.service, beat.id}, full.service, full.id)) return false;
  if (!beat.generation) beat.generation = full.generation;
  if (full.generation && full.generation != beat.generation) {
    return reading.refuse(member_of(inside, "generation"),
                          "generation differs from the heartbeat's own: give it once");
  }
  beat.body = std::make_shared<InstanceBody>(std::move(full.body));
  beat.lease = full.lease;
  return true;
}

bool read_one(const json::value& value, const Place& at, Reading& reading, const Named& named,
              Heartbeat& out) {
  BeatDraft draft;
  const bool good = read_object(value, at, reading, kBeatMembers, draft) &&
                    settle_names(at, reading, named, draft.beat.service, draft.beat.id) &&
                    (!draft.has_instance || settle_instance(at, reading, draft));
  draft.beat.by = reading.context.by;
  out = std::move(draft.beat);
  return good;
}

}  // namespace

ReadResult<Heartbeat> read_heartbeat(std::string_view text, const ReadContext& context, Named named) {
  return read_document<Heartbeat>(text.empty() ? "{}" : text, context,
                                  [&](const json::value& root, const Place& at, Reading& reading,
                                      Heartbeat& out) { return read_one(root, at, reading, named, out); });
}

ReadResult<Elements<Heartbeat>> read_heartbeats(std::string_view text, const ReadContext& context) {
  return read_batch<Heartbeat>(text, context, kMaxHeartbeatBatch, read_one);
}

}  // namespace muster::registry::api
