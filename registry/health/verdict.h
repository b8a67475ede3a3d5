// What one look at an instance found: a check's probe, a heartbeat or somebody's report. How severe it is by
// itself comes from its class; a service may move classes from one severity to the other (`error_codes`).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::registry::health {

// soft: tolerated a few times; hard: out at once; local: trouble of our own, which says nothing of the
// instance.
enum class Severity : std::uint8_t { ok, soft, hard, local };
std::string_view to_string(Severity severity);

enum class FailureClass : std::uint8_t {
  none,
  timeout,
  close,  // the connection ended before an answer
  reset,
  http,     // a status that is not among those that are well
  body,     // the answer lacks the text it should have
  garbage,  // not HTTP
  exec,     // a program's exit status
  silence,  // no heartbeat came
  refused,
  unreachable,
  tls,
  exec_missing,
  critical,  // a heartbeat said so
  reported,  // somebody's word, without a class
};

struct Verdict {
  Severity severity = Severity::ok;
  FailureClass failure = FailureClass::none;
  std::uint16_t http_status = 0;         // 0: none came
  std::chrono::microseconds latency{0};  // 0: not measured
  std::string detail;                    // for people, at most 256 octets
  bool operator==(const Verdict&) const = default;
};

// As it is by itself.
Severity severity_of(FailureClass failure);
// A failure as texts name it: "refused", "http:503".
std::string class_text(FailureClass failure, std::uint16_t http_status);

// One of `error_codes`: a class, of `http` perhaps some statuses only.
struct ClassPattern {
  FailureClass failure = FailureClass::none;
  std::uint16_t first = 0;  // of the statuses; 0: all
  std::uint16_t last = 0;
  bool covers(FailureClass failure, std::uint16_t http_status) const;
  bool overlaps(const ClassPattern& other) const;
  bool operator==(const ClassPattern&) const = default;
};
// "timeout", "http:503", "http:5xx"; nullopt: none of these.
std::optional<ClassPattern> parse_class(std::string_view text);
std::string text_of(const ClassPattern& pattern);  // which parse_class() reads back
// All that parse_class() takes, for messages.
std::string_view known_classes();

// Where a service counts classes otherwise than they are by themselves.
struct Moved {
  std::vector<ClassPattern> soft;
  std::vector<ClassPattern> hard;
  Severity severity(const Verdict& verdict) const;
  bool operator==(const Moved&) const = default;
};

}  // namespace muster::registry::health
