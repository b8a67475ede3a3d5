#include "registry/sources/marathon_source.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <mutex>
#include <utility>

#include "registry/health/tcp_probe.h"
#include "registry/net/deadline.h"
#include "registry/sources/host_book.h"
#include "registry/sources/marathon_stream.h"
#include "registry/sources/marathon_write.h"
#include "registry/sources/source_record.h"
#include "registry/sources/urls_file.h"

namespace muster::registry::sources {

namespace {

constexpr Millis kTick{100};
constexpr Millis kQuiet{100};            // without another event, and what events are about is asked for
constexpr Millis kMostQuiet{500};        // after the first of them, in any case
constexpr Millis kAttached{2'000};       // of an open stream that does not say that it is
constexpr Millis kStreamAgain{600'000};  // after all said that they have none
constexpr Millis kFileAgain{1'000};
constexpr Millis kHostsAwaited{5'000};
constexpr Millis kTellAgain{10'000};  // what the registry had no room for
constexpr Millis kProbeLimit{1'000};
constexpr std::size_t kProbesATick = 5;  // 50 a second
constexpr std::size_t kMostApps = 10;    // asked for one by one; more: everything is
constexpr std::size_t kPiece = 200;      // elements of a step that are taken at once
constexpr int kRestPerFetch = 10;        // a regular fetch is followed by ten times its length

}  // namespace

class MarathonSource::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::Strand strand, net::Resolver& resolver, MarathonSourceConfig config, MarathonSourceHooks hooks)
      : strand_(strand),
        config_(std::move(config)),
        hooks_(std::move(hooks)),
        ask_(config_.ask),
        fetch_client_(strand, resolver, {config_.tls}),
        stream_client_(strand, resolver, {config_.tls}),
        fetch_(fetch_client_),
        stream_(stream_client_),
        table_(config_.name, config_.rules, config_.guard),
        hosts_(resolver, [this] { return now().steady; }),
        record_(config_.stale_after, hooks_.tell),
        saver_(hooks_.keep),
        ticker_(strand),
        next_fetch_(strand),
        next_refresh_(strand),
        next_stream_(strand) {
    std::scoped_lock lock(status_mutex_);
    status_.name = config_.name;
    status_.type = "marathon";
    status_.state = "init";
    status_.mode = "poll";
  }

  std::string restore(const SourcePicture& picture) {
    if (std::string unfit = why_unfit(picture, picture_kind(config_)); !unfit.empty()) return unfit;
    MarathonReader reader(config_.ask.state);
    HostsReader hosts([&](std::string_view piece) { return reader.write(piece); });
    const std::string broken = unpack(picture.packed, config_.ask.state.most_octets,
                                      [&](std::string_view piece) { return hosts.write(piece); });
    auto read = reader.finish();
    if (!broken.empty()) return broken;
    if (!read) return "not readable: " + read.error();
    const net::Instant at = now();
    const Millis age = std::max(at.wall - picture.learnt_at, Millis(0));
    if (!record_.restored({at.steady - age, at.wall - age}, at.steady, config_.max_stale))
      return "older than max_stale allows";
    saver_.restored(picture.learnt_at);
    is_current_ = true;
    hosts_.remember(hosts.hosts());
    follow(table_.restore(std::move(read->apps), std::move(read->pods), read->seen, at.steady - age));
    return "";
  }

  void start() {
    post([](Impl* self) {
      self->read_urls_file();
      self->tick();
      self->want_everything();
      if (self->config_.stream) self->begin_stream();
    });
  }

  void stop() {
    post([](Impl* self) {
      if (self->may_keep()) self->saver_.finish([self] { return self->text(); });
      self->stopped_ = true;
      self->fetch_.cancel();
      self->stream_.cancel();
      for (net::Deadline* deadline :
           {&self->ticker_, &self->next_fetch_, &self->next_refresh_, &self->next_stream_})
        deadline->clear();
    });
  }

  void resync() {
    post([](Impl* self) { self->want_everything(); });
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
      const auto self = weak.lock();
      if (self && !self->stopped_) work(self.get());
    });
  }

  net::Instant now() const { return hooks_.now(); }

  // ---- whom to ask

  void read_urls_file() {
    if (!hooks_.urls_file || now().steady < file_due_) return;
    file_due_ = now().steady + kFileAgain;
    const auto text = hooks_.urls_file();
    if (!text) return;
    const UrlsFile file = read_urls(*text);
    for (const std::string& fault : file.faults) hooks_.tell({"config", "urls_file, " + fault});
    std::vector<net::HttpOrigin> all = config_.ask.endpoints.all;
    for (const net::HttpOrigin& url : file.urls) {
      if (std::ranges::find(all, url) == all.end()) all.push_back(url);
    }
    if (all == ask_.endpoints.all) return;
    const auto is_listed = [&](const net::HttpOrigin& one) {
      return std::ranges::find(all, one) != all.end();
    };
    const bool has_lost_one = !std::ranges::all_of(ask_.endpoints.all, is_listed);
    ask_.endpoints.all = std::move(all);
    forget_unlisted_leader();
    // Its events may be those of a Marathon that nobody names any more.
    if (has_lost_one) end_stream();
    if (last_failed_) want_everything();
    if (config_.stream && (last_failed_ || has_lost_one)) begin_stream();
  }

  // The list may have changed while it was being asked.
  void forget_unlisted_leader() {
    const auto& all = ask_.endpoints.all;
    if (leader_ && std::ranges::find(all, *leader_) == all.end()) leader_.reset();
  }

  // ---- documents

  void want_everything() {
    wanted_.everything = true;
    begin_fetch();
  }

  // Soon, when no more is wanted for a moment.
  void want(MarathonWanted more) {
    if (wanted_.empty()) wanted_since_ = now().steady;
    wanted_.everything |= more.everything;
    wanted_.pods |= more.pods;
    wanted_.apps.merge(more.apps);
    // Which apps a selector takes only a list of all of them says.
    const bool is_selective = !config_.ask.label_selector.empty() && !wanted_.apps.empty();
    if (wanted_.apps.size() > kMostApps || is_selective) wanted_.everything = true;
    if (is_backing_off_) return;
    SteadyTime due = std::min(now().steady + kQuiet, wanted_since_ + kMostQuiet);
    if (wanted_.everything) due = std::max(due, rest_until_);
    next_fetch_.set(std::max(due - now().steady, SteadyTime::duration::zero()), [this] { begin_fetch(); });
  }

  void begin_fetch() {
    if (stopped_ || is_fetching_ || wanted_.empty()) return;
    next_fetch_.clear();
    is_backing_off_ = false;
    MarathonWanted wanted = std::exchange(wanted_, {});
    if (ask_.endpoints.all.empty())
      return fail({"config", "there is no Marathon to ask: neither urls nor urls_file names one"});
    is_fetching_ = true;
    is_whole_ = wanted.everything;
    fetch_began_ = now().steady;
    ++counts_.fetches;
    fetch_.start(
        ask_, leader_, std::move(wanted),
        {[this] { return now().steady; }, [this](MarathonFetched fetched) { take(std::move(fetched)); },
         [this](net::Result<net::HttpOrigin, SourceFailure> result) { fetched(std::move(result)); }});
  }

  void take(MarathonFetched fetched) {
    MarathonTable::Touched touched;
    switch (fetched.document) {
      case MarathonDocument::app:
        // That one is missing counts only among all of them, which pass the guard together.
        if (fetched.is_there) {
          touched = table_.take_app(std::move(fetched.state), fetched.asked_at);
        } else if (table_.knows_app(fetched.app)) {
          want({true, {}, false});
        }
        break;
      case MarathonDocument::pods:
        dropped_pods_ = fetched.state.dropped;
        touched = table_.take_pods(std::move(fetched.state), fetched.asked_at);
        break;
      case MarathonDocument::apps:
      case MarathonDocument::tasks:
        dropped_apps_ = fetched.state.dropped;
        touched = table_.take_apps(std::move(fetched.state), fetched.asked_at);
        break;
    }
    follow(touched);
  }

  void fetched(net::Result<net::HttpOrigin, SourceFailure> result) {
    is_fetching_ = false;
    if (stopped_) return;
    if (!result) return fail(result.error());
    leader_ = *result;
    forget_unlisted_leader();
    last_failed_ = false;
    record_.succeeded(now());
    saver_.learnt(now().wall);
    is_current_ = is_current_ || is_whole_;
    if (is_whole_) {
      const Millis took = std::chrono::duration_cast<Millis>(now().steady - fetch_began_);
      fetch_took_ = took;
      rest_until_ = now().steady + took;  // whatever events may want
      const Millis rest = std::max(spread(config_.refresh), kRestPerFetch * took);
      next_refresh_.set(rest, [this] { want_everything(); });
    }
    follow({});
    if (is_whole_) hooks_.tidy();
    if (!wanted_.empty()) want({});
  }

  // Ten percent more or less, so that many servers do not ask together.
  Millis spread(Millis span) const {
    return Millis(
        static_cast<Millis::rep>(static_cast<double>(span.count()) * (0.9 + 0.2 * hooks_.chance())));
  }

  void fail(SourceFailure failure) {
    last_failed_ = is_backing_off_ = true;
    fetch_.forget_age();
    wanted_ = {};
    wanted_.everything = true;
    next_refresh_.clear();
    next_fetch_.set(record_.failed(failure, now(), hooks_.chance()), [this] { begin_fetch(); });
    show();
  }

  // ---- events

  void begin_stream() {
    if (is_connecting_ || is_streaming_) return;
    if (ask_.endpoints.all.empty()) return next_stream_.set(kFileAgain, [this] { begin_stream(); });
    next_stream_.clear();
    is_connecting_ = true;
    stream_.start(ask_.endpoints, leader_,
                  {[this] { next_stream_.set(kAttached, [this] { attached(); }); },
                   [this](const MarathonHint& hint) { hear(hint); },
                   [this] {
                     want({true, {}, false});
                   },
                   [this](SourceFailure failure, bool unsupported) { stream_ended(failure, unsupported); }});
  }

  void end_stream() {
    if (!is_connecting_ && !is_streaming_) return;
    stream_.cancel();
    if (std::exchange(is_streaming_, false)) ++counts_.reconnects;
    is_connecting_ = false;
  }

  // What has happened before it is known by asking.
  void attached() {
    if (stopped_ || is_streaming_) return;
    next_stream_.clear();
    is_connecting_ = false;
    is_streaming_ = true;
    if (std::exchange(stream_failing_, false) && !last_failed_) hooks_.tell({});
    stream_backoff_.succeeded(now().steady);
    fetch_.forget_age();
    want({true, {}, false});
    show();
  }

  void stream_ended(const SourceFailure& failure, bool unsupported) {
    is_connecting_ = false;
    if (stopped_) return;
    if (std::exchange(is_streaming_, false)) ++counts_.reconnects;
    if (!std::exchange(stream_failing_, true)) hooks_.tell(failure);
    next_stream_.set(unsupported              ? kStreamAgain
                     : failure.kind == "auth" ? Backoff::kMost
                                              : stream_backoff_.after_failure(now().steady, hooks_.chance()),
                     [this] { begin_stream(); });
    show();
  }

  void hear(const MarathonHint& hint) {
    if (stopped_) return;
    count_one(counts_.events, hint.type);
    if (hint.is_attached) return attached();
    const MarathonTable::Touched touched = table_.hear(hint, now().steady);
    MarathonWanted more;
    more.everything = hint.everything || touched.refetch;
    more.pods = hint.pods;
    for (const std::string& id : hint.apps) {
      const bool is_pod = table_.knows_pod(id);
      if (is_pod || !table_.knows_app(id)) more.pods = true;
      if (!is_pod) more.apps.insert(id);
    }
    if (!more.empty()) want(std::move(more));
    if (!touched.empty()) follow_soon(touched);
  }

  // Once for all that one piece of the stream has brought: a look costs its app, however little has been said
  // of it.
  void follow_soon(MarathonTable::Touched touched) {
    touched_.join(std::move(touched));
    if (std::exchange(will_follow_, true)) return;
    post([](Impl* self) {
      self->will_follow_ = false;
      self->follow({});
    });
  }

  // ---- what is shown

  void follow(MarathonTable::Touched touched) {
    if (stopped_) return;
    touched_.join(std::move(touched));
    if (pieces_.empty() && may_look()) look();
    hand_over();
    show();
  }

  // For the first time when the first look-ups have ended: else instances would be there without addresses.
  bool may_look() {
    if (told_current_) return true;
    table_.visit_hosts([this](const std::string& host) { hosts_.addresses_of(host); });
    return !hosts_.awaits_first(kHostsAwaited);
  }

  // The next step, in pieces. While one waits nothing new is made of what is touched: there is at most one.
  void look() {
    MarathonTable::Touched touched = std::exchange(touched_, {});
    touched.all |= hosts_.wants_look();
    table_.set_silence(told_silence_ = record_.silence(now().steady));
    MesosStep step;
    step.native = table_.follow(
        touched, [this](std::string_view host) { return hosts_.addresses_of(std::string(host)); }, now());
    step.seen.withheld = table_.take_withheld();
    if (touched.all) hosts_.forget_unused();
    const bool says_current = std::exchange(told_current_, is_current_) != is_current_;
    if (!step.empty()) saver_.changed();
    if (!step.empty() || says_current) pieces_ = pieces_of(std::move(step), kPiece);
  }

  // In order; what the control thread has no room for is offered again with the next tick.
  void hand_over() {
    while (!pieces_.empty()) {
      if (!hooks_.publish(pieces_.front(), pieces_.size() == 1 ? std::optional(told_current_) : std::nullopt))
        return;
      pieces_.pop_front();
    }
  }

  void show() {
    std::scoped_lock lock(status_mutex_);
    record_.show(status_, now().steady);
    status_.mode = is_streaming_ ? "stream" : "poll";
    status_.endpoint = leader_ ? net::authority_of(*leader_) : "";
    status_.held = table_.held();
    status_.total = table_.total();
    status_.routable = table_.routable();
    status_.excluded = table_.excluded();
    for (const Dropped* dropped :
         std::initializer_list<const Dropped*>{&dropped_apps_, &dropped_pods_, &table_.dropped()}) {
      for (const auto& [reason, count] : *dropped) status_.excluded[reason] += count;
    }
    status_.fetch_took = fetch_took_;
    status_.fetches = counts_.fetches;
    status_.bytes = fetch_.bytes();
    status_.events = counts_.events;
    status_.reconnects = counts_.reconnects;
  }

  // ---- time

  void tick() {
    if (stopped_) return;
    MarathonTable::Touched touched = table_.tick(now().steady);
    touched.all = hosts_.wants_look();
    const auto next = table_.next_look();
    const bool is_due = next && *next <= now().steady;
    const bool has_waited = pieces_.empty() && (!touched_.empty() || told_current_ != is_current_);
    if (!touched.empty() || is_due || has_waited || told_silence_ != record_.silence(now().steady)) {
      follow(std::move(touched));
    } else {
      hand_over();
      show();
    }
    if (may_keep()) saver_.tick(now().steady, [this] { return text(); });
    probe_held();
    if (tell_again_at_ && now().steady >= *tell_again_at_) {
      tell_again_at_.reset();
      table_.tell_again();
      follow({});
    }
    if (record_.ends(now().steady, config_.max_stale)) follow(table_.forget());
    read_urls_file();
    ticker_.set(kTick, [this] { tick(); });
  }

  // What is held is not in the last answer: an earlier one is worth more.
  bool may_keep() const { return table_.held() == 0 && !record_.has_ended(); }

  PictureText text() const {
    return [belief = std::make_shared<const MarathonBelief>(table_.belief()),
            hosts = hosts_.known()](const TextSink& sink) {
      write_hosts(hosts, sink);
      write_marathon(*belief, sink);
    };
  }

  void probe_held() {
    for (const MesosTaskKey& key : table_.to_probe(now().steady, kProbesATick)) {
      const auto target = table_.probe_target(key);
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

  struct Counts {
    std::uint64_t fetches = 0;
    registry::Counts events;
    std::uint64_t reconnects = 0;
  };

  const net::Strand strand_;
  const MarathonSourceConfig config_;
  const MarathonSourceHooks hooks_;
  MarathonAsk ask_;
  net::HttpClient fetch_client_;
  net::HttpClient stream_client_;
  MarathonFetch fetch_;
  MarathonStream stream_;
  MarathonTable table_;
  HostBook hosts_;
  SourceRecord record_;
  PictureSaver saver_;
  net::Deadline ticker_;
  net::Deadline next_fetch_;
  net::Deadline next_refresh_;
  net::Deadline next_stream_;  // a new one, or that the one that is open counts as attached
  Backoff stream_backoff_;

  std::optional<net::HttpOrigin> leader_;  // that answered last
  MarathonWanted wanted_;
  SteadyTime wanted_since_{};
  bool is_fetching_ = false;
  bool is_whole_ = false;    // everything is being fetched
  bool last_failed_ = true;  // or there was none yet
  bool is_backing_off_ = false;
  SteadyTime fetch_began_{};
  SteadyTime rest_until_{};
  std::optional<Millis> fetch_took_;
  SteadyTime file_due_{};
  bool is_connecting_ = false;  // the stream
  bool is_streaming_ = false;
  bool stream_failing_ = false;
  bool is_current_ = false;
  bool told_current_ = false;
  SchedulerSilence told_silence_;
  MarathonTable::Touched touched_;  // and not looked at yet
  bool will_follow_ = false;        // it has a turn already
  std::optional<SteadyTime> tell_again_at_;
  std::deque<MesosStep> pieces_;    // of a step, not taken yet
  Counts counts_;
  Dropped dropped_apps_;  // of the last documents
  Dropped dropped_pods_;
  bool stopped_ = false;

  mutable std::mutex status_mutex_;
  SourceStatus status_;
};

PictureKind picture_kind(const MarathonSourceConfig& config) {
  PictureKind kind{"marathon", 1, {}};
  for (const net::HttpOrigin& url : config.ask.endpoints.all) kind.origin.push_back(net::authority_of(url));
  if (!config.urls_file.empty()) kind.origin.push_back(config.urls_file);
  return kind;
}

MarathonSource::MarathonSource(net::Strand strand, net::Resolver& resolver, MarathonSourceConfig config,
                               MarathonSourceHooks hooks)
    : impl_(std::make_shared<Impl>(std::move(strand), resolver, std::move(config), std::move(hooks))) {}
MarathonSource::~MarathonSource() = default;
std::string MarathonSource::restore(const SourcePicture& picture) { return impl_->restore(picture); }
void MarathonSource::start() { impl_->start(); }
void MarathonSource::stop() { impl_->stop(); }
void MarathonSource::resync() { impl_->resync(); }
void MarathonSource::accept() { impl_->accept(); }
void MarathonSource::tell_again() { impl_->tell_again(); }
SourceStatus MarathonSource::status() const { return impl_->status(); }

}  // namespace muster::registry::sources
