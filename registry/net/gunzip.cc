#include "registry/net/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

namespace muster::net {

namespace {

constexpr int kGzipInflate = 16;  // added to the window's size, in bits (zlib.h, inflateInit2)

}  // namespace

struct Gunzip::State {
  State() {
    if (inflateInit2(&stream, MAX_WBITS + kGzipInflate) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  z_stream stream{};
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {}
Gunzip::~Gunzip() = default;

Result<std::size_t, std::string> Gunzip::inflate(std::string_view& input, std::span<char> room) {
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  z_stream& stream = state_->stream;
  std::size_t made = 0;
  while (made < room.size()) {
    if (!inside_) {
      if (input.empty()) break;
      inflateReset(&stream);
      inside_ = true;
    }
    const std::size_t given = std::min(input.size(), kMost);
    const std::size_t free = std::min(room.size() - made, kMost);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream.avail_in = static_cast<uInt>(given);
    stream.next_out = reinterpret_cast<Bytef*>(room.data() + made);
    stream.avail_out = static_cast<uInt>(free);
    const int outcome = ::inflate(&stream, Z_NO_FLUSH);
    input.remove_prefix(given - stream.avail_in);
    made += free - stream.avail_out;
    if (outcome == Z_BUF_ERROR) break;  // it can do nothing without more input
    if (outcome == Z_STREAM_END)
      inside_ = false;
    else if (outcome != Z_OK)
      return std::string(stream.msg != nullptr ? stream.msg : zError(outcome));
  }
  return made;
}

}  // namespace muster::net
