#include "zones/zone_updates.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "zones/name_lines.h"
#include "zones/zone_writer.h"

namespace muster::zones {

namespace {

const std::string kBaseRow;  // no name of a zone is empty

bool is_soa(const RrsetSpec& set) { return set.type == RrType::soa; }

std::optional<std::uint64_t> read_digest(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

}  // namespace

ZoneUpdates::ZoneUpdates(Zones& zones, Name apex, Store store)
    : zones_(zones), apex_(std::move(apex)), store_(std::move(store)) {}

bool ZoneUpdates::restore(const registry::ZoneRow& row) {
  if (row.name == kBaseRow) return restore_base(row.content);
  const auto owner = Name::from_text(row.name);
  if (!owner || !owner->is_at_or_below(apex_)) return false;
  if (row.content.empty()) {
    stored_[*owner] = {*owner, {}};
    return true;
  }
  auto spec = read_name_lines(row.content);
  if (!spec || spec->owner != *owner) return false;
  stored_[*owner] = std::move(*spec);
  return true;
}

bool ZoneUpdates::restore_base(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const auto made_on = read_digest(text.substr(0, space));
  const auto laid_over = read_digest(text.substr(space + 1));
  if (!made_on || !laid_over) return false;
  base_ = {*made_on, *laid_over};
  return true;
}

registry::Row ZoneUpdates::base_row(const Base& base) const {
  return registry::ZoneRow{apex_.text(), kBaseRow,
                           std::to_string(base.made_on) + ' ' + std::to_string(base.laid_over)};
}

// In no order that matters: the zone is not answered from before this is done.
std::optional<Name> ZoneUpdates::lay_over(Zone& zone, const std::optional<Name>& behind) {
  auto at = behind ? stored_.upper_bound(*behind) : stored_.begin();
  std::optional<Name> last;
  for (std::size_t names = 0; at != stored_.end() && names < kLaidAtOnce; ++at, ++names) {
    if (at->second.rrsets.empty()) {
      zones_.erase(zone, at->first);
    } else {
      zones_.put(zone, at->second);
    }
    last = at->first;
  }
  return last;
}

registry::Rows ZoneUpdates::stand_on(Zone& zone, std::uint64_t file) {
  file_ = file;
  const auto apex = stored_.find(apex_);
  if (apex == stored_.end()) return {};
  const auto set = std::find_if(apex->second.rrsets.begin(), apex->second.rrsets.end(), is_soa);
  if (set == apex->second.rrsets.end()) return {};
  auto soa = decode_soa(set->members.front().rdata);
  if (!soa) return {};
  const std::uint32_t ttl = set->ttl;
  const bool has_changed = base_ && base_->laid_over != file;
  if (has_changed) {
    const std::uint32_t of_file = zones_.serial(zone);
    soa->serial = serial_newer(of_file, soa->serial) ? of_file : soa->serial + 1;
    apex->second = with_soa(std::move(apex->second), {*soa, ttl});
    base_->laid_over = file;
  }
  zones_.set_soa(zone, *soa, ttl);
  if (!has_changed) return {};
  return {row_of(apex_, apex->second), base_row(*base_)};
}

registry::Rows ZoneUpdates::discard() {
  registry::Rows rows;
  for (const auto& [owner, spec] : std::exchange(stored_, {}))
    rows.push_back(registry::ZoneGone{apex_.text(), owner.lower().text()});
  if (std::exchange(base_, std::nullopt)) rows.push_back(registry::ZoneGone{apex_.text(), kBaseRow});
  return rows;
}

void ZoneUpdates::submit(const Update& update, Done done) {
  if (next_.waiting.size() >= kWaitingMost) return done({Ending::too_many, std::nullopt, false});
  auto plan = plan_update(update, view());
  if (!plan) return done({Ending::refused, plan.error(), false});
  if (!plan->changed && !storing_) return done({Ending::applied, std::nullopt, false});
  add(std::move(*plan), std::move(done));
  if (!storing_) begin_storing();
}

void ZoneUpdates::settled(bool stored) {
  Group group = std::exchange(writing_, {});
  storing_ = false;
  if (!stored) {
    writing_ = std::move(group);
    return give_up();
  }
  for (const UpdatePlan& plan : group.plans) publish(plan);
  if (!base_ && !group.names.empty()) base_ = {file_, file_};
  for (auto& [owner, spec] : group.names) stored_[owner] = std::move(spec);
  tell(group, Ending::applied);
  if (next_.waiting.empty()) return;
  if (zones_.find(apex_) != nullptr) return begin_storing();
  Group orphans = std::exchange(next_, {});
  tell(orphans, Ending::not_stored);
}

// What waits was planned on top of what has failed. The store tries failed rows again by itself, so it is
// told how the names were.
void ZoneUpdates::give_up() {
  Group failed = std::exchange(writing_, {});
  Group on_top = std::exchange(next_, {});
  registry::Rows rows;
  for (const auto& [owner, spec] : failed.names) {
    const auto was = stored_.find(owner);
    rows.push_back(was != stored_.end()
                       ? row_of(owner, was->second)
                       : registry::Row(registry::ZoneGone{apex_.text(), owner.lower().text()}));
  }
  if (!base_ && !rows.empty()) rows.push_back(registry::ZoneGone{apex_.text(), kBaseRow});
  tell(failed, Ending::not_stored);
  tell(on_top, Ending::not_stored);
  if (rows.empty()) return;
  storing_ = true;
  store_(std::move(rows));
}

void ZoneUpdates::tell(Group& group, Ending ending) {
  for (auto& [done, changed] : group.waiting)
    done({ending, std::nullopt, changed && ending == Ending::applied});
}

void ZoneUpdates::add(UpdatePlan plan, Done done) {
  next_.waiting.emplace_back(std::move(done), plan.changed);
  if (!plan.changed) return;
  for (const NameSpec& spec : plan.names) next_.names[spec.owner] = spec;
  next_.soa = {plan.soa, plan.soa_ttl};
  next_.plans.push_back(std::move(plan));
}

void ZoneUpdates::begin_storing() {
  writing_ = std::exchange(next_, {});
  if (writing_.soa) {
    NameSpec apex =
        writing_.names.contains(apex_) ? writing_.names.at(apex_) : read(apex_).value_or(NameSpec{apex_, {}});
    writing_.names[apex_] = with_soa(std::move(apex), *writing_.soa);
  }
  storing_ = true;
  store_(rows_of(writing_));
}

NameSpec ZoneUpdates::with_soa(NameSpec apex, const std::pair<Soa, std::uint32_t>& soa) const {
  std::erase_if(apex.rrsets, is_soa);
  RrsetSpec set;
  set.type = RrType::soa;
  set.ttl = soa.second;
  set.members.push_back({.rdata = encode(soa.first), .weight = 1, .tier = 0, .addresses = {}});
  apex.rrsets.insert(apex.rrsets.begin(), std::move(set));
  return apex;
}

registry::Rows ZoneUpdates::rows_of(const Group& group) const {
  registry::Rows rows;
  for (const auto& [owner, spec] : group.names) rows.push_back(row_of(owner, spec));
  if (!base_ && !rows.empty()) rows.push_back(base_row({file_, file_}));
  return rows;
}

registry::Row ZoneUpdates::row_of(const Name& owner, const NameSpec& spec) const {
  std::string lines;
  write_name(lines, spec);
  return registry::ZoneRow{apex_.text(), owner.lower().text(), std::move(lines)};
}

void ZoneUpdates::publish(const UpdatePlan& plan) {
  Zone* zone = zones_.find(apex_);
  if (zone == nullptr) return;
  for (const NameSpec& spec : plan.names) {
    if (spec.rrsets.empty() && spec.owner != apex_) {
      zones_.erase(*zone, spec.owner);
    } else {
      zones_.put(*zone, spec);
    }
  }
  // A service at one of its names may have raised the serial meanwhile.
  Soa soa = plan.soa;
  if (plan.changed && !serial_newer(soa.serial, zones_.serial(*zone))) soa.serial = zones_.serial(*zone) + 1;
  zones_.set_soa(*zone, soa, plan.soa_ttl);
}

UpdateView ZoneUpdates::view() const {
  Zone* zone = zones_.find(apex_);
  UpdateView view{.apex = apex_,
                  .soa = zones_.config(*zone).soa,
                  .soa_ttl = zones_.config(*zone).soa_ttl,
                  .read = [this](const Name& owner) { return read(owner); },
                  .has_names_below = [this](const Name& owner) { return has_names_below(owner); },
                  .bound_types = [this](const Name& owner) { return zones_.bound_types(owner); },
                  .bound_sets = [this](const Name& owner) { return zones_.bound_sets(owner); },
                  .has_bound_below = [this](const Name& owner) { return zones_.has_bound_below(owner); }};
  for (const Group* group : {&writing_, &next_}) {
    if (group->soa) std::tie(view.soa, view.soa_ttl) = *group->soa;
  }
  return view;
}

std::optional<NameSpec> ZoneUpdates::read(const Name& owner) const {
  for (const Group* group : {&next_, &writing_}) {
    const auto found = group->names.find(owner);
    if (found != group->names.end()) return found->second;
  }
  return zones_.read_own(*zones_.find(apex_), owner);
}

bool ZoneUpdates::has_names_below(const Name& owner) const {
  if (zones_.has_names_below(*zones_.find(apex_), owner)) return true;
  const auto below = [&](const auto& entry) {
    return entry.first != owner && entry.first.is_at_or_below(owner) && !entry.second.rrsets.empty();
  };
  return std::any_of(writing_.names.begin(), writing_.names.end(), below) ||
         std::any_of(next_.names.begin(), next_.names.end(), below);
}

}  // namespace muster::zones
