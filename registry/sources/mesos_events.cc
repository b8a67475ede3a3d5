#include "registry/sources/mesos_events.h"

#include <boost/json/value.hpp>
#include <utility>

#include "registry/sources/element_stream.h"
#include "registry/sources/json_element.h"
#include "registry/sources/mesos_elements.h"
#include "registry/sources/record_io.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using How = Entry::How;

enum : Place { kEvent = kRoot + 1, kSubscribed };

// The object in which an event of this type holds what it says; "": none of use.
std::string_view member_of(std::string_view type) {
  if (type == "TASK_ADDED") return "task_added";
  if (type == "TASK_UPDATED") return "task_updated";
  if (type == "AGENT_ADDED") return "agent_added";
  if (type == "AGENT_REMOVED") return "agent_removed";
  if (type == "FRAMEWORK_ADDED") return "framework_added";
  if (type == "FRAMEWORK_UPDATED") return "framework_updated";
  if (type == "FRAMEWORK_REMOVED") return "framework_removed";
  return "";
}

// One record: its type, and the object that says the rest, wherever the type stands.
class EventDocument : public DocumentReader {
 public:
  Entry begin(Place in, std::string_view key, bool is_object) override {
    if (in == kRoot) return is_object ? Entry{How::enter, kEvent, false} : Entry{};
    if (in != kEvent || !is_object) return {};
    return key == "subscribed" ? Entry{How::enter, kSubscribed, false} : Entry{How::hold, kRoot, false};
  }
  void end(Place) override {}
  void held(Place, std::string_view key, const json::value& element) override {
    member_ = key;
    said_ = element.get_object();
  }
  void scalar(Place in, std::string_view key, const json::value& value) override {
    if (in == kEvent && key == "type" && value.is_string()) type_ = std::string_view(value.get_string());
    if (in == kSubscribed && key == "heartbeat_interval_seconds" && value.is_number())
      heartbeat_ = value.to_number<double>();
  }

  MesosEvent event(std::size_t most_ports, Dropped& dropped) const {
    if (type_ == "SUBSCRIBED") return MesosSubscribed{heartbeat_};
    if (type_ == "HEARTBEAT") return MesosHeartbeat{};
    const std::string_view member = member_of(type_);
    if (member.empty()) return MesosOther{};
    std::optional<MesosEvent> event;
    if (member_ == member) event = read(most_ports, dropped);
    return event ? std::move(*event) : MesosEvent(MesosOther{true});
  }

 private:
  std::optional<MesosEvent> read(std::size_t most_ports, Dropped& dropped) const {
    if (type_ == "TASK_ADDED") return task_added(most_ports, dropped);
    if (type_ == "TASK_UPDATED") return task_updated(dropped);
    if (type_ == "AGENT_ADDED") return agent_added(dropped);
    if (type_ == "AGENT_REMOVED") return removed<MesosAgentRemoved>(mesos_id_at(said_, "agent_id"));
    if (type_ == "FRAMEWORK_REMOVED") {
      const json::object* info = object_at(said_, "framework_info");
      return removed<MesosFrameworkRemoved>(info == nullptr ? "" : mesos_id_at(*info, "id"));
    }
    return framework_updated(dropped);
  }

  template <class Removed>
  static std::optional<MesosEvent> removed(std::string id) {
    if (id.empty()) return std::nullopt;
    return Removed{std::move(id)};
  }

  std::optional<MesosEvent> task_added(std::size_t most_ports, Dropped& dropped) const {
    const json::object* object = object_at(said_, "task");
    auto read = object == nullptr ? std::nullopt : read_mesos_task_v1(*object, most_ports, dropped);
    if (!read) return std::nullopt;
    return MesosTaskAdded{std::move(read->framework_id), std::move(read->task)};
  }

  std::optional<MesosEvent> task_updated(Dropped& dropped) const {
    MesosTaskUpdated updated;
    updated.framework_id = mesos_id_at(said_, "framework_id");
    updated.state = text_at(said_, "state");
    updated.task_id = mesos_id_at(said_, "task_id");
    if (const json::object* status = object_at(said_, "status")) {
      updated.status = read_mesos_status(*status, dropped);
      if (updated.task_id.empty()) updated.task_id = mesos_id_at(*status, "task_id");
      if (updated.state.empty()) updated.state = updated.status->state;
    }
    if (updated.task_id.empty() || updated.state.empty()) return std::nullopt;
    return updated;
  }

  std::optional<MesosEvent> agent_added(Dropped& dropped) const {
    const json::object* object = object_at(said_, "agent");
    auto agent = object == nullptr ? std::nullopt : read_mesos_agent_v1(*object, dropped);
    if (!agent) return std::nullopt;
    return MesosAgentAdded{std::move(*agent)};
  }

  std::optional<MesosEvent> framework_updated(Dropped& dropped) const {
    const json::object* object = object_at(said_, "framework");
    auto framework = object == nullptr ? std::nullopt : read_mesos_framework_v1(*object, dropped);
    if (!framework) return std::nullopt;
    return MesosFrameworkUpdated{std::move(*framework)};
  }

  std::string type_;
  std::optional<double> heartbeat_;
  std::string member_;
  json::object said_;
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
    explicit Record(std::size_t most_octets)
        : stream(document, {most_octets, kElementsMost, "elements", "the event is no object"}) {}
    static constexpr std::size_t kElementsMost = 1000;  // that are held; an event has one
    EventDocument document;
    ElementStream stream;
  };

  void take(std::string_view piece) {
    if (!record_) record_.emplace(limits_.most_octets);
    record_->stream.write(piece);
  }

  // A record that cannot be read costs itself: the next begins where its length says.
  void finish(std::vector<MesosEvent>& events) {
    const bool is_good = record_ && !record_->stream.finish();
    if (!is_good) drop(dropped_, "bad_event");
    events.push_back(is_good ? record_->document.event(limits_.most_ports, dropped_)
                             : MesosEvent(MesosOther{true}));
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
