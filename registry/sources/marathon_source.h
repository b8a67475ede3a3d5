// A Marathon as a source: asks for all apps and pods now and then, listens to its events meanwhile, asks
// again for what they are about, and hands on each step. Events that take something away act at once; what
// comes, comes by asking.
//
//   MarathonStream (hints) → MarathonFetch (documents) → MarathonTable (what is believed) → publish
//
// Thread safety: what it does it does on its strand.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "registry/net/resolver.h"
#include "registry/sources/marathon_fetch.h"
#include "registry/sources/marathon_table.h"
#include "registry/sources/mesos_step.h"
#include "registry/sources/picture_saver.h"
#include "registry/sources/source.h"

namespace muster::registry::sources {

struct MarathonSourceConfig {
  std::string name = "marathon";
  MarathonAsk ask;
  std::string urls_file;  // lists more of whom to ask: its path; "": none
  std::shared_ptr<const net::TlsClientContext> tls;
  MarathonRules rules;
  MesosGuard guard;
  Millis refresh{30'000};  // between two times that all is asked for
  bool stream = true;
  Millis stale_after{90'000};
  Millis max_stale{0};  // 0: what is stale is served for ever
};

struct MarathonSourceHooks {
  std::function<net::Instant()> now;
  std::function<double()> chance;  // from 0 to 1
  // A piece of the next step, in their order; nothing of it is seen by the view of a scheduler's zone. False:
  // there is no room for it now, it is offered again. With the last piece: whether the source has spoken.
  std::function<bool(const MesosStep& piece, std::optional<bool> is_current)> publish;
  // A word for the log: what has begun to fail, or works again ("").
  std::function<void(const SourceFailure& failure)> tell;
  // A whole state has been taken, and what it took up is free again.
  std::function<void()> tidy;
  KeepPicture keep;  // null: nothing is kept
  // The text of the file that lists where to ask, when it is another than at the last call; asked now and
  // then. May be empty: there is none.
  std::function<std::optional<std::string>()> urls_file;
};

// Of the pictures that a source of this configuration keeps, and goes on from.
PictureKind picture_kind(const MarathonSourceConfig& config);

class MarathonSource : public Source {
 public:
  // The resolver outlives it.
  MarathonSource(net::Strand strand, net::Resolver& resolver, MarathonSourceConfig config,
                 MarathonSourceHooks hooks);
  ~MarathonSource() override;

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
