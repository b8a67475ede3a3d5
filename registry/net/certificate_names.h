// Whom a certificate (RFC 5280) is of, by name.
#pragma once

#include <string>
#include <vector>

struct x509_st;

namespace muster::net {

// The DNS names of its subjectAltName; where it has none the common name of its subject (RFC 6125 §6.4.4).
// Names with a zero octet in them are left out.
std::vector<std::string> certificate_names(const x509_st& certificate);

}  // namespace muster::net
