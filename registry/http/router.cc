#include "registry/http/router.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/container/static_vector.hpp>
#include <deque>
#include <map>
#include <set>
#include <stdexcept>

#include "registry/http/percent.h"

namespace muster::registry::http {

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::open: return "open";
    case Scope::read: return "read";
    case Scope::write: return "write";
    case Scope::admin: return "admin";
  }
  return "";
}

namespace {

constexpr std::size_t kUsualSegments = 8;
constexpr std::size_t kCapturesMost = 8;  // of one pattern

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> parts;
  parts.reserve(kUsualSegments);
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == path.npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

// RFC 9112 §3.2.2: a server must take the absolute form too; only its path matters here.
std::string_view origin_form(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return target;
  const auto path = target.find_first_of("/?", scheme + 3);
  return path == target.npos ? std::string_view("/") : target.substr(path);
}

std::optional<std::vector<std::string>> native_segments(std::string_view path) {
  const auto parts = split_path(path);
  std::vector<std::string> segments;
  segments.reserve(parts.size());
  for (const auto part : parts) {
    auto decoded = percent_decode(part);
    if (!decoded) return std::nullopt;
    segments.push_back(std::move(*decoded));
  }
  return segments;
}

std::optional<std::vector<std::string>> lyft_segments(std::string_view path) {
  const auto decoded = percent_decode(path);
  if (!decoded || !is_utf8(*decoded)) return std::nullopt;
  const auto parts = split_path(*decoded);
  return std::vector<std::string>(parts.begin(), parts.end());
}

bool read_query(std::string_view text, std::vector<std::pair<std::string, std::string>>& query) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), Plus::space);
    auto value =
        percent_decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), Plus::space);
    if (!name || !value) return false;
    query.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

}  // namespace

// A trie of segments, one for each way of splitting. Every branch that fits a path counts: `repo/{repo}` and
// `{service}/{ip}` may share a path and differ in methods.
class Router::Tree {
 public:
  struct Node {
    std::map<std::string, Node, std::less<>> literal;
    std::unique_ptr<Node> capture;
    std::vector<std::pair<std::string, std::size_t>> methods;  // → index of the route
  };
  // Which segments were captured.
  using Captures = boost::container::static_vector<std::size_t, kCapturesMost>;
  struct Fit {
    const Node* node;
    Captures captures;
  };
  using Fits = boost::container::small_vector<Fit, 2>;

  void add(Route route);
  void fit(const Node& node, const std::vector<std::string>& segments, std::size_t depth, Captures& captures,
           Fits& fits) const;

  // Whose way of saying no an unknown path is told in: who has paths that begin alike.
  Dialect dialect_of(const std::vector<std::string_view>& parts) const;

  std::deque<Route> routes;
  std::set<std::string, std::less<>> plain_roots;  // first segments of plain routes
  Node split_first;   // native, plain
  Node decode_first;  // Lyft
};

void Router::Tree::add(Route route) {
  if (!route.pattern.starts_with('/'))
    throw std::logic_error("route pattern must begin with '/': " + route.pattern);
  if (std::count(route.pattern.begin(), route.pattern.end(), '{') > std::ptrdiff_t{kCapturesMost})
    throw std::logic_error("route pattern captures more than 8 segments: " + route.pattern);
  Node* node = route.dialect == Dialect::lyft ? &decode_first : &split_first;
  for (const auto part : split_path(route.pattern)) {
    if (part.starts_with('{')) {
      if (!node->capture) node->capture = std::make_unique<Node>();
      node = node->capture.get();
    } else {
      node = &node->literal[std::string(part)];
    }
  }
  for (const auto& [method, index] : node->methods) {
    if (method == route.method)
      throw std::logic_error("two routes for " + route.method + " " + route.pattern);
  }
  if (route.dialect == Dialect::plain) plain_roots.emplace(split_path(route.pattern).front());
  node->methods.emplace_back(route.method, routes.size());
  if (route.name.empty()) route.name = route.pattern;
  routes.push_back(std::move(route));
}

Dialect Router::Tree::dialect_of(const std::vector<std::string_view>& parts) const {
  const auto root = decode_first.literal.find(parts.front());
  const bool is_plain = plain_roots.contains(parts.front());
  if (root == decode_first.literal.end()) return is_plain ? Dialect::plain : Dialect::native;
  const bool is_lyft = parts.size() > 1 && root->second.literal.contains(parts[1]);
  return is_lyft || !is_plain ? Dialect::lyft : Dialect::plain;
}

void Router::Tree::fit(const Node& node, const std::vector<std::string>& segments, std::size_t depth,
                       Captures& captures, Fits& fits) const {
  if (depth == segments.size()) {
    if (!node.methods.empty()) fits.push_back({&node, captures});
    return;
  }
  const auto next = node.literal.find(segments[depth]);
  if (next != node.literal.end()) fit(next->second, segments, depth + 1, captures, fits);
  if (!node.capture || segments[depth].empty()) return;
  captures.push_back(depth);
  fit(*node.capture, segments, depth + 1, captures, fits);
  captures.pop_back();
}

namespace {

using Methods = std::vector<std::pair<std::string, std::size_t>>;

std::optional<std::size_t> method_index(const Methods& methods, std::string_view method) {
  for (const auto& [name, index] : methods) {
    if (name == method || (method == "HEAD" && name == "GET")) return index;
  }
  return std::nullopt;
}

void list_allowed(const Methods& methods, std::vector<std::string>& allowed) {
  for (const auto& [name, index] : methods) {
    allowed.push_back(name);
    if (name == "GET") allowed.emplace_back("HEAD");
  }
}

std::string allow_header(std::vector<std::string> allowed) {
  allowed.emplace_back("OPTIONS");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  std::string text;
  for (const std::string& method : allowed) text += (text.empty() ? "" : ", ") + method;
  return text;
}

}  // namespace

Router::Router() : tree_(std::make_unique<Tree>()) {}
Router::~Router() = default;

void Router::add(Route route) { tree_->add(std::move(route)); }
std::size_t Router::size() const { return tree_->routes.size(); }
const Route& Router::route(std::size_t index) const { return tree_->routes[index]; }

Router::Match Router::match(Request& request) const {
  Match match;
  const auto target = origin_form(std::string_view(request.target).substr(0, request.target.find('#')));
  const auto path = target.substr(0, target.find('?'));
  const bool query_is_good =
      path.size() == target.size() || read_query(target.substr(path.size() + 1), request.query);
  if (path == "*" && request.method == "OPTIONS") return match.status = 200, match;
  if (!path.starts_with('/')) return match.status = path.empty() ? 404 : 400, match;

  Tree::Fits fits;
  Tree::Captures captures;
  auto segments = native_segments(path);
  if (segments) tree_->fit(tree_->split_first, *segments, 0, captures, fits);
  if (fits.empty()) {
    auto whole = lyft_segments(path);
    if (whole) tree_->fit(tree_->decode_first, *whole, 0, captures, fits);
    if (!fits.empty()) segments = std::move(whole);
    match.dialect = tree_->dialect_of(split_path(path));
    if (!whole && (!segments || match.dialect == Dialect::lyft)) return match.status = 400, match;
  }
  if (!segments) return match.status = 400, match;
  if (fits.empty()) return match;
  match.dialect = tree_->routes[fits.front().node->methods.front().second].dialect;
  if (!query_is_good && match.dialect != Dialect::lyft) return match.status = 400, match;

  std::vector<std::string> allowed;
  for (const Tree::Fit& fit : fits) {
    if (const auto index = method_index(fit.node->methods, request.method)) {
      match.index = *index;
      match.route = &tree_->routes[*index];
      match.dialect = match.route->dialect;
      match.status = 200;
      for (const std::size_t at : fit.captures) request.captures.push_back(std::move((*segments)[at]));
      return match;
    }
    list_allowed(fit.node->methods, allowed);
  }
  match.allow = allow_header(std::move(allowed));
  match.status = request.method == "OPTIONS" ? 200 : 405;
  return match;
}

}  // namespace muster::registry::http
