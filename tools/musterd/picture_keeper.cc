#include "tools/musterd/picture_keeper.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include "tools/musterd/log.h"

namespace muster::tools {

namespace {

namespace asio = boost::asio;
using registry::PictureRow;
using registry::PieceRow;
using registry::sources::PictureKind;
using registry::sources::PictureToKeep;
using registry::sources::SourcePicture;

constexpr int kStopTries = 200;  // to hand in what is kept at the stop, should the control thread be busy
constexpr std::chrono::milliseconds kStopPause{10};

std::string lines_of(const std::vector<std::string>& origin) {
  std::string text;
  for (const std::string& one : origin) text += one + "\n";
  return text;
}

std::vector<std::string> origin_of(const std::string& lines) {
  std::vector<std::string> origin;
  std::istringstream from(lines);
  for (std::string line; std::getline(from, line);) origin.push_back(line);
  return origin;
}

std::uint32_t pieces_of(std::size_t octets) {
  return static_cast<std::uint32_t>((octets + PictureKeeper::kPiece - 1) / PictureKeeper::kPiece);
}

PieceRow piece_of(const PictureRow& head, std::uint32_t number, const std::string& packed) {
  return {head.source, head.slot, number,
          packed.substr(std::size_t{number} * PictureKeeper::kPiece, PictureKeeper::kPiece)};
}

}  // namespace

PictureKeeper::PictureKeeper(net::Strand strand, Loader& loader, registry::Rows stored)
    : strand_(std::move(strand)), loader_(loader) {
  for (registry::Row& row : stored) {
    if (auto* head = std::get_if<PictureRow>(&row)) slots_[head->source].head = std::move(*head);
    if (const auto* piece = std::get_if<PieceRow>(&row)) slots_[piece->source].packed += piece->content;
  }
  for (auto& [source, slot] : slots_) slot.octets = slot.packed.size();
}

std::vector<std::string> PictureKeeper::stored() const {
  std::vector<std::string> sources;
  for (const auto& [source, slot] : slots_) sources.push_back(source);
  return sources;
}

std::optional<SourcePicture> PictureKeeper::take(const std::string& source) {
  const auto found = slots_.find(source);
  if (found == slots_.end() || !found->second.head) return std::nullopt;
  const PictureRow& head = *found->second.head;
  return SourcePicture{{head.type, head.format, origin_of(head.origin)},
                       head.learnt_at,
                       std::exchange(found->second.packed, {})};
}

void PictureKeeper::forget(const std::string& source) {
  {
    const std::scoped_lock lock(mutex_);
    slots_.erase(source);
  }
  put({registry::PictureGone{source}}, nullptr);
}

registry::sources::KeepPicture PictureKeeper::hook(const std::string& source, PictureKind kind) {
  PictureRow head;
  head.source = source;
  head.type = std::move(kind.type);
  head.format = kind.format;
  head.origin = lines_of(kind.origin);
  {
    const std::scoped_lock lock(mutex_);
    slots_.try_emplace(source);  // here, so that none is made while status() looks
  }
  return [this, head = std::move(head)](PictureToKeep what, Done done) {
    keep(head, std::move(what), std::move(done));
  };
}

std::optional<registry::StoredPicture> PictureKeeper::status(const std::string& source) const {
  const std::scoped_lock lock(mutex_);
  const auto found = slots_.find(source);
  if (found == slots_.end() || !found->second.head) return std::nullopt;
  return registry::StoredPicture{found->second.head->learnt_at, found->second.octets};
}

void PictureKeeper::keep(const PictureRow& like, PictureToKeep what, Done done) {
  PictureRow head = like;
  head.learnt_at = what.learnt_at;
  const auto& known = slots_[head.source].head;
  if (known) {
    head.slot = known->slot;
    head.pieces = known->pieces;
  }
  if (what.text) head.slot = known ? 1 - known->slot : 0;
  if (what.is_last) return keep_last(std::move(head), what);
  if (!what.text) {
    if (!known) return asio::post(strand_, [done] { done(false); });
    const std::size_t octets = slots_[head.source].octets;
    const bool is_put = put({head}, [this, head, octets, done](bool is_kept) {
      if (is_kept) kept(head, octets);
      done(is_kept);
    });
    if (!is_put) asio::post(strand_, [done] { done(false); });
    return;
  }
  loader_.post([this, head = std::move(head), text = std::move(what.text),
                done = std::move(done)](Loader::Now now) mutable {
    std::string packed = now == Loader::Now::run ? registry::sources::pack(text) : std::string();
    text = {};
    asio::post(strand_,
               [this, head = std::move(head), packed = std::move(packed), done = std::move(done)]() mutable {
                 begin(std::move(head), std::move(packed), std::move(done));
               });
  });
}

void PictureKeeper::begin(PictureRow head, std::string packed, Done done) {
  if (stopping_) return;
  if (packed.empty() || is_too_large(head, packed.size())) return done(false);
  head.pieces = pieces_of(packed.size());
  go_on(std::make_shared<Way>(Way{std::move(head), std::move(packed), std::move(done), 0}));
}

void PictureKeeper::go_on(const WayPtr& way) {
  if (stopping_) return;
  const bool is_end = way->next == way->head.pieces;
  registry::Rows rows;
  if (is_end) {
    rows.emplace_back(way->head);
  } else {
    rows.emplace_back(piece_of(way->head, way->next++, way->packed));
  }
  const bool is_put = put(std::move(rows), [this, way, is_end](bool is_kept) {
    if (is_kept && !is_end) return go_on(way);
    if (is_kept) kept(way->head, way->packed.size());
    way->done(is_kept);
  });
  if (!is_put) way->done(false);
}

// All of it as one transaction, on this thread: nobody waits for answers any more.
void PictureKeeper::keep_last(PictureRow head, const PictureToKeep& what) {
  stopping_ = true;
  registry::Rows rows;
  if (what.text) {
    const std::string packed = registry::sources::pack(what.text);
    if (is_too_large(head, packed.size())) return;
    head.pieces = pieces_of(packed.size());
    for (std::uint32_t number = 0; number < head.pieces; ++number)
      rows.emplace_back(piece_of(head, number, packed));
  } else if (!slots_[head.source].head) {
    return;
  }
  rows.emplace_back(head);
  for (int tries = 0; tries < kStopTries && !put(rows, nullptr); ++tries)
    std::this_thread::sleep_for(kStopPause);
}

bool PictureKeeper::is_too_large(const PictureRow& head, std::size_t octets) {
  const bool is_too_large = octets > kMost;
  bool& was_too_large = slots_[head.source].is_too_large;
  if (is_too_large && !was_too_large)
    log(LogLevel::warning, "picture_not_kept",
        {{"source", head.source},
         {"error",
          "its picture has " + std::to_string(octets) + " octets, and " + std::to_string(kMost) +
              " is the most that is kept; a restart without its scheduler knows an older one, or none"}});
  was_too_large = is_too_large;
  return is_too_large;
}

bool PictureKeeper::put(registry::Rows rows, Done then) {
  return control_->submit(
      [this, rows = std::move(rows), then = std::move(then)](registry::Turn& turn) mutable {
        for (registry::Row& row : rows) turn.registry.store_beside(std::move(row));
        if (!then) return;
        turn.after_durable([this, then = std::move(then)](registry::Durability how) {
          asio::post(strand_, [then, is_kept = how.durable] { then(is_kept); });
        });
      });
}

void PictureKeeper::kept(const PictureRow& head, std::size_t octets) {
  const std::scoped_lock lock(mutex_);
  Slot& slot = slots_[head.source];
  slot.head = head;
  slot.octets = octets;
}

}  // namespace muster::tools
