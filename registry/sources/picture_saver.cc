#include "registry/sources/picture_saver.h"

#include <algorithm>
#include <utility>

namespace muster::registry::sources {

namespace {

constexpr int kRest = 10;  // a large picture is followed by ten times as long without

}  // namespace

void PictureSaver::restored(net::WallTime learnt_at) { state_->learnt_at = state_->kept_at = learnt_at; }

void PictureSaver::tick(net::SteadyTime now, const std::function<PictureText()>& take) {
  State& state = *state_;
  if (!keep_ || state.is_busy) return;
  if (const auto began = std::exchange(began_, std::nullopt))
    next_ = std::max(next_, now + kRest * (now - *began));
  if (now < next_) return;
  const bool is_new = state.is_changed;
  if (!is_new && state.learnt_at - state.kept_at < kConfirmEvery) return;
  next_ = now + kEvery;
  began_ = now;
  state.is_busy = true;
  state.is_changed = false;
  keep_({state.learnt_at, is_new ? take() : PictureText(), false},
        [weak = std::weak_ptr(state_), learnt_at = state.learnt_at](bool is_kept) {
          const auto known = weak.lock();
          if (!known) return;
          known->is_busy = false;
          if (is_kept) known->kept_at = learnt_at;
          if (!is_kept) known->is_changed = true;
        });
}

// One that is being saved may not get there any more.
void PictureSaver::finish(const std::function<PictureText()>& take) {
  State& state = *state_;
  const bool is_new = state.is_changed || state.is_busy;
  if (!keep_ || (!is_new && state.learnt_at == state.kept_at)) return;
  keep_({state.learnt_at, is_new ? take() : PictureText(), true}, [](bool) {});
  state.is_changed = false;
  state.kept_at = state.learnt_at;
}

}  // namespace muster::registry::sources
