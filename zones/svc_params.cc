#include "zones/svc_params.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "zones/wire_name.h"

namespace muster::zones {

namespace {

constexpr std::uint16_t kMandatory = 0;
constexpr std::uint16_t kAlpn = 1;
constexpr std::uint16_t kNoDefaultAlpn = 2;

struct Param {
  std::uint16_t key;
  std::string_view value;
  std::string_view whole;
};

std::uint16_t u16(std::string_view octets, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(octets[at]) << 8 |
                                    static_cast<unsigned char>(octets[at + 1]));
}

std::string_view params_part(std::string_view rdata) {
  return rdata.substr(2 + *name_length(rdata.substr(2)));
}

std::optional<std::vector<Param>> split(std::string_view params) {
  std::vector<Param> list;
  while (!params.empty()) {
    if (params.size() < 4) return std::nullopt;
    const std::size_t size = 4 + u16(params, 2);
    if (params.size() < size) return std::nullopt;
    list.push_back({u16(params, 0), params.substr(4, size - 4), params.substr(0, size)});
    params.remove_prefix(size);
  }
  return list;
}

bool has(const std::vector<Param>& params, std::uint16_t key) {
  return std::any_of(params.begin(), params.end(), [&](const Param& p) { return p.key == key; });
}

std::optional<std::string> mandatory_fault(const std::vector<Param>& params) {
  const std::string_view keys = params[0].value;
  if (keys.empty() || keys.size() % 2 != 0) return "mandatory= lists no keys";
  for (std::size_t at = 0; at < keys.size(); at += 2) {
    const std::uint16_t key = u16(keys, at);
    if (key == kMandatory) return "mandatory= lists itself";
    if (at > 0 && key <= u16(keys, at - 2)) return "mandatory= lists a key twice or out of order";
    if (!has(params, key)) return "mandatory= lists key" + std::to_string(key) + ", which is not given";
  }
  return std::nullopt;
}

}  // namespace

void sort_svc_params(std::string& rdata) {
  const std::string_view part = params_part(rdata);
  auto params = split(part);
  if (!params) return;
  std::stable_sort(params->begin(), params->end(),
                   [](const Param& a, const Param& b) { return a.key < b.key; });
  std::string sorted = rdata.substr(0, rdata.size() - part.size());
  for (const Param& param : *params) sorted += param.whole;
  rdata = std::move(sorted);
}

std::optional<std::string> svc_params_fault(std::string_view rdata) {
  const auto params = split(params_part(rdata));
  if (!params) return "the parameters do not end where they should";
  if (u16(rdata, 0) == 0 && !params->empty())
    return "priority 0 is an alias and takes no parameters (priority 1 meant?)";
  for (std::size_t i = 1; i < params->size(); ++i) {
    const std::string key = "key" + std::to_string((*params)[i].key);
    if ((*params)[i].key == (*params)[i - 1].key) return key + " is given twice";
    if ((*params)[i].key < (*params)[i - 1].key) return key + " is out of order";
  }
  if (has(*params, kNoDefaultAlpn) && !has(*params, kAlpn)) return "no-default-alpn needs alpn=";
  return !params->empty() && params->front().key == kMandatory ? mandatory_fault(*params) : std::nullopt;
}

}  // namespace muster::zones
