// What a thread that answers owns: its reader of the name table, and the Answerer that reads with it.
#pragma once

#include <utility>

#include "dns/answer.h"

namespace muster::dns {

struct Answering {
  Answering(zones::NameTable& table, zones::Rng rng, AnswerConfig config)
      : reader(table), answerer(reader, rng, std::move(config)) {}

  zones::NameTable::Reader reader;
  Answerer answerer;
};

}  // namespace muster::dns
