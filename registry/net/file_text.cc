#include "registry/net/file_text.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace muster::net {

namespace {

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

std::error_code last_error() { return {errno, std::generic_category()}; }

// How much to make room for. Of a pipe the size is not known, and a file may grow meanwhile.
std::size_t likely_size(std::FILE& file) {
  struct stat facts = {};
  return fstat(fileno(&file), &facts) == 0 && S_ISREG(facts.st_mode) ? static_cast<std::size_t>(facts.st_size) : 0;
}

}  // namespace

Result<std::string, std::error_code> file_text(const std::filesystem::path& path, std::size_t largest) {
  constexpr std::size_t kChunk = 1 << 20;
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return {boost::system::in_place_error, last_error()};
  std::string text;
  const std::size_t chunk = std::min(kChunk, largest + 1);
  text.reserve(std::min(likely_size(*file), largest) + chunk);
  for (std::size_t size = 0; size <= largest; text.resize(size)) {
    text.resize(size + chunk);
    const std::size_t got = std::fread(text.data() + size, 1, chunk, file.get());
    size += got;
    if (std::ferror(file.get()) != 0) return {boost::system::in_place_error, last_error()};
    if (got > 0) continue;
    text.resize(size);
    return {boost::system::in_place_value, std::move(text)};
  }
  return {boost::system::in_place_error, std::make_error_code(std::errc::file_too_large)};
}

}  // namespace muster::net
