#include "zones/naming/mesos_record_writer.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <tuple>

#include "zones/ready_set.h"
#include "zones/wire_name.h"

namespace muster::zones::naming {

namespace {

using Labels = boost::container::small_vector<std::string_view, 12>;

Labels joined(std::initializer_list<LabelSpan> parts) {
  Labels labels;
  for (const LabelSpan part : parts) labels.insert(labels.end(), part.begin(), part.end());
  return labels;
}

// Of a name that is none, for people.
std::string text_of(const Labels& labels, const Name& domain) {
  std::string text;
  for (const std::string_view label : labels) text.append(label).append(".");
  return text + domain.text();
}

// Equal records stand side by side, the strongest first, and of those one that leads back.
bool is_before(const MesosRecord& a, const MesosRecord& b) {
  return std::tuple(a.owner.wire(), a.type, std::string_view(a.rdata), a.rank, !a.has_ptr) <
         std::tuple(b.owner.wire(), b.type, std::string_view(b.rdata), b.rank, !b.has_ptr);
}
bool is_same(const MesosRecord& a, const MesosRecord& b) {
  return a.type == b.type && a.rdata == b.rdata && a.owner.wire() == b.owner.wire();
}

}  // namespace

std::vector<net::IpAddress> MesosRecordWriter::usable(std::span<const net::IpAddress> addresses) {
  std::vector<net::IpAddress> usable;
  for (const net::IpAddress& address : addresses) {
    if (address.is_unspecified() || address.is_multicast()) {
      drop(MesosDrop::bad_address, net::to_string(address));
    } else if (std::ranges::find(usable, address) == usable.end()) {
      usable.push_back(address);
    }
  }
  return usable;
}

std::optional<Name> MesosRecordWriter::name_below_domain(std::initializer_list<LabelSpan> parts) {
  const Labels labels = joined(parts);
  std::string wire;
  wire.reserve(kNameMax);
  bool fits = true;
  for (const std::string_view label : labels) {
    fits = fits && label.size() <= kLabelMax;
    wire.append(1, static_cast<char>(label.size())).append(label);
  }
  auto name = fits ? Name::from_wire(wire.append(naming_.domain.wire())) : std::nullopt;
  if (!name)
    drop(fits ? MesosDrop::name_too_long : MesosDrop::label_too_long, text_of(labels, naming_.domain));
  return name;
}

MesosRecordWriter::Target MesosRecordWriter::target(std::initializer_list<LabelSpan> labels,
                                                    std::span<const net::IpAddress> addresses) {
  return {.name = name_below_domain(labels), .has_address = !addresses.empty()};
}

// A task's share is split over its addresses, as in the native domain.
std::uint32_t MesosRecordWriter::share_of_one_in(std::size_t records) const {
  if (!drawn_weight_) return draw_share(1);
  return *drawn_weight_ == 0 ? 0 : draw_share(*drawn_weight_ / static_cast<double>(records));
}

void MesosRecordWriter::add_addresses(std::initializer_list<LabelSpan> labels,
                                      std::span<const net::IpAddress> addresses, MesosRank rank,
                                      std::span<const net::IpAddress> leading_back) {
  const auto owner = name_below_domain(labels);
  if (!owner) return;
  for (const net::IpAddress& address : addresses) {
    const auto like = std::ranges::count(addresses, address.family, &net::IpAddress::family);
    add(*owner, address_type(address), encode_address(address), rank,
        share_of_one_in(static_cast<std::size_t>(like)),
        std::ranges::find(leading_back, address) != leading_back.end());
  }
}

void MesosRecordWriter::add_srv(std::initializer_list<LabelSpan> labels, const Target& target,
                                std::uint16_t port, MesosRank rank) {
  if (!target.name) return;
  const auto owner = name_below_domain(labels);
  if (!owner) return;
  if (port == 0) return drop(MesosDrop::bad_port, owner->text());
  if (!target.has_address && !naming_.dangling_srv) return drop(MesosDrop::no_address, target.name->text());
  add(*owner, RrType::srv, encode_srv(0, shown_weight_, port, *target.name), rank, share_of_one_in(1));
}

MesosRecords MesosRecordWriter::take() {
  auto& [records, dropped] = records_;
  std::ranges::sort(records, is_before);
  records.erase(std::unique(records.begin(), records.end(), is_same), records.end());
  std::ranges::sort(dropped);
  dropped.erase(std::unique(dropped.begin(), dropped.end()), dropped.end());
  return std::move(records_);
}

}  // namespace muster::zones::naming
