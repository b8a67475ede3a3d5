#include "registry/api/json_tree.h"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <functional>
#include <list>
#include <span>
#include <utility>
#include <vector>

#include "registry/json_text.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;
using Names = std::vector<std::string_view>;

// Objects are small; a larger one is sorted, so that a body of one huge object is not compared in squares.
constexpr std::size_t kFewNames = 16;

std::optional<std::string_view> name_twice(std::span<const std::string_view> names) {
  if (names.size() <= kFewNames) {
    for (auto name = names.begin(); name != names.end(); ++name)
      if (std::find(names.begin(), name, *name) != name) return *name;
    return std::nullopt;
  }
  Names sorted(names.begin(), names.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  return twice == sorted.end() ? std::nullopt : std::optional(*twice);
}

// What basic_parser tells, into a value_stack; beside it the names and indices on the way from the root to
// where the parser is.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  TreeBuilder(std::string_view text, const json::storage_ptr& storage)
      : text_(text), stack_({}, begun_.data(), begun_.size()) {
    stack_.reset(storage);
    open_.reserve(kUsualDepth);
    names_.reserve(kFewNames);
  }

  json::value release() { return stack_.release(); }
  bool found_twice() const { return twice_.has_value(); }
  JsonFault fault() const;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    open_.push_back({.first_name = names_.size(), .elements = 0, .is_array = false});
    return true;
  }
  bool on_object_end(std::size_t members, json::error_code& error) {
    const std::span<const std::string_view> names(names_.data() + open_.back().first_name, members);
    if ((twice_ = name_twice(names))) {
      error = json::error::extra_data;  // any: it only has to stop the parser
      return false;
    }
    names_.resize(open_.back().first_name);
    open_.pop_back();
    stack_.push_object(members);
    return has_value();
  }
  bool on_array_begin(json::error_code&) {
    open_.push_back({.first_name = names_.size(), .elements = 0, .is_array = true});
    return true;
  }
  bool on_array_end(std::size_t elements, json::error_code&) {
    open_.pop_back();
    stack_.push_array(elements);
    return has_value();
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    key_parts_ += part;
    stack_.push_chars(part);
    return true;
  }
  bool on_key(json::string_view last, std::size_t, json::error_code&) {
    names_.push_back(kept(last));
    stack_.push_key(last);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(json::string_view last, std::size_t, json::error_code&) {
    stack_.push_string(last);
    return has_value();
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    stack_.push_int64(number);
    return has_value();
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    stack_.push_uint64(number);
    return has_value();
  }
  bool on_double(double number, json::string_view, json::error_code&) {
    stack_.push_double(number);
    return has_value();
  }
  bool on_bool(bool flag, json::error_code&) {
    stack_.push_bool(flag);
    return has_value();
  }
  bool on_null(json::error_code&) {
    stack_.push_null();
    return has_value();
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  struct Open {
    std::size_t first_name;  // of an object, in names_
    std::size_t elements;    // of an array, those that are complete
    bool is_array;
  };

  bool has_value() {
    if (!open_.empty()) ++open_.back().elements;
    return true;
  }

  // A name without escapes stands in the text; one with escapes is decoded in a buffer of the parser's.
  std::string_view kept(json::string_view last) {
    const std::less_equal<const char*> up_to;
    const bool in_text =
        up_to(text_.data(), last.data()) && up_to(last.data() + last.size(), text_.data() + text_.size());
    if (key_parts_.empty() && in_text) return {last.data(), last.size()};
    key_parts_ += last;
    return decoded_.emplace_back(std::exchange(key_parts_, {}));
  }

  static constexpr std::size_t kUsualDepth = 8;

  const std::string_view text_;
  alignas(json::value) std::array<unsigned char, 1024> begun_;  // what a small document needs of the stack
  json::value_stack stack_;
  std::vector<Open> open_;
  Names names_;  // of all open objects, outermost first
  std::string key_parts_;
  std::list<std::string> decoded_;  // where they are they stay
  std::optional<std::string_view> twice_;
};

JsonFault TreeBuilder::fault() const {
  JsonFault fault;
  fault.name = *twice_;
  for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
    const std::size_t next_name = open_[i + 1].first_name;
    append_pointer_part(fault.pointer, open_[i].is_array ? std::to_string(open_[i].elements)
                                                         : std::string(names_[next_name - 1]));
  }
  append_pointer_part(fault.pointer, fault.name);
  return fault;
}

}  // namespace

std::optional<JsonFault> read_json_tree(std::string_view text, const json::storage_ptr& storage,
                                        std::size_t max_depth, json::value& out) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::basic_parser<TreeBuilder> parser(options, text, storage);
  json::error_code error;
  const std::size_t octet = parser.write_some(false, text.data(), text.size(), error);
  if (parser.handler().found_twice()) return parser.handler().fault();
  if (!error && octet < text.size()) error = json::error::extra_data;
  if (error) return JsonFault{error, octet, "", ""};
  out = parser.handler().release();
  return std::nullopt;
}

}  // namespace muster::registry::api
