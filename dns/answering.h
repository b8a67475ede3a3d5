// What a thread that answers owns: its reader of the name table, and the Answerer that reads with it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "dns/answer.h"
#include "dns/live_config.h"

namespace muster::dns {

struct Answering {
  // `kept`: other servers' answers; null: none.
  Answering(zones::NameTable& table, zones::Rng rng, std::shared_ptr<const LiveConfig> live, Clock time,
            Cache* kept = nullptr)
      : reader(table), answerer(reader, rng, live->get()), config(std::move(live)), clock(std::move(time)) {
    if (kept != nullptr) answerer.cache = &cache.emplace(*kept);
  }
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

  // Around each batch.
  class [[nodiscard]] Online {
   public:
    explicit Online(Answering& of) : names_(of.reader), cache_(of.cache ? &*of.cache : nullptr) {
      if (cache_ != nullptr) cache_->online();
    }
    ~Online() {
      if (cache_ != nullptr) cache_->offline();
    }
    Online(const Online&) = delete;
    Online& operator=(const Online&) = delete;

   private:
    const zones::NameTable::Reader::Online names_;
    Cache::Reader* const cache_;
  };

  zones::NameTable::Reader reader;
  std::optional<Cache::Reader> cache;
  Answerer answerer;
  std::shared_ptr<const LiveConfig> config;
  std::uint64_t generation = 0;
  Clock clock;
};

}  // namespace muster::dns
