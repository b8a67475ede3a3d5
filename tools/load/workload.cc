#include "tools/load/workload.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace muster::load {

namespace {

constexpr std::size_t kPackets = std::size_t{1} << 20;
constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kPtr = 12;
constexpr std::uint16_t kTxt = 16;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint16_t kSrv = 33;
constexpr std::uint16_t kHttps = 65;
constexpr std::uint16_t kOpt = 41;
constexpr std::uint16_t kEdnsSize = 1232;

void put16(std::vector<std::uint8_t>& packet, std::uint16_t value) {
  packet.push_back(static_cast<std::uint8_t>(value >> 8));
  packet.push_back(static_cast<std::uint8_t>(value & 0xff));
}

// Draws services, uniformly or by rank.
class Popularity {
 public:
  Popularity(const Workload& workload, std::mt19937_64& random)
      : random_(random), services_(workload.fleet.services) {
    if (!workload.zipf) return;
    shuffled_.resize(services_);
    std::iota(shuffled_.begin(), shuffled_.end(), std::size_t{0});
    std::shuffle(shuffled_.begin(), shuffled_.end(), random_);
    double sum = 0;
    for (std::size_t rank = 1; rank <= services_; ++rank)
      sums_.push_back(sum += 1 / static_cast<double>(rank));
  }

  std::size_t draw() {
    if (sums_.empty()) return random_() % services_;
    std::uniform_real_distribution<double> uniform(0, sums_.back());
    const auto rank = std::upper_bound(sums_.begin(), sums_.end() - 1, uniform(random_)) - sums_.begin();
    return shuffled_[static_cast<std::size_t>(rank)];
  }

 private:
  std::mt19937_64& random_;
  std::size_t services_;
  std::vector<std::size_t> shuffled_;
  std::vector<double> sums_;
};

std::string reverse_name(const std::string& address) {
  std::string name;
  for (std::size_t end = address.size(); end != address.npos;) {
    const std::size_t dot = end == 0 ? address.npos : address.rfind('.', end - 1);
    name +=
        address.substr(dot == address.npos ? 0 : dot + 1, end - (dot == address.npos ? 0 : dot + 1)) + ".";
    end = dot;
  }
  return name + "in-addr.arpa";
}

// `share`: 0 to 99. tools/load/bench/workload.py knows the same shares.
std::vector<std::uint8_t> draw_packet(const Workload& workload, Member member, std::uint64_t share) {
  const Fleet& fleet = workload.fleet;
  const std::string service = fleet.prefix + std::to_string(member.service);
  const std::string name = service + "." + workload.domain;
  const auto ask = [&](const std::string& owner, std::uint16_t type) {
    return query_packet(owner, type, workload.edns, workload.recursion);
  };
  if (share < 30) return ask("_http._tcp." + name, kSrv);
  if (share < 40) return ask(name, fleet.dual_stack ? kHttps : kAaaa);
  if (share < 50) return ask("gone-" + std::to_string(member.service) + "." + workload.domain, kA);
  if (share < 60 && workload.dns_sd) {
    const std::string label = service + " i" + std::to_string(member.instance);
    return ask(label + "._http._tcp." + workload.domain, share % 2 == 0 ? kSrv : kTxt);
  }
  if (share >= 60 && share < 70 && workload.reverse)
    return ask(reverse_name(usual_address(fleet, member)), kPtr);
  return ask(name, fleet.dual_stack && share % 2 == 0 ? kAaaa : kA);
}

}  // namespace

std::vector<std::uint8_t> wire_name(const std::string& text) {
  std::vector<std::uint8_t> wire;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    wire.push_back(static_cast<std::uint8_t>(end - begin));
    for (std::size_t i = begin; i < end; ++i) wire.push_back(static_cast<std::uint8_t>(text[i]));
    begin = end + 1;
  }
  wire.push_back(0);
  return wire;
}

std::vector<std::uint8_t> query_packet(const std::string& name, std::uint16_t type, bool edns, bool recursion) {
  std::vector<std::uint8_t> packet = {0, 0, static_cast<std::uint8_t>(recursion ? 1 : 0), 0, 0, 1,
                                      0, 0, 0, 0, 0, static_cast<std::uint8_t>(edns ? 1 : 0)};
  const auto wire = wire_name(name);
  packet.insert(packet.end(), wire.begin(), wire.end());
  put16(packet, type);
  put16(packet, 1);
  if (edns) {
    packet.push_back(0);
    put16(packet, kOpt);
    put16(packet, kEdnsSize);
    packet.insert(packet.end(), 6, 0);
  }
  return packet;
}

QueryStream::QueryStream(const Workload& workload) {
  std::mt19937_64 random(workload.seed);
  Popularity popularity(workload, random);
  begins_.reserve(kPackets + 1);
  octets_.reserve(kPackets * 64);
  for (std::size_t i = 0; i < kPackets; ++i) {
    const Member member{popularity.draw(), random() % workload.fleet.instances};
    const auto packet = draw_packet(workload, member, random() % 100);
    begins_.push_back(octets_.size());
    octets_.insert(octets_.end(), packet.begin(), packet.end());
  }
  begins_.push_back(octets_.size());
}

std::span<std::uint8_t> QueryStream::next() {
  const std::size_t i = at_++ & (kPackets - 1);
  return {&octets_[begins_[i]], begins_[i + 1] - begins_[i]};
}

}  // namespace muster::load
