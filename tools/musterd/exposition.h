// Writes the Prometheus text format (version 0.0.4): a family with its help, then its samples.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "registry/net/histogram.h"

namespace muster::tools {

using Label = std::pair<std::string_view, std::string_view>;
using Labels = std::initializer_list<Label>;

enum class MetricType : std::uint8_t { counter, gauge, histogram };
std::string_view to_string(MetricType type);

class Exposition {
 public:
  void family(std::string_view name, MetricType type, std::string_view help);
  // A sample of the family begun last.
  void sample(Labels labels, double value);
  void sample(double value) { sample({}, value); }
  // A family of one sample without labels.
  void counter(std::string_view name, std::string_view help, double value);
  void gauge(std::string_view name, std::string_view help, double value);
  // One labelled series of a histogram family: `counts` per range (not cumulative), one more than `bounds`.
  void histogram(Labels labels, std::span<const double> bounds, std::span<const std::uint64_t> counts,
                 double sum);
  // `unit`: what one step of the histogram's figures is in the unit of the page, 1e-6 for microseconds.
  template <const auto& kBounds>
  void histogram(Labels labels, const net::Histogram<kBounds>& figures, double unit) {
    scaled(labels, figures.bounds(), figures.ranges(), static_cast<double>(figures.sum()), unit);
  }
  std::string take() { return std::move(text_); }

 private:
  void scaled(Labels labels, std::span<const std::uint64_t> bounds, std::span<const std::uint64_t> counts,
              double sum, double unit);
  void line(std::string_view suffix, Labels labels, std::string_view bound, double value);

  std::string text_;
  std::string name_;
};

}  // namespace muster::tools
