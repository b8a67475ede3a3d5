#include "registry/sources/mesos_parse.h"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "registry/sources/mesos_elements.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t kDeepest = 64;
constexpr std::size_t kLongestText = 64 << 10;
constexpr std::size_t kElementOctets = 64 << 10;  // most elements are smaller as values

// Where in the document the parser is; one for each open container that is not inside an element.
enum class Place : std::uint8_t {
  state,
  agents,
  recovered_agents,
  recovered_agent,
  frameworks,
  framework,
  tasks,
  ended_tasks,
  ended_task,
  passed_over,
};

enum class Element : std::uint8_t { none, agent, task };

enum class Fault : std::uint8_t { none, not_an_object, too_many };

// The events of the parser. An element is put together on a stack of values; of all else only texts, flags
// and numbers with a known name are taken.
class Reader {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = kLongestText;
  static constexpr std::size_t max_string_size = kLongestText;

  explicit Reader(const MesosLimits& limits) : limits_(limits) {}

  MesosState take() { return std::move(state_); }
  Fault fault() const { return fault_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code& error) { return begin(true, error); }
  bool on_array_begin(error_code& error) { return begin(false, error); }
  bool on_object_end(std::size_t members, error_code&) {
    if (depth_ > 0) stack_.push_object(members);
    return end();
  }
  bool on_array_end(std::size_t elements, error_code&) {
    if (depth_ > 0) stack_.push_array(elements);
    return end();
  }

  bool on_key_part(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_chars(part);
    } else {
      key_part_ += part;
    }
    return true;
  }
  bool on_key(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_key(part);
    } else {
      key_.assign(key_part_).append(part);
      key_part_.clear();
    }
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, error_code&) {
    if (depth_ > 0) {
      stack_.push_chars(part);
    } else if (!is_passed_over()) {
      text_part_ += part;
    }
    return true;
  }
  bool on_string(std::string_view part, std::size_t, error_code& error) {
    if (depth_ > 0) {
      stack_.push_string(part);
    } else if (!is_passed_over()) {
      text_part_ += part;
      take_text(std::exchange(text_part_, {}));
    }
    return scalar(error);
  }

  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, std::string_view, error_code& error) {
    if (depth_ > 0) stack_.push_int64(number);
    return take_number(static_cast<double>(number), error);
  }
  bool on_uint64(std::uint64_t number, std::string_view, error_code& error) {
    if (depth_ > 0) stack_.push_uint64(number);
    return take_number(static_cast<double>(number), error);
  }
  bool on_double(double number, std::string_view, error_code& error) {
    if (depth_ > 0) stack_.push_double(number);
    return take_number(number, error);
  }
  bool on_bool(bool flag, error_code& error) {
    if (depth_ > 0) {
      stack_.push_bool(flag);
    } else if (at() == Place::framework) {
      take_flag(flag);
    }
    return scalar(error);
  }
  bool on_null(error_code& error) {
    if (depth_ > 0) stack_.push_null();
    return at() == Place::framework ? true : scalar(error);  // a member is as if it were absent
  }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  Place at() const { return places_.empty() ? Place::passed_over : places_.back(); }
  bool is_passed_over() const { return at() == Place::passed_over; }

  bool fail(Fault fault, error_code& error) {
    fault_ = fault;
    error = json::make_error_code(json::error::incomplete);  // any: the fault says which
    return false;
  }

  bool begin(bool is_object, error_code& error) {
    if (depth_ > 0) {
      ++depth_;
      return true;
    }
    if (places_.empty()) {
      if (!is_object) return fail(Fault::not_an_object, error);
      places_.push_back(Place::state);
      return true;
    }
    element_ = element_at(is_object);
    if (element_ == Element::none) return open(place_at(is_object), error);
    if (!has_room()) return fail(Fault::too_many, error);
    memory_.emplace(buffer_.data(), buffer_.size());
    stack_.reset(&*memory_);
    depth_ = 1;
    return true;
  }

  bool has_room() { return ++elements_ <= limits_.most_elements; }

  bool open(Place place, error_code& error) {
    const bool counts =
        place == Place::framework || place == Place::recovered_agent || place == Place::ended_task;
    if (counts && !has_room()) return fail(Fault::too_many, error);
    if (counts) id_.clear();
    if (place == Place::agents) state_.has_agents = true;
    if (place == Place::frameworks) state_.has_frameworks = true;
    if (place == Place::framework) framework_ = MesosFramework();
    places_.push_back(place);
    return true;
  }

  Element element_at(bool is_object) const {
    if (!is_object) return Element::none;
    if (at() == Place::agents) return Element::agent;
    return at() == Place::tasks ? Element::task : Element::none;
  }

  Place place_at(bool is_object) {
    switch (at()) {
      case Place::state:
        if (is_object) break;
        if (key_ == "slaves") return Place::agents;
        if (key_ == "recovered_slaves") return Place::recovered_agents;
        if (key_ == "frameworks") return Place::frameworks;
        break;
      case Place::frameworks:
        if (is_object) return Place::framework;
        drop("bad_framework");
        break;
      case Place::framework:
        if (key_ == "tasks" && is_object) framework_.is_partial = true;
        if (is_object) break;
        if (key_ == "tasks") return Place::tasks;
        if (key_ == "completed_tasks" || key_ == "unreachable_tasks") return Place::ended_tasks;
        break;
      case Place::recovered_agents:
        if (is_object) return Place::recovered_agent;
        break;
      case Place::ended_tasks:
        if (is_object) return Place::ended_task;
        break;
      case Place::agents: drop("bad_agent"); break;
      case Place::tasks: drop("bad_task"); break;
      case Place::recovered_agent:
      case Place::ended_task:
      case Place::passed_over: break;
    }
    return Place::passed_over;
  }

  bool end() {
    if (depth_ > 0) {
      if (--depth_ == 0) finish_element();
      return true;
    }
    const Place ended = places_.back();
    places_.pop_back();
    if (ended == Place::framework) finish_framework();
    if (ended == Place::recovered_agent && !id_.empty())
      state_.recovered_agents.push_back(std::exchange(id_, {}));
    if (ended == Place::ended_task && !id_.empty()) framework_.ended.push_back(std::exchange(id_, {}));
    return true;
  }

  void finish_element() {
    {
      const json::value value = stack_.release();
      if (element_ == Element::agent) {
        if (auto agent = read_mesos_agent(value.get_object(), state_.dropped))
          state_.agents.push_back(std::move(*agent));
      } else if (auto task = read_mesos_task(value.get_object(), limits_.most_ports, state_.dropped)) {
        framework_.tasks.push_back(std::move(*task));
      }
    }
    stack_.reset();
    memory_.reset();
  }

  void finish_framework() {
    if (framework_.id.empty()) return drop("bad_framework");
    state_.frameworks.push_back(std::exchange(framework_, {}));
  }

  // A member that is no container; where an element is wanted it is none.
  bool scalar(error_code& error) {
    if (depth_ > 0) return true;
    if (places_.empty()) return fail(Fault::not_an_object, error);
    switch (at()) {
      case Place::agents: drop("bad_agent"); break;
      case Place::frameworks: drop("bad_framework"); break;
      case Place::tasks: drop("bad_task"); break;
      case Place::framework:
        if (key_ == "tasks") framework_.is_partial = true;
        break;
      default: break;
    }
    return true;
  }

  void take_text(std::string text) {
    switch (at()) {
      case Place::state:
        if (key_ == "leader") state_.leader = std::move(text);
        break;
      case Place::framework:
        if (key_ == "id") framework_.id = std::move(text);
        if (key_ == "name") framework_.name = std::move(text);
        if (key_ == "pid") framework_.pid = std::move(text);
        if (key_ == "hostname") framework_.hostname = std::move(text);
        break;
      case Place::recovered_agent:
      case Place::ended_task:
        if (key_ == "id") id_ = std::move(text);
        break;
      default: break;
    }
  }

  bool take_number(double number, error_code& error) {
    if (depth_ == 0 && at() == Place::framework && key_ == "registered_time")
      framework_.registered_time = number;
    return scalar(error);
  }

  void take_flag(bool flag) {
    if (key_ == "active") framework_.active = flag;
    if (key_ == "connected") framework_.connected = flag;
    if (key_ == "recovered") framework_.recovered = flag;
  }

  void drop(std::string_view reason) { sources::drop(state_.dropped, reason); }

  const MesosLimits limits_;
  MesosState state_;
  MesosFramework framework_;  // the one that is being read
  std::vector<Place> places_;
  std::string key_;  // of the member that is being read, outside of elements
  std::string key_part_;
  std::string text_part_;
  Element element_ = Element::none;
  std::size_t depth_ = 0;  // open containers of the element; 0: there is none
  // A new one for each element: each block that one takes is twice the last, even after it was released.
  std::vector<unsigned char> buffer_ = std::vector<unsigned char>(kElementOctets);
  std::optional<json::monotonic_resource> memory_;
  json::value_stack stack_;
  std::string id_;  // of the ended task or recovered agent that is being read
  std::size_t elements_ = 0;
  Fault fault_ = Fault::none;
};

json::parse_options options() {
  json::parse_options options;
  options.max_depth = kDeepest;
  return options;
}

bool is_limit(const error_code& error) {
  return error == json::error::too_deep || error == json::error::string_too_large ||
         error == json::error::key_too_large;
}

}  // namespace

class MesosStateParser::Impl {
 public:
  explicit Impl(const MesosLimits& limits) : limits_(limits), parser_(options(), limits) {}

  bool write(std::string_view piece) {
    if (error_) return false;
    if (piece.size() > limits_.most_octets - octets_) {
      return fail(MesosParseError::Kind::limit,
                  "more than " + std::to_string(limits_.most_octets) + " octets");
    }
    error_code error;
    // Once it is done the parser would begin anew.
    const std::size_t read = parser_.done() ? 0 : parser_.write_some(true, piece.data(), piece.size(), error);
    if (!error && piece.find_first_not_of(" \t\r\n", read) < piece.size())
      error = json::make_error_code(json::error::extra_data);
    octets_ += read;
    if (error) return tell(error);
    octets_ += piece.size() - read;
    return true;
  }

  net::Result<MesosState, MesosParseError> finish() {
    if (!error_ && !parser_.done()) tell(json::make_error_code(json::error::incomplete));
    if (error_) return *error_;
    return parser_.handler().take();
  }

 private:
  bool fail(MesosParseError::Kind kind, const std::string& what) {
    error_ = MesosParseError{kind, what + ", at octet " + std::to_string(octets_)};
    return false;
  }

  bool tell(const error_code& error) {
    using Kind = MesosParseError::Kind;
    switch (parser_.handler().fault()) {
      case Fault::not_an_object: return fail(Kind::parse, "the state is no object");
      case Fault::too_many:
        return fail(Kind::limit,
                    "more than " + std::to_string(limits_.most_elements) + " agents, frameworks and tasks");
      case Fault::none: break;
    }
    return fail(is_limit(error) ? Kind::limit : Kind::parse, "not JSON: " + error.message());
  }

  const MesosLimits limits_;
  json::basic_parser<Reader> parser_;
  std::size_t octets_ = 0;
  std::optional<MesosParseError> error_;
};

MesosStateParser::MesosStateParser(MesosLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
MesosStateParser::~MesosStateParser() = default;

bool MesosStateParser::write(std::string_view piece) { return impl_->write(piece); }
net::Result<MesosState, MesosParseError> MesosStateParser::finish() { return impl_->finish(); }

}  // namespace muster::registry::sources
