#include "registry/waiting_drains.h"

#include <algorithm>
#include <utility>

namespace muster::registry {
namespace {

auto is_of(std::string_view service, std::string_view id) {
  return [service, id](const DrainRow& row) { return row.service == service && row.id == id; };
}

}  // namespace

void WaitingDrains::add(DrainRow row) {
  take({row.service, row.id});
  numbers_[{row.service, row.id}] = row.number;
  drains_[row.number].push_back(std::move(row));
}

const DrainRow* WaitingDrains::find(Key name) const {
  const auto number = numbers_.find(Name(name.service, name.name));
  if (number == numbers_.end()) return nullptr;
  return &*std::ranges::find_if(drains_.at(number->second), is_of(name.service, name.name));
}

std::optional<DrainRow> WaitingDrains::take(Key name) {
  const auto number = numbers_.extract(Name(name.service, name.name));
  if (number.empty()) return std::nullopt;
  const auto drain = drains_.find(number.mapped());
  const auto at = std::ranges::find_if(drain->second, is_of(name.service, name.name));
  DrainRow row = std::move(*at);
  drain->second.erase(at);
  if (drain->second.empty()) drains_.erase(drain);
  return row;
}

std::vector<DrainRow> WaitingDrains::take_all(std::uint64_t number) {
  auto drain = drains_.extract(number);
  if (drain.empty()) return {};
  for (const DrainRow& row : drain.mapped()) numbers_.erase({row.service, row.id});
  return std::move(drain.mapped());
}

DrainRow WaitingDrains::take_any() {
  const auto& [service, id] = numbers_.begin()->first;
  return *take({service, id});
}

}  // namespace muster::registry
