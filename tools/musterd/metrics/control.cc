#include "tools/musterd/metrics/page.h"

namespace muster::tools {

namespace {

void write_store(Exposition& page, const registry::Control& control) {
  const registry::StoreState store = control.store_state();
  page.gauge("muster_store_healthy", "1 while writes reach the store.", store.healthy ? 1 : 0);
  page.gauge("muster_store_queue", "Rows waiting for a commit.", static_cast<double>(store.pending_rows));
  page.counter("muster_store_commits_total", "Transactions committed.", static_cast<double>(store.commits));
  page.counter("muster_store_rows_total", "Rows committed.", static_cast<double>(store.rows));
  page.counter("muster_store_errors_total", "Transactions that failed.", static_cast<double>(store.errors));
  page.counter("muster_store_checkpoints_total", "Times the log was moved into the file.",
               static_cast<double>(store.checkpoints.runs));
  page.counter("muster_store_checkpoint_errors_total", "Those that failed.",
               static_cast<double>(store.checkpoints.errors));
  page.family("muster_store_commit_seconds", MetricType::histogram,
              "How long a transaction took, with its sync to disk.");
  page.histogram({}, control.commit_times(), 1e-6);
}

}  // namespace

void write_control(Exposition& page, const registry::Control& control) {
  const registry::ControlCounters& counters = control.counters();
  page.family("muster_change_visible_seconds", MetricType::histogram,
              "From an accepted change to its presence in DNS answers.");
  page.histogram({}, counters.visible, 1e-6);
  page.family("muster_change_durable_seconds", MetricType::histogram,
              "From an accepted change to the reply that it is on disk.");
  page.histogram({}, counters.durable, 1e-6);
  page.gauge("muster_control_queue", "Jobs waiting for the control thread.",
             static_cast<double>(counters.queued.load()));
  page.counter("muster_control_jobs_total", "Jobs run by the control thread.",
               static_cast<double>(counters.jobs.load()));
  page.counter("muster_control_batches_total", "Batches published.",
               static_cast<double>(counters.batches.load()));
  page.counter("muster_control_cut_batches_total", "Batches ended by their time limit with jobs left over.",
               static_cast<double>(counters.cut_batches.load()));
  page.counter("muster_control_batch_seconds_total",
               "Time spent in batches: applying, publishing, handing over.",
               static_cast<double>(counters.batch_us_sum.load()) / 1e6);
  page.gauge("muster_control_batch_seconds_max", "The longest batch since the start.",
             static_cast<double>(counters.batch_us_max.load()) / 1e6);
  page.gauge("muster_control_tick_late_seconds_max", "The latest tick since the start, behind its time.",
             static_cast<double>(counters.tick_late_ms_max.load()) / 1e3);
  page.counter("muster_control_pauses_total",
               "How often all deadlines were moved because the machine had paused.",
               static_cast<double>(counters.pauses.load()));
  write_store(page, control);
}

}  // namespace muster::tools
