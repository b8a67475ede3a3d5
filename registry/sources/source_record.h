// How a source has fared: when it last succeeded, what has failed since, how long it waits before it asks
// again. Time and chance are passed in.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "registry/net/clock.h"
#include "registry/scheduler.h"
#include "registry/source_status.h"
#include "registry/sources/backoff.h"
#include "registry/sources/source_failure.h"

namespace muster::registry::sources {

class SourceRecord {
 public:
  using Tell = std::function<void(const SourceFailure& failure)>;

  // `tell`: a word for the log, when something begins to fail, and when it works again (an empty kind).
  SourceRecord(net::Millis stale_after, Tell tell) : stale_after_(stale_after), tell_(std::move(tell)) {}

  // What is served was learnt then, in an earlier life. False: it is older than what is stale may be.
  bool restored(net::Instant learnt_at, net::SteadyTime now, net::Millis max_stale) {
    if (max_stale > net::Millis(0) && now - learnt_at.steady >= stale_after_ + max_stale) return false;
    last_success_ = learnt_at;
    is_from_store_ = true;
    return true;
  }
  void succeeded(net::Instant now) {
    last_success_ = now;
    is_ended_ = is_from_store_ = false;
    if (std::exchange(is_failing_, false)) tell_({});
    failures_ = 0;
    error_.reset();
    backoff_.succeeded(now.steady);
  }

  // Returns how long to wait; `chance` from 0 to 1.
  net::Millis failed(const SourceFailure& failure, net::Instant now, double chance) {
    ++failures_;
    count_one(errors_, failure.kind);
    if (!std::exchange(is_failing_, true)) tell_(failure);
    error_ = SourceError{failure.kind, failure.message, now.wall};
    return failure.kind == "auth" ? Backoff::kMost : backoff_.after_failure(now.steady, chance);
  }

  bool has_ended() const { return is_ended_; }
  const std::optional<net::Instant>& last_success() const { return last_success_; }
  bool is_stale(net::SteadyTime now) const {
    return last_success_ && now - last_success_->steady >= stale_after_;
  }
  SchedulerSilence silence(net::SteadyTime now) const {
    return {is_stale(now) ? std::optional(last_success_->wall) : std::nullopt};
  }
  // True once: it has been stale for longer than what is stale is served.
  bool ends(net::SteadyTime now, net::Millis max_stale) {
    if (max_stale == net::Millis(0) || is_ended_ || !last_success_) return false;
    is_ended_ = now - last_success_->steady >= stale_after_ + max_stale;
    return is_ended_;
  }

  void show(SourceStatus& status, net::SteadyTime now) const {
    status.state = is_stale(now) ? "stale" : !last_success_ || is_from_store_ ? "init" : "live";
    status.from_store = is_from_store_;
    status.last_success = last_success_ ? std::optional(last_success_->wall) : std::nullopt;
    status.error = error_;
    status.consecutive_errors = failures_;
    status.errors = errors_;
  }

 private:
  const net::Millis stale_after_;
  const Tell tell_;
  Backoff backoff_;
  std::optional<net::Instant> last_success_;
  std::optional<SourceError> error_;  // since then
  std::uint64_t failures_ = 0;        // in a row
  Counts errors_;
  bool is_failing_ = false;
  bool is_from_store_ = false;  // as long as nobody has answered
  bool is_ended_ = false;
};

}  // namespace muster::registry::sources
