#include "registry/net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace muster::net {

namespace {

constexpr int kGzipDeflate = 16;  // added to the window's size, in bits (zlib.h, deflateInit2)
constexpr int kMemory = 8;     // zlib's default

}  // namespace

struct Gzip::State {
  State() {
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipDeflate, kMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~State() { deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Until zlib has taken all that it was given, and with Z_FINISH has told all that it had.
  void run(int flush) {
    std::array<char, 16'384> room;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(room.data());
      stream.avail_out = static_cast<uInt>(room.size());
      ::deflate(&stream, flush);
      out.append(room.data(), room.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }

  z_stream stream{};
  std::string out;
};

Gzip::Gzip() : state_(std::make_unique<State>()) {}
Gzip::~Gzip() = default;

void Gzip::write(std::string_view text) {
  constexpr std::size_t kMost = std::numeric_limits<uInt>::max();
  while (!text.empty()) {
    const std::size_t given = std::min(text.size(), kMost);
    state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    state_->stream.avail_in = static_cast<uInt>(given);
    state_->run(Z_NO_FLUSH);
    text.remove_prefix(given);
  }
}

std::string Gzip::finish() {
  state_->stream.avail_in = 0;
  state_->run(Z_FINISH);
  return std::exchange(state_->out, {});
}

std::size_t Gzip::size() const { return state_->out.size(); }

}  // namespace muster::net
