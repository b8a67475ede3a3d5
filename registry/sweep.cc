// What concerns every service at once, as a reload or an overlay entry for `*` does, goes through them in pieces
// of bounded work, one a tick; the first is done at once, and in most registries it is the only one.
#include <algorithm>
#include <tuple>

#include "registry/core.h"
#include "registry/glob.h"
#include "registry/limits.h"

namespace muster::registry {

// One that is under way begins anew with what it had to do besides: doing it twice changes nothing.
void Registry::Core::begin_sweep(bool settings, bool rights, std::vector<std::string> globs) {
  if (!sweep_) sweep_ = Sweep{};
  sweep_->settings |= settings;
  sweep_->rights |= rights;
  for (std::string& glob : globs) {
    if (std::ranges::find(sweep_->globs, glob) == sweep_->globs.end()) sweep_->globs.push_back(std::move(glob));
  }
  sweep_->after.clear();
  sweep_->last.reset();
  sweep();
}

void Registry::Core::sweep() {
  if (!sweep_ || sweep_->last == at()) return;
  sweep_->last = at();
  const std::size_t most_changes = batch_.changes.size() + kSweepChanges;
  std::size_t visits = 0;
  auto next = services_.upper_bound(sweep_->after);  // no service is named ""
  for (; next != services_.end(); ++next) {
    if (visits >= kSweepVisits || batch_.changes.size() >= most_changes) {
      sweep_->after = std::prev(next)->first;
      return;
    }
    visits += 1 + next->second.members.size();
    sweep_service(next->second);
  }
  sweep_.reset();
}

void Registry::Core::sweep_service(Service& service) {
  bool has_other_checks = false;
  if (sweep_->settings) {
    const ServiceSettings before = service.settings;
    apply_settings(service);
    const auto& [old_checks, new_checks] = std::tie(before.checks, service.settings.checks);
    if (old_checks && new_checks && *old_checks == *new_checks) service.settings.checks = old_checks;
    has_other_checks = service.settings.checks != before.checks ||
                       service.settings.check_rules != before.check_rules ||
                       service.settings.hides_timedout != before.hides_timedout ||
                       service.settings.response_tau != before.response_tau ||
                       service.settings.slow_start != before.slow_start;
    set_service_reason(service, reason_for(service));
    if (before.configured) leave_service(service);
  }
  for (Entry* member : std::vector<Entry*>(service.members.ordered())) {
    sweep_entry(*member);
    if (has_other_checks) refresh(*member);
  }
  if (sweep_->rights) sweep_rights(service);
}

// Who may speak of whom may have changed: it concerns those that are joined, and those that might be.
void Registry::Core::sweep_rights(const Service& service) {
  const auto is_concerned = [this](const Claim& claim) {
    return claim.alias != nullptr || (has_rights(claim.source->kind) && home_of(claim.body->task) != nullptr);
  };
  std::vector<std::string> ids;
  for (const Entry* member : service.members.ordered())
    if (std::ranges::any_of(member->claims, is_concerned)) ids.push_back(member->shown->id);
  const std::string name(service.name);
  for (const std::string& id : ids)  // one may have become part of another meanwhile
    if (Entry* entry = entries_.find({name, id})) review(*entry, Cause::none);
}

void Registry::Core::sweep_entry(Entry& entry) {
  const bool matches = std::ranges::any_of(names_of(entry), [&](const Key& name) {
    const std::string subject = text_of(name);
    return std::ranges::any_of(sweep_->globs,
                               [&](const std::string& glob) { return glob_matches(glob, subject); });
  });
  if (matches) entry.effect = effect_on(entry);
  if (matches || (sweep_->settings && entry.condition)) refresh(entry);
  if (sweep_->settings) update_membership(entry, entry.shown.get());
}

}  // namespace muster::registry
