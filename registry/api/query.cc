#include "registry/api/query.h"

#include <algorithm>
#include <charconv>

#include "registry/api/native_names.h"

namespace muster::registry::api {
namespace {

ReadError fault(std::string_view name, std::string_view what) {
  return {ErrorCode::invalid_field, std::string(name) + " must be " + std::string(what),
          "?" + std::string(name)};
}

bool has_tag(const Tags& tags, const std::pair<std::string, std::string>& tag) {
  return std::ranges::binary_search(tags, tag);
}

}  // namespace

ReadResult<std::optional<std::uint64_t>> query_number(const http::Request& request, std::string_view name,
                                                      std::uint64_t min, std::uint64_t max) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::uint64_t>{};
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  const bool whole = error == std::errc{} && end == text->data() + text->size();
  if (!whole || number < min || number > max) {
    return fault(name, std::to_string(min) + " to " + std::to_string(max));
  }
  return std::optional<std::uint64_t>{number};
}

ReadResult<std::optional<std::string>> query_port_name(const http::Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<std::string>{};
  if (auto wrong = fault_of_port_name(*text))
    return ReadError{ErrorCode::invalid_field, std::move(*wrong), "?" + std::string(name)};
  return std::optional<std::string>(*text);
}

ReadResult<std::optional<bool>> query_flag(const http::Request& request, std::string_view name) {
  const auto text = request.query_value(name);
  if (!text) return std::optional<bool>{};
  if (*text != "true" && *text != "false") return fault(name, "true or false");
  return std::optional<bool>{*text == "true"};
}

bool InstanceFilter::admits(const Instance& instance) const {
  if (ready && *ready != instance.serving) return false;
  return std::ranges::all_of(tags, [&](const auto& tag) { return has_tag(instance.body->tags, tag); });
}

ReadResult<InstanceFilter> query_filter(const http::Request& request) {
  InstanceFilter filter;
  auto ready = query_flag(request, "ready");
  if (!ready) return ready.error();
  filter.ready = *ready;
  for (const auto& [name, value] : request.query) {
    if (name != "tag") continue;
    const std::size_t colon = value.find(':');
    if (colon == std::string::npos || colon == 0) return fault("tag", "key:value");
    filter.tags.emplace_back(value.substr(0, colon), value.substr(colon + 1));
  }
  return filter;
}

}  // namespace muster::registry::api
