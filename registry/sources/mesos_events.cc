#include "registry/sources/mesos_events.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <map>
#include <utility>

#include "registry/sources/element_stream.h"
#include "registry/sources/json_element.h"
#include "registry/sources/mesos_elements.h"
#include "registry/sources/mesos_flat.h"
#include "registry/sources/record_io.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using How = Entry::How;

enum : Place { kEvent = kRoot + 1, kSubscribed, kFlatState };

struct Row {
  std::string_view type;
  std::string_view member;  // the object in which such an event holds what it says
};
constexpr Row kRows[] = {
    {"TASK_ADDED", "task_added"},
    {"TASK_UPDATED", "task_updated"},
    {"AGENT_ADDED", "agent_added"},
    {"AGENT_REMOVED", "agent_removed"},
    {"FRAMEWORK_ADDED", "framework_added"},
    {"FRAMEWORK_UPDATED", "framework_updated"},
    {"FRAMEWORK_REMOVED", "framework_removed"},
};

std::string_view member_of(std::string_view type) {
  for (const Row& row : kRows) {
    if (row.type == type) return row.member;
  }
  return "";  // of an event that is of no use
}

bool is_member(std::string_view key) {
  return std::ranges::any_of(kRows, [&](const Row& row) { return row.member == key; });
}

// One record: its type, and the object that says the rest, wherever the type stands.
class EventDocument : public DocumentReader {
 public:
  explicit EventDocument(const MesosEventLimits& limits)
      : most_ports_(limits.most_ports), wants_state_(limits.wants_state), flat_(kFlatState, most_ports_) {}

  Entry begin(Place in, std::string_view key, bool is_object) override {
    if (flat_.has(in)) return flat_.begin(in, key, is_object);
    if (in == kRoot) return is_object ? Entry{How::enter, kEvent, false} : Entry{};
    if (!is_object) return {};
    if (in == kSubscribed) return key == "get_state" && wants_state_ ? begin_state() : Entry{};
    if (key == "subscribed") return {How::enter, kSubscribed, false};
    return is_member(key) ? Entry{How::hold, kRoot, false} : Entry{};
  }
  void end(Place) override {}
  void held(Place in, std::string_view key, const json::value& element) override {
    if (flat_.has(in)) return flat_.held(in, element);
    said_[std::string(key)] = element.get_object();
  }
  void scalar(Place in, std::string_view key, const json::value& value) override {
    if (flat_.has(in)) return flat_.scalar(in, key, value);
    if (in == kEvent && key == "type" && value.is_string()) type_ = std::string_view(value.get_string());
    if (in == kSubscribed && key == "heartbeat_interval_seconds" && value.is_number())
      heartbeat_ = value.to_number<double>();
  }

  MesosEvent event(Dropped& dropped) {
    if (type_ == "SUBSCRIBED") return subscribed(dropped);
    if (type_ == "HEARTBEAT") return MesosHeartbeat{};
    const std::string_view member = member_of(type_);
    if (member.empty()) return MesosOther{type_.empty()};
    std::optional<MesosEvent> event;
    if (const auto found = said_.find(member); found != said_.end()) event = read(found->second, dropped);
    return event ? std::move(*event) : MesosEvent(MesosOther{true});
  }

 private:
  Entry begin_state() {
    has_state_ = true;
    return flat_.root();
  }

  MesosEvent subscribed(Dropped& dropped) {
    MesosSubscribed subscribed{heartbeat_, nullptr};
    if (!has_state_) return subscribed;
    MesosState state = flat_.take();
    for (const auto& [reason, count] : state.dropped) dropped[reason] += count;
    subscribed.state = std::make_shared<const MesosState>(std::move(state));
    return subscribed;
  }

  std::optional<MesosEvent> read(const json::object& said, Dropped& dropped) const {
    if (type_ == "TASK_ADDED") return task_added(said, dropped);
    if (type_ == "TASK_UPDATED") return task_updated(said, dropped);
    if (type_ == "AGENT_ADDED") return agent_added(said, dropped);
    if (type_ == "AGENT_REMOVED") return removed<MesosAgentRemoved>(mesos_id_at(said, "agent_id"));
    if (type_ == "FRAMEWORK_REMOVED") {
      const json::object* info = object_at(said, "framework_info");
      return removed<MesosFrameworkRemoved>(info == nullptr ? "" : mesos_id_at(*info, "id"));
    }
    return framework_updated(said, dropped);
  }

  template <class Removed>
  static std::optional<MesosEvent> removed(std::string id) {
    if (id.empty()) return std::nullopt;
    return Removed{std::move(id)};
  }

  std::optional<MesosEvent> task_added(const json::object& said, Dropped& dropped) const {
    const json::object* object = object_at(said, "task");
    auto read = object == nullptr ? std::nullopt : read_mesos_task_v1(*object, most_ports_, dropped);
    if (!read) return std::nullopt;
    return MesosTaskAdded{std::move(read->framework_id), std::move(read->task)};
  }

  std::optional<MesosEvent> task_updated(const json::object& said, Dropped& dropped) const {
    MesosTaskUpdated updated;
    updated.framework_id = mesos_id_at(said, "framework_id");
    updated.state = text_at(said, "state");
    updated.task_id = mesos_id_at(said, "task_id");
    updated.agent_id = mesos_id_at(said, "agent_id");
    if (const json::object* status = object_at(said, "status")) {
      updated.status = read_mesos_status(*status, dropped);
      if (updated.task_id.empty()) updated.task_id = mesos_id_at(*status, "task_id");
      if (updated.agent_id.empty()) updated.agent_id = mesos_id_at(*status, "agent_id");
      if (updated.state.empty()) updated.state = updated.status->state;
    }
    if (updated.task_id.empty() || updated.state.empty()) return std::nullopt;
    return updated;
  }

  std::optional<MesosEvent> agent_added(const json::object& said, Dropped& dropped) const {
    const json::object* object = object_at(said, "agent");
    auto agent = object == nullptr ? std::nullopt : read_mesos_agent_v1(*object, dropped);
    if (!agent) return std::nullopt;
    return MesosAgentAdded{std::move(*agent)};
  }

  std::optional<MesosEvent> framework_updated(const json::object& said, Dropped& dropped) const {
    const json::object* object = object_at(said, "framework");
    auto framework = object == nullptr ? std::nullopt : read_mesos_framework_v1(*object, dropped);
    if (!framework) return std::nullopt;
    return MesosFrameworkUpdated{std::move(*framework)};
  }

  const std::size_t most_ports_;
  const bool wants_state_;
  std::string type_;
  std::optional<double> heartbeat_;
  bool has_state_ = false;
  MesosFlatReader flat_;
  std::map<std::string, json::object, std::less<>> said_;
};

struct Name {
  std::string_view operator()(const MesosSubscribed&) const { return "SUBSCRIBED"; }
  std::string_view operator()(const MesosHeartbeat&) const { return "HEARTBEAT"; }
  std::string_view operator()(const MesosTaskAdded&) const { return "TASK_ADDED"; }
  std::string_view operator()(const MesosTaskUpdated&) const { return "TASK_UPDATED"; }
  std::string_view operator()(const MesosAgentAdded&) const { return "AGENT_ADDED"; }
  std::string_view operator()(const MesosAgentRemoved&) const { return "AGENT_REMOVED"; }
  std::string_view operator()(const MesosFrameworkUpdated&) const { return "FRAMEWORK_UPDATED"; }
  std::string_view operator()(const MesosFrameworkRemoved&) const { return "FRAMEWORK_REMOVED"; }
  std::string_view operator()(const MesosOther& other) const { return other.is_bad ? "bad" : "other"; }
};

}  // namespace

std::string_view name_of(const MesosEvent& event) { return std::visit(Name(), event); }

class MesosEventReader::Impl {
 public:
  explicit Impl(MesosEventLimits limits) : limits_(limits), records_(limits.most_octets) {}

  std::vector<MesosEvent> write(std::string_view piece) {
    std::vector<MesosEvent> events;
    while (error_.empty()) {
      switch (records_.next(piece)) {
        case RecordIo::Step::need_more: return events;
        case RecordIo::Step::fault: error_ = records_.error(); break;
        case RecordIo::Step::piece: take(records_.piece()); break;
        case RecordIo::Step::end: finish(events); break;
      }
    }
    return events;
  }

  const std::string& error() const { return error_; }
  const Dropped& dropped() const { return dropped_; }

 private:
  struct Record {
    explicit Record(const MesosEventLimits& limits)
        : document(limits),
          stream(document, {limits.most_octets, limits.most_elements, "agents, frameworks and tasks",
                            "the event is no object"}) {}
    EventDocument document;
    ElementStream stream;
  };

  void take(std::string_view piece) {
    if (!record_) record_.emplace(limits_);
    record_->stream.write(piece);
  }

  // A record that cannot be read costs itself: the next begins where its length says.
  void finish(std::vector<MesosEvent>& events) {
    const bool is_good = record_ && !record_->stream.finish();
    if (!is_good) drop(dropped_, "bad_event");
    events.push_back(is_good ? record_->document.event(dropped_) : MesosEvent(MesosOther{true}));
    record_.reset();
  }

  const MesosEventLimits limits_;
  RecordIo records_;
  std::optional<Record> record_;
  std::string error_;
  Dropped dropped_;
};

MesosEventReader::MesosEventReader(MesosEventLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
MesosEventReader::~MesosEventReader() = default;
std::vector<MesosEvent> MesosEventReader::write(std::string_view piece) { return impl_->write(piece); }
const std::string& MesosEventReader::error() const { return impl_->error(); }
const Dropped& MesosEventReader::dropped() const { return impl_->dropped(); }

}  // namespace muster::registry::sources
