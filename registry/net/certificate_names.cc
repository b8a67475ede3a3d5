#include "registry/net/certificate_names.h"

#include <openssl/x509v3.h>

#include <memory>

namespace muster::net {

namespace {

// "" when it is no text without zero octets.
std::string text_of(const ASN1_STRING* string) {
  unsigned char* octets = nullptr;
  const int size = ASN1_STRING_to_UTF8(&octets, string);
  if (size <= 0) return "";
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owned(
      octets, [](unsigned char* p) { OPENSSL_free(p); });
  std::string text(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(size));
  return text.find('\0') == text.npos ? text : "";
}

}  // namespace

std::vector<std::string> certificate_names(const x509_st& certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  const int count = alternatives ? sk_GENERAL_NAME_num(alternatives.get()) : 0;
  bool has_dns = false;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type != GEN_DNS) continue;
    has_dns = true;
    if (std::string text = text_of(name->d.dNSName); !text.empty()) names.push_back(std::move(text));
  }
  if (has_dns) return names;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0) return names;
  if (std::string text = text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
      !text.empty())
    names.push_back(std::move(text));
  return names;
}

}  // namespace muster::net
