#include "zones/zone_diff.h"

#include <algorithm>

#include "zones/rdata_fields.h"

namespace muster::zones {

namespace {

using Records = std::span<const ZoneRecord>;

std::vector<std::string_view> sorted_rdata(Records set) {
  std::vector<std::string_view> list;
  for (const ZoneRecord& record : set) list.push_back(record.rdata());
  std::sort(list.begin(), list.end());
  return list;
}

bool equal_sets(Records a, Records b) {
  if (a.size() != b.size() || a[0].type != b[0].type || a[0].ttl != b[0].ttl) return false;
  const auto same = [](const ZoneRecord& x, const ZoneRecord& y) { return x.rdata() == y.rdata(); };
  return std::equal(a.begin(), a.end(), b.begin(), same) || sorted_rdata(a) == sorted_rdata(b);
}

Records skip_soa(Records records) {
  return !records.empty() && records[0].type == RrType::soa ? first_rrset(records) : Records{};
}

// Compares RRset by RRset, the SOA left out: it is not the names' but the zone's.
bool equal_names(Records a, Records b) {
  while (true) {
    a = a.subspan(skip_soa(a).size());
    b = b.subspan(skip_soa(b).size());
    if (a.empty() || b.empty()) return a.empty() && b.empty();
    const Records x = first_rrset(a);
    const Records y = first_rrset(b);
    if (!equal_sets(x, y)) return false;
    a = a.subspan(x.size());
    b = b.subspan(y.size());
  }
}

bool has_type(Records records, RrType type) {
  return std::any_of(records.begin(), records.end(), [&](const ZoneRecord& r) { return r.type == type; });
}

bool loses_a_type(Records old, Records next) {
  return std::any_of(old.begin(), old.end(),
                     [&](const ZoneRecord& r) { return r.type != RrType::soa && !has_type(next, r.type); });
}
bool gains_a_type(Records old, Records next) { return loses_a_type(next, old); }

// Names in an order where what a name's rdata refers to comes before it. Cycles are cut where they are met.
// An own stack, because a chain of aliases may be as long as the zone.
class TargetsFirst {
 public:
  explicit TargetsFirst(const CompiledZone& zone, const std::vector<std::uint32_t>& names)
      : zone_(zone), state_(zone.names()) {
    for (const std::uint32_t name : names) state_[name] = State::waiting;
    for (const std::uint32_t name : names) visit(name);
  }
  std::vector<std::uint32_t> take() { return std::move(order_); }

 private:
  enum class State : std::uint8_t { elsewhere, waiting, done };
  struct Step {
    std::uint32_t name;
    bool targets_done;
  };

  void visit(std::uint32_t from) {
    std::vector<Step> stack{{from, false}};
    while (!stack.empty()) {
      const Step step = stack.back();
      stack.pop_back();
      if (step.targets_done) order_.push_back(step.name);
      if (step.targets_done || state_[step.name] != State::waiting) continue;
      state_[step.name] = State::done;
      stack.push_back({step.name, true});
      for (const ZoneRecord& record : zone_.records_of(step.name)) push_targets(record, stack);
    }
  }

  void push_targets(const ZoneRecord& record, std::vector<Step>& stack) const {
    for (const RdataName& name : names_in(record.type, record.rdata())) {
      const std::string_view rest = record.rdata().substr(name.offset);
      const auto target = zone_.find(rest.substr(0, *field_size(Field::name, rest)));
      if (target && state_[*target] == State::waiting) stack.push_back({*target, false});
    }
  }

  const CompiledZone& zone_;
  std::vector<State> state_;
  std::vector<std::uint32_t> order_;
};

struct Sorted {
  std::vector<std::uint32_t> gaining;  // of next
  std::vector<std::uint32_t> losing;   // of old
};

Sorted changed_names(const CompiledZone& old, const CompiledZone& next) {
  Sorted sorted;
  for (std::uint32_t name = 0; name < next.names(); ++name) {
    const auto before = old.find(next.owner(name));
    if (!before) {
      sorted.gaining.push_back(name);
      continue;
    }
    const Records was = old.records_of(*before);
    const Records is = next.records_of(name);
    if (old.owner(*before) == next.owner(name) && equal_names(was, is)) continue;
    if (loses_a_type(was, is) && !gains_a_type(was, is)) {
      sorted.losing.push_back(*before);
    } else {
      sorted.gaining.push_back(name);
    }
  }
  return sorted;
}

std::vector<std::uint32_t> gone_names(const CompiledZone& old, const CompiledZone& next) {
  std::vector<std::uint32_t> gone;
  for (std::uint32_t name = 0; name < old.names(); ++name) {
    if (!next.find(old.owner(name))) gone.push_back(name);
  }
  return gone;
}

// What refers before its targets, as the old version had it.
std::vector<std::uint32_t> removal_order(const CompiledZone& old, const std::vector<std::uint32_t>& names) {
  auto order = TargetsFirst(old, names).take();
  std::reverse(order.begin(), order.end());
  return order;
}

bool equal_but_serial(const Soa& a, const Soa& b) {
  Soa same_serial = b;
  same_serial.serial = a.serial;
  return encode(a) == encode(same_serial);
}

}  // namespace

ZoneDiff diff(const CompiledZone& old, const CompiledZone& next) {
  const Sorted changed = changed_names(old, next);
  ZoneDiff result;
  result.puts = TargetsFirst(next, changed.gaining).take();
  for (const std::uint32_t name : removal_order(old, changed.losing))
    result.puts.push_back(*next.find(old.owner(name)));
  result.erases = removal_order(old, gone_names(old, next));
  const bool other_fields = old.soa_ttl() != next.soa_ttl() || !equal_but_serial(old.soa(), next.soa());
  const bool content = other_fields || !result.puts.empty() || !result.erases.empty();
  const bool serial_grows = serial_newer(next.soa().serial, old.soa().serial);
  result.soa_changed = other_fields || serial_grows;
  result.serial_stands = content && !serial_grows;
  return result;
}

}  // namespace muster::zones
