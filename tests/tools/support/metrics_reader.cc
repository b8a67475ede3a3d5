#include "tests/tools/support/metrics_reader.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>
#include <sstream>

namespace muster::test {

namespace {

bool is_name(std::string_view text) {
  const auto fits = [](char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (!first && c >= '0' && c <= '9');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!fits(text[i], i == 0)) return false;
  }
  return !text.empty();
}

bool ends_with(std::string_view text, std::string_view end) { return text.ends_with(end); }

// NAME "=" QUOTE VALUE QUOTE, separated by commas; `at` stands behind the brace and is left behind the
// closing one.
bool read_labels(std::string_view line, std::size_t& at, MetricSample& sample) {
  while (at < line.size()) {
    const std::size_t equals = line.find('=', at);
    if (equals == line.npos || !is_name(line.substr(at, equals - at))) return false;
    const std::string name(line.substr(at, equals - at));
    at = equals + 1;
    if (at >= line.size() || line[at++] != '"') return false;
    std::string value;
    for (; at < line.size() && line[at] != '"'; ++at) {
      if (line[at] != '\\') {
        value += line[at];
        continue;
      }
      if (++at >= line.size()) return false;
      if (line[at] == 'n') {
        value += '\n';
      } else if (line[at] == '\\' || line[at] == '"') {
        value += line[at];
      } else {
        return false;
      }
    }
    if (at >= line.size() || !sample.labels.emplace(name, value).second) return false;
    ++at;
    if (at < line.size() && line[at] == '}') return ++at, true;
    if (at >= line.size() || line[at++] != ',') return false;
  }
  return false;
}

std::optional<double> read_value(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  if (text == "-Inf") return -std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  const std::string owned(text);
  char* end = nullptr;
  const double value = std::strtod(owned.c_str(), &end);
  if (owned.empty() || end != owned.c_str() + owned.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<MetricSample> read_sample(std::string_view line) {
  MetricSample sample;
  std::size_t at = line.find_first_of("{ ");
  if (at == line.npos || !is_name(line.substr(0, at))) return std::nullopt;
  sample.name = line.substr(0, at);
  if (line[at] == '{' && !read_labels(line, ++at, sample)) return std::nullopt;
  if (at >= line.size() || line[at] != ' ') return std::nullopt;
  const auto value = read_value(line.substr(at + 1));
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

bool belongs(const MetricSample& sample, const std::string& name, const MetricFamily& family) {
  if (family.type != "histogram") return sample.name == name;
  return sample.name == name + "_bucket" || sample.name == name + "_sum" || sample.name == name + "_count";
}

struct Buckets {
  double last_bound = -std::numeric_limits<double>::infinity();
  double last_count = 0;
  std::optional<double> count;
  bool has_sum = false;
};

void check_histogram(const std::string& name, const MetricFamily& family, std::vector<std::string>& faults) {
  std::map<std::map<std::string, std::string>, Buckets> series;
  for (const MetricSample& sample : family.samples) {
    auto labels = sample.labels;
    if (ends_with(sample.name, "_bucket")) {
      const auto bound = read_value(labels.contains("le") ? labels.at("le") : "none");
      labels.erase("le");
      Buckets& buckets = series[labels];
      if (!bound || *bound <= buckets.last_bound) faults.push_back(name + ": bounds do not rise");
      if (sample.value < buckets.last_count) faults.push_back(name + ": counts are not cumulative");
      buckets.last_bound = bound.value_or(0);
      buckets.last_count = sample.value;
    } else if (ends_with(sample.name, "_count")) {
      series[labels].count = sample.value;
    } else {
      series[labels].has_sum = true;
    }
  }
  for (const auto& [labels, buckets] : series) {
    if (!std::isinf(buckets.last_bound)) faults.push_back(name + ": the last bound is not +Inf");
    if (buckets.count != buckets.last_count) faults.push_back(name + ": _count is not the +Inf bucket");
    if (!buckets.has_sum) faults.push_back(name + ": _sum is missing");
  }
}

void check_family(const std::string& name, const MetricFamily& family, std::vector<std::string>& faults) {
  static const std::set<std::string> kTypes = {"counter", "gauge", "histogram"};
  if (!kTypes.contains(family.type)) faults.push_back(name + ": its type is " + family.type);
  if (family.help.empty()) faults.push_back(name + ": no help");
  if ((family.type == "counter") != ends_with(name, "_total"))
    faults.push_back(name + ": counters, and only they, end in _total");
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  for (const MetricSample& sample : family.samples) {
    if (!seen.emplace(sample.name, sample.labels).second) faults.push_back(name + ": a series occurs twice");
    if (family.type != "gauge" && !(sample.value >= 0)) faults.push_back(name + ": below 0");
  }
  if (family.type == "histogram") check_histogram(name, family, faults);
}

}  // namespace

const MetricSample* MetricsPage::find(const std::string& name,
                                      const std::map<std::string, std::string>& labels) const {
  for (const auto& [family_name, family] : families) {
    for (const MetricSample& sample : family.samples) {
      if (sample.name == name && sample.labels == labels) return &sample;
    }
  }
  return nullptr;
}

MetricsPage read_metrics(std::string_view text) {
  MetricsPage page;
  const auto fault = [&page](std::string what) { page.faults.push_back(std::move(what)); };
  if (!text.empty() && text.back() != '\n') fault("the page does not end in a newline");
  std::istringstream in{std::string(text)};
  std::string current;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# HELP ")) {
      const std::size_t blank = line.find(' ', 7);
      const std::string name = line.substr(7, blank - 7);
      if (!is_name(name) || blank == line.npos) fault("no name or no help: " + line);
      if (!page.families.try_emplace(name).second) fault(name + ": HELP occurs twice");
      page.families[name].help = blank == line.npos ? "" : line.substr(blank + 1);
      current = name;
    } else if (line.starts_with("# TYPE ")) {
      const std::string rest = line.substr(7);
      if (!rest.starts_with(current + " ")) fault("TYPE does not follow HELP: " + line);
      MetricFamily& family = page.families[current];
      if (!family.type.empty()) fault(current + ": TYPE occurs twice");
      if (!family.samples.empty()) fault(current + ": TYPE stands behind samples");
      family.type = rest.substr(std::min(rest.size(), current.size() + 1));
    } else if (auto sample = read_sample(line)) {
      MetricFamily& family = page.families[current];
      if (!belongs(*sample, current, family)) fault("a sample in the wrong family: " + line);
      family.samples.push_back(std::move(*sample));
    } else {
      fault("not readable: " + line);
    }
  }
  for (const auto& [name, family] : page.families) check_family(name, family, page.faults);
  return page;
}

}  // namespace muster::test
