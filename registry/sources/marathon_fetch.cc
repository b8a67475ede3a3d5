#include "registry/sources/marathon_fetch.h"

#include <deque>
#include <utility>

#include "registry/sources/marathon_tasks_text.h"
#include "registry/sources/mesos_answer.h"

namespace muster::registry::sources {

namespace {

constexpr std::string_view kAllApps = "/v2/apps?embed=apps.tasks&embed=apps.deployments&embed=apps.readiness";
constexpr std::string_view kEmbedInApp = "?embed=app.tasks&embed=app.deployments&embed=app.readiness";
constexpr std::string_view kPodsPath = "/v2/pods/::status";
constexpr std::string_view kTasksPath = "/v2/tasks";
constexpr net::Millis kAgeHolds{600'000};  // then what a Marathon has not is asked for again

// Octets that a query or a path takes as they are (RFC 3986 §2.3), and the slashes of an app's path.
std::string escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '-' || c == '.' || c == '_' || c == '~' || c == '/';
    if (is_plain) {
      out += c;
    } else {
      out += {'%', kHex[octet >> 4], kHex[octet & 15]};
    }
  }
  return out;
}

// In which form the tasks of all apps are asked for; each is older than the one before.
enum class Form : std::uint8_t { apps, tasks, text };

}  // namespace

class MarathonFetch::Impl {
 public:
  explicit Impl(net::HttpClient& client) : walk_(client) {}

  void start(const MarathonAsk& ask, std::optional<net::HttpOrigin> leader, MarathonWanted wanted,
             Hooks hooks) {
    const bool is_another = ask_.endpoints.all != ask.endpoints.all;
    ask_ = ask;
    leader_ = std::move(leader);
    hooks_ = std::move(hooks);
    if (is_another) has_told_apps_ = has_told_pods_ = false;
    if (is_another || forgets_age_ || (lacks_since_ && hooks_.now() - *lacks_since_ >= kAgeHolds))
      become_young();
    plan(std::move(wanted));
    ask_next();
  }

  void cancel() { walk_.cancel(); }
  std::uint64_t bytes() const { return bytes_; }
  void forget_age() { forgets_age_ = true; }

 private:
  void become_young() {
    forgets_age_ = false;
    lacks_since_.reset();
    form_ = Form::apps;
    has_pods_ = true;
  }

  // A Marathon without apps of its own, so to speak, cannot be asked for one of them.
  void plan(MarathonWanted wanted) {
    plan_.clear();
    if (wanted.everything || (form_ != Form::apps && !wanted.apps.empty())) {
      plan_.push_back({MarathonDocument::apps, ""});
      wanted.pods = true;
    } else {
      for (const std::string& app : wanted.apps) plan_.push_back({MarathonDocument::app, app});
    }
    if (wanted.pods && has_pods_ && form_ == Form::apps) plan_.push_back({MarathonDocument::pods, ""});
    // Of pods alone, which it has none of: what it has is asked for then.
    if (plan_.empty()) plan_.push_back({MarathonDocument::apps, ""});
  }

  void ask_next() {
    if (plan_.empty()) return std::exchange(hooks_, {}).done(*leader_);
    at_ = std::move(plan_.front());
    plan_.pop_front();
    ask();
  }

  std::string target() const {
    switch (at_.document) {
      case MarathonDocument::app: return "/v2/apps/" + path_of(at_.app) + std::string(kEmbedInApp);
      case MarathonDocument::pods: return std::string(kPodsPath);
      default: break;
    }
    if (form_ != Form::apps) return std::string(kTasksPath);
    std::string all(kAllApps);
    if (!ask_.label_selector.empty()) all += "&label=" + escaped(ask_.label_selector);
    return all;
  }

  static std::string path_of(std::string_view app) {
    while (app.starts_with('/')) app.remove_prefix(1);
    return escaped(app);
  }

  bool is_text() const { return at_.document == MarathonDocument::apps && form_ == Form::text; }

  void ask() {
    is_missing_ = was_missing_ = false;
    text_.clear();
    parser_.emplace(at_.document == MarathonDocument::apps && form_ != Form::apps ? MarathonDocument::tasks
                                                                                  : at_.document,
                    ask_.state);
    at_.asked_at = hooks_.now();
    Question question;
    question.target = target();
    question.headers = {{"Accept", is_text() ? "text/plain" : "application/json"}};
    walk_.start(ask_.endpoints, leader_, std::move(question),
                {[this](const net::HttpHead& head, const net::HttpUrl& at) { return on_head(head, at); },
                 [this](std::string_view piece) { return on_piece(piece); },
                 [this](const net::HttpUrl& at) { return on_whole(at); },
                 [this](net::Result<net::HttpOrigin, SourceFailure> result) { on_end(std::move(result)); }});
  }

  std::optional<SourceFailure> on_head(const net::HttpHead& head, const net::HttpUrl& at) {
    if (head.status == 200) return std::nullopt;
    const bool is_missing =
        head.status == 404 || (head.status == 406 && at_.document == MarathonDocument::apps);
    if (is_missing && may_be_missing()) return is_missing_ = true, std::nullopt;
    // Another may know better: whether that one is old shows when nobody does.
    was_missing_ |= is_missing;
    return failure_of(head.status, net::to_string(at));
  }

  // Without a look at what the others say. What has been there is not missing: who answers so is somebody
  // else.
  bool may_be_missing() const {
    return at_.document == MarathonDocument::app ||
           (at_.document == MarathonDocument::pods && !has_told_pods_);
  }
  bool is_too_old() const {
    return at_.document == MarathonDocument::apps && was_missing_ && form_ != Form::text && !has_told_apps_;
  }

  std::optional<SourceFailure> on_piece(std::string_view piece) {
    bytes_ += piece.size();
    if (is_missing_) return std::nullopt;
    if (is_text()) {
      if (text_.size() + piece.size() > ask_.state.most_octets)
        return SourceFailure{"limit", "the tasks are more octets than max_body"};
      text_ += piece;
      return std::nullopt;
    }
    if (parser_->write(piece)) return std::nullopt;
    return failure_of(parser_->finish().error());
  }

  static SourceFailure failure_of(const ParseError& error) {
    return {error.kind == ParseError::Kind::limit ? "limit" : "parse", error.message};
  }
  static SourceFailure failure_of(int status, const std::string& where) {
    return sources::failure_of(status, where);
  }

  std::optional<SourceFailure> on_whole(const net::HttpUrl& at) {
    if (is_missing_) return std::nullopt;
    auto state = is_text() ? read_marathon_tasks_text(text_, ask_.state) : parser_->finish();
    if (!state) {
      SourceFailure failure = failure_of(state.error());
      failure.message = net::to_string(at) + ": " + failure.message;
      return failure;
    }
    if (!state->has_list)
      return SourceFailure{"parse", net::to_string(at) + ": there is no list in what it answered"};
    state_ = std::move(*state);
    return std::nullopt;
  }

  void on_end(net::Result<net::HttpOrigin, SourceFailure> result) {
    if (!result && is_too_old()) {
      form_ = form_ == Form::apps ? Form::tasks : Form::text;
      lack_pods();
      std::erase_if(plan_, [](const Step& step) { return step.document == MarathonDocument::pods; });
      return ask();
    }
    if (!result) return std::exchange(hooks_, {}).done(result.error());
    leader_ = *result;
    if (!is_missing_) {
      has_told_apps_ |= at_.document == MarathonDocument::apps && form_ == Form::apps;
      has_told_pods_ |= at_.document == MarathonDocument::pods;
      hooks_.fetched({at_.document, at_.app, true, std::move(state_), at_.asked_at});
    } else if (at_.document == MarathonDocument::app) {
      hooks_.fetched({at_.document, at_.app, false, {}, at_.asked_at});
    } else {
      lack_pods();
    }
    ask_next();
  }

  void lack_pods() {
    has_pods_ = false;
    if (!lacks_since_) lacks_since_ = hooks_.now();
  }

  struct Step {
    MarathonDocument document = MarathonDocument::apps;
    std::string app;
    net::SteadyTime asked_at{};
  };

  Walk walk_;
  MarathonAsk ask_;
  std::optional<net::HttpOrigin> leader_;
  Hooks hooks_;
  std::deque<Step> plan_;
  Step at_;
  Form form_ = Form::apps;
  bool has_pods_ = true;
  std::optional<net::SteadyTime> lacks_since_;  // pods, or the newest form
  bool forgets_age_ = false;                    // with the next fetch
  bool has_told_apps_ = false;                  // in the newest form
  bool has_told_pods_ = false;
  bool is_missing_ = false;   // what was asked for
  bool was_missing_ = false;  // somebody said so, and others were asked, too
  std::optional<MarathonParser> parser_;
  std::string text_;
  MarathonState state_;
  std::uint64_t bytes_ = 0;
};

MarathonFetch::MarathonFetch(net::HttpClient& client) : impl_(std::make_unique<Impl>(client)) {}
MarathonFetch::~MarathonFetch() = default;
void MarathonFetch::start(const MarathonAsk& ask, std::optional<net::HttpOrigin> leader,
                          MarathonWanted wanted, Hooks hooks) {
  impl_->start(ask, std::move(leader), std::move(wanted), std::move(hooks));
}
void MarathonFetch::cancel() { impl_->cancel(); }
std::uint64_t MarathonFetch::bytes() const { return impl_->bytes(); }
void MarathonFetch::forget_age() { impl_->forget_age(); }

}  // namespace muster::registry::sources
