// Names in no zone of ours: who may ask, what never leaves, what the cache answers.
#include <gmock/gmock.h>

#include "dns/forward/alias_reply.h"
#include "dns/forward/cache.h"
#include "dns/forward/forwarding.h"
#include "dns/octets.h"
#include "tests/dns/support/strict_reader.h"
#include "tests/dns/support/world.h"

namespace muster::dns {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::Octets;
using test::QueryBuilder;
using test::Reply;
using testing::ElementsAre;
using testing::IsEmpty;
using zones::RrType;

constexpr std::uint16_t kRecursion = 0x0100;
constexpr std::uint16_t kAd = 0x0020;
constexpr const char* kLines[] = {"www 60 A 192.0.2.1", "out 60 CNAME on", "on 60 CNAME www.foreign.test."};

class ForeignNames : public testing::Test {
 protected:
  ForeignNames() {
    world_.file_zone("example.", kLines);
    forwarding_->allow = {*net::parse_prefix("127.0.0.0/8")};
    forwarding_->pending = pending_;
    thread_.answerer().config.forwarding = forwarding_;
    thread_.answerer().cache = &reader_;
  }

  Octets raw(const Octets& query, const Client& client) { return thread_.ask(query, client); }
  // What is handed on has no reply here.
  bool is_handed_on(const Octets& query, const Client& client = test::udp_client()) {
    const std::unique_ptr<std::uint8_t[]> reply(new std::uint8_t[kPacketMax]);
    const zones::NameTable::Reader::Online online(thread_.reader());
    return answer(query, client, thread_.answerer(), {reply.get(), kPacketMax}) == kHandOn &&
           thread_.answerer().scratch.errand == Errand::forward;
  }
  Reply ask(const Octets& query, Client client = test::udp_client()) {
    client.tick = tick_;
    return test::read_reply(query, thread_.ask(query, client), client.transport == Transport::udp, true);
  }
  Reply ask(const char* name, RrType type = RrType::a) {
    return ask(QueryBuilder(name, type).flags(kRecursion).edns().build());
  }
  // "www.foreign.test." has this many addresses, for a minute.
  void keep(std::size_t addresses, CachedReply::Kind kind = CachedReply::Kind::answer,
            std::uint32_t lifetime = 60) {
    UpstreamReply reply;
    for (std::size_t i = 0; i < addresses; ++i) {
      const std::string record = "\300\14\0\1\0\1\0\0\0\74\0\4\300\0\2"s + static_cast<char>(i + 1);
      reply.ttls.push_back(static_cast<std::uint16_t>(reply.records.size() + 6));
      reply.records.insert(reply.records.end(), record.begin(), record.end());
    }
    reply.ends[0] = static_cast<std::uint32_t>(reply.records.size());
    const std::string more = "\300\20\0\2\0\1\0\0\0\74\0\5\2ns\300\20"s;  // foreign.test. NS ns.foreign.test.
    reply.ttls.push_back(static_cast<std::uint16_t>(reply.records.size() + 6));
    reply.records.insert(reply.records.end(), more.begin(), more.end());
    reply.ends[1] = reply.ends[2] = static_cast<std::uint32_t>(reply.records.size());
    reply.counts = {static_cast<std::uint16_t>(addresses), 1, 0};
    reply.authenticated = true;
    const CacheKey key{"\3www\7foreign\4test\0"sv, RrType::a, false, false};
    std::optional<ExtendedError> error;
    if (kind == CachedReply::Kind::stale) error = ExtendedError::stale_answer;
    if (kind == CachedReply::Kind::failure) error = ExtendedError::network_error;
    cache_.insert(CachedReply::make(key, cache_.hash(key), reply, kind, tick_, lifetime, error), tick_);
  }
  std::uint64_t counted(Foreign what) const {
    return const_cast<test::Thread&>(thread_)
        .answerer()
        .counters.foreign[static_cast<std::size_t>(what)]
        .value();
  }
  using Lines = std::vector<std::string>;

  test::World world_;
  test::Thread thread_{world_};
  Cache cache_{1 << 20, zones::SipKey{3}};
  Cache::Reader reader_{cache_};
  std::shared_ptr<Forwarding> forwarding_ = std::make_shared<Forwarding>();
  std::shared_ptr<std::atomic<std::size_t>> pending_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::uint32_t tick_ = 5'000;
};

TEST_F(ForeignNames, WhoMayAsk) {
  const Octets query = QueryBuilder("www.foreign.test.").flags(kRecursion).edns().build();
  EXPECT_TRUE(is_handed_on(query));
  Client stranger = test::udp_client();
  stranger.address = *net::parse_ip("192.0.2.7");
  EXPECT_FALSE(is_handed_on(query, stranger));
  const Reply refused = ask(query, stranger);
  EXPECT_EQ(refused.rcode, 5u);
  EXPECT_FALSE(refused.ra) << "there is no recursion for him";
  EXPECT_EQ(refused.extended_error(), 18);
  const Reply not_recursive = ask(QueryBuilder("www.foreign.test.").edns().build());
  EXPECT_EQ(not_recursive.rcode, 5u) << "what others have asked is nobody's business";
  EXPECT_EQ(not_recursive.extended_error(), 18);
  EXPECT_EQ(ask("www.example.").answer, Lines{"www.example. 60 A 192.0.2.1"});
  EXPECT_EQ(ask("none.example.").rcode, 3u);
  thread_.answerer().config.forwarding = nullptr;
  const Reply off = ask("www.foreign.test.");
  EXPECT_EQ(off.rcode, 5u);
  EXPECT_EQ(off.extended_error(), 20);
}

TEST_F(ForeignNames, WhenTooManyWait) {
  forwarding_->max_pending = 10;
  *pending_ = 10;
  const Reply full = ask("www.foreign.test.");
  EXPECT_EQ(full.rcode, 2u);
  EXPECT_TRUE(full.ra);
  EXPECT_EQ(full.extended_text(), "too many queries wait for other servers");
  EXPECT_EQ(counted(Foreign::full), 1u);
  *pending_ = 9;
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion).build()));
}

// As with names of ours: who really asks learns to come by TCP, and the C library takes the hint only with
// RA.
TEST_F(ForeignNames, BeyondTheRateSomeAreToldToComeByTcp) {
  thread_.answerer().config.rate_limit = {1, 2};
  thread_.answerer().config.rate_limiter = std::make_shared<RateLimiter>(zones::SipKey{1});
  const Octets query = QueryBuilder("www.foreign.test.").flags(kRecursion).build();
  Client client = test::udp_client();
  client.tick = tick_;
  EXPECT_TRUE(is_handed_on(query, client));
  EXPECT_TRUE(ask(query).silent);
  const Reply slipped = ask(query);
  EXPECT_TRUE(slipped.tc);
  EXPECT_TRUE(slipped.ra);
  EXPECT_FALSE(slipped.aa);
  EXPECT_EQ(slipped.rcode, 0u);
  EXPECT_TRUE(is_handed_on(query, test::tcp_client()));
}

TEST_F(ForeignNames, WhatNeverLeaves) {
  const std::string soa = " 10800 SOA localhost. nobody.invalid. 1 3600 1200 604800 10800";
  struct Row {
    const char* name;
    RrType type;
    unsigned rcode;
    Lines answer;
    std::string soa_owner;
  };
  const Row rows[] = {
      {"localhost.", RrType::a, 0, {"localhost. 10800 A 127.0.0.1"}, ""},
      {"a.localhost.", RrType::aaaa, 0, {"a.localhost. 10800 AAAA ::1"}, ""},
      {"localhost.", RrType::mx, 0, {}, "localhost."},
      {"host.invalid.", RrType::a, 3, {}, "."},
      {"printer.local.", RrType::a, 3, {}, "."},
      {"local.", RrType::soa, 3, {}, "."},
      {"hidden.onion.", RrType::a, 3, {}, "."},
      {"1.0.0.127.in-addr.arpa.", RrType::ptr, 0, {"1.0.0.127.in-addr.arpa. 10800 PTR localhost."}, ""},
      {"0.0.127.in-addr.arpa.", RrType::ptr, 0, {}, "127.in-addr.arpa."},
      {"2.0.0.127.in-addr.arpa.", RrType::ptr, 3, {}, "127.in-addr.arpa."},
      {"127.in-addr.arpa.", RrType::ns, 0, {"127.in-addr.arpa. 10800 NS localhost."}, ""},
      {"7.1.168.192.in-addr.arpa.", RrType::ptr, 3, {}, "168.192.in-addr.arpa."},
      {"4.3.31.172.in-addr.arpa.", RrType::ptr, 3, {}, "31.172.in-addr.arpa."},
      {"1.0.127.100.in-addr.arpa.", RrType::ptr, 3, {}, "127.100.in-addr.arpa."},
      {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.",
       RrType::ptr,
       0,
       {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa. 10800 PTR localhost."},
       ""},
      {"1.d.f.ip6.arpa.", RrType::ptr, 3, {}, "d.f.ip6.arpa."},
      {"tv.home.arpa.", RrType::a, 3, {}, "home.arpa."},
      {"HOME.arpa.", RrType::soa, 0, {"HOME.arpa." + soa}, ""},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const Reply reply = ask(row.name, row.type);
    EXPECT_EQ(reply.rcode, row.rcode);
    EXPECT_EQ(reply.answer, row.answer);
    EXPECT_TRUE(reply.aa);
    EXPECT_FALSE(reply.ra) << "nobody was asked";
    if (!row.soa_owner.empty()) {
      EXPECT_THAT(reply.authority, ElementsAre(row.soa_owner + soa));
    }
  }
  for (const char* name :
       {"www.internal.", "notlocal.", "32.172.in-addr.arpa.", "63.100.in-addr.arpa.", "arpa.", "."})
    EXPECT_TRUE(is_handed_on(QueryBuilder(name).flags(kRecursion).build())) << name;
}

TEST_F(ForeignNames, ServersOfItsOwnMakeASpecialNameAnOrdinaryOne) {
  const auto query = [](const char* name) { return QueryBuilder(name).flags(kRecursion).build(); };
  forwarding_->zones = {"\000"s + std::string()};
  EXPECT_FALSE(is_handed_on(query("7.0.10.in-addr.arpa."))) << "the root says nothing of it";
  forwarding_->zones = {"\00210\7in-addr\4arpa\0"s};
  EXPECT_TRUE(is_handed_on(query("7.0.10.in-addr.arpa.")));
  forwarding_->zones = {"\0010\00210\7in-addr\4arpa\0"s};
  EXPECT_TRUE(is_handed_on(query("7.0.10.in-addr.arpa.")));
  EXPECT_FALSE(is_handed_on(query("7.1.10.in-addr.arpa."))) << "those are of another part";
}

TEST_F(ForeignNames, TheCacheAnswersAndCountsDown) {
  keep(2);
  tick_ += 12'500;
  const Reply reply = ask(QueryBuilder("WWW.Foreign.test.").flags(kRecursion).edns().build());
  EXPECT_THAT(reply.answer,
              ElementsAre("WWW.Foreign.test. 48 A 192.0.2.1", "WWW.Foreign.test. 48 A 192.0.2.2"))
      << "in the client's letters";
  EXPECT_THAT(reply.authority, ElementsAre("Foreign.test. 48 NS ns.Foreign.test."));
  EXPECT_TRUE(reply.ra);
  EXPECT_FALSE(reply.aa);
  EXPECT_EQ(counted(Foreign::hit), 1u);
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion).edns(1232, true).build()))
      << "with DO it is another question";
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion | 0x10).build()))
      << "with CD, too";
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.", RrType::aaaa).flags(kRecursion).build()));
}

TEST_F(ForeignNames, AuthenticatedIsForWhoAsks) {
  keep(1);
  const auto ad = [&](std::uint16_t flags) {
    const Octets query = QueryBuilder("www.foreign.test.").flags(flags).build();
    Client client = test::udp_client();
    client.tick = tick_;
    return (raw(query, client)[3] & kAd) != 0;
  };
  EXPECT_FALSE(ad(kRecursion));
  EXPECT_TRUE(ad(kRecursion | kAd));
}

TEST_F(ForeignNames, WhatHasNoRoomIsCut) {
  keep(40);  // 640 octets
  const Octets small = QueryBuilder("www.foreign.test.").flags(kRecursion).build();
  const Reply cut = ask(small);
  EXPECT_TRUE(cut.tc);
  EXPECT_THAT(cut.answer, IsEmpty());
  EXPECT_TRUE(cut.ra) << "glibc takes no empty answer without it";
  EXPECT_EQ(ask(small, test::tcp_client()).answer.size(), 40u);
  EXPECT_EQ(ask(QueryBuilder("www.foreign.test.").flags(kRecursion).edns().build()).answer.size(), 40u);
  keep(29);  // 464 octets: with the authority section 14 too many
  const Reply most = ask(small);
  EXPECT_FALSE(most.tc);
  EXPECT_EQ(most.answer.size(), 29u);
  EXPECT_THAT(most.authority, IsEmpty());
}

TEST_F(ForeignNames, WhatIsOutOfDateIsAskedForAnew) {
  keep(1);
  tick_ += 60'000;
  Client client = test::udp_client();
  client.tick = tick_;
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion).build(), client));
}

TEST_F(ForeignNames, AStaleAnswerIsGivenWhileUpstreamsAreTried) {
  keep(1, CachedReply::Kind::stale, 30);
  int wanted = 0;
  cache_.on_refresh([&] { ++wanted; });
  for (const std::uint32_t later : {0u, 40'000u, 59'000u}) {
    tick_ = 5'000 + later;
    const Reply reply = ask("www.foreign.test.");
    EXPECT_THAT(reply.answer, ElementsAre("www.foreign.test. 30 A 192.0.2.1"));
    EXPECT_EQ(reply.extended_error(), 3);
  }
  EXPECT_EQ(wanted, 1) << "only once its time is over, and once";
  EXPECT_EQ(counted(Foreign::stale), 3u);
  Client client = test::udp_client();
  client.tick = 5'000 + 60'000;
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion).build(), client))
      << "upstreams may be well by now";
}

TEST_F(ForeignNames, ALongQueryDoesNotWaitInMemory) {
  const Octets longer = QueryBuilder("www.foreign.test.").flags(kRecursion).option(12, Octets(4'100)).build();
  EXPECT_FALSE(is_handed_on(longer, test::tcp_client()));
  EXPECT_EQ(ask(longer, test::tcp_client()).rcode, 5u);
}

TEST_F(ForeignNames, AFailureIsKeptForAMoment) {
  keep(0, CachedReply::Kind::failure, 2);
  const Reply reply = ask("www.foreign.test.");
  EXPECT_EQ(reply.rcode, 2u);
  EXPECT_TRUE(reply.ra);
  EXPECT_EQ(reply.extended_error(), 23);
  EXPECT_THAT(reply.authority, IsEmpty());
  tick_ += 2'000;
  Client client = test::udp_client();
  client.tick = tick_;
  EXPECT_TRUE(is_handed_on(QueryBuilder("www.foreign.test.").flags(kRecursion).build(), client));
}

TEST_F(ForeignNames, AnAliasOfOursIsFollowedForWhoMay) {
  const auto query = [](std::uint16_t flags, RrType type = RrType::a) {
    return QueryBuilder("out.example.", type).flags(flags).edns().build();
  };
  EXPECT_TRUE(is_handed_on(query(kRecursion)));
  EXPECT_EQ(counted(Foreign::alias), 1u);
  const Lines chain = {"out.example. 60 CNAME on.example.", "on.example. 60 CNAME www.foreign.test."};
  EXPECT_EQ(ask(query(0)).answer, chain);
  Client stranger = test::udp_client();
  stranger.address = *net::parse_ip("192.0.2.7");
  EXPECT_EQ(ask(query(kRecursion), stranger).answer, chain);
  EXPECT_EQ(ask(query(kRecursion, RrType::cname)).answer, Lines{chain[0]});
  EXPECT_EQ(ask(query(kRecursion, RrType::any)).answer, Lines{chain[0]});
  forwarding_->max_pending = 0;
  EXPECT_EQ(ask(query(kRecursion)).answer, chain) << "what is known is better than nothing";
}

// The pointers of what was kept for the target mean other places behind our records.
TEST_F(ForeignNames, WhatStandsBehindAnAliasIsWrittenAnew) {
  keep(2);
  forwarding_ = nullptr;
  thread_.answerer().config.forwarding = nullptr;
  const Octets query = QueryBuilder("out.Example.").flags(kRecursion).build();
  const auto chain = read_alias_chain(raw(query, test::tcp_client()), query);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->count, 2u);
  EXPECT_EQ(chain->target, "\3www\7foreign\4test\0"sv);
  EXPECT_FALSE(read_alias_chain(raw(QueryBuilder("www.example.").build(), test::tcp_client()),
                                QueryBuilder("www.example.").build()));
  const CacheKey key{"\3www\7foreign\4test\0"sv, RrType::a, false, false};
  const CachedReply& kept = *cache_.find(cache_.hash(key), key);
  const auto written = [&](std::size_t limit) {
    Query read;
    EXPECT_TRUE(read_query(query, read).ok);
    Octets message(limit);
    ReplyWriter writer;
    ReplyEdns edns;
    writer.begin(message, limit, 0, query, read);
    writer.set_forwarded(false);
    const bool fits = put_behind_alias(writer, *chain, kept, tick_ + 10'000);
    if (!fits) return Octets();
    message.resize(writer.finish(read, false, false, kept.rcode(), edns));
    return message;
  };
  const Reply reply = test::read_reply(query, written(512), true, true);
  EXPECT_THAT(reply.answer,
              ElementsAre("out.Example. 60 CNAME on.Example.", "on.Example. 60 CNAME www.foreign.test.",
                          "www.foreign.test. 50 A 192.0.2.1", "www.foreign.test. 50 A 192.0.2.2"));
  EXPECT_TRUE(written(100).empty()) << "no room";
}

TEST_F(ForeignNames, OursComeBeforeTheCache) {
  const CacheKey key{"\3www\7example\0"sv, RrType::a, false, false};
  UpstreamReply lie;
  lie.rcode = Rcode::nxdomain;
  cache_.insert(CachedReply::make(key, cache_.hash(key), lie, CachedReply::Kind::answer, tick_, 60), tick_);
  EXPECT_EQ(ask("www.example.").answer, Lines{"www.example. 60 A 192.0.2.1"});
}

}  // namespace
}  // namespace muster::dns
