// Watching over HTTP: the long poll on one service, GET /changes, and GET /watch as server-sent events.
//
// The control thread decides (is there something newer? which services does a snapshot hold?) and hands over
// immutable values; JSON is written on I/O threads. A frame is written once for all streams. Polls and
// streams together are limited.
//
// Thread safety: the handlers and the counters from any thread; tick() on the control thread. The object must
// outlive the control thread and the I/O threads.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/api/watch_stream.h"
#include "registry/feed.h"
#include "registry/http/message.h"
#include "registry/net/task_strand.h"

namespace muster::registry::api {

struct WatchConfig {
  std::string epoch;
  std::size_t max_watchers = 2'048;  // polls and streams: half of http.max_connections
  Millis max_wait{300'000};
  WatchStream::Config stream;
};

struct WatchCounters {
  std::atomic<std::size_t> watchers{0};      // parked polls and open streams
  std::atomic<std::uint64_t> refused{0};     // too_many_watchers
  std::atomic<std::uint64_t> resets{0};      // streams that lost their place
  std::atomic<std::uint64_t> queue_full{0};  // batches that found too many events waiting for the streams
  std::atomic<std::uint64_t> polls_woken{0};
  std::atomic<std::uint64_t> polls_timed_out{0};
};

// What Watch reads of the registry, on the control thread.
struct WatchReads {
  std::function<ServiceView(std::string_view service, Instant now)> view;
  std::function<std::vector<ServiceSummary>(std::string_view glob, std::string_view after, std::size_t limit)>
      list;
};

class Watch {
 public:
  using ControlWork = net::UniqueFunction<void(Instant now)>;
  // Hands work to the control thread; false: its queue is full.
  using OnControl = std::function<bool(ControlWork work)>;
  // Runs a task on an I/O thread.
  using Post = std::function<void(net::UniqueFunction<void()> task)>;
  // Answers a poll with the service, on an I/O thread; the caller's filters are its own business.
  using Answer = std::function<void(http::Reply reply, ServiceViewPtr view)>;

  Watch(WatchConfig config, Feed& feed, WatchReads reads, WatchWriters writers, OnControl on_control,
        Post post);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // GET /services/{s}?after=REV[&epoch=E][&wait=30s]
  void poll(const http::Request& request, http::Reply reply, std::string service, Answer answer);
  void changes(http::Request request, http::Reply reply);  // GET /changes?after=REV&limit=1000&wait=30s
  void stream(http::Request request, http::Reply reply);   // GET /watch?service=GLOB&after=REV
  // Every 10 ms: ends waits, lets slow streams go on, sends comments.
  void tick(Instant now);
  const WatchCounters& counters() const { return *counters_; }

 private:
  using Slot = std::shared_ptr<void>;  // one of max_watchers, given back when it dies
  struct Parked;
  struct Snapshot;
  struct Open {
    std::shared_ptr<WatchStream> stream;
    std::shared_ptr<http::Stream> wire;
    Slot slot;
  };
  struct Position {
    std::uint64_t after = 0;
    std::string epoch;
  };

  Slot take_slot();
  http::Response refuse(int status, std::string_view code, std::string_view message,
                        std::string_view field) const;
  http::Response json(std::string body, std::uint64_t revision) const;
  void park(std::shared_ptr<Parked> parked, std::string service, Millis wait, Feed::Wake wake, Instant now);
  void decide_poll(std::shared_ptr<Parked> parked, std::string service, Position from, Millis wait,
                   Answer answer, Instant now);
  void decide_changes(std::shared_ptr<Parked> parked, Position from, std::size_t limit, Millis wait,
                      Instant now);
  void answer_changes(std::shared_ptr<Parked> parked, FeedEvents events, std::uint64_t from);
  ServiceViewPtr shared_view(const std::string& service, Instant now);
  void answer_later(net::UniqueFunction<void()> task);
  void flush_answers();

  void on_events(const FeedEvents& events);
  void lose_streams();
  void tell_streams(const FeedEventPtr& event);
  void resume(std::uint64_t id, std::vector<std::string> globs, Position from);
  void begin_snapshot(std::uint64_t id, std::vector<std::string> globs, std::string reset);
  void continue_snapshot(std::shared_ptr<Snapshot> snapshot, Instant now);
  bool take_slice(Snapshot& snapshot, Instant now);
  void finish_snapshot(Snapshot& snapshot);
  void begin_stream(std::uint64_t id, std::vector<StreamPiece> pieces);
  void close_stream(std::uint64_t id);
  void pump(SteadyTime now);

  const WatchConfig config_;
  Feed& feed_;
  const WatchReads reads_;
  const std::shared_ptr<const WatchWriters> writers_;
  const std::shared_ptr<const std::string> epoch_;
  const OnControl on_control_;
  const Post post_;
  const std::shared_ptr<WatchCounters> counters_ = std::make_shared<WatchCounters>();  // slots may outlive us
  std::atomic<std::uint64_t> last_stream_{0};
  // Asked for and not yet closed. None: no events go to the strand.
  std::atomic<std::size_t> wanted_streams_{0};

  // The control thread's own.
  std::unordered_map<std::string, ServiceViewPtr> views_;  // of this batch, shared by all its polls
  std::vector<net::UniqueFunction<void()>> answers_;       // of this batch
  SteadyTime next_pump_{};
  bool missed_ = false;  // events that found no room on their way to the streams

  // The strand's own.
  std::unordered_map<std::uint64_t, Open> streams_;
  std::atomic<std::size_t> queued_events_{0};
  std::atomic<bool> is_behind_{false};
  std::atomic<bool> pump_queued_{false};
  net::TaskStrand strand_;
};

}  // namespace muster::registry::api
