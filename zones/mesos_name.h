// One name of the Mesos-DNS view: the records that elements contribute to it, each with the number of those
// that do, and what is published of them. Packed into one string, because a large cluster has a few hundred
// thousand such names, most of one record:
//
//   image = owner record*                                   owner: wire form, lower case
//   record = kind(1) share(4) count(4) length(2) rdata      kind: PTR × 64 + rank × 8 + readiness × 4 + type
//   (0..2)
//
// Records are in order, and no two are equal but for their count.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "zones/answer_spec.h"
#include "zones/mesos_view_config.h"
#include "zones/naming/mesos_record.h"

namespace muster::zones {

// A record and how many elements more (or fewer) contribute it.
struct MesosStep {
  naming::MesosRecord record;
  std::int32_t by = 0;
};
// By owner, then as a name holds its records.
bool operator<(const MesosStep& a, const MesosStep& b);

class MesosName {
 public:
  struct Held {
    RrType type = RrType::a;
    std::string_view rdata;
    naming::MesosRank rank = naming::MesosRank::infrastructure;
    bool is_ready = true;
    bool has_ptr = false;
    std::uint32_t share = 0;
    std::uint32_t count = 0;
  };
  // What is published, in short.
  struct Shown {
    std::uint32_t records = 0;
    std::uint32_t taken = 0;  // records that are not, because a stronger claim has the name
    naming::MesosRank rank = naming::MesosRank::infrastructure;  // the strongest there is
    bool is_collision = false;  // records of the infrastructure are merged with others
    bool has_addresses = false;
    bool has_srv = false;
    std::uint8_t ready = 0;  // of which types a ready record may be published
  };

  explicit MesosName(std::string_view owner)
      : image_(owner), owner_size_(static_cast<std::uint8_t>(owner.size())) {}

  std::string_view owner() const { return std::string_view(image_).substr(0, owner_size_); }
  bool empty() const { return image_.size() == owner_size_; }
  std::vector<Held> records() const;  // with views into this

  // Precondition: steps of this owner, in order, and no more contributions taken away than there are. False:
  // what is published is the same; of weighted records it depends on how many contribute them.
  bool change(std::span<const MesosStep> steps, bool is_weighted);
  // Looks again at what is to be published; before and afterwards shown() is that of the last look.
  void look(const MesosViewConfig& config);
  const Shown& shown() const { return shown_; }
  NameSpec spec(const MesosViewConfig& config) const;  // as of the last look
  // Published ones that are to lead back here, in order; as of the last look.
  std::vector<net::IpAddress> leading_back(const MesosViewConfig& config) const;
  bool is_published(RrType type, naming::MesosRank rank, bool is_ready, const MesosViewConfig& config) const;

  bool is_dirty = false;
  bool is_put = false;  // the sink has it

 private:
  std::string image_;
  Shown shown_;
  std::uint8_t owner_size_;
};

}  // namespace muster::zones
