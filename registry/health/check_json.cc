#include "registry/health/check_json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "registry/duration.h"
#include "registry/json_text.h"
#include "registry/limits.h"

namespace muster::registry::health {

namespace {

namespace json = boost::json;

// ---- reading

// What is refused first, with its place below the list.
class CheckReading {
 public:
  CheckFault fault;
  std::string place;  // of what is being read

  // Each returns false, so that a reader can end with it.
  bool refuse(std::string message, bool is_unknown = false) {
    fault = {place, std::move(message), is_unknown};
    return false;
  }
  bool must_be(std::string_view what) {
    return refuse(place.substr(place.rfind('/') + 1).append(" must be ").append(what));
  }
  // A fault of something that the last part of the place names.
  bool pass(const std::string& fault_text) {
    return fault_text.empty() || refuse(place.substr(place.rfind('/') + 1) + " " + fault_text);
  }
};

// What a member of a JSON object fills in.
template <class T>
struct CheckMember {
  std::string_view name;
  bool (*read)(const json::value& value, CheckReading& reading, T& out);
  unsigned types = ~0U;  // a bit for each CheckType that has it
};

constexpr unsigned bit(CheckType type) { return 1U << static_cast<unsigned>(type); }

template <class T, std::size_t N>
bool read_members(const json::value& value, CheckReading& reading, const CheckMember<T> (&members)[N],
                  unsigned type, T& out) {
  if (!value.is_object()) return reading.must_be("a JSON object");
  const std::string before = reading.place;
  for (const auto& pair : value.get_object()) {
    const std::string_view key(pair.key());
    const auto member = std::ranges::find_if(
        members, [&](const auto& one) { return one.name == key && (one.types & type) != 0; });
    reading.place = before;
    append_pointer_part(reading.place, key);
    if (member == std::end(members)) {
      std::string known;
      for (const auto& one : members)
        if ((one.types & type) != 0) known.append(known.empty() ? "" : ", ").append(one.name);
      return reading.refuse("unknown member \"" + std::string(key) + "\"; known here: " + known, true);
    }
    if (!member->read(pair.value(), reading, out)) return false;
  }
  reading.place = before;
  return true;
}

bool read_words(const json::value& value, CheckReading& reading, std::string& out) {
  if (!value.is_string()) return reading.must_be("a string");
  out = std::string_view(value.get_string());
  return true;
}

bool read_yes(const json::value& value, CheckReading& reading, bool& out) {
  if (!value.is_bool()) return reading.must_be("true or false");
  out = value.get_bool();
  return true;
}

bool read_count(const json::value& value, CheckReading& reading, unsigned least, unsigned most,
                std::optional<unsigned>& out) {
  const bool is_good = value.is_int64() && value.get_int64() >= least && value.get_int64() <= most;
  if (!is_good) return reading.must_be(std::to_string(least) + " to " + std::to_string(most));
  out = static_cast<unsigned>(value.get_int64());
  return true;
}

bool read_within(const json::value& value, CheckReading& reading, const SpanBounds& bounds,
                 std::optional<Millis>& out) {
  const auto span = value.is_string() ? parse_duration(std::string_view(value.get_string())) : std::nullopt;
  if (!span || *span < bounds.least || *span > bounds.most)
    return reading.must_be("a duration from \"" + format_duration(bounds.least) + "\" to \"" +
                           format_duration(bounds.most) + "\"");
  out = *span;
  return true;
}

// One of two words, the second of which means true.
bool read_choice(const json::value& value, CheckReading& reading, std::string_view no, std::string_view yes,
                 std::optional<bool>& out) {
  const std::string_view word = value.is_string() ? std::string_view(value.get_string()) : std::string_view();
  if (word != no && word != yes)
    return reading.must_be("\"" + std::string(no) + "\" or \"" + std::string(yes) + "\"");
  out = word == yes;
  return true;
}

bool read_classes(const json::value& value, CheckReading& reading, std::optional<Classes>& out) {
  const std::string wanted = "a list of at most 32 of " + std::string(known_classes());
  if (!value.is_array() || value.get_array().size() > 32) return reading.must_be(wanted);
  Classes classes;
  for (const json::value& one : value.get_array()) {
    const auto pattern = one.is_string() ? parse_class(std::string_view(one.get_string())) : std::nullopt;
    if (!pattern) return reading.must_be(wanted);
    classes.push_back(*pattern);
  }
  out = std::move(classes);
  return true;
}

constexpr CheckMember<OwnRetries> kRetryMembers[] = {
    {"retries_before_suspend",
     [](const json::value& value, CheckReading& reading, OwnRetries& out) {
       return read_count(value, reading, 0, kMostRetries, out.retries);
     }},
    {"retry_delay",
     [](const json::value& value, CheckReading& reading, OwnRetries& out) {
       return read_within(value, reading, kRetryDelayBounds, out.delay);
     }},
    {"error_codes", [](const json::value& value, CheckReading& reading,
                       OwnRetries& out) { return read_classes(value, reading, out.classes); }},
};

bool read_progression(const json::value& value, CheckReading& reading, OwnSuspension& out) {
  const double number = value.is_number() ? value.to_number<double>() : 0;
  if (!(number >= 1 && number <= kMostProgression)) return reading.must_be("a number from 1 to 1000");
  out.progression = number;
  return true;
}

constexpr CheckMember<OwnSuspension> kSuspensionMembers[] = {
    {"initial_duration",
     [](const json::value& value, CheckReading& reading, OwnSuspension& out) {
       return read_within(value, reading, kSuspensionBounds, out.initial);
     }},
    {"progression_factor", read_progression},
    {"maximum_duration",
     [](const json::value& value, CheckReading& reading, OwnSuspension& out) {
       return read_within(value, reading, kSuspensionBounds, out.longest);
     }},
    {"reset_after",
     [](const json::value& value, CheckReading& reading, OwnSuspension& out) {
       return read_within(value, reading, kLongBounds, out.reset_after);
     }},
    {"error_codes", [](const json::value& value, CheckReading& reading,
                       OwnSuspension& out) { return read_classes(value, reading, out.classes); }},
};

bool read_retries(const json::value& value, CheckReading& reading, OwnCheck& out) {
  return read_members(value, reading, kRetryMembers, ~0U, out.retries.emplace());
}

bool read_suspension(const json::value& value, CheckReading& reading, OwnCheck& out) {
  OwnSuspension& suspension = out.suspension.emplace();
  if (!read_members(value, reading, kSuspensionMembers, ~0U, suspension)) return false;
  if (!suspension.initial || !suspension.longest || *suspension.longest >= *suspension.initial) return true;
  reading.place += "/maximum_duration";
  return reading.pass("must not be shorter than initial_duration");
}

bool read_check_port(const json::value& value, CheckReading& reading, OwnCheck& out) {
  if (value.is_int64() && value.get_int64() >= 1 && value.get_int64() <= 65'535) {
    out.port_number = static_cast<std::uint16_t>(value.get_int64());
    return true;
  }
  if (!value.is_string() || value.get_string().empty() || value.get_string().size() > kMaxPortName)
    return reading.must_be("a port's number or name");
  out.port_name = std::string_view(value.get_string());
  return true;
}

bool read_method(const json::value& value, CheckReading& reading, OwnCheck& out) {
  if (value != "GET" && value != "HEAD") return reading.must_be("\"GET\" or \"HEAD\"");
  return read_words(value, reading, out.look.method);
}

bool read_check_headers(const json::value& value, CheckReading& reading, OwnCheck& out) {
  if (!value.is_object() || value.get_object().size() > kMaxCheckHeaders)
    return reading.must_be("a JSON object of at most 16 strings");
  for (const auto& pair : value.get_object()) {
    std::string& text = out.look.headers.emplace_back(std::string(pair.key()), "").second;
    if (!read_words(pair.value(), reading, text) ||
        !reading.pass(fault_of_header(out.look.headers.back().first, text)))
      return false;
  }
  return true;
}

bool read_check_statuses(const json::value& value, CheckReading& reading, OwnCheck& out) {
  constexpr std::string_view kWanted = "a list of 1 to 16 statuses from 200 to 599, as 304 or \"200-299\"";
  if (!value.is_array() || value.get_array().empty() || value.get_array().size() > kMaxCheckStatuses)
    return reading.must_be(kWanted);
  out.look.ok.clear();
  for (const json::value& one : value.get_array()) {
    std::optional<StatusRange> range;
    if (one.is_int64()) range = parse_statuses(std::to_string(one.get_int64()));
    if (one.is_string()) range = parse_statuses(std::string_view(one.get_string()));
    if (!range) return reading.must_be(kWanted);
    out.look.ok.push_back(*range);
  }
  return true;
}

constexpr unsigned kOfHttp = bit(CheckType::http) | bit(CheckType::https);
constexpr unsigned kOfTls = bit(CheckType::tcp) | bit(CheckType::https);
constexpr unsigned kWithPort = kOfHttp | bit(CheckType::tcp);

constexpr CheckMember<OwnCheck> kCheckMembers[] = {
    {"type", [](const json::value&, CheckReading&, OwnCheck&) { return true; }},  // it was read first
    {"id",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_words(value, reading, out.id) && reading.pass(fault_of_check_id(out.id));
     }},
    {"port", read_check_port, kWithPort},
    {"interval", [](const json::value& value, CheckReading& reading,
                    OwnCheck& out) { return read_within(value, reading, kIntervalBounds, out.interval); }},
    {"timeout", [](const json::value& value, CheckReading& reading,
                   OwnCheck& out) { return read_within(value, reading, kTimeoutBounds, out.timeout); }},
    {"action", [](const json::value& value, CheckReading& reading,
                  OwnCheck& out) { return read_choice(value, reading, "discard", "report", out.waits_on); }},
    {"initial",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_choice(value, reading, "starting", "passing", out.begins_active);
     }},
    {"grace_period", [](const json::value& value, CheckReading& reading,
                        OwnCheck& out) { return read_within(value, reading, kLongBounds, out.grace); }},
    {"rise", [](const json::value& value, CheckReading& reading,
                OwnCheck& out) { return read_count(value, reading, 1, kMostInARow, out.rise); }},
    {"fall", [](const json::value& value, CheckReading& reading,
                OwnCheck& out) { return read_count(value, reading, 1, kMostInARow, out.fall); }},
    {"mark_as_timedout", read_retries},
    {"suspend_on_failure", read_suspension},
    {"path",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_words(value, reading, out.look.path) && reading.pass(fault_of_path(out.look.path));
     },
     kOfHttp},
    {"method", read_method, kOfHttp},
    {"host",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_words(value, reading, out.look.host) && reading.pass(fault_of_host(out.look.host));
     },
     kWithPort},
    {"headers", read_check_headers, kOfHttp},
    {"ok", read_check_statuses, kOfHttp},
    {"body",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_words(value, reading, out.look.body);
     },
     kOfHttp},
    {"tls",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_yes(value, reading, out.look.tls);
     },
     bit(CheckType::tcp)},
    {"tls_verify",
     [](const json::value& value, CheckReading& reading, OwnCheck& out) {
       return read_yes(value, reading, out.look.verify.emplace());
     },
     kOfTls},
};

// What no member shows by itself.
bool fits(const json::object& object, CheckReading& reading, const OwnCheck& check) {
  const std::string before = reading.place;
  const auto at = [&](std::string_view member) { reading.place = before + "/" + std::string(member); };
  if (object.contains("fall") && object.contains("mark_as_timedout")) {
    at("fall");
    return reading.pass("and mark_as_timedout are two ways to say the same: choose one");
  }
  if (object.contains("fall") && object.contains("suspend_on_failure")) {
    at("fall");
    return reading.pass(std::string(kFallSuspends));
  }
  if (check.type != CheckType::ttl && check.interval && check.timeout && *check.timeout >= *check.interval) {
    at("timeout");
    return reading.pass("must be shorter than the interval");
  }
  if (const std::string fault = fault_of_body(check.look); !fault.empty()) {
    at("body");
    return reading.pass(fault);
  }
  if (check.type == CheckType::tcp && !check.look.tls) {
    for (const std::string_view member : {"host", "tls_verify"}) {
      if (!object.contains(member)) continue;
      at(member);
      return reading.pass("belongs to a handshake: say \"tls\": true as well");
    }
  }
  const Moved moved{check.retries ? check.retries->classes.value_or(Classes()) : Classes(),
                    check.suspension ? check.suspension->classes.value_or(Classes()) : Classes()};
  if (const std::string both = moved_both_ways(moved); !both.empty()) {
    at("suspend_on_failure");
    return reading.pass("and mark_as_timedout have " + both +
                        " in their error_codes: a class counts one way");
  }
  return true;
}

bool read_type(const json::value& value, CheckReading& reading, OwnCheck& out) {
  if (!value.is_object()) return reading.refuse("each check must be a JSON object");
  const json::value* type = value.get_object().if_contains("type");
  reading.place += "/type";
  if (type == nullptr) return reading.refuse("type is required: tcp, http, https or ttl");
  if (*type == "exec") return reading.refuse("exec checks come from the configuration only");
  for (const CheckType known : {CheckType::tcp, CheckType::http, CheckType::https, CheckType::ttl}) {
    if (!type->is_string() || std::string_view(type->get_string()) != to_string(known)) continue;
    out.type = known;
    out.id = to_string(known);
    reading.place.resize(reading.place.rfind('/'));
    return true;
  }
  return reading.must_be("one of tcp, http, https and ttl");
}

bool read_own_check(const json::value& value, CheckReading& reading, OwnCheck& out) {
  return read_type(value, reading, out) && read_members(value, reading, kCheckMembers, bit(out.type), out) &&
         fits(value.get_object(), reading, out);
}

// ---- writing

// The members of one object, commas between them.
class CheckWriter {
 public:
  explicit CheckWriter(std::string& out) : out_(out) { out_ += '{'; }
  std::string& name(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, key);
    return out_ += ':';
  }
  void text(std::string_view key, std::string_view value) { append_json_string(name(key), value); }
  void span(std::string_view key, const std::optional<Millis>& value) {
    if (value) text(key, format_duration(*value));
  }
  void count(std::string_view key, const std::optional<unsigned>& value) {
    if (value) name(key) += std::to_string(*value);
  }
  void flag(std::string_view key, bool value) { name(key) += value ? "true" : "false"; }
  void classes(const std::optional<Classes>& value) {
    if (!value) return;
    name("error_codes") += '[';
    for (const ClassPattern& one : *value) {
      if (out_.back() != '[') out_ += ',';
      append_json_string(out_, text_of(one));
    }
    out_ += ']';
  }
  void close() { out_ += '}'; }

 private:
  std::string& out_;
};

void append_statuses(std::string& out, const std::vector<StatusRange>& ok) {
  out += '[';
  for (const StatusRange& range : ok) {
    if (out.back() != '[') out += ',';
    if (range.first == range.last)
      out += std::to_string(range.first);
    else
      append_json_string(out, std::to_string(range.first) + "-" + std::to_string(range.last));
  }
  out += ']';
}

// What is not as it would be if nothing were said.
void append_look(CheckWriter& to, const Look& look) {
  const Look usual;
  if (look.path != usual.path) to.text("path", look.path);
  if (look.method != usual.method) to.text("method", look.method);
  if (!look.host.empty()) to.text("host", look.host);
  if (!look.headers.empty()) {
    CheckWriter headers(to.name("headers"));
    for (const auto& [name, value] : look.headers) headers.text(name, value);
    headers.close();
  }
  if (look.ok != usual.ok) append_statuses(to.name("ok"), look.ok);
  if (!look.body.empty()) to.text("body", look.body);
  if (look.tls) to.flag("tls", true);
  if (look.verify) to.flag("tls_verify", *look.verify);
}

void append_own_check(std::string& out, const OwnCheck& check) {
  CheckWriter to(out);
  to.text("type", to_string(check.type));
  to.text("id", check.id);
  if (check.port_number != 0) to.name("port") += std::to_string(check.port_number);
  if (!check.port_name.empty()) to.text("port", check.port_name);
  to.span("interval", check.interval);
  to.span("timeout", check.timeout);
  if (check.waits_on) to.text("action", *check.waits_on ? "report" : "discard");
  if (check.begins_active) to.text("initial", *check.begins_active ? "passing" : "starting");
  to.span("grace_period", check.grace);
  to.count("rise", check.rise);
  to.count("fall", check.fall);
  if (check.retries) {
    CheckWriter inner(to.name("mark_as_timedout"));
    inner.count("retries_before_suspend", check.retries->retries);
    inner.span("retry_delay", check.retries->delay);
    inner.classes(check.retries->classes);
    inner.close();
  }
  if (check.suspension) {
    CheckWriter inner(to.name("suspend_on_failure"));
    inner.span("initial_duration", check.suspension->initial);
    if (check.suspension->progression)
      append_json_number(inner.name("progression_factor"), *check.suspension->progression);
    inner.span("maximum_duration", check.suspension->longest);
    inner.span("reset_after", check.suspension->reset_after);
    inner.classes(check.suspension->classes);
    inner.close();
  }
  append_look(to, check.look);
  to.close();
}

}  // namespace

net::Result<OwnChecks, CheckFault> read_own_checks(const json::value& list) {
  CheckReading reading;
  if (!list.is_array()) return CheckFault{"", "checks must be a JSON array", false};
  if (list.get_array().size() > kMaxChecks) return CheckFault{"", "checks must be at most 8", false};
  auto checks = std::make_shared<OwnChecks::List>();
  for (std::size_t i = 0; i < list.get_array().size(); ++i) {
    OwnCheck check;
    reading.place = "/" + std::to_string(i);
    if (!read_own_check(list.get_array()[i], reading, check)) return std::move(reading.fault);
    if (std::ranges::find(*checks, check.id, &OwnCheck::id) != checks->end())
      return CheckFault{"/" + std::to_string(i) + "/id",
                        "id \"" + check.id + "\" is another check's of this instance: give each its own",
                        false};
    checks->push_back(std::move(check));
  }
  std::string text;
  append_own_checks(text, *checks);
  if (text.size() > kMaxOwnChecksText)
    return CheckFault{"", "checks must be at most 8192 octets as compact JSON", false};
  return checks->empty() ? OwnChecks() : OwnChecks(std::move(checks));
}

void append_own_checks(std::string& out, const OwnChecks::List& checks) {
  out += '[';
  for (const OwnCheck& check : checks) {
    if (out.back() != '[') out += ',';
    append_own_check(out, check);
  }
  out += ']';
}

}  // namespace muster::registry::health
