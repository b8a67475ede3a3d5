// The inside of the registry: its tables, and the few steps that every change is made of. The doors
// (doors.cc) decide what a call means, joining.cc who is one instance, expiry.cc what time does, reads.cc
// what readers see, restore.cc how a start begins.
//
// Ownership: entries, aliases and tombstones belong to their index and are freed by drop() and bury(); an
// entry that expired under protection belongs to its Expiry for one window.
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "registry/compose.h"
#include "registry/entry.h"
#include "registry/generation.h"
#include "registry/member_list.h"
#include "registry/task_index.h"
#include "registry/tombstone.h"
#include "registry/waiting_drains.h"

namespace muster::registry {

struct Service;
struct ServiceTimer : Timer {
  explicit ServiceTimer(Service& of) : service(&of) {}
  Service* service;
};

struct Service : Timer {  // armed for the end of its linger
  std::string_view name;  // the map's key
  WallTime created_at{};
  SteadyTime linger_until{};  // once it is empty
  std::uint64_t born = 0;     // order of creation: the older of two spellings owns the label
  std::uint64_t revision = 0;
  SetHash set_hash;
  MemberList members;
  std::size_t ready = 0;
  StateCounts states;
  std::size_t suspended_by_checks = 0;  // instances
  std::size_t suspended_by_reports = 0;
  ServiceSettings settings;
  Reason reason = Reason::ok;  // why it is not published
  bool linger_stored = false;
  std::size_t checkups = 0;      // members that are looked at, or reported of
  ServiceTimer measured{*this};  // armed while what has moved of its response times is to be shown
  SteadyTime shown_at = SteadyTime::min() + std::chrono::hours(1);  // when it was last
};

// What a source's write leaves in a claim.
struct ClaimWrite {
  const SourceId* source = nullptr;
  BodyPtr body;
  std::uint64_t generation = 0;
  Millis lease{0};
  std::string_view by;
  Fitness fitness{};
  std::optional<WallTime> silent_since{};
};

// What rows of host names are called in the store.
inline constexpr std::string_view kHostKey = "host:";

class Registry::Core {
 public:
  Core(RegistryConfig config, Instant now);
  ~Core();

  Outcome apply(const Change& change, Instant now);
  void fetch(std::span<const Key> instances) const;
  Outcome apply_all(std::span<const Change> changes, Instant now);
  bool tick(Instant now, std::size_t most);
  void shift_deadlines(Millis gap) { skew_ += gap; }
  void suspect_verdict(std::string_view service, std::string_view id, ProbeVerdict verdict, Instant now);
  std::vector<InstancePtr> suspects_to_probe(Instant now, std::size_t most);
  std::vector<health::ProbeOrder> probes_due(Instant now, std::size_t most);
  void probe_found(std::uint64_t number, const health::Verdict& verdict, Instant now);
  void probe_late(const health::ProbeTask& task) { health_.came_late(task); }
  std::vector<std::string> hosts_due(Instant now, std::size_t most);
  void host_found(std::string_view host, HostFound what, Instant now);
  HostCounts host_counts() const { return hosts_.counts(); }
  void reconfigure(RegistryConfig config, Instant now);
  void restore(const Row& row, Instant now);
  bool restore_next(Instant listeners_open, std::size_t most);
  void restored(Instant listeners_open);
  RestoreCounts to_restore() const { return {stored_.services.size(), stored_.claims}; }
  void store_heard(Instant now, const std::function<void(Rows)>& hand_over);
  void store_beside(Row row) { batch_.rows.push_back(std::move(row)); }
  Batch take_batch();
  bool has_changes() const { return !batch_.changes.empty(); }

  InstancePtr find(std::string_view service, std::string_view id) const;
  bool is_known(std::string_view service) const { return services_.contains(service); }
  std::optional<std::string> service_for(const std::string& label) const;
  std::optional<std::string> alias_at(std::string_view service, std::string_view label) const;
  std::optional<std::uint16_t> best_tier_of(std::string_view service) const;
  LeaseView lease_of(std::string_view service, std::string_view id, Instant now) const;
  WallTime safe_stop_of(std::string_view service, std::string_view id, Instant now) const;
  ServiceView view(std::string_view service, Instant now) const;
  std::vector<ServiceSummary> list(std::string_view glob, std::string_view after, std::size_t limit) const;
  std::vector<InstancePtr> instances_of_repo(std::string_view repo) const;
  std::optional<Explanation> explain(std::string_view service, std::string_view id, Instant now) const;
  std::optional<HealthView> health_of(std::string_view service, std::string_view id, Instant now) const;
  health::PlanCounts probe_counts() const { return health_.counts(); }
  RegistryCounts counts() const;
  std::vector<ServiceStates> states(std::string_view after, std::size_t limit) const;
  static void measure(const Service& service, ServiceStates& states);
  const LatenessOf& lateness() const { return lateness_; }
  void for_each(const std::function<void(const InstancePtr&)>& visit) const;

  const Overlay& overlay() const { return overlay_; }
  std::uint64_t overlay_revision() const { return overlay_revision_; }
  std::uint64_t revision() const { return revision_; }
  const std::string& epoch() const { return config_.epoch; }

  std::function<WallTime(const Instance&, Instant)> safe_stop;

 private:
  // Deadlines live in a time that a pause of the machine does not move.
  Instant inner(Instant now) const { return {now.steady - skew_, now.wall}; }
  SteadyTime at() const { return now_.steady; }

  // Doors: one per kind of change, and what they share.
  Outcome on(const Registration& registration);
  Outcome on(const Heartbeat& heartbeat);
  Outcome on(const Removal& removal);
  Outcome on(const DrainOrder& order);
  Outcome on(const Report& report);
  Outcome on(const Amendment& amendment);
  Outcome on(const OverlayEdit& edit);
  Outcome on(const SourceList& list);
  Outcome on(const SourceStep& step);
  bool take_listed(Registration registration, const SourceId& source, Grant& all);
  bool unlist(Key key, const SourceId& source, Cause cause);
  void end_registrations(const std::string& task);
  Refusal missing(Key name) const;  // nobody is there: the service is unknown, or the instance
  std::optional<Refusal> refuse(const Registration& registration, const Entry* entry) const;
  // What changes that are only judged so far would add.
  struct Growth {
    std::size_t services = 0;
    std::size_t instances = 0;
    std::map<std::string, std::size_t> members;  // by service
    std::set<const Entry*> touched;              // by a name of theirs
    std::set<const Entry*> joined;               // by their task
  };
  std::optional<Refusal> no_room(std::string_view service, const Entry* entry, const SourceId& source,
                                 const Growth& growth);
  std::optional<Refusal> refuse_in_turn(const Registration& registration, Growth& growth);
  std::optional<Refusal> reserved(std::string_view service, SourceKind kind) const;
  // Of the life that a write by this name is held against; `parting`: what it sets apart.
  Standing standing_of(const Entry* entry, Key name, const Alias* parting) const;
  Outcome write(std::string_view service, std::string_view id, Entry* entry, Alias* parting,
                const ClaimWrite& write, LifeVerdict verdict, const Vitals* vitals);
  Outcome renew(Entry& entry, const Heartbeat& heartbeat);
  Outcome amend_one(Entry& entry, const Amendment& amendment);
  Grant grant(const Entry& entry, bool created) const;
  // To who made the claim and calls the instance by this name.
  Grant grant_to(const Entry& entry, const Claim& claim, Key key, bool created) const;
  bool deregister(Entry& entry, Cause cause, std::string_view by = "");
  Millis granted_lease(SourceKind kind, std::optional<Millis> asked, std::optional<Millis> current) const;

  // What was read from the store and is not in its service yet: who is older gets the label, and rows come in
  // any order.
  struct StoredClaim {
    std::uint64_t sequence;
    std::unique_ptr<Entry> entry;  // with this claim alone
    std::shared_ptr<Instance> identity;
  };
  struct StoredService {
    std::string name;
    std::vector<StoredClaim> claims;
  };
  struct Stored {
    std::vector<StoredService> services;
    std::unordered_map<std::string, std::size_t> places;  // by name
    std::size_t last = 0;                                 // the service of the last row
    std::size_t shown = 0;                                // so many services are in place
    std::size_t claims = 0;
    // What heartbeats said last of those who cannot serve, by service and id; it holds until the next one.
    std::map<std::pair<std::string, std::string>, HealthRow> reports;
  };

  // What a reload or globs of the overlay have yet to reach, service by service in order of names. A service is
  // one piece; until its turn it stays as it was.
  struct Sweep {
    bool settings = false;
    bool rights = false;
    std::vector<std::string> globs;
    std::string after;         // services up to this name are done
    std::optional<SteadyTime> last;  // when the last piece was done: one a tick
  };

  // One stored row each.
  void restore_claim(const ClaimRow& row);
  void restore_tombstone(const TombstoneRow& row);
  void recall_drain(Entry& entry, Key name);
  void restore_service(const ServiceRow& row);
  void restore_overlay(const OverlayRows& row);
  void restore_meta(const MetaRow& row);
  void restore_host(const MetaRow& row);
  void restore_health(const HealthRow& row);
  void restore_watch(const HealthRow& row);
  void restore_report(Entry& entry);
  void end_restored();
  StoredService& stored_service(const std::string& name);
  void begin_restored();
  void restore_members(StoredService& service);
  Entry* place_restored(StoredClaim& stored);

  // Steps.
  Service& service_named(std::string_view name);
  Entry& admit(std::string_view service, std::string_view id, std::uint64_t sequence, WallTime created_at);
  static std::shared_ptr<Instance> new_identity(std::string_view service, std::string_view id,
                                                std::uint64_t sequence, WallTime created_at);
  void enlist(Entry& entry, std::shared_ptr<Instance> identity);
  void forget_aside(Entry& aside);
  bool write_claim(Entry& entry, const ClaimWrite& write, Alias* alias);
  void set_body(Entry& entry, Claim& claim, BodyPtr body);
  bool hear(Entry& entry, Claim& claim);
  bool take_vitals(Entry& entry, const Vitals& vitals, std::string_view by);
  void release(Entry& entry, Claim& claim);
  void end_claim(Entry& entry, Claim& claim);
  // Compares the picture with what is shown and publishes the difference; arms the next event.
  void refresh(Entry& entry, bool arm_too = true);
  void show(Entry& entry, Instance next, Difference what);
  void arm(Entry& entry);
  std::unique_ptr<Entry> take_out(Entry& entry, Cause cause);
  void drop(Entry& entry, Cause cause);
  void leave_service(Service& service);
  void linger(Service& service, Millis span);
  void bury(Key key, std::uint64_t generation, Millis lease, Cause cause);
  void lay(Key key, std::uint64_t generation, Cause cause, Millis span);
  void raise(Tombstone& tombstone);  // frees it
  void emit(const Entry& entry, const InstancePtr& before, const InstancePtr& after, Cause cause,
            bool revised);
  void store_claim(const Entry& entry, Claim& claim);
  void store_claims(Entry& entry);
  void store_drain(const Entry& entry);
  void unstore_drain(const Entry& entry);
  void end_drain(Entry& entry, std::string_view by);
  void end_waiting(std::uint64_t drain, std::string_view by);
  Drain new_drain() { return {next_sequence_++, now_.wall, {}, {}, {}}; }
  void store_report(const Entry& entry, HeartbeatStatus before);
  void unstore_report(const Entry& entry);
  std::uint64_t next_revision();
  void reserve_revisions();
  const KnownSource* intern(const SourceId& source);
  void follow_host(const InstancePtr& before, const InstancePtr& after, Entry& entry);
  bool follow_hosts(std::size_t& most);
  std::optional<Refusal> no_room_for_host(const BodyPtr& body);
  void index_repo(const InstancePtr& before, const InstancePtr& after, Entry& entry);

  // Checks.
  health::Health::Owner health_owner();
  bool may_suspend(const health::Watch& watch) const;
  void count_suspended(Entry& entry);
  void watch_changed(health::Watch& watch);
  void was_measured(health::Checkup& checkup);
  void follow_ramp(Entry& entry, const Instance& before, Instance& next);
  void store_watch(const Entry& entry, health::Watch& watch);
  bool attend(Entry& entry, const BodyPtr& body);
  health::Checkup& checkup_of(Entry& entry);
  void end_checkup(Entry& entry);
  bool forget_watches(std::size_t& most);

  // Who is one instance.
  Entry* home_of(const std::string& task) const;
  bool may_write(std::string_view by, std::string_view service) const;
  bool may_reach(const SourceId& source, std::string_view by, const Entry& home) const;
  bool may_follow(const SourceId& source, std::string_view by, const Entry& home,
                  const std::string& task) const;
  bool may_follow(const Claim& claim, const Entry& home, const std::string& task) const;
  bool may_join(const Entry& from, const Entry& home, const std::string& task) const;
  Alias* left_behind(const Entry& from, const Entry& home, const std::string& task) const;
  bool is_linked(const Entry& entry, const Alias& alias) const;
  Alias* unlinked_alias(const Entry& entry) const;
  Entry* home_for(const SourceId& source, std::string_view by, const std::string& task) const;
  Alias* parting(Entry* entry, Key name, const SourceId& source, std::string_view by) const;
  std::optional<Refusal> out_of_reach(const Entry* entry, Key name, std::string_view by) const;
  Alias* alias_for(Entry& entry, std::string_view service, std::string_view id);
  Alias* new_alias(Alias alias);
  void end_alias(Alias& alias);
  void move_claim(Entry& from, Claim& claim, Entry& to);
  void take_condition(Entry& from, Entry& home);
  using Parted = std::vector<std::pair<std::string, std::string>>;  // (service, id) of those set apart
  void absorb(Entry& from, Entry& home, const std::string& task, Parted& left);
  Entry& part(Entry& entry, Alias& alias);
  void part(Entry& entry, Alias& alias, Parted& parted);
  void join_tasks(const Parted& parted);
  bool review(Entry& entry, Cause cause);
  void join_task(Entry& entry);
  void rejoin(const std::string& task);
  Entry* joining(Entry& home, const std::string& task) const;
  void show_by_names(Entry& entry);

  // Names: who owns a label, and what is published.
  void settle_spelling(std::string_view name);
  void set_service_reason(Service& service, Reason reason);
  Reason reason_for(const Service& service) const;
  const Service* label_owner(const std::string& label) const;
  void forget_service(Service& service);
  void apply_settings(Service& service);

  // Time.
  void on_event(Entry& entry);
  void end_leases(Entry& entry);
  void begin_expiry(Entry& entry);
  void count_expired(const Entry& entry);
  void settle(Expiry& expiry);
  void set_aside(Entry& entry);
  void make_suspect(Entry& entry);
  void bring_back(Expiry& expiry);
  void end_suspicion(Entry& entry);
  void update_membership(Entry& entry, const Instance* before);
  bool is_protected(const Entry& entry) const;
  SteadyTime low_moment(const Entry& entry) const;
  void refresh_matching(const std::vector<std::string>& matches);
  void begin_sweep(bool settings, bool rights, std::vector<std::string> globs);
  void sweep();
  void sweep_service(Service& service);
  void sweep_entry(Entry& entry);
  void sweep_rights(const Service& service);
  std::unique_ptr<OverlayEffect> effect_on(const Entry& entry) const {
    return overlay_.effect_on(names_of(entry), heard_of(entry));
  }
  Overlay::Heard heard_of(const Entry& entry) const;
  void overlay_changed(const std::vector<std::string>& touched);
  bool slide_window(std::size_t& most);
  bool raise_due(std::size_t& most);
  bool forget_due(std::size_t& most);
  bool step_ramps(std::size_t& most);
  bool show_measured(std::size_t& most);
  bool forget_drains(std::size_t& most);

  LeaseView lease_view(const Entry& entry, Instant now) const;  // of the claim that keeps it longest
  LeaseView lease_view(const Entry& entry, const Claim& claim, Instant now) const;
  // By its own (service, id) or by an alias.
  Entry* entry_at(std::string_view service, std::string_view id) const {
    Entry* entry = entries_.find({service, id});
    if (entry != nullptr || aliases_.size() == 0) return entry;
    const Alias* alias = aliases_.find({service, id});
    return alias == nullptr ? nullptr : alias->entry;
  }
  Service* service_at(std::string_view name);
  const Service* service_at(std::string_view name) const;

  struct TombstoneKey {
    Key operator()(const Tombstone& dead) const { return {dead.service, dead.id}; }
  };

  RegistryConfig config_;
  Instant now_;
  Millis skew_{0};
  Batch batch_;
  std::uint64_t revision_ = 0;
  std::uint64_t revisions_end_ = 0;  // of the reserved block
  std::uint64_t next_sequence_ = 1;
  std::uint64_t services_born_ = 0;

  KeyIndex<Entry, EntryKey> entries_;
  KeyIndex<Alias, AliasKey> aliases_;
  KeyIndex<Alias, AliasLabelKey> alias_labels_;
  TaskIndex tasks_;
  KeyIndex<Entry, LabelKey> labels_;
  KeyIndex<Entry, EntryKey> asides_;
  KeyIndex<Tombstone, TombstoneKey> tombstones_;
  std::map<std::string, Service, std::less<>> services_;
  std::unordered_map<std::string, std::vector<Service*>>
      capitals_;  // label → its spellings with capitals, oldest first
  std::map<std::string, std::map<std::uint64_t, Entry*>, std::less<>> repos_;
  std::map<std::string, std::unordered_set<Entry*>, std::less<>>
      listed_;  // list-shaped source → what it lists
  std::vector<std::unique_ptr<KnownSource>> sources_;

  HostNames hosts_;
  Overlay overlay_;
  std::uint64_t overlay_revision_ = 0;
  std::optional<Sweep> sweep_;
  Stored stored_;
  bool restoring_ = false;
  bool is_first_start_ = true;  // no revision was ever given
  health::Health health_;
  // What was stored of the checks of those that have not come back since the last start, by service and id.
  std::map<std::pair<std::string, std::string>, std::vector<health::StoredWatch>> stored_watches_;
  SteadyTime
      listed_until_{};    // what is listed until then was there before the start, as far as anybody knows
  WaitingDrains drains_;  // of what has not come back since the last start
  SteadyTime drains_until_{};

  LeaseWheel leases_;
  LeaseWheel burials_;
  LeaseWheel lingers_;
  LeaseWheel ramps_;
  LeaseWheel measured_;
  LeaseWheel probes_;
  Protection protection_;
  std::vector<Expiry*> due_;   // expired under protection, waiting for the tick's judgement
  std::vector<Expiry*> back_;  // kept aside, and suspects by that judgement
  std::size_t settled_ = 0;
  bool judged_ = false;

  std::array<std::size_t, kSourceKinds> suspects_of_{};
  std::uint64_t expired_ = 0;
  std::uint64_t limit_instances_ = 0;
  std::uint64_t limit_per_service_ = 0;
  std::uint64_t limit_services_ = 0;
  std::array<std::uint64_t, kSourceKinds> expired_of_{};
  StateCounts states_;
  LatenessOf lateness_;
  mutable Millis lateness_max_{0};
};

}  // namespace muster::registry
