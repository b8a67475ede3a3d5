#include "zones/update.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "zones/rdata_fields.h"

namespace muster::zones {

namespace {

// The largest RRset that one message holds: header, question of the longest name, and a pointer an owner.
constexpr std::size_t kRrsetOctetsMost = 65535 - 12 - 259;
constexpr std::size_t kRecordOverhead = 12;

// Types that are no data (RFC 6895 §3.1): asked for, or of one message only.
bool is_meta(RrType type) {
  const auto number = static_cast<unsigned>(type);
  return number == 0 || type == RrType::opt || (number >= 128 && number <= 255);
}

// What may stand beside a CNAME (RFC 4035 §2.5, RFC 2181 §10.1).
bool beside_cname(RrType type) {
  return type == RrType::rrsig || type == RrType::nsec || type == RrType::sig || type == RrType::key;
}

bool is_single(RrType type) { return type == RrType::cname || type == RrType::dname; }

using Rrsets = std::vector<RrsetSpec>;

RrsetSpec* find_set(Rrsets& sets, RrType type) {
  const auto found =
      std::find_if(sets.begin(), sets.end(), [&](const RrsetSpec& set) { return set.type == type; });
  return found == sets.end() || found->members.empty() ? nullptr : &*found;
}
const RrsetSpec* find_set(const Rrsets& sets, RrType type) {
  return find_set(const_cast<Rrsets&>(sets), type);
}

Member* find_member(RrsetSpec& set, std::string_view rdata) {
  const auto found = std::find_if(set.members.begin(), set.members.end(), [&](const Member& member) {
    return equal_rdata(set.type, member.rdata, rdata);
  });
  return found == set.members.end() ? nullptr : &*found;
}
bool holds(const RrsetSpec& set, std::string_view rdata) {
  return find_member(const_cast<RrsetSpec&>(set), rdata) != nullptr;
}

std::size_t size_of(const RrsetSpec& set) {
  std::size_t octets = 0;
  for (const Member& member : set.members) octets += kRecordOverhead + member.rdata.size();
  return octets;
}

bool equal_sets(const RrsetSpec& a, const RrsetSpec& b) {
  return a.ttl == b.ttl && a.members.size() == b.members.size() &&
         std::all_of(a.members.begin(), a.members.end(), [&](const Member& member) {
           return std::any_of(b.members.begin(), b.members.end(),
                              [&](const Member& other) { return other.rdata == member.rdata; });
         });
}

// Every type of `a` is in `b`, and equal where `whole`.
bool covers(const Rrsets& a, const Rrsets& b, bool whole) {
  return std::all_of(a.begin(), a.end(), [&](const RrsetSpec& set) {
    const RrsetSpec* other = find_set(b, set.type);
    return other != nullptr && (!whole || equal_sets(set, *other));
  });
}

// The zone with what the update did to it so far.
class Draft {
 public:
  struct Touched {
    Name owner;  // its case as first written
    Rrsets before;
    Rrsets now;
  };

  explicit Draft(const UpdateView& view) : view_(view), soa_(view.soa), soa_ttl_(view.soa_ttl) {}

  Rrsets& at(const Name& owner) {
    const auto [place, is_new] = touched_.try_emplace(owner);
    if (is_new) {
      NameSpec spec = contents(owner);
      place->second = {std::move(spec.owner), spec.rrsets, spec.rrsets};
    }
    return place->second.now;
  }
  Rrsets peek(const Name& owner) const {
    const auto found = touched_.find(owner);
    return found == touched_.end() ? contents(owner).rrsets : found->second.now;
  }
  bool is_apex(const Name& owner) const { return owner == view_.apex; }
  const UpdateView& view() const { return view_; }
  Soa& soa() { return soa_; }
  std::uint32_t& soa_ttl() { return soa_ttl_; }
  std::map<Name, Touched>& touched() { return touched_; }

  // The set with the apex's SOA, for prerequisites.
  Rrsets with_soa(const Name& owner) const {
    Rrsets sets = peek(owner);
    if (view_.bound_sets) {
      Rrsets bound = view_.bound_sets(owner);
      std::move(bound.begin(), bound.end(), std::back_inserter(sets));
    }
    if (is_apex(owner)) {
      RrsetSpec soa;
      soa.type = RrType::soa;
      soa.ttl = soa_ttl_;
      soa.members.push_back({.rdata = encode(soa_), .weight = 1, .tier = 0, .addresses = {}});
      sets.push_back(std::move(soa));
    }
    return sets;
  }

 private:
  NameSpec contents(const Name& owner) const {
    NameSpec spec = view_.read(owner).value_or(NameSpec{owner, {}});
    std::erase_if(spec.rrsets,
                  [](const RrsetSpec& set) { return set.members.empty() || set.type == RrType::soa; });
    return spec;
  }

  const UpdateView& view_;
  Soa soa_;
  std::uint32_t soa_ttl_;
  std::map<Name, Touched> touched_;
};

std::string describe(const UpdateRecord& record, std::string_view what) {
  return record.owner.text() + " " + to_string(record.type) + ": " + std::string(what);
}

// One message against one zone; the first thing found wrong stays.
class Planner {
 public:
  Planner(const Update& update, const UpdateView& view) : update_(update), view_(view), draft_(view) {}

  std::optional<UpdateRefusal> check() {
    if (check_prerequisites()) prescan();
    return refusal_;
  }

  net::Result<UpdatePlan, UpdateRefusal> plan() {
    if (const auto refusal = check()) return *refusal;
    for (const UpdateRecord& record : update_.changes) apply(record);
    if (!check_result()) return *refusal_;
    return finish();
  }

 private:
  bool refuse(UpdateFault fault, const UpdateRecord& record, std::string_view what) {
    refusal_ = UpdateRefusal{fault, describe(record, what)};
    return false;
  }

  // RFC 2136 §3.2.5. Whole sets are compared when all their records have been seen.
  bool check_prerequisites() {
    std::map<std::pair<Name, RrType>, std::vector<const UpdateRecord*>> sets;
    for (const UpdateRecord& record : update_.prerequisites) {
      if (record.ttl != 0) return refuse(UpdateFault::formerr, record, "a prerequisite has TTL 0");
      if (!record.owner.is_at_or_below(view_.apex))
        return refuse(UpdateFault::notzone, record, "not in the zone");
      if (record.rr_class == RrClass::in) {
        if (is_meta(record.type)) return refuse(UpdateFault::formerr, record, "no type of data");
        sets[{record.owner, record.type}].push_back(&record);
        continue;
      }
      if (record.rr_class != RrClass::any && record.rr_class != RrClass::none)
        return refuse(UpdateFault::formerr, record, "the class of a prerequisite is IN, ANY or NONE");
      if (!record.rdata.empty())
        return refuse(UpdateFault::formerr, record, "a prerequisite of this class has no rdata");
      if (!check_existence(record)) return false;
    }
    for (const auto& [key, records] : sets) {
      if (!check_whole_set(records)) return false;
    }
    return true;
  }

  bool check_existence(const UpdateRecord& record) {
    const Rrsets sets = draft_.with_soa(record.owner);
    const bool wanted = record.rr_class == RrClass::any;
    if (record.type == RrType::any) {
      if (!sets.empty() == wanted) return true;
      return wanted ? refuse(UpdateFault::nxdomain, record, "prerequisite: no such name")
                    : refuse(UpdateFault::yxdomain, record, "prerequisite: the name exists");
    }
    if ((find_set(sets, record.type) != nullptr) == wanted) return true;
    return wanted ? refuse(UpdateFault::nxrrset, record, "prerequisite: no such RRset")
                  : refuse(UpdateFault::yxrrset, record, "prerequisite: the RRset exists");
  }

  bool check_whole_set(const std::vector<const UpdateRecord*>& records) {
    const Rrsets sets = draft_.with_soa(records[0]->owner);
    const RrsetSpec* set = find_set(sets, records[0]->type);
    if (set != nullptr) {
      RrsetSpec asked;
      asked.type = set->type;
      for (const UpdateRecord* record : records) {
        if (!holds(asked, record->rdata))
          asked.members.push_back({.rdata = record->rdata, .weight = 1, .tier = 0, .addresses = {}});
      }
      const bool equal = asked.members.size() == set->members.size() &&
                         std::all_of(asked.members.begin(), asked.members.end(),
                                     [&](const Member& member) { return holds(*set, member.rdata); });
      if (equal) return true;
    }
    return refuse(UpdateFault::nxrrset, *records[0], "prerequisite: the RRset is not this one");
  }

  // §3.4.1: the whole section before anything of it is done.
  bool prescan() {
    for (const UpdateRecord& record : update_.changes) {
      if (!record.owner.is_at_or_below(view_.apex))
        return refuse(UpdateFault::notzone, record, "not in the zone");
      if (is_bound(record.owner, record.type))
        return refuse(UpdateFault::refused, record, "a service's, as [service.X] also says");
      const bool is_any = record.type == RrType::any;
      switch (record.rr_class) {
        case RrClass::in:
          if (is_meta(record.type)) return refuse(UpdateFault::formerr, record, "no type of data");
          break;
        case RrClass::any:
          if (record.ttl != 0 || !record.rdata.empty() || (is_meta(record.type) && !is_any))
            return refuse(UpdateFault::formerr, record,
                          "deleting an RRset: TTL 0, no rdata, a type of data or ANY");
          break;
        case RrClass::none:
          if (record.ttl != 0 || is_meta(record.type))
            return refuse(UpdateFault::formerr, record, "deleting a record: TTL 0, a type of data");
          break;
        default: return refuse(UpdateFault::formerr, record, "the class of an update is IN, ANY or NONE");
      }
    }
    return true;
  }

  bool is_bound(const Name& owner, RrType type) const {
    if (!view_.bound_types) return false;
    const auto types = view_.bound_types(owner);
    return std::find(types.begin(), types.end(), type) != types.end();
  }
  bool has_bound(const Name& owner) const { return view_.bound_types && !view_.bound_types(owner).empty(); }

  void apply(const UpdateRecord& record) {
    switch (record.rr_class) {
      case RrClass::in: return add(record);
      case RrClass::any: return remove_sets(record);
      default: return remove_record(record);
    }
  }

  // §3.4.2.2. What may not stand together is ignored, not refused.
  void add(const UpdateRecord& record) {
    if (record.type == RrType::soa) return add_soa(record);
    Rrsets& sets = draft_.at(record.owner);
    if (record.type == RrType::cname) {
      const bool other =
          draft_.is_apex(record.owner) || has_bound(record.owner) || std::any_of(sets.begin(), sets.end(), [](const RrsetSpec& set) {
            return set.type != RrType::cname && !beside_cname(set.type);
          });
      if (other) return;
    } else if (find_set(sets, RrType::cname) != nullptr && !beside_cname(record.type)) {
      return;
    }
    RrsetSpec* set = find_set(sets, record.type);
    if (set == nullptr) {
      sets.push_back({});
      set = &sets.back();
      set->type = record.type;
    }
    set->ttl = record.ttl;
    if (is_single(record.type)) set->members.clear();
    if (Member* same = find_member(*set, record.rdata)) {
      same->rdata = record.rdata;
    } else {
      set->members.push_back({.rdata = record.rdata, .weight = 1, .tier = 0, .addresses = {}});
    }
  }

  void add_soa(const UpdateRecord& record) {
    const auto soa = decode_soa(record.rdata);
    if (!draft_.is_apex(record.owner) || !soa || !serial_newer(soa->serial, draft_.soa().serial)) return;
    draft_.soa() = *soa;
    draft_.soa_ttl() = record.ttl;
  }

  // §3.4.2.3. The apex keeps its SOA and its NS.
  void remove_sets(const UpdateRecord& record) {
    const bool apex = draft_.is_apex(record.owner);
    std::erase_if(draft_.at(record.owner), [&](const RrsetSpec& set) {
      if (apex && set.type == RrType::ns) return false;
      return record.type == RrType::any || set.type == record.type;
    });
  }

  // §3.4.2.4.
  void remove_record(const UpdateRecord& record) {
    Rrsets& sets = draft_.at(record.owner);
    RrsetSpec* set = find_set(sets, record.type);
    if (set == nullptr) return;
    if (draft_.is_apex(record.owner) && record.type == RrType::ns && set->members.size() == 1) return;
    std::erase_if(set->members,
                  [&](const Member& member) { return equal_rdata(set->type, member.rdata, record.rdata); });
    std::erase_if(sets, [](const RrsetSpec& one) { return one.members.empty(); });
  }

  // What a master file may not hold, an update may not make.
  bool check_result() {
    for (const auto& [owner, touched] : draft_.touched()) {
      const UpdateRecord about{.owner = owner, .type = RrType::any, .rdata = {}};
      for (const RrsetSpec& set : touched.now) {
        if (size_of(set) > kRrsetOctetsMost)
          return refuse(UpdateFault::refused, about,
                        "the RRset " + to_string(set.type) + " would not fit into a message");
      }
      if (is_new_cut(owner, touched) && view_.has_bound_below && view_.has_bound_below(owner))
        return refuse(UpdateFault::refused, about,
                      "a service has a name there or below, as [service.X] also says");
      if (owner.is_wildcard() && find_set(touched.now, RrType::ns) != nullptr)
        return refuse(UpdateFault::refused, about, "a wildcard cannot be delegated (RFC 4592 4.2)");
      if (find_set(touched.now, RrType::dname) != nullptr && has_dname_fault(owner, touched))
        return refuse(UpdateFault::refused, about,
                      "names below a DNAME, or a CNAME beside it (RFC 6672 2.4)");
      if (!touched.now.empty() && is_below_dname(owner))
        return refuse(UpdateFault::refused, about, "it lies below a DNAME (RFC 6672 2.4)");
    }
    return true;
  }

  bool is_new_cut(const Name& owner, const Draft::Touched& touched) const {
    return !draft_.is_apex(owner) && find_set(touched.now, RrType::ns) != nullptr &&
           find_set(touched.before, RrType::ns) == nullptr;
  }

  bool has_dname_fault(const Name& owner, const Draft::Touched& touched) const {
    return find_set(touched.now, RrType::cname) != nullptr ||
           (find_set(touched.before, RrType::dname) == nullptr && view_.has_names_below(owner));
  }

  bool is_below_dname(const Name& owner) const {
    for (Name above = owner; above != view_.apex;) {
      above = above.parent();
      if (find_set(draft_.peek(above), RrType::dname) != nullptr) return true;
    }
    return false;
  }

  UpdatePlan finish() {
    UpdatePlan plan;
    std::vector<const Name*> gaining;
    std::vector<const Name*> losing;
    for (const auto& [owner, touched] : draft_.touched()) {
      if (covers(touched.now, touched.before, true) && covers(touched.before, touched.now, true)) continue;
      const bool only_loses =
          covers(touched.now, touched.before, false) && !covers(touched.before, touched.now, false);
      (only_loses ? losing : gaining).push_back(&owner);
    }
    order(gaining, &Draft::Touched::now, plan);
    const std::size_t losses = plan.names.size();
    order(losing, &Draft::Touched::before, plan);
    std::reverse(plan.names.begin() + static_cast<std::ptrdiff_t>(losses), plan.names.end());
    finish_soa(plan);
    return plan;
  }

  // Targets before what refers to them, otherwise parents first: std::map is in canonical order.
  void order(const std::vector<const Name*>& names, Rrsets Draft::Touched::*seen, UpdatePlan& plan) {
    std::map<Name, bool> waiting;
    for (const Name* name : names) waiting.emplace(*name, true);
    for (const Name* name : names) place(*name, seen, waiting, plan);
  }

  void place(const Name& name, Rrsets Draft::Touched::*seen, std::map<Name, bool>& waiting,
             UpdatePlan& plan) {
    const auto found = waiting.find(name);
    if (found == waiting.end() || !found->second) return;
    found->second = false;
    const Draft::Touched& touched = draft_.touched().at(name);
    for (const RrsetSpec& set : touched.*seen) {
      for (const Member& member : set.members) {
        for (const RdataName& target : names_in(set.type, member.rdata)) {
          const std::string_view rest = std::string_view(member.rdata).substr(target.offset);
          place(*Name::from_wire(rest.substr(0, *field_size(Field::name, rest))), seen, waiting, plan);
        }
      }
    }
    plan.names.push_back({touched.owner, touched.now});
  }

  // The serial grows once, by the update's own SOA or by one (§3.6).
  void finish_soa(UpdatePlan& plan) {
    plan.soa = draft_.soa();
    plan.soa_ttl = draft_.soa_ttl();
    const bool new_soa = plan.soa.serial != view_.soa.serial;
    plan.changed = new_soa || !plan.names.empty();
    if (plan.changed && !new_soa) plan.soa.serial = view_.soa.serial + 1;
  }

  const Update& update_;
  const UpdateView& view_;
  Draft draft_;
  std::optional<UpdateRefusal> refusal_;
};

}  // namespace

std::optional<UpdateRefusal> check_update(const Update& update, const UpdateView& view) {
  return Planner(update, view).check();
}

net::Result<UpdatePlan, UpdateRefusal> plan_update(const Update& update, const UpdateView& view) {
  return Planner(update, view).plan();
}

}  // namespace muster::zones
