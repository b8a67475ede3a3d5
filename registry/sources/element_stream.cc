#include "registry/sources/element_stream.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_stack.hpp>
#include <utility>
#include <vector>

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestText = 64 << 10;
constexpr std::size_t kElementOctets = 64 << 10;  // most elements are smaller as values

enum class Fault : std::uint8_t { none, no_root, too_many };

// The events of the parser. An element is put together on a stack of values; of all else only scalars of
// entered containers are made.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = kLongestText;
  static constexpr std::size_t max_string_size = kLongestText;

  Handler(DocumentReader& reader, std::size_t most_elements)
      : reader_(reader), most_elements_(most_elements) {}

  Fault fault() const { return fault_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code& error) { return begin(true, error); }
  bool on_array_begin(error_code& error) { return begin(false, error); }
  bool on_object_end(std::size_t members, error_code&) {
    if (depth_ > 0) stack_.push_object(members);
    return end();
  }
  bool on_array_end(std::size_t elements, error_code&) {
    if (depth_ > 0) stack_.push_array(elements);
    return end();
  }

  bool on_key_part(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_chars(part);
    } else if (passed_over_ == 0) {
      key_part_ += part;
    }
    return true;
  }
  bool on_key(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_key(part);
    } else if (passed_over_ == 0) {
      key_.assign(key_part_).append(part);
      key_part_.clear();
    }
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_chars(part);
    } else if (passed_over_ == 0) {
      text_part_ += part;
    }
    return true;
  }
  bool on_string(std::string_view part, std::size_t, error_code& error) {
    if (depth_ > 0) {
      stack_.push_string(part);
      return true;
    }
    if (passed_over_ > 0) return true;
    text_part_ += part;
    const json::value text(json::string_view(text_part_.data(), text_part_.size()));
    text_part_.clear();
    return scalar(text, error);
  }

  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, std::string_view, error_code& error) {
    if (depth_ == 0) return scalar(number, error);
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, std::string_view, error_code& error) {
    if (depth_ == 0) return scalar(number, error);
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, std::string_view, error_code& error) {
    if (depth_ == 0) return scalar(number, error);
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool flag, error_code& error) {
    if (depth_ == 0) return scalar(flag, error);
    stack_.push_bool(flag);
    return true;
  }
  bool on_null(error_code& error) {
    if (depth_ == 0) return scalar(nullptr, error);
    stack_.push_null();
    return true;
  }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  struct Container {
    Place place;
    bool is_object;
  };

  Place at() const { return entered_.empty() ? kRoot : entered_.back().place; }
  std::string_view key() const {
    return !entered_.empty() && entered_.back().is_object ? std::string_view(key_) : std::string_view();
  }

  bool fail(Fault fault, error_code& error) {
    fault_ = fault;
    error = json::make_error_code(json::error::incomplete);  // any: the fault says which
    return false;
  }

  bool begin(bool is_object, error_code& error) {
    if (depth_ > 0) {
      ++depth_;
      return true;
    }
    if (passed_over_ > 0) {
      ++passed_over_;
      return true;
    }
    const Entry entry = reader_.begin(at(), key(), is_object);
    if (entered_.empty() && entry.how != Entry::How::enter) return fail(Fault::no_root, error);
    if (entry.counts && ++elements_ > most_elements_) return fail(Fault::too_many, error);
    switch (entry.how) {
      case Entry::How::pass_over: passed_over_ = 1; break;
      case Entry::How::enter: entered_.push_back({entry.place, is_object}); break;
      case Entry::How::hold: hold(); break;
    }
    return true;
  }

  void hold() {
    memory_.emplace(buffer_.data(), buffer_.size());
    stack_.reset(&*memory_);
    depth_ = 1;
  }

  bool end() {
    if (depth_ > 0) {
      if (--depth_ == 0) let_go();
      return true;
    }
    if (passed_over_ > 0) {
      --passed_over_;
      return true;
    }
    const Place place = at();
    entered_.pop_back();
    reader_.end(place);
    return true;
  }

  void let_go() {
    {
      const json::value element = stack_.release();
      reader_.held(at(), key(), element);
    }
    stack_.reset();
    memory_.reset();
  }

  bool scalar(const json::value& value, error_code& error) {
    if (passed_over_ > 0) return true;
    if (entered_.empty()) return fail(Fault::no_root, error);
    reader_.scalar(at(), key(), value);
    return true;
  }

  DocumentReader& reader_;
  const std::size_t most_elements_;
  std::vector<Container> entered_;
  std::size_t passed_over_ = 0;  // open containers of what is passed over
  std::size_t depth_ = 0;        // open containers of the element; 0: there is none
  std::string key_;              // of the member that is being read, outside of elements
  std::string key_part_;
  std::string text_part_;
  // A new one for each element: each block that one takes is twice the last, even after it was released.
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(kElementOctets);
  std::optional<json::monotonic_resource> memory_;
  json::value_stack stack_;
  std::size_t elements_ = 0;
  Fault fault_ = Fault::none;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

bool is_limit(const error_code& error) {
  return error == json::error::too_deep || error == json::error::string_too_large ||
         error == json::error::key_too_large;
}

}  // namespace

class ElementStream::Impl {
 public:
  Impl(DocumentReader& reader, StreamLimits limits)
      : limits_(std::move(limits)), parser_(options(), reader, limits_.most_elements) {}

  bool write(std::string_view piece) {
    if (error_) return false;
    if (piece.size() > limits_.most_octets - octets_) {
      return fail(ParseError::Kind::limit,
                  "more than max_body, " + std::to_string(limits_.most_octets) + " octets");
    }
    error_code error;
    // Once it is done the parser would begin anew.
    const std::size_t read = parser_.done() ? 0 : parser_.write_some(true, piece.data(), piece.size(), error);
    if (!error && piece.find_first_not_of(" \t\r\n", read) < piece.size())
      error = json::make_error_code(json::error::extra_data);
    octets_ += read;
    if (error) return tell(error);
    octets_ += piece.size() - read;
    return true;
  }

  std::optional<ParseError> finish() {
    if (!error_ && !parser_.done()) tell(json::make_error_code(json::error::incomplete));
    return error_;
  }

 private:
  bool fail(ParseError::Kind kind, const std::string& what) {
    error_ = ParseError{kind, what + ", at octet " + std::to_string(octets_)};
    return false;
  }

  bool tell(const error_code& error) {
    using Kind = ParseError::Kind;
    switch (parser_.handler().fault()) {
      case Fault::no_root: return fail(Kind::parse, limits_.no_root);
      case Fault::too_many:
        return fail(Kind::limit,
                    "more than max_tasks, " + std::to_string(limits_.most_elements) + " " + limits_.counted);
      case Fault::none: break;
    }
    return fail(is_limit(error) ? Kind::limit : Kind::parse, "not JSON: " + error.message());
  }

  const StreamLimits limits_;
  json::basic_parser<Handler> parser_;
  std::size_t octets_ = 0;
  std::optional<ParseError> error_;
};

ElementStream::ElementStream(DocumentReader& reader, StreamLimits limits)
    : impl_(std::make_unique<Impl>(reader, std::move(limits))) {}
ElementStream::~ElementStream() = default;

bool ElementStream::write(std::string_view piece) { return impl_->write(piece); }
std::optional<ParseError> ElementStream::finish() { return impl_->finish(); }

}  // namespace muster::registry::sources
