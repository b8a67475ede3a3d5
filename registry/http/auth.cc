#include "registry/http/auth.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

#include "registry/http/ascii.h"
#include "registry/net/base64.h"
#include "registry/net/blanks.h"

namespace muster::registry::http {

namespace {

std::optional<std::string_view> after_scheme(std::string_view header, std::string_view scheme) {
  if (header.size() <= scheme.size() || !ascii_iequals(header.substr(0, scheme.size()), scheme))
    return std::nullopt;
  if (header[scheme.size()] != ' ') return std::nullopt;
  return net::trimmed(header.substr(scheme.size()));
}

bool add_scope(std::string_view scope, Caller& rights) {
  constexpr std::string_view kWrite = "write:";
  if (scope == "read") {
    rights.may_read = true;
  } else if (scope == "admin") {
    rights.may_admin = true;
  } else if (scope.starts_with(kWrite) && scope.size() > kWrite.size()) {
    const auto glob = scope.substr(kWrite.size());
    rights.writes_all = rights.writes_all || glob == "*";
    rights.write_globs.emplace_back(glob);
  } else {
    return false;
  }
  return true;
}

bool is_this_machine(const Request& request, const net::Endpoint& peer) {
  return peer.address.is_loopback() && !request.has_header("origin") &&
         !request.has_header("x-forwarded-for") && is_local_host_header(request.header("host"));
}

}  // namespace

std::string_view to_string(TokenError error) {
  switch (error) {
    case TokenError::no_name: return "a token needs a name";
    case TokenError::duplicate_name: return "two tokens have the same name";
    case TokenError::no_secret:
      return "a token needs a secret or a certificate; only the one named anonymous has none";
    case TokenError::bad_scope: return "a scope must be read, write:GLOB or admin";
  }
  return "";
}

std::optional<std::string> presented_secret(std::string_view authorization) {
  if (const auto bearer = after_scheme(authorization, "bearer")) return std::string(*bearer);
  const auto basic = after_scheme(authorization, "basic");
  if (!basic) return std::nullopt;
  const auto pair = net::base64_decode(*basic);
  if (!pair) return std::nullopt;
  const auto colon = pair->find(':');
  if (colon == pair->npos) return std::nullopt;
  return pair->substr(colon + 1);
}

bool is_local_host_header(std::string_view host) {
  const auto colon = host.rfind(':');
  std::string_view name = host;
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == host.npos) return false;
    name = host.substr(1, close - 1);
    if (close + 1 != host.size() && host[close + 1] != ':') return false;
    if (name.find(':') == name.npos) return false;
  } else if (colon != host.npos) {
    name = host.substr(0, colon);
    if (name.find(':') != name.npos) return false;
  }
  return ascii_iequals(name, "localhost") || net::parse_ip(name).has_value();
}

Access::Digest Access::digest_of(std::string_view secret) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(secret.data()), secret.size(), digest.data());
  return digest;
}

Access::Made Access::make(const std::vector<Token>& tokens) {
  Access access;
  std::vector<std::string_view> names;
  for (const Token& token : tokens) {
    if (token.name.empty()) return TokenError::no_name;
    for (const auto name : names) {
      if (name == token.name) return TokenError::duplicate_name;
    }
    names.push_back(token.name);
    Caller rights;
    rights.token_name = token.name;
    rights.may_read = false;
    for (const std::string& scope : token.allow) {
      if (!add_scope(scope, rights)) return TokenError::bad_scope;
    }
    if (!token.certificate.empty()) access.certificates_.push_back({token.certificate, rights});
    if (!token.secret.empty()) {
      access.grants_.push_back({digest_of(token.secret), std::move(rights)});
    } else if (!token.certificate.empty()) {
      continue;
    } else if (token.name == "anonymous") {
      access.anonymous_ = std::move(rights);
    } else {
      return TokenError::no_secret;
    }
  }
  return access;
}

const Caller* Access::by_certificate(const std::vector<std::string>* certified) const {
  if (certified == nullptr) return nullptr;
  for (const std::string& name : *certified) {
    const auto found = std::ranges::find_if(
        certificates_, [&](const CertificateGrant& grant) { return ascii_iequals(grant.name, name); });
    if (found != certificates_.end()) return &found->rights;
  }
  return nullptr;
}

std::optional<Caller> Access::identify(const Request& request, const net::Endpoint& peer,
                                       const std::vector<std::string>* certified) const {
  Caller caller;
  caller.peer = peer;
  if (!has_tokens()) {
    caller.writes_all = caller.may_admin = is_this_machine(request, peer);
    return caller;
  }
  const auto authorization = request.header("authorization");
  if (authorization.empty()) {
    const Caller* shown = by_certificate(certified);
    const Caller* rights = shown != nullptr ? shown : anonymous_ ? &*anonymous_ : nullptr;
    if (rights != nullptr) caller = *rights;
    caller.may_read = rights != nullptr && rights->may_read;
    caller.peer = peer;
    return caller;
  }
  const auto secret = presented_secret(authorization);
  if (!secret) return std::nullopt;
  // Digests make all secrets equally long; every one is compared, so time tells nothing.
  const Digest digest = digest_of(*secret);
  const Grant* found = nullptr;
  for (const Grant& grant : grants_) {
    if (CRYPTO_memcmp(digest.data(), grant.digest.data(), digest.size()) == 0) found = &grant;
  }
  if (!found) return std::nullopt;
  caller = found->rights;
  caller.peer = peer;
  return caller;
}

bool Access::may_write(std::string_view token_name, std::string_view service) const {
  const auto found = std::ranges::find(
      grants_, token_name, [](const Grant& grant) -> std::string_view { return grant.rights.token_name; });
  if (found != grants_.end()) return found->rights.may_write(service);
  for (const CertificateGrant& grant : certificates_) {
    if (grant.rights.token_name == token_name) return grant.rights.may_write(service);
  }
  return anonymous_ && anonymous_->token_name == token_name && anonymous_->may_write(service);
}

Denial Access::check(const Route& route, const Request& request, const Caller& caller) const {
  const auto allowed = [&] {
    switch (route.scope) {
      case Scope::open: return true;
      case Scope::read: return caller.may_read;
      case Scope::admin: return caller.may_admin;
      case Scope::write:
        if (route.service_capture < 0) return caller.writes_all || !caller.write_globs.empty();
        return caller.may_write(request.captures[static_cast<std::size_t>(route.service_capture)]);
    }
    return false;
  };
  if (allowed()) return Denial::none;
  const bool is_known =
      !caller.token_name.empty() && caller.token_name != "anonymous";  // by a certificate, too
  const bool could_present_a_token = has_tokens() && !is_known && request.header("authorization").empty();
  return could_present_a_token ? Denial::unauthorized : Denial::forbidden;
}

}  // namespace muster::registry::http
