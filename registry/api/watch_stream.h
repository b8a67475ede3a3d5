// One reader of GET /watch: what it still has to be told, in server-sent events. It is told at its own pace:
// never more than `window` octets wait at its socket; what happens meanwhile is kept as the latest change of
// each instance, and when even that grows over `window` it is forgotten and the reader begins anew with a
// reset.
//
// Only synced and change frames carry an id: a reader that breaks off within a snapshot must not resume in
// it. Used by one task at a time (the Watch's strand).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "registry/feed.h"
#include "registry/http/message.h"

namespace muster::registry::api {

using WriteService = std::function<void(std::string& out, const ServiceView& view, const std::string& epoch)>;
using ServiceViewPtr = std::shared_ptr<const ServiceView>;

// How values become JSON (registry/api/instance_json.h).
struct WatchWriters {
  WriteInstance instance;
  WriteService service;
};

struct Synced {
  std::uint64_t revision;
};
struct Reset {
  std::string reason;
};
using StreamPiece = std::variant<ServiceViewPtr, FeedEventPtr, Synced, Reset>;

class WatchStream {
 public:
  struct Config {
    std::size_t window = 256 << 10;
    Millis comment_every{15'000};
  };
  WatchStream(Config config, std::shared_ptr<http::Stream> stream, std::vector<std::string> globs,
              std::shared_ptr<const WatchWriters> writers, std::shared_ptr<const std::string> epoch);

  const std::vector<std::string>& globs() const { return globs_; }
  bool wants(std::string_view service) const;
  // Snapshots or missed changes, with their synced; live changes follow.
  void begin(std::vector<StreamPiece> pieces);
  // `frame`: the change as a frame with its id, made once for all streams.
  void change(const FeedEventPtr& event, const std::shared_ptr<const std::string>& frame);
  // What was to come is gone: a reset and a new snapshot have to follow.
  void lose();
  // Writes what there is room for; a comment when nothing was written for long. True: it lost its place, has
  // caught up, and needs a new snapshot (asked for once).
  bool pump(SteadyTime now);
  bool is_behind() const { return !outbox_.empty() || !kept_.empty() || lost_; }

  static std::string frame_of(const FeedEvent& event, const std::string& json, const std::string& epoch);

 private:
  void keep(const FeedEventPtr& event, std::size_t octets);
  bool has_room() const { return stream_->pending() < config_.window; }
  void write(std::string text);
  void write_pieces();
  void write_kept();
  std::string text_of(const StreamPiece& piece) const;

  const Config config_;
  const std::shared_ptr<http::Stream> stream_;
  const std::vector<std::string> globs_;
  const std::shared_ptr<const WatchWriters> writers_;
  const std::shared_ptr<const std::string> epoch_;
  bool begun_ = false;
  bool lost_ = false;
  bool wrote_ = false;  // since the last pump()
  SteadyTime last_write_{};
  std::deque<StreamPiece> outbox_;
  std::map<std::uint64_t, FeedEventPtr> kept_;  // by revision, one an instance
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      place_;                                            // (service, id) → its revision in kept_
  std::unordered_map<std::string, std::uint64_t> last_;  // service → its last revision in kept_
  std::size_t kept_octets_ = 0;
  bool has_gaps_ = false;  // a kept change took the place of an earlier one
};

}  // namespace muster::registry::api
