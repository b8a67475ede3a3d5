#include "zones/rdata_ldns.h"

#include <ldns/ldns.h>

#include <memory>
#include <mutex>

#include "zones/rdata_reader.h"

namespace muster::zones {

namespace {

struct FreeRr {
  void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
};
struct FreeRdf {
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
};
struct FreeText {
  void operator()(char* text) const { LDNS_FREE(text); }
};
using Rr = std::unique_ptr<ldns_rr, FreeRr>;
using Rdf = std::unique_ptr<ldns_rdf, FreeRdf>;
using Text = std::unique_ptr<char, FreeText>;

std::mutex& one_at_a_time() {
  static std::mutex mutex;
  return mutex;
}

std::string line(RrType type, std::span<const Word> words) {
  std::string text = ". 0 IN " + to_string(type);
  for (const Word& word : words) {
    text += word.quoted ? " \"" : " ";
    text += word.text;
    if (word.quoted) text += '"';
  }
  return text;
}

std::string octets_of(const ldns_rr& rr) {
  std::string octets;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
    const ldns_rdf* rdf = ldns_rr_rdf(&rr, i);
    octets.append(reinterpret_cast<const char*>(ldns_rdf_data(rdf)), ldns_rdf_size(rdf));
  }
  return octets;
}

// A whole record of the root, as ldns_wire2rr wants it.
std::string wire_record(RrType type, std::string_view rdata) {
  std::string wire(11, '\0');
  const auto put = [&](std::size_t at, std::size_t value) {
    wire[at] = static_cast<char>(value >> 8);
    wire[at + 1] = static_cast<char>(value & 0xff);
  };
  put(1, static_cast<std::uint16_t>(type));
  put(3, static_cast<std::uint16_t>(RrClass::in));
  put(9, rdata.size());
  return wire.append(rdata);
}

Rr decode(RrType type, std::string_view rdata) {
  const std::string wire = wire_record(type, rdata);
  ldns_rr* rr = nullptr;
  std::size_t at = 0;
  const auto status = ldns_wire2rr(&rr, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size(), &at,
                                   LDNS_SECTION_ANSWER);
  if (status != LDNS_STATUS_OK) return nullptr;
  Rr record(rr);
  if (at != wire.size()) return nullptr;  // ldns takes octets behind a record without a word
  return record;
}

}  // namespace

net::Result<std::string, LdnsError> ldns_rdata_from_text(RrType type, std::span<const Word> words,
                                                         std::string_view origin) {
  const std::string text = line(type, words);
  const std::scoped_lock lock(one_at_a_time());
  const Rdf dname(ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, origin.size(), origin.data()));
  ldns_rr* raw = nullptr;
  const auto status = ldns_rr_new_frm_str(&raw, text.c_str(), 0, dname.get(), nullptr);
  if (status != LDNS_STATUS_OK) return LdnsError{ldns_get_errorstr_by_id(status)};
  const Rr rr(raw);
  return octets_of(*rr);
}

std::optional<std::string> ldns_rdata_text(RrType type, std::string_view rdata) {
  if (rdata.empty() || rdata.size() > kRdataMax) return std::nullopt;
  const std::scoped_lock lock(one_at_a_time());
  const Rr rr = decode(type, rdata);
  if (!rr) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < ldns_rr_rd_count(rr.get()); ++i) {
    const Text field(ldns_rdf2str(ldns_rr_rdf(rr.get(), i)));
    if (!field) return std::nullopt;
    if (!text.empty()) text += ' ';
    text += field.get();
  }
  return text;
}

}  // namespace muster::zones
