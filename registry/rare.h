// What nearly nobody of its kind has, in the room of a pointer: there may be millions without it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace muster::registry {

// A value, shared and immutable; two are equal when what they say is.
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

// A text that is nearly always the usual one, "" unless other characters are given; every other is allocated
// apart.
template <char... kUsual>
class RareText {
 public:
  RareText() = default;
  RareText(std::string text) : text_(text == usual() ? nullptr : new const std::string(std::move(text))) {}
  RareText(std::string_view text) : RareText(std::string(text)) {}
  RareText(const char* text) : RareText(std::string(text)) {}
  RareText(const RareText& other) : text_(other.text_ ? new const std::string(*other.text_) : nullptr) {}
  RareText(RareText&&) noexcept = default;
  RareText& operator=(const RareText& other) { return *this = RareText(other); }
  RareText& operator=(RareText&&) noexcept = default;

  const std::string& text() const { return text_ ? *text_ : usual(); }
  operator std::string_view() const { return text(); }
  bool is_usual() const { return text_ == nullptr; }

  friend bool operator==(const RareText& a, const RareText& b) { return a.text() == b.text(); }
  friend auto operator<=>(const RareText& a, const RareText& b) { return a.text() <=> b.text(); }

 private:
  static const std::string& usual() {
    static const std::string text{kUsual...};
    return text;
  }

  std::unique_ptr<const std::string> text_;
};

}  // namespace muster::registry
