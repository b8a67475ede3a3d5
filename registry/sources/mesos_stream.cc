#include "registry/sources/mesos_stream.h"

#include <utility>

#include "registry/sources/mesos_answer.h"

namespace muster::registry::sources {

namespace {

constexpr std::string_view kOperatorApi = "/api/v1";
constexpr std::string_view kSubscribe = R"({"type":"SUBSCRIBE"})";

// Of a master that is too old, or does not let us.
bool refuses_stream(int status) {
  return status == 400 || status == 403 || status == 404 || status == 405 || status == 406 || status == 415 ||
         status == 501;
}

}  // namespace

class MesosStream::Impl {
 public:
  Impl(net::HttpClient& client, MesosAsk ask) : client_(client), ask_(std::move(ask)) {
    ask_.limits.whole.reset();
    ask_.limits.max_body.reset();
  }

  void start(std::optional<net::HttpOrigin> leader, Hooks hooks) {
    hooks_ = std::move(hooks);
    way_.emplace(ask_.masters, std::move(leader), std::string(kOperatorApi));
    end_ = {{"config", "there is no master to ask"}, true};
    answered_ = false;
    begin_next();
  }

  void limit_silence(net::Millis span) { client_.limit_idle(span); }

  void cancel() {
    ++turn_;
    if (client_.is_busy()) client_.cancel();
  }

  void set_masters(std::vector<net::HttpOrigin> masters) { ask_.masters = std::move(masters); }

 private:
  void begin_next() {
    if (const auto url = way_->next()) return ask_at(*url);
    end_.unsupported = end_.unsupported && answered_;
    hooks_.ended(std::move(end_));
  }

  void ask_at(const net::HttpUrl& url) {
    at_ = url;
    moved_.reset();
    status_ = 0;
    failure_.reset();
    net::HttpRequest request;
    request.method = "POST";
    request.target = url.target;
    request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
    request.body = kSubscribe;
    if (way_->is_trusted()) add_login(request.headers, ask_.login);
    client_.ask(url.origin, std::move(request), ask_.limits,
                {[this](const net::HttpHead& head) { return on_head(head); },
                 [this](std::string_view piece) { return on_piece(piece); },
                 [this, mine = ++turn_](net::Result<void, net::HttpError> end) {
                   if (mine == turn_) on_end(std::move(end));
                 }});
  }

  net::HttpFlow on_head(const net::HttpHead& head) {
    status_ = head.status;
    const auto location = head.find("location");
    if (status_ == 200) {
      hooks_.opened(at_.origin);
      return net::HttpFlow::go_on;
    }
    if (is_redirect(status_) && location) moved_ = *location;
    return net::HttpFlow::stop;
  }

  net::HttpFlow on_piece(std::string_view piece) {
    failure_ = hooks_.data(piece);
    return failure_ ? net::HttpFlow::stop : net::HttpFlow::go_on;
  }

  void on_end(net::Result<void, net::HttpError> end) {
    if (moved_) {
      if (auto step = way_->redirected(*moved_))
        return ask_at(*step);
      else
        return give_up({"redirect", net::to_string(at_) + ": " + step.error()}, false);
    }
    if (status_ == 200) return end_stream(end);
    if (status_ != 0) {
      answered_ = true;
      return give_up(failure_of(status_, net::to_string(at_)), refuses_stream(status_));
    }
    give_up(failure_of(end.error()), false);
  }

  // A stream that was there ends the whole: the next begins anew, with a snapshot.
  void end_stream(const net::Result<void, net::HttpError>& end) {
    if (!failure_ && !end) failure_ = failure_of(end.error());
    if (!failure_) failure_ = {"reset", net::to_string(at_) + " ended the stream"};
    hooks_.ended({std::move(*failure_), false});
  }

  SourceFailure failure_of(const net::HttpError& error) const {
    return {std::string(net::to_string(error.kind)), net::to_string(at_) + ": " + error.message};
  }
  static SourceFailure failure_of(int status, const std::string& where) {
    return sources::failure_of(status, where);
  }

  // The first failure of a round is the one that is told: that of the leader.
  void give_up(SourceFailure failure, bool unsupported) {
    if (end_.failure.kind == "config") end_.failure = std::move(failure);
    end_.unsupported = end_.unsupported && unsupported;
    begin_next();
  }

  net::HttpClient& client_;
  MesosAsk ask_;
  Hooks hooks_;
  std::optional<MesosWay> way_;
  net::HttpUrl at_;
  int status_ = 0;  // of the answer; 0: none came
  std::optional<std::string> moved_;
  std::optional<SourceFailure> failure_;  // of the data
  MesosStreamEnd end_;
  bool answered_ = false;
  std::uint64_t turn_ = 0;  // of the exchange under way; one that was cancelled ends later
};

MesosStream::MesosStream(net::HttpClient& client, MesosAsk ask)
    : impl_(std::make_unique<Impl>(client, std::move(ask))) {}
MesosStream::~MesosStream() = default;
void MesosStream::start(std::optional<net::HttpOrigin> leader, Hooks hooks) {
  impl_->start(std::move(leader), std::move(hooks));
}
void MesosStream::limit_silence(net::Millis span) { impl_->limit_silence(span); }
void MesosStream::cancel() { impl_->cancel(); }
void MesosStream::set_masters(std::vector<net::HttpOrigin> masters) {
  impl_->set_masters(std::move(masters));
}

}  // namespace muster::registry::sources
