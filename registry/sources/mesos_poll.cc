#include "registry/sources/mesos_poll.h"

#include <utility>

#include "registry/sources/mesos_answer.h"
#include "registry/sources/mesos_pid.h"

namespace muster::registry::sources {

namespace {

constexpr std::string_view kStatePath = "/master/state";
constexpr std::string_view kOldState = "/master/state.json";  // before Mesos 0.25

}  // namespace

class MesosPoll::Impl {
 public:
  Impl(net::HttpClient& client, MesosAsk ask) : client_(client), ask_(std::move(ask)) {}

  void start(std::optional<net::HttpOrigin> leader, Done done) {
    way_.emplace(ask_.masters, std::move(leader), std::string(kStatePath));
    done_ = std::move(done);
    failure_ = {"config", "there is no master to ask"};
    has_failed_ = false;
    begin_next();
  }

  void cancel() {
    ++turn_;
    done_ = {};
    if (client_.is_busy()) client_.cancel();
  }

  void set_masters(std::vector<net::HttpOrigin> masters) { ask_.masters = std::move(masters); }

 private:
  void begin_next() {
    if (const auto url = way_->next()) return ask_at(*url);
    finish(std::move(failure_));
  }

  void ask_at(const net::HttpUrl& url) {
    at_ = url;
    moved_.reset();
    refused_.reset();
    parser_.emplace(ask_.state);
    bytes_ = 0;
    net::HttpRequest request;
    request.target = url.target;
    request.headers = {{"Accept", "application/json"}};
    request.accept_gzip = true;
    if (way_->is_trusted()) add_login(request.headers, ask_.login);
    client_.ask(url.origin, std::move(request), ask_.limits,
                {[this](const net::HttpHead& head) { return on_head(head); },
                 [this](std::string_view piece) { return on_piece(piece); },
                 [this, mine = ++turn_](net::Result<void, net::HttpError> end) {
                   if (mine == turn_) on_end(std::move(end));
                 }});
  }

  net::HttpFlow on_head(const net::HttpHead& head) {
    if (head.status == 200) return net::HttpFlow::go_on;
    const auto location = head.find("location");
    if (is_redirect(head.status) && location) {
      moved_ = *location;
    } else if (head.status == 404 && at_.target == kStatePath) {
      moved_ = kOldState;
    } else {
      refused_ = failure_of(head.status, net::to_string(at_));
    }
    return net::HttpFlow::stop;
  }

  net::HttpFlow on_piece(std::string_view piece) {
    bytes_ += piece.size();
    return parser_->write(piece) ? net::HttpFlow::go_on : net::HttpFlow::stop;
  }

  void on_end(net::Result<void, net::HttpError> end) {
    if (moved_) return follow(way_->redirected(*moved_));
    if (refused_) return give_up(std::move(*refused_));
    if (!end && end.error().kind != net::HttpFault::cancelled)
      return give_up(
          {std::string(net::to_string(end.error().kind)), net::to_string(at_) + ": " + end.error().message});
    auto state = parser_->finish();
    if (!state) {
      const char* kind = state.error().kind == MesosParseError::Kind::limit ? "limit" : "parse";
      return give_up({kind, net::to_string(at_) + ": " + state.error().message});
    }
    take(std::move(*state));
  }

  // The state of a master that does not lead may be old, or empty. One that leads may have been asked at an
  // address that is not its own: that of a load balancer.
  void take(MesosState state) {
    const auto leader = parse_mesos_pid(state.leader);
    if (!leader) return give_up({"no_leader", net::to_string(at_) + " knows no leader"});
    if (!is_here(*leader) && parse_mesos_pid(state.pid) != leader)
      return follow(way_->other_leader(leader->host, leader->port));
    finish(MesosPolled{std::move(state), at_.origin, bytes_});
  }

  bool is_here(const MesosPid& leader) const {
    if (at_.origin.host == leader.host && at_.origin.port == leader.port) return true;
    const auto peer = client_.peer();
    return peer && net::parse_ip(leader.host) == peer->address && peer->port == leader.port;
  }

  void follow(MesosWay::Step step) {
    if (step) return ask_at(*step);
    give_up({"redirect", net::to_string(at_) + ": " + step.error()});
  }

  // The first failure of a round is the one that is told: that of the leader.
  void give_up(SourceFailure failure) {
    if (!has_failed_) failure_ = std::move(failure);
    has_failed_ = true;
    begin_next();
  }

  void finish(net::Result<MesosPolled, SourceFailure> result) {
    parser_.reset();
    std::exchange(done_, {})(std::move(result));
  }

  net::HttpClient& client_;
  MesosAsk ask_;
  Done done_;
  std::optional<MesosWay> way_;
  net::HttpUrl at_;
  std::optional<MesosStateParser> parser_;
  std::uint64_t bytes_ = 0;
  std::optional<std::string> moved_;  // where to; told by the head of an answer, which is then stopped
  std::optional<SourceFailure> refused_;
  SourceFailure failure_;
  bool has_failed_ = false;
  std::uint64_t turn_ = 0;  // of the exchange under way; one that was cancelled ends later
};

MesosPoll::MesosPoll(net::HttpClient& client, MesosAsk ask)
    : impl_(std::make_unique<Impl>(client, std::move(ask))) {}
MesosPoll::~MesosPoll() = default;
void MesosPoll::start(std::optional<net::HttpOrigin> leader, Done done) {
  impl_->start(std::move(leader), std::move(done));
}
void MesosPoll::cancel() { impl_->cancel(); }
void MesosPoll::set_masters(std::vector<net::HttpOrigin> masters) { impl_->set_masters(std::move(masters)); }

}  // namespace muster::registry::sources
