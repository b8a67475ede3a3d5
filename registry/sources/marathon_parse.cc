#include "registry/sources/marathon_parse.h"

#include <boost/json/value.hpp>
#include <map>
#include <utility>

#include "registry/sources/json_element.h"
#include "registry/sources/marathon_elements.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using How = Entry::How;

// Of the containers that are entered.
enum : Place {
  kInTop = kRoot + 1,
  kInApps,
  kInApp,
  kInTasks,
  kInLooseTasks,
  kInPods,
  kInPod,
  kInPodInstances
};

class DocumentState : public DocumentReader {
 public:
  DocumentState(MarathonDocument document, std::size_t most_ports)
      : document_(document), most_ports_(most_ports) {}

  MarathonState take() {
    for (auto& [id, tasks] : loose_) {
      MarathonApp& app = state_.apps.emplace_back();
      app.id = id;
      app.tasks = std::move(tasks);
    }
    return std::move(state_);
  }

  Entry begin(Place in, std::string_view key, bool is_object) override {
    switch (in) {
      case kRoot: return begin_root(is_object);
      case kInTop: return begin_top(key, is_object);
      case kInApps: return is_object ? begin_app() : dropped("bad_app");
      case kInApp: return begin_member(key, is_object);
      case kInTasks:
      case kInLooseTasks:
      case kInPodInstances: return is_object ? Entry{How::hold, kRoot, true} : dropped("bad_task");
      case kInPods: return is_object ? begin_pod() : dropped("bad_pod");
      case kInPod: return begin_pod_member(key, is_object);
      default: return {};
    }
  }

  void end(Place place) override {
    if (place == kInApp) finish_app();
    if (place == kInPod) finish_pod();
  }

  void held(Place in, std::string_view key, const json::value& element) override {
    switch (in) {
      case kInApp: read_app_member(key, element, most_ports_, app_, state_.dropped); break;
      case kInPod: read_pod_spec(element.get_object(), most_ports_, pod_, state_.dropped); break;
      case kInPodInstances:
        if (auto instance = read_pod_instance(element.get_object(), most_ports_, state_.dropped))
          pod_.instances.push_back(std::move(*instance));
        break;
      default: take_task(in, element.get_object()); break;
    }
  }

  void scalar(Place in, std::string_view key, const json::value& value) override {
    switch (in) {
      case kInApps: dropped("bad_app"); break;
      case kInPods: dropped("bad_pod"); break;
      case kInTasks:
      case kInLooseTasks:
      case kInPodInstances: dropped("bad_task"); break;
      case kInApp:
        take_text(key, value, app_.id, app_.version);
        read_app_member(key, value, most_ports_, app_, state_.dropped);
        break;
      case kInPod: {
        std::string passed_over;
        take_text(key, value, pod_.id, passed_over);
        if (key == "spec" && !value.is_null()) pod_.is_partial = true;
        break;
      }
      default: break;
    }
  }

 private:
  static Entry enter(Place place) { return {How::enter, place, false}; }
  static Entry hold() { return {How::hold, kRoot, false}; }

  Entry dropped(std::string_view reason) {
    drop(state_.dropped, reason);
    return {};
  }

  Entry begin_root(bool is_object) {
    const bool is_list = document_ == MarathonDocument::pods;
    if (is_list == is_object) return {};
    state_.has_list = is_list;
    return enter(is_list ? kInPods : kInTop);
  }

  Entry begin_top(std::string_view key, bool is_object) {
    const bool is_wanted =
        (document_ == MarathonDocument::apps && key == "apps" && !is_object) ||
        (document_ == MarathonDocument::app && key == "app" && is_object && !state_.has_list) ||
        (document_ == MarathonDocument::tasks && key == "tasks" && !is_object);
    if (!is_wanted) return {};
    state_.has_list = true;
    if (document_ == MarathonDocument::app) return begin_app();
    return enter(document_ == MarathonDocument::apps ? kInApps : kInLooseTasks);
  }

  Entry begin_app() {
    app_ = MarathonApp();
    has_tasks_ = false;
    return {How::enter, kInApp, true};
  }

  Entry begin_member(std::string_view key, bool is_object) {
    if (key == "tasks" && !is_object) {
      has_tasks_ = true;
      return enter(kInTasks);
    }
    return is_app_member(key) ? hold() : Entry{};
  }

  Entry begin_pod() {
    pod_ = MarathonPod();
    has_tasks_ = false;
    return {How::enter, kInPod, true};
  }

  Entry begin_pod_member(std::string_view key, bool is_object) {
    if (key == "instances" && !is_object) {
      has_tasks_ = true;
      return enter(kInPodInstances);
    }
    if (key == "spec" && is_object) return hold();
    if (key == "spec") pod_.is_partial = true;
    return {};
  }

  void take_task(Place in, const json::object& object) {
    auto read = read_marathon_task(object, most_ports_, state_.dropped);
    if (!read) return;
    if (in == kInTasks) {
      app_.tasks.push_back(std::move(read->task));
    } else if (read->app.empty()) {
      dropped("bad_task");
    } else {
      loose_[read->app].push_back(std::move(read->task));
    }
  }

  void take_text(std::string_view key, const json::value& value, std::string& id, std::string& version) {
    const json::string* text = value.if_string();
    if (text == nullptr) return;
    if (key == "id") id.assign(text->data(), text->size());
    if (key == "version") version.assign(text->data(), text->size());
  }

  void finish_app() {
    if (!has_tasks_) app_.is_partial = true;
    if (app_.id.empty()) {
      dropped("bad_app");
    } else if (app_.id.size() > kLongestName) {
      dropped("name_too_long");
    } else {
      state_.apps.push_back(std::exchange(app_, {}));
    }
  }

  void finish_pod() {
    if (!has_tasks_) pod_.is_partial = true;
    if (pod_.id.empty()) {
      dropped("bad_pod");
    } else if (pod_.id.size() > kLongestName) {
      dropped("name_too_long");
    } else {
      state_.pods.push_back(std::exchange(pod_, {}));
    }
  }

  const MarathonDocument document_;
  const std::size_t most_ports_;
  MarathonState state_;
  MarathonApp app_;  // the one that is being read
  MarathonPod pod_;
  bool has_tasks_ = false;                                  // the list was there, of tasks or instances
  std::map<std::string, std::vector<MarathonTask>> loose_;  // by their apps
};

const char* no_root(MarathonDocument document) {
  return document == MarathonDocument::pods ? "the pods are no array" : "the document is no object";
}

}  // namespace

class MarathonParser::Impl {
 public:
  Impl(MarathonDocument document, const MarathonLimits& limits)
      : reader_(document, limits.most_ports),
        stream_(reader_,
                {limits.most_octets, limits.most_elements, "apps, pods and tasks", no_root(document)}) {}

  bool write(std::string_view piece) { return stream_.write(piece); }

  net::Result<MarathonState, ParseError> finish() {
    if (auto error = stream_.finish()) return *error;
    return reader_.take();
  }

 private:
  DocumentState reader_;
  ElementStream stream_;
};

MarathonParser::MarathonParser(MarathonDocument document, MarathonLimits limits)
    : impl_(std::make_unique<Impl>(document, limits)) {}
MarathonParser::~MarathonParser() = default;

bool MarathonParser::write(std::string_view piece) { return impl_->write(piece); }
net::Result<MarathonState, ParseError> MarathonParser::finish() { return impl_->finish(); }

}  // namespace muster::registry::sources
