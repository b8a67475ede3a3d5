#include "zones/zone_reader.h"

#include <algorithm>
#include <filesystem>

#include "zones/generate.h"
#include "zones/period.h"
#include "zones/rdata_reader.h"
#include "zones/wire_name.h"

namespace muster::zones {

namespace {

constexpr std::uint32_t kTtlUnsaid = 0xffffffff;  // until the SOA's MINIMUM is known

std::string ticked(std::string_view text) { return "`" + std::string(text.substr(0, 80)) + "`"; }

// RFC 6895 §3.1: 128 to 255 are for questions and for messages, OPT and 0 likewise.
bool stands_in_zones(RrType type) {
  const auto number = static_cast<std::uint16_t>(type);
  return number != 0 && type != RrType::opt && (number < 128 || number > 255);
}

bool is_class(std::string_view text, std::string_view name) { return Name::equal_fold(text, name); }
bool is_in(std::string_view text) { return is_class(text, "IN") || is_class(text, "CLASS1"); }
bool is_other_class(std::string_view text) {
  if (is_class(text, "CH") || is_class(text, "HS") || is_class(text, "CS")) return true;
  return text.size() > 5 && is_class(text.substr(0, 5), "CLASS") &&
         std::all_of(text.begin() + 5, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// One letter wrong, missing or too much.
bool nearly(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > 1) return false;
  std::size_t same = 0;
  while (same < a.size() && fold(a[same]) == fold(b[same])) ++same;
  const std::string_view rest_a = a.substr(std::min(a.size(), same + (a.size() == b.size() ? 1 : 0)));
  const std::string_view rest_b = b.substr(std::min(b.size(), same + 1));
  return Name::equal_fold(rest_a, rest_b);
}

std::string unknown_type(std::string_view text) {
  for (const std::string_view known : {"AAAA", "SRV", "TXT", "CNAME", "NS", "PTR", "MX", "SOA", "CAA",
                                       "NAPTR", "DNAME", "HTTPS", "SVCB", "TLSA", "SSHFP", "HINFO", "A"}) {
    if (nearly(text, known))
      return ticked(text) + " is no type of record (" + std::string(known) + " meant?)";
  }
  return ticked(text) +
         " is no type of record, TTL or class (other types are written TYPEnnn \\# length hex)";
}

// The words of one record with `$GENERATE` substituted.
class ExpandedWords {
 public:
  bool expand(std::span<const Word> patterns, std::uint32_t value) {
    texts_.resize(patterns.size());
    words_.clear();
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      texts_[i].clear();
      if (!expand_generate(patterns[i].text, value, texts_[i])) return false;
      words_.push_back({texts_[i], patterns[i].quoted});
    }
    return true;
  }
  std::span<const Word> words() const { return words_; }

 private:
  std::vector<std::string> texts_;
  std::vector<Word> words_;
};

class ZoneReader {
 public:
  ZoneReader(const Name& apex, const FileReader& read, const ZoneFileLimits& limits, ZoneDraft& draft)
      : apex_(apex), read_(read), limits_(limits), draft_(draft) {
    read_name("@", apex.wire(), origin_);
    draft_.owners.insert(apex.wire(), draft_.octets);
  }

  void read_file(const std::string& path);
  void settle_ttls();

 private:
  void read_entries(std::string_view text);
  void expect_records(std::string_view text);
  void take_entry();
  void take_directive(std::span<const Word> words);
  void take_origin(std::span<const Word> words);
  void take_ttl(std::span<const Word> words);
  void take_include(std::span<const Word> words);
  void include(const Word& word, const std::string& path);
  void take_generate(std::span<const Word> words);
  void take_record(std::span<const Word> words, bool blank_owner);
  bool take_owner(const Word& word);
  bool take_ttl_and_class(std::span<const Word> words, std::size_t& at, std::uint32_t& ttl);
  void take_data(RrType type, std::span<const Word> words, const Word& type_word, std::uint32_t ttl);
  bool may_stand(RrType type, const Word& type_word);
  void store(RrType type, std::uint32_t ttl);
  void fail(const char* place, std::string what);
  void fail(const Word& word, std::string what) {
    fail(word.text.data() - (word.quoted ? 1 : 0), std::move(what));
  }

  const Name& apex_;
  const FileReader& read_;
  const ZoneFileLimits& limits_;
  ZoneDraft& draft_;

  std::vector<std::string> open_files_;
  ZoneLexer* lexer_ = nullptr;
  bool generating_ = false;  // words do not lie in the file: errors point at the directive

  WireName origin_;
  std::optional<std::uint32_t> owner_;  // nullopt: none yet, or the last one was bad
  std::string_view owner_text_;         // as last written here; "" when the origin has changed since
  bool owner_was_bad_ = false;          // then records under it are left out without another word
  std::optional<std::uint32_t> default_ttl_;
  std::uint32_t previous_ttl_ = kTtlUnsaid;
  std::string rdata_;
};

void ZoneReader::fail(const char* place, std::string what) {
  const char* const shown = generating_ ? lexer_->words().front().text.data() : place;
  draft_.errors.add({open_files_.back(), lexer_->position(shown), std::move(what)});
}

void ZoneReader::read_file(const std::string& path) {
  const auto text = read_(path);
  if (!text) {
    draft_.errors.add({path, {}, "cannot be read: " + text.error().message()});
    return;
  }
  expect_records(*text);
  open_files_.push_back(path);
  draft_.sources.enter(path, 1);
  ZoneLexer* const outer = lexer_;
  const std::string_view outer_owner = owner_text_;
  owner_text_ = {};
  read_entries(*text);
  owner_text_ = outer_owner;
  lexer_ = outer;
  open_files_.pop_back();
}

// At most one a line, but for $GENERATE; room that is not used costs no memory. Of small files that are
// included one after the other each would move everything, so they are left to the vectors' own growth.
void ZoneReader::expect_records(std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (lines < draft_.records.size()) return;
  const std::size_t records = draft_.records.size() + std::min(lines, limits_.records);
  draft_.records.reserve(records);
  draft_.owner_of.reserve(records);
  draft_.line_of.reserve(records);
}

void ZoneReader::read_entries(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf"))
    text.remove_prefix(3);  // a byte order mark is no part of the first name
  ZoneLexer lexer(text);
  lexer_ = &lexer;
  while (!draft_.errors.full()) {
    const auto found = lexer.next();
    if (found == ZoneLexer::Found::end) return;
    if (found == ZoneLexer::Found::fault) {
      draft_.errors.add({open_files_.back(), lexer.fault().at, lexer.fault().what});
    } else {
      take_entry();
    }
  }
}

void ZoneReader::take_entry() {
  const auto words = lexer_->words();
  const bool directive = !words[0].quoted && words[0].text.front() == '$';
  directive ? take_directive(words) : take_record(words, lexer_->starts_blank());
}

void ZoneReader::take_directive(std::span<const Word> words) {
  const std::string_view name = words[0].text;
  if (Name::equal_fold(name, "$ORIGIN")) return take_origin(words);
  if (Name::equal_fold(name, "$TTL")) return take_ttl(words);
  if (Name::equal_fold(name, "$INCLUDE")) return take_include(words);
  if (Name::equal_fold(name, "$GENERATE")) return take_generate(words);
  fail(words[0],
       ticked(name) +
           " is no directive ($ORIGIN, $TTL, $INCLUDE, $GENERATE; for a name that begins with $ write \\$)");
}

void ZoneReader::take_origin(std::span<const Word> words) {
  if (words.size() != 2) return fail(words[0], "$ORIGIN takes one name");
  WireName origin;
  if (const auto error = read_name(words[1].text, origin_.view(), origin)) {
    return fail(words[1], ticked(words[1].text) + ": " + std::string(to_string(*error)));
  }
  origin_ = origin;
  owner_text_ = {};
}

void ZoneReader::take_ttl(std::span<const Word> words) {
  if (words.size() != 2) return fail(words[0], "$TTL takes one time");
  const Period ttl = read_period(words[1].text);
  if (ttl.error == PeriodError::too_large) return fail(words[1], "a TTL is at most 2147483647");
  if (ttl.error) return fail(words[1], ticked(words[1].text) + " is not a time (3600, or 1h)");
  default_ttl_ = ttl.seconds;
}

void ZoneReader::take_include(std::span<const Word> words) {
  if (words.size() < 2 || words.size() > 3)
    return fail(words[0], "$INCLUDE takes a file, and perhaps an origin");
  const std::filesystem::path here(open_files_.back());
  const auto path = (here.parent_path() / std::filesystem::path(words[1].text)).lexically_normal().string();
  if (open_files_.size() > limits_.include_depth) {
    return fail(words[1], "files are included more than " + std::to_string(limits_.include_depth) + " deep");
  }
  if (std::find(open_files_.begin(), open_files_.end(), path) != open_files_.end()) {
    return fail(words[1], ticked(path) + " includes itself");
  }
  const WireName origin = origin_;
  if (words.size() == 3) take_origin(words.subspan(1));
  include(words[1], path);
  origin_ = origin;
}

// Origin and owner are again what they were (RFC 1035 §5.1).
void ZoneReader::include(const Word& word, const std::string& path) {
  const auto owner = owner_;
  const bool owner_was_bad = owner_was_bad_;
  const std::uint32_t line = lexer_->position(word.text.data()).line;
  read_file(path);
  draft_.sources.enter(open_files_.back(), line);
  owner_ = owner;
  owner_was_bad_ = owner_was_bad;
}

void ZoneReader::take_generate(std::span<const Word> words) {
  if (words.size() < 5) return fail(words[0], "$GENERATE takes a range, an owner, a type and data");
  const auto range = read_generate_range(words[1].text);
  if (!range) return fail(words[1], ticked(words[1].text) + " is no range (1-254, or 0-510/2)");
  if (range->count() > kGenerateMax) {
    return fail(words[1], "a $GENERATE of " + std::to_string(range->count()) +
                              " records: " + std::to_string(kGenerateMax) + " are allowed");
  }
  generating_ = true;
  ExpandedWords expanded;
  const std::size_t errors = draft_.errors.total();
  for (std::uint64_t value = range->low; value <= range->high && draft_.errors.total() == errors;
       value += range->step) {
    owner_text_ = {};
    if (!expanded.expand(words.subspan(2), static_cast<std::uint32_t>(value))) {
      fail(words[0],
           "a $ pattern is not understood ($, ${offset}, ${offset,width} or ${offset,width,base}, base one "
           "of d o x X n N)");
      break;
    }
    take_record(expanded.words(), false);
  }
  owner_text_ = {};
  generating_ = false;
}

void ZoneReader::take_record(std::span<const Word> words, bool blank_owner) {
  std::size_t at = 0;
  if (!blank_owner && !take_owner(words[at++])) return;
  if (!owner_) {
    if (!owner_was_bad_) fail(words[0], "a record without an owner: no name stands before it");
    return;
  }
  std::uint32_t ttl = kTtlUnsaid;
  if (!take_ttl_and_class(words, at, ttl)) return;
  if (at == words.size()) return fail(words[at - 1].text.data(), "the type of the record is missing");
  const auto type = words[at].quoted ? std::nullopt : parse_type(words[at].text);
  if (!type) return fail(words[at], unknown_type(words[at].text));
  take_data(*type, words.subspan(at + 1), words[at], ttl);
}

bool ZoneReader::take_owner(const Word& word) {
  if (!owner_text_.empty() && word.text == owner_text_) return true;
  owner_.reset();
  owner_was_bad_ = true;
  owner_text_ = {};
  WireName name;
  if (word.quoted) {
    fail(word, "an owner name is not quoted");
    return false;
  }
  if (const auto error = read_name(word.text, origin_.view(), name)) {
    fail(word, ticked(word.text) + ": " + std::string(to_string(*error)));
    return false;
  }
  if (!is_at_or_below(name.view(), apex_.wire())) {
    fail(word, Name::from_wire(name.view())->text() + " is not in the zone " + apex_.text() +
                   " (a final dot too many, or another $ORIGIN?)");
    return false;
  }
  owner_ = draft_.owners.insert(name.view(), draft_.octets);
  owner_was_bad_ = false;
  owner_text_ = word.text;
  return true;
}

// TTL and class, each at most once, in either order.
bool ZoneReader::take_ttl_and_class(std::span<const Word> words, std::size_t& at, std::uint32_t& ttl) {
  bool class_seen = false;
  for (; at < words.size() && !words[at].quoted; ++at) {
    const std::string_view text = words[at].text;
    if (text[0] >= '0' && text[0] <= '9' && ttl == kTtlUnsaid) {
      const Period period = read_period(text);
      if (period.error) {
        fail(words[at], period.error == PeriodError::too_large ? "a TTL is at most 2147483647"
                                                               : ticked(text) + " is no TTL (3600, or 1h)");
        return false;
      }
      ttl = period.seconds;
    } else if (is_in(text) && !class_seen) {
      class_seen = true;
    } else if (is_other_class(text)) {
      fail(words[at], "class " + std::string(text) + ": only class IN is served");
      return false;
    } else {
      break;
    }
  }
  return true;
}

bool ZoneReader::may_stand(RrType type, const Word& type_word) {
  if (!stands_in_zones(type)) {
    fail(type_word, to_string(type) + " is for messages and cannot stand in a zone");
    return false;
  }
  if (type != RrType::soa) return true;
  if (*owner_ != 0) {
    fail(type_word, "a SOA stands at the apex " + apex_.text() + " only");
    return false;
  }
  if (draft_.has_soa) {
    fail(type_word, "a second SOA: a zone has one");
    return false;
  }
  draft_.has_soa = true;
  return true;
}

void ZoneReader::take_data(RrType type, std::span<const Word> words, const Word& type_word,
                           std::uint32_t ttl) {
  if (ttl == kTtlUnsaid) ttl = default_ttl_.value_or(previous_ttl_);
  previous_ttl_ = ttl;
  if (!may_stand(type, type_word)) return;
  if (auto error = read_rdata(type, words, origin_.view(), rdata_)) {
    const Word& last = words.empty() ? type_word : words.back();
    const bool behind = error->token >= words.size();
    return behind ? fail(last.text.data() + last.text.size(), std::move(error->message))
                  : fail(words[error->token], std::move(error->message));
  }
  if (draft_.records.size() == limits_.records) {
    return fail(type_word, "a zone has at most " + std::to_string(limits_.records) + " records");
  }
  store(type, ttl);
}

void ZoneReader::store(RrType type, std::uint32_t ttl) {
  draft_.records.push_back(
      {draft_.octets.store(rdata_), ttl, type, static_cast<std::uint16_t>(rdata_.size())});
  draft_.owner_of.push_back(*owner_);
  draft_.line_of.push_back(draft_.sources.number(lexer_->line()));
}

// Records before which no TTL stood take the SOA's MINIMUM (RFC 1035 §5.1 with RFC 2308 §4).
void ZoneReader::settle_ttls() {
  const auto soa = std::find_if(draft_.records.begin(), draft_.records.end(),
                                [](const ZoneRecord& r) { return r.type == RrType::soa; });
  const std::uint32_t minimum =
      soa == draft_.records.end() ? 0 : std::min(decode_soa(soa->rdata())->minimum, kTtlMax);
  for (ZoneRecord& record : draft_.records) {
    if (record.ttl == kTtlUnsaid) record.ttl = minimum;
  }
}

}  // namespace

ZoneDraft read_zone(const std::string& path, const Name& apex, const FileReader& read,
                    const ZoneFileLimits& limits) {
  ZoneDraft draft(limits);
  ZoneReader reader(apex, read, limits, draft);
  reader.read_file(path);
  reader.settle_ttls();
  return draft;
}

}  // namespace muster::zones
