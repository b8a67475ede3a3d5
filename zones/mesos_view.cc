#include "zones/mesos_view.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "zones/naming/mesos_label.h"

namespace muster::zones {

using naming::MesosDrop;
using naming::MesosRecord;
using naming::MesosRecords;
using registry::SchedulerFramework;
using registry::SchedulerTask;

namespace {

constexpr net::IpAddress kSomeAddress{net::Family::v4, {192, 0, 2, 1}};

}  // namespace

MesosView::MesosView(MesosViewConfig config, std::size_t zone, NameSink& sink, ReverseNames* reverse)
    : config_(std::move(config)), zone_(zone), sink_(sink), reverse_names_(reverse) {
  follow_ptr();
  add_all(1);
  take_to_names();
  publish();
}

void MesosView::apply(const registry::SchedulerChange& change) {
  take(change.agents, agents_);
  take(change.frameworks, frameworks_);
  take(change.tasks, tasks_);
  const auto not_here = [](const auto& task) { return task && !task->is_in_view ? task : nullptr; };
  for (const auto& step : change.withheld) withheld_.replace(not_here(step.before), not_here(step.after));
  if (change.masters) {
    if (masters_) add(*masters_, -1);
    masters_ = change.masters;
    add(*masters_, 1);
  }
  take_to_names();
  publish();
}

// Everything is taken away and comes back, so that every name is dirty.
void MesosView::reconfigure(MesosViewConfig config) {
  if (config == config_) return;
  add_all(-1);
  take_to_names();
  config_ = std::move(config);
  follow_ptr();
  add_all(1);
  take_to_names();
  publish();
}

// Without ptr all that was said goes at once, and before the names that it leads to.
void MesosView::follow_ptr() {
  if (reverse_names_ == nullptr || !config_.naming.ptr) {
    reverse_.reset();
    led_back_.clear();
  } else if (!reverse_) {
    reverse_.emplace(*reverse_names_, config_.ttl);
  } else {
    reverse_->set_ttl(config_.ttl);
  }
}

template <class Element>
void MesosView::take(const std::vector<registry::SchedulerStep<Element>>& steps,
                     Arrivals<Element>& arrivals) {
  for (const auto& step : steps) {
    if (const auto before = arrivals.replace(step.before, step.after)) add(*before, -1);
    if (step.after) add(*step.after, 1);
  }
}

template <class Element>
void MesosView::add(const Element& element, std::int32_t by) {
  if constexpr (std::is_same_v<Element, SchedulerFramework>) count_framework(element, by);
  add(naming::records_of(element, config_.naming), by);
}

void MesosView::add_all(std::int32_t by) {
  const auto add_one = [&](const auto& element) { add(element, by); };
  add(naming::records_of_name_server(config_.name_server_addresses, config_.naming), by);
  if (masters_) add(*masters_, by);
  agents_.for_each(add_one);
  frameworks_.for_each(add_one);
  tasks_.for_each(add_one);
}

void MesosView::add(MesosRecords records, std::int32_t by) {
  for (const auto& dropped : records.dropped)
    counters_.dropped[static_cast<std::size_t>(dropped.reason)] += static_cast<std::size_t>(by);
  for (MesosRecord& record : records.records) steps_.push_back({std::move(record), by});
  if (steps_.size() >= kPortion) take_to_names();
}

void MesosView::count_framework(const SchedulerFramework& framework, std::int32_t by) {
  const std::string name = naming::mesos_framework(framework.name, config_.naming.rule());
  if (name.empty()) return;
  const auto at = framework_names_.try_emplace(name, 0).first;
  const bool was_shared = at->second > 1;
  at->second += static_cast<std::size_t>(by);
  counters_.shared_frameworks += std::size_t{at->second > 1} - std::size_t{was_shared};
  if (at->second == 0) framework_names_.erase(at);
}

void MesosView::take_to_names() {
  std::ranges::sort(steps_, std::less<>{});
  for (auto at = steps_.begin(); at != steps_.end();) {
    const std::string_view owner = at->record.owner.wire();
    const auto end = std::find_if(at, steps_.end(),
                                  [&](const MesosStep& step) { return step.record.owner.wire() != owner; });
    MesosName& name = name_at(owner);
    auto led_back = name.is_dirty ? std::vector<net::IpAddress>() : leading_back(name);
    const bool is_changed = name.change({at, end}, config_.naming.weight_labels);
    if (is_changed || name.empty())
      mark(name, std::move(led_back));  // one that came and went at once is still to be forgotten
    at = end;
  }
  steps_.clear();
}

MesosName& MesosView::name_at(std::string_view owner) {
  auto at = names_.find(owner);
  if (at == names_.end()) at = names_.insert(std::make_unique<MesosName>(owner)).first;
  return **at;
}

std::vector<net::IpAddress> MesosView::leading_back(const MesosName& name) const {
  return reverse_ ? name.leading_back(config_) : std::vector<net::IpAddress>();
}

void MesosView::mark(MesosName& name, std::vector<net::IpAddress> led_back) {
  if (std::exchange(name.is_dirty, true)) return;
  dirty_.push_back(&name);
  if (!led_back.empty()) led_back_.emplace(&name, std::move(led_back));
}

// What SRV records point to comes before them and goes after them: names with addresses, names with SRV
// records, those of them that go, names whose answers are empty now, and the others that go.
void MesosView::publish() {
  std::vector<MesosName*> addresses;
  std::vector<MesosName*> services;
  std::vector<MesosName*> gone_services;
  std::vector<MesosName*> empty_answers;
  std::vector<MesosName*> gone;
  const std::vector<MesosName*> dirty = std::exchange(dirty_, {});
  for (MesosName* name : dirty) {
    name->is_dirty = false;
    const bool had_srv = name->shown().has_srv;
    look(*name);
    const MesosName::Shown& shown = name->shown();
    if (name->empty()) {
      (had_srv ? gone_services : gone).push_back(name);
    } else {
      (shown.has_srv ? services : shown.has_addresses ? addresses : empty_answers).push_back(name);
    }
  }
  for (MesosName* name : addresses) put(*name);
  for (MesosName* name : services) put(*name);
  if (reverse_) publish_reverse(dirty);
  for (MesosName* name : gone_services) erase(*name);
  for (MesosName* name : empty_answers) put(*name);
  for (MesosName* name : gone) erase(*name);
}

void MesosView::publish_reverse(const std::vector<MesosName*>& changed) {
  for (const MesosName* name : changed) {
    const auto before = led_back_.find(name);
    const std::vector<net::IpAddress> none;
    const std::vector<net::IpAddress>& old = before == led_back_.end() ? none : before->second;
    const std::vector<net::IpAddress> fresh = leading_back(*name);
    if (old == fresh) continue;
    const Name target = Name::from_wire(name->owner()).value_or(Name());
    for (const net::IpAddress& address : old) {
      if (!std::ranges::binary_search(fresh, address)) reverse_->remove(address, target);
    }
    for (const net::IpAddress& address : fresh) {
      if (!std::ranges::binary_search(old, address)) reverse_->add(address, target);
    }
  }
  led_back_.clear();
  reverse_->flush();
}

void MesosView::look(MesosName& name) {
  const MesosName::Shown before = name.shown();
  name.look(config_);
  const MesosName::Shown& after = name.shown();
  auto& taken = counters_.dropped[static_cast<std::size_t>(MesosDrop::name_taken)];
  counters_.records += after.records - std::size_t{before.records};
  taken += after.taken - std::size_t{before.taken};
  counters_.collisions += std::size_t{after.is_collision} - std::size_t{before.is_collision};
  if (after.is_collision && !before.is_collision)
    counters_.last_collision = Name::from_wire(name.owner()).value_or(Name()).text();
}

void MesosView::put(MesosName& name) {
  sink_.put(zone_, name.spec(config_));
  ++counters_.puts;
  counters_.names += !std::exchange(name.is_put, true);
}

// A name that came and went within one change was never put.
void MesosView::erase(MesosName& name) {
  if (name.is_put) {
    sink_.erase(zone_, Name::from_wire(name.owner()).value_or(Name()));
    ++counters_.erasures;
    --counters_.names;
  }
  names_.erase(names_.find(name.owner()));
}

const MesosName* MesosView::find(std::string_view owner) const {
  const auto at = names_.find(owner);
  return at == names_.end() ? nullptr : at->get();
}

std::optional<std::uint64_t> MesosView::visit_tasks(std::uint64_t place, std::size_t most,
                                                    const TaskVisit& visit) const {
  return tasks_.visit(place, most, [&](const registry::SchedulerTask& task) {
    MesosRecords records = naming::records_of(task, config_.naming);
    std::erase_if(records.records, [&](const MesosRecord& record) {
      const MesosName* name = find(record.owner.wire());
      return name == nullptr || !name->is_published(record.type, record.rank, record.is_ready, config_);
    });
    visit(task, records.records);
  });
}

void MesosView::visit_dropped(const std::function<void(const naming::MesosDropped&)>& visit) const {
  const auto visit_all = [&](const MesosRecords& records) { std::ranges::for_each(records.dropped, visit); };
  const auto visit_one = [&](const auto& element) { visit_all(naming::records_of(element, config_.naming)); };
  visit_all(naming::records_of_name_server(config_.name_server_addresses, config_.naming));
  if (masters_) visit_one(*masters_);
  agents_.for_each(visit_one);
  frameworks_.for_each(visit_one);
  tasks_.for_each(visit_one);
}

bool MesosView::visit_contributions(const Name& owner, std::size_t most_tasks,
                                    const std::function<void(const Contribution&)>& visit) const {
  const Name lower = owner.lower();
  const MesosName* name = find(lower.wire());
  const auto visit_all = [&](std::string_view element, const MesosRecords& records, const std::string& id,
                             const std::string& raw, const std::string& framework,
                             const std::string& agent_id, registry::Reason unready = registry::Reason::ok) {
    bool is_there = false;
    for (const MesosRecord& record : records.records) {
      if (record.owner != lower) continue;
      is_there = true;
      const bool is_published =
          name != nullptr && name->is_published(record.type, record.rank, record.is_ready, config_);
      const bool is_out = !is_published && !record.is_ready;
      visit({element, id, raw, framework, agent_id, record, is_published, is_out ? to_string(unready) : "",
             true});
    }
    return is_there;
  };
  visit_all("name server", naming::records_of_name_server(config_.name_server_addresses, config_.naming), "",
            "", "", "");
  if (masters_) visit_all("masters", naming::records_of(*masters_, config_.naming), "", "", "", "");
  agents_.for_each([&](const registry::SchedulerAgent& agent) {
    visit_all("agent", naming::records_of(agent, config_.naming), agent.id, "", "", agent.id);
  });
  frameworks_.for_each([&](const SchedulerFramework& framework) {
    visit_all("framework", naming::records_of(framework, config_.naming), framework.id, framework.name,
              framework.name, "");
  });
  const auto more = tasks_.visit(0, most_tasks, [&](const SchedulerTask& task) {
    const bool is_there = visit_all("task", naming::records_of(task, config_.naming), task.id, task.name,
                                    task.framework, task.agent_id, task.reason);
    if (!is_there && task.addresses.empty()) visit_absent(task, "no_address", lower, visit);
  });
  const auto more_withheld = withheld_.visit(0, most_tasks, [&](const registry::SchedulerWithheld& task) {
    visit_absent(task, task.withheld_for, lower, visit);
  });
  return !more && !more_withheld;
}

// What it would say at a name. One without an address is given one, to know its names.
void MesosView::visit_absent(SchedulerTask task, std::string_view reason, const Name& owner,
                             const std::function<void(const Contribution&)>& visit) const {
  const bool has_address = !task.addresses.empty();
  if (!has_address) task.addresses = {kSomeAddress};
  for (const MesosRecord& record : naming::records_of(task, config_.naming).records) {
    if (record.owner == owner)
      visit({"task", task.id, task.name, task.framework, task.agent_id, record, false, reason, has_address});
  }
}

std::vector<MesosView::Standing> MesosView::standings_at(const Name& owner) const {
  std::vector<Standing> standings;
  const Name lower = owner.lower();
  const MesosName* name = find(lower.wire());
  if (name == nullptr) return standings;
  for (const MesosName::Held& held : name->records()) {
    standings.push_back({held.type, std::string(held.rdata), held.rank, held.is_ready, held.count,
                         name->is_published(held.type, held.rank, held.is_ready, config_)});
  }
  return standings;
}

}  // namespace muster::zones
