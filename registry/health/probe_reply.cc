#include "registry/health/probe_reply.h"

#include <algorithm>
#include <charconv>

#include "registry/http/ascii.h"
#include "registry/net/blanks.h"

namespace muster::registry::health {

namespace {

constexpr std::string_view kVersion = "HTTP/1.";
constexpr std::size_t kStatusLeast = 12;  // "HTTP/1.1 200"

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether a status line may begin so.
bool may_be_status(std::string_view line) {
  const std::size_t known = std::min(line.size(), kVersion.size());
  if (line.substr(0, known) != kVersion.substr(0, known)) return false;
  for (std::size_t i = kVersion.size(); i < std::min(line.size(), kStatusLeast); ++i) {
    const bool fits = i == 7 ? line[i] == '0' || line[i] == '1' : i == 8 ? line[i] == ' ' : is_digit(line[i]);
    if (!fits) return false;
  }
  return line.size() <= kStatusLeast || line[kStatusLeast] == ' ' || line[kStatusLeast] == '\r';
}

}  // namespace

Verdict ProbeReply::failure(FailureClass what, std::string detail) const {
  return {severity_of(what), what, status_, {}, std::move(detail)};
}

Verdict ProbeReply::judge() const {
  const auto holds = [this](const StatusRange& range) {
    return range.first <= status_ && status_ <= range.last;
  };
  if (!std::ranges::any_of(look_->ok, holds))
    return failure(FailureClass::http, "status " + std::to_string(status_));
  return {Severity::ok, FailureClass::none, status_, {}, {}};
}

std::optional<Verdict> ProbeReply::take_status(std::string_view line) {
  if (line.size() < kStatusLeast || !may_be_status(line))
    return failure(FailureClass::garbage, "no HTTP/1 status line");
  std::from_chars(line.data() + 9, line.data() + kStatusLeast, status_);
  if (status_ < 100) return failure(FailureClass::garbage, "no HTTP/1 status line");
  part_ = Part::head;
  return std::nullopt;
}

void ProbeReply::take_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = net::trimmed(line.substr(colon + 1));
  if (http::ascii_iequals(name, "Transfer-Encoding")) {
    is_chunked_ = http::ascii_iequals(value, "chunked");
  } else if (http::ascii_iequals(name, "Content-Length")) {
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error == std::errc() && end == value.data() + value.size()) length_ = length;
  }
}

std::optional<Verdict> ProbeReply::end_of_head() {
  if (status_ < 200) {  // the final answer counts
    part_ = Part::status;
    status_ = 0;
    length_.reset();
    return std::nullopt;
  }
  const Verdict verdict = judge();
  if (verdict.severity != Severity::ok || look_->body.empty()) return verdict;
  part_ = is_chunked_ ? Part::chunk_size : Part::body;
  if (is_chunked_) length_.reset();
  if (!is_chunked_ && length_ == 0U) return end();
  return std::nullopt;
}

std::optional<Verdict> ProbeReply::take_chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  const bool ends = end == line.data() + line.size() || *end == ';' || *end == ' ';
  if (error != std::errc() || !ends) return failure(FailureClass::garbage, "a chunk without its size");
  if (size == 0) return this->end();
  length_ = size;
  part_ = Part::chunk;
  return std::nullopt;
}

std::optional<Verdict> ProbeReply::take_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  switch (part_) {
    case Part::status: return take_status(line);
    case Part::head:
      if (line.empty()) return end_of_head();
      take_header(line);
      return std::nullopt;
    case Part::chunk_end:
      part_ = Part::chunk_size;
      return line.empty() ? std::nullopt
                          : std::optional(failure(FailureClass::garbage, "a chunk longer than its size"));
    default: return take_chunk_size(line);
  }
}

std::optional<Verdict> ProbeReply::take_text(std::string_view text) {
  // Only what may begin the text that is looked for is looked at again.
  const std::size_t from = text_.size() < look_->body.size() ? 0 : text_.size() - look_->body.size();
  text_.append(text.substr(0, kMaxBody - text_.size()));
  if (text_.find(look_->body, from) != text_.npos)
    return Verdict{Severity::ok, FailureClass::none, status_, {}, {}};
  if (text_.size() >= kMaxBody) return end();
  return std::nullopt;
}

std::optional<Verdict> ProbeReply::take_body(std::string_view& rest) {
  const std::size_t size = length_ ? std::min<std::uint64_t>(*length_, rest.size()) : rest.size();
  auto verdict = take_text(rest.substr(0, size));
  rest.remove_prefix(size);
  if (verdict || !length_) return verdict;
  *length_ -= size;
  if (*length_ > 0) return std::nullopt;
  if (part_ == Part::body) return end();
  part_ = Part::chunk_end;
  return std::nullopt;
}

std::optional<Verdict> ProbeReply::take(std::string_view octets) {
  while (!octets.empty()) {
    if (part_ == Part::body || part_ == Part::chunk) {
      if (auto verdict = take_body(octets)) return verdict;
      continue;
    }
    const std::size_t end = octets.find('\n');
    const std::size_t size = end == octets.npos ? octets.size() : end + 1;
    const bool in_head = part_ == Part::status || part_ == Part::head;
    head_ += in_head ? size : 0;
    line_.append(octets.substr(0, end == octets.npos ? size : end));
    octets.remove_prefix(size);
    if (head_ > kMaxHead || (!in_head && line_.size() > kMaxHead))
      return failure(FailureClass::garbage, "a head of over 16 KiB");
    if (end == std::string_view::npos) {
      if (part_ == Part::status && !may_be_status(line_))
        return failure(FailureClass::garbage, "no HTTP/1 status line");
      return std::nullopt;
    }
    auto verdict = take_line(line_);
    line_.clear();
    if (verdict) return verdict;
  }
  return std::nullopt;
}

// An answer may end with the connection, even in its head; only a final status is one.
Verdict ProbeReply::end() {
  if (part_ == Part::status && line_.size() >= kStatusLeast) {
    const std::string line = std::exchange(line_, {});
    if (auto verdict = take_line(line)) return *verdict;
  }
  if (status_ < 200) return failure(FailureClass::close, "the connection ended before an answer");
  const Verdict verdict = judge();
  if (verdict.severity != Severity::ok || look_->body.empty()) return verdict;
  return failure(FailureClass::body, "the answer has no \"" + look_->body.substr(0, 80) + "\"");
}

}  // namespace muster::registry::health
