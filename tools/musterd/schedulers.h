// The schedulers of the configuration: each has a source, which lives on the I/O thread, and perhaps a zone
// of its own, which belongs to the control thread. What a source learns becomes a job there: instances for
// the registry, names for the zone, in one turn.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "registry/api/mesos_dns.h"
#include "registry/api/native.h"
#include "registry/control.h"
#include "registry/net/resolver.h"
#include "registry/sources/mesos_step.h"
#include "tools/musterd/loader.h"
#include "tools/musterd/names.h"
#include "tools/musterd/picture_keeper.h"
#include "tools/musterd/settings.h"
#include "zones/mesos_zone.h"

namespace muster::tools {

class Schedulers {
 public:
  // Adds the zones, which answer SERVFAIL for what they do not know until their source has spoken.
  // `keep`: whether sources' pictures are kept in the store, with those that are there.
  Schedulers(boost::asio::io_context& io, const ConfigPtr& config, Names& names,
             const zones::SerialStore& serials, const std::vector<net::Endpoint>& listen, Loader& loader,
             std::optional<registry::Rows> keep);
  ~Schedulers();

  // What the store has of the sources is published, and goes if its source is configured no more. Once the
  // control thread runs, and before the I/O thread does.
  void restore(registry::Control& control);
  void start();  // afterwards
  // Sources tell nothing more, and what they know is handed to the store. Waits for the I/O thread.
  void stop();
  void tick(net::Instant now);             // on the control thread

  std::vector<registry::SourceStatus> status() const;   // any thread
  // Whether one that is required has not spoken yet, and has services to tell of; any thread.
  bool awaits_services() const;
  std::vector<registry::api::Missing> missing() const;  // any thread: what was required and has not spoken
  // What an explanation of this name says beyond that of any: of whom its source learnt what stands there, or
  // does not, as members of an object. `service`: the native service that it is of; "": of none. On the
  // control thread.
  std::string explain(const zones::Name& owner, std::optional<zones::RrType> type, const std::string& service,
                      net::WallTime now) const;
  bool resync(std::string_view source);                 // any thread; false: there is none of that name
  bool accept(std::string_view source);
  // The sources that answer Mesos-DNS' HTTP API; `dumps` writes what takes long.
  std::vector<registry::api::MesosDnsSource> mesos_dns(const config::Config& config, Loader& dumps);

 private:
  struct One;

  One& add(const std::string& name, const config::SourceRules& rules);
  template <class Hooks>
  Hooks hooks_of(One& one);
  void tidy_if_due(net::SteadyTime now);
  bool publish(One& one, const registry::sources::MesosStep& piece, std::optional<bool> is_current);
  One* find(std::string_view source) const;
  std::string explain_service(const std::string& service) const;

  std::atomic<net::SteadyTime> tidy_at_ = net::SteadyTime::max();
  const net::Strand strand_;  // of all that the sources do
  Names& names_;
  std::unique_ptr<zones::NameTable::Reader> lister_;  // the dumping thread's
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<PictureKeeper> keeper_;  // null: nothing is kept
  registry::Control* control_ = nullptr;
  std::vector<std::unique_ptr<One>> all_;
};

}  // namespace muster::tools
