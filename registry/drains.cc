// What takes an instance out of the answers while it stays registered, and outlives a restart: each name of
// the instance has a row, for after a start they stand apart until a scheduler has spoken.
#include <algorithm>

#include "registry/core.h"

namespace muster::registry {

Outcome Registry::Core::on(const DrainOrder& order) {
  Entry* entry = entry_at(order.service, order.id);
  if (entry == nullptr) {
    if (const DrainRow* waiting = drains_.find({order.service, order.id});
        waiting != nullptr && !order.drain) {
      end_waiting(waiting->number, order.by);
      Grant done;
      done.revision = revision_;
      return done;
    }
    return missing({order.service, order.id});
  }
  if (auto bad = out_of_reach(entry, {order.service, order.id}, order.by)) return *bad;
  if (!order.drain) {
    if (!is_draining(*entry)) return grant(*entry, false);
    end_drain(*entry, order.by);
    if (*entry->condition == Condition{}) entry->condition.reset();
  } else {
    const Drain* drain = is_draining(*entry) ? &*entry->condition->drain : nullptr;
    if (drain != nullptr && drain->reason == order.reason && (!config_.may_write || drain->by == order.by))
      return grant(*entry, false);
    if (!entry->condition) entry->condition = std::make_unique<Condition>();
    if (!entry->condition->drain) entry->condition->drain = new_drain();
    entry->condition->drain->reason = order.reason;
    entry->condition->drain->by = order.by;
    store_drain(*entry);
  }
  refresh(*entry);
  return grant(*entry, false);
}

void Registry::Core::store_drain(const Entry& entry) {
  if (restoring_ || !is_draining(entry)) return;
  const Drain& drain = *entry.condition->drain;
  std::optional<WallTime> remove_at;
  if (drain.remove_at) remove_at = now_.wall + (*drain.remove_at - at());
  for (const Key& name : names_of(entry))
    batch_.rows.push_back(DrainRow{std::string(name.service), std::string(name.name), drain.number,
                                   drain.reason, drain.since, remove_at, drain.by, entry.shown->service});
}

void Registry::Core::unstore_drain(const Entry& entry) {
  if (!is_draining(entry)) return;
  for (const Key& name : names_of(entry))
    batch_.rows.push_back(DrainGone{std::string(name.service), std::string(name.name)});
}

// By all of its names, those that have not come back since a start too.
void Registry::Core::end_drain(Entry& entry, std::string_view by) {
  if (!is_draining(entry)) return;
  unstore_drain(entry);
  end_waiting(entry.condition->drain->number, by);
  entry.condition->drain.reset();
}

// Where that takes a right, of those that he who ends it may write, by their own name or by that of the
// service where their instance lived.
void Registry::Core::end_waiting(std::uint64_t drain, std::string_view by) {
  for (DrainRow& row : drains_.take_all(drain)) {
    if (may_write(by, row.service) || (!row.home.empty() && may_write(by, row.home))) {
      batch_.rows.push_back(DrainGone{std::move(row.service), std::move(row.id)});
    } else {
      drains_.add(std::move(row));
    }
  }
}

// What was drained before a start is drained when it is there again.
void Registry::Core::recall_drain(Entry& entry, Key name) {
  if (drains_.size() == 0) return;
  const std::optional<DrainRow> row = drains_.take(name);
  if (!row) return;
  if (entry.shown->service != name.service && !may_write(row->by, entry.shown->service)) {
    batch_.rows.push_back(DrainGone{row->service, row->id});
    return;
  }
  Drain drain{row->number, row->since, row->reason, std::nullopt, row->by};
  if (row->remove_at) drain.remove_at = at() + std::max(Millis(0), *row->remove_at - now_.wall);
  if (!entry.condition) entry.condition = std::make_unique<Condition>();
  entry.condition->join_drain(drain);
}

// Whatever has not come back in the time for which a name is known stays away.
bool Registry::Core::forget_drains(std::size_t& most) {
  if (drains_.size() == 0 || at() < drains_until_) return false;
  for (; most > 0 && drains_.size() > 0; --most) {
    const DrainRow row = drains_.take_any();
    batch_.rows.push_back(DrainGone{row.service, row.id});
  }
  return drains_.size() > 0;
}

}  // namespace muster::registry
