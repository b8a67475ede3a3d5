// The change feed: the last `length` changes of instances, in the order of their revisions, and those who
// wait for the next change of one service. A change costs the same whatever the size of its service: one
// event, which is written out as text at most once, by the first thread that needs it.
//
// Thread safety: a Feed belongs to the control thread. Events are immutable and cross threads freely.
//
// Invariants:
//  1. Events lie in the ring in ascending revision; after(r) gives every change above r, or says that it
//  cannot.
//  2. A waiter is woken at most once, and only by its own service, its own deadline, or nobody.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/net/unique_function.h"
#include "registry/registry.h"

namespace muster::registry {

using WriteInstance = std::function<void(std::string& out, const Instance& instance, const LeaseView& lease)>;

class FeedEvent {
 public:
  explicit FeedEvent(const InstanceChange& change);

  std::uint64_t revision;
  std::string service;
  std::string id;
  InstancePtr instance;  // null: it is gone
  LeaseView lease;       // when it happened
  std::uint64_t generation;
  Cause cause;
  SetHash set_hash;  // of the service after this change

  // {"revision","service","op":"put","instance":{…},"set_hash"} or
  // {…,"op":"delete","id","generation","cause","set_hash"}. The text is made by the first call; all calls
  // must bring the same writer.
  const std::string& json(const WriteInstance& write) const;
  // The same without set_hash: for a reader whose picture of the service is not the one of this moment.
  std::string json_without_hash(const WriteInstance& write) const;

 private:
  std::string write_json(const WriteInstance& write) const;
  mutable std::once_flag once_;
  mutable std::string json_;
};
using FeedEventPtr = std::shared_ptr<const FeedEvent>;
using FeedEvents = std::vector<FeedEventPtr>;

class Feed {
 public:
  using Wake = net::UniqueFunction<void(bool changed, Instant now)>;  // not changed: the time is over
  using WaitId = std::uint64_t;

  // `revision`: the registry's, when the feed begins; what came before is lost to it.
  Feed(std::size_t length, std::uint64_t revision) : length_(length), lost_(revision), latest_(revision) {}

  void publish(const Batch& batch, Instant now);
  void tick(Instant now);
  // Called after each publish() and tick() that found something to do, with the new events.
  void on_events(std::function<void(const FeedEvents&)> listener) { listener_ = std::move(listener); }

  // The changes above `revision`, at most `limit`; nullopt: some of them are no longer here, or `revision`
  // has not happened yet.
  std::optional<FeedEvents> after(std::uint64_t revision, std::size_t limit) const;
  std::uint64_t revision() const { return latest_; }

  // Wakes once: when something of `service` ("" for any) takes a revision, or at `until`.
  WaitId wait(std::string service, SteadyTime until, Wake wake);
  void cancel(WaitId id);
  void cancel_all();
  std::size_t waiting() const { return waiters_.size(); }

 private:
  struct Waiter {
    std::string service;
    SteadyTime until;
    Wake wake;
  };
  void add(FeedEventPtr event);
  void fetch_oldest(std::size_t count) const;
  void wake_service(const std::string& service, Instant now);
  void finish(WaitId id, bool changed, Instant now);
  Waiter take(WaitId id);

  const std::size_t length_;
  std::function<void(const FeedEvents&)> listener_;
  std::deque<FeedEventPtr> ring_;
  std::uint64_t lost_;    // the highest revision that is no longer in the ring
  std::uint64_t latest_;  // the highest one there was
  WaitId last_id_ = 0;
  std::unordered_map<WaitId, Waiter> waiters_;
  std::unordered_map<std::string, std::set<WaitId>> by_service_;
  std::set<std::pair<SteadyTime, WaitId>> deadlines_;
};

}  // namespace muster::registry
