// What the labels of an app say to muster, and the name of its service. Each is held against a pattern of its
// own; a bad one is as if it were not there, for the reason `bad_label`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model.h"
#include "registry/sources/marathon_state.h"

namespace muster::registry::sources {

// The app's labels first, then those of its ports, in their order.
using LabelPlaces = std::vector<const MarathonLabels*>;

struct LabelWords {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> priority;
  std::string service;  // "": not named
  Tags tags;
  bool is_enabled = true;
  bool operator==(const LabelWords&) const = default;
};

// `weight_labels`: the keys that may hold the weight, the first one that does counts.
LabelWords read_label_words(const LabelPlaces& places, std::span<const std::string> weight_labels,
                            Dropped& dropped);

// "{path}" of a template is the app's path from its end, joined by hyphens: "/prod/shop/cart" is
// "cart-shop-prod"; in lower case, dots and underscores made hyphens, as the same app's name is made in
// Mesos' zone. "" when that is no name that the registry could hold. A name that is no label it holds without
// publishing it.
std::string service_name_of(std::string_view pattern, std::string_view app_id);

// Adds it unless there is a tag of that key, the value is "" or too long.
void add_tag(Tags& tags, std::string_view key, std::string_view value);

}  // namespace muster::registry::sources
