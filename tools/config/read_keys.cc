#include <algorithm>

#include "registry/net/base64.h"
#include "tools/config/read_sections.h"
#include "tools/config/secret.h"

namespace muster::config {

namespace {

constexpr std::size_t kNameMost = 80;  // octets on the wire: a TSIG record must fit beside a question

std::size_t whole_mac(const std::string& algorithm) {
  if (algorithm == "hmac-sha1") return 20;
  if (algorithm == "hmac-sha384") return 48;
  return algorithm == "hmac-sha512" ? 64 : 32;
}

void read_name(Section& section, Key& key, const std::vector<Key>& before) {
  if (auto name = section.domain("name")) {
    key.name = *name;
    const auto same = [&](const Key& other) { return other.name == key.name; };
    if (key.name.size() > kNameMost || key.name.is_root()) {
      section.error("name", "must have 1 to " + std::to_string(kNameMost - 2) + " characters");
    } else if (std::any_of(before.begin(), before.end(), same)) {
      section.error("name", "is the name of another key, too");
    }
  } else if (!section.has("name")) {
    section.error("name", "is required: what both sides call the key");
  }
}

void read_octets(Section& section, Key& key) {
  const auto text = read_secret(section, "secret");
  if (!text) return;
  const auto secret = net::base64_decode(*text);
  const char* where = section.has("secret") || !section.has("secret_file") ? "secret" : "secret_file";
  if (text->empty()) {
    section.error(where, "or secret_file is required (openssl rand -base64 32)");
  } else if (!secret || secret->empty()) {
    section.error(where, "must be base64 (openssl rand -base64 32)");
  } else {
    key.secret = *secret;
  }
}

}  // namespace

void read_key(Section section, std::vector<Key>& keys) {
  Key key;
  read_name(section, key, keys);
  key.algorithm =
      section.choice("algorithm", key.algorithm, {"hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"});
  read_octets(section, key);
  const std::size_t whole = whole_mac(key.algorithm);
  const std::size_t least = std::max<std::size_t>(10, whole / 2);
  key.mac_octets_min = static_cast<std::size_t>(
      section.integer("mac_octets_min", static_cast<std::int64_t>(whole), static_cast<std::int64_t>(least),
                      static_cast<std::int64_t>(whole)));
  section.finish();
  keys.push_back(std::move(key));
}

}  // namespace muster::config
