#include "registry/sources/mesos_step.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

namespace muster::registry::sources {

namespace {

// Moves the next of `from`, `begin` on, to `to`.
template <class Element>
void take(std::vector<Element>& from, std::size_t& begin, std::size_t most, std::vector<Element>& to) {
  const auto at = from.begin() + static_cast<std::ptrdiff_t>(begin);
  const std::size_t count = std::min(most, from.size() - begin);
  to.assign(std::make_move_iterator(at), std::make_move_iterator(at + static_cast<std::ptrdiff_t>(count)));
  begin += count;
}

}  // namespace

std::deque<MesosStep> pieces_of(MesosStep step, std::size_t most) {
  auto tasks = std::exchange(step.seen.tasks, {});
  auto withheld = std::exchange(step.seen.withheld, {});
  auto gone = std::exchange(step.native.gone, {});
  auto listed = std::exchange(step.native.listed, {});
  std::deque<MesosStep> pieces;
  MesosStep next;
  next.seen.source = step.seen.source;
  next.native.source = step.native.source;
  const MesosStep bare = next;
  next.seen = std::move(step.seen);
  std::size_t task = 0;
  std::size_t holding = 0;
  std::size_t going = 0;
  std::size_t coming = 0;
  do {
    take(tasks, task, most, next.seen.tasks);
    take(withheld, holding, most, next.seen.withheld);
    take(gone, going, most, next.native.gone);
    if (going == gone.size()) take(listed, coming, most, next.native.listed);
    pieces.push_back(std::exchange(next, bare));
  } while (task < tasks.size() || holding < withheld.size() || going < gone.size() || coming < listed.size());
  return pieces;
}

}  // namespace muster::registry::sources
