// CNAME and DNAME: each step writes its records and moves on to the target, through all our zones.
#include "dns/road.h"
#include "zones/wire_name.h"

namespace muster::dns {

using zones::RrClass;
using zones::RrType;

// Written once each: in a loop, or after kAliasesMax, the chain so far is the reply.
Road::State Road::follow() {
  if (step_ == kAliasesMax) return State::done;
  for (std::size_t before = 0; before < step_; ++before) {
    const FoldedName& seen = before == 0 ? query_.name : scratch_.steps[before].name;
    if (seen.wire() == name().wire()) return State::done;
  }
  if (node_.missing > 0 && source_ == node_.entry) return follow_dname();
  const auto cname = source_->find(RrType::cname);
  if (!cname || cname->count() == 0) return State::nodata;
  const std::size_t at = writer().put(Section::answer, owner_, cname->image(0));
  if (at == 0) return State::trunc;
  return zones::name_length(cname->rdata(0)) ? step_to(cname->rdata(0), at) : State::done;
}

// RFC 6672 §3.2: the DNAME, a CNAME made from it, and on.
Road::State Road::follow_dname() {
  const auto dname = source_->find(RrType::dname);
  if (!dname || dname->count() == 0 || !zones::name_length(dname->rdata(0))) return State::miss;
  std::size_t known = 0;
  while (known < dnames_ && scratch_.dnames[known] != source_) ++known;
  if (known == dnames_) {
    Owner owner{0, source_->name()};
    if (writer().put(Section::answer, owner, dname->image(0)) == 0) return State::trunc;
    scratch_.dnames[dnames_++] = source_;
  }
  const std::size_t kept = name().at(node_.missing);
  const std::string_view suffix = dname->rdata(0);
  if (kept + suffix.size() > kNameMax) {
    rcode_ = Rcode::yxdomain;
    return State::done;
  }
  std::array<char, kNameMax>& target = scratch_.steps[step_ + 1].synthesized;
  name_wire_.copy(target.data(), kept);
  suffix.copy(target.data() + kept, suffix.size());
  const std::string_view made(target.data(), kept + suffix.size());
  const std::size_t at =
      writer().put(Section::answer, owner_, RrType::cname, RrClass::in, dname->ttl(), made);
  if (at == 0) return State::trunc;
  if (query_.type == RrType::cname || query_.type == RrType::any) return State::done;
  return step_to(made, at);
}

Road::State Road::step_to(std::string_view target, std::size_t at) {
  if (step_ == 0) scratch_.first = {node_.entry, node_.missing};
  Scratch::Step& step = scratch_.steps[++step_];
  step.name.assign(target);
  name_ = &step.name;
  name_wire_ = target;
  owner_ = {at + zones::layout::kRecordFixed, target};
  return State::follow;
}

}  // namespace muster::dns
