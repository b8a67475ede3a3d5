// A registry that only changes: instances come, go, drain, fall ill and change their ports at random, and
// each step is the batch that the real one would hand over.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>

#include "registry/registry.h"
#include "tests/zones/support/instances.h"

namespace muster::zones::test {

class ChangingRegistry {
 public:
  ChangingRegistry(unsigned seed, std::vector<std::string> services, std::size_t instances)
      : random_(seed), services_(std::move(services)), instances_(instances) {}

  registry::Batch step() {
    registry::Batch batch;
    for (std::size_t changes = 1 + pick(6); changes > 0; --changes) change_one(batch);
    if (pick(10) == 0) toggle_known(batch);
    return batch;
  }

  // Everything there is, as one batch of newcomers.
  registry::Batch whole() const {
    registry::Batch batch;
    for (const auto& [key, instance] : live_) batch.changes.push_back(change_of(nullptr, instance));
    for (const std::string& service : known_) batch.known_services.push_back(service);
    return batch;
  }

  bool is_known(std::string_view service) const { return known_.contains(std::string(service)); }
  std::size_t size() const { return live_.size(); }

 private:
  std::size_t pick(std::size_t bound) { return random_() % bound; }

  static registry::InstanceChange change_of(registry::InstancePtr before, registry::InstancePtr after) {
    registry::InstanceChange change;
    change.service = (after ? after : before)->service;
    change.id = (after ? after : before)->id;
    change.before = std::move(before);
    change.after = std::move(after);
    return change;
  }

  Make random_instance(const std::string& service, const std::string& id) {
    const std::vector<std::string> port_names = {"", "http", "HTTP", "dns", "web"};
    Make make(service, id);
    for (std::size_t n = pick(3); n > 0; --n) make.at("10.0.0." + std::to_string(pick(4)));
    if (pick(3) == 0) make.at("2001:db8::" + std::to_string(pick(4)));
    for (std::size_t n = pick(3); n > 0; --n) {
      make.on(port(static_cast<std::uint16_t>(80 + pick(3)), port_names[pick(port_names.size())],
                   pick(4) == 0 ? registry::Protocol::udp : registry::Protocol::tcp));
    }
    if (pick(2) == 0) make.tag("az", pick(2) == 0 ? "a" : "b");
    return vary(make);
  }

  // What changes often: weight, state, lease, drain.
  Make& vary(Make& make) {
    make.weight(static_cast<std::uint16_t>(pick(4)));
    if (pick(4) == 0) make.effective(make.instance.effective_weight / 16);
    make.body.priority = static_cast<std::uint16_t>(pick(8) == 0);
    make.state(std::vector{registry::State::active, registry::State::active, registry::State::timedout,
                           registry::State::suspended, registry::State::starting}[pick(5)]);
    make.instance.draining_since.reset();
    if (pick(6) == 0) make.draining();
    make.admin(
        std::vector{registry::AdminMode::down, registry::AdminMode::drain, registry::AdminMode::up}[pick(3)]);
    if (pick(4) > 0) make.admin(registry::AdminMode::automatic);
    make.instance.reason = pick(4) == 0 ? registry::Reason::timedout_hidden : registry::Reason::ok;
    make.lease(pick(3) == 0 ? 9 : 30);
    make.instance.lease_low = pick(5) == 0;
    make.instance.lease_state = registry::LeaseState::live;
    make.instance.silent_since = {};
    if (pick(6) == 0) make.suspect(1'700'000'000 + static_cast<std::int64_t>(pick(3)));
    make.instance.publishable = pick(12) != 0;
    make.instance.ramp = pick(5) == 0 ? 0.5F : 1.0F;
    make.instance.latency_ms = static_cast<float>(10 * pick(3));
    make.instance.success = pick(4) == 0 ? 0.5F : 1.0F;
    return make;
  }

  void change_one(registry::Batch& batch) {
    const std::string service = services_[pick(services_.size())];
    const std::string id = "i" + std::to_string(pick(instances_));
    registry::InstancePtr& slot = live_[{service, id}];
    const registry::InstancePtr before = slot;
    if (before && pick(3) == 0) {
      slot = nullptr;
    } else if (before && pick(3) > 0) {
      Make make(service, id);
      make.instance = *before;
      make.body = *before->body;
      slot = vary(make).get();
    } else {
      Make make = random_instance(service, id);
      make.sequence(before ? before->sequence : ++sequence_);
      slot = make.get();
    }
    batch.changes.push_back(change_of(before, slot));
    if (slot) {
      known_.insert(service);
    } else {
      live_.erase({service, id});
    }
  }

  // A service without instances lingers until somebody forgets it.
  void toggle_known(registry::Batch& batch) {
    const std::string service = services_[pick(services_.size())];
    const auto first = live_.lower_bound({service, ""});
    if (first != live_.end() && first->first.first == service) return;
    if (known_.erase(service) == 0) known_.insert(service);
    batch.known_services.push_back(service);
  }

  std::mt19937 random_;
  std::vector<std::string> services_;
  std::size_t instances_;
  std::uint64_t sequence_ = 0;
  std::map<std::pair<std::string, std::string>, registry::InstancePtr> live_;
  std::set<std::string> known_;
};

}  // namespace muster::zones::test
