// What a thread that answers owns: its reader of the name table, and the Answerer that reads with it.
#pragma once

#include <memory>
#include <utility>

#include "dns/answer.h"
#include "dns/live_config.h"

namespace muster::dns {

struct Answering {
  Answering(zones::NameTable& table, zones::Rng rng, std::shared_ptr<const LiveConfig> live, Clock time)
      : reader(table), answerer(reader, rng, live->get()), config(std::move(live)), clock(std::move(time)) {}
  // With a configuration that stays, at no time.
  Answering(zones::NameTable& table, zones::Rng rng, AnswerConfig fixed)
      : Answering(table, rng, std::make_shared<const LiveConfig>(std::move(fixed)), [] { return Moment(); }) {
  }

  // Before each batch: takes a newer configuration over, and looks at the clock once for all of it.
  Moment begin_batch() {
    if (const std::uint64_t newest = config->generation(); newest != generation) {
      generation = newest;
      answerer.config = config->get();
    }
    return clock();
  }

  zones::NameTable::Reader reader;
  Answerer answerer;
  std::shared_ptr<const LiveConfig> config;
  std::uint64_t generation = 0;
  Clock clock;
};

}  // namespace muster::dns
