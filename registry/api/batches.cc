// Many heartbeats or registrations in one request. Elements stand alone: each has its own outcome, and the
// reply lists the failed ones. A long batch is applied in slices, so that it never holds the control thread
// for long.
#include <algorithm>
#include <boost/container/static_vector.hpp>
#include <memory>

#include "registry/api/call.h"
#include "registry/api/json_text.h"

namespace muster::registry::api {
namespace {

using http::Scope;
constexpr std::size_t kSlice = 256;  // elements a turn; about half a millisecond
constexpr double kCostOfAnother = 0.01;  // to the throttle, of each element after the first

struct Failed {
  std::size_t index = 0;
  std::string service;
  std::string id;
  ApiError error;
};

// What has become of a batch so far. The control thread's until its call is `applied`, then an I/O thread's;
// only `waiting` and `durable` are touched by both.
struct Tally {
  explicit Tally(CallPtr from) : call(std::move(from)) {}
  const CallPtr call;
  std::size_t renewed = 0;
  std::size_t created = 0;
  std::vector<Failed> failed;
  std::atomic<std::size_t> waiting{1};  // acknowledgements that are still to come, and the batch itself
  std::atomic<bool> durable{true};

  void fail(std::size_t index, const std::string& service, const std::string& id, ApiError error) {
    failed.push_back({index, service, id, std::move(error)});
  }
  void settle();  // one of `waiting` has come; the last one answers, unless the deadline did
  ApiError what_stands();
};
using TallyPtr = std::shared_ptr<Tally>;

void append_failed(std::string& out, const Failed& failed) {
  out += "{\"index\":";
  append_number(out, std::uint64_t{failed.index});
  out += ",\"service\":";
  append_string(out, failed.service);
  out += ",\"id\":";
  append_string(out, failed.id);
  out += ",\"error\":";
  append_string(out, to_string(failed.error.code));
  out += ",\"message\":";
  append_string(out, failed.error.message);
  if (!failed.error.field.empty()) {
    out += ",\"field\":";
    append_string(out, failed.error.field);
  }
  out += '}';
}

// "renewed":998,"created":1,"failed":[…]
std::string tally_members(Tally& tally) {
  std::ranges::sort(tally.failed, {}, &Failed::index);
  std::string out = "\"renewed\":";
  append_number(out, std::uint64_t{tally.renewed});
  out += ",\"created\":";
  append_number(out, std::uint64_t{tally.created});
  out += ",\"failed\":[";
  for (const Failed& failed : tally.failed) {
    if (&failed != &tally.failed.front()) out += ',';
    append_failed(out, failed);
  }
  return out.append("]");
}

void Tally::settle() {
  if (waiting.fetch_sub(1) != 1) return;
  if (!call->enter(Call::Stage::applied, Call::Stage::answered)) return;
  if (call->late()) return call->refuse_late(true);
  call->send(200, "{" + tally_members(*this) + "}", durability_header(durable));
}

ApiError Tally::what_stands() {
  return {.code = ErrorCode::deadline_exceeded,
          .message = "the deadline passed before all of this was acknowledged; what failed was not applied",
          .applied = renewed + created > 0,
          .more = "," + tally_members(*this)};
}

template <class T>
struct Batch {
  TallyPtr tally;
  Elements<T> elements;
  std::size_t next = 0;
};
template <class T>
using BatchPtr = std::shared_ptr<Batch<T>>;

// What can be said without the registry: bad elements, and services the caller may not write.
template <class T>
bool is_refused(Batch<T>& batch, std::size_t index) {
  auto& [value, error] = batch.elements[index];
  const bool allowed = batch.tally->call->request.caller.may_write(value.service);
  if (!error && !allowed) error = {ErrorCode::forbidden, "the token does not allow writing this service", ""};
  if (error) batch.tally->fail(index, value.service, value.id, api_error(std::move(*error)));
  return error.has_value();
}

bool must_wait_for_store(const Turn&, const Heartbeat&) { return false; }
bool must_wait_for_store(const Turn& turn, const Registration& registration) {
  return !turn.accepts_writes && !turn.registry.find(registration.service, registration.id);
}

// True when the change wrote store rows.
template <class T>
bool apply_element(Batch<T>& batch, std::size_t index, Turn& turn) {
  Tally& tally = *batch.tally;
  T& value = batch.elements[index].value;
  const std::string service = value.service, id = value.id;
  if (must_wait_for_store(turn, value)) {
    ++turn.refused_writes;
    tally.fail(index, service, id, no_room());
    return false;
  }
  auto outcome = turn.registry.apply(std::move(value), turn.now);
  if (!outcome) {
    tally.fail(index, service, id, api_error(outcome.error()));
    return false;
  }
  ++(outcome->created ? tally.created : tally.renewed);
  return outcome->durable_needed;
}

template <class T>
void fail_rest(Batch<T>& batch, const ApiError& error) {
  for (; batch.next < batch.elements.size(); ++batch.next) {
    const T& value = batch.elements[batch.next].value;
    batch.tally->fail(batch.next, value.service, value.id, error);
  }
}

void acknowledge_slice(const TallyPtr& tally, Turn& turn, bool wrote_rows) {
  ++tally->waiting;
  auto done = [tally](Durability how) {
    if (!how.durable) tally->durable = false;
    tally->settle();
  };
  if (wrote_rows) {
    turn.after_durable(std::move(done));
  } else {
    turn.after_visible(std::move(done));
  }
}

template <class T>
void fetch_ahead(const Batch<T>& batch, const Registry& registry) {
  boost::container::static_vector<Key, Registry::kFetchedMost> keys;
  for (std::size_t i = batch.next; i < batch.elements.size() && keys.size() < keys.capacity(); ++i)
    keys.push_back({batch.elements[i].value.service, batch.elements[i].value.id});
  registry.fetch(keys);
}

template <class T>
void apply_slice(const BatchPtr<T>& batch, Turn& turn) {
  const std::size_t end = std::min(batch->elements.size(), batch->next + kSlice);
  bool wrote_rows = false;
  for (; batch->next < end; ++batch->next) {
    if (batch->next % Registry::kFetchedMost == 0) fetch_ahead(*batch, turn.registry);
    if (!is_refused(*batch, batch->next)) wrote_rows |= apply_element(*batch, batch->next, turn);
  }
  acknowledge_slice(batch->tally, turn, wrote_rows);
}

// Every element has its outcome. The acknowledgement of the turn's own slice is still to come.
void finish(Tally& tally) {
  tally.call->enter(Call::Stage::working, Call::Stage::applied);
  tally.settle();
}

// One slice after the other; between them the control thread does other work.
template <class T>
void run(const BatchPtr<T>& batch, Turn& turn) {
  const CallPtr& call = batch->tally->call;
  apply_slice(batch, turn);
  call->revision = turn.registry.revision();
  if (call->late())
    fail_rest(*batch, {ErrorCode::deadline_exceeded, "the deadline passed before its turn came"});
  if (batch->next == batch->elements.size()) return finish(*batch->tally);
  if (call->context->outside.submit([batch](Turn& later) { run(batch, later); })) return;
  fail_rest(*batch,
            {ErrorCode::out_of_capacity, "the registry's queue is full: send this one again in a moment"});
  finish(*batch->tally);
}

template <class T>
void start(CallPtr call, ReadResult<Elements<T>> read) {
  const std::size_t elements = read ? std::max<std::size_t>(read->size(), 1) : 1;
  if (!call->reply.charge(1 + static_cast<double>(elements - 1) * kCostOfAnother)) return;
  if (!read) return call->refuse(read.error());
  auto tally = std::make_shared<Tally>(call);
  call->what_stands = [weak = std::weak_ptr(tally)] {
    const TallyPtr still = weak.lock();
    return still ? still->what_stands() : ApiError{ErrorCode::deadline_exceeded, std::string(kLateAfter)};
  };
  auto batch = std::make_shared<Batch<T>>(Batch<T>{std::move(tally), std::move(*read)});
  on_control(std::move(call), [batch](Turn& turn) { run(batch, turn); });
}

void post_heartbeats(CallPtr call) {
  auto read = read_heartbeats(call->request.body, call->read_context());
  start<Heartbeat>(std::move(call), std::move(read));
}

void post_registrations(CallPtr call) {
  auto read = read_registrations(call->request.body, call->read_context());
  start<Registration>(std::move(call), std::move(read));
}

}  // namespace

void add_batch_routes(http::Router& router, const std::shared_ptr<Context>& context) {
  NativeRoute heartbeats{"POST", "/api/v1/heartbeats", Scope::write, post_heartbeats};
  NativeRoute registrations{"POST", "/api/v1/registrations", Scope::write, post_registrations};
  heartbeats.charges_itself = registrations.charges_itself = true;
  add_route(router, context, heartbeats);
  add_route(router, context, registrations);
}

}  // namespace muster::registry::api
