// What is known of one Marathon: the last content of each app and pod, and what events have said since it was
// asked for. A content counts for all that happened before it was asked for, so a mark holds until a later
// content is there.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "registry/net/clock.h"
#include "registry/sources/marathon_events.h"
#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

using net::SteadyTime;

struct MarathonMark {
  MarathonAct act = MarathonAct::none;
  SteadyTime at{};
  bool operator==(const MarathonMark&) const = default;
};

template <class Content>
struct MarathonKnown {
  std::shared_ptr<const Content> content;  // never null
  SteadyTime asked_at{};                   // when the request for it was sent
};

template <class Value>
using ById = std::map<std::string, Value, std::less<>>;

struct MarathonPicture {
  ById<MarathonKnown<MarathonApp>> apps;
  ById<MarathonKnown<MarathonPod>> pods;
  ById<MarathonMark> marks;     // by id of a task or instance
  ById<SteadyTime> ended_apps;  // when it was heard
};

inline constexpr std::size_t kMostMarks = 10'000;

// Each takes what a request that was sent at `asked_at` has brought; false: there was no list in it, and
// nothing is taken. What a later request has brought already stays. An app or pod that is partial keeps the
// content it had.
bool take_apps(MarathonPicture& picture, MarathonState state, SteadyTime asked_at);
bool take_app(MarathonPicture& picture, MarathonState state, SteadyTime asked_at);
bool take_pods(MarathonPicture& picture, MarathonState state, SteadyTime asked_at);

// False: there are too many marks, this one is not kept and everything has to be fetched.
bool take_hint(MarathonPicture& picture, const MarathonHint& hint, SteadyTime at);

// What has been said of a task since its content was asked for; the gravest, if there is more than one.
// Events name the task or its instance, of pods the instance or a container's task.
std::optional<MarathonMark> mark_of_task(const MarathonPicture& picture, std::string_view id,
                                         SteadyTime asked_at);
std::optional<MarathonMark> mark_of_pod(const MarathonPicture& picture, std::string_view id,
                                        SteadyTime asked_at);

// Whether what an app's or pod's last content does not list is gone for sure: it has a content of its own
// that says so, with tasks, or with none wanted. The app must still be listed.
bool confirms_absence(const MarathonPicture& picture, std::string_view app);

}  // namespace muster::registry::sources
