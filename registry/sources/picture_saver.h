// When a source's picture goes to the store: after a change, at most every 10 s, or ten times as long as
// the last one took, one at a time. While nothing
// changes it is confirmed once a minute, so that a start knows how old it really is; and what is not saved is
// saved at the stop. Who saves is a hook: the source knows of no store.
//
// Thread safety: the source's strand, on which the hook answers as well. Free of Asio.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

struct PictureToKeep {
  net::WallTime learnt_at{};
  PictureText text;      // null: the one that is kept holds
  bool is_last = false;  // the process stops: there is no later
};
// Keeps a picture; `done` is told, on the source's strand and not within the call, whether it is on the disk.
// Of the last one nobody is told. Null: nothing is kept.
using KeepPicture = std::function<void(PictureToKeep, std::function<void(bool is_kept)> done)>;

class PictureSaver {
 public:
  static constexpr net::Millis kEvery{10'000};
  static constexpr net::Millis kConfirmEvery{60'000};

  explicit PictureSaver(KeepPicture keep) : keep_(std::move(keep)) {}

  void learnt(net::WallTime at) { state_->learnt_at = at; }  // the source has spoken
  void changed() { state_->is_changed = true; }              // what is known is other than it was
  // What is in the store already.
  void restored(net::WallTime learnt_at);
  // Saves if it is time for it. `take` makes a text of what is known now; it is not called else.
  void tick(net::SteadyTime now, const std::function<PictureText()>& take);
  // Saves what is not saved, in any case.
  void finish(const std::function<PictureText()>& take);

 private:
  struct State {
    bool is_busy = false;
    bool is_changed = false;
    net::WallTime learnt_at{};  // the source last said so; the beginning of time: never
    net::WallTime kept_at{};    // the same, of what is in the store
  };

  KeepPicture keep_;
  std::shared_ptr<State> state_ = std::make_shared<State>();  // the hook's answer may come after the end
  net::SteadyTime next_{};
  std::optional<net::SteadyTime> began_;  // the one that is under way
};

}  // namespace muster::registry::sources
