// GET /metrics. The control thread gives values, a slice of services at a time; the I/O thread writes them as
// text between two slices, so that neither is held up. At 100,000 services a page is ten slices.
#include "registry/label.h"
#include "tools/musterd/log.h"
#include "tools/musterd/metrics/page.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {

struct Musterd::PageInWork {
  registry::http::Reply reply;
  ServicesText services;
  std::string after;  // the last service taken
};

void Musterd::send_metrics(registry::http::Reply reply) {
  next_slice(std::make_shared<PageInWork>(PageInWork{std::move(reply), {}, {}}));
}

void Musterd::next_slice(const std::shared_ptr<PageInWork>& page) {
  const bool taken = control_->submit([this, page](registry::Turn& turn) {
    std::vector<ServiceRow> slice;
    for (registry::ServiceStates& states : turn.registry.states(page->after, kServicesASlice)) {
      const bool in_panic = names_.publisher->in_panic(registry::ascii_lower(states.service));
      slice.push_back({std::move(states), in_panic});
    }
    turn.after_visible([this, page, slice = std::move(slice)](registry::Durability) {
      page->services.add(slice);
      const bool whole = slice.size() < kServicesASlice || page->services.is_full();
      if (whole) return finish_page(page);
      page->after = slice.back().states.service;
      next_slice(page);
    });
  });
  if (!taken) refuse_page(page);
}

void Musterd::finish_page(const std::shared_ptr<PageInWork>& page) {
  const bool taken = control_->submit([this, page](registry::Turn& turn) {
    turn.after_visible([this, page, snapshot = take_snapshot(turn.registry, names_)](registry::Durability) {
      std::string text =
          metrics_text(snapshot, metric_sources()) + page->services.finish(snapshot.registry.states);
      page->reply.send(
          {200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, std::move(text)});
    });
  });
  if (!taken) refuse_page(page);
}

void Musterd::refuse_page(const std::shared_ptr<PageInWork>& page) {
  page->reply.send({503, {{"Retry-After", "1"}}, "the control queue is full\n"});
}

MetricSources Musterd::metric_sources() const {
  return {*udp_,
          *tcp_,
          transfers_->counts(),
          updates_->counts(),
          notifier_->counts(),
          desk_->refused(),
          *control_,
          registry_->lateness(),
          probes_->counters(),
          url_hosts_->counters(),
          transitions_.steps(),
          http_->counters(),
          watch_->counters(),
          file_zones_->status(),
          {reloads_ok_, reloads_refused_},
          transitions_.suppressed(),
          started_,
          dns_config_->rate_limit_displaced(),
          native_->health(),
          loader_.dumps_refused(),
          log_lines_dropped(),
          dns_config_->pending()->load(),
          foreign_.get(),
          schedulers_->status(),
          net::machine_now()};
}

}  // namespace muster::tools
