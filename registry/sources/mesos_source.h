// A Mesos cluster as a source: asks its masters, believes what the guard lets through, and hands on each
// step. With a stream its events come first; a whole state is asked for when it begins, and whenever an event
// does not fit.
//
//   MesosStream, MesosPoll → MesosTable (what is believed) → MesosPicture (what is shown) → publish
//
// Thread safety: what it does it does on its strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "registry/net/resolver.h"
#include "registry/sources/mesos_picture.h"
#include "registry/sources/mesos_poll.h"
#include "registry/sources/picture_saver.h"
#include "registry/sources/source.h"
#include "registry/sources/zookeeper_url.h"

namespace muster::registry::sources {

struct MesosSourceConfig {
  std::string name = "mesos";
  MesosAsk ask;                           // its masters are asked beside those that ZooKeeper announces
  std::optional<ZookeeperUrl> zookeeper;  // where masters announce themselves
  net::HttpScheme announced_scheme = net::HttpScheme::http;
  std::shared_ptr<const net::TlsClientContext> tls;
  MesosRules rules;
  MesosGuard guard;
  Millis refresh{10'000};  // between two polls
  bool stream = true;
  Millis stale_after{30'000};
  Millis max_stale{0};      // 0: what is stale is served for ever
  bool drops_stale = true;  // after it: its names go; else they are SERVFAIL
};

struct MesosSourceHooks {
  std::function<net::Instant()> now;
  std::function<double()> chance;  // from 0 to 1
  // A piece of the next step, in their order. False: there is no room for it now, it is offered again. With
  // the last piece: whether the source has spoken, and what it said last may be served.
  std::function<bool(const MesosStep& piece, std::optional<bool> is_current)> publish;
  // A word for the log: what has begun to fail, or works again ("").
  std::function<void(const SourceFailure& failure)> tell;
  // A whole state has been taken, and what it took up is free again.
  std::function<void()> tidy;
  KeepPicture keep;  // null: nothing is kept
};

// Of the pictures that a source of this configuration keeps, and goes on from.
PictureKind picture_kind(const MesosSourceConfig& config);

class MesosSource : public Source {
 public:
  // The resolver outlives it.
  MesosSource(net::Strand strand, net::Resolver& resolver, MesosSourceConfig config, MesosSourceHooks hooks);
  ~MesosSource() override;

  std::string restore(const SourcePicture& picture) override;
  void start() override;
  void stop() override;
  void resync() override;
  void accept() override;
  void tell_again() override;
  SourceStatus status() const override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace muster::registry::sources
