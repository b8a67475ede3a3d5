// What a source keeps of what it knows, so that a start while its scheduler is down has something to serve: a
// text that only its kind of source reads, packed, and what is to be known before it is read. Free of Asio.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/clock.h"

namespace muster::registry::sources {

using TextSink = std::function<void(std::string_view piece)>;
// Writes the text of a picture, in pieces. Called once, on any thread: what it writes from does not change.
using PictureText = std::function<void(const TextSink& sink)>;

// Which pictures a source can read, and of whom.
struct PictureKind {
  std::string type;                 // of the source: "mesos"
  std::uint32_t format = 1;         // of the text; greater with each change that older readers cannot follow
  std::vector<std::string> origin;  // whom it learns from: "10.0.0.1:5050"
};

struct SourcePicture {
  PictureKind kind;
  net::WallTime learnt_at{};  // when its source last said so
  std::string packed;         // gzip
};

// "": a source of this kind can go on from the picture; else why it cannot. Of the addresses it was learnt
// from one has to be among those that are asked now: a cluster whose masters are replaced one by one is the
// same cluster, another one is not.
std::string why_unfit(const SourcePicture& picture, const PictureKind& kind);

std::string pack(const PictureText& text);
// Gives the text to `sink`, which returns false when it wants no more. "", or what is wrong with the packing:
// it is no gzip, is cut short, or the text is longer than `most` octets.
std::string unpack(std::string_view packed, std::size_t most,
                   const std::function<bool(std::string_view piece)>& sink);

}  // namespace muster::registry::sources
