#include "registry/sources/marathon_picture.h"

#include <algorithm>
#include <utility>

namespace muster::registry::sources {

namespace {

// Marks that no content could need any more.
void forget_marks_before(MarathonPicture& picture, SteadyTime oldest) {
  std::erase_if(picture.marks, [&](const auto& mark) { return mark.second.at < oldest; });
  std::erase_if(picture.ended_apps, [&](const auto& app) { return app.second < oldest; });
}

void forget_marks(MarathonPicture& picture) {
  auto oldest = SteadyTime::max();
  for (const auto& [id, app] : picture.apps) oldest = std::min(oldest, app.asked_at);
  for (const auto& [id, pod] : picture.pods) oldest = std::min(oldest, pod.asked_at);
  if (oldest != SteadyTime::max()) forget_marks_before(picture, oldest);
}

// When there is no room, those go that only what has not been told anew for long may want: an app that cannot
// be read keeps its old content, and would keep the marks of all others.
void make_room(MarathonPicture& picture) {
  auto newest = SteadyTime::min();
  for (const auto& [id, app] : picture.apps) newest = std::max(newest, app.asked_at);
  forget_marks_before(picture, newest);
}

// Whether what is known of an app or pod counts for more than this content.
template <class Content>
bool stays(const MarathonKnown<Content>& known, const Content& content, SteadyTime asked_at) {
  return content.is_partial || known.asked_at > asked_at;
}

template <class Content>
void take(ById<MarathonKnown<Content>>& known, Content content, SteadyTime asked_at) {
  const auto found = known.find(content.id);
  if (found != known.end() && stays(found->second, content, asked_at)) return;
  const std::string id = content.id;
  known[id] = {std::make_shared<const Content>(std::move(content)), asked_at};
}

// All that there are: what is not among them goes, but for what was asked for later.
template <class Content>
void take_all(ById<MarathonKnown<Content>>& known, std::vector<Content> contents, SteadyTime asked_at) {
  ById<MarathonKnown<Content>> next;
  for (Content& content : contents) {
    const std::string id = content.id;
    const auto found = known.find(id);
    const bool is_kept = found != known.end() && stays(found->second, content, asked_at);
    if (is_kept) {
      next.try_emplace(id, found->second);
    } else if (!next.contains(id)) {
      next[id] = {std::make_shared<const Content>(std::move(content)), asked_at};
    }
  }
  for (auto& [id, one] : known) {
    if (one.asked_at > asked_at) next.try_emplace(id, std::move(one));
  }
  known = std::move(next);
}

bool has_ended(const MarathonPicture& picture, std::string_view app, SteadyTime asked_at) {
  const auto found = picture.ended_apps.find(app);
  return found != picture.ended_apps.end() && found->second >= asked_at;
}

void erase_ended(const MarathonPicture& picture, std::vector<MarathonApp>& apps, SteadyTime asked_at) {
  std::erase_if(apps, [&](const MarathonApp& app) { return has_ended(picture, app.id, asked_at); });
}

// From the least grave to the gravest.
int gravity(MarathonAct act) {
  switch (act) {
    case MarathonAct::not_alive: return 1;
    case MarathonAct::unreachable: return 2;
    case MarathonAct::out: return 3;
    case MarathonAct::ended: return 4;
    case MarathonAct::app_ended:
    case MarathonAct::none: break;
  }
  return 0;
}

using FoundMark = std::optional<MarathonMark>;

void graver(FoundMark& found, const MarathonMark& mark, SteadyTime asked_at) {
  if (mark.at < asked_at) return;
  if (!found || gravity(mark.act) > gravity(found->act)) found = mark;
}

void look_up(const MarathonPicture& picture, std::string_view id, SteadyTime asked_at, FoundMark& found) {
  const auto mark = picture.marks.find(id);
  if (mark != picture.marks.end()) graver(found, mark->second, asked_at);
}

// The instance of a task of before 1.4: "app.UUID" is of "app.marathon-UUID".
std::string old_instance_of(std::string_view task) {
  const std::size_t dot = task.rfind('.');
  if (dot == task.npos) return {};
  return std::string(task.substr(0, dot + 1)) + "marathon-" + std::string(task.substr(dot + 1));
}

}  // namespace

bool take_apps(MarathonPicture& picture, MarathonState state, SteadyTime asked_at) {
  if (!state.has_list) return false;
  erase_ended(picture, state.apps, asked_at);
  take_all(picture.apps, std::move(state.apps), asked_at);
  forget_marks(picture);
  return true;
}

bool take_app(MarathonPicture& picture, MarathonState state, SteadyTime asked_at) {
  if (!state.has_list) return false;
  erase_ended(picture, state.apps, asked_at);
  for (MarathonApp& app : state.apps) take(picture.apps, std::move(app), asked_at);
  forget_marks(picture);
  return true;
}

bool take_pods(MarathonPicture& picture, MarathonState state, SteadyTime asked_at) {
  if (!state.has_list) return false;
  take_all(picture.pods, std::move(state.pods), asked_at);
  forget_marks(picture);
  return true;
}

bool take_hint(MarathonPicture& picture, const MarathonHint& hint, SteadyTime at) {
  if (hint.act == MarathonAct::none) return true;
  if (hint.act == MarathonAct::app_ended) {
    for (const std::string& app : hint.apps) {
      if (picture.ended_apps.size() == kMostMarks) make_room(picture);
      if (picture.ended_apps.size() == kMostMarks) return false;
      picture.ended_apps[app] = at;
      picture.apps.erase(app);
    }
    return true;
  }
  const auto found = picture.marks.find(hint.task);
  if (found == picture.marks.end()) {
    if (picture.marks.size() == kMostMarks) make_room(picture);
    if (picture.marks.size() == kMostMarks) return false;
    picture.marks.emplace(hint.task, MarathonMark{hint.act, at});
  } else {
    if (gravity(hint.act) > gravity(found->second.act)) found->second.act = hint.act;
    found->second.at = at;
  }
  return true;
}

std::optional<MarathonMark> mark_of_task(const MarathonPicture& picture, std::string_view id,
                                         SteadyTime asked_at) {
  FoundMark found;
  if (picture.marks.empty()) return found;
  // "app.instance-UUID._app.1" is of "app.instance-UUID".
  for (std::string_view name = id; !name.empty(); name = name.substr(0, name.rfind('.'))) {
    look_up(picture, name, asked_at, found);
    if (name.find('.') == name.npos) break;
  }
  look_up(picture, old_instance_of(id), asked_at, found);
  return found;
}

std::optional<MarathonMark> mark_of_pod(const MarathonPicture& picture, std::string_view id,
                                        SteadyTime asked_at) {
  FoundMark found;
  look_up(picture, id, asked_at, found);
  const std::string containers = std::string(id) + ".";
  for (auto mark = picture.marks.lower_bound(containers);
       mark != picture.marks.end() && mark->first.starts_with(containers); ++mark) {
    // Whether the instance has ended with its container, the instance says.
    MarathonMark of_container = mark->second;
    if (of_container.act == MarathonAct::ended) of_container.act = MarathonAct::out;
    graver(found, of_container, asked_at);
  }
  return found;
}

bool confirms_absence(const MarathonPicture& picture, std::string_view app) {
  if (const auto found = picture.apps.find(app); found != picture.apps.end()) {
    const MarathonApp& content = *found->second.content;
    return !content.is_partial && (content.instances == 0 || !content.tasks.empty());
  }
  if (const auto found = picture.pods.find(app); found != picture.pods.end())
    return !found->second.content->is_partial && !found->second.content->instances.empty();
  return false;
}

}  // namespace muster::registry::sources
