// A value that nearly nobody of its kind has: a pointer where it is, and where it is not. Shared and
// immutable; two are equal when what they say is.
#pragma once

#include <memory>
#include <utility>

namespace muster::registry {

template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  explicit operator bool() const { return value_ != nullptr; }
  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }
  T value_or_new() const { return value_ ? *value_ : T{}; }

  friend bool operator==(const Rare& a, const Rare& b) {
    return a.value_ == b.value_ || (a && b && *a == *b);
  }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace muster::registry
