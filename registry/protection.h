// Self-preservation: when over half of a group's leases run out inside one window, it is more likely that we
// are cut off than that they all died. Groups are each service, this node, each az, and each /24 or /48; this
// class counts and judges, the registry turns its verdicts into suspects.
//
// Invariant: a group's live members and the expiries of its window are disjoint; whoever is deregistered,
// drained, confirmed dead or back leaves both at once, so no threshold can stick.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/registry.h"

namespace muster::registry {

struct Entry;

struct ProtectionGroup {
  const std::string* key = nullptr;
  std::uint32_t live = 0;
  std::uint32_t expired = 0;  // x: inside the window, not back
  std::uint32_t users = 0;    // memberships, expiries and suspects that point here
  bool tripped = false;
  bool touched = false;                // since the last judgement
  const Entry* answered_by = nullptr;  // the first to answer a probe since the trip; only compared
  bool answered_by_several = false;
  std::vector<std::uint64_t> window;  // ids of expiries; those slid out are dropped now and then
};

inline constexpr std::size_t kGroupKinds = 4;
using Membership = std::array<ProtectionGroup*, kGroupKinds>;  // null: none of this kind, or not a member

// One lease that ran out, for as long as the window remembers it.
struct Expiry {
  SteadyTime at{};
  Membership groups{};
  Entry* entry = nullptr;        // still registered: undecided or suspect; null: gone, or forgotten
  std::unique_ptr<Entry> aside;  // gone, kept to come back if its group trips
  bool forgotten = false;
  Expiry();
  ~Expiry();
};

class Protection {
 public:
  explicit Protection(ProtectionConfig config) : config_(config) {}
  void reconfigure(ProtectionConfig config) { config_ = config; }
  const ProtectionConfig& config() const { return config_; }
  bool on() const { return config_.max_expired_ratio < 1; }

  // Which groups an instance belongs to; equal keys, equal groups.
  using Keys = std::array<std::string, kGroupKinds>;  // "": none
  static Keys keys_of(const Instance& instance);

  Membership join(const Keys& keys);                                // live + 1
  void leave(Membership& groups);                                   // live - 1
  void move(Membership& groups, const Keys& from, const Keys& to);  // leaves and joins those that differ
  Expiry& expire(Membership& groups, Entry& entry, SteadyTime at);  // from live to the window
  void forget(Expiry& expiry);                                      // out of x at once
  // Judges every group that changed since the last call; the expiries of newly tripped groups that are
  // already gone are returned, the oldest last, to be brought back.
  std::vector<Expiry*> judge();
  // Forgets what is older than the window, at most `most` (taken from it); `gone` sees each body kept aside
  // before it is dropped. True: there is more.
  template <class Gone>
  bool slide(SteadyTime now, std::size_t& most, const Gone& gone);

  static std::uint8_t tripped_of(const Membership& groups);  // bit i: group i has tripped
  void hold(const Membership& groups);                       // a suspect points at them
  void release(Membership& groups);
  static void answered(const Membership& groups, std::uint8_t mask, const Entry& by);
  static bool another_answered(const Membership& groups, std::uint8_t mask, const Entry& than);

 private:
  ProtectionGroup* group(const std::string& key);
  ProtectionGroup* join(const std::string& key);  // null: of none
  void leave(ProtectionGroup* group);
  void drop_user(ProtectionGroup& group);
  void touch(ProtectionGroup& group);
  bool over(const ProtectionGroup& group) const;
  void slide_first();

  ProtectionConfig config_;
  std::unordered_map<std::string, ProtectionGroup> groups_;
  std::vector<ProtectionGroup*> touched_;
  std::deque<std::unique_ptr<Expiry>> window_;  // by time; the id of the first is first_id_
  std::uint64_t first_id_ = 0;
};

template <class Gone>
bool Protection::slide(SteadyTime now, std::size_t& most, const Gone& gone) {
  for (; !window_.empty() && window_.front()->at + config_.window <= now; --most) {
    if (most == 0) return true;
    gone(*window_.front());
    slide_first();
  }
  return false;
}

}  // namespace muster::registry
