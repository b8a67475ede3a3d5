// Keeps the last good picture of each source in the store. The loader thread writes and packs it; then it
// goes through the control thread piece by piece, each on the disk before the next is handed over, so that no
// registration waits behind megabytes. Only when all of it is there does the store's head name it.
//
// Thread safety: sources' hooks and all that follows on the sources' strand; status() on any thread; the rest
// before either runs.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "registry/control.h"
#include "registry/net/socket.h"
#include "registry/source_status.h"
#include "registry/sources/picture_saver.h"
#include "tools/musterd/loader.h"

namespace muster::tools {

class PictureKeeper {
 public:
  static constexpr std::size_t kPiece = 128 << 10;  // of one commit: some 1 ms more than one of a few rows
  static constexpr std::size_t kMost = 256 << 20;   // packed; a million tasks are some 60 MiB

  // `stored`: the pictures and pieces of the store, in its order. The loader outlives this.
  PictureKeeper(net::Strand strand, Loader& loader, registry::Rows stored);

  std::vector<std::string> stored() const;  // the sources of pictures
  // The picture of a source, once; nullopt: there is none.
  std::optional<registry::sources::SourcePicture> take(const std::string& source);

  void start(registry::Control& control) { control_ = &control; }
  void forget(const std::string& source);  // that is not configured any more
  registry::sources::KeepPicture hook(const std::string& source, registry::sources::PictureKind kind);
  // What is kept of a source; nullopt: nothing.
  std::optional<registry::StoredPicture> status(const std::string& source) const;

 private:
  using Done = std::function<void(bool is_kept)>;
  struct Slot {
    std::optional<registry::PictureRow> head;  // in the store
    std::size_t octets = 0;
    std::string packed;  // until it is taken
    bool is_too_large = false;
  };
  // One picture on its way.
  struct Way {
    registry::PictureRow head;
    std::string packed;
    Done done;
    std::uint32_t next = 0;  // piece
  };
  using WayPtr = std::shared_ptr<Way>;

  void keep(const registry::PictureRow& head, registry::sources::PictureToKeep what, Done done);
  void keep_last(registry::PictureRow head, const registry::sources::PictureToKeep& what);
  void begin(registry::PictureRow head, std::string packed, Done done);
  void go_on(const WayPtr& way);
  bool is_too_large(const registry::PictureRow& head, std::size_t octets);
  // Stores rows; `then` is told on the strand whether they are on the disk, if it is not null.
  bool put(registry::Rows rows, Done then);
  void kept(const registry::PictureRow& head, std::size_t octets);

  const net::Strand strand_;
  Loader& loader_;
  registry::Control* control_ = nullptr;
  bool stopping_ = false;
  mutable std::mutex mutex_;  // guards slots_
  std::map<std::string, Slot, std::less<>> slots_;
};

}  // namespace muster::tools
