// A JSON document as it comes in, read piece by piece: one element (a task, an agent) is held as JSON at a
// time, what is not read of the rest is passed over. What an element is, the reader of the document says.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::sources {

struct ParseError {
  enum class Kind : std::uint8_t { parse, limit } kind = Kind::parse;
  std::string message;  // with the octet where it was noticed
};

// Where in the document something stands; the numbers are the reader's own.
using Place = std::uint8_t;
inline constexpr Place kRoot = 0;  // outside of everything

// What becomes of a container that begins.
struct Entry {
  enum class How : std::uint8_t { pass_over, enter, hold } how = How::pass_over;
  Place place = kRoot;  // of its members, when it is entered
  bool counts = false;  // against the most elements
};

// Told of a document in its order. A `key` is "" inside an array. Nothing is told of what is inside of a
// container that is held or passed over.
class DocumentReader {
 public:
  virtual ~DocumentReader() = default;
  // The root must be entered; any other is a parse error.
  virtual Entry begin(Place in, std::string_view key, bool is_object) = 0;
  virtual void end(Place place) = 0;  // of an entered one
  virtual void held(Place in, std::string_view key, const boost::json::value& element) = 0;
  // A text, number, flag or null.
  virtual void scalar(Place in, std::string_view key, const boost::json::value& value) = 0;
};

// Beyond them the whole is refused: the kind is `limit`. So it is for more than 64 levels, a text or key of
// more than 64 KiB.
struct StreamLimits {
  std::size_t most_octets = std::size_t{512} << 20;
  std::size_t most_elements = 1'000'000;
  std::string counted = "elements";           // what they are
  std::string no_root = "it is no document";  // said of another root
};

class ElementStream {
 public:
  // `reader` outlives it.
  ElementStream(DocumentReader& reader, StreamLimits limits);
  ~ElementStream();

  // False: it failed, finish() says how; what follows is not looked at.
  bool write(std::string_view piece);
  // Nothing: all of it was there and nothing after it.
  std::optional<ParseError> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
