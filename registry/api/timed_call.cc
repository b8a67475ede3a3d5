#include "registry/api/timed_call.h"

namespace muster::registry::api {
namespace {

using Stage = TimedCall::Stage;

// True: the call has been answered, or is being so.
bool answer_late(TimedCall& call) {
  if (call.enter(Stage::waiting, Stage::answered)) {
    call.refuse_late(false);
  } else if (call.enter(Stage::applied, Stage::answered)) {
    call.refuse_late(true);
  }
  return call.stage == Stage::answered;
}

void watch_deadline(const TimedCallPtr& call) {
  if (!call->request.deadline) return;
  call->reply.on_late(*call->request.deadline, [late = std::weak_ptr(call)] {
    const TimedCallPtr still = late.lock();
    return !still || answer_late(*still);
  });
}

}  // namespace

void run_in_time(TimedCallPtr call, const Submit& submit, net::UniqueFunction<void(Turn&)> work) {
  const bool goes_on = call->stage == Stage::working;  // a walk's next turn: it is begun, and will answer
  if (!goes_on) watch_deadline(call);
  const bool taken = submit([call, goes_on, work = std::move(work)](Turn& turn) mutable {
    if (!goes_on && !call->enter(Stage::waiting, Stage::working)) return;
    if (!goes_on && call->late()) return call->refuse_late(false);
    work(turn);
    if (call->awaits_store) call->enter(Stage::working, Stage::applied);
  });
  if (!taken && (goes_on || call->enter(Stage::waiting, Stage::answered))) call->refuse_full_queue();
}

void acknowledge_in_time(TimedCallPtr call, Turn& turn, bool wrote_rows,
                         net::UniqueFunction<void(bool)> respond) {
  call->awaits_store = true;
  auto done = [call = std::move(call), respond = std::move(respond)](Durability how) mutable {
    if (!call->enter(Stage::applied, Stage::answered)) return;
    if (call->late()) return call->refuse_late(true);
    respond(how.durable);
  };
  if (wrote_rows) {
    turn.after_durable(std::move(done));
  } else {
    turn.after_visible(std::move(done));
  }
}

}  // namespace muster::registry::api
