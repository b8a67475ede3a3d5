#include "registry/sources/source_picture.h"

#include <algorithm>
#include <array>

#include "registry/net/gunzip.h"
#include "registry/net/gzip.h"

namespace muster::registry::sources {

namespace {

std::string listed(const std::vector<std::string>& origin) {
  std::string text;
  for (const std::string& one : origin) text += (text.empty() ? "" : ", ") + one;
  return text.empty() ? "nobody" : text;
}

}  // namespace

std::string why_unfit(const SourcePicture& picture, const PictureKind& kind) {
  if (picture.kind.type != kind.type)
    return "it is of a source of type " + picture.kind.type + ", and this one is " + kind.type;
  if (picture.kind.format > kind.format)
    return "a newer musterd wrote it (format " + std::to_string(picture.kind.format) + ", this one reads " +
           std::to_string(kind.format) + ")";
  const auto is_asked = [&](const std::string& one) { return std::ranges::count(kind.origin, one) != 0; };
  if (std::ranges::any_of(picture.kind.origin, is_asked)) return "";
  return "it was learnt from " + listed(picture.kind.origin) + ", and now " + listed(kind.origin) +
         " is asked: another cluster";
}

std::string pack(const PictureText& text) {
  net::Gzip gzip;
  text([&](std::string_view piece) { gzip.write(piece); });
  return gzip.finish();
}

std::string unpack(std::string_view packed, std::size_t most,
                   const std::function<bool(std::string_view piece)>& sink) {
  net::Gunzip gunzip;
  std::array<char, 65'536> room;
  if (packed.empty()) return "empty";
  for (std::size_t all = 0;;) {
    const auto made = gunzip.inflate(packed, room);
    if (!made) return "not readable: " + made.error();
    if (*made == 0) break;
    all += *made;
    if (all > most) return "longer than " + std::to_string(most) + " octets";
    if (!sink({room.data(), *made})) return "";
  }
  return gunzip.is_whole() && packed.empty() ? "" : "cut short";
}

}  // namespace muster::registry::sources
