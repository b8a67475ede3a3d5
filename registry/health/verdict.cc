#include "registry/health/verdict.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace muster::registry::health {

namespace {

struct Named {
  FailureClass failure;
  std::string_view name;
  Severity severity;
};
constexpr std::array kClasses = {
    Named{FailureClass::timeout, "timeout", Severity::soft},
    Named{FailureClass::close, "close", Severity::soft},
    Named{FailureClass::reset, "reset", Severity::soft},
    Named{FailureClass::http, "http", Severity::soft},
    Named{FailureClass::body, "body", Severity::soft},
    Named{FailureClass::garbage, "garbage", Severity::soft},
    Named{FailureClass::exec, "exec", Severity::soft},
    Named{FailureClass::silence, "silence", Severity::soft},
    Named{FailureClass::refused, "refused", Severity::hard},
    Named{FailureClass::unreachable, "unreachable", Severity::hard},
    Named{FailureClass::tls, "tls", Severity::hard},
    Named{FailureClass::exec_missing, "exec-missing", Severity::hard},
    Named{FailureClass::critical, "critical", Severity::hard},
    Named{FailureClass::reported, "reported", Severity::soft},
};

const Named* find(FailureClass failure) {
  const auto found = std::ranges::find(kClasses, failure, &Named::failure);
  return found == kClasses.end() ? nullptr : found;
}

// "503", "5xx": the statuses it stands for.
std::optional<std::pair<std::uint16_t, std::uint16_t>> read_statuses(std::string_view text) {
  if (text.size() != 3 || text[0] < '1' || text[0] > '9') return std::nullopt;
  if (text.substr(1) == "xx") {
    const auto hundred = static_cast<std::uint16_t>((text[0] - '0') * 100);
    return std::pair(hundred, static_cast<std::uint16_t>(hundred + 99));
  }
  std::uint16_t status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::pair(status, status);
}

bool covers_any(const std::vector<ClassPattern>& patterns, const Verdict& verdict) {
  return std::ranges::any_of(patterns, [&](const ClassPattern& pattern) {
    return pattern.covers(verdict.failure, verdict.http_status);
  });
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::ok: return "ok";
    case Severity::soft: return "soft";
    case Severity::hard: return "hard";
    case Severity::local: return "local";
  }
  return "";
}

Severity severity_of(FailureClass failure) {
  const Named* named = find(failure);
  return named == nullptr ? Severity::ok : named->severity;
}

std::string class_text(FailureClass failure, std::uint16_t http_status) {
  const Named* named = find(failure);
  std::string text(named == nullptr ? std::string_view() : named->name);
  if (failure == FailureClass::http && http_status != 0) text += ":" + std::to_string(http_status);
  return text;
}

bool ClassPattern::covers(FailureClass what, std::uint16_t http_status) const {
  return what == failure && (first == 0 || (first <= http_status && http_status <= last));
}

bool ClassPattern::overlaps(const ClassPattern& other) const {
  if (failure != other.failure) return false;
  return first == 0 || other.first == 0 || (first <= other.last && other.first <= last);
}

std::optional<ClassPattern> parse_class(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto named = std::ranges::find(kClasses, text.substr(0, colon), &Named::name);
  if (named == kClasses.end()) return std::nullopt;
  if (colon == text.size()) return ClassPattern{named->failure};
  const auto statuses = read_statuses(text.substr(colon + 1));
  if (named->failure != FailureClass::http || !statuses) return std::nullopt;
  return ClassPattern{named->failure, statuses->first, statuses->second};
}

std::string text_of(const ClassPattern& pattern) {
  if (pattern.first == pattern.last) return class_text(pattern.failure, pattern.first);
  return class_text(pattern.failure, 0) + ":" + std::to_string(pattern.first / 100) + "xx";
}

std::string_view known_classes() {
  static const std::string text = [] {
    std::string names;
    for (const Named& named : kClasses) names.append(names.empty() ? "" : ", ").append(named.name);
    return names + ", http:503, http:5xx";
  }();
  return text;
}

Severity Moved::severity(const Verdict& verdict) const {
  if (verdict.severity != Severity::soft && verdict.severity != Severity::hard) return verdict.severity;
  if (covers_any(hard, verdict)) return Severity::hard;
  return covers_any(soft, verdict) ? Severity::soft : verdict.severity;
}

}  // namespace muster::registry::health
