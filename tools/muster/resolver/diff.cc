#include "tools/muster/resolver/diff.h"

#include <algorithm>
#include <vector>

#include "tools/muster/resolver/lines.h"

namespace muster::resolver {

namespace {

constexpr std::size_t kContext = 3;            // lines around a change, as diff -u
constexpr std::size_t kCellsMost = 4'000'000;  // of the table below: 32 MB

using Lines = std::vector<std::string_view>;

struct Step {
  char sign;  // ' ', '-', '+'
  std::string_view line;
};

// The longest common subsequence, by the table of all pairs; what is too long for it is replaced as a whole.
void append_steps(const Lines& old, const Lines& now, std::vector<Step>& steps) {
  const std::size_t width = now.size() + 1;
  const bool is_too_long = (old.size() + 1) * width > kCellsMost;
  std::vector<std::size_t> common(is_too_long ? 0 : (old.size() + 1) * width);
  for (std::size_t i = common.empty() ? 0 : old.size(); i-- > 0;) {
    for (std::size_t j = now.size(); j-- > 0;)
      common[i * width + j] = old[i] == now[j]
                                  ? common[(i + 1) * width + j + 1] + 1
                                  : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < old.size() || j < now.size()) {
    const bool both = i < old.size() && j < now.size();
    if (both && !is_too_long && old[i] == now[j]) {
      steps.push_back({' ', old[i++]});
      ++j;
    } else if (i < old.size() &&
               (!both || is_too_long || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      steps.push_back({'-', old[i++]});
    } else {
      steps.push_back({'+', now[j++]});
    }
  }
}

std::vector<Step> steps_between(const Lines& old, const Lines& now) {
  std::vector<Step> steps;
  std::size_t head = 0;
  const std::size_t shorter = std::min(old.size(), now.size());
  while (head < shorter && old[head] == now[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head && old[old.size() - 1 - tail] == now[now.size() - 1 - tail]) ++tail;
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  for (std::size_t i = 0; i < head; ++i) steps.push_back({' ', old[i]});
  append_steps(middle(old), middle(now), steps);
  for (std::size_t i = old.size() - tail; i < old.size(); ++i) steps.push_back({' ', old[i]});
  return steps;
}

std::string range(std::size_t first, std::size_t count) {
  return std::to_string(count == 0 ? first : first + 1) + "," + std::to_string(count);
}

}  // namespace

std::string diff(const std::string& name, const std::optional<std::string>& old, const std::string& now) {
  if (old == now) return "";
  const std::string before = old.value_or("");
  const auto steps = steps_between(lines_of(before), lines_of(now));
  std::string text = "--- " + (old ? name : "/dev/null") + "\n+++ " + name + "\n";
  std::size_t old_line = 0;
  std::size_t now_line = 0;
  std::size_t written = 0;  // steps that are in a hunk or passed
  for (std::size_t at = 0; at < steps.size(); ++at) {
    if (steps[at].sign == ' ' || at < written) continue;
    // A hunk: to the last change that is not further than both contexts from the one before.
    const std::size_t begin = std::max(written, at > kContext ? at - kContext : 0);
    std::size_t last = at;
    for (std::size_t next = at; next < steps.size() && next <= last + 2 * kContext; ++next) {
      if (steps[next].sign != ' ') last = next;
    }
    const std::size_t end = std::min(steps.size(), last + 1 + kContext);
    for (; written < begin; ++written, ++old_line, ++now_line) {
    }
    std::string hunk;
    std::size_t olds = 0;
    std::size_t nows = 0;
    for (; written < end; ++written) {
      hunk.append(1, steps[written].sign).append(steps[written].line).append("\n");
      olds += steps[written].sign != '+';
      nows += steps[written].sign != '-';
    }
    text += "@@ -" + range(old_line, olds) + " +" + range(now_line, nows) + " @@\n" + hunk;
    old_line += olds;
    now_line += nows;
  }
  return text;
}

}  // namespace muster::resolver
