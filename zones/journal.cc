#include "zones/journal.h"

#include <algorithm>

namespace muster::zones {

void Journal::add(Difference difference) {
  octets_ += difference.octets();
  kept_.push_back(std::make_shared<const Difference>(std::move(difference)));
  for (; octets_ > kOctetsMost; ++dropped_) {
    octets_ -= kept_.front()->octets();
    kept_.pop_front();
  }
}

void Journal::clear() {
  kept_.clear();
  octets_ = 0;
}

std::optional<std::vector<DifferencePtr>> Journal::since(std::uint32_t serial) const {
  const auto first = std::find_if(kept_.begin(), kept_.end(),
                                  [serial](const DifferencePtr& one) { return one->from == serial; });
  if (first == kept_.end()) return std::nullopt;
  return std::vector<DifferencePtr>(first, kept_.end());
}

}  // namespace muster::zones
