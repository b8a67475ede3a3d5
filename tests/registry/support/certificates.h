// Certificates for tests, P-256 and valid for an hour, as PEM text.
#pragma once

#include <string>

namespace muster::test {

struct Certificate {
  std::string certificate;
  std::string key;
};

// Self-signed, common name localhost; `names` as OpenSSL writes them, "DNS:localhost,IP:127.0.0.1", may be
// empty.
Certificate self_signed(const std::string& names = "", bool has_expired = false);
// May sign others.
Certificate make_authority();
Certificate issue(const Certificate& authority, const std::string& names, bool has_expired = false);

}  // namespace muster::test
