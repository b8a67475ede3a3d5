// A scheduler as a source, as musterd handles it: it learns by itself, and hands on each step.
#pragma once

#include "registry/source_status.h"

namespace muster::registry::sources {

// Every function may be called on any thread.
class Source {
 public:
  virtual ~Source() = default;  // after stop(), or when nothing runs its strand
  virtual void start() = 0;
  virtual void stop() = 0;    // nothing more is handed on
  virtual void resync() = 0;  // asks for everything now
  virtual void accept() = 0;  // what is held is gone
  virtual SourceStatus status() const = 0;
};

}  // namespace muster::registry::sources
