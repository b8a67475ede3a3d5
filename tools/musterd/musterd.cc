#include "tools/musterd/musterd.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <csignal>
#include <iterator>
#include <mutex>
#include <thread>

#include "registry/api/instance_json.h"
#include "registry/net/thread_name.h"
#include "tools/config/public_names.h"
#include "tools/musterd/convey.h"
#include "tools/musterd/log.h"
#include "tools/musterd/privileges.h"

namespace muster::tools {

namespace asio = boost::asio;

namespace {

// About how many names a service and an instance have, so that the table does not grow step by step at a start.
constexpr std::size_t kNamesAService = 4;
constexpr std::size_t kNamesAnInstance = 2;

// Parts of a start that go from thread to thread: few enough to be found in the cache.
constexpr std::size_t kRowsAtOnce = 256;
constexpr std::size_t kRestoredAtOnce = 256;

constexpr std::size_t kStaticLines = 20;  // one each for so many static instances that are refused
constexpr net::Millis kSchedulerGrace{60'000};  // after which names are denied though a scheduler has not spoken
// A crowd's requests come closer together than those of one client that waits for each answer.
constexpr std::chrono::microseconds kLoneAfter{20};
constexpr std::chrono::milliseconds kControlBusy{10};  // before work that it did not take is offered again

std::string joined(const std::vector<net::Endpoint>& endpoints) {
  std::string text;
  for (const net::Endpoint& endpoint : endpoints) text += (text.empty() ? "" : ",") + net::to_string(endpoint);
  return text;
}

// Else the publisher asks the registry whether a service without members is known, and must wait until it is at rest.
bool is_all_published(const registry::Batch& batch) {
  return std::ranges::all_of(batch.changes, [](const registry::InstanceChange& change) {
    return !change.before && change.after && change.after->publishable;
  });
}

registry::StoreConfig store_config(const config::Store& store) {
  registry::StoreConfig to;
  to.kind = store.kind;
  to.path = store.path.string();
  to.commit_every = store.commit_every;
  return to;
}

}  // namespace

Musterd::Musterd(Options options, ConfigPtr config)
    : options_(std::move(options)), config_(std::move(config)), io_work_(io_.get_executor()), signals_(io_) {
  listeners_ = open_listeners(config_->dns);
  if (!listeners_.error.empty()) throw std::runtime_error(listeners_.error);
  make_http();
  // All that may need root is done: addresses are bound, the key of the certificate is read. What is written from here
  // on belongs to the user who has to write it again.
  if (const std::string error = drop_privileges(config_->server.user); !error.empty()) throw std::runtime_error(error);
  service_manager_.starting("reading the store");
  open_store();
  make_registry();
  make_publisher();
  publish_stored();
  make_control();
  make_dns();
}

// The I/O thread first, which uses everything; then who may wait for the control thread.
Musterd::~Musterd() {
  io_work_.reset();
  io_.stop();
  if (io_thread_.joinable()) io_thread_.join();
  loader_.stop();
  if (udp_) udp_->stop();
  if (control_) control_->stop();
}

void Musterd::open_store() {
  store_ = registry::open_store(store_config(config_->store));
}

// Meta rows come first and tell the epoch, which the registry needs from its beginning. Another thread reads.
void Musterd::make_registry() {
  const net::Instant now = net::machine_now();
  const auto begin = [&] {
    if (registry_) return;
    registry_ = std::make_unique<registry::Registry>(registry_config(config_, meta_["epoch"]), now);
    for (const auto& [key, value] : meta_) registry_->restore(registry::MetaRow{key, value}, now);
  };
  const auto restore = [&](registry::Row& row) {
    if (const auto* meta = std::get_if<registry::MetaRow>(&row)) {
      meta_[meta->key] = meta->value;
    } else if (auto* updated = std::get_if<registry::ZoneRow>(&row)) {
      zone_rows_.push_back(std::move(*updated));
    } else if (std::holds_alternative<registry::PictureRow>(row) ||
               std::holds_alternative<registry::PieceRow>(row)) {
      picture_rows_.push_back(std::move(row));
    } else {
      begin();
      registry_->restore(row, now);
    }
  };
  convey<registry::Rows>(
      [this](const auto& hand_over) {
        registry::Rows rows;
        const auto send = [&] {
          if (!hand_over(std::exchange(rows, {}))) return;
          rows.reserve(kRowsAtOnce);
        };
        loaded_ = store_->load([&](registry::Row row) {
          rows.push_back(std::move(row));
          if (rows.size() >= kRowsAtOnce) send();
        });
        send();
      },
      [&](registry::Rows rows) {
        for (registry::Row& row : rows) restore(row);
      },
      Here::uses);
  begin();
  registry_->set_safe_stop([this](const registry::Instance& instance, net::Instant at) {
    return names_.publisher->safe_stop(instance, at);
  });
}

void Musterd::make_publisher() {
  zones::PublishConfig to = publish_settings(config_);
  to.serials = serial_store();
  names_.publisher = std::make_unique<zones::Publisher>(std::move(to), names_.zones);
  std::optional<registry::Rows> keep;
  if (store_->is_lasting()) keep = std::exchange(picture_rows_, {});
  schedulers_ = std::make_unique<Schedulers>(io_, config_, names_, serial_store(), listeners_.bound(),
                                             loader_, std::move(keep));
  mesos_dns_ = schedulers_->mesos_dns(*config_, loader_);
  make_file_zones();
}

zones::PublishConfig Musterd::publish_settings(const ConfigPtr& config) {
  zones::PublishConfig to = publish_config(config, listeners_.bound());
  to.is_known = [this](std::string_view service) { return registry_->is_known(service); };
  to.on_panic = [this](std::string_view service, const zones::Panic& panic) {
    transitions_.write_panic(service, panic, net::machine_now());
  };
  return to;
}

zones::SerialStore Musterd::serial_store() {
  zones::SerialStore serials;
  serials.first = [this](const std::string& zone) -> std::uint32_t {
    const auto stored = meta_.find("serial_block:" + zone);
    return stored == meta_.end() ? static_cast<std::uint32_t>(started_.wall.time_since_epoch().count() / 1000)
                                 : static_cast<std::uint32_t>(std::stoul(stored->second));
  };
  serials.reserve = [this](const std::string& zone, std::uint32_t block) {
    registry_->store_beside(registry::MetaRow{"serial_block:" + zone, std::to_string(block)});
  };
  return serials;
}

void Musterd::make_file_zones() {
  update_door_ = std::make_unique<UpdateDoor>(names_, config_->zones.domain, [this](net::UniqueFunction<void()> work) {
    const auto pause = std::make_shared<asio::steady_timer>(io_, kControlBusy);
    pause->async_wait([pause, work = std::make_shared<net::UniqueFunction<void()>>(std::move(work))](boost::system::error_code) {
      (*work)();
    });
  });
  for (const registry::ZoneRow& row : zone_rows_) {
    if (!update_door_->restore(row))
      log(LogLevel::error, "zone_update", {{"zone", row.zone}, {"name", row.name}, {"error", "not readable; left as the file says"}});
  }
  zone_rows_ = {};
  FileZones::Updates updates;
  updates.lay_over = [this](zones::Zone& zone, const zones::Name& apex, const std::optional<zones::Name>& behind) {
    return update_door_->lay_over(zone, apex, behind);
  };
  updates.stand_on = [this](zones::Zone& zone, const zones::Name& apex, std::uint64_t file) {
    const bool on_other_file = update_door_->stand_on(zone, apex, file, *turn_);
    // What services at its names have raised it to: in an earlier life, and in this one, before it was taken
    // out.
    const auto go_on = [&](std::uint32_t serial) {
      if (zones::serial_newer(serial, names_.zones.serial(zone))) names_.zones.set_serial(zone, serial);
    };
    if (const auto stored = meta_.find("serial_block:" + apex.text()); stored != meta_.end())
      go_on(static_cast<std::uint32_t>(std::stoul(stored->second)));
    if (const auto highest = names_.publisher->highest_bound_serial(apex)) go_on(*highest);
    return on_other_file;
  };
  updates.close = [this](const zones::Name& apex) { return update_door_->close(apex); };
  updates.open = [this](const zones::Name& apex, std::uint64_t file) { update_door_->open(apex, file); };
  updates.discard = [this](const zones::Name& apex) { return update_door_->discard(apex, *turn_); };
  file_zones_ = std::make_unique<FileZones>(
      names_.table, names_.zones,
      [this](net::UniqueFunction<void()> work) {
        return on_control([this, work = std::move(work)](registry::Turn& turn) mutable {
          turn_ = &turn;
          work();
          turn_ = nullptr;
        });
      },
      std::move(updates));
  file_zones_->announce(config_->zones.files);
}

// What was stored is published before any query is read, so nobody is told that a stored service does not exist. The
// registry brings the services back here, a second thread makes their names, a third puts them among the live ones.
// Rows of their own (the next block of revisions) are stored with the first batch.
void Musterd::publish_stored() {
  const net::Instant now = net::machine_now();
  const registry::RestoreCounts counts = registry_->to_restore();
  names_.table.reserve(kNamesAService * counts.services + kNamesAnInstance * counts.claims);
  names_.publisher->reserve(counts.services);
  registry::Batch last;
  std::vector<registry::Batch> later;
  using Prepared = zones::Publisher::Prepared;
  const auto restore = [&](const std::function<bool(registry::Batch)>& hand_over) {
    for (bool more = true; more;) {
      more = registry_->restore_next(now, kRestoredAtOnce);
      if (!hand_over(registry_->take_batch())) return;
    }
  };
  const auto prepare = [&](registry::Batch part) -> Prepared {
    std::ranges::move(part.rows, std::back_inserter(last.rows));
    std::ranges::move(part.known_services, std::back_inserter(last.known_services));
    if (later.empty() && is_all_published(part)) return names_.publisher->prepare_part(part, now);
    later.push_back(std::move(part));
    return {};
  };
  convey<Prepared>(
      [&](const std::function<bool(Prepared)>& hand_over) {
        convey<registry::Batch>(
            restore, [&](registry::Batch part) { hand_over(prepare(std::move(part))); }, Here::makes);
      },
      [&](Prepared prepared) { names_.publisher->publish_prepared(std::move(prepared)); }, Here::makes);
  for (const registry::Batch& part : later)
    names_.publisher->publish_prepared(names_.publisher->prepare_part(part, now));
  names_.publisher->publish(last, now);
  for (registry::Row& row : last.rows) registry_->store_beside(std::move(row));
  feed_ = std::make_unique<registry::Feed>(config_->registry.feed_length, registry_->revision());
}

void Musterd::make_control() {
  registry::ControlConfig how;
  how.soon = [this](std::function<void()> task) { asio::post(io_, std::move(task)); };
  how.lone_after = kLoneAfter;
  control_ = std::make_unique<registry::Control>(
      std::move(how), *registry_, *store_, store_config(config_->store),
      [this](const registry::Batch& batch, net::Instant now) { publish(batch, now); },
      [this](std::vector<net::UniqueFunction<void()>> tasks) {
        asio::dispatch(io_, [tasks = std::move(tasks)]() mutable {
          for (auto& task : tasks) task();
        });
      });
  control_->on_tick([this](net::Instant now) { tick(now); });
  native_->set_epoch(registry_->epoch());
  native_->moved_to(registry_->revision());
  update_door_->set_control(*control_);
  suspects_ = std::make_unique<Suspects>(io_.get_executor(), *control_);
  probes_ = std::make_unique<Probes>(io_, *control_);
  url_hosts_ = std::make_unique<UrlHosts>(io_, *control_, [this] { return config(); });
  registry::api::WatchConfig watch;
  watch.epoch = registry_->epoch();
  watch.max_watchers = config_->http.max_connections / 2;
  watch_ = std::make_unique<registry::api::Watch>(
      watch, *feed_,
      registry::api::WatchReads{
          [this](std::string_view service, net::Instant now) { return registry_->view(service, now); },
          [this](std::string_view glob, std::string_view after, std::size_t limit) { return registry_->list(glob, after, limit); }},
      registry::api::WatchWriters{registry::api::append_instance,
                                  [](std::string& out, const registry::ServiceView& view, const std::string& epoch) {
                                    registry::api::append_service(out, view, epoch);
                                  }},
      [this](registry::api::Watch::ControlWork work) {
        return control_->submit([work = std::move(work)](registry::Turn& turn) mutable { work(turn.now); });
      },
      [this](net::UniqueFunction<void()> task) {
        asio::post(io_, [task = std::make_shared<net::UniqueFunction<void()>>(std::move(task))] { (*task)(); });
      });
}

// Of the generated zones; file zones have theirs from FileZones.
void Musterd::keep_histories(const config::Config& config) {
  std::vector<zones::Name> generated = config.zones.reverse;
  for (const config::MesosSource& source : config_->mesos) generated.push_back(source.names.domain);
  generated.push_back(config.zones.domain);
  for (const zones::Name& apex : generated)
    names_.zones.keep_history(*names_.zones.find(apex), config.zones.secondaries.any());
}

// The zones tell of new serials from the control thread; everything else of a transfer is the I/O thread's.
void Musterd::make_transfers() {
  transfers_ = std::make_unique<dns::Transfers>(
      io_.get_executor(), dns_config_->live(), machine_moment,
      [this](net::UniqueFunction<void(zones::Zones&)> work) {
        return control_->submit([this, work = std::move(work)](registry::Turn&) mutable { work(names_.zones); });
      },
      [this](const dns::TransferReport& report) { dns_log_.write(report); });
  transfers_->set_access(transfer_access(*config_));
  notifier_ = std::make_unique<dns::Notifier>(io_.get_executor(), listeners_.bound());
  notifier_->set_targets(notify_targets(*config_));
  names_.zones.on_serial([this](const zones::Zone& zone) {
    asio::post(io_, [this, soa = dns::soa_of(names_.zones, zone)]() mutable { notifier_->changed(std::move(soa)); });
  });
  keep_histories(*config_);
  desk_ = std::make_unique<dns::DeskQueue>(
      io_.get_executor(),
      dns::DeskQueue::Handlers{.transfer = [this](dns::Handed handed) { transfers_->begin(std::move(handed)); },
                               .update = [this](dns::Handed handed) { updates_->begin(std::move(handed)); }});
}

void Musterd::make_updates() {
  updates_ = std::make_unique<dns::Updates>(
      io_.get_executor(), dns_config_->live(),
      [this](dns::UpdateRequest request, dns::Updates::Done done) {
        return update_door_->apply(std::move(request), std::move(done));
      },
      [this](const dns::Updates::Report& report) { dns_log_.write(report); });
  updates_->set_access(update_access(*config_));
}

void Musterd::make_dns() {
  dns_config_ = std::make_unique<DnsConfig>(*config_, started_.steady);
  make_updates();
  make_transfers();
  if (config_->forward.enabled)
    foreign_ = std::make_unique<ForeignNames>(*config_, names_, *dns_config_, listeners_.bound(),
                                              io_.get_executor());
  desks_ = std::make_unique<dns::Desks>(*desk_, foreign_ ? &foreign_->forwarder() : nullptr);
  const auto make = [this] {
    return std::make_unique<dns::Answering>(names_.table, zones::Rng::from_system(), dns_config_->live(),
                                            machine_moment, foreign_ ? foreign_->cache() : nullptr);
  };
  udp_ = std::make_unique<dns::UdpServer>(listeners_.open, make, desks_.get());
  lister_ = std::make_unique<zones::NameTable::Reader>(names_.table);
  tcp_ = std::make_unique<dns::TcpServer>(io_.get_executor(),
                                          dns::TcpConfig{config_->dns.tcp_idle, config_->dns.tcp_connections},
                                          make(), desks_.get());
}

int Musterd::run() {
  wait_for_signals();
  serve();
  io_thread_ = std::thread([this] {
    net::name_this_thread("muster-io");
    io_.run();
  });
  loader_.start();
  loader_.post([this](Loader::Now now) {
    if (now == Loader::Now::run) load_zones();
  });
  requests_over_.get_future().wait();
  finish_stop();
  return 0;
}

void Musterd::load_zones() {
  const ZoneLoad report = file_zones_->load(config()->zones.files, config::public_names(*config()));
  for (const std::string& line : report.errors) log(LogLevel::error, "zone_file", {{"error", line}});
  for (const std::string& line : report.warnings) log(LogLevel::warning, "zone_file", {{"warning", line}});
  for (const std::string& line : report.changed) log(LogLevel::info, "zone_loaded", {{"zone", line}});
  files_read_ = true;
}

// DNS answers from the moment that the static services and musterd itself are published, too.
void Musterd::serve() {
  control_->start();
  on_control([this](registry::Turn& turn) {
    list_static(*config_, turn);
    const auto self = registry_->apply(self_registration(*config_, listeners_.bound(), http_->bound()), turn.now);
    if (!self) log(LogLevel::error, "self_registration", {{"error", self.error().message}});
    if (loaded_.nothing_readable) {
      grace_until_ = turn.now.steady + config_->registry.rules.lease;
    }
    if (schedulers_->awaits_services()) incomplete_until_ = turn.now.steady + kSchedulerGrace;
    settle_readiness();
  });
  schedulers_->restore(*control_);
  on_control([](registry::Turn&) {});  // all above has been published
  if (foreign_) foreign_->start();
  tcp_->listen(listeners_.open);
  udp_->start();
  http_->start();
  serving_ = true;
  schedulers_->start();
  asio::post(io_, [this] {
    look_after_myself();
    if (service_manager_.alive_every()) tell_alive();
  });
  log_start();
  tell_ready();
}

// What `systemctl status` shows of a server that runs.
void Musterd::tell_ready(const std::string& more) const {
  service_manager_.ready("serving DNS on " + joined(listeners_.bound()) + ", HTTP on " +
                         joined(http_->bound()) + more);
}

std::vector<std::string> Musterd::list_static(const config::Config& config, registry::Turn& turn) {
  const auto listed = turn.registry.apply(static_list(config), turn.now);
  std::vector<std::string> told;
  if (!listed) return told;
  static_left_out_ = listed->left_out.size();
  for (const auto& one : listed->left_out) {
    told.push_back("source.static: " + one.service + "/" + one.id + ": " + one.message);
    if (told.size() <= kStaticLines)
      log(LogLevel::error, "static_refused", {{"service", one.service}, {"id", one.id}, {"error", one.message}});
  }
  if (told.size() > kStaticLines)
    log(LogLevel::error, "static_refused", {{"more", std::to_string(told.size() - kStaticLines)}});
  return told;
}

void Musterd::log_start() const {
  if (!loaded_.message.empty()) log(LogLevel::error, "store", {{"message", loaded_.message}});
  log(LogLevel::info, "serving",
      {{"dns", joined(listeners_.bound())},
       {"http", joined(http_->bound())},
       {"domain", config_->zones.domain.text()},
       {"store", config_->store.kind == "memory" ? "memory" : config_->store.path.string()},
       {"rows", std::to_string(loaded_.rows)},
       {"start_ms", std::to_string((net::machine_now().steady - started_.steady).count())}});
}

void Musterd::publish(const registry::Batch& batch, net::Instant now) {
  names_.publisher->publish(batch, now);
  native_->moved_to(registry_->revision());
  feed_->publish(batch, now);
  transitions_.write(batch, now);
}

void Musterd::tick(net::Instant now) {
  names_.publisher->tick(now);
  schedulers_->tick(now);
  names_.table.tidy();
  dns_config_->tick(now.steady);
  watch_->tick(now);
  suspects_->probe(*registry_, now);
  probes_->tick(*registry_, now);
  url_hosts_->tick(*registry_, now);
  transitions_.tick(now);
  store_log_.tick(now, *control_);
  update_gauges();
  log_left_out(now.steady);
  if (now.steady >= grace_until_) grace_until_ = {};
  if (now.steady >= incomplete_until_ || !schedulers_->awaits_services()) incomplete_until_ = {};
  settle_readiness();
}

void Musterd::settle_readiness() {
  constexpr net::SteadyTime kOver{};
  zones::Readiness readiness = zones::Readiness::ready;
  if (incomplete_until_ != kOver) readiness = zones::Readiness::incomplete;
  if (grace_until_ != kOver) readiness = zones::Readiness::not_ready;
  zones::Zone& zone = *names_.zones.find(config()->zones.domain);
  if (names_.zones.readiness(zone) != readiness) names_.zones.set_readiness(zone, readiness);
}

// At most a line a second, of all that came since the line before.
void Musterd::log_left_out(net::SteadyTime now) {
  const zones::PublishCounters& counters = names_.publisher->counters();
  if (counters.beyond_hash != beyond_hash_ && left_out_lines_.take(now)) {
    beyond_hash_ = counters.beyond_hash;
    log(LogLevel::warning, "drawn_by_weight",
        {{"service", counters.last_beyond_hash},
         {"reason", "more than " + std::to_string(zones::kHashMembersMost) +
                        " members, too many for its hash policy"}});
  }
  if (counters.too_long == left_out_) return;
  left_out_lines_.settle(now);
  if (!left_out_lines_.take(now)) return;
  log(LogLevel::warning, "names_left_out",
      {{"reason", "longer than 255 octets"},
       {"names", std::to_string(counters.too_long - std::exchange(left_out_, counters.too_long))},
       {"last", counters.last_too_long}});
}

void Musterd::update_gauges() {
  const registry::RegistryCounts counts = registry_->counts();
  gauges_.services = counts.services;
  gauges_.instances = counts.instances;
  gauges_.suspects = counts.suspects;
  gauges_.expired = counts.expired;
}

// A full queue is waited for: half a zone would be served else.
bool Musterd::on_control(net::UniqueFunction<void(registry::Turn&)> work) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  const auto job = [&](registry::Turn& turn) {
    work(turn);
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_one();
  };
  while (!control_->submit(job)) {
    if (stopping_) return false;
    std::this_thread::sleep_for(kControlBusy);
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
  return true;
}

void Musterd::wait_for_signals() {
  boost::system::error_code ignored;
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) signals_.add(signal, ignored);
  std::signal(SIGPIPE, SIG_IGN);
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (signal != SIGHUP) return stop();
    loader_.post_once([this](Loader::Now now) {
      if (now == Loader::Now::run) reload();
    });
    wait_for_signals();
  });
}

// No new work, finish what is in flight, flush the store. Runs on the I/O thread. The next SIGTERM or SIGINT ends the
// process at once.
void Musterd::stop() {
  if (stopping_.exchange(true)) return;
  boost::system::error_code ignored;
  for (const int signal : {SIGTERM, SIGINT}) signals_.remove(signal, ignored);
  log(LogLevel::info, "stopping");
  service_manager_.stopping("finishing what is in flight");
  const bool taken = control_->submit([this](registry::Turn& turn) {
    registry::Removal self{"muster", config()->server.name, std::nullopt, false, registry::SourceKind::self};
    static_cast<void>(turn.registry.apply(self, turn.now).has_value());
  });
  if (!taken) log(LogLevel::warning, "self_deregistration", {{"error", "the control queue is full"}});
  loader_.request_stop();
  http_->stop([this] { requests_over_.set_value(); });
}

// The control thread's last acknowledgements are posted to the I/O thread, so it is joined here.
void Musterd::finish_stop() {
  schedulers_->stop();
  udp_->stop();
  if (foreign_) foreign_->stop();  // the I/O thread runs still: it gets back what belongs to it
  control_->stop();
  asio::post(io_, [this] {
    tcp_->stop();
    notifier_->stop();
    own_look_.cancel();
    alive_.cancel();
    signals_.cancel();
    io_work_.reset();
    io_.stop();
  });
  io_thread_.join();
  loader_.stop();
  log(LogLevel::info, "stopped");
}

ConfigPtr Musterd::config() const {
  const std::lock_guard lock(config_mutex_);
  return config_;
}

}  // namespace muster::tools
