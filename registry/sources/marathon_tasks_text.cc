#include "registry/sources/marathon_tasks_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "registry/sources/json_element.h"

namespace muster::registry::sources {

namespace {

struct End {
  std::string_view host;
  std::uint16_t port = 0;
};

// One line: a service port, and an end for each task in the order of the app's tasks.
struct Line {
  std::uint16_t service_port = 0;
  std::vector<End> ends;
};

// What comes before the next `mark`, which is taken away with it.
std::string_view cut(std::string_view& text, char mark) {
  const auto at = text.find(mark);
  const std::string_view before = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return before;
}

std::optional<std::uint16_t> text_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.:").find(c) != std::string_view::npos;
  });
}

std::optional<End> end_of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = text_port(text.substr(colon + 1));
  if (!is_name(host) || !port || *port == 0) return std::nullopt;
  return End{host, *port};
}

// "prod_shop_cart" → "/prod/shop/cart"
std::string app_of(std::string_view path) {
  std::string id = "/" + std::string(path);
  std::ranges::replace(id, '_', '/');
  return id;
}

// The lines of one app show the same tasks in the same order, so that the hosts agree place by place.
bool agree(const std::vector<Line>& lines) {
  return std::ranges::all_of(lines, [&](const Line& line) {
    return std::ranges::equal(line.ends, lines.front().ends, {}, &End::host, &End::host);
  });
}

MarathonTask task_at(const End& first) {
  MarathonTask task;
  task.id = std::string(first.host) + ":" + std::to_string(first.port);
  task.host = first.host;
  task.state = "TASK_RUNNING";
  return task;
}

void add_port(MarathonTask& task, const End& end, std::uint16_t service_port) {
  task.ports.push_back(end.port);
  task.service_ports.push_back(service_port);
}

std::vector<MarathonTask> tasks_of(const std::vector<Line>& lines) {
  std::vector<MarathonTask> tasks;
  if (agree(lines)) {
    for (const End& end : lines.front().ends) tasks.push_back(task_at(end));
    for (const Line& line : lines) {
      for (std::size_t i = 0; i < line.ends.size(); ++i) add_port(tasks[i], line.ends[i], line.service_port);
    }
    return tasks;
  }
  for (const Line& line : lines) {
    for (const End& end : line.ends) add_port(tasks.emplace_back(task_at(end)), end, line.service_port);
  }
  return tasks;
}

class TextReader {
 public:
  explicit TextReader(const MarathonLimits& limits) : limits_(limits) {}

  // False: there are too many tasks.
  bool read_line(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) return true;
    const std::string_view path = cut(text, '\t');
    const std::string_view column = cut(text, '\t');
    if (!is_name(path)) return dropped("bad_app");
    if (column == " ") return true;  // without ports
    const auto service_port = text_port(column);
    if (!service_port) return dropped("bad_port");
    std::vector<Line>& lines = lines_[std::string(path)];
    if (lines.size() == limits_.most_ports) return dropped("ports_truncated");
    return read_ends(text, lines.emplace_back(Line{*service_port, {}}));
  }

  MarathonState take() {
    for (const auto& [path, lines] : lines_) {
      MarathonApp& app = state_.apps.emplace_back();
      app.id = app_of(path);
      app.tasks = tasks_of(lines);
    }
    state_.has_list = true;
    return std::move(state_);
  }

 private:
  bool dropped(std::string_view reason) {
    drop(state_.dropped, reason);
    return true;
  }

  bool read_ends(std::string_view text, Line& line) {
    while (!text.empty()) {
      const std::string_view field = cut(text, '\t');
      if (field.empty()) continue;
      if (++elements_ > limits_.most_elements) return false;
      if (const auto end = end_of(field)) {
        line.ends.push_back(*end);
      } else {
        dropped("bad_address");
      }
    }
    return true;
  }

  const MarathonLimits limits_;
  MarathonState state_;
  std::map<std::string, std::vector<Line>> lines_;  // by path
  std::size_t elements_ = 0;
};

}  // namespace

net::Result<MarathonState, ParseError> read_marathon_tasks_text(std::string_view text,
                                                                const MarathonLimits& limits) {
  if (text.size() > limits.most_octets)
    return ParseError{ParseError::Kind::limit,
                      "more than max_body, " + std::to_string(limits.most_octets) + " octets"};
  TextReader reader(limits);
  while (!text.empty()) {
    if (!reader.read_line(cut(text, '\n'))) {
      return ParseError{ParseError::Kind::limit,
                        "more than max_tasks, " + std::to_string(limits.most_elements) + " tasks"};
    }
  }
  return reader.take();
}

}  // namespace muster::registry::sources
