#include "zones/naming/instance_names.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>

#include "registry/limits.h"
#include "zones/naming/native.h"
#include "zones/ready_set.h"

namespace muster::zones::naming {

namespace {

using registry::InstanceBody;

constexpr std::size_t kTxtStringMax = 255;

void drop_last_if_repeated(std::vector<Member>& members) {
  if (std::find(members.begin(), members.end() - 1, members.back()) != members.end() - 1) members.pop_back();
}

void add_addresses(NameSpec& spec, const InstanceBody& body, net::Family family, Ttls ttl, const Note& note) {
  const auto& addresses = addresses_of(body);
  const auto suits = [&](const net::IpAddress& address) { return address.family == family; };
  if (std::none_of(addresses.begin(), addresses.end(), suits)) return;
  RrsetSpec& rrset = add_own_rrset(spec, family == net::Family::v4 ? RrType::a : RrType::aaaa, ttl, note);
  for (const net::IpAddress& address : addresses) {
    if (!suits(address)) continue;
    rrset.members.emplace_back().rdata = encode_address(address);
    drop_last_if_repeated(rrset.members);
  }
}

// Two ports with one number (tcp and udp) make one record.
void add_services(NameSpec& spec, const InstanceBody& body, std::uint16_t weight, Ttls ttl,
                  const Note& note) {
  if (body.ports.empty()) return;
  RrsetSpec& rrset = add_own_rrset(spec, RrType::srv, ttl, note);
  rrset.members.reserve(body.ports.size());
  for (const registry::Port& port : body.ports) {
    rrset.members.push_back(own_srv(port, weight, spec.owner, body));
    drop_last_if_repeated(rrset.members);
  }
}

using Text = registry::Tags::value_type;

bool has_key(const registry::Tags& texts, std::string_view key) {
  return std::any_of(texts.begin(), texts.end(),
                     [&](const Text& text) { return Name::equal_fold(text.first, key); });
}

std::string_view advice_key(std::string_view advice) { return advice.substr(0, advice.find('=')); }

}  // namespace

std::vector<std::string> txt_strings(const InstanceBody& body, const ServicePolicy& policy,
                                     std::vector<std::string>* left_out) {
  std::vector<std::string> strings;
  strings.reserve(policy.advice.size() + policy.properties.size() + body.properties.size() +
                  body.tags.size() + 3);  // browsing adds two
  if (body.url) strings.push_back("type=" + std::string(to_string(body.url->type)));
  const auto is_advice = [&policy](const Text& text) {
    return std::any_of(policy.advice.begin(), policy.advice.end(), [&](const std::string& advice) {
      return Name::equal_fold(text.first, advice_key(advice));
    });
  };
  for (const std::string& advice : policy.advice) {
    if (!has_key(body.properties, advice_key(advice)) && !has_key(policy.properties, advice_key(advice)))
      strings.push_back(advice);
  }
  std::size_t sum = 0;
  boost::container::small_vector<const Text*, 16> texts;
  const auto take = [&](const Text& text, std::size_t room) {
    const std::size_t size = text.first.size() + 1 + text.second.size();
    if (size <= kTxtStringMax && size <= room) {
      sum += size;
      texts.push_back(&text);
    } else if (left_out != nullptr) {
      left_out->push_back(text.first);
    }
  };
  const bool has_type = bool(body.url);
  const auto is_type = [has_type](const Text& text) {
    return has_type && Name::equal_fold(text.first, "type");
  };
  for (const Text& own : body.properties)
    if (!is_type(own)) take(own, registry::kMaxPropertiesSum - sum);
  for (const Text& own : policy.properties)
    if (!is_type(own) && !has_key(body.properties, own.first)) take(own, registry::kMaxPropertiesSum - sum);
  if (!policy.properties.empty())
    std::sort(texts.begin(), texts.end(), [](const Text* x, const Text* y) { return x->first < y->first; });
  for (const Text& tag : body.tags) {
    if (is_type(tag) || is_advice(tag) || has_key(body.properties, tag.first) ||
        has_key(policy.properties, tag.first))
      continue;
    take(tag, kTxtStringMax);
  }
  for (const Text* text : texts) {
    std::string& string = strings.emplace_back();
    string.reserve(text->first.size() + 1 + text->second.size());
    string.append(text->first).append(1, '=').append(text->second);
  }
  return strings;
}

std::vector<std::string> strings_left_out(const InstanceBody& body, const ServicePolicy& policy) {
  std::vector<std::string> keys;
  txt_strings(body, policy, &keys);
  return keys;
}

std::uint16_t own_weight(const registry::Instance& instance, std::uint32_t srv_weight_scale) {
  const Chosen alone{&instance, std::max(1.0, static_cast<double>(instance.body->weight_or_default()))};
  return srv_weights({&alone, 1}, srv_weight_scale).front();
}

Member own_srv(const registry::Port& port, std::uint16_t weight, const Name& target, const InstanceBody& body) {
  return {.rdata = encode_srv(body.priority_or_default(), weight, port.number, target),
          .weight = 1,
          .tier = body.priority_or_default(),
          .addresses = addresses_of(body)};
}

RrsetSpec& add_own_rrset(NameSpec& spec, RrType type, Ttls ttl, const Note& note) {
  RrsetSpec& rrset = spec.rrsets.emplace_back();
  rrset.type = type;
  rrset.ttl = ttl.now;
  if (ttl.now < ttl.configured) rrset.full_ttl = ttl.configured;
  rrset.additional_ttl = type == RrType::srv ? ttl.now : 0;
  rrset.note = note;
  return rrset;
}

NameSpec instance_spec(const Name& owner, const registry::Instance& instance, TtlRange range,
                       const ServicePolicy& policy, std::uint64_t* left_out) {
  NameSpec spec{.owner = owner, .rrsets = {}};
  const InstanceBody& body = *instance.body;
  const Ttls ttl{ttl_of(instance, range).seconds, range.most};
  Note note;
  tell_silence(instance, note);
  spec.rrsets.reserve(4);
  add_addresses(spec, body, net::Family::v4, ttl, note);
  add_addresses(spec, body, net::Family::v6, ttl, note);
  add_services(spec, body, own_weight(instance, policy.srv_weight_scale), ttl, note);
  std::vector<std::string> keys;
  const auto strings = txt_strings(body, policy, &keys);
  if (left_out != nullptr) *left_out += keys.size();
  if (!strings.empty())
    add_own_rrset(spec, RrType::txt, ttl, note).members.emplace_back().rdata = encode_txt(strings);
  return spec;
}

}  // namespace muster::zones::naming
