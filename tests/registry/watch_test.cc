#include "registry/api/watch.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "registry/json_text.h"
#include "tests/registry/support/small_registry.h"

namespace muster::registry::api {
namespace {

using registry::testing::SmallRegistry;

// The peer of one stream: it reads when it is told to.
class Wire final : public http::Stream {
 public:
  std::size_t write(std::shared_ptr<const std::string> piece) override {
    waiting += *piece;
    most = std::max(most, waiting.size());
    pieces.push_back(std::move(piece));
    return waiting.size();
  }
  std::size_t pending() const override { return waiting.size(); }
  void close() override { closed = true; }
  void on_closed(net::UniqueFunction<void()> gone) override { on_gone = std::move(gone); }
  std::string read() { return std::exchange(waiting, {}); }

  std::string waiting;
  std::size_t most = 0;
  std::vector<std::shared_ptr<const std::string>> pieces;
  bool closed = false;
  net::UniqueFunction<void()> on_gone;
};

class Sink final : public http::Reply::Sink {
 public:
  void send(http::Response r) override { responses.push_back(std::move(r)); }
  std::shared_ptr<http::Stream> stream(http::Response head) override {
    responses.push_back(std::move(head));
    return wire;
  }
  void parked(bool on) override { is_parked = on; }
  void on_abandoned(net::UniqueFunction<void()> gone) override { on_gone = std::move(gone); }

  bool answered() const { return !responses.empty(); }
  const http::Response& response() const { return responses.at(0); }
  std::vector<http::Response> responses;
  std::shared_ptr<Wire> wire = std::make_shared<Wire>();
  bool is_parked = false;
  net::UniqueFunction<void()> on_gone;
};

struct Event {
  std::string id, name;
  boost::json::value data;
};

std::vector<Event> events_in(const std::string& text) {
  std::vector<Event> events;
  Event event;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    if (line.starts_with("id: ")) event.id = line.substr(4);
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) event.data = boost::json::parse(line.substr(6));
    if (line.empty() && !event.name.empty()) events.push_back(std::exchange(event, {}));
  }
  return events;
}

std::string names_of(const std::vector<Event>& events) {
  std::string names;
  for (const Event& event : events) names += (names.empty() ? "" : " ") + event.name;
  return names;
}

// What a client that follows a stream believes, checked against the hash that came with each frame.
struct Mirror {
  std::map<std::string, std::map<std::string, std::uint64_t>> services;
  std::uint64_t revision = 0;

  void apply(const std::string& text) {
    for (const Event& event : events_in(text)) apply(event);
  }
  void apply(const Event& event) {
    if (event.name == "reset") services.clear();
    if (event.name == "synced") revision = static_cast<std::uint64_t>(event.data.at("revision").as_int64());
    if (event.name == "snapshot") take(event.data);
    if (event.name == "change") change(event.data);
  }
  void take(const boost::json::value& data) {
    auto& service = services[text(data.at("service"))];
    service.clear();
    for (const auto& instance : data.at("instances").as_array()) note(service, instance);
  }
  void change(const boost::json::value& data) {
    const std::string name = text(data.at("service"));
    if (data.at("op") == "put")
      note(services[name], data.at("instance"));
    else
      services[name].erase(text(data.at("id")));
    revision = static_cast<std::uint64_t>(data.at("revision").as_int64());
    if (!data.as_object().contains("set_hash")) return;
    SetHash hash;
    for (const auto& [id, r] : services[name]) hash += set_hash_term(name, id, r);
    EXPECT_EQ(to_string(hash), text(data.at("set_hash"))) << "at " << revision;
  }
  static std::string text(const boost::json::value& value) { return std::string(value.as_string()); }
  static void note(std::map<std::string, std::uint64_t>& service, const boost::json::value& instance) {
    service[text(instance.at("id"))] = static_cast<std::uint64_t>(instance.at("revision").as_int64());
  }
};

void write_instance(std::string& out, const Instance& instance, const LeaseView&) {
  out += "{\"id\":\"" + instance.id + "\",\"revision\":" + std::to_string(instance.revision) +
         ",\"version\":\"" + instance.body->version.text() + "\"}";
}

void write_service(std::string& out, const ServiceView& view, const std::string& epoch) {
  out += "{\"service\":\"" + view.name + "\",\"epoch\":\"" + epoch +
         "\",\"revision\":" + std::to_string(view.revision) + ",\"set_hash\":\"" + view.set_hash +
         "\",\"instances\":[";
  for (std::size_t i = 0; i < view.instances.size(); ++i) {
    if (i > 0) out += ',';
    write_instance(out, *view.instances[i], view.leases[i]);
  }
  out += "]}";
}

// The control thread and the I/O threads are two lists, run by hand.
struct Watching : ::testing::Test {
  SmallRegistry registry;
  Feed feed{500, 100};
  std::deque<Watch::ControlWork> control;
  std::deque<net::UniqueFunction<void()>> io;
  std::size_t posts = 0;
  bool control_is_full = false;
  int now_ms = 0;
  WatchConfig config{
      .epoch = "e1", .max_watchers = 4000, .stream = {.window = 4096, .comment_every = Millis(15'000)}};
  std::unique_ptr<Watch> watch;

  void SetUp() override { make(); }
  void make() {
    watch.reset();
    watch = std::make_unique<Watch>(
        config, feed,
        WatchReads{[this](auto service, Instant) { return registry.view(service); },
                   [this](auto glob, auto after, auto limit) { return registry.list(glob, after, limit); }},
        WatchWriters{write_instance, write_service},
        [this](Watch::ControlWork work) {
          if (!control_is_full) control.push_back(std::move(work));
          return !control_is_full;
        },
        [this](net::UniqueFunction<void()> task) {
          ++posts;
          io.push_back(std::move(task));
        });
  }
  Instant now() const { return Instant{} + Millis(now_ms); }
  void run_control_once() {
    auto work = std::move(control.front());
    control.pop_front();
    work(now());
  }
  void run() {
    while (!control.empty() || !io.empty()) {
      while (!control.empty()) run_control_once();
      while (!io.empty()) {
        auto task = std::move(io.front());
        io.pop_front();
        task();
      }
    }
  }
  void tick(int ms = 10) {
    now_ms += ms;
    watch->tick(now());
    run();
  }
  void publish(const Batch& batch) { feed.publish(batch, now()); }
  void put(const std::string& service, const std::string& id, const std::string& version = "") {
    Batch batch;
    registry.put(batch, service, id, version);
    publish(batch);
    run();
  }
  static http::Request request(std::vector<std::pair<std::string, std::string>> query,
                               http::Headers headers = {}) {
    http::Request request;
    request.method = "GET";
    request.query = std::move(query);
    request.headers = std::move(headers);
    return request;
  }
  std::shared_ptr<Sink> poll(const std::string& service,
                             std::vector<std::pair<std::string, std::string>> query) {
    auto sink = std::make_shared<Sink>();
    watch->poll(request(std::move(query)), http::Reply(sink), service,
                [](http::Reply reply, ServiceViewPtr view) {
                  http::Response response;
                  response.status = view->known ? 200 : 404;
                  response.body = std::to_string(view->revision);
                  reply.send(std::move(response));
                });
    run();
    return sink;
  }
  std::shared_ptr<Sink> changes(std::vector<std::pair<std::string, std::string>> query) {
    auto sink = std::make_shared<Sink>();
    watch->changes(request(std::move(query)), http::Reply(sink));
    run();
    return sink;
  }
  std::shared_ptr<Sink> stream(std::vector<std::pair<std::string, std::string>> query,
                               http::Headers headers = {}) {
    auto sink = std::make_shared<Sink>();
    watch->stream(request(std::move(query), std::move(headers)), http::Reply(sink));
    run();
    return sink;
  }
  bool agrees(const Mirror& mirror, const std::string& service) const {
    SetHash hash;
    const auto found = mirror.services.find(service);
    if (found != mirror.services.end())
      for (const auto& [id, revision] : found->second) hash += set_hash_term(service, id, revision);
    return to_string(hash) == registry.view(service).set_hash;
  }
};

// ---- polls ----------------------------------------------------------------------------------------------

TEST_F(Watching, APollIsAnsweredAtOnceWhenThereIsSomethingNewer) {
  put("web", "i1");  // revision 101
  struct Case {
    const char* why;
    std::vector<std::pair<std::string, std::string>> query;
    int status;  // 0: it waits
  };
  const Case cases[] = {
      {"newer", {{"after", "100"}, {"wait", "30s"}}, 200},
      {"nothing newer", {{"after", "101"}, {"wait", "30s"}}, 0},
      {"nothing newer and no wait", {{"after", "101"}}, 304},
      {"from the future", {{"after", "5000"}, {"wait", "30s"}}, 200},
      {"of another epoch", {{"after", "101"}, {"epoch", "e0"}, {"wait", "30s"}}, 200},
      {"of this epoch", {{"after", "101"}, {"epoch", "e1"}, {"wait", "30s"}}, 0},
      {"no revision", {{"after", "x"}, {"wait", "30s"}}, 400},
      {"a negative revision", {{"after", "-1"}}, 400},
      {"no duration", {{"after", "101"}, {"wait", "30"}}, 400},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    const auto sink = poll("web", c.query);
    ASSERT_EQ(sink->answered(), c.status != 0);
    EXPECT_EQ(sink->is_parked, c.status == 0);
    EXPECT_EQ(c.status, sink->answered() ? sink->response().status : 0);
  }
}

TEST_F(Watching, APollWaitsForItsOwnServiceAlone) {
  put("web", "i1");
  const auto sink = poll("web", {{"after", "101"}, {"wait", "30s"}});
  put("db", "i1");
  EXPECT_FALSE(sink->answered());
  put("web", "i2");
  ASSERT_TRUE(sink->answered());
  EXPECT_EQ(sink->response().body, "103");
  EXPECT_EQ(watch->counters().watchers, 0u);
}

TEST_F(Watching, AnUnknownServiceWaitsToAppear) {
  const auto sink = poll("web", {{"after", "0"}, {"wait", "30s"}});
  put("db", "i1");
  ASSERT_FALSE(sink->answered());
  put("web", "i1");
  ASSERT_TRUE(sink->answered());
  EXPECT_EQ(sink->response().status, 200);
  EXPECT_EQ(poll("nowhere", {{"after", "0"}})->response().status, 404);
}

TEST_F(Watching, APollThatTimesOutSaysNotModified) {
  put("web", "i1");
  const auto sink = poll("web", {{"after", "101"}, {"wait", "1s"}});
  tick(999);
  EXPECT_FALSE(sink->answered());
  tick(1);
  ASSERT_TRUE(sink->answered());
  EXPECT_EQ(sink->response().status, 304);
  const auto longest = poll("web", {{"after", "101"}, {"wait", "1h"}});
  tick(300'000);
  EXPECT_TRUE(longest->answered()) << "five minutes at most";
}

TEST_F(Watching, AThousandPollsWakeOnceAndTogether) {
  put("web", "i1");
  put("db", "i1");
  std::vector<std::shared_ptr<Sink>> web, db;
  for (int i = 0; i < 1000; ++i) web.push_back(poll("web", {{"after", "101"}, {"wait", "30s"}}));
  for (int i = 0; i < 1000; ++i) db.push_back(poll("db", {{"after", "102"}, {"wait", "30s"}}));
  posts = 0;
  put("web", "i2");
  put("web", "i3");
  for (const auto& sink : web) EXPECT_EQ(sink->responses.size(), 1u);
  for (const auto& sink : db) EXPECT_EQ(sink->responses.size(), 0u);
  EXPECT_LE(posts, 1000u / 64 + 5) << "a crowd is handed over in few pieces";
}

TEST_F(Watching, TooManyWatchersAreRefusedAndCounted) {
  config.max_watchers = 2;
  make();
  put("web", "i1");
  const auto first = poll("web", {{"after", "101"}, {"wait", "30s"}});
  const auto second = stream({});
  for (const auto& refused : {poll("web", {{"after", "101"}, {"wait", "30s"}}), stream({})}) {
    ASSERT_TRUE(refused->answered());
    EXPECT_EQ(refused->response().status, 429);
    EXPECT_NE(refused->response().body.find("too_many_watchers"), std::string::npos);
  }
  EXPECT_EQ(watch->counters().refused, 2u);
  first->on_gone();  // both give up
  second->wire->on_gone();
  run();
  EXPECT_EQ(watch->counters().watchers, 0u);
  EXPECT_EQ(feed.waiting(), 0u);
  EXPECT_FALSE(poll("web", {{"after", "101"}, {"wait", "30s"}})->answered());
}

TEST_F(Watching, AFullControlQueueIsSaid) {
  control_is_full = true;
  EXPECT_EQ(poll("web", {{"after", "0"}})->response().status, 503);
  EXPECT_EQ(changes({{"after", "100"}})->response().status, 503);
  EXPECT_TRUE(stream({})->wire->closed);
}

// ---- /changes -------------------------------------------------------------------------------------------

TEST_F(Watching, ChangesAreGivenWaitedForOrCompacted) {
  for (int i = 0; i < 3; ++i) put("web", "i" + std::to_string(i));
  const auto all = boost::json::parse(changes({{"after", "100"}})->response().body);
  EXPECT_EQ(all.at("epoch"), "e1");
  EXPECT_EQ(all.at("from"), 100);
  EXPECT_EQ(all.at("to"), 103);
  EXPECT_EQ(all.at("changes").as_array().size(), 3u);
  const auto some = boost::json::parse(changes({{"after", "100"}, {"limit", "2"}})->response().body);
  EXPECT_EQ(some.at("to"), 102);
  const auto none = boost::json::parse(changes({{"after", "103"}})->response().body);
  EXPECT_EQ(none.at("to"), 103);
  EXPECT_TRUE(none.at("changes").as_array().empty());

  const auto waits = changes({{"after", "103"}, {"wait", "10s"}});
  EXPECT_FALSE(waits->answered());
  put("db", "d1");
  ASSERT_TRUE(waits->answered());
  EXPECT_EQ(boost::json::parse(waits->response().body).at("to"), 104);

  struct Case {
    const char* why;
    std::vector<std::pair<std::string, std::string>> query;
    int status;
  };
  const Case cases[] = {{"too old", {{"after", "99"}}, 410},
                        {"the future", {{"after", "200"}}, 410},
                        {"another epoch", {{"after", "104"}, {"epoch", "e0"}}, 410},
                        {"no after", {}, 400},
                        {"limit 0", {{"after", "100"}, {"limit", "0"}}, 400},
                        {"limit too large", {{"after", "100"}, {"limit", "1001"}}, 400}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    EXPECT_EQ(changes(c.query)->response().status, c.status);
  }
}

// ---- streams --------------------------------------------------------------------------------------------

TEST_F(Watching, NobodyIsWokenForEventsThatNoStreamWants) {
  put("web", "i1");
  EXPECT_EQ(posts, 0U);
  const auto sink = stream({{"service", "web"}});
  posts = 0;
  put("web", "i2");
  EXPECT_EQ(posts, 1U);
  sink->wire->on_gone();
  run();
  posts = 0;
  put("web", "i3");
  EXPECT_EQ(posts, 0U);
}

TEST_F(Watching, AStreamBeginsWithSnapshotsAndGoesOnWithChanges) {
  put("web", "i1");
  put("db", "d1");
  const auto sink = stream({{"service", "w*"}});
  EXPECT_EQ(sink->response().headers[0].second, "text/event-stream");
  EXPECT_TRUE(sink->is_parked);
  auto events = events_in(sink->wire->read());
  ASSERT_EQ(names_of(events), "snapshot synced");
  EXPECT_EQ(events[0].id, "") << "a reader must not resume within a snapshot";
  EXPECT_EQ(events[0].data.at("service"), "web");
  EXPECT_EQ(events[1].id, "e1-102");
  put("db", "d2");
  EXPECT_EQ(sink->wire->read(), "");
  put("web", "i2");
  events = events_in(sink->wire->read());
  ASSERT_EQ(names_of(events), "change");
  EXPECT_EQ(events[0].id, "e1-104");
}

TEST_F(Watching, AnEmptiedServiceIsAnExplicitEvent) {
  put("web", "i1");
  const auto sink = stream({});
  sink->wire->read();
  Batch batch;
  registry.remove(batch, "web", "i1");
  publish(batch);
  run();
  const auto events = events_in(sink->wire->read());
  ASSERT_EQ(names_of(events), "change");
  EXPECT_EQ(events[0].data.at("op"), "delete");
  EXPECT_EQ(events[0].data.at("set_hash"), "00000000000000000000000000000000");
}

TEST_F(Watching, AFrameIsWrittenOnceForAllStreams) {
  std::vector<std::shared_ptr<Sink>> sinks;
  for (int i = 0; i < 100; ++i) sinks.push_back(stream({}));
  put("web", "i1");
  for (const auto& sink : sinks)
    EXPECT_EQ(sink->wire->pieces.back(), sinks[0]->wire->pieces.back()) << "one string";
}

TEST_F(Watching, AStreamResumesWhereItStoppedOrIsReset) {
  for (int i = 0; i < 5; ++i) put("web", "i" + std::to_string(i));
  struct Case {
    const char* why;
    std::vector<std::pair<std::string, std::string>> query;
    std::string last_id;
    std::string events;
  };
  const Case cases[] = {
      {"the header", {}, "e1-103", "change change synced"},
      {"the parameter", {{"after", "104"}}, "", "change synced"},
      {"the header is the newer word", {{"after", "100"}}, "e1-105", "synced"},
      {"services that it does not want", {{"service", "db"}}, "e1-100", "synced"},
      {"another epoch", {}, "e0-103", "reset snapshot synced"},
      {"too old", {}, "e1-99", "reset snapshot synced"},
      {"the future", {{"after", "500"}}, "", "reset snapshot synced"},
      {"no id of ours", {}, "12", "reset snapshot synced"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.why);
    http::Headers headers;
    if (!c.last_id.empty()) headers.emplace_back("Last-Event-ID", c.last_id);
    EXPECT_EQ(names_of(events_in(stream(c.query, headers)->wire->read())), c.events);
  }
}

TEST_F(Watching, AStreamThatStopsAnywhereEndsWithTheRegistrysPicture) {
  config.stream.window = 1 << 20;  // all of it in one piece
  make();
  const auto sink = stream({});
  std::string text = sink->wire->read();
  for (int i = 0; i < 60; ++i) {
    put(i % 3 ? "web" : "db", "i" + std::to_string(i % 7));
    text += sink->wire->read();
  }
  const std::vector<Event> events = events_in(text);
  Mirror mirror;
  for (std::size_t stop = 0; stop < events.size(); ++stop) {
    SCOPED_TRACE(stop);
    mirror.apply(events[stop]);
    if (events[stop].id.empty()) continue;
    Mirror resumed = mirror;
    resumed.apply(stream({}, {{"Last-Event-ID", events[stop].id}})->wire->read());
    EXPECT_TRUE(agrees(resumed, "web"));
    EXPECT_TRUE(agrees(resumed, "db"));
  }
}

TEST_F(Watching, ChangesWhileASnapshotIsTakenAreNotLost) {
  for (int s = 0; s < 200; ++s) put("s" + std::to_string(s), "i1");
  auto sink = std::make_shared<Sink>();
  watch->stream(request({}), http::Reply(sink));
  int slices = 0;
  for (; !control.empty(); ++slices) {
    run_control_once();
    Batch batch;  // one service already read, one to come, one that is new
    registry.put(batch, "s0", "i1");
    registry.put(batch, "s99", "i" + std::to_string(slices));
    registry.put(batch, "a" + std::to_string(slices), "i1");
    publish(batch);
  }
  EXPECT_GT(slices, 3) << "200 services take several turns";
  Mirror mirror;
  for (int i = 0; i < 100; ++i) {
    run();
    mirror.apply(sink->wire->read());
    tick();
  }
  for (const auto& summary : registry.list("*", "", 1000))
    EXPECT_TRUE(agrees(mirror, summary.name)) << summary.name;
  EXPECT_EQ(mirror.revision, registry.revision);
}

TEST_F(Watching, ASlowReaderGetsTheLatestOfEachInstance) {
  const auto sink = stream({});
  Mirror mirror;
  mirror.apply(sink->wire->read());
  for (int i = 0; i < 400; ++i) put("web", "i" + std::to_string(i % 5), "version-" + std::to_string(i));
  EXPECT_LT(sink->wire->most, 4096u + 300) << "no more than the window and one frame wait at the socket";
  std::size_t changes = 0;
  for (int i = 0; i < 20; ++i) {
    const std::string text = sink->wire->read();
    changes += events_in(text).size();
    mirror.apply(text);  // and checks every hash that came
    tick();
  }
  EXPECT_LT(changes, 60u);
  EXPECT_TRUE(agrees(mirror, "web"));
  EXPECT_EQ(mirror.revision, registry.revision);
  EXPECT_EQ(watch->counters().resets, 0u);
}

TEST_F(Watching, AReaderThatStaysTooSlowIsReset) {
  const auto sink = stream({});
  Mirror mirror;
  mirror.apply(sink->wire->read());
  for (int i = 0; i < 300; ++i) put("web", "i" + std::to_string(i));
  tick();
  EXPECT_EQ(watch->counters().resets, 0u) << "not before it has read what waits";
  std::string text;
  for (int i = 0; i < 20; ++i) {
    text += sink->wire->read();
    tick();
  }
  mirror.apply(text);
  EXPECT_NE(names_of(events_in(text)).find("reset snapshot synced"), std::string::npos);
  EXPECT_EQ(watch->counters().resets, 1u);
  EXPECT_TRUE(agrees(mirror, "web"));
  put("web", "i0");
  mirror.apply(sink->wire->read());
  EXPECT_TRUE(agrees(mirror, "web"));
}

TEST_F(Watching, AQuietStreamGetsACommentEvery15Seconds) {
  put("web", "i1");
  const auto sink = stream({});
  tick(1000);
  sink->wire->read();
  tick(14'000);
  EXPECT_EQ(sink->wire->read(), "");
  tick(1000);
  EXPECT_EQ(sink->wire->read(), ":\n\n");
  tick(1000);
  EXPECT_EQ(sink->wire->read(), "");
}

}  // namespace
}  // namespace muster::registry::api
