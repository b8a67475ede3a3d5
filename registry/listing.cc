// Sources that list what there is, the configuration and schedulers: what they list comes, what they list no
// more goes.
#include <algorithm>
#include <set>

#include "registry/core.h"

namespace muster::registry {

Outcome Registry::Core::on(const SourceList& list) {
  // By the names that the source gave them: where they live may be elsewhere once the list is taken.
  std::set<std::pair<std::string, std::string>> gone;
  for (Entry* entry : listed_[list.source.name]) {
    const Key key = key_of(*entry, *claim_of(*entry, list.source));
    gone.emplace(key.service, key.name);
  }
  Grant all;
  for (const Registration& registration : list.instances) {
    if (take_listed(registration, list.source, all)) gone.erase({registration.service, registration.id});
  }
  for (const auto& [service, id] : gone) unlist({service, id}, list.source, Cause::source_gone);
  all.revision = revision_;
  return all;
}

Outcome Registry::Core::on(const SourceStep& step) {
  Grant all;
  for (const SourceStep::Gone& gone : step.gone) {
    all.touched += unlist({gone.service, gone.id}, step.source, gone.cause) ? 1U : 0U;
  }
  for (const Registration& registration : step.listed) take_listed(registration, step.source, all);
  all.revision = revision_;
  return all;
}

bool Registry::Core::take_listed(Registration registration, const SourceId& source, Grant& all) {
  registration.source = source;
  const Outcome outcome = on(registration);
  if (!outcome) {
    all.left_out.push_back(
        {registration.service, registration.id, outcome.error().message, outcome.error().code});
    return false;
  }
  ++all.touched;
  return true;
}

// False: the source lists none of this name.
bool Registry::Core::unlist(Key key, const SourceId& source, Cause cause) {
  Entry* entry = entry_at(key.service, key.name);
  Claim* claim = entry != nullptr ? claim_of(*entry, source) : nullptr;
  if (entry == nullptr)
    if (auto drain = drains_.take(key)) batch_.rows.push_back(DrainGone{drain->service, drain->id});
  if (claim == nullptr || key_of(*entry, *claim) != key) return false;
  const std::string task = claim->body->task;
  if (entry->claims.size() == 1) {
    drop(*entry, cause);
    if (cause == Cause::task_ended) end_registrations(task);
    rejoin(task);
    return true;
  }
  end_claim(*entry, *claim);
  if (cause == Cause::task_ended) {
    // Whoever sent heartbeats for it is no more, and a scheduler that lists it still is behind.
    entry->task_ended = true;
    deregister(*entry, cause);
    end_registrations(task);
  } else {
    review(*entry, cause);
  }
  rejoin(task);
  return true;
}

// Those that stood alone with the id of a task that no scheduler lists any more.
void Registry::Core::end_registrations(const std::string& task) {
  const auto has_registered = [&](const Entry* entry) {
    return std::ranges::any_of(entry->claims, [&](const Claim& claim) {
      return !is_listed(claim.source->kind) && claim.body->task == task;
    });
  };
  while (home_of(task) == nullptr) {
    const TaskClients* named = tasks_.registered(task);
    if (named == nullptr) return;
    const auto other = std::ranges::find_if(*named, has_registered);
    if (other == named->end()) return;
    deregister(**other, Cause::task_ended);
  }
}

}  // namespace muster::registry
