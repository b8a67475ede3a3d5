#include "registry/sources/marathon_stream.h"

#include <string>
#include <utility>

#include "registry/sources/event_stream.h"
#include "registry/sources/mesos_answer.h"

namespace muster::registry::sources {

namespace {

// Marathon sends an empty line every ten seconds or so.
constexpr net::Millis kSilence{60'000};

std::string target() {
  std::string target = "/v2/events?plan-format=light";
  for (const std::string& type : marathon_event_types()) target += "&event_type=" + type;
  return target;
}

// Of a Marathon that is too old, or has it switched off.
bool has_no_stream(int status) { return status == 404 || status == 405 || status == 406 || status == 501; }

}  // namespace

class MarathonStream::Impl {
 public:
  explicit Impl(net::HttpClient& client) : walk_(client) {}

  void start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Hooks hooks) {
    hooks_ = std::move(hooks);
    reader_.emplace();
    unsupported_ = answered_ = false;
    Endpoints patient = endpoints;
    patient.limits.idle = kSilence;
    Question question;
    question.target = target();
    question.headers = {{"Accept", "text/event-stream"}};
    question.accept_gzip = false;
    question.is_stream = true;
    walk_.start(patient, std::move(leader), std::move(question),
                {[this](const net::HttpHead& head, const net::HttpUrl& at) { return on_head(head, at); },
                 [this](std::string_view piece) { return on_piece(piece); },
                 [](const net::HttpUrl& at) {
                   return SourceFailure{"reset", net::to_string(at) + " ended the stream of events"};
                 },
                 [this](net::Result<net::HttpOrigin, SourceFailure> result) {
                   std::exchange(hooks_, {}).ended(result.error(), answered_ && unsupported_);
                 }});
  }

  void cancel() { walk_.cancel(); }

 private:
  std::optional<SourceFailure> on_head(const net::HttpHead& head, const net::HttpUrl& at) {
    if (head.status != 200) {
      unsupported_ = has_no_stream(head.status) && (unsupported_ || !answered_);
      answered_ = true;
      return failure_of(head.status, net::to_string(at));
    }
    const auto type = head.find("content-type");
    if (type && !type->starts_with("text/event-stream"))
      return SourceFailure{"parse", net::to_string(at) + " sent no stream of events, but " +
                                        std::string(type->substr(0, 100))};
    hooks_.opened();
    return std::nullopt;
  }

  std::optional<SourceFailure> on_piece(std::string_view piece) {
    const std::size_t lost = reader_->too_large();
    for (const EventFrame& frame : reader_->write(piece)) hooks_.hint(read_marathon_event(frame));
    if (reader_->too_large() != lost) hooks_.lost();
    return std::nullopt;
  }

  Walk walk_;
  Hooks hooks_;
  std::optional<EventStreamReader> reader_;
  bool answered_ = false;
  bool unsupported_ = false;
};

MarathonStream::MarathonStream(net::HttpClient& client) : impl_(std::make_unique<Impl>(client)) {}
MarathonStream::~MarathonStream() = default;
void MarathonStream::start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Hooks hooks) {
  impl_->start(endpoints, std::move(leader), std::move(hooks));
}
void MarathonStream::cancel() { impl_->cancel(); }

}  // namespace muster::registry::sources
