#include "registry/http/message.h"

#include <algorithm>

#include "registry/glob.h"
#include "registry/http/ascii.h"
#include "registry/json_text.h"

namespace muster::registry::http {

namespace {

constexpr std::size_t kUsualHeaders = 4;  // of a reply

std::string problem_body(Dialect dialect, const Problem& problem) {
  if (dialect == Dialect::plain) return problem.message + "\n";
  if (dialect == Dialect::native) return problem_json(problem);
  // The Lyft service's framework says this one in its own words, which its clients may match.
  if (problem.status == 405) return R"({"message":"The method is not allowed for the requested URL."})";
  std::string body = "{\"error\":";
  append_json_string(body, problem.message);
  return body.append(problem.more).append("}");
}

}  // namespace

bool Caller::may_write(std::string_view service) const {
  if (writes_all) return true;
  for (const std::string& glob : write_globs) {
    if (glob_matches(glob, service)) return true;
  }
  return false;
}

void add_header(Headers& headers, std::string_view name, std::string value) {
  if (headers.empty()) headers.reserve(kUsualHeaders);
  auto& header = headers.emplace_back();
  header.first = name;
  header.second = std::move(value);
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (ascii_iequals(key, name)) return value;
  }
  return {};
}

bool Request::has_header(std::string_view name) const {
  return std::ranges::any_of(headers, [&](const auto& header) { return ascii_iequals(header.first, name); });
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string problem_json(const Problem& problem) {
  std::string body = "{\"error\":";
  append_json_string(body, problem.error);
  body += ",\"message\":";
  append_json_string(body, problem.message);
  body += ",\"field\":";
  if (problem.field.empty()) {
    body += "null";
  } else {
    append_json_string(body, problem.field);
  }
  body += ",\"retry_after_ms\":";
  body += problem.retry_after ? std::to_string(problem.retry_after->count()) : "null";
  return body.append(problem.more).append("}");
}

Response problem_response(Dialect dialect, const Problem& problem) {
  Response response;
  response.status = problem.status;
  response.headers.emplace_back("Content-Type",
                                dialect == Dialect::plain ? "text/plain; charset=utf-8" : "application/json");
  if (problem.retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*problem.retry_after).count();
    response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
  }
  response.body = problem_body(dialect, problem);
  return response;
}

Reply::~Reply() {
  if (!sink_) return;
  sink_->send(
      problem_response(Dialect::native, {.status = 500,
                                         .error = "internal",
                                         .message = "the request was dropped unanswered; please report this",
                                         .field = {},
                                         .retry_after = {}}));
}

void Reply::send(Response response) { std::exchange(sink_, nullptr)->send(std::move(response)); }

std::shared_ptr<Stream> Reply::stream(Response head) {
  return std::exchange(sink_, nullptr)->stream(std::move(head));
}

void Reply::park() { sink_->parked(true); }

void Reply::on_late(net::SteadyTime deadline, net::UniqueFunction<bool()> late) {
  sink_->on_late(deadline, std::move(late));
}

bool Reply::charge(double cost) {
  if (sink_->charge(cost)) return true;
  sink_ = nullptr;
  return false;
}

void Reply::on_abandoned(net::UniqueFunction<void()> gone) { sink_->on_abandoned(std::move(gone)); }

}  // namespace muster::registry::http
