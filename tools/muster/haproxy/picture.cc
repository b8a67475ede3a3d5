#include "tools/muster/haproxy/picture.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "registry/glob.h"
#include "registry/label.h"
#include "tools/muster/json_text.h"

namespace muster::haproxy {

namespace json = boost::json;

namespace {

constexpr std::size_t kChangedMost = 64;  // services; of more everything is fetched

// Of a service that is still known and has lost its last instance the section stays, empty: those that it had
// tell of its ports and labels.
void keep_shape(const Service& had, Service& has) {
  const auto is_own = [](const Instance& one) { return !one.foreign; };
  if (std::any_of(has.instances.begin(), has.instances.end(), is_own)) return;
  for (const Instance& gone : had.instances) {
    if (gone.foreign) continue;
    Instance& shape = has.instances.emplace_back(gone);
    shape.answering = shape.draining = false;
  }
}

void keep_shapes(const std::map<std::string, Service>& had, std::map<std::string, Service>& has) {
  for (auto& [name, service] : has) {
    const auto found = had.find(name);
    if (found != had.end()) keep_shape(found->second, service);
  }
}

}  // namespace

cli::Reply Picture::fetch(const std::string& glob, std::map<std::string, Service>& into,
                          Answers& first) const {
  std::string after;
  bool is_first = true;
  do {
    const std::string path = "/api/v1/answers?service=" + cli::encoded(glob) +
                             (after.empty() ? "" : "&after=" + cli::encoded(after));
    cli::Reply reply = client_.get(path);
    if (!reply.ok()) return reply;
    auto page = read_answers(cli::json_of(reply));
    if (!page) {
      reply.status = 0;
      reply.trouble =
          "the reply is not what GET /api/v1/answers gives; is the server older than this muster?";
      return reply;
    }
    for (Service& service : page->services) into[service.name] = std::move(service);
    after = page->next;
    if (std::exchange(is_first, false)) first = std::move(*page);
    if (after.empty()) return reply;
  } while (true);
}

cli::Reply Picture::fetch_all() {
  std::map<std::string, Service> services;
  Answers first;
  cli::Reply reply = fetch(glob_, services, first);
  if (!reply.ok()) return reply;
  keep_shapes(services_, services);
  services_ = std::move(services);
  epoch_ = first.epoch;
  revision_ = first.revision;
  changed_.clear();
  is_known_ = true;
  return reply;
}

cli::Reply Picture::fetch_changed() {
  cli::Reply reply;
  reply.status = 200;
  std::map<std::string, Service> services;
  for (const std::string& name : changed_) {
    if (!registry::glob_matches(registry::ascii_lower(glob_), registry::ascii_lower(name))) continue;
    Answers first;
    reply = fetch(name, services, first);
    if (!reply.ok()) return reply;
  }
  keep_shapes(services_, services);
  for (const std::string& name : changed_) services_.erase(name);
  services_.merge(services);
  changed_.clear();
  return reply;
}

cli::Reply Picture::update() {
  if (is_known_) {
    // Whose answers are another's instances changes with it.
    std::set<std::string> folded;
    for (const std::string& name : changed_) folded.insert(registry::ascii_lower(name));
    for (const auto& [name, service] : services_) {
      if (!service.fallback.empty() && folded.contains(registry::ascii_lower(service.fallback)))
        changed_.insert(name);
    }
    if (changed_.size() <= kChangedMost) return fetch_changed();
  }
  return fetch_all();
}

Picture::Waited Picture::wait(std::chrono::milliseconds wait) {
  if (!is_known_) return Waited::lost;
  const cli::Reply reply =
      client_.get("/api/v1/changes?after=" + std::to_string(revision_) + "&epoch=" + cli::encoded(epoch_) +
                  "&wait=" + std::to_string(wait.count()) + "ms");
  const json::value value = cli::json_of(reply);
  const json::object* feed = reply.ok() ? value.if_object() : nullptr;
  const json::value* changes = feed == nullptr ? nullptr : feed->if_contains("changes");
  const json::value* to = feed == nullptr ? nullptr : feed->if_contains("to");
  if (changes == nullptr || !changes->is_array() || to == nullptr || !to->is_number()) {
    forget();
    return Waited::lost;
  }
  for (const json::value& change : changes->get_array()) {
    if (change.is_object()) changed_.insert(cli::member(change.get_object(), "service"));
  }
  revision_ = to->to_number<std::uint64_t>();
  return changes->get_array().empty() ? Waited::nothing : Waited::changed;
}

std::vector<Service> Picture::services() const {
  std::vector<Service> all;
  for (const auto& [name, service] : services_) all.push_back(service);
  return all;
}

}  // namespace muster::haproxy
