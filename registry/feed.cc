#include "registry/feed.h"

#include <algorithm>
#include <cassert>
#include <ranges>

#include "registry/json_text.h"
#include "registry/prefetch.h"

namespace muster::registry {
namespace {

constexpr std::string_view kHashName = ",\"set_hash\":\"";
constexpr std::size_t kFetched = 16;                          // events that go, at a time
constexpr std::size_t kHashTail = kHashName.size() + 32 + 2;  // with its quote and the object's brace

}  // namespace

FeedEvent::FeedEvent(const InstanceChange& change)
    : revision(change.revision),
      service(change.service),
      id(change.id),
      instance(change.after),
      lease(change.lease),
      generation(change.after    ? change.after->generation
                 : change.before ? change.before->generation
                                 : 0),
      cause(change.cause),
      set_hash(change.set_hash) {}

const std::string& FeedEvent::json(const WriteInstance& write) const {
  std::call_once(once_, [&] { json_ = write_json(write); });
  return json_;
}

std::string FeedEvent::json_without_hash(const WriteInstance& write) const {
  const std::string& whole = json(write);
  return whole.substr(0, whole.size() - kHashTail) + "}";
}

std::string FeedEvent::write_json(const WriteInstance& write) const {
  std::string out = "{\"revision\":" + std::to_string(revision) + ",\"service\":";
  append_json_string(out, service);
  if (instance) {
    out += ",\"op\":\"put\",\"instance\":";
    write(out, *instance, lease);
  } else {
    out += ",\"op\":\"delete\",\"id\":";
    append_json_string(out, id);
    out += ",\"generation\":" + std::to_string(generation) + ",\"cause\":";
    append_json_string(out, to_string(cause));
  }
  return out.append(kHashName).append(to_string(set_hash)).append("\"}");
}

void Feed::publish(const Batch& batch, Instant now) {
  FeedEvents events;
  for (const InstanceChange& change : batch.changes) {
    if (change.revised) events.push_back(std::make_shared<const FeedEvent>(change));
  }
  if (events.empty()) return;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (i % kFetched == 0 && ring_.size() + kFetched > length_) fetch_oldest(kFetched);
    add(events[i]);
  }
  for (const FeedEventPtr& event : events) wake_service(event->service, now);
  wake_service("", now);
  if (listener_) listener_(events);
}

void Feed::add(FeedEventPtr event) {
  assert(event->revision > latest_);
  latest_ = event->revision;
  ring_.push_back(std::move(event));
  if (ring_.size() <= length_) return;
  lost_ = ring_.front()->revision;
  ring_.pop_front();
}

// Those that are about to go, with the last that hold pictures nobody has looked at since.
void Feed::fetch_oldest(std::size_t count) const {
  const std::size_t oldest = std::min(count, ring_.size());
  for (std::size_t i = 0; i < oldest; ++i) prefetch(ring_[i].get());
  for (std::size_t i = 0; i < oldest; ++i) prefetch(ring_[i]->instance.get());
  for (std::size_t i = 0; i < oldest; ++i) {
    if (ring_[i]->instance) prefetch(ring_[i]->instance->body.get());
  }
}

void Feed::tick(Instant now) {
  bool any = false;
  for (; !deadlines_.empty() && deadlines_.begin()->first <= now.steady; any = true)
    finish(deadlines_.begin()->second, false, now);
  if (any && listener_) listener_({});
}

std::optional<FeedEvents> Feed::after(std::uint64_t revision, std::size_t limit) const {
  if (revision < lost_ || revision > latest_) return std::nullopt;
  const auto begin =
      std::upper_bound(ring_.begin(), ring_.end(), revision,
                       [](std::uint64_t r, const FeedEventPtr& event) { return r < event->revision; });
  const auto count = std::min(limit, static_cast<std::size_t>(ring_.end() - begin));
  return FeedEvents(begin, begin + static_cast<std::ptrdiff_t>(count));
}

Feed::WaitId Feed::wait(std::string service, SteadyTime until, Wake wake) {
  const WaitId id = ++last_id_;
  by_service_[service].insert(id);
  deadlines_.emplace(until, id);
  waiters_.emplace(id, Waiter{std::move(service), until, std::move(wake)});
  return id;
}

void Feed::cancel(WaitId id) {
  if (waiters_.contains(id)) take(id);
}

void Feed::cancel_all() {
  while (!waiters_.empty()) take(waiters_.begin()->first);
}

void Feed::wake_service(const std::string& service, Instant now) {
  const auto found = by_service_.find(service);
  if (found == by_service_.end()) return;
  const std::set<WaitId> ids = found->second;  // a waiter may wait again at once
  for (const WaitId id : ids) finish(id, true, now);
}

void Feed::finish(WaitId id, bool changed, Instant now) { take(id).wake(changed, now); }

Feed::Waiter Feed::take(WaitId id) {
  auto node = waiters_.extract(id);
  Waiter waiter = std::move(node.mapped());
  deadlines_.erase({waiter.until, id});
  const auto service = by_service_.find(waiter.service);
  service->second.erase(id);
  if (service->second.empty()) by_service_.erase(service);
  return waiter;
}

}  // namespace muster::registry
