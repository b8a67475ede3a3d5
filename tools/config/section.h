// One TOML table while it is read: every key that is asked for is marked, and what is left over at the end is
// an unknown key with its place. Wrong types and values are reported and the default is returned, so that one
// run finds all faults.
#pragma once

#include <toml++/toml.h>

#include <functional>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model.h"
#include "tools/config/diagnostics.h"
#include "zones/name.h"

namespace muster::config {

using registry::Millis;

inline constexpr std::int64_t kTtlMostSeconds = 2'147'483'647;  // RFC 2181 §8

struct DurationBounds {
  Millis least{0};
  Millis most{std::chrono::hours(24 * 365)};
};

class Section {
 public:
  Section(const toml::table& table, std::string path, Diagnostics& diagnostics);
  // Reports unknown keys; call it once, after the last key was read.
  void finish();

  bool has(std::string_view key) const;
  bool is_empty_list(std::string_view key) const;  // there, and without an element
  std::string text(std::string_view key, std::string fallback);
  bool flag(std::string_view key, bool fallback);
  std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  double number(std::string_view key, double fallback, double least, double most);
  std::size_t count(std::string_view key, std::size_t fallback, std::int64_t least, std::int64_t most) {
    return static_cast<std::size_t>(integer(key, static_cast<std::int64_t>(fallback), least, most));
  }
  Millis duration(std::string_view key, Millis fallback, DurationBounds bounds = {});
  // A size: an integer of octets or "64KiB", "1MiB", "2GiB".
  std::size_t size(std::string_view key, std::size_t fallback, std::size_t most);
  std::string choice(std::string_view key, std::string fallback, const std::vector<std::string>& known);
  std::optional<zones::Name> domain(std::string_view key);
  std::vector<std::string> texts(std::string_view key, std::vector<std::string> fallback);
  // A list of strings, each turned into a value by `parse` (nullopt: "is not `what`"), which is given the
  // place where it stands, "FILE:LINE:COLUMN", too.
  template <class T>
  std::vector<T> placed_list(
      std::string_view key, std::vector<std::string> fallback, std::string_view what,
      const std::function<std::optional<T>(std::string_view word, std::string place)>& parse) {
    std::vector<T> values;
    read_texts(key, std::move(fallback), [&](const std::string& word, Position at) {
      if (auto value = parse(word, diagnostics_.place(at, path_of(key)))) {
        values.push_back(std::move(*value));
      } else {
        diagnostics_.error(at, path_of(key), quoted(key, word) + " is not " + std::string(what));
      }
    });
    return values;
  }
  template <class T>
  std::vector<T> list(std::string_view key, std::vector<std::string> fallback, std::string_view what,
                      const std::function<std::optional<T>(std::string_view)>& parse) {
    return placed_list<T>(key, std::move(fallback), what,
                          [&](std::string_view word, const std::string&) { return parse(word); });
  }
  // A number, or the word `word` which stands for `value`.
  std::int64_t integer_or_word(std::string_view key, std::int64_t fallback, std::string_view word,
                               std::int64_t value, std::int64_t least, std::int64_t most);
  std::vector<std::string> names() const;  // of the keys that are there
  std::optional<Section> table(std::string_view key);
  std::vector<Section> tables(std::string_view key);  // an array of tables
  std::vector<std::pair<std::string, Section>> named_tables(std::string_view key);

  // A key that is known but whose part is not built yet: refused by name when it is there, unless its value
  // is what its absence means.
  void not_built(std::string_view key, std::string_view part);
  void not_built_unless(std::string_view key, const toml::value<bool>& harmless, std::string_view part);
  void not_built_unless_empty(std::string_view key, std::string_view part);

  void error(std::string_view key, std::string_view message);
  Position position(std::string_view key) const;
  Position position() const;
  const toml::node* node(std::string_view key);  // marks it
  std::string path_of(std::string_view key) const;
  Diagnostics& diagnostics() { return diagnostics_; }

 private:
  void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted);
  // The string with ${NAME} replaced by the environment; nullopt: reported.
  std::optional<std::string> expand(std::string_view key, const toml::node& node);
  void read_texts(std::string_view key, std::vector<std::string> fallback,
                  const std::function<void(const std::string&, Position)>& visit);
  static std::string quoted(std::string_view key, std::string_view value);

  const toml::table& table_;
  std::string path_;
  Diagnostics& diagnostics_;
  std::set<std::string, std::less<>> known_;
};

Position position_of(const toml::node& node);

}  // namespace muster::config
