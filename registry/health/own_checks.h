// The checks that an instance has brought with its registration: nearly always none, so a body holds but a
// pointer to them.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace muster::registry::health {

struct OwnCheck;

// Shared, immutable, perhaps none; two are equal when what they say is.
class OwnChecks {
 public:
  using List = std::vector<OwnCheck>;

  OwnChecks() = default;
  explicit OwnChecks(std::shared_ptr<const List> list) : list_(std::move(list)) {}

  explicit operator bool() const { return list_ != nullptr; }
  const List& operator*() const { return *list_; }

  friend bool operator==(const OwnChecks& a, const OwnChecks& b) {
    return a.list_ == b.list_ || (a && b && are_same(*a, *b));
  }

 private:
  static bool are_same(const List& a, const List& b);

  std::shared_ptr<const List> list_;
};

}  // namespace muster::registry::health
