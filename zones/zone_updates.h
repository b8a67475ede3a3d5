// What DNS UPDATE makes of one file zone: planned at once, stored in groups, visible when it is stored. A
// commit that fails leaves no trace. Control thread only.
//
// Invariants:
//  1. At most one group is being stored; what is planned meanwhile gathers in the next, on top of it.
//  2. The names stored are those whose content is no longer the file's, each as a whole, and the apex with
//  its
//     SOA. They stand over what the file says; a reload refuses a changed file while there are any.
//  3. Everybody is told once, in the order of arrival.
//  4. Beside the names is stored which file they were made on top of, from the first until discard(): so it
//  is
//     seen at the start that the file has changed meanwhile.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "registry/net/unique_function.h"
#include "registry/store/rows.h"
#include "zones/update.h"
#include "zones/zone.h"

namespace muster::zones {

class ZoneUpdates {
 public:
  // Updates that wait in one group; beyond it they are not taken.
  static constexpr std::size_t kWaitingMost = 1000;
  static constexpr std::size_t kLaidAtOnce = 100;

  // How an update ended; `refusal` only of `refused`.
  enum class Ending : std::uint8_t { applied, refused, not_stored, too_many };
  struct End {
    Ending ending = Ending::applied;
    std::optional<UpdateRefusal> refusal;
    bool changed = false;
  };
  using Done = net::UniqueFunction<void(End)>;
  // Stores the rows durably; settled() is called with the result, later and on this thread.
  using Store = std::function<void(registry::Rows)>;

  ZoneUpdates(Zones& zones, Name apex, Store store);

  // Start: a stored name. False: its content cannot be read.
  bool restore(const registry::ZoneRow& row);
  // What the zone's file says (CompiledZone::digest); updates from now on are made on top of it.
  // Precondition: idle(), nothing is stored.
  void set_file(std::uint64_t file) { file_ = file; }
  // After the zone has been filled from its file: publishes a few of the stored names behind this one. The
  // last of them; nullopt: that was all.
  std::optional<Name> lay_over(Zone& zone, const std::optional<Name>& behind);
  // And then the stored SOA. The rows that are to be stored for that: where the file has changed, what is
  // served now needs a new serial, for secondaries hold another zone under the old one.
  registry::Rows stand_on(Zone& zone, std::uint64_t file);
  // Forgets what is stored and gives back the rows that say so; the zone stays as it is. Precondition:
  // idle().
  registry::Rows discard();
  // What is stored was made on top of another file than that which is served.
  bool on_other_file() const { return base_ && base_->made_on != file_; }

  // `done` may be called before this returns. Precondition: the zone exists and is ready.
  void submit(const Update& update, Done done);
  // The zone may be gone meanwhile: what was being stored stays stored, what waits is told `not_stored`.
  void settled(bool stored);

  bool idle() const { return !storing_; }
  // By owner; one without RRsets is erased. The apex holds its SOA.
  const std::map<Name, NameSpec>& stored() const { return stored_; }

 private:
  // Planned changes that are not visible yet.
  struct Group {
    std::vector<UpdatePlan> plans;
    std::vector<std::pair<Done, bool>> waiting;  // and whether it changed anything
    std::map<Name, NameSpec> names;              // the last word on each
    std::optional<std::pair<Soa, std::uint32_t>> soa;
  };

  // Files, by their digests.
  struct Base {
    std::uint64_t made_on = 0;    // when the first update was stored
    std::uint64_t laid_over = 0;  // when the stored SOA was last published
  };

  bool restore_base(std::string_view text);
  registry::Row base_row(const Base& base) const;
  UpdateView view() const;
  std::optional<NameSpec> read(const Name& owner) const;
  bool has_names_below(const Name& owner) const;
  void add(UpdatePlan plan, Done done);
  void begin_storing();
  registry::Rows rows_of(const Group& group) const;
  registry::Row row_of(const Name& owner, const NameSpec& spec) const;
  NameSpec with_soa(NameSpec apex, const std::pair<Soa, std::uint32_t>& soa) const;
  void publish(const UpdatePlan& plan);
  void give_up();
  static void tell(Group& group, Ending ending);

  Zones& zones_;
  const Name apex_;
  const Store store_;
  std::map<Name, NameSpec> stored_;
  std::uint64_t file_ = 0;
  std::optional<Base> base_;  // as it is stored
  Group writing_;
  Group next_;
  bool storing_ = false;
};

}  // namespace muster::zones
