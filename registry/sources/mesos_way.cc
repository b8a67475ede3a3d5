#include "registry/sources/mesos_way.h"

#include <algorithm>

namespace muster::registry::sources {

MesosWay::MesosWay(std::vector<net::HttpOrigin> masters, std::optional<net::HttpOrigin> leader,
                   std::string path, bool was_announced)
    : masters_(std::move(masters)), leader_(was_announced ? leader : std::nullopt), path_(std::move(path)) {
  if (leader) order_.push_back(*leader);
  for (const net::HttpOrigin& master : masters_) {
    if (std::find(order_.begin(), order_.end(), master) == order_.end()) order_.push_back(master);
  }
}

std::optional<net::HttpUrl> MesosWay::next() {
  if (begun_ == order_.size()) return std::nullopt;
  at_ = {order_[begun_++], path_};
  hops_ = 0;
  seen_ = {at_};
  announced_.reset();
  trusted_ = is_known(at_.origin);
  return at_;
}

bool MesosWay::is_known(const net::HttpOrigin& origin) const {
  return origin == leader_ || origin == announced_ ||
         std::find(masters_.begin(), masters_.end(), origin) != masters_.end();
}

MesosWay::Step MesosWay::go(std::optional<net::HttpUrl> to, const std::string& shown) {
  if (!to) return "the redirect to \"" + shown + "\" leads to no master";
  if (to->origin.scheme != at_.origin.scheme)
    return "the redirect to " + net::to_string(*to) + " changes the scheme";
  if (++hops_ > kMostHops) return "more than 3 redirects, the last to " + net::to_string(*to);
  if (!seen_.insert(*to).second) return "the redirects go round in a circle, back to " + net::to_string(*to);
  at_ = std::move(*to);
  trusted_ = is_known(at_.origin);
  return at_;
}

MesosWay::Step MesosWay::redirected(std::string_view location) {
  return go(net::follow(at_, location), std::string(location));
}

MesosWay::Step MesosWay::other_leader(const std::string& host, std::uint16_t port) {
  return go(net::HttpUrl{{at_.origin.scheme, host, port}, path_}, host);
}

}  // namespace muster::registry::sources
