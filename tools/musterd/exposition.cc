#include "tools/musterd/exposition.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <vector>

namespace muster::tools {

namespace {

// Help texts know no escaped quote, label values do.
void append_escaped(std::string& text, std::string_view value, bool quotes) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '\\' || (quotes && c == '"')) text += '\\';
    text += c;
  }
}

void append_number(std::string& text, double value) {
  if (std::isnan(value)) {
    text += "NaN";
  } else if (std::isinf(value)) {
    text += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(text), "{}", value);
  }
}

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
  }
  return "untyped";
}

void Exposition::family(std::string_view name, MetricType type, std::string_view help) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} ", name);
  append_escaped(text_, help, false);
  fmt::format_to(std::back_inserter(text_), "\n# TYPE {} {}\n", name, to_string(type));
}

void Exposition::sample(Labels labels, double value) { line("", labels, "", value); }

void Exposition::counter(std::string_view name, std::string_view help, double value) {
  family(name, MetricType::counter, help);
  sample(value);
}

void Exposition::gauge(std::string_view name, std::string_view help, double value) {
  family(name, MetricType::gauge, help);
  sample(value);
}

void Exposition::histogram(Labels labels, std::span<const double> bounds,
                           std::span<const std::uint64_t> counts, double sum) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    line("_bucket", labels, i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf",
         static_cast<double>(total));
  }
  line("_sum", labels, "", sum);
  line("_count", labels, "", static_cast<double>(total));
}

void Exposition::scaled(Labels labels, std::span<const std::uint64_t> bounds,
                        std::span<const std::uint64_t> counts, double sum, double unit) {
  // Divided by a whole number, 0.1 is printed as 0.1; multiplied by its inverse it often is not.
  const double parts = std::round(1 / unit);
  std::vector<double> limits;
  for (const std::uint64_t bound : bounds) limits.push_back(static_cast<double>(bound) / parts);
  histogram(labels, limits, counts, sum / parts);
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view bound, double value) {
  text_ += name_;
  text_ += suffix;
  char separator = '{';
  const auto label = [&](std::string_view name, std::string_view of) {
    text_ += std::exchange(separator, ',');
    text_ += name;
    text_ += "=\"";
    append_escaped(text_, of, true);
    text_ += '"';
  };
  for (const auto& [name, of] : labels) label(name, of);
  if (!bound.empty()) label("le", bound);
  if (separator == ',') text_ += '}';
  text_ += ' ';
  append_number(text_, value);
  text_ += '\n';
}

}  // namespace muster::tools
