#include "tests/registry/support/scratch.h"

#include <unistd.h>

#include <cstdlib>

#include "registry/store/row_codec.h"

namespace muster::registry::testing {
namespace {

std::string shown(WallTime at) { return std::to_string(at.time_since_epoch().count()); }

struct Show {
  Picture& picture;
  void operator()(const ClaimRow& row) const {
    std::string text = std::to_string(row.generation) + " " + std::to_string(row.sequence) + " " +
                       std::to_string(row.lease.count()) + " " + shown(row.created_at) + " " +
                       shown(row.heard_at) + " " + row.by + " ";
    append_body(text, *row.body);
    picture.rows["claim " + row.service + "/" + row.id + "/" + row.source] = text;
    picture.sequences.push_back(row.sequence);
  }
  void operator()(const TombstoneRow& row) const {
    picture.rows["tombstone " + row.service + "/" + row.id] =
        std::to_string(row.generation) + " " + row.cause + " " + shown(row.until);
  }
  static std::string said(const std::string& word) { return word.empty() ? word : " " + word; }
  void operator()(const DrainRow& row) const {
    picture.rows["drain " + row.service + "/" + row.id] =
        std::to_string(row.number) + " " + row.reason + " " + shown(row.since) + " " +
        (row.remove_at ? shown(*row.remove_at) : "never") + said(row.by) + said(row.home);
  }
  void operator()(const OverlayRows& row) const {
    for (const std::string& entry : row.entries_json) picture.rows["overlay"] += entry;
  }
  void operator()(const ServiceRow& row) const {
    picture.rows["service " + row.name] = shown(row.created_at) + " " + shown(row.known_until);
  }
  void operator()(const MetaRow& row) const {
    if (row.key == "epoch")
      picture.epoch = row.value;
    else
      picture.rows["meta " + row.key] = row.value;
  }
  void operator()(const ZoneRow& row) const { picture.rows["zone " + row.zone + " " + row.name] = row.content; }
  void operator()(const HealthRow& row) const {
    picture.rows["health " + row.service + "/" + row.id + " " + row.check] =
        row.state + " " + std::to_string(row.suspension.count()) + " " +
        std::to_string(row.since.time_since_epoch().count()) + said(row.by);
  }
  void operator()(const PictureRow& row) const {
    picture.rows["picture " + row.source] = row.type + " " + std::to_string(row.format) + " " + row.origin +
                                            " " + shown(row.learnt_at) + " " + std::to_string(row.pieces);
  }
  void operator()(const PieceRow& row) const {
    picture.rows["piece " + row.source] += std::to_string(row.number) + ":" + row.content + ";";
  }
  void operator()(const PictureGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const MetaGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const HealthGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const ZoneGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const ClaimGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const DrainGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const TombstoneGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
  void operator()(const ServiceGone&) const { picture.rows["gone"] = "a store visits only what is there"; }
};

}  // namespace

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "muster-test-XXXXXX").string();
  if (!mkdtemp(name.data())) std::abort();
  directory_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::vector<std::string> Scratch::files(const std::string& begin) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory_))
    if (entry.path().filename().string().starts_with(begin)) names.push_back(entry.path().string());
  return names;
}

ClaimRow claim(const std::string& service, const std::string& id, std::uint64_t sequence) {
  InstanceBody body;
  body.addresses = {*net::parse_ip("10.0.0.7"), *net::parse_ip("2001:db8::7")};
  body.ports = {Port{.name = "http", .number = 8080, .attributes = {}}};
  body.weight = 10;
  body.tags = {{"az", "a"}, {"canary", "false"}, {"role", "front"}};
  body.version = "abc123";
  ClaimRow row;
  row.service = service;
  row.id = id;
  row.source = "heartbeat";
  row.generation = 1'795'212'000'123;
  row.sequence = sequence;
  row.lease = Millis(30'000);
  row.created_at = WallTime(Millis(1'795'212'000'000));
  row.heard_at = WallTime(Millis(1'795'212'030'000));
  row.by = "10.0.0.7";
  row.body = std::make_shared<const InstanceBody>(std::move(body));
  return row;
}

Picture picture_of(Store& store) {
  Picture picture;
  picture.report = store.load([&](Row row) { std::visit(Show{picture}, row); });
  return picture;
}

}  // namespace muster::registry::testing
