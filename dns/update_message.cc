#include "dns/update_message.h"

#include <array>

#include "dns/name_reader.h"
#include "dns/octets.h"
#include "zones/rdata_fields.h"
#include "zones/svc_params.h"

namespace muster::dns {

namespace {

using zones::Field;
using zones::RrClass;
using zones::RrType;

constexpr std::size_t kLeaseOctets = 4;
constexpr std::size_t kBothLeasesOctets = 8;

// RFC 3597 §4: compression that old software sends and that is still understood.
bool may_be_compressed(RrType type, Field field) {
  if (field == Field::packed_name) return true;
  switch (type) {
    case RrType::rp:
    case RrType::afsdb:
    case RrType::sig:
    case RrType::naptr:
    case RrType::srv: return true;
    default: return false;
  }
}

class RecordReader {
 public:
  RecordReader(Packet packet, std::size_t at) : packet_(packet), at_(at) {}

  std::optional<UpdateError> read(zones::UpdateRecord& record, bool is_prerequisite) {
    const auto end = read_name(packet_, at_, name_);
    if (!end || packet_.size() - *end < kRecordFixed) return UpdateError::owner;
    record.owner = *zones::Name::from_wire(name_.view());
    const std::uint8_t* fixed = packet_.data() + *end;
    record.type = static_cast<RrType>(read_u16(fixed));
    record.rr_class = static_cast<RrClass>(read_u16(fixed + 2));
    record.ttl = static_cast<std::uint32_t>(read_u16(fixed + 4)) << 16 | read_u16(fixed + 6);
    if (record.ttl > kTtlMost) record.ttl = 0;
    const std::size_t size = read_u16(fixed + 8);
    at_ = *end + kRecordFixed;
    if (packet_.size() - at_ < size) return UpdateError::rdata;
    const bool empty = size == 0 && record.rr_class != RrClass::in &&
                       (is_prerequisite || record.rr_class != RrClass::none);
    if (!empty && !read_rdata(record.type, at_ + size, record.rdata)) return UpdateError::rdata;
    at_ += size;
    return std::nullopt;
  }

 private:
  // Field by field; all but names are copied as they are.
  bool read_rdata(RrType type, std::size_t end, std::string& rdata) {
    std::size_t at = at_;
    for (const Field field : zones::rdata_fields(type)) {
      const std::string_view rest(reinterpret_cast<const char*>(packet_.data()) + at, end - at);
      if (may_be_compressed(type, field) && (field == Field::packed_name || field == Field::name)) {
        const auto next = read_name(packet_.first(end), at, name_);
        if (!next) return false;
        rdata += name_.view();
        at = *next;
        continue;
      }
      const auto size = zones::field_size(field, rest);
      if (!size) return false;
      rdata += rest.substr(0, *size);
      at += *size;
    }
    const bool has_params = type == RrType::svcb || type == RrType::https;
    return at == end && !(has_params && zones::svc_params_fault(rdata));
  }

  Packet packet_;
  std::size_t at_;
  zones::WireName name_;
};

}  // namespace

std::string_view to_string(UpdateError error) {
  static constexpr std::array<std::string_view, 4> kNames = {"zone_section", "too_many_records", "owner",
                                                             "rdata"};
  return kNames[static_cast<std::size_t>(error)];
}

UpdateResult read_update(Packet packet, const Query& query) {
  if (query.type != RrType::soa || static_cast<RrClass>(query.rr_class) != RrClass::in)
    return UpdateError::zone_section;
  const std::size_t prerequisites = read_u16(packet.data() + 6);
  const std::size_t changes = read_u16(packet.data() + 8);
  if (prerequisites + changes > zones::Update::kRecordsMost) return UpdateError::too_many_records;
  zones::Update update;
  update.zone =
      *zones::Name::from_wire({reinterpret_cast<const char*>(packet.data()) + kHeaderSize, query.name.size});
  RecordReader reader(packet, query.question_end);
  for (std::size_t i = 0; i < prerequisites + changes; ++i) {
    zones::UpdateRecord record;
    const bool is_prerequisite = i < prerequisites;
    if (const auto error = reader.read(record, is_prerequisite)) return *error;
    (is_prerequisite ? update.prerequisites : update.changes).push_back(std::move(record));
  }
  return update;
}

bool lease_ok(const Edns& edns) {
  const std::size_t size = edns.update_lease.size();
  return size == 0 || size == kLeaseOctets || size == kBothLeasesOctets;
}

std::optional<std::uint32_t> lease_in(const Edns& edns) {
  if (edns.update_lease.empty()) return std::nullopt;
  return static_cast<std::uint32_t>(read_u16(edns.update_lease.data())) << 16 |
         read_u16(edns.update_lease.data() + 2);
}

}  // namespace muster::dns
