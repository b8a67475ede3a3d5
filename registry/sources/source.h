// A scheduler as a source, as musterd handles it: it learns by itself, and hands on each step.
#pragma once

#include <string>

#include "registry/source_status.h"
#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

// Every function may be called on any thread.
class Source {
 public:
  virtual ~Source() = default;  // after stop(), or when nothing runs its strand
  // Goes on from a picture that fits: it is handed on, and the first answer of the scheduler passes the guard
  // against it. "", or why it cannot; then all is as if there were none. Before start(), while nothing runs
  // the strand.
  virtual std::string restore(const SourcePicture& picture) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;    // nothing more is handed on; what is not kept is kept
  virtual void resync() = 0;  // asks for everything now
  virtual void accept() = 0;  // what is held is gone
  // Not all that it told was taken, for want of room: it tells all again, soon.
  virtual void tell_again() = 0;
  virtual SourceStatus status() const = 0;
};

}  // namespace muster::registry::sources
