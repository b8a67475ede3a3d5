// The operator's word over the sources': ordered entries, later ones win field by field. Exact matches are
// looked up, only globs are walked, and the effect is worked out when an instance or the overlay comes, not
// per change.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/change.h"
#include "registry/key.h"

namespace muster::registry {

// What all matching entries together say about one instance.
struct OverlayEffect {
  std::optional<AdminMode> mode;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> priority;
  std::vector<std::pair<std::string, std::optional<std::string>>> tags;  // by key; nullopt removes
};

class Overlay {
 public:
  const std::vector<OverlayEntry>& entries() const { return entries_; }
  // Whether whoever made an entry is heard by another name of an instance than its own; null: everybody is.
  using Heard = std::function<bool(std::string_view by)>;
  // What matches one of the names of an instance, its own first. Null when no entry does.
  std::unique_ptr<OverlayEffect> effect_on(std::span<const Key> names, const Heard& heard = {}) const;
  std::vector<OverlayEntry> matching(std::span<const Key> names, const Heard& heard = {}) const;

  // True: the entries changed; `touched` has the matches whose instances must be looked at again. The result
  // never exceeds kMaxOverlay: see fits().
  bool edit(const OverlayEdit& edit, std::vector<std::string>& touched);
  bool fits(const OverlayEdit& edit) const;
  bool expire(WallTime now, std::vector<std::string>& touched);

 private:
  void assign(std::vector<OverlayEntry> entries);
  std::vector<std::size_t> matches(std::span<const Key> names, const Heard& heard) const;

  std::vector<OverlayEntry> entries_;
  std::unordered_map<std::string, std::vector<std::size_t>> exact_;
  std::vector<std::size_t> globs_;
  WallTime next_end_ = WallTime::max();  // of the entries with an end, the first
};

// The stored form: one JSON object an entry.
std::string overlay_entry_to_json(const OverlayEntry& entry);
std::optional<OverlayEntry> overlay_entry_from_json(std::string_view json);

}  // namespace muster::registry
