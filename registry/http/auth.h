// Who is asking and what they may do. With tokens every request needs one that allows it (an entry named
// `anonymous` without a secret speaks for those who send none); without tokens all may read, and writing is
// for this machine only, as far as that can be told: a loopback peer that is neither a browser nor a proxy.
// Immutable once built, so any thread may ask.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "registry/http/message.h"
#include "registry/http/router.h"
#include "registry/net/result.h"

namespace muster::registry::http {

struct Token {
  std::string name;
  std::string secret;              // empty only for `anonymous`, and where there is a `certificate`
  std::vector<std::string> allow;  // "read", "write:GLOB", "admin"
  std::string certificate{};  // the name in the client certificate that stands for the secret; "": none does
  bool operator==(const Token&) const = default;
};

enum class TokenError : std::uint8_t { no_name, duplicate_name, no_secret, bad_scope };
std::string_view to_string(TokenError error);

enum class Denial : std::uint8_t { none, unauthorized, forbidden };

class Access {
 public:
  using Made = net::Result<Access, TokenError>;
  static Made make(const std::vector<Token>& tokens);

  // nullopt: a token was sent that nobody knows. `certified`: the names in the client's certificate, null
  // without one; a token that is sent counts more.
  std::optional<Caller> identify(const Request& request, const net::Endpoint& peer,
                                 const std::vector<std::string>* certified = nullptr) const;
  // Decided before the handler runs; a route of scope write without a service capture passes when the caller
  // may write anything at all, and its handler asks may_write() for each service.
  Denial check(const Route& route, const Request& request, const Caller& caller) const;
  // Of the token of this name; none: no.
  bool may_write(std::string_view token_name, std::string_view service) const;
  bool has_tokens() const { return !grants_.empty() || !certificates_.empty() || anonymous_; }

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Grant {
    Digest digest{};
    Caller rights;
  };
  struct CertificateGrant {
    std::string name;
    Caller rights;
  };
  static Digest digest_of(std::string_view secret);
  const Caller* by_certificate(const std::vector<std::string>* certified) const;

  std::vector<Grant> grants_;
  std::vector<CertificateGrant> certificates_;
  std::optional<Caller> anonymous_;
};

// The secret of `Authorization: Bearer S` or `Basic base64(user:S)`; nullopt: neither.
std::optional<std::string> presented_secret(std::string_view authorization);

// An IP literal or `localhost`, with or without a port.
bool is_local_host_header(std::string_view host);

}  // namespace muster::registry::http
