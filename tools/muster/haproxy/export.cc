#include "tools/muster/haproxy/export.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <thread>

#include "tools/muster/haproxy/picture.h"

namespace muster::haproxy {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kDebounce{500};  // what comes close together is one change
constexpr milliseconds kPoll{20'000};
constexpr milliseconds kRetryFirst{1'000};
constexpr milliseconds kRetryMost{30'000};
constexpr std::chrono::minutes kEverythingAnew{5};  // policies that a reload changed are not in the feed

// Labels come from whoever may deploy an app: no control character of theirs reaches the terminal.
std::string shown(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

void tell(const char* how, const std::string& what) {
  std::fprintf(stderr, "muster: %s%s%s\n", how, what.empty() ? "" : ": ", what.c_str());
}

cli::ExitCode report_applied(const Target& target, const ApplyResult& result) {
  const char* file = target.file.c_str();
  switch (result.outcome) {
    case Applied::unchanged: std::fprintf(stderr, "%s: unchanged\n", file); return cli::done;
    case Applied::written: std::fprintf(stderr, "%s: written\n", file); break;
    case Applied::reloaded: std::fprintf(stderr, "%s: written, and HAProxy reloaded\n", file); break;
    case Applied::by_runtime:
      std::fprintf(stderr, "%s: written, and HAProxy told by its runtime socket (%s)\n", file,
                   result.what.c_str());
      return cli::done;
    case Applied::failed: tell("cannot write", result.what); return cli::refused;
    case Applied::invalid:
      tell("the configuration is refused and not used", result.what);
      return cli::invalid;
    case Applied::reload_failed:
      tell("the file is written, but HAProxy could not be told; the next run tries again", result.what);
      return cli::reload_failed;
  }
  if (!result.what.empty()) tell("the runtime socket was no help", result.what);
  return cli::done;
}

class Export {
 public:
  Export(const cli::Client& client, const ExportOptions& options)
      : client_(client), options_(options), picture_(client, options.service) {}

  cli::ExitCode once() {
    const cli::Reply reply = picture_.update();
    if (!reply.ok()) {
      const cli::ExitCode code = cli::report(client_, reply);
      is_hopeless_ = reply.status >= 400 && reply.status < 500 && reply.status != 429;
      return reply.status == 503 ? cli::unreachable : code;
    }
    const std::string text = render_now();
    if (!options_.target.file.empty()) return put(text);
    std::fwrite(text.data(), 1, text.size(), stdout);
    return std::fflush(stdout) == 0 ? cli::done : cli::refused;
  }

  // A server that is away is waited for, and a configuration that is refused may be good after the next
  // change; a request or a token that the server does not take ends it.
  cli::ExitCode watch() {
    milliseconds retry = kRetryFirst;
    auto fetched = Clock::now();
    while (true) {
      const cli::ExitCode code = once();
      if (is_hopeless_) return code;
      const bool is_well = code == cli::done;
      wait_for_change(is_well ? kPoll : retry, is_well ? options_.min_interval : retry);
      retry = is_well ? kRetryFirst : std::min(retry * 2, kRetryMost);
      if (Clock::now() - fetched < kEverythingAnew) continue;
      picture_.forget();
      fetched = Clock::now();
    }
  }

 private:
  std::string render_now() {
    const Plan plan = make_plan(picture_.services(), options_.plan);
    std::set<std::string> warned;
    for (const std::string& warning : plan.warnings) {
      if (!warned_.contains(warning)) tell("warning", shown(warning));
      warned.insert(warning);
    }
    warned_ = std::move(warned);
    return render(plan, options_.render);
  }

  cli::ExitCode put(const std::string& text) {
    const ApplyResult result = apply(options_.target, text, told_);
    if (result.outcome == Applied::by_runtime || result.outcome == Applied::reloaded) told_ = result.told;
    if (options_.watch && result.outcome == Applied::unchanged) return cli::done;
    return report_applied(options_.target, result);
  }

  // At most so long; after a change, or when it is not known what has changed, at least `least`.
  void wait_for_change(milliseconds most, milliseconds least) {
    const auto begin = Clock::now();
    if (picture_.wait(most) == Picture::Waited::nothing) return;
    std::this_thread::sleep_until(std::max(begin + least, Clock::now() + kDebounce));
    while (picture_.wait(milliseconds(0)) == Picture::Waited::changed) {
    }
  }

  const cli::Client& client_;
  const ExportOptions& options_;
  Picture picture_;
  bool is_hopeless_ = false;
  std::set<std::string> warned_;  // of the last plan
  std::string told_;              // HAProxy's worker that was told by its socket
};

}  // namespace

cli::ExitCode export_haproxy(const cli::Client& client, const ExportOptions& options) {
  Export exporting(client, options);
  return options.watch ? exporting.watch() : exporting.once();
}

}  // namespace muster::haproxy
