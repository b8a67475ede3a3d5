// Which claims are one instance: those of one (service, id), and those that name a task which a scheduler
// lists. They live under the scheduler's (service, id); the other is an alias, by which clients go on
// speaking of the instance. Where a Mesos and a Marathon source list one task, it lives under Marathon's.
//
// A joined claim is stored under its own (service, id), as no scheduler's is: after a start it stands alone
// until its scheduler has spoken.
#include <algorithm>
#include <cassert>

#include "registry/core.h"
#include "registry/label.h"
#include "registry/limits.h"

namespace muster::registry {
namespace {

// The claims under whose (service, id) a task's instance lives.
bool is_host(const Claim& claim) {
  return is_scheduler(claim.source->kind) && claim.alias == nullptr && !claim.body->task.empty();
}

// Null: it is not the task's. Marathon's before Mesos'.
const Claim* host_in(const Entry& entry, const std::string& task) {
  const Claim* host = nullptr;
  for (const Claim& claim : entry.claims) {
    if (!is_host(claim) || claim.body->task != task) continue;
    if (host == nullptr || claim.source->kind == SourceKind::marathon) host = &claim;
  }
  return host;
}

bool has_claim_of(const Entry& entry, const SourceId& source) {
  return std::ranges::any_of(entry.claims, [&](const Claim& claim) { return *claim.source == source; });
}

bool holds_scheduler(const Entry& entry, const Alias& alias) {
  return std::ranges::any_of(entry.claims, [&](const Claim& claim) {
    return claim.alias == &alias && is_scheduler(claim.source->kind);
  });
}

}  // namespace

// Null: no scheduler lists the task.
Entry* Registry::Core::home_of(const std::string& task) const {
  const TaskEntries* named = tasks_.listed(task);
  if (named == nullptr) return nullptr;
  Entry* home = nullptr;
  for (Entry* entry : *named) {
    const Claim* host = host_in(*entry, task);
    if (host == nullptr) continue;
    if (host->source->kind == SourceKind::marathon) return entry;
    if (home == nullptr) home = entry;
  }
  return home;
}

// "": the registry itself, as when a drain has lasted long enough.
bool Registry::Core::may_write(std::string_view by, std::string_view service) const {
  return by.empty() || !config_.may_write || config_.may_write(by, service);
}

// Naming a task gives nobody a say in a service that he may not write. Who may update the domain or writes
// the configuration may write them all.
bool Registry::Core::may_reach(const SourceId& source, std::string_view by, const Entry& home) const {
  return !has_rights(source.kind) || may_write(by, home.shown->service);
}

// By an alias the overlay speaks for those only who might say the same by the instance's own name.
Overlay::Heard Registry::Core::heard_of(const Entry& entry) const {
  if (!config_.may_write) return {};
  return [this, &entry](std::string_view by) { return may_write(by, entry.shown->service); };
}

// Marathon knows more of a task than Mesos does. Two of a kind are two clusters, whose tasks only happen to
// share an id. An instance has one claim of each source: a second registration of one task under another id
// stands alone.
bool Registry::Core::may_follow(const SourceId& source, std::string_view by, const Entry& home,
                                const std::string& task) const {
  const bool is_below =
      !is_scheduler(source.kind) ||
      (source.kind == SourceKind::scheduler && host_in(home, task)->source->kind == SourceKind::marathon);
  return is_below && !has_claim_of(home, source) && may_reach(source, by, home);
}

bool Registry::Core::may_follow(const Claim& claim, const Entry& home, const std::string& task) const {
  const bool is_of_task = !is_scheduler(claim.source->kind) || claim.body->task == task;
  return is_of_task && may_follow(*claim.source, claim.by, home, task);
}

// An instance joins if what goes by its own name may follow.
bool Registry::Core::may_join(const Entry& from, const Entry& home, const std::string& task) const {
  std::size_t claims = home.claims.size();
  for (const Claim& claim : from.claims) {
    if (claim.alias != nullptr) continue;
    if (!may_follow(claim, home, task) || ++claims > kMaxClaims) return false;
  }
  return true;
}

// What goes by another name, and may not follow the instance to its task's; null: all may.
Alias* Registry::Core::left_behind(const Entry& from, const Entry& home, const std::string& task) const {
  std::size_t claims = home.claims.size();
  for (const Claim& claim : from.claims) claims += claim.alias == nullptr ? 1U : 0U;
  for (const Claim& claim : from.claims)
    if (claim.alias != nullptr && (!may_follow(claim, home, task) || ++claims > kMaxClaims))
      return claim.alias;
  return nullptr;
}

// Whether a claim under the alias names a task that the instance is, and those who made them may speak of it.
bool Registry::Core::is_linked(const Entry& entry, const Alias& alias) const {
  bool is_named = false, reaches = true;
  for (const Claim& claim : entry.claims) {
    if (claim.alias != &alias) continue;
    is_named |= !claim.body->task.empty() && host_in(entry, claim.body->task) != nullptr;
    reaches &= may_reach(*claim.source, claim.by, entry);
  }
  return is_named && (reaches || holds_scheduler(entry, alias));
}

Alias* Registry::Core::unlinked_alias(const Entry& entry) const {
  const auto at = std::ranges::find_if(entry.claims, [&](const Claim& claim) {
    return claim.alias != nullptr && !is_linked(entry, *claim.alias);
  });
  return at == entry.claims.end() ? nullptr : at->alias;
}

// Where a first claim of a source will live; null: under a (service, id) of its own.
Entry* Registry::Core::home_for(const SourceId& source, std::string_view by, const std::string& task) const {
  Entry* home = home_of(task);
  const bool has_room = home != nullptr && home->claims.size() < kMaxClaims;
  return has_room && may_follow(source, by, *home, task) ? home : nullptr;
}

// What a source's write by this name sets apart from the instance; null: nothing. Who has a claim on it by
// another name speaks of two, and who may not write its service of his own. What holds a scheduler's claim
// stays.
Alias* Registry::Core::parting(Entry* entry, Key name, const SourceId& source, std::string_view by) const {
  if (entry == nullptr || aliases_.size() == 0) return nullptr;
  const Claim* claim = claim_of(*entry, source);
  Alias* alias = aliases_.find(name);
  if (alias != nullptr && !may_reach(source, by, *entry))
    return holds_scheduler(*entry, *alias) ? nullptr : alias;
  if (claim == nullptr || claim->alias == alias) return nullptr;
  if (claim->alias == nullptr) return alias;
  return alias != nullptr && holds_scheduler(*entry, *claim->alias) ? alias : claim->alias;
}

// Who calls an instance by an alias needs the right to write the service in which it lives.
std::optional<Refusal> Registry::Core::out_of_reach(const Entry* entry, Key name, std::string_view by) const {
  if (entry == nullptr) return {};
  const Key own = EntryKey{}(*entry);
  if (own == name || may_write(by, own.service)) return {};
  return Refusal{RefusalCode::forbidden,
                 text_of(name) + " is part of " + text_of(own) +
                     ": this takes the right to write the service " + std::string(own.service),
                 std::nullopt};
}

// The alias of a (service, id) that is not the instance's own; null: it is.
Alias* Registry::Core::alias_for(Entry& entry, std::string_view service, std::string_view id) {
  if (entry.shown->service == service && entry.shown->id == id) return nullptr;
  if (Alias* known = aliases_.find({service, id})) return known;
  if (Entry* aside = asides_.find({service, id})) forget_aside(*aside);
  recall_drain(entry, {service, id});
  const std::string label = instance_label(id, [](std::string_view) { return false; });
  return new_alias({std::string(service), std::string(id), label, next_sequence_++, now_.wall, &entry});
}

Alias* Registry::Core::new_alias(Alias values) {
  auto alias = std::make_unique<Alias>(std::move(values));
  aliases_.insert(*alias);
  alias_labels_.insert(*alias);
  return alias.release();
}

std::optional<std::string> Registry::Core::alias_at(std::string_view service, std::string_view label) const {
  const Alias* alias = alias_labels_.find({service, label});
  return alias == nullptr ? std::nullopt : std::optional(alias->id);
}

// Once no claim is under it.
void Registry::Core::end_alias(Alias& alias) {
  aliases_.erase(alias);
  alias_labels_.erase(alias);
  delete &alias;
}

// Takes a claim, and what is known by it, from one instance to another.
void Registry::Core::move_claim(Entry& from, Claim& claim, Entry& to) {
  tasks_.remove(claim.body->task, from, is_scheduler(claim.source->kind));
  tasks_.add(claim.body->task, to, is_scheduler(claim.source->kind));
  if (!is_leased(claim.source->kind)) {
    auto& listed = listed_[claim.source->name];
    listed.erase(&from);
    listed.insert(&to);
  }
  to.claims.push_back(std::move(claim));
}

// The worse of what their clients said of themselves, and a drain that was asked of either; but nothing of
// those who may not write the service in which the instance lives now.
void Registry::Core::take_condition(Entry& from, Entry& home) {
  if (is_draining(from)) unstore_drain(from);
  const std::unique_ptr<Condition> taken = std::move(from.condition);
  if (!taken) return;
  const std::string& service = home.shown->service;
  if (!may_write(taken->by, service)) taken->forget_report();
  if (taken->drain && !may_write(taken->drain->by, service)) taken->drain.reset();
  if (*taken == Condition{}) return;
  if (!home.condition) home.condition = std::make_unique<Condition>();
  if (life_claim(home) == nullptr || badness(taken->status) > badness(home.condition->status))
    home.condition->take_report(*taken);
  if (taken->drain) home.condition->join_drain(*taken->drain);
}

// An instance becomes part of its task's, but for what may not follow it.
void Registry::Core::absorb(Entry& from, Entry& home, const std::string& task, Parted& left) {
  assert(from.shown->body);
  while (Alias* alias = left_behind(from, home, task)) part(from, *alias, left);
  end_suspicion(from);
  if (is_stored(status_of(from))) unstore_report(from);
  home.claims.reserve(home.claims.size() + from.claims.size());
  const Instance& shown = *from.shown;
  Alias* own = new_alias({shown.service, shown.id, shown.label, shown.sequence, shown.created_at, &home});
  take_condition(from, home);
  for (Claim& claim : from.claims) {
    if (claim.alias == nullptr) claim.alias = own;
    claim.alias->entry = &home;
    move_claim(from, claim, home);
  }
  from.claims.clear();
  store_report(home, HeartbeatStatus::passing);
  store_drain(home);
  drop(from, Cause::replaced);
}

// What is under the alias is an instance of its own again, and shown; who is left is shown by the caller.
// What clients said of themselves goes with who said it, a drain with both.
Entry& Registry::Core::part(Entry& entry, Alias& alias) {
  const Alias own = alias;
  Entry& alone = admit(own.service, own.id, own.sequence, own.created_at);
  alone.has_begun = entry.has_begun;
  if (is_stored(status_of(entry))) unstore_report(entry);
  const Claim* life = life_claim(entry);
  const bool speaks = life != nullptr && life->alias == &alias;
  const bool is_scheduled = holds_scheduler(entry, alias);
  std::vector<Claim> staying;
  for (Claim& claim : entry.claims) {
    if (claim.alias != &alias) {
      staying.push_back(std::move(claim));
      continue;
    }
    claim.alias = nullptr;
    if (is_scheduler(claim.source->kind)) alone.task_ended = entry.task_ended;
    move_claim(entry, claim, alone);
  }
  entry.claims = std::move(staying);
  end_alias(alias);
  if (entry.condition) {
    Entry& speaker = speaks ? alone : entry;
    Entry& other = speaks ? entry : alone;
    std::unique_ptr<Condition> said = std::move(entry.condition);
    if (said->drain) {
      other.condition = std::make_unique<Condition>();
      other.condition->drain = said->drain;
    }
    speaker.condition = std::move(said);
    // From here on each ends by itself. Names that are awaited still are a scheduler's.
    Entry& client = is_scheduled ? entry : alone;
    if (is_draining(client)) client.condition->drain->number = next_sequence_++;
  }
  for (const Entry* each : {&entry, &alone}) {
    store_report(*each, HeartbeatStatus::passing);
    store_drain(*each);
  }
  refresh(alone);
  return alone;
}

void Registry::Core::part(Entry& entry, Alias& alias, Parted& parted) {
  parted.emplace_back(alias.service, alias.id);
  part(entry, alias);
}

void Registry::Core::join_tasks(const Parted& parted) {
  for (const auto& [service, id] : parted)
    if (Entry* entry = entries_.find({service, id})) join_task(*entry);  // not part of another meanwhile
}

// After claims came, went or named another task: who is one instance is judged anew, then what is shown of
// it. True: `entry` may be gone, and its claims are to be looked up. `cause`: why it is gone if nothing is
// left of it.
bool Registry::Core::review(Entry& entry, Cause cause) {
  const auto is_alone = [](const Claim& claim) { return claim.alias == nullptr && claim.body->task.empty(); };
  if (std::ranges::all_of(entry.claims, is_alone) && !entry.claims.empty()) {
    refresh(entry);
    return false;
  }
  Parted parted;
  while (Alias* alias = unlinked_alias(entry)) part(entry, *alias, parted);
  if (entry.claims.empty()) {
    drop(entry, cause);
  } else {
    join_task(entry);
  }
  join_tasks(parted);
  return true;
}

// Makes one instance of what belongs to one task with `entry`, and shows it.
void Registry::Core::join_task(Entry& entry) {
  Parted left;
  for (const Claim& claim : entry.claims) {
    Entry* home = home_of(claim.body->task);
    if (home == nullptr || home == &entry || !may_join(entry, *home, claim.body->task)) continue;
    absorb(entry, *home, std::string(claim.body->task), left);
    show_by_names(*home);
    return join_tasks(left);
  }
  for (std::size_t i = 0; i < entry.claims.size(); ++i) {
    if (!is_host(entry.claims[i]) || home_of(entry.claims[i].body->task) != &entry) continue;
    const std::string task = entry.claims[i].body->task;
    while (Entry* other = joining(entry, task)) absorb(*other, entry, task, left);
  }
  show_by_names(entry);
  join_tasks(left);
}

// Where a task lived is its home no more: another may be.
void Registry::Core::rejoin(const std::string& task) {
  if (Entry* home = home_of(task)) join_task(*home);
}

// The overlay speaks of an instance by any of its names.
void Registry::Core::show_by_names(Entry& entry) {
  entry.effect = effect_on(entry);
  refresh(entry);
}

// One that is to become part of the task's instance; null: none.
Entry* Registry::Core::joining(Entry& home, const std::string& task) const {
  const auto among = [&](const auto* named) -> Entry* {
    if (named == nullptr) return nullptr;
    const auto at = std::ranges::find_if(
        *named, [&](const Entry* other) { return other != &home && may_join(*other, home, task); });
    return at == named->end() ? nullptr : *at;
  };
  Entry* other = among(tasks_.listed(task));
  return other != nullptr ? other : among(tasks_.registered(task));
}

}  // namespace muster::registry
