#include "registry/sources/mesos_source.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <mutex>
#include <utility>

#include "registry/health/tcp_probe.h"
#include "registry/net/deadline.h"
#include "registry/sources/host_book.h"
#include "registry/sources/mesos_events.h"
#include "registry/sources/mesos_pid.h"
#include "registry/sources/mesos_stream.h"
#include "registry/sources/mesos_write.h"
#include "registry/sources/source_record.h"
#include "registry/sources/zookeeper_masters.h"

namespace muster::registry::sources {

namespace {

constexpr Millis kTick{100};
constexpr Millis kStreamAgain{600'000};         // after all masters said that they have none
constexpr Millis kStreamSoon{30'000};           // after one that failed where a poll did not
constexpr Millis kResyncWithoutBeats{300'000};  // of a stream that promises no signs of life
constexpr Millis kResyncSoon{1'000};            // at most one in so long, when events do not fit
constexpr Millis kHostsAwaited{5'000};
constexpr Millis kTellAgain{10'000};  // what the registry had no room for
constexpr Millis kProbeLimit{1'000};
constexpr std::size_t kProbesATick = 5;      // 50 a second
constexpr std::size_t kEventsKept = 10'000;  // that come before the state does
constexpr std::size_t kPiece = 200;          // elements of a step that are taken at once
constexpr int kSilentBeats = 3;              // signs of life missed in a row: the stream is dead
constexpr int kRestPerPoll = 10;             // a poll is followed by ten times its length

}  // namespace

class MesosSource::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::Strand strand, net::Resolver& resolver, MesosSourceConfig config, MesosSourceHooks hooks)
      : strand_(strand),
        resolver_(resolver),
        config_(std::move(config)),
        hooks_(std::move(hooks)),
        poll_client_(strand, resolver, {config_.tls}),
        stream_client_(strand, resolver, {config_.tls}),
        poll_(poll_client_, config_.ask),
        stream_(stream_client_, config_.ask),
        table_(config_.guard),
        picture_(config_.rules),
        hosts_(resolver, [this] { return now().steady; }),
        record_(config_.stale_after, hooks_.tell),
        saver_(hooks_.keep),
        ticker_(strand),
        next_round_(strand) {
    std::scoped_lock lock(status_mutex_);
    status_.name = config_.name;
    status_.type = "mesos";
    status_.state = "init";
    status_.mode = config_.stream ? "stream" : "poll";
  }

  std::string restore(const SourcePicture& picture) {
    if (std::string unfit = why_unfit(picture, picture_kind(config_)); !unfit.empty()) return unfit;
    MesosStateParser parser(config_.ask.state);
    HostsReader hosts([&](std::string_view piece) { return parser.write(piece); });
    const std::string broken = unpack(picture.packed, config_.ask.state.most_octets,
                                      [&](std::string_view piece) { return hosts.write(piece); });
    auto state = parser.finish();
    if (!state) return broken.empty() ? "not readable: " + state.error().message : broken;
    const net::Instant at = now();
    const Millis age = std::max(at.wall - picture.learnt_at, Millis(0));
    const net::Instant learnt_at{at.steady - age, at.wall - age};
    if (!record_.restored(learnt_at, at.steady, config_.max_stale)) return "older than max_stale allows";
    saver_.restored(picture.learnt_at);
    leader_pid_ = state->leader;
    is_current_ = true;
    hosts_.remember(hosts.hosts());
    follow(table_.replace(std::move(*state), learnt_at));
    return "";
  }

  void start() {
    post([](Impl* self) {
      self->tick();
      self->watch_zookeeper();
      self->begin_round();
    });
  }

  void stop() {
    post([](Impl* self) {
      if (!self->record_.has_ended()) self->saver_.finish([self] { return self->text(); });
      self->stopped_ = true;
      self->poll_.cancel();
      self->stream_.cancel();
      if (self->zookeeper_) self->zookeeper_->stop();
      self->ticker_.clear();
      self->next_round_.clear();
    });
  }

  void resync() {
    post([](Impl* self) {
      if (self->stopped_ || self->polling_) return;
      if (self->streaming_) return self->poll();
      self->next_round_.clear();
      self->begin_round();
    });
  }

  void accept() {
    post([](Impl* self) { self->follow(self->table_.accept()); });
  }

  void tell_again() {
    post([](Impl* self) {
      if (!self->tell_again_at_) self->tell_again_at_ = self->now().steady + kTellAgain;
    });
  }

  SourceStatus status() const {
    std::scoped_lock lock(status_mutex_);
    return status_;
  }

 private:
  // What is destroyed before its turn comes does nothing.
  void post(void (*work)(Impl*)) {
    boost::asio::post(strand_, [weak = weak_from_this(), work] {
      if (const auto self = weak.lock()) work(self.get());
    });
  }

  // ---- rounds

  void begin_round() {
    if (stopped_ || is_without_masters()) return;
    if (!announced_.empty() && !zookeeper_error_ && !is_led_by(announced_.front()))
      leader_ = origin_of(announced_.front());
    if (config_.stream && now().steady >= stream_again_) return begin_stream();
    poll();
  }

  void poll() {
    polling_ = true;
    poll_began_ = now().steady;
    poll_.start(leader_, [this](net::Result<MesosPolled, SourceFailure> result) {
      polling_ = false;
      if (stopped_) return;
      if (result) return take(std::move(*result));
      if (streaming_) end_stream();
      fail(result.error());
    });
  }

  void take(MesosPolled polled) {
    leader_ = polled.from;
    leader_pid_ = polled.state.leader;
    counts_.bytes += polled.bytes;
    ++counts_.fetches;
    dropped_ = polled.state.dropped;
    is_doubtful_ = !is_whole(polled.state);
    is_current_ = true;
    succeed();
    follow(table_.replace(std::move(polled.state), now()));
    hooks_.tidy();
    fetch_took_ = std::chrono::duration_cast<Millis>(now().steady - poll_began_);
    if (streaming_) return go_on_streaming();
    if (stream_failed_) stream_again_ = std::max(stream_again_, now().steady + kStreamSoon);
    const Millis took = now().steady - poll_began_;
    const Millis rest = std::max(spread(config_.refresh), kRestPerPoll * took);
    next_round_.set(rest, [this] { begin_round(); });
  }

  static bool is_whole(const MesosState& state) {
    return state.has_agents && state.has_frameworks &&
           std::ranges::none_of(state.frameworks, [](const MesosFramework& one) { return one.is_partial; });
  }

  // Ten percent more or less, so that many servers do not ask together.
  Millis spread(Millis span) const {
    return Millis(
        static_cast<Millis::rep>(static_cast<double>(span.count()) * (0.9 + 0.2 * hooks_.chance())));
  }

  void fail(SourceFailure failure) {
    const Millis wait = record_.failed(failure, now(), hooks_.chance());
    next_round_.set(wait, [this] { begin_round(); });
    show();
  }

  void succeed() {
    record_.succeeded(now());
    saver_.learnt(record_.last_success()->wall);
  }

  // ---- the stream

  void begin_stream() {
    reader_.emplace(MesosEventLimits{config_.ask.state.most_octets, config_.ask.state.most_ports});
    waiting_.clear();
    is_synced_ = false;
    stream_failed_ = false;
    beats_ = false;
    stream_.start(leader_, {[this](const net::HttpOrigin& from) {
                              leader_ = from;
                              streaming_ = true;
                            },
                            [this](std::string_view octets) { return read(octets); },
                            [this](MesosStreamEnd end) { stream_ended(std::move(end)); }});
  }

  std::optional<SourceFailure> read(std::string_view octets) {
    counts_.bytes += octets.size();
    MesosTable::Touched touched;
    for (const MesosEvent& event : reader_->write(octets)) take(event, touched);
    if (!reader_->error().empty()) return SourceFailure{"parse", "the stream: " + reader_->error()};
    if (is_synced_) {
      succeed();
      follow(touched);
      if (touched.resync) resync_at_ = std::max(now().steady, poll_began_ + kResyncSoon);
    }
    return std::nullopt;
  }

  void take(const MesosEvent& event, MesosTable::Touched& touched) {
    count_one(counts_.events, name_of(event));
    if (const auto* subscribed = std::get_if<MesosSubscribed>(&event)) return subscribe(*subscribed);
    if (!is_synced_) {
      if (waiting_.size() < kEventsKept) return waiting_.push_back(event);
      missed_ = true;
      return;
    }
    touched.join(table_.apply(event, now()));
  }

  void subscribe(const MesosSubscribed& subscribed) {
    const double seconds = subscribed.heartbeat_seconds.value_or(0);
    beats_ = seconds > 0 && seconds < 86'400;
    if (beats_) stream_.limit_silence(Millis(static_cast<Millis::rep>(seconds * 1000)) * kSilentBeats);
    if (!polling_) poll();
  }

  // The state is there; what has come since it was asked for is newer, or is in it already.
  void go_on_streaming() {
    is_synced_ = true;
    MesosTable::Touched touched;
    for (const MesosEvent& event : waiting_) touched.join(table_.apply(event, now()));
    waiting_.clear();
    if (std::exchange(missed_, false)) touched.resync = true;
    follow(touched);
    resync_at_.reset();
    if (touched.resync) resync_at_ = now().steady + kResyncSoon;
    // Events do not say that what is missing is there after all.
    if ((is_doubtful_ || table_.held() > 0) && !resync_at_)
      resync_at_ = now().steady + spread(config_.refresh);
    if (!beats_ && !resync_at_) resync_at_ = now().steady + kResyncWithoutBeats;
  }

  void stream_ended(MesosStreamEnd end) {
    const bool was_there = std::exchange(streaming_, false);
    const bool was_synced = std::exchange(is_synced_, false);
    resync_at_.reset();
    if (stopped_) return;
    if (polling_) {
      poll_.cancel();
      polling_ = false;
    }
    if (was_there) ++counts_.reconnects;
    if (was_synced) return fail(std::move(end.failure));
    // A master that has no stream, or whose stream makes no sense, may still have a state that does.
    stream_failed_ = true;
    if (end.unsupported) stream_again_ = now().steady + kStreamAgain;
    poll();
  }

  void end_stream() {
    streaming_ = false;
    is_synced_ = false;
    resync_at_.reset();
    stream_.cancel();
    ++counts_.reconnects;
  }

  // ---- the masters that ZooKeeper announces

  void watch_zookeeper() {
    if (!config_.zookeeper || stopped_) return;
    ZookeeperMastersHooks hooks;
    hooks.now = hooks_.now;
    hooks.chance = hooks_.chance;
    hooks.announced = [this](const AnnouncedMasters& masters) { take(masters); };
    hooks.tell = [this](const SourceFailure& failure) {
      zookeeper_error_.reset();
      if (!failure.kind.empty()) zookeeper_error_ = SourceError{failure.kind, failure.message, now().wall};
      hooks_.tell(failure);
      show();
    };
    zookeeper_.emplace(strand_, resolver_, *config_.zookeeper, std::move(hooks));
    zookeeper_->start();
  }

  // The first announcement begins the first round.
  bool is_without_masters() const {
    return config_.zookeeper && announced_.empty() && config_.ask.masters.empty();
  }

  void take(const AnnouncedMasters& masters) {
    unannounced_ = masters.dropped;
    is_leaderless_ = masters.listed.empty();
    if (!is_leaderless_) {
      const bool is_led_by_another = announced_.empty() || announced_.front() != masters.listed.front();
      announced_ = masters.listed;
      ask_announced();
      if (is_led_by_another && !is_led_by(announced_.front())) begin_anew();
    }
    follow({});
  }

  net::HttpOrigin origin_of(const net::Endpoint& master) const {
    return {config_.announced_scheme, net::to_string(master.address), master.port};
  }

  void ask_announced() {
    std::vector<net::HttpOrigin> all;
    for (const net::Endpoint& master : announced_) all.push_back(origin_of(master));
    all.insert(all.end(), config_.ask.masters.begin(), config_.ask.masters.end());
    poll_.set_masters(all);
    stream_.set_masters(std::move(all));
  }

  // By its own word, whatever the name at which it is asked.
  bool is_led_by(const net::Endpoint& master) const {
    const auto pid = parse_mesos_pid(leader_pid_);
    return leader_ && pid && pid->port == master.port && net::parse_ip(pid->host) == master.address;
  }

  // At the announced leader; what the old one said last stays until the new one has spoken.
  void begin_anew() {
    if (polling_) poll_.cancel();
    polling_ = false;
    if (streaming_) {
      end_stream();
    } else {
      stream_.cancel();
    }
    next_round_.clear();
    begin_round();
  }

  // ---- what is shown

  net::Instant now() const { return hooks_.now(); }

  std::optional<net::Endpoint> endpoint_of(const std::string& host, std::uint16_t port) {
    if (const auto literal = net::parse_ip(host)) return net::Endpoint{*literal, port};
    const auto addresses = hosts_.addresses_of(host);
    return addresses.empty() ? std::nullopt : std::optional(net::Endpoint{addresses.front(), port});
  }

  SchedulerMasters masters() {
    SchedulerMasters masters;
    if (const auto pid = parse_mesos_pid(leader_pid_)) masters.leader = endpoint_of(pid->host, pid->port);
    masters.listed = announced_;
    if (!announced_.empty()) return masters;
    for (const net::HttpOrigin& master : config_.ask.masters) {
      if (const auto endpoint = endpoint_of(master.host, master.port)) masters.listed.push_back(*endpoint);
    }
    return masters;
  }

  void follow(const MesosTable::Touched& touched) {
    if (stopped_) return;
    touched_.join(touched);
    if (pieces_.empty() && may_look()) look();
    hand_over();
    show();
  }

  // For the first time when the first look-ups have ended: else tasks would be there without addresses.
  bool may_look() {
    if (told_current_) return true;
    table_.visit_hosts([this](const std::string& host) { hosts_.addresses_of(host); });
    return !hosts_.awaits_first(kHostsAwaited);
  }

  // The next step, in pieces. While one waits nothing new is made of what is touched: there is at most one.
  void look() {
    MesosTable::Touched touched = std::exchange(touched_, {});
    touched.all |= hosts_.wants_look();
    picture_.set_silence(told_silence_ = silence());
    MesosStep step = picture_.follow(
        table_, touched, masters(), [this](const std::string& host) { return hosts_.addresses_of(host); },
        now());
    if (touched.all) hosts_.forget_unused();
    const bool says_current = std::exchange(told_current_, is_current_) != is_current_;
    if (!step.empty() && !record_.has_ended()) saver_.changed();
    if (!step.empty() || says_current) pieces_ = pieces_of(std::move(step), kPiece);
  }

  // In order; what the control thread has no room for is offered again with the next tick.
  void hand_over() {
    while (!pieces_.empty()) {
      // Before anything goes that may not be served, after all has come that may.
      const bool says_current = !told_current_ || pieces_.size() == 1;
      if (!hooks_.publish(pieces_.front(), says_current ? std::optional(told_current_) : std::nullopt))
        return;
      pieces_.pop_front();
    }
  }

  void show() {
    std::scoped_lock lock(status_mutex_);
    record_.show(status_, now().steady);
    if (is_stale()) status_.state = "stale";
    status_.mode = streaming_ ? "stream" : "poll";
    status_.endpoint = leader_ ? net::authority_of(*leader_) : "";
    const auto at = leader_pid_.find('@');
    status_.leader = at == leader_pid_.npos ? "" : leader_pid_.substr(at + 1);
    status_.held = table_.held();
    status_.total = picture_.total();
    status_.routable = picture_.routable();
    status_.excluded = picture_.excluded();
    for (const auto& [reason, count] : dropped_) status_.excluded[reason] += count;
    for (const auto& [reason, count] : picture_.dropped()) status_.excluded[reason] += count;
    for (const auto& [reason, count] : unannounced_) status_.excluded[reason] += count;
    if (reader_) {
      for (const auto& [reason, count] : reader_->dropped()) status_.excluded[reason] += count;
    }
    if (!status_.error) status_.error = zookeeper_error_;
    status_.fetch_took = fetch_took_;
    status_.fetches = counts_.fetches;
    status_.bytes = counts_.bytes;
    status_.events = counts_.events;
    status_.reconnects = counts_.reconnects;
  }

  bool is_stale() const {
    return record_.is_stale(now().steady) || (is_leaderless_ && record_.last_success());
  }

  PictureText text() const {
    return [belief = std::make_shared<const MesosBelief>(table_.belief()),
            hosts = hosts_.known()](const TextSink& sink) {
      write_hosts(hosts, sink);
      write_mesos_state(*belief, sink);
    };
  }

  SchedulerSilence silence() const {
    return {is_stale() ? std::optional(record_.last_success()->wall) : std::nullopt};
  }

  // What was touched while pieces were waiting.
  bool has_waited() const {
    return pieces_.empty() && (told_current_ != is_current_ || touched_.all || !touched_.tasks.empty() ||
                               !touched_.agents.empty() || !touched_.frameworks.empty());
  }

  // ---- time

  void tick() {
    if (stopped_) return;
    MesosTable::Touched touched = table_.tick(now().steady);
    touched.all = hosts_.wants_look();
    const auto next = picture_.next_look();
    const bool is_due = next && *next <= now().steady;
    if (touched.all || !touched.tasks.empty() || is_due || has_waited() || told_silence_ != silence()) {
      follow(touched);
    } else {
      hand_over();
      show();
    }
    probe_held();
    if (tell_again_at_ && now().steady >= *tell_again_at_) {
      tell_again_at_.reset();
      picture_.tell_again();
      follow({});
    }
    end_what_is_too_old();
    if (!record_.has_ended()) saver_.tick(now().steady, [this] { return text(); });
    if (resync_at_ && now().steady >= *resync_at_ && !polling_) {
      resync_at_.reset();
      poll();
    }
    ticker_.set(kTick, [this] { tick(); });
  }

  void probe_held() {
    for (const MesosTaskKey& key : table_.to_probe(now().steady, kProbesATick)) {
      const auto target = picture_.probe_target(key);
      if (!target) {
        follow(table_.give_up(key));
        continue;
      }
      probe_tcp(strand_, *target, kProbeLimit, [weak = weak_from_this(), key](ProbeVerdict verdict) {
        const auto self = weak.lock();
        if (self) self->follow(self->table_.probed(key, verdict, self->now().steady));
      });
    }
  }

  void end_what_is_too_old() {
    if (!record_.ends(now().steady, config_.max_stale)) return;
    is_current_ = config_.drops_stale;
    table_ = MesosTable(config_.guard);
    leader_pid_.clear();
    MesosTable::Touched all;
    all.all = true;
    follow(all);
  }

  struct Counts {
    std::uint64_t fetches = 0;
    std::uint64_t bytes = 0;
    registry::Counts events;
    std::uint64_t reconnects = 0;
  };

  const net::Strand strand_;
  net::Resolver& resolver_;
  const MesosSourceConfig config_;
  const MesosSourceHooks hooks_;
  net::HttpClient poll_client_;
  net::HttpClient stream_client_;
  MesosPoll poll_;
  MesosStream stream_;
  MesosTable table_;
  MesosPicture picture_;
  HostBook hosts_;
  SourceRecord record_;
  PictureSaver saver_;
  net::Deadline ticker_;
  net::Deadline next_round_;

  std::optional<ZookeeperMasters> zookeeper_;
  std::vector<net::Endpoint> announced_;  // the last that were: the first leads
  bool is_leaderless_ = false;            // ZooKeeper says that there is nobody
  Dropped unannounced_;
  std::optional<SourceError> zookeeper_error_;

  std::optional<net::HttpOrigin> leader_;  // that answered last
  std::string leader_pid_;                 // as it says it
  bool is_current_ = false;
  bool told_current_ = false;
  SchedulerSilence told_silence_;
  bool polling_ = false;
  SteadyTime poll_began_{};
  std::optional<Millis> fetch_took_;
  bool streaming_ = false;
  bool is_synced_ = false;      // the state that belongs to the stream is there
  bool is_doubtful_ = false;    // the last state lacked a list
  bool stream_failed_ = false;  // in this round, before it was there
  bool beats_ = false;
  bool missed_ = false;  // events that came before the state
  std::optional<MesosEventReader> reader_;
  std::vector<MesosEvent> waiting_;
  SteadyTime stream_again_{};
  std::optional<SteadyTime> resync_at_;
  MesosTable::Touched touched_;   // and not looked at yet
  std::optional<SteadyTime> tell_again_at_;
  std::deque<MesosStep> pieces_;  // of a step, not taken yet

  Counts counts_;
  Dropped dropped_;  // of the last state
  bool stopped_ = false;

  mutable std::mutex status_mutex_;
  SourceStatus status_;
};

PictureKind picture_kind(const MesosSourceConfig& config) {
  PictureKind kind{"mesos", 1, {}};
  for (const net::HttpOrigin& master : config.ask.masters) kind.origin.push_back(net::authority_of(master));
  if (config.zookeeper) kind.origin.push_back(to_string(*config.zookeeper));
  return kind;
}

MesosSource::MesosSource(net::Strand strand, net::Resolver& resolver, MesosSourceConfig config,
                         MesosSourceHooks hooks)
    : impl_(std::make_shared<Impl>(std::move(strand), resolver, std::move(config), std::move(hooks))) {}
MesosSource::~MesosSource() = default;
std::string MesosSource::restore(const SourcePicture& picture) { return impl_->restore(picture); }
void MesosSource::start() { impl_->start(); }
void MesosSource::stop() { impl_->stop(); }
void MesosSource::resync() { impl_->resync(); }
void MesosSource::accept() { impl_->accept(); }
void MesosSource::tell_again() { impl_->tell_again(); }
SourceStatus MesosSource::status() const { return impl_->status(); }

}  // namespace muster::registry::sources
