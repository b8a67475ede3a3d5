// The whole server, built and wired: the only place that knows registry, zones and dns at once.
//
// Threads: control and store (registry::Control), one I/O thread (HTTP, TCP, transfers, probes, signals), the
// loader (master files, reload, zones written out), the forwarder where names that are not ours are looked
// up, and a UDP thread per address and core. None is started before serve(); the destructor joins those that
// run, whatever point a start or a stop has come to, before it destroys what they use.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "dns/desk_queue.h"
#include "dns/desks.h"
#include "dns/notifier.h"
#include "dns/tcp_server.h"
#include "dns/transfers.h"
#include "dns/udp_server.h"
#include "dns/updates.h"
#include "registry/api/native.h"
#include "registry/api/watch.h"
#include "registry/control.h"
#include "registry/feed.h"
#include "registry/http/server.h"
#include "tools/musterd/dns_config.h"
#include "tools/musterd/dns_log.h"
#include "tools/musterd/file_zones.h"
#include "tools/musterd/foreign_names.h"
#include "tools/musterd/listeners.h"
#include "tools/musterd/loader.h"
#include "tools/musterd/metrics/sources.h"
#include "tools/musterd/names.h"
#include "tools/musterd/options.h"
#include "tools/musterd/probes.h"
#include "tools/musterd/schedulers.h"
#include "tools/musterd/service_manager.h"
#include "tools/musterd/settings.h"
#include "tools/musterd/store_log.h"
#include "tools/musterd/suspects.h"
#include "tools/musterd/transitions.h"
#include "tools/musterd/update_door.h"
#include "tools/musterd/url_hosts.h"

namespace muster::tools {

class Musterd {
 public:
  // Throws std::exception (StoreRefused, ServerRefused, …) when it cannot start.
  Musterd(Options options, ConfigPtr config);
  ~Musterd();
  Musterd(const Musterd&) = delete;
  Musterd& operator=(const Musterd&) = delete;

  // Serves until SIGTERM or SIGINT; the exit status.
  int run();

  // As bound, port 0 replaced.
  std::vector<net::Endpoint> dns_listeners() const { return listeners_.bound(); }
  std::vector<net::Endpoint> http_listeners() const { return http_->bound(); }

 private:
  // Start, in this order.
  void make_http();
  void open_store();
  void make_registry();
  void make_publisher();
  zones::PublishConfig publish_settings(const ConfigPtr& config);
  zones::SerialStore serial_store();
  void publish_stored();
  void make_control();
  void make_dns();
  void make_transfers();
  void make_updates();
  void make_file_zones();
  void serve();
  void load_zones();
  void finish_stop();
  void log_start() const;
  void tell_ready(const std::string& more = "") const;

  // On the control thread.
  void publish(const registry::Batch& batch, net::Instant now);
  void tick(net::Instant now);
  void settle_readiness();  // of the native names
  void keep_histories(const config::Config& config);
  // Registers what [[source.static]] lists. Whom the registry refuses is logged, and returned as text.
  std::vector<std::string> list_static(const config::Config& config, registry::Turn& turn);
  void update_gauges();
  void log_left_out(net::SteadyTime now);

  // Runs work on the control thread and waits; not from the control or the I/O thread.
  bool on_control(net::UniqueFunction<void(registry::Turn&)> work);

  // Signals and reload.
  void wait_for_signals();
  void stop();
  // `discard`: zones whose stored updates are to go.
  registry::api::ReloadReport reload(const std::vector<std::string>& discard = {});
  registry::api::ReloadReport read_again(const std::vector<std::string>& discard);
  registry::api::ReloadReport refuse_reload(std::vector<std::string> errors);
  // What could not be taken over, as lines.
  std::vector<std::string> take_over(const ConfigPtr& next);
  std::optional<std::string> renew_certificate();
  ConfigPtr config() const;

  // What the HTTP routes ask for.
  registry::api::Outside outside();
  void add_mesos_dns_routes();
  std::vector<registry::api::Missing> missing() const;
  registry::api::ServerFacts facts() const;
  registry::api::Stats stats() const;
  std::vector<registry::api::HealthCheck> checks();
  registry::api::PublishedAs published_as(const registry::Instance& instance) const;
  std::string explain_name(std::string_view name, std::string_view type,
                           const std::optional<net::IpPrefix>& client) const;
  using ZoneTextDone = net::UniqueFunction<void(registry::api::ZoneText)>;
  void zone_text(std::string zone, ZoneTextDone done);
  void flush_cache(const std::string& name, net::UniqueFunction<void(std::optional<std::size_t>)> done);
  std::vector<registry::SourceStatus> sources() const;
  registry::api::HealthVerdict ask_myself();
  void look_after_myself();
  net::Millis control_silent() const;  // since its last tick
  void tell_alive();
  void send_metrics(registry::http::Reply reply);
  struct PageInWork;
  void next_slice(const std::shared_ptr<PageInWork>& page);
  void finish_page(const std::shared_ptr<PageInWork>& page);
  static void refuse_page(const std::shared_ptr<PageInWork>& page);
  MetricSources metric_sources() const;

  const Options options_;
  const ServiceManager service_manager_{ServiceManager::environment()};
  ConfigPtr config_;
  mutable std::mutex config_mutex_;  // guards config_
  const net::Instant started_ = net::machine_now();
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> io_work_;
  Loader loader_;
  boost::asio::signal_set signals_;
  Listeners listeners_;
  std::unique_ptr<registry::Store> store_;
  registry::LoadReport loaded_;
  std::map<std::string, std::string> meta_;
  std::vector<registry::ZoneRow> zone_rows_;  // from the load until the zones are made
  registry::Rows picture_rows_;               // likewise, until the sources are
  std::unique_ptr<registry::Registry> registry_;
  Names names_;
  std::unique_ptr<Schedulers> schedulers_;
  std::vector<registry::api::MesosDnsSource> mesos_dns_;  // of its sources, for the routes
  std::unique_ptr<zones::NameTable::Reader> lister_;  // the loader thread's: writes generated zones out
  std::unique_ptr<registry::Feed> feed_;
  std::unique_ptr<registry::Control> control_;
  std::unique_ptr<registry::api::Watch> watch_;
  std::unique_ptr<Suspects> suspects_;
  std::unique_ptr<Probes> probes_;
  std::unique_ptr<UrlHosts> url_hosts_;
  std::unique_ptr<UpdateDoor> update_door_;
  registry::Turn* turn_ = nullptr;  // of the control thread while it works for file_zones_
  std::unique_ptr<FileZones> file_zones_;
  registry::http::Router router_;
  std::unique_ptr<registry::api::NativeApi> native_;
  std::unique_ptr<registry::http::Server> http_;
  std::unique_ptr<DnsConfig> dns_config_;
  std::unique_ptr<dns::Transfers> transfers_;
  std::unique_ptr<dns::Updates> updates_;
  std::unique_ptr<dns::Notifier> notifier_;
  std::unique_ptr<dns::DeskQueue> desk_;
  std::unique_ptr<ForeignNames> foreign_;  // null: they are refused
  std::unique_ptr<dns::Desks> desks_;
  std::unique_ptr<dns::TcpServer> tcp_;
  std::unique_ptr<dns::UdpServer> udp_;
  std::unique_ptr<dns::Answering> own_question_;  // the I/O thread's, for the self-check
  registry::HeartbeatStatus own_status_ = registry::HeartbeatStatus::passing;  // the I/O thread's, as last told
  boost::asio::steady_timer own_look_{io_};
  boost::asio::steady_timer alive_{io_};
  bool control_hangs_ = false;  // the I/O thread's, as of tell_alive()
  std::atomic<bool> serving_{false};
  std::atomic<bool> files_read_{false};
  std::atomic<bool> stopping_{false};
  std::promise<void> requests_over_;  // by stop()
  // Until then the native names may not all be there: what they would be denied is SERVFAIL.
  net::SteadyTime grace_until_{};       // nothing readable in the store
  net::SteadyTime incomplete_until_{};  // a scheduler has not spoken
  Transitions transitions_{log, log_enabled};
  StoreLog store_log_;
  DnsLog dns_log_;  // the I/O thread's
  LineBudget left_out_lines_{1};
  std::uint64_t left_out_ = 0;  // names that have been told of
  std::uint64_t beyond_hash_ = 0;
  // The registry's own counts for /stats, as of the last tick.
  struct Gauges {
    std::atomic<std::size_t> services{0};
    std::atomic<std::size_t> instances{0};
    std::atomic<std::size_t> suspects{0};
    std::atomic<std::uint64_t> expired{0};
  } gauges_;
  std::atomic<std::size_t> static_left_out_{0};
  std::atomic<std::uint64_t> reloads_ok_{0};
  std::atomic<std::uint64_t> reloads_refused_{0};
  std::thread io_thread_;
};

}  // namespace muster::tools
