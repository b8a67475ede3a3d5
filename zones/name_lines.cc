#include "zones/name_lines.h"

#include <charconv>

#include "zones/zone_lexer.h"

namespace muster::zones {

namespace {

constexpr std::size_t kOwner = 0;
constexpr std::size_t kTtl = 1;
constexpr std::size_t kType = 3;
constexpr std::size_t kRdata = 4;

std::optional<std::uint32_t> read_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool add_record(NameSpec& spec, std::span<const Word> words, bool is_first) {
  if (words.size() < kRdata) return false;
  const auto owner = Name::from_text(words[kOwner].text);
  const auto ttl = read_number(words[kTtl].text);
  const auto type = parse_type(words[kType].text);
  if (!owner || !ttl || !type || (!is_first && *owner != spec.owner)) return false;
  auto rdata = rdata_from_words(*type, words.subspan(kRdata), Name());
  if (!rdata) return false;
  spec.owner = *owner;
  if (spec.rrsets.empty() || spec.rrsets.back().type != *type) {
    spec.rrsets.push_back({});
    spec.rrsets.back().type = *type;
    spec.rrsets.back().ttl = *ttl;
  }
  spec.rrsets.back().members.push_back({.rdata = std::move(*rdata), .weight = 1, .tier = 0, .addresses = {}});
  return true;
}

}  // namespace

std::optional<NameSpec> read_name_lines(std::string_view lines) {
  NameSpec spec;
  ZoneLexer lexer(lines);
  bool is_first = true;
  for (auto found = lexer.next(); found != ZoneLexer::Found::end; found = lexer.next()) {
    if (found == ZoneLexer::Found::fault || !add_record(spec, lexer.words(), is_first)) return std::nullopt;
    is_first = false;
  }
  return is_first ? std::nullopt : std::optional(std::move(spec));
}

}  // namespace muster::zones
