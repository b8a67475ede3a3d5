// Names in no zone of ours: what is agreed on everywhere is answered here, what upstreams have answered
// lately from the cache, and the rest is handed on, for those who may ask.
#include "dns/answer.h"
#include "dns/forward/cache.h"
#include "dns/forward/cached_writer.h"
#include "dns/forward/forwarding.h"
#include "dns/forward/special_names.h"
#include "dns/octets.h"
#include "dns/road.h"

namespace muster::dns {

using zones::RrType;

namespace {

// RFC 6303 §3: SOA localhost. nobody.invalid. 1 3600 1200 604800 10800.
constexpr std::uint32_t kSpecialTtl = 10'800;
constexpr std::string_view kLocalhost("\11localhost\0", 11);
constexpr std::string_view kSoa(
    "\11localhost\0\6nobody\7invalid\0\0\0\0\1\0\0\16\20\0\0\4\260\0\11\72\200\0\0\52\60", 47);
constexpr std::string_view kRoot("\0", 1);
constexpr std::size_t kForwardedMost = 4096;  // octets of a query: it waits in memory

std::string_view loopback(RrType type) {
  return type == RrType::a ? std::string_view("\177\0\0\1", 4)
                           : std::string_view("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

}  // namespace

Road::State Road::foreign() {
  const Forwarding* forwarding = self_.config.forwarding.get();
  if (forwarding == nullptr) return fail(Rcode::refused, ExtendedError::not_authoritative);
  if (!query_.recursion_desired || !forwarding->permits(pending_.client->address)) {
    count(Foreign::refused);
    return fail(Rcode::refused, ExtendedError::prohibited);
  }
  if (const auto state = answer_from_cache()) return *state;
  const SpecialName special = special_name(name().wire());
  if (special.kind != SpecialKind::none && !forwarding->has_own_servers(name().wire(), special.apex)) {
    count(Foreign::special);
    return answer_special(special);
  }
  if (pending_.packet.size() > kForwardedMost) {
    count(Foreign::refused);
    return fail(Rcode::refused, ExtendedError::prohibited, "too long to be looked up elsewhere");
  }
  if (forwarding->is_full()) {
    count(Foreign::full);
    writer().set_forwarded(false);
    return fail(Rcode::servfail, ExtendedError::other, "too many queries wait for other servers");
  }
  count(Foreign::miss);
  scratch_.errand = Errand::forward;
  return State::hand_on;
}

// An alias of ours leads to somebody else's name. Clients of libc do not follow it: who may is spared that.
Road::State Road::leave() {
  const Forwarding* forwarding = self_.config.forwarding.get();
  const bool follows = forwarding != nullptr && query_.recursion_desired && query_.type != RrType::any &&
                       forwarding->permits(pending_.client->address) && !forwarding->is_full() &&
                       pending_.packet.size() <= kForwardedMost;
  if (!follows) return State::done;
  count(Foreign::alias);
  scratch_.errand = Errand::forward;
  return State::hand_on;
}

// Nothing: it is not there, or too old.
std::optional<Road::State> Road::answer_from_cache() {
  if (self_.cache == nullptr) return {};
  const Cache& cache = self_.cache->cache();
  const CacheKey key{name().wire(), query_.type, query_.edns.dnssec_ok, query_.checking_disabled};
  const CachedReply* reply = cache.find(cache.hash(key), key);
  if (reply == nullptr) return {};
  const std::uint32_t tick = pending_.client->tick;
  const bool is_fresh = reply->is_fresh(tick);
  if (!is_fresh && !(reply->is_given_again(tick) && reply->is_of_use_when_nobody_answers(tick))) return {};
  reply->note_use();
  // One whose upstreams failed before is given once more, while they are tried in peace.
  if (is_fresh ? reply->wants_refresh(tick) : reply->wants_retry()) cache.ask_refresh(*reply);
  count(reply->kind() == CachedReply::Kind::answer ? Foreign::hit : Foreign::stale);
  if (reply->kind() == CachedReply::Kind::failure) {
    writer().set_forwarded(false);
    return fail(Rcode::servfail, reply->error());
  }
  writer().set_forwarded(asks_for_ad(pending_.packet, query_) && reply->authenticated());
  rcode_ = reply->rcode();
  forwarded_ = true;
  edns_.error = reply->error();
  return put_cached(writer(), *reply, tick) ? State::done : State::trunc;
}

Road::State Road::answer_special(const SpecialName& special) {
  authoritative_ = true;
  const RrType type = query_.type;
  const bool is_apex = special.apex.size() == name().wire().size();
  if (special.kind == SpecialKind::localhost) {
    if (type == RrType::a || type == RrType::aaaa) return put_special(owner_, type, loopback(type));
    return deny_special(special.apex, Rcode::noerror);
  }
  if (special.kind == SpecialKind::never) return deny_special(kRoot, Rcode::nxdomain);
  const bool is_pointer = is_loopback_pointer(name().wire());
  if (is_pointer && type == RrType::ptr) return put_special(owner_, type, kLocalhost);
  if (is_apex && type == RrType::soa) return put_special(owner_, type, kSoa);
  if (is_apex && type == RrType::ns) return put_special(owner_, type, kLocalhost);
  const bool exists = is_apex || is_pointer || is_above_loopback(name().wire());
  return deny_special(special.apex, exists ? Rcode::noerror : Rcode::nxdomain);
}

Road::State Road::put_special(Owner& owner, RrType type, std::string_view rdata) {
  return writer().put(Section::answer, owner, type, zones::RrClass::in, kSpecialTtl, rdata) != 0
             ? State::done
             : State::trunc;
}

Road::State Road::deny_special(std::string_view apex, Rcode rcode) {
  rcode_ = rcode;
  Owner owner{0, apex};
  const bool fits =
      writer().put(Section::authority, owner, RrType::soa, zones::RrClass::in, kSpecialTtl, kSoa) != 0;
  return fits ? State::done : State::trunc;
}

}  // namespace muster::dns
