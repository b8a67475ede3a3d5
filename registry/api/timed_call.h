// A request on its way to the control thread and back, with a deadline perhaps: it is answered in time even
// if the control thread or the disk never comes to it.
//
// Thread safety: shared between the I/O thread that parsed it and the control thread, one after the other.
// Who moves `stage` out of `waiting` or `applied` answers, and nobody else does.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "registry/control.h"
#include "registry/http/message.h"

namespace muster::registry::api {

class TimedCall {
 public:
  enum class Stage : std::uint8_t { waiting, working, applied, answered };

  TimedCall(http::Request&& incoming, http::Reply&& answer)
      : request(std::move(incoming)), reply(std::move(answer)) {}
  virtual ~TimedCall() = default;

  http::Request request;
  http::Reply reply;
  std::atomic<Stage> stage{Stage::waiting};
  bool awaits_store = false;  // its job ended in acknowledge_in_time()

  bool enter(Stage from, Stage to) { return stage.compare_exchange_strong(from, to); }
  bool late_at(SteadyTime now) const { return request.deadline && now >= *request.deadline; }

  virtual bool late() const = 0;  // the client's deadline has passed
  // 504, and whether the change stands.
  virtual void refuse_late(bool applied) = 0;
  virtual void refuse_full_queue() = 0;
};
using TimedCallPtr = std::shared_ptr<TimedCall>;
using Submit = std::function<bool(Job)>;

inline constexpr std::string_view kLateBefore = "the deadline passed before this began: nothing was changed";
inline constexpr std::string_view kLateAfter =
    "the change was made, but the deadline passed before it was acknowledged";

// Runs `work(turn)` on the control thread; called again from within a turn, it goes on with the same call
// later.
void run_in_time(TimedCallPtr call, const Submit& submit, net::UniqueFunction<void(Turn&)> work);

// Answers a write: `respond(durable)` runs once the change is visible, and stored if it wrote rows.
void acknowledge_in_time(TimedCallPtr call, Turn& turn, bool wrote_rows,
                         net::UniqueFunction<void(bool durable)> respond);

}  // namespace muster::registry::api
