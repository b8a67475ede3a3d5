#include "registry/api/watch_stream.h"

#include <algorithm>
#include <utility>

#include "registry/glob.h"
#include "registry/json_text.h"

namespace muster::registry::api {
namespace {

std::string frame(std::string_view event, std::string_view data) {
  std::string out;
  out.append("event: ").append(event).append("\ndata: ").append(data).append("\n\n");
  return out;
}

std::string id_line(const std::string& epoch, std::uint64_t revision) {
  return "id: " + epoch + "-" + std::to_string(revision) + "\n";
}

}  // namespace

WatchStream::WatchStream(Config config, std::shared_ptr<http::Stream> stream, std::vector<std::string> globs,
                         std::shared_ptr<const WatchWriters> writers,
                         std::shared_ptr<const std::string> epoch)
    : config_(config),
      stream_(std::move(stream)),
      globs_(std::move(globs)),
      writers_(std::move(writers)),
      epoch_(std::move(epoch)) {}

bool WatchStream::wants(std::string_view service) const {
  return std::any_of(globs_.begin(), globs_.end(),
                     [&](const std::string& glob) { return glob_matches(glob, service); });
}

std::string WatchStream::frame_of(const FeedEvent& event, const std::string& json, const std::string& epoch) {
  return id_line(epoch, event.revision) + frame("change", json);
}

void WatchStream::begin(std::vector<StreamPiece> pieces) {
  begun_ = true;
  lost_ = false;
  for (StreamPiece& piece : pieces) outbox_.push_back(std::move(piece));
  write_pieces();
}

void WatchStream::change(const FeedEventPtr& event, const std::shared_ptr<const std::string>& frame) {
  if (!begun_ || lost_) return;
  if (is_behind() || !has_room()) return keep(event, frame->size());
  stream_->write(frame);
  wrote_ = true;
}

void WatchStream::keep(const FeedEventPtr& event, std::size_t octets) {
  const auto [place, is_new] = place_.try_emplace({event->service, event->id}, event->revision);
  if (!is_new) {
    kept_.erase(std::exchange(place->second, event->revision));
    has_gaps_ = true;
  } else {
    kept_octets_ += octets;
  }
  kept_.emplace(event->revision, event);
  last_[event->service] = event->revision;
  if (kept_octets_ > config_.window) lose();
}

void WatchStream::lose() {
  lost_ = true;
  outbox_.clear();
  kept_.clear();
  place_.clear();
  last_.clear();
  kept_octets_ = 0;
  has_gaps_ = false;
}

bool WatchStream::pump(SteadyTime now) {
  write_pieces();
  if (outbox_.empty()) write_kept();
  if (std::exchange(wrote_, false)) last_write_ = now;
  if (begun_ && now - last_write_ >= config_.comment_every && has_room()) {
    stream_->write(std::make_shared<const std::string>(":\n\n"));
    last_write_ = now;
  }
  if (!lost_ || !begun_ || stream_->pending() > config_.window / 2) return false;
  begun_ = false;  // until the snapshot comes
  return true;
}

void WatchStream::write(std::string text) {
  stream_->write(std::make_shared<const std::string>(std::move(text)));
  wrote_ = true;
}

void WatchStream::write_pieces() {
  for (; !outbox_.empty() && has_room(); outbox_.pop_front()) write(text_of(outbox_.front()));
}

// Between collapsed changes the reader's picture never was one of ours; it is again with the last change of a
// service, so only that one says what the set is.
void WatchStream::write_kept() {
  while (!kept_.empty() && has_room()) {
    const FeedEventPtr event = kept_.begin()->second;
    const bool is_exact = !has_gaps_ || last_[event->service] == event->revision;
    const std::string json =
        is_exact ? event->json(writers_->instance) : event->json_without_hash(writers_->instance);
    std::string text = frame_of(*event, json, *epoch_);
    kept_octets_ -= std::min(kept_octets_, text.size());
    kept_.erase(kept_.begin());
    place_.erase({event->service, event->id});
    write(std::move(text));
  }
  if (!kept_.empty()) return;
  last_.clear();
  kept_octets_ = 0;
  has_gaps_ = false;
}

std::string WatchStream::text_of(const StreamPiece& piece) const {
  if (const auto* view = std::get_if<ServiceViewPtr>(&piece)) {
    std::string json;
    writers_->service(json, **view, *epoch_);
    return frame("snapshot", json);
  }
  if (const auto* event = std::get_if<FeedEventPtr>(&piece))
    return frame_of(**event, (*event)->json(writers_->instance), *epoch_);
  if (const auto* synced = std::get_if<Synced>(&piece))
    return id_line(*epoch_, synced->revision) +
           frame("synced", "{\"revision\":" + std::to_string(synced->revision) + "}");
  std::string json = "{\"reason\":";
  append_json_string(json, std::get<Reset>(piece).reason);
  return frame("reset", json + "}");
}

}  // namespace muster::registry::api
