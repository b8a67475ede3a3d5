// A strict reader of the Prometheus text format (0.0.4), for tests: it accepts less than Prometheus does.
// Everything that is wrong with a page is told as a line of text.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace muster::test {

struct MetricSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

struct MetricFamily {
  std::string type;
  std::string help;
  std::vector<MetricSample> samples;
};

struct MetricsPage {
  std::map<std::string, MetricFamily> families;
  std::vector<std::string> faults;

  const MetricSample* find(const std::string& name,
                           const std::map<std::string, std::string>& labels = {}) const;
};

MetricsPage read_metrics(std::string_view text);

}  // namespace muster::test
