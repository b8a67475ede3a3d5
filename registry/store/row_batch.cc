#include "registry/store/row_batch.h"

#include <initializer_list>
#include <string_view>

namespace muster::registry {
namespace {

// Length-prefixed parts, because names from foreign doors may hold any octet.
std::string key_of(char table, std::initializer_list<std::string_view> parts) {
  std::string key(1, table);
  for (const std::string_view part : parts) {
    key += std::to_string(part.size());
    key += ':';
    key += part;
  }
  return key;
}

struct RowKey {
  std::string operator()(const ClaimRow& row) const { return key_of('c', {row.service, row.id, row.source}); }
  std::string operator()(const ClaimGone& row) const {
    return key_of('c', {row.service, row.id, row.source});
  }
  std::string operator()(const TombstoneRow& row) const { return key_of('t', {row.service, row.id}); }
  std::string operator()(const TombstoneGone& row) const { return key_of('t', {row.service, row.id}); }
  std::string operator()(const DrainRow& row) const { return key_of('d', {row.service, row.id}); }
  std::string operator()(const DrainGone& row) const { return key_of('d', {row.service, row.id}); }
  std::string operator()(const OverlayRows&) const { return key_of('o', {}); }
  std::string operator()(const ServiceRow& row) const { return key_of('s', {row.name}); }
  std::string operator()(const ServiceGone& row) const { return key_of('s', {row.name}); }
  std::string operator()(const HealthRow& row) const { return key_of('h', {row.service, row.id, row.check}); }
  std::string operator()(const HealthGone& row) const { return key_of('h', {row.service, row.id, row.check}); }
  std::string operator()(const MetaRow& row) const { return key_of('m', {row.key}); }
  std::string operator()(const MetaGone& row) const { return key_of('m', {row.key}); }
  std::string operator()(const ZoneRow& row) const { return key_of('z', {row.zone, row.name}); }
  std::string operator()(const ZoneGone& row) const { return key_of('z', {row.zone, row.name}); }
  std::string operator()(const PieceRow& row) const {
    return key_of('p', {row.source, std::to_string(row.slot), std::to_string(row.number)});
  }
  std::string operator()(const PictureRow& row) const { return key_of('q', {row.source}); }
  std::string operator()(const PictureGone& row) const { return key_of('q', {row.source}); }
};

}  // namespace

void RowBatch::add(Row row) {
  const auto [place, is_new] = index_.try_emplace(std::visit(RowKey(), row), rows_.size());
  if (is_new)
    rows_.push_back(std::move(row));
  else
    rows_[place->second] = std::move(row);
}

void RowBatch::add(Rows rows) {
  for (Row& row : rows) add(std::move(row));
}

void RowBatch::add(RowBatch later) {
  if (empty())
    *this = std::move(later);
  else
    add(std::move(later.rows_));
}

void RowBatch::clear() {
  rows_.clear();
  index_.clear();
}

}  // namespace muster::registry
