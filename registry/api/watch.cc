#include "registry/api/watch.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "registry/duration.h"
#include "registry/json_text.h"

namespace muster::registry::api {
namespace {

constexpr std::size_t kMaxChanges = 1'000;        // in one reply
constexpr std::size_t kMaxQueuedEvents = 65'536;  // on their way to the streams
constexpr std::size_t kAnswersPerTask = 64;       // so that several I/O threads share a crowd of polls
constexpr std::size_t kSliceServices = 64;        // a slice of a snapshot on the control thread
constexpr std::size_t kSliceInstances = 1'000;
constexpr Millis kRetryAfter{1'000};
constexpr Millis kPumpEvery{1'000};  // when no stream is behind

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// At most until the client's deadline; nullopt: it is there and is no duration.
std::optional<Millis> wait_of(const http::Request& request, Millis most) {
  const auto text = request.query_value("wait");
  if (!text) return Millis(0);
  const auto wait = parse_duration(*text);
  if (!wait || *wait < Millis(0)) return std::nullopt;
  if (request.deadline)
    most = std::min(most, std::max(Millis(0), *request.deadline - request.received.steady));
  return std::min(*wait, most);
}

std::string text_of(const http::Request& request, std::string_view name) {
  return std::string(request.query_value(name).value_or(""));
}

std::vector<std::string> globs_of(const http::Request& request) {
  std::vector<std::string> globs;
  for (const auto& [name, value] : request.query)
    if (name == "service") globs.push_back(value);
  if (globs.empty()) globs.emplace_back("*");
  return globs;
}

}  // namespace

// A request that waits: its reply, and the way to give it up. Except for `reply`, which whoever answers
// takes, all of it belongs to the control thread.
struct Watch::Parked {
  explicit Parked(http::Reply r) : reply(std::move(r)) {}
  http::Reply reply;
  Slot slot;
};

struct Watch::Snapshot {
  std::uint64_t stream;
  std::vector<std::string> globs;
  std::size_t glob = 0;
  std::string cursor;
  std::uint64_t from = 0;  // the feed's revision when it began
  std::vector<StreamPiece> pieces;
  std::unordered_map<std::string, std::uint64_t> taken;  // service → the feed's revision when it was read
};

Watch::Watch(WatchConfig config, Feed& feed, WatchReads reads, WatchWriters writers, OnControl on_control,
             Post post)
    : config_(std::move(config)),
      feed_(feed),
      reads_(std::move(reads)),
      writers_(std::make_shared<const WatchWriters>(std::move(writers))),
      epoch_(std::make_shared<const std::string>(config_.epoch)),
      on_control_(std::move(on_control)),
      post_(post),
      strand_(std::move(post)) {
  feed_.on_events([this](const FeedEvents& events) { on_events(events); });
}

Watch::~Watch() {
  feed_.on_events({});
  feed_.cancel_all();
}

// ---- replies --------------------------------------------------------------------------------------------

Watch::Slot Watch::take_slot() {
  if (++counters_->watchers > config_.max_watchers) {
    --counters_->watchers;
    ++counters_->refused;
    return nullptr;
  }
  return Slot(counters_.get(), [counters = counters_](void*) { --counters->watchers; });
}

http::Response Watch::json(std::string body, std::uint64_t revision) const {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"},
                      {"Muster-Epoch", *epoch_},
                      {"Muster-Revision", std::to_string(revision)}};
  response.body = std::move(body);
  return response;
}

http::Response Watch::refuse(int status, std::string_view code, std::string_view message,
                             std::string_view field) const {
  http::Problem problem{status, code, std::string(message), std::string(field), {}};
  if (status == 429 || status == 503) problem.retry_after = kRetryAfter;
  http::Response response = http::problem_response(http::Dialect::native, problem);
  response.headers.emplace_back("Muster-Epoch", *epoch_);
  return response;
}

namespace {

constexpr std::string_view kTooMany =
    "too many polls and streams are open; close some, or raise http.max_connections";
constexpr std::string_view kBusy = "the control thread's queue is full; try again";
constexpr std::string_view kBadAfter = "after must be a revision: a whole number, as Muster-Revision gave it";
constexpr std::string_view kBadWait = "wait must be a duration such as 30s, at most 5m";
constexpr std::string_view kBadLimit = "limit must be 1 to 1000";
constexpr std::string_view kCompacted =
    "changes after this revision are no longer here; read the services anew, or GET /watch";

}  // namespace

// Answers of one batch are handed over together.
void Watch::answer_later(net::UniqueFunction<void()> task) { answers_.push_back(std::move(task)); }

void Watch::flush_answers() {
  for (std::size_t begin = 0; begin < answers_.size(); begin += kAnswersPerTask) {
    const std::size_t end = std::min(answers_.size(), begin + kAnswersPerTask);
    std::vector<net::UniqueFunction<void()>> some(
        std::make_move_iterator(answers_.begin() + static_cast<std::ptrdiff_t>(begin)),
        std::make_move_iterator(answers_.begin() + static_cast<std::ptrdiff_t>(end)));
    post_([some = std::move(some)]() mutable {
      for (auto& task : some) task();
    });
  }
  answers_.clear();
  views_.clear();
}

// ---- polls ----------------------------------------------------------------------------------------------

void Watch::poll(const http::Request& request, http::Reply reply, std::string service, Answer answer) {
  const auto after = parse_number(text_of(request, "after"));
  const auto wait = wait_of(request, config_.max_wait);
  if (!after) return reply.send(refuse(400, "invalid_field", kBadAfter, "?after"));
  if (!wait) return reply.send(refuse(400, "invalid_field", kBadWait, "?wait"));
  Position from{*after, text_of(request, "epoch")};
  auto parked = std::make_shared<Parked>(std::move(reply));
  const bool taken = on_control_([this, parked, service = std::move(service), from = std::move(from),
                                  wait = *wait, answer = std::move(answer)](Instant now) mutable {
    decide_poll(parked, std::move(service), std::move(from), wait, std::move(answer), now);
    flush_answers();
  });
  if (!taken) parked->reply.send(refuse(503, "out_of_capacity", kBusy, ""));
}

ServiceViewPtr Watch::shared_view(const std::string& service, Instant now) {
  ServiceViewPtr& view = views_[service];
  if (!view) view = std::make_shared<const ServiceView>(reads_.view(service, now));
  return view;
}

void Watch::decide_poll(std::shared_ptr<Parked> parked, std::string service, Position from, Millis wait,
                        Answer answer, Instant now) {
  const bool is_lost = (!from.epoch.empty() && from.epoch != *epoch_) || from.after > feed_.revision();
  const ServiceViewPtr view = shared_view(service, now);
  if (is_lost || view->revision > from.after || (!view->known && wait == Millis(0)))
    return answer_later([parked, view, answer] { answer(std::move(parked->reply), view); });
  auto wake = [this, parked, service, answer](bool changed, Instant at) {
    ++(changed ? counters_->polls_woken : counters_->polls_timed_out);
    parked->slot.reset();
    if (!changed)
      return answer_later([this, parked, revision = feed_.revision()] {
        http::Response unchanged = json("", revision);
        unchanged.status = 304;
        parked->reply.send(std::move(unchanged));
      });
    answer_later(
        [parked, answer, current = shared_view(service, at)] { answer(std::move(parked->reply), current); });
  };
  if (wait == Millis(0)) return wake(false, now);
  park(parked, service, wait, std::move(wake), now);
}

void Watch::park(std::shared_ptr<Parked> parked, std::string service, Millis wait, Feed::Wake wake,
                 Instant now) {
  parked->slot = take_slot();
  if (!parked->slot)
    return answer_later(
        [this, parked] { parked->reply.send(refuse(429, "too_many_watchers", kTooMany, "")); });
  parked->reply.park();
  const Feed::WaitId id = feed_.wait(std::move(service), now.steady + wait, std::move(wake));
  // The waiter owns `parked`, so what the reply keeps must not.
  parked->reply.on_abandoned([this, id] { (void)on_control_([this, id](Instant) { feed_.cancel(id); }); });
}

// ---- /changes -------------------------------------------------------------------------------------------

void Watch::changes(http::Request request, http::Reply reply) {
  const auto after = parse_number(text_of(request, "after"));
  const auto wait = wait_of(request, config_.max_wait);
  const auto limit = parse_number(request.query_value("limit").value_or("1000"));
  if (!after) return reply.send(refuse(400, "invalid_field", kBadAfter, "?after"));
  if (!wait) return reply.send(refuse(400, "invalid_field", kBadWait, "?wait"));
  if (!limit || *limit < 1 || *limit > kMaxChanges)
    return reply.send(refuse(400, "invalid_field", kBadLimit, "?limit"));
  Position from{*after, text_of(request, "epoch")};
  auto parked = std::make_shared<Parked>(std::move(reply));
  const bool taken =
      on_control_([this, parked, from = std::move(from), limit = *limit, wait = *wait](Instant now) {
        decide_changes(parked, from, limit, wait, now);
        flush_answers();
      });
  if (!taken) parked->reply.send(refuse(503, "out_of_capacity", kBusy, ""));
}

void Watch::decide_changes(std::shared_ptr<Parked> parked, Position from, std::size_t limit, Millis wait,
                           Instant now) {
  auto events = feed_.after(from.after, limit);
  if (!events || (!from.epoch.empty() && from.epoch != *epoch_))
    return answer_later([this, parked] { parked->reply.send(refuse(410, "compacted", kCompacted, "")); });
  if (!events->empty() || wait == Millis(0)) return answer_changes(parked, std::move(*events), from.after);
  auto wake = [this, parked, from, limit](bool changed, Instant) {
    ++(changed ? counters_->polls_woken : counters_->polls_timed_out);
    parked->slot.reset();
    answer_changes(parked, feed_.after(from.after, limit).value_or(FeedEvents()), from.after);
  };
  park(parked, "", wait, std::move(wake), now);
}

void Watch::answer_changes(std::shared_ptr<Parked> parked, FeedEvents events, std::uint64_t from) {
  answer_later([this, parked, events = std::move(events), from, latest = feed_.revision()] {
    const std::uint64_t to = events.empty() ? from : events.back()->revision;
    std::string body = "{\"epoch\":";
    append_json_string(body, *epoch_);
    body += ",\"from\":" + std::to_string(from) + ",\"to\":" + std::to_string(to) + ",\"changes\":[";
    for (const FeedEventPtr& event : events) {
      if (event != events.front()) body += ',';
      body += event->json(writers_->instance);
    }
    parked->reply.send(json(body += "]}", latest));
  });
}

// ---- streams --------------------------------------------------------------------------------------------

void Watch::stream(http::Request request, http::Reply reply) {
  Position from;
  std::string_view last_id = request.header("Last-Event-ID");
  const bool resumes = !last_id.empty() || request.query_value("after");
  if (!last_id.empty()) {
    const std::size_t dash = last_id.rfind('-');
    from.epoch = std::string(last_id.substr(0, dash == last_id.npos ? 0 : dash));
    if (from.epoch.empty()) from.epoch = "?";  // no id of ours: another epoch's
    from.after = parse_number(last_id.substr(dash + 1)).value_or(0);
  } else if (resumes) {
    const auto after = parse_number(text_of(request, "after"));
    if (!after) return reply.send(refuse(400, "invalid_field", kBadAfter, "?after"));
    from = {*after, text_of(request, "epoch")};
  }
  Slot slot = take_slot();
  if (!slot) return reply.send(refuse(429, "too_many_watchers", kTooMany, ""));
  http::Response head = json("", 0);
  head.headers = {
      {"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"Muster-Epoch", *epoch_}};
  reply.park();
  std::shared_ptr<http::Stream> wire = reply.stream(std::move(head));
  const std::uint64_t id = ++last_stream_;
  const std::vector<std::string> globs = globs_of(request);
  ++wanted_streams_;  // before its snapshot begins: what happens from then on goes to the strand
  strand_.run(
      [this, id, wire, slot = std::move(slot),
       made = std::make_shared<WatchStream>(config_.stream, wire, globs, writers_, epoch_)]() mutable {
        streams_.emplace(id, Open{std::move(made), std::move(wire), std::move(slot)});
      });
  wire->on_closed([this, id] { strand_.run([this, id] { wanted_streams_ -= streams_.erase(id); }); });
  const bool taken = on_control_([this, id, globs, from, resumes](Instant) {
    if (resumes)
      resume(id, globs, from);
    else
      begin_snapshot(id, globs, "");
  });
  if (!taken) wire->close();
}

// What the reader missed, if it is still here; else a reset and everything.
void Watch::resume(std::uint64_t id, std::vector<std::string> globs, Position from) {
  if (!from.epoch.empty() && from.epoch != *epoch_) return begin_snapshot(id, std::move(globs), "epoch");
  const auto events = feed_.after(from.after, SIZE_MAX);
  if (!events) return begin_snapshot(id, std::move(globs), "compacted");
  const WatchStream filter({}, nullptr, std::move(globs), nullptr, nullptr);
  std::vector<StreamPiece> pieces;
  for (const FeedEventPtr& event : *events)
    if (filter.wants(event->service)) pieces.emplace_back(event);
  pieces.emplace_back(Synced{feed_.revision()});
  begin_stream(id, std::move(pieces));
}

void Watch::begin_snapshot(std::uint64_t id, std::vector<std::string> globs, std::string reset) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->stream = id;
  snapshot->globs = std::move(globs);
  if (!reset.empty()) {
    ++counters_->resets;
    snapshot->pieces.emplace_back(Reset{std::move(reset)});
  }
  snapshot->from = feed_.revision();
  if (!on_control_([this, snapshot](Instant now) { continue_snapshot(snapshot, now); })) close_stream(id);
}

// A slice a turn, so that a registry of any size stops the control thread for a moment only.
void Watch::continue_snapshot(std::shared_ptr<Snapshot> snapshot, Instant now) {
  if (!take_slice(*snapshot, now)) return finish_snapshot(*snapshot);
  if (!on_control_([this, snapshot](Instant at) { continue_snapshot(snapshot, at); }))
    close_stream(snapshot->stream);
}

bool Watch::take_slice(Snapshot& snapshot, Instant now) {
  const auto page = reads_.list(snapshot.globs[snapshot.glob], snapshot.cursor, kSliceServices);
  std::size_t instances = 0;
  for (const ServiceSummary& summary : page) {
    if (instances >= kSliceInstances) return true;
    snapshot.cursor = summary.name;
    if (!snapshot.taken.emplace(summary.name, feed_.revision()).second) continue;  // an earlier glob named it
    auto view = std::make_shared<const ServiceView>(reads_.view(summary.name, now));
    instances += 1 + view->instances.size();
    snapshot.pieces.emplace_back(std::move(view));
  }
  if (page.size() == kSliceServices) return true;
  snapshot.cursor.clear();
  return ++snapshot.glob < snapshot.globs.size();
}

// Services were read one after the other; the feed knows what happened to each of them since.
void Watch::finish_snapshot(Snapshot& snapshot) {
  const auto missed = feed_.after(snapshot.from, SIZE_MAX);
  if (!missed) return begin_snapshot(snapshot.stream, std::move(snapshot.globs), "compacted");
  const WatchStream filter({}, nullptr, snapshot.globs, nullptr, nullptr);
  for (const FeedEventPtr& event : *missed) {
    const auto taken = snapshot.taken.find(event->service);
    const bool is_in_view = taken != snapshot.taken.end() && event->revision <= taken->second;
    if (!is_in_view && filter.wants(event->service)) snapshot.pieces.emplace_back(event);
  }
  snapshot.pieces.emplace_back(Synced{feed_.revision()});
  begin_stream(snapshot.stream, std::move(snapshot.pieces));
}

// On the control thread, so the strand sees it between the events before and those after.
void Watch::begin_stream(std::uint64_t id, std::vector<StreamPiece> pieces) {
  strand_.run([this, id, pieces = std::move(pieces)]() mutable {
    const auto found = streams_.find(id);
    if (found == streams_.end()) return;
    found->second.stream->begin(std::move(pieces));
    is_behind_ = is_behind_ || found->second.stream->is_behind();
  });
}

void Watch::close_stream(std::uint64_t id) {
  strand_.run([this, id] {
    if (const auto found = streams_.find(id); found != streams_.end()) found->second.wire->close();
  });
}

void Watch::on_events(const FeedEvents& events) {
  flush_answers();
  if (events.empty() || wanted_streams_ == 0) return;
  if (queued_events_ + events.size() > kMaxQueuedEvents) {
    missed_ = true;
    ++counters_->queue_full;
    return;
  }
  if (missed_) lose_streams();
  queued_events_ += events.size();
  strand_.run([this, events] {
    queued_events_ -= events.size();
    for (const FeedEventPtr& event : events) tell_streams(event);
  });
}

// Events found no room on their way to the streams: all of them have to begin anew.
void Watch::lose_streams() {
  missed_ = false;
  strand_.run([this] {
    for (auto& [id, open] : streams_) open.stream->lose();
    is_behind_ = !streams_.empty();
  });
}

void Watch::tell_streams(const FeedEventPtr& event) {
  std::shared_ptr<const std::string> frame;
  for (auto& [id, open] : streams_) {
    if (!open.stream->wants(event->service)) continue;
    if (!frame)
      frame = std::make_shared<const std::string>(
          WatchStream::frame_of(*event, event->json(writers_->instance), *epoch_));
    open.stream->change(event, frame);
    if (open.stream->is_behind()) is_behind_ = true;
  }
}

void Watch::tick(Instant now) {
  feed_.tick(now);
  if (missed_ && queued_events_ == 0) lose_streams();
  if (!is_behind_ && now.steady < next_pump_) return;
  next_pump_ = now.steady + kPumpEvery;
  if (pump_queued_.exchange(true)) return;
  strand_.run([this, at = now.steady] { pump(at); });
}

void Watch::pump(SteadyTime now) {
  pump_queued_ = false;
  bool behind = false;
  for (auto& [id, open] : streams_) {
    if (open.stream->pump(now)) {
      const bool asked = on_control_([this, stream = id, globs = open.stream->globs()](Instant) {
        begin_snapshot(stream, globs, "slow");
      });
      if (!asked) open.wire->close();
    }
    behind |= open.stream->is_behind();
  }
  is_behind_ = behind;
}

}  // namespace muster::registry::api
