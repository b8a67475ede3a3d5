// The state of a Mesos cluster as the v1 operator API writes it, flat: tasks, agents and frameworks each in a
// list of their own, and every id an object. Made into the same values as /master/state, one element at a
// time. It stands inside of another document, whose reader hands on what concerns it.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/sources/element_stream.h"
#include "registry/sources/mesos_state.h"

namespace muster::registry::sources {

class MesosFlatReader {
 public:
  // The places in it are those from `first` on.
  MesosFlatReader(Place first, std::size_t most_ports) : first_(first), most_ports_(most_ports) {}

  bool has(Place place) const { return place >= first_; }
  Entry root() const { return {Entry::How::enter, first_, false}; }

  // As DocumentReader's, in places of its own.
  Entry begin(Place in, std::string_view key, bool is_object);
  void held(Place in, const boost::json::value& element);
  void scalar(Place in, std::string_view key, const boost::json::value& value);

  // Once. It has no leader, and its frameworks no pids: that API does not tell them.
  MesosState take();

 private:
  // A task of a framework that may be yet to come.
  struct Loose {
    std::string framework_id;
    MesosTask task;
  };
  using Ids = std::vector<std::pair<std::string, std::string>>;  // framework, task

  Entry begin_group(std::string_view key, bool is_object);
  Entry begin_list(Place in, std::string_view key, bool is_object);
  void take_id(const boost::json::object& task, Ids& to);

  const Place first_;
  const std::size_t most_ports_;
  bool has_tasks_ = false;
  MesosState state_;
  std::vector<Loose> tasks_;
  Ids ended_;
  Ids unreachable_;
};

}  // namespace muster::registry::sources
