// Elements in order of their arrival, found by their ids. Two that are different may have one id: then each
// is found by what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace muster::zones {

template <class Element>
class Arrivals {
 public:
  using Pointer = std::shared_ptr<const Element>;

  // Takes out the element that is `before`, if it is there, and puts `after` in its place, or else at the
  // end. Null: nothing to be taken, or to be put. What was taken out; null: nothing was.
  Pointer replace(const Pointer& before, const Pointer& after) {
    std::uint64_t arrival = next_;
    Pointer taken;
    if (const auto place = before ? find(*before) : places_.end(); place != places_.end()) {
      arrival = place->second;
      places_.erase(place);
      const auto at = elements_.find(arrival);
      taken = std::move(at->second);
      elements_.erase(at);
    }
    if (!after) return taken;
    places_.emplace(after->id, arrival);
    elements_.emplace(arrival, after);
    if (arrival == next_) ++next_;
    return taken;
  }

  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [arrival, element] : elements_) visit(*element);
  }
  // At most `most` from `place` on; the next place, nullopt: that was all.
  template <class Visit>
  std::optional<std::uint64_t> visit(std::uint64_t place, std::size_t most, const Visit& visit) const {
    auto at = elements_.lower_bound(place);
    for (; at != elements_.end() && most > 0; ++at, --most) visit(*at->second);
    return at == elements_.end() ? std::nullopt : std::optional(at->first);
  }
  std::size_t size() const { return elements_.size(); }

 private:
  using Places =
      std::unordered_multimap<std::string_view, std::uint64_t>;  // the keys are those of the elements

  typename Places::iterator find(const Element& wanted) {
    const auto [begin, end] = places_.equal_range(wanted.id);
    for (auto place = begin; place != end; ++place) {
      const Element& element = *elements_.find(place->second)->second;
      if (&element == &wanted || element == wanted) return place;
    }
    return places_.end();
  }

  std::map<std::uint64_t, Pointer> elements_;
  Places places_;
  std::uint64_t next_ = 0;
};

}  // namespace muster::zones
