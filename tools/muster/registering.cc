// register, deregister, drain, weight, up, down, auto.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <thread>

#include <boost/json/serialize.hpp>

#include "registry/model.h"
#include "registry/net/ip_address.h"
#include "tools/muster/command.h"
#include "tools/muster/instance.h"
#include "tools/muster/suggest.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

// As POST /api/v1/services/{service}/instances makes it: "10-0-0-7-8080", without a port "10-0-0-7".
std::string default_id(const std::string& address, int port) {
  const auto literal = net::parse_ip(address);
  std::string id = literal ? net::to_string(*literal) : address;
  for (char& c : id) {
    if (c == '.' || c == ':') c = '-';
  }
  return port == 0 ? id : id + "-" + std::to_string(port);
}

bool is_url(const std::string& text) {
  const auto colon = text.find(':');
  if (text.find("://") != text.npos) return true;
  // `mailto:a@b`, `jms:/Q.x`: what follows the colon of an address is its port.
  return colon != text.npos && std::count(text.begin(), text.end(), ':') == 1 &&
         text.find_first_of("/@", colon) != text.npos;
}

// As read_registration() makes it; "": the URL has no host to make one of.
std::string default_id_of_url(const std::string& url) {
  registry::InstanceBody body;
  if (registry::take_url(url, registry::AddressType::url, body) || registry::is_hostless(body)) return {};
  return default_id(registry::is_by_host(body) ? body.url->host : net::to_string(body.addresses.front()),
                    body.ports.front().number);
}

bool place(const RegisterArguments& arguments, Instance& instance) {
  if (is_url(arguments.address)) {
    if (!arguments.port_name.empty()) {
      std::fprintf(stderr, "muster: a URL's port has the name of its scheme: leave out --port-name\n");
      return false;
    }
    instance.id = arguments.id.empty() ? default_id_of_url(arguments.address) : arguments.id;
    instance.body["url"] = arguments.address;
    if (arguments.prefix) instance.body["address_type"] = "prefix";
    if (!instance.id.empty()) return true;
    std::fprintf(stderr, "muster: %s has no host to name the instance by: give it an --id\n",
                 arguments.address.c_str());
    return false;
  }
  if (arguments.prefix) {
    std::fprintf(stderr, "muster: --prefix is of URLs\n");
    return false;
  }
  std::string address;
  int port = 0;
  if (!split_address(arguments.address, address, port)) {
    std::fprintf(stderr, "muster: %s is no ADDRESS:PORT (127.0.0.1:8080, [::1]:8080, or an address alone)\n",
                 arguments.address.c_str());
    return false;
  }
  instance.id = arguments.id.empty() ? default_id(address, port) : arguments.id;
  instance.body["address"] = address;
  if (port != 0) {
    json::object entry{{"port", port}};
    if (!arguments.port_name.empty()) entry["name"] = arguments.port_name;
    instance.body["ports"] = json::array{entry};
  }
  return true;
}

bool build(const RegisterArguments& arguments, Instance& instance) {
  json::object tags;
  json::object properties;
  if (!read_tags(arguments.tags, tags)) {
    std::fprintf(stderr, "muster: write tags as --tag KEY=VALUE\n");
    return false;
  }
  if (!read_tags(arguments.properties, properties)) {
    std::fprintf(stderr, "muster: write properties as --property KEY=VALUE\n");
    return false;
  }
  instance.service = arguments.service;
  if (!place(arguments, instance)) return false;
  if (arguments.weight >= 0) instance.body["weight"] = arguments.weight;
  if (arguments.priority >= 0) instance.body["priority"] = arguments.priority;
  if (!tags.empty()) instance.body["tags"] = tags;
  if (!properties.empty()) instance.body["properties"] = properties;
  if (!arguments.task.empty()) instance.body["task"] = arguments.task;
  if (!arguments.lease.empty()) instance.body["lease"] = arguments.lease;
  return true;
}

void print_grant(const Context& context, const Instance& instance, const Reply& reply) {
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
    return;
  }
  const json::value grant = json_of(reply);
  const auto& lease = grant.as_object().at("lease").as_object();
  const double seconds = lease.at("ttl_ms").to_number<double>() / 1000;
  const json::value* alias_of = grant.as_object().if_contains("alias_of");
  const std::string joined = alias_of == nullptr ? "" : " as " + std::string(alias_of->as_string());
  std::printf("registered %s/%s%s, lease %g s\n", instance.service.c_str(), instance.id.c_str(),
              joined.c_str(), seconds);
}

// SIGINT and SIGTERM as readable events; blocked so that they interrupt nothing else.
class StopSignals {
 public:
  StopSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  }
  ~StopSignals() { close(fd_); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // True: a signal came within that time.
  bool wait(std::chrono::milliseconds span) const {
    pollfd look{fd_, POLLIN, 0};
    if (poll(&look, 1, static_cast<int>(span.count())) <= 0) return false;
    signalfd_siginfo info;
    return read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  }

 private:
  int fd_;
};

using std::chrono::milliseconds;
using std::chrono::steady_clock;

milliseconds until(steady_clock::time_point at) {
  return std::max(milliseconds(0), std::chrono::ceil<milliseconds>(at - steady_clock::now()));
}

// The heartbeats of an instance, at the pace that the server asks for.
class Renewal {
 public:
  Renewal(const Client& client, const Instance& instance, const Reply& grant)
      : client_(client), instance_(instance), interval_(heartbeat_interval(grant)), next_(steady_clock::now() + interval_) {}

  steady_clock::time_point next() const { return next_; }
  void renew_if_due() {
    if (steady_clock::now() < next_) return;
    const Reply reply = renew(client_, instance_);
    report(client_, reply);
    if (reply.ok()) interval_ = heartbeat_interval(reply);
    next_ = steady_clock::now() + interval_;
  }

 private:
  const Client& client_;
  const Instance& instance_;
  milliseconds interval_;
  steady_clock::time_point next_;
};

// Renews until a signal comes; then no new work: drained, the caches waited for, deregistered. A drained instance is
// renewed as before, since its lease may be shorter than the caches' time.
ExitCode hold(const Context& context, const Instance& instance, const Reply& grant) {
  const StopSignals signals;
  Renewal renewal(context.client, instance, grant);
  while (!signals.wait(until(renewal.next()))) renewal.renew_if_due();
  const auto safe = safe_stop_in(drain_instance(context.client, instance));
  const auto end = steady_clock::now() + safe;
  if (!context.json) {
    std::printf("draining; no cache holds it after %.1f s (a second signal does not wait)\n",
                static_cast<double>(safe.count()) / 1000);
    std::fflush(stdout);
  }
  while (steady_clock::now() < end && !signals.wait(until(std::min(end, renewal.next())))) renewal.renew_if_due();
  return report(context.client, remove_instance(context.client, instance));
}

}  // namespace

ExitCode register_instance(const Context& context, const RegisterArguments& arguments) {
  Instance instance;
  if (!build(arguments, instance)) return wrong_usage;
  instance.generation = arguments.generation;
  if (instance.generation == 0) {
    const auto living = arguments.hold ? std::nullopt : live_generation(context.client, instance);
    instance.generation = living.value_or(unix_millis());
  }
  const Reply reply = put(context.client, instance);
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  print_grant(context, instance, reply);
  std::fflush(stdout);
  return arguments.hold ? hold(context, instance, reply) : done;
}

ExitCode deregister(const Context& context, const std::string& service, const std::string& id) {
  Instance instance{service, id, 0, {}};
  const Reply found = context.client.get(instance.path());
  if (const ExitCode code = report_about(context, found, service, id); code != done) return code;
  instance.generation = json_of(found).as_object().at("generation").to_number<std::uint64_t>();
  const Reply reply = remove_instance(context.client, instance);
  if (const ExitCode code = report(context.client, reply); code != done) return code;
  std::printf("%s\n", context.json ? reply.body.c_str() : ("deregistered " + service + "/" + id).c_str());
  return done;
}

ExitCode drain(const Context& context, const std::string& service, const std::string& id, bool undo,
               bool wait) {
  const Instance instance{service, id, 0, {}};
  const Reply reply =
      undo ? context.client.request("DELETE", instance.path() + "/drain", "")
           : context.client.request("POST", instance.path() + "/drain", R"({"reason":"muster drain"})");
  if (const ExitCode code = report_about(context, reply, service, id); code != done) return code;
  if (context.json) {
    std::printf("%s\n", reply.body.c_str());
  } else if (undo) {
    std::printf("%s/%s is in the answers again\n", service.c_str(), id.c_str());
  } else {
    const json::value value = json_of(reply);
    std::printf("draining %s/%s; no resolver holds it after %s\n", service.c_str(), id.c_str(),
                std::string(value.as_object().at("safe_stop_at").as_string()).c_str());
  }
  std::fflush(stdout);
  if (wait && !undo) std::this_thread::sleep_for(safe_stop_in(reply));
  return done;
}

namespace {

ExitCode set_admin(const Context& context, const Instance& instance, const json::object& body,
                   const std::string& said) {
  const Reply reply = context.client.request("PUT", instance.path() + "/admin", json::serialize(body));
  if (const ExitCode code = report_about(context, reply, instance.service, instance.id); code != done) return code;
  std::printf("%s\n", context.json ? reply.body.c_str() : said.c_str());
  return done;
}

}  // namespace

ExitCode set_weight(const Context& context, const std::string& service, const std::string& id, int weight) {
  return set_admin(context, Instance{service, id, 0, {}}, {{"weight", weight}},
                   service + "/" + id + " has weight " + std::to_string(weight) + " by the operator");
}

ExitCode set_mode(const Context& context, const std::string& service, const std::string& id,
                  const std::string& mode) {
  return set_admin(context, Instance{service, id, 0, {}}, {{"mode", mode}},
                   service + "/" + id + " is set to " + mode);
}

}  // namespace muster::cli
