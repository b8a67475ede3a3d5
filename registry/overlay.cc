#include "registry/overlay.h"

#include <algorithm>

#include "registry/glob.h"
#include "registry/limits.h"

namespace muster::registry {
namespace {

std::string subject(Key name) {
  std::string text;
  text.reserve(name.service.size() + name.name.size() + 1);
  return text.append(name.service).append("/").append(name.name);
}

void add_tag(OverlayEffect& effect, const std::pair<std::string, std::optional<std::string>>& tag) {
  const auto at = std::ranges::lower_bound(effect.tags, tag.first, {},
                                           [](const auto& t) -> const std::string& { return t.first; });
  if (at != effect.tags.end() && at->first == tag.first) {
    at->second = tag.second;
  } else {
    effect.tags.insert(at, tag);
  }
}

void add(OverlayEffect& effect, const OverlayEntry& entry) {
  if (entry.mode) effect.mode = entry.mode;
  if (entry.weight) effect.weight = entry.weight;
  if (entry.priority) effect.priority = entry.priority;
  for (const auto& tag : entry.tags) add_tag(effect, tag);
}

// Takes from `older` what `newer` says again; true: it says nothing any more.
bool yield_to(OverlayEntry& older, const OverlayEntry& newer) {
  if (newer.mode) older.mode.reset();
  if (newer.weight) older.weight.reset();
  if (newer.priority) older.priority.reset();
  std::erase_if(older.tags, [&](const auto& tag) {
    return std::ranges::any_of(newer.tags, [&](const auto& other) { return other.first == tag.first; });
  });
  return !older.mode && !older.weight && !older.priority && older.tags.empty();
}

std::vector<OverlayEntry> without_said_again(const std::vector<OverlayEntry>& entries,
                                             const OverlayEntry& newer) {
  std::vector<OverlayEntry> kept;
  for (OverlayEntry older : entries)
    if (older.match != newer.match || !yield_to(older, newer)) kept.push_back(std::move(older));
  return kept;
}

}  // namespace

std::vector<std::size_t> Overlay::matches(std::span<const Key> names, const Heard& heard) const {
  std::vector<std::size_t> found;
  if (entries_.empty()) return found;
  const auto add = [&](std::size_t index, bool is_own) {
    if (is_own || !heard || heard(entries_[index].by)) found.push_back(index);
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string text = subject(names[i]);
    if (const auto at = exact_.find(text); at != exact_.end())
      for (const std::size_t index : at->second) add(index, i == 0);
    for (const std::size_t index : globs_)
      if (glob_matches(entries_[index].match, text)) add(index, i == 0);
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::unique_ptr<OverlayEffect> Overlay::effect_on(std::span<const Key> names, const Heard& heard) const {
  const auto found = matches(names, heard);
  if (found.empty()) return nullptr;
  auto effect = std::make_unique<OverlayEffect>();
  for (const std::size_t index : found) add(*effect, entries_[index]);
  return effect;
}

std::vector<OverlayEntry> Overlay::matching(std::span<const Key> names, const Heard& heard) const {
  std::vector<OverlayEntry> found;
  for (const std::size_t index : matches(names, heard)) found.push_back(entries_[index]);
  return found;
}

bool Overlay::fits(const OverlayEdit& edit) const {
  const bool replaces = edit.kind == OverlayEdit::Kind::replace_all;
  return (replaces ? 0 : entries_.size()) + edit.entries.size() <= kMaxOverlay;
}

bool Overlay::edit(const OverlayEdit& edit, std::vector<std::string>& touched) {
  std::vector<OverlayEntry> next = entries_;
  switch (edit.kind) {
    case OverlayEdit::Kind::replace_all:
      for (const OverlayEntry& entry : entries_) touched.push_back(entry.match);
      next.clear();
      break;
    case OverlayEdit::Kind::set_exact:
      for (const OverlayEntry& newer : edit.entries) next = without_said_again(next, newer);
      break;
    case OverlayEdit::Kind::remove_match:
      touched.push_back(edit.match);
      std::erase_if(next, [&](const OverlayEntry& entry) { return entry.match == edit.match; });
      break;
    case OverlayEdit::Kind::append: break;
  }
  for (const OverlayEntry& entry : edit.entries) {
    touched.push_back(entry.match);
    next.push_back(entry);
  }
  if (next == entries_) return false;
  assign(std::move(next));
  return true;
}

bool Overlay::expire(WallTime now, std::vector<std::string>& touched) {
  if (now < next_end_) return false;
  std::vector<OverlayEntry> next;
  for (const OverlayEntry& entry : entries_) {
    if (entry.expires_at && *entry.expires_at <= now) {
      touched.push_back(entry.match);
    } else {
      next.push_back(entry);
    }
  }
  assign(std::move(next));
  return !touched.empty();
}

void Overlay::assign(std::vector<OverlayEntry> entries) {
  entries_ = std::move(entries);
  exact_.clear();
  globs_.clear();
  next_end_ = WallTime::max();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const OverlayEntry& entry = entries_[i];
    if (glob_is_literal(entry.match)) {
      exact_[entry.match].push_back(i);
    } else {
      globs_.push_back(i);
    }
    if (entry.expires_at) next_end_ = std::min(next_end_, *entry.expires_at);
  }
}

}  // namespace muster::registry
