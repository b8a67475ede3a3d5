// Collects the records of one element and checks each: a name that no message can carry, an address nobody
// can reach and a port 0 cost the record that has them, nothing else.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/net/ip_address.h"
#include "zones/naming/mesos_naming.h"
#include "zones/naming/mesos_record.h"

namespace muster::zones::naming {

using LabelSpan = std::span<const std::string_view>;

class MesosRecordWriter {
 public:
  // What SRV records point to. Without a name it cannot be carried, and nothing does.
  struct Target {
    std::optional<Name> name;
    bool has_address = false;
  };

  explicit MesosRecordWriter(const MesosNaming& naming) : naming_(naming), shown_weight_(naming.srv_weight) {}
  // Of a task: whether it is well, and where labels count its weight: in SRV records, and in the draw.
  void set_ready(bool is_ready) { is_ready_ = is_ready; }
  void set_weight(std::uint16_t shown, std::uint16_t drawn) {
    shown_weight_ = shown;
    drawn_weight_ = drawn;
  }

  void drop(MesosDrop reason, std::string what) { records_.dropped.push_back({reason, std::move(what)}); }
  // Those that can be published, each once.
  std::vector<net::IpAddress> usable(std::span<const net::IpAddress> addresses);
  Target target(std::initializer_list<LabelSpan> labels, std::span<const net::IpAddress> addresses);

  // Owners are below the domain, as the parts of which their labels are made. Precondition: usable addresses.
  // `leading_back`: those of them that do.
  void add_addresses(std::initializer_list<LabelSpan> owner, std::span<const net::IpAddress> addresses,
                     MesosRank rank, std::span<const net::IpAddress> leading_back = {});
  void add_srv(std::initializer_list<LabelSpan> owner, const Target& target, std::uint16_t port,
               MesosRank rank);

  // Once, at the end. A record that was added twice has its stronger rank.
  MesosRecords take();

 private:
  std::optional<Name> name_below_domain(std::initializer_list<LabelSpan> labels);
  void add(const Name& owner, RrType type, std::string rdata, MesosRank rank, std::uint32_t share,
           bool has_ptr = false) {
    records_.records.push_back({owner, type, std::move(rdata), rank, is_ready_, has_ptr, share});
  }
  std::uint32_t share_of_one_in(std::size_t records) const;

  const MesosNaming& naming_;
  bool is_ready_ = true;
  std::uint16_t shown_weight_;
  std::optional<std::uint16_t> drawn_weight_;  // nullopt: every record is as likely as any other
  MesosRecords records_;
};

}  // namespace muster::zones::naming
