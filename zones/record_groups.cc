// Grouping the records of a draft: sorted by owner, then type. Owners come as first read, except that what
// is above a name comes before it: names of one subtree stay together, so whoever stores them finds the
// parent near.
#include <algorithm>
#include <numeric>

#include "zones/rdata_fields.h"
#include "zones/wire_name.h"
#include "zones/zone_rules.h"

namespace muster::zones {

namespace {

constexpr std::uint32_t kNoRank = 0xffffffff;

// The rank of each owner in that order. Owner 0 is the apex.
std::vector<std::uint32_t> ranks_parents_first(const OwnerIndex& owners) {
  std::vector<std::uint32_t> ranks(owners.size(), kNoRank);
  std::vector<std::uint32_t> waiting;  // a name and those above it without a rank, lowest first
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < owners.size(); ++i) {
    std::string_view name = owners[i];
    std::optional<std::uint32_t> owner = i;
    while (!owner || ranks[*owner] == kNoRank) {
      if (owner) waiting.push_back(*owner);
      if (name.size() <= owners[0].size()) break;
      name = parent_of(name);
      owner = owners.find(name);
    }
    for (; !waiting.empty(); waiting.pop_back()) ranks[waiting.back()] = next++;
  }
  return ranks;
}

bool fold_less(std::string_view a, std::string_view b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](char x, char y) { return fold(x) < fold(y); });
}

class Grouping {
 public:
  Grouping(ZoneDraft& draft, GroupedZone& zone) : draft_(draft), zone_(zone) {}

  void scatter() {
    const auto ranks = ranks_parents_first(draft_.owners);
    ZoneContent& content = zone_.content;
    content.owners = std::move(draft_.owners);
    content.owners.renumber(ranks);
    content.octets = std::move(draft_.octets);
    content.firsts.assign(content.owners.size() + 1, 0);
    for (std::uint32_t& owner : draft_.owner_of) ++content.firsts[(owner = ranks[owner]) + 1];
    std::partial_sum(content.firsts.begin(), content.firsts.end(), content.firsts.begin());
    place_records();
  }

  void tidy() {
    ZoneContent& content = zone_.content;
    std::uint32_t kept = 0;
    std::uint32_t begin = 0;
    for (std::size_t owner = 0; owner + 1 < content.firsts.size(); ++owner) {
      const std::uint32_t end = content.firsts[owner + 1];
      sort_by_type(begin, end);
      content.firsts[owner] = kept;
      for (std::uint32_t set = begin; set < end;) set = tidy_rrset(set, end, kept);
      begin = end;
    }
    content.firsts.back() = kept;
    content.records.resize(kept);
    zone_.lines.resize(kept);
  }

 private:
  void place_records() {
    ZoneContent& content = zone_.content;
    std::vector<std::uint32_t> next(content.firsts.begin(), content.firsts.end() - 1);
    content.records.resize(draft_.records.size());
    zone_.lines.resize(draft_.records.size());
    for (std::size_t i = 0; i < draft_.records.size(); ++i) {
      const std::uint32_t place = next[draft_.owner_of[i]]++;
      content.records[place] = draft_.records[i];
      zone_.lines[place] = draft_.line_of[i];
    }
    draft_.records = {};
    draft_.owner_of = {};
    draft_.line_of = {};
  }

  // Usually in order already: a name's records of one type stand together in most files.
  void sort_by_type(std::uint32_t begin, std::uint32_t end) {
    auto& records = zone_.content.records;
    const auto less = [](const ZoneRecord& a, const ZoneRecord& b) { return a.type < b.type; };
    if (std::is_sorted(records.begin() + begin, records.begin() + end, less)) return;
    std::vector<std::uint32_t> order(end - begin);
    std::iota(order.begin(), order.end(), begin);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return less(records[a], records[b]); });
    std::vector<ZoneRecord> sorted_records;
    std::vector<std::uint32_t> sorted_lines;
    for (const std::uint32_t i : order) {
      sorted_records.push_back(records[i]);
      sorted_lines.push_back(zone_.lines[i]);
    }
    std::copy(sorted_records.begin(), sorted_records.end(), records.begin() + begin);
    std::copy(sorted_lines.begin(), sorted_lines.end(), zone_.lines.begin() + begin);
  }

  // Moves the RRset at `begin` to `kept`; returns where the next begins.
  std::uint32_t tidy_rrset(std::uint32_t begin, std::uint32_t end, std::uint32_t& kept) {
    auto& records = zone_.content.records;
    const auto set = first_rrset(std::span<const ZoneRecord>(records).subspan(begin, end - begin));
    const auto after = begin + static_cast<std::uint32_t>(set.size());
    const std::uint32_t ttl = even_ttl(set, begin);
    const std::vector<bool> duplicate = find_duplicates(set);
    for (std::uint32_t i = begin; i < after; ++i) {
      if (!duplicate.empty() && duplicate[i - begin]) {
        warn(i, "this " + to_string(records[i].type) + " record stands here twice: once is used");
        continue;
      }
      records[kept] = records[i];
      records[kept].ttl = ttl;
      zone_.lines[kept++] = zone_.lines[i];
    }
    return after;
  }

  std::uint32_t even_ttl(std::span<const ZoneRecord> set, std::uint32_t begin) {
    std::uint32_t lowest = set[0].ttl;
    std::uint32_t odd = 0;
    for (std::uint32_t i = 1; i < set.size(); ++i) {
      if (set[i].ttl != set[0].ttl && odd == 0) odd = i;
      lowest = std::min(lowest, set[i].ttl);
    }
    // Signatures have the TTL of what they sign (RFC 4034 §3), so theirs are mixed rightly.
    if (odd != 0 && set[0].type != RrType::rrsig) {
      warn(begin + odd, "the " + to_string(set[0].type) +
                            " records of one name have different TTLs: the lowest, " +
                            std::to_string(lowest) + ", is used");
    }
    return lowest;
  }

  // Empty: none.
  static std::vector<bool> find_duplicates(std::span<const ZoneRecord> set) {
    if (set.size() == 1) return {};
    if (set.size() == 2 && !same(set[0], set[1])) return {};
    std::vector<std::uint32_t> order(set.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return fold_less(set[a].rdata(), set[b].rdata());
    });
    std::vector<bool> duplicate(set.size());
    for (std::size_t i = 1; i < order.size(); ++i) {
      // Records that differ in the case of binary octets only are neighbours too, so look back over all of
      // them.
      for (std::size_t j = i; j-- > 0 && Name::equal_fold(set[order[j]].rdata(), set[order[i]].rdata());) {
        if (!same(set[order[j]], set[order[i]])) continue;
        duplicate[order[i]] = true;
        break;
      }
    }
    return duplicate;
  }

  static bool same(const ZoneRecord& a, const ZoneRecord& b) {
    return equal_rdata(a.type, a.rdata(), b.rdata());
  }

  void warn(std::uint32_t record, std::string what) {
    draft_.warnings.add(draft_.sources.fault(zone_.lines[record], std::move(what)));
  }

  ZoneDraft& draft_;
  GroupedZone& zone_;
};

}  // namespace

GroupedZone group_records(ZoneDraft& draft) {
  GroupedZone zone;
  Grouping grouping(draft, zone);
  grouping.scatter();
  grouping.tidy();
  return zone;
}

}  // namespace muster::zones
