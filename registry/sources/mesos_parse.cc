#include "registry/sources/mesos_parse.h"

#include <boost/json/value.hpp>
#include <utility>

#include "registry/sources/mesos_elements.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using How = Entry::How;

// Of the containers that are entered.
enum : Place {
  kInState = kRoot + 1,
  kInAgents,
  kInRecoveredAgents,
  kInRecoveredAgent,
  kInFrameworks,
  kInFramework,
  kInTasks,
  kInEndedTasks,
  kInEndedTask,
  kInUnreachableTasks,
  kInUnreachableTask,
};

// Takes elements, and of all else the texts, flags and numbers with a known name.
class StateReader : public DocumentReader {
 public:
  explicit StateReader(std::size_t most_ports) : most_ports_(most_ports) {}

  MesosState take() { return std::move(state_); }

  Entry begin(Place in, std::string_view key, bool is_object) override {
    switch (in) {
      case kRoot: return is_object ? enter(kInState) : Entry{};
      case kInState: return is_object ? Entry{} : begin_list(key);
      case kInFrameworks: return is_object ? begin_framework() : dropped("bad_framework");
      case kInFramework: return begin_tasks(key, is_object);
      case kInAgents: return is_object ? Entry{How::hold, kRoot, true} : dropped("bad_agent");
      case kInTasks: return is_object ? Entry{How::hold, kRoot, true} : dropped("bad_task");
      case kInRecoveredAgents: return is_object ? begin_id(kInRecoveredAgent) : Entry{};
      case kInEndedTasks: return is_object ? begin_id(kInEndedTask) : Entry{};
      case kInUnreachableTasks: return is_object ? begin_id(kInUnreachableTask) : Entry{};
      default: return {};
    }
  }

  void end(Place place) override {
    if (place == kInFramework) finish_framework();
    if (id_.empty()) return;
    if (place == kInRecoveredAgent) state_.recovered_agents.push_back(std::exchange(id_, {}));
    if (place == kInEndedTask) framework_.ended.push_back(std::exchange(id_, {}));
    if (place == kInUnreachableTask) framework_.unreachable.push_back(std::exchange(id_, {}));
  }

  void held(Place in, std::string_view, const json::value& element) override {
    if (in == kInAgents) {
      if (auto agent = read_mesos_agent(element.get_object(), state_.dropped))
        state_.agents.push_back(std::move(*agent));
    } else if (auto task = read_mesos_task(element.get_object(), most_ports_, state_.dropped)) {
      framework_.tasks.push_back(std::move(*task));
    }
  }

  void scalar(Place in, std::string_view key, const json::value& value) override {
    switch (in) {
      case kInState:
        if (key == "leader") take_text(value, state_.leader);
        if (key == "pid") take_text(value, state_.pid);
        break;
      case kInFramework: take_member(key, value); break;
      case kInRecoveredAgent:
      case kInEndedTask:
      case kInUnreachableTask:
        if (key == "id") take_text(value, id_);
        break;
      case kInAgents: dropped("bad_agent"); break;
      case kInFrameworks: dropped("bad_framework"); break;
      case kInTasks: dropped("bad_task"); break;
      default: break;
    }
  }

 private:
  static Entry enter(Place place) { return {How::enter, place, false}; }

  static void take_text(const json::value& value, std::string& to) {
    if (const json::string* text = value.if_string()) to.assign(text->data(), text->size());
  }

  Entry dropped(std::string_view reason) {
    drop(state_.dropped, reason);
    return {};
  }

  Entry begin_list(std::string_view key) {
    if (key == "recovered_slaves") return enter(kInRecoveredAgents);
    if (key == "slaves") {
      state_.has_agents = true;
      return enter(kInAgents);
    }
    if (key == "frameworks") {
      state_.has_frameworks = true;
      return enter(kInFrameworks);
    }
    return {};
  }

  Entry begin_framework() {
    framework_ = MesosFramework();
    return {How::enter, kInFramework, true};
  }

  Entry begin_tasks(std::string_view key, bool is_object) {
    if (key == "tasks" && is_object) framework_.is_partial = true;
    if (is_object) return {};
    if (key == "tasks") return enter(kInTasks);
    if (key == "unreachable_tasks") return enter(kInUnreachableTasks);
    return key == "completed_tasks" ? enter(kInEndedTasks) : Entry{};
  }

  Entry begin_id(Place place) {
    id_.clear();
    return {How::enter, place, true};
  }

  void finish_framework() {
    if (framework_.id.empty()) {
      dropped("bad_framework");
    } else {
      state_.frameworks.push_back(std::exchange(framework_, {}));
    }
  }

  void take_member(std::string_view key, const json::value& value) {
    if (value.is_null()) return;  // as if it were absent
    if (key == "tasks") framework_.is_partial = true;
    if (key == "id") take_text(value, framework_.id);
    if (key == "name") take_text(value, framework_.name);
    if (key == "pid") take_text(value, framework_.pid);
    if (key == "hostname") take_text(value, framework_.hostname);
    if (key == "registered_time" && value.is_number()) framework_.registered_time = value.to_number<double>();
    if (const bool* flag = value.if_bool()) take_flag(key, *flag);
  }

  void take_flag(std::string_view key, bool flag) {
    if (key == "active") framework_.active = flag;
    if (key == "connected") framework_.connected = flag;
    if (key == "recovered") framework_.recovered = flag;
  }

  const std::size_t most_ports_;
  MesosState state_;
  MesosFramework framework_;  // the one that is being read
  std::string id_;            // of the ended or unreachable task, or recovered agent, that is being read
};

}  // namespace

class MesosStateParser::Impl {
 public:
  explicit Impl(const MesosLimits& limits)
      : reader_(limits.most_ports),
        stream_(reader_, {limits.most_octets, limits.most_elements, "agents, frameworks and tasks",
                          "the state is no object"}) {}

  bool write(std::string_view piece) { return stream_.write(piece); }

  net::Result<MesosState, MesosParseError> finish() {
    if (auto error = stream_.finish()) return *error;
    return reader_.take();
  }

 private:
  StateReader reader_;
  ElementStream stream_;
};

MesosStateParser::MesosStateParser(MesosLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
MesosStateParser::~MesosStateParser() = default;

bool MesosStateParser::write(std::string_view piece) { return impl_->write(piece); }
net::Result<MesosState, MesosParseError> MesosStateParser::finish() { return impl_->finish(); }

}  // namespace muster::registry::sources
