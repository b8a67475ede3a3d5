#include "registry/sources/walk.h"

#include <utility>

#include "registry/sources/mesos_answer.h"
#include "registry/sources/mesos_way.h"

namespace muster::registry::sources {

class Walk::Impl {
 public:
  explicit Impl(net::HttpClient& client) : client_(client) {}

  void start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Question question,
             WalkHooks hooks) {
    login_ = endpoints.login;
    limits_ = endpoints.limits;
    if (question.is_stream) {
      limits_.whole.reset();
      limits_.max_body.reset();
    }
    // It was trusted when it answered: nobody else is asked.
    way_.emplace(endpoints.all, std::move(leader), question.target, true);
    question_ = std::move(question);
    hooks_ = std::move(hooks);
    first_failure_.reset();
    begin_next();
  }

  void cancel() {
    ++turn_;
    if (client_.is_busy()) client_.cancel();
  }

  void limit_silence(net::Millis span) { client_.limit_idle(span); }

 private:
  void begin_next() {
    if (const auto url = way_->next()) return ask_at(*url);
    end(std::move(*first_failure_));
  }

  void ask_at(const net::HttpUrl& url) {
    at_ = url;
    moved_.reset();
    failure_.reset();
    has_begun_ = false;
    net::HttpRequest request;
    request.target = url.target;
    request.headers = question_.headers;
    request.accept_gzip = question_.accept_gzip;
    add_login(request.headers, login_);
    client_.ask(url.origin, std::move(request), limits_,
                {[this](const net::HttpHead& head) { return on_head(head); },
                 [this](std::string_view piece) { return on_piece(piece); },
                 [this, mine = ++turn_](net::Result<void, net::HttpError> result) {
                   if (mine == turn_) on_end(std::move(result));
                 }});
  }

  net::HttpFlow on_head(const net::HttpHead& head) {
    const auto location = head.find("location");
    if (is_redirect(head.status) && location) {
      moved_ = *location;
      // Marathon says who leads where its proxy does not reach.
      if (const auto leader = head.find("x-marathon-leader"); leader)
        way_->announce(net::parse_origin(*leader));
      return net::HttpFlow::stop;
    }
    failure_ = hooks_.head(head, at_);
    has_begun_ = !failure_;
    return failure_ ? net::HttpFlow::stop : net::HttpFlow::go_on;
  }

  net::HttpFlow on_piece(std::string_view piece) {
    failure_ = hooks_.body(piece);
    return failure_ ? net::HttpFlow::stop : net::HttpFlow::go_on;
  }

  void on_end(net::Result<void, net::HttpError> result) {
    if (moved_) {
      auto step = way_->redirected(*moved_);
      if (step && way_->is_trusted()) return ask_at(*step);
      const std::string why = step ? "the redirect to " + net::to_string(*step) +
                                         " leads to nobody who is configured or announced as the leader"
                                   : step.error();
      return go_on(SourceFailure{"redirect", net::to_string(at_) + ": " + why});
    }
    if (!failure_ && !result)
      failure_ = SourceFailure{std::string(net::to_string(result.error().kind)),
                               net::to_string(at_) + ": " + result.error().message};
    if (!failure_) failure_ = hooks_.whole(at_);
    if (!failure_) return end(at_.origin);
    if (question_.is_stream && has_begun_) return end(std::move(*failure_));
    go_on(std::move(*failure_));
  }

  void go_on(SourceFailure failure) {
    if (!first_failure_) first_failure_ = std::move(failure);
    begin_next();
  }

  void end(net::Result<net::HttpOrigin, SourceFailure> result) {
    const auto told = std::exchange(hooks_, {}).end;
    told(std::move(result));
  }

  net::HttpClient& client_;
  Login login_;
  net::HttpLimits limits_;
  Question question_;
  WalkHooks hooks_;
  std::optional<MesosWay> way_;
  net::HttpUrl at_;
  std::optional<std::string> moved_;      // where to, said by the head of an answer, which is then stopped
  std::optional<SourceFailure> failure_;  // of this answer
  bool has_begun_ = false;
  std::optional<SourceFailure> first_failure_;
  std::uint64_t turn_ = 0;  // of the exchange under way; one that was cancelled ends later
};

Walk::Walk(net::HttpClient& client) : impl_(std::make_unique<Impl>(client)) {}
Walk::~Walk() = default;
void Walk::start(const Endpoints& endpoints, std::optional<net::HttpOrigin> leader, Question question,
                 WalkHooks hooks) {
  impl_->start(endpoints, std::move(leader), std::move(question), std::move(hooks));
}
void Walk::cancel() { impl_->cancel(); }
void Walk::limit_silence(net::Millis span) { impl_->limit_silence(span); }

}  // namespace muster::registry::sources
