// What a query shows of its sender, signature and cookie, and how many replies the sender's network gets.
#include "dns/answer.h"
#include "dns/road.h"

namespace muster::dns {

void Road::verify_signature() {
  const Packet packet = pending_.packet;
  static_cast<void>(read_tsig(packet, query_.tsig_at, scratch_.tsig_record));  // the reader found it good
  scratch_.tsig =
      verify(packet, query_.tsig_at, scratch_.tsig_record, self_.config.tsig_keys, pending_.client->now);
  self_.counters.tsig[static_cast<std::size_t>(scratch_.tsig.check)].add();
  // What could not be read is told as that; a signature that nobody can check adds nothing to it.
  if (pending_.outcome.ok || query_.only_cookie || is_verified())
    signature_size_ = scratch_.tsig.reply.size();
}

void Road::check_cookie() {
  const Client& client = *pending_.client;
  const CookieCheck check =
      answer_cookie(query_.edns.cookie, client.address, client.now, *self_.config.cookies, scratch_.cookie);
  self_.counters.cookies[static_cast<std::size_t>(check)].add();
  cookie_valid_ = check == CookieCheck::valid || check == CookieCheck::renewed;
  cookie_invalid_ = check == CookieCheck::invalid;
  edns_.cookie = scratch_.cookie;
}

// RFC 8945 §5.2: NOTAUTH; the TSIG in the reply says why.
Road::State Road::refuse_signature() {
  return fail(scratch_.tsig.check == TsigCheck::malformed ? Rcode::formerr : Rcode::notauth);
}

// RFC 7873 §5.4: how a client gets or tries a cookie without asking anything.
Road::State Road::answer_only_cookie() {
  if (query_.tsig_at != 0 && !is_verified()) return refuse_signature();
  return cookie_invalid_ ? fail(Rcode::badcookie) : State::done;
}

// What is handed on is answered past finish(). What is forwarded counts as an answer for its name. Transfers
// and updates of senders over UDP who show neither a key nor a cookie are nearly always refused, and the
// senders may be forged: they get as many of these replies as they get errors. Of the rest, who wants a name
// forwarded is sometimes told to come by TCP, as with names of ours; the others are dropped.
std::size_t Road::hand_on_or_limit() {
  if (self_.config.rate_limit.responses_per_second == 0 || !udp() || cookie_valid_ || is_verified())
    return hand_on();
  const Client& client = *pending_.client;
  const bool forwards = scratch_.errand == Errand::forward;
  const ReplyKind kind = forwards ? ReplyKind::answer : ReplyKind::error;
  const RateVerdict verdict = self_.config.rate_limiter->count(
      client.address, kind, forwards ? pending_.hash : 0, client.tick, self_.config.rate_limit);
  if (verdict == RateVerdict::send) return hand_on();
  if (verdict == RateVerdict::suppress || !forwards) return drop_for_rate();
  slip();
  writer().set_forwarded(false);
  return seal();
}

// Whoever received the query takes what is known of its sender along.
std::size_t Road::hand_on() {
  Sender& sender = scratch_.sender;
  sender = {};
  if (const TsigKey* key = signed_by()) {
    sender.key = key->name;
    sender.signer = scratch_.tsig.reply;
  }
  if (!edns_.cookie.empty()) sender.cookie = scratch_.cookie;
  return kHandOn;
}

ReplyKind Road::kind() const {
  if (!pending_.outcome.ok) return ReplyKind::error;
  if (rcode_ == Rcode::nxdomain) return ReplyKind::nxdomain;
  if (rcode_ != Rcode::noerror) return ReplyKind::error;
  if (!authoritative_ && !forwarded_) return ReplyKind::referral;
  return scratch_.writer.count(Section::answer) > 0 ? ReplyKind::answer : ReplyKind::nodata;
}

// Made-up names must not be buckets of their own: what is missing counts for its zone, what a wildcard, a
// DNAME or a cut answers for the name that stands there.
std::uint64_t Road::rate_name() const {
  const ReplyKind of = kind();
  if (of == ReplyKind::nxdomain || of == ReplyKind::error) {
    return zone_ != nullptr ? self_.names.hash(zone_->apex.wire()) : 0;
  }
  if (forwarded_) return pending_.hash;
  const Node first = step_ == 0 ? node_ : Node{scratch_.first.entry, scratch_.first.missing};
  return first.missing == 0 ? pending_.hash : self_.names.hash(first.entry->name());
}

// False: nothing is sent.
bool Road::keep_rate() {
  const Client& client = *pending_.client;
  const RateVerdict verdict = self_.config.rate_limiter->count(client.address, kind(), rate_name(),
                                                               client.tick, self_.config.rate_limit);
  if (verdict == RateVerdict::send) return true;
  if (verdict == RateVerdict::suppress) return false;
  slip();
  return true;
}

// A small reply. Who showed a cookie gets one back instead of TC (RFC 7873 §5.2.3).
void Road::slip() {
  const bool cookie = !edns_.cookie.empty();
  self_.counters.slipped[cookie].add();
  if (cookie) {
    fail(Rcode::badcookie);
  } else {
    shorten();
  }
}

std::size_t Road::drop_for_rate() {
  self_.counters.dropped[static_cast<std::size_t>(Dropped::rate_limit)].add();
  return 0;
}

}  // namespace muster::dns
