// The control thread: the one place where the registry is written. Any thread hands it work; it drains its
// queue in batches: apply everything, publish what changed (zones), hand the rows to the store, then
// acknowledge. A write is acknowledged when it is applied, visible in DNS, and durable, in this order.
//
// A drained queue is one batch, cut after `max_batch` so that nobody waits long behind a crowd; every `tick`
// leases expire in slices of the same length. A loop that finds itself over a second late (a paused machine)
// moves all deadlines by what it missed and reads what has arrived meanwhile before anything may expire.
//
// A brief job that comes alone does not wake it: the I/O thread that handed it in takes the pen for a turn of
// its own, when the control thread sleeps: at once when nobody has asked for a moment, else after all that is
// ready there, so that a crowd makes one batch. To wake that thread, and to be woken, costs more than such a
// job, and on a core that answers queries each switch takes their time. The pen is a mutex, so there is one
// writer at a time, and jobs run in the order in which they came.
//
// Thread safety: submit(), store_state() and the counters from any thread; everything else
// on the control thread, or in the turn of a brief job.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "registry/net/histogram.h"
#include "registry/net/unique_function.h"
#include "registry/registry.h"
#include "registry/store/durability.h"
#include "registry/store/store.h"

namespace muster::registry {

// What a job may do while it runs.
class Turn {
 public:
  Turn(Registry& writer, Instant at, bool has_room = true)
      : registry(writer), now(at), accepts_writes(has_room) {}
  Registry& registry;
  const Instant now;
  const bool accepts_writes;  // false: too many rows wait for the store, new writes get out_of_capacity
  // Called on the I/O side once this batch is visible in DNS; writes that need the disk use after_durable.
  void after_visible(Acknowledge done) { visible.push_back(std::move(done)); }
  void after_durable(Acknowledge done) { durable.push_back(std::move(done)); }

  // Ends the batch before the job that calls it, which runs again as the first of the next: it must see published
  // what the jobs before it changed. Only for a job that has done nothing yet.
  void publish_first() { ends_before_job = true; }

  std::vector<Acknowledge> visible;
  std::vector<Acknowledge> durable;
  bool ends_before_job = false;
  std::uint64_t refused_writes = 0;  // by jobs, because accepts_writes is false
};
using Job = net::UniqueFunction<void(Turn&)>;

// What whoever hands in a brief job knows of it; nothing depends on it but time.
struct BriefHints {
  // The instance that it touches, so that what the job will look at is fetched ahead; {}: not known yet. The
  // views must last as long as the job.
  Key subject{};
  bool is_last = false;  // no other is ready where this one came from
};

struct ControlConfig {
  std::size_t max_queue = 65536;  // jobs waiting; beyond it submit() refuses
  Millis tick{10};
  std::chrono::microseconds max_batch{2'000};
  Millis max_late{1'000};  // beyond it the machine must have been paused
  std::function<Instant()> clock = net::machine_now;
  // Runs a task on the I/O thread that called submit_brief(), after all that is ready there. Null: brief jobs
  // are like others.
  std::function<void(std::function<void()> task)> soon;
  // A brief job that comes so long after the last job, with no other behind it, runs within submit_brief().
  // Null: none does.
  std::optional<std::chrono::microseconds> lone_after;
};

inline constexpr std::array<std::uint64_t, 13> kChangeMicros = {
    100, 250, 500, 1'000, 2'500, 5'000, 10'000, 20'000, 50'000, 100'000, 250'000, 1'000'000, 10'000'000};
using ChangeTimes = net::Histogram<kChangeMicros>;

struct ControlCounters {
  std::atomic<std::uint64_t> jobs{0};
  std::atomic<std::uint64_t> batches{0};
  std::atomic<std::uint64_t> queue_full{0};
  std::atomic<std::uint64_t> store_full{0};    // new writes refused because too many rows wait
  std::atomic<std::uint64_t> cut_batches{0};   // ended by max_batch with jobs left over
  std::atomic<std::uint64_t> pauses{0};        // how often all deadlines were moved
  std::atomic<std::uint64_t> batch_us_sum{0};  // jobs, publishing and handing over
  std::atomic<std::uint64_t> batch_us_max{0};
  std::atomic<std::int64_t> tick_late_ms_max{0};
  std::atomic<std::int64_t> last_tick_ms{0};  // steady clock, for /healthz
  std::atomic<std::size_t> queued{0};         // jobs taken by submit() and not yet run
  // From submit() to the answers (a job that made no revision, as a plain renewal, is not counted), and to
  // the delivery of what the job asked for after_durable().
  ChangeTimes visible;
  ChangeTimes durable;
};

class Control {
 public:
  // Publishes one batch: zones makes it visible, then the feed tells who watches. Runs within a turn.
  using Publish = std::function<void(const Batch& batch, Instant now)>;
  // Runs a list of acknowledgements where they belong (an I/O executor).
  using Deliver = std::function<void(std::vector<net::UniqueFunction<void()>>)>;

  Control(ControlConfig config, Registry& registry, Store& store, StoreConfig store_config, Publish publish,
          Deliver deliver);
  ~Control();  // stops

  // Called after each tick, on the control thread: the feed's and the zones' own clocks. Before start().
  void on_tick(std::function<void(Instant)> hook);
  void start();  // starts the control thread and the store thread
  void stop();   // drains the queue, stores when everybody was last heard, flushes the store, joins
  // False when the queue is full or the control thread is stopping: the job was not taken.
  [[nodiscard]] bool submit(Job job);
  // The same for a job that touches one instance: it may run on the calling thread, within this call or when
  // that thread has returned to its loop.
  [[nodiscard]] bool submit_brief(Job job, const BriefHints& hints = {});
  const ControlCounters& counters() const;
  StoreState store_state() const;
  const CommitTimes& commit_times() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry
