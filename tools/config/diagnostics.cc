#include "tools/config/diagnostics.h"

#include <algorithm>
#include <numeric>

namespace muster::config {

namespace {

// Edit distance (insert, delete, replace, swap of neighbours).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::string Diagnostics::place(Position at, std::string_view key) const {
  if (at.line == 0) return file_ + ": " + std::string(key);
  return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

void Diagnostics::error(Position at, std::string_view key, std::string_view message) {
  errors_.push_back({at, place(at, key) + ": " + std::string(message)});
}

std::vector<std::string> Diagnostics::lines() const {
  std::vector<Error> sorted = errors_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Error& a, const Error& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  std::vector<std::string> lines;
  for (Error& error : sorted) lines.push_back(std::move(error.text));
  return lines;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto key = [word](const std::string& candidate) { return distance(word, candidate); };
  const auto best = std::min_element(known.begin(), known.end(),
                                     [&](const auto& a, const auto& b) { return key(a) < key(b); });
  if (best == known.end() || key(*best) > std::max<std::size_t>(2, word.size() / 3)) return "";
  return *best;
}

std::string nearest_in_part(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = std::max<std::size_t>(1, word.size() / 4);
  for (const std::string& candidate : known) {
    for (auto at = candidate.find('_'); at != candidate.npos; at = candidate.find('_', at + 1)) {
      const std::string_view whole = candidate;
      const std::size_t here = std::min(distance(word, whole.substr(0, at)), distance(word, whole.substr(at + 1)));
      if (here > least || (here == least && !best.empty())) continue;
      least = here;
      best = candidate;
    }
  }
  return best;
}

}  // namespace muster::config
