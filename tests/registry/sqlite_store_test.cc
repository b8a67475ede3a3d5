#include "registry/store/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "registry/store/checkpointer.h"
#include "registry/store/salvage.h"
#include "registry/store/schema.h"
#include "tests/registry/support/scratch.h"

namespace muster::registry {
namespace {

using testing::claim;
using testing::Picture;
using testing::picture_of;
using testing::Scratch;

Rows claims(int from, int to) {
  Rows rows;
  for (int i = from; i < to; ++i)
    rows.push_back(claim("web", "i" + std::to_string(i), static_cast<std::uint64_t>(i)));
  return rows;
}

Picture reopened(const std::string& path) {
  SqliteStore store(path);
  return picture_of(store);
}

std::string octets_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void overwrite(const std::string& path, std::size_t at, const std::string& octets) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file << octets;
}

TEST(SqliteStore, EveryTableComesBackAsItWasWritten) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  ClaimRow lyft = claim("web", "i2", 2);
  lyft.source = "lyft";
  const Rows rows = {
      claim("web", "i1", 7),
      lyft,
      DrainRow{"web", "i2", 9, "kernel update", WallTime(Millis(1'795'212'060'000)), {}, "ops", "shop"},
      DrainRow{"web", "i1", 8, "", WallTime(Millis(5)), WallTime(Millis(1'795'212'065'000))},
      claim("", "", 1),
      TombstoneRow{"web", "i0", 1'795'212'000'000, "deregistered", WallTime(Millis(99))},
      OverlayRows{{R"({"match":"web/*"})", R"({"match":"db/*"})"}},
      ServiceRow{"web", WallTime(Millis(1)), WallTime(Millis(2))},
      HealthRow{"web", "i1", "report", "SUSPENDED", Millis(0), WallTime(Millis(3)), "ops"},
      MetaRow{"revision_block", "65536"},
      ZoneRow{"example.test.", "www.example.test.", "www.example.test. 5 IN A 192.0.2.1\n"},
      ZoneRow{"example.test.", "gone.example.test.", ""},
      PieceRow{"mesos", 1, 0, std::string("\0\xff", 2)},
      PieceRow{"mesos", 1, 1, "b"},
      PictureRow{"mesos", "mesos", 1, "10.0.0.1:5050\n", WallTime(Millis(4)), 1, 2}};
  Picture before;
  {
    SqliteStore store(path);
    EXPECT_FALSE(picture_of(store).epoch.empty());
    ASSERT_TRUE(store.commit(rows).ok);
    store.close();
  }
  const Picture after = reopened(path);
  EXPECT_TRUE(after.report.clean_stop);
  EXPECT_EQ(after.report.message, "");
  EXPECT_EQ(after.rows.size(), 14u);
  EXPECT_THAT(after.sequences, ::testing::UnorderedElementsAre(1, 2, 7));
  EXPECT_EQ(after.rows.at("overlay"), R"({"match":"web/*"}{"match":"db/*"})");
  EXPECT_EQ(after.rows.at("meta revision_block"), "65536");
  EXPECT_EQ(after.rows.at("health web/i1 report"), "SUSPENDED 0 3 ops");
  EXPECT_EQ(after.rows.at("zone example.test. www.example.test."), "www.example.test. 5 IN A 192.0.2.1\n");
  EXPECT_EQ(after.rows.at("zone example.test. gone.example.test."), "");
  EXPECT_EQ(after.rows.at("picture mesos"), "mesos 1 10.0.0.1:5050\n 4 2");
  EXPECT_EQ(after.rows.at("piece mesos"), std::string("0:\0\xff;1:b;", 9));
  EXPECT_EQ(after.rows.at("service web"), "1 2");
  EXPECT_EQ(after.rows.at("tombstone web/i0"), "1795212000000 deregistered 99");
  EXPECT_EQ(after.rows.at("drain web/i2"), "9 kernel update 1795212060000 never ops shop");
  EXPECT_EQ(after.rows.at("drain web/i1"), "8  5 1795212065000");
}

// Whatever commit is the last, one picture is whole.
TEST(SqliteStore, APictureIsReplacedByItsHead) {
  const auto head = [](std::uint8_t slot, std::uint32_t pieces) {
    return PictureRow{"m", "mesos", 1, "", WallTime(Millis(1)), slot, pieces};
  };
  const Row steps[] = {PieceRow{"m", 0, 0, "old"},
                       PieceRow{"m", 0, 1, "er"},
                       head(0, 2),
                       PieceRow{"m", 1, 0, "new"},
                       PieceRow{"m", 1, 1, "er"},
                       PieceRow{"m", 1, 2, "!"},
                       head(1, 3),
                       PieceRow{"m", 0, 0, "x"},
                       PictureGone{"m"}};
  const char* const expected[] = {"",
                                  "",
                                  "0:old;1:er;",
                                  "0:old;1:er;",
                                  "0:old;1:er;",
                                  "0:old;1:er;",
                                  "0:new;1:er;2:!;",
                                  "0:new;1:er;2:!;",
                                  ""};
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  for (std::size_t i = 0; i < std::size(steps); ++i) {
    SCOPED_TRACE(i);
    {
      SqliteStore store(path);
      picture_of(store);
      ASSERT_TRUE(store.commit({steps[i]}).ok);
    }
    EXPECT_EQ(reopened(path).rows["piece m"], expected[i]);
  }
  Connection connection(path, Connection::Mode::read_only);
  EXPECT_EQ(connection.number("SELECT count(*) FROM picture_piece"), 0) << "nothing is left behind";
}

TEST(SqliteStore, RemovalsAndReplacementsAreKept) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  {
    SqliteStore store(path);
    picture_of(store);
    ASSERT_TRUE(
        store
            .commit({claim("web", "i1"), claim("web", "i2"), TombstoneRow{"web", "i3", 1, "expired", {}},
                     DrainRow{"web", "i1", 1, "", {}, {}}, ServiceRow{"web", {}, {}},
                     OverlayRows{{"{}", "{}"}}, HealthRow{"web", "i1", "report", "STARTING", {}, {}},
                     ZoneRow{"t.", "a.t.", ""}, MetaRow{"host:a.test", "10.0.0.7"}})
            .ok);
    ASSERT_TRUE(store
                    .commit({ClaimGone{"web", "i1", "heartbeat"}, ClaimGone{"web", "i2", "lyft"},
                             TombstoneGone{"web", "i3"}, DrainGone{"web", "i1"}, ServiceGone{"web"},
                             HealthGone{"web", "i1", "report"}, OverlayRows{}, ZoneGone{"t.", "a.t."},
                             MetaGone{"host:a.test"}})
                    .ok);
  }
  const Picture after = reopened(path);
  EXPECT_FALSE(after.report.clean_stop);
  ASSERT_EQ(after.rows.size(), 1u);
  EXPECT_TRUE(after.rows.contains("claim web/i2/heartbeat"));
}

TEST(SqliteStore, TheEpochLivesAsLongAsTheStore) {
  Scratch scratch;
  const std::string first = reopened(scratch.path("a.db")).epoch;
  EXPECT_EQ(first.size(), 36u);
  EXPECT_EQ(reopened(scratch.path("a.db")).epoch, first);
  EXPECT_NE(reopened(scratch.path("b.db")).epoch, first);
}

TEST(SqliteStore, AnUnknownKindIsRefused) {
  EXPECT_THROW(open_store({.kind = "etcd"}), StoreRefused);
  EXPECT_TRUE(open_store({.kind = "memory"})->commit({claim("web", "i1")}).ok);
}

TEST(SqliteStore, AClaimOfADoorWithoutGenerationsComesBack) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  ClaimRow lyft = claim("web", "10-0-0-1");
  lyft.source = "lyft";
  lyft.generation = 0;
  {
    SqliteStore store(path);
    picture_of(store);
    ASSERT_TRUE(store.commit({lyft}).ok);
    store.close();
  }
  const Picture after = reopened(path);
  EXPECT_EQ(after.report.message, "");
  EXPECT_EQ(after.rows.count("claim web/10-0-0-1/lyft"), 1u);
}

TEST(SqliteStore, AStoreOfTheFirstSchemaIsTakenOver) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  {
    Connection old(path, Connection::Mode::create);
    old.exec(kSchemaSteps[0]);
    old.exec(
        "INSERT INTO claim(service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,draining,"
        "draining_ms,draining_reason,body) "
        "VALUES('web','i1','heartbeat',1,1,30000,1,1,'',0,0,'','{\"addresses\":[\"10.0.0.1\"]}'),"
        "('web','i2','heartbeat',1,2,30000,1,1,'',1,7,'kernel','{\"addresses\":[\"10.0.0.2\"]}'),"
        "('web','i2','lyft',0,2,30000,1,1,'',1,7,'kernel','{\"addresses\":[\"10.0.0.2\"]}')");
    old.exec("PRAGMA user_version=1");
  }
  const Picture after = reopened(path);
  EXPECT_EQ(after.report.message, "");
  EXPECT_EQ(after.rows.count("claim web/i1/heartbeat"), 1u);
  EXPECT_EQ(after.rows.count("drain web/i1"), 0u);
  ASSERT_EQ(after.rows.count("drain web/i2"), 1u) << "drains stood in claims then";
  EXPECT_EQ(after.rows.at("drain web/i2"), "2 kernel 7 never");
  SqliteStore store(path);
  picture_of(store);
  EXPECT_TRUE(store.commit({PieceRow{"m", 0, 0, "x"}, PictureRow{"m", "mesos", 1, "", {}, 0, 1}}).ok);
}

TEST(SqliteStore, ANewerSchemaIsRefusedAndNotTouched) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  reopened(path);
  {
    Connection connection(path, Connection::Mode::create);
    connection.text("PRAGMA journal_mode=DELETE");
    connection.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion + 1));
  }
  const std::string before = octets_of(path);
  try {
    SqliteStore store(path);
    FAIL() << "opened a newer schema";
  } catch (const StoreRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("newer musterd"), std::string::npos);
  }
  EXPECT_EQ(octets_of(path), before);
  EXPECT_TRUE(scratch.files("muster.db-").empty());
}

TEST(SqliteStore, ANewerSchemaThatOnlyTheLogKnowsIsRefusedToo) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  reopened(path);
  Connection other(path, Connection::Mode::create);
  other.exec("PRAGMA user_version=" + std::to_string(kSchemaVersion + 1));
  EXPECT_THROW(SqliteStore store(path), StoreRefused);
}

TEST(SqliteStore, ASecondProcessIsRefusedAndToldWhoHoldsIt) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  SqliteStore store(path);
  picture_of(store);
  const pid_t child = fork();
  if (child == 0) {
    try {
      SqliteStore second(path);
    } catch (const StoreRefused& refused) {
      _exit(std::string(refused.what()).find("pid " + std::to_string(getppid())) == std::string::npos ? 2
                                                                                                      : 0);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(store.commit({claim("web", "i1")}).ok);
}

TEST(SqliteStore, ARowThatIsNoLongerReadableIsLeftOutAndReported) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  {
    SqliteStore store(path);
    picture_of(store);
    ASSERT_TRUE(store.commit(claims(0, 5)).ok);
    store.close();
    Connection connection(path, Connection::Mode::create);
    connection.exec("UPDATE claim SET body='{\"weight\":70000}' WHERE id='i3'");
  }
  const Picture after = reopened(path);
  EXPECT_EQ(after.sequences.size(), 4u);
  EXPECT_EQ(after.report.skipped, 1u);
  EXPECT_NE(after.report.message.find("web/i3"), std::string::npos);
}

// Salvage reads them where they stood then.
TEST(SqliteStore, DrainsOfADamagedFileOfAnOlderSchemaAreSaved) {
  Scratch scratch;
  Connection old(scratch.path("old.db"), Connection::Mode::create);
  for (std::size_t step = 0; step < 5; ++step) old.exec(kSchemaSteps[step]);
  old.exec(
      "INSERT INTO claim(service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,draining,"
      "draining_ms,draining_reason,remove_ms,body) VALUES"
      "('web','i1','heartbeat',1,1,30000,1,1,'',0,0,'',0,'{}'),"
      "('web','i2','heartbeat',1,2,30000,1,1,'',1,7,'kernel',9,'{}'),"
      "('web','i2','lyft',0,2,30000,1,1,'',1,7,'kernel',9,'{}')");
  Connection fresh(scratch.path("fresh.db"), Connection::Mode::create);
  for (const char* step : kSchemaSteps) fresh.exec(step);
  salvage(old, fresh);
  EXPECT_EQ(fresh.number("SELECT count(*) FROM claim"), 3);
  EXPECT_EQ(
      fresh.text(
          "SELECT group_concat(service||'/'||id||' '||number||' '||reason||' '||since_ms||' '||remove_ms) "
          "FROM drain"),
      "web/i2 2 kernel 7 9");
}

TEST(SqliteStore, WhatTheSixthSchemaKeptOfADamagedFileIsSaved) {
  Scratch scratch;
  Connection old(scratch.path("old.db"), Connection::Mode::create);
  for (std::size_t step = 0; step < 6; ++step) old.exec(kSchemaSteps[step]);
  old.exec("INSERT INTO drain VALUES('web','i2',2,'kernel',7,9)");
  old.exec("INSERT INTO health VALUES('web','i1','report','SUSPENDED',0,3)");
  Connection fresh(scratch.path("fresh.db"), Connection::Mode::create);
  for (const char* step : kSchemaSteps) fresh.exec(step);
  salvage(old, fresh);
  EXPECT_EQ(fresh.text("SELECT number||reason||since_ms||remove_ms||by||home FROM drain"), "2kernel79");
  EXPECT_EQ(fresh.text("SELECT service||id||state||since_ms||by FROM health"), "webi1SUSPENDED3");
}

// ---- damage ---------------------------------------------------------------------------------------------

TEST(SqliteStore, DamagedPagesCostOnlyTheRowsOnThem) {
  struct Case {
    const char* why;
    bool clean;
  };
  for (const Case& c :
       {Case{"found by quick_check after a kill", false}, Case{"octets flipped after a clean stop", true}}) {
    SCOPED_TRACE(c.why);
    Scratch scratch;
    const std::string path = scratch.path("muster.db");
    std::string epoch;
    {
      SqliteStore store(path);
      epoch = picture_of(store).epoch;
      ASSERT_TRUE(store.commit(claims(0, 5000)).ok);
      ASSERT_TRUE(store.commit({MetaRow{"serial_block:svc.internal.", "77"}}).ok);
      store.close();
    }
    if (!c.clean)
      Connection(path, Connection::Mode::create).exec("UPDATE meta SET v='0' WHERE k='clean_stop'");
    if (!c.clean) Connection(path, Connection::Mode::create).text("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::size_t size = octets_of(path).size();
    overwrite(path, size / 2 / 4096 * 4096, std::string(3 * 4096, '\xa5'));
    const Picture after = reopened(path);
    EXPECT_TRUE(after.report.recovered_from_damage);
    EXPECT_FALSE(after.report.nothing_readable);
    EXPECT_GT(after.sequences.size(), 4900u);
    EXPECT_LT(after.sequences.size(), 5000u);
    EXPECT_EQ(after.rows.at("meta serial_block:svc.internal."), "77");
    EXPECT_NE(after.epoch, epoch) << "revisions of a damaged store cannot be trusted";
    EXPECT_FALSE(scratch.files("muster.db.corrupt-").empty());
    const Picture again = reopened(path);
    EXPECT_FALSE(again.report.recovered_from_damage);
    EXPECT_EQ(again.rows, after.rows);
  }
}

TEST(SqliteStore, DrainsBetweenTwoDamagedPlacesOfAnOlderFileAreSaved) {
  Scratch scratch;
  const std::string path = scratch.path("old.db");
  {
    Connection old(path, Connection::Mode::create);
    for (std::size_t step = 0; step < 5; ++step) old.exec(kSchemaSteps[step]);
    old.exec(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<5000) "
        "INSERT INTO "
        "claim(service,id,source,generation,seq,lease_ms,created_ms,heard_ms,by,draining,draining_ms,"
        "draining_reason,remove_ms,body) SELECT 'web','i'||i,'heartbeat',1,i,30000,1,1,'',i%2,7,'kernel',9,"
        "'{\"meta\":\"'||hex(zeroblob(100))||'\"}' FROM n");
    old.text("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const std::size_t pages = octets_of(path).size() / 4096;
  for (const std::size_t page : {pages / 4, pages * 3 / 4})
    overwrite(path, page * 4096, std::string(4096, '\xa5'));
  Connection old(path, Connection::Mode::create);
  Connection fresh(scratch.path("fresh.db"), Connection::Mode::create);
  for (const char* step : kSchemaSteps) fresh.exec(step);
  salvage(old, fresh);
  EXPECT_GT(fresh.number("SELECT count(*) FROM claim"), 4'900);
  EXPECT_EQ(fresh.number("SELECT count(*) FROM drain"),
            fresh.number("SELECT count(*) FROM claim WHERE seq%2"));
}

TEST(SqliteStore, RandomDamageNeverStopsAStart) {
  const char* chosen = std::getenv("MUSTER_SEED");
  const unsigned seed = chosen != nullptr ? static_cast<unsigned>(std::stoul(chosen)) : std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Scratch scratch;
  const std::string good = scratch.path("good.db");
  {
    SqliteStore store(good);
    picture_of(store);
    ASSERT_TRUE(store.commit(claims(0, 500)).ok);
  }
  Connection(good, Connection::Mode::create).text("PRAGMA wal_checkpoint(TRUNCATE)");
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    const std::string path = scratch.path("r" + std::to_string(round) + ".db");
    std::filesystem::copy_file(good, path);
    const std::size_t size = octets_of(path).size();
    for (int i = 0; i < 1 + round % 8; ++i)
      overwrite(path, random() % size, std::string(1 + random() % 64, static_cast<char>(random())));
    try {
      SqliteStore store(path);
      picture_of(store);
      const CommitResult stored = store.commit({claim("db", "new")});
      EXPECT_TRUE(stored.ok) << stored.message;
    } catch (const StoreRefused& refused) {
      // The version itself may have been hit.
      EXPECT_NE(std::string(refused.what()).find("newer"), std::string::npos) << refused.what();
    }
  }
}

TEST(SqliteStore, NothingReadableStartsEmptyAndSaysSo) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  std::ofstream(path) << std::string(8192, 'x');
  SqliteStore store(path);
  const Picture after = picture_of(store);
  EXPECT_TRUE(after.report.recovered_from_damage);
  EXPECT_TRUE(after.report.nothing_readable);
  EXPECT_EQ(scratch.files("muster.db.corrupt-").size(), 1u);
  EXPECT_TRUE(store.commit({claim("web", "i1")}).ok);
}

// ---- disks that are full or read-only -------------------------------------------------------------------

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& at) : at_(at) {
    std::filesystem::create_directory(at);
    mounted_ = mount("none", at.c_str(), "tmpfs", 0, "size=600k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount(at_.c_str());
  }
  bool mounted() const { return mounted_; }
  void read_only(bool on) const {
    const unsigned long flags = on ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT;
    mount("none", at_.c_str(), "tmpfs", flags, "size=600k");
  }

 private:
  std::string at_;
  bool mounted_ = false;
};

TEST(SqliteStore, AFullDiskFailsCommitsAndNothingElse) {
  Scratch scratch;
  SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  const std::string path = scratch.path("disk/muster.db");
  SqliteStore store(path);
  picture_of(store);
  int kept = 0;
  CommitResult result;
  for (; kept < 100; ++kept) {
    result = store.commit(claims(kept * 100, kept * 100 + 100));
    if (!result.ok) break;
  }
  ASSERT_FALSE(result.ok);
  ASSERT_GT(kept, 0);
  EXPECT_NE(result.message.find("full"), std::string::npos) << result.message;
  EXPECT_FALSE(store.commit(claims(kept * 100, kept * 100 + 100)).ok) << "still full";
  // Room is made; the next commit goes through, and nothing of the failed ones is stored but what is
  // committed anew.
  mount("none", scratch.path("disk").c_str(), "tmpfs", MS_REMOUNT, "size=4m");
  ASSERT_TRUE(store.commit({claim("db", "d1", 1'000'000)}).ok);
  store.close();
  SqliteStore again(scratch.path("disk/copy.db"));
  std::filesystem::copy_file(path, scratch.path("copied.db"));
  const Picture after = reopened(scratch.path("copied.db"));
  EXPECT_EQ(after.sequences.size(), static_cast<std::size_t>(kept) * 100 + 1);
}

TEST(SqliteStore, AReadOnlyDiskIsReadAndWrittenOnceItCanBe) {
  Scratch scratch;
  SmallDisk disk(scratch.path("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  const std::string path = scratch.path("disk/muster.db");
  std::string epoch;
  {
    SqliteStore store(path);
    epoch = picture_of(store).epoch;
    ASSERT_TRUE(store.commit(claims(0, 3)).ok);
    store.close();
  }
  disk.read_only(true);
  {
    SqliteStore store(path);
    const Picture during = picture_of(store);
    EXPECT_EQ(during.sequences.size(), 3u);
    EXPECT_NE(during.epoch, epoch) << "no revisions can be reserved";
    EXPECT_FALSE(during.report.message.empty());
    EXPECT_FALSE(store.check().ok);
    EXPECT_FALSE(store.commit(claims(3, 4)).ok);
    disk.read_only(false);
    EXPECT_TRUE(store.commit(claims(3, 4)).ok);
    EXPECT_TRUE(store.check().ok);
    epoch = during.epoch;
  }
  const Picture after = reopened(path);
  EXPECT_EQ(after.sequences.size(), 4u);
  EXPECT_EQ(after.epoch, epoch);
}

TEST(SqliteStore, ACheckSeesThatTheFileWasRemoved) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  SqliteStore store(path);
  picture_of(store);
  EXPECT_TRUE(store.check().ok);
  std::filesystem::remove(path);
  EXPECT_FALSE(store.check().ok);
}

// ---- checkpoints and sudden death -----------------------------------------------------------------------

TEST(SqliteStore, CheckpointsKeepTheLogSmall) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  {
    const CheckpointConfig often{.passive_bytes = 256 << 10, .restart_bytes = 1 << 20, .idle = Millis(10)};
    SqliteStore store(path, often);
    picture_of(store);
    for (int round = 0; round < 20; ++round) {
      const std::uint64_t before = store.checkpoints().runs;
      for (int i = round * 10; i < round * 10 + 10; ++i)
        ASSERT_TRUE(store.commit(claims(i * 50, i * 50 + 50)).ok);
      // On a busy machine the other thread comes to it later than the writer to its next commit.
      for (int i = 0; store.checkpoints().runs == before; ++i) {
        ASSERT_LT(i, 1000) << "no checkpoint in ten seconds";
        std::this_thread::sleep_for(Millis(10));
      }
    }
    EXPECT_LT(std::filesystem::file_size(path + "-wal"), 4u << 20);
    EXPECT_EQ(store.checkpoints().errors, 0u) << store.checkpoints().last_error;
    store.close();
  }
  EXPECT_TRUE(!std::filesystem::exists(path + "-wal") || std::filesystem::file_size(path + "-wal") == 0);
  EXPECT_EQ(reopened(path).sequences.size(), 10'000u);
}

TEST(SqliteStore, TheIdleCheckpointWaitsForSilence) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  reopened(path);
  constexpr std::chrono::milliseconds kIdle{300};
  Checkpointer checkpointer(path, {.passive_bytes = 1 << 30, .restart_bytes = 1 << 30, .idle = Millis(kIdle)});
  std::this_thread::sleep_for(kIdle / 4);
  const auto last = std::chrono::steady_clock::now();
  checkpointer.committed(4'096);
  while (checkpointer.state().runs == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_GE(std::chrono::steady_clock::now() - last, kIdle);
}

// The writer has its file open and goes on; the checkpointer, which opens it later, finds a folder in its place.
TEST(SqliteStore, ACheckpointThatFailsIsTold) {
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  const std::string away = scratch.path("away.db");
  reopened(path);
  SqliteStore store(path, CheckpointConfig{.idle = Millis(10)});
  std::filesystem::rename(path, away);
  std::filesystem::create_directory(path);
  picture_of(store);
  ASSERT_TRUE(store.commit(claims(0, 10)).ok) << "what has to be durable is";
  const auto wait = [&](auto condition) {
    for (int i = 0; !condition() && i < 2'000; ++i) std::this_thread::sleep_for(Millis(10));
  };
  wait([&] { return store.checkpoints().errors > 0; });
  EXPECT_THAT(store.checkpoints().last_error, ::testing::HasSubstr(path + ": checkpoint: "));

  std::filesystem::remove(path);
  std::filesystem::rename(away, path);
  ASSERT_TRUE(store.commit(claims(10, 20)).ok);
  wait([&] { return store.checkpoints().last_error.empty(); });
  EXPECT_EQ(store.checkpoints().last_error, "") << "well again";
  EXPECT_GT(store.checkpoints().errors, 0u);
}

// What another user left behind is refused in words, not served from memory. Root is never refused, so a child asks
// as nobody.
TEST(SqliteStore, AStoreThatThisUserMayNotWriteIsRefusedWithItsMend) {
  if (geteuid() != 0) GTEST_SKIP() << "becomes another user";
  constexpr uid_t kNobody = 65534;
  struct Row {
    const char* why;
    bool own_folder;
    const char* foreign;  // a file of root's
    const char* told;     // "" when it is not refused
  };
  constexpr Row kRows[] = {
      {"everything is the user's", true, "", ""},
      {"the folder is not", false, "", "chown nobody /"},
      {"the file is not", true, "muster.db", "muster.db*`"},
      {"the log is not", true, "muster.db-wal", "muster.db-wal: the user nobody cannot write"},
      {"the log's index is not", true, "muster.db-shm", "muster.db-shm: "},
      {"the lock is not", true, "muster.db.lock", "muster.db.lock: "},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.why);
    Scratch scratch;
    const std::string path = scratch.path("muster.db");
    const std::string folder = std::filesystem::path(path).parent_path();
    std::filesystem::permissions(folder, std::filesystem::perms(0755));
    const uid_t owner = row.own_folder ? kNobody : 0;
    ASSERT_EQ(chown(folder.c_str(), owner, owner), 0);
    if (*row.foreign != 0) std::ofstream(scratch.path(row.foreign)).flush();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      std::string told;
      try {
        if (setuid(kNobody) != 0) told = "setuid";
        const auto store = open_store({.path = path});
      } catch (const StoreRefused& error) {
        told = error.what();
      }
      if (write(ends[1], told.data(), told.size()) < 0) _exit(1);
      _exit(0);
    }
    ::close(ends[1]);
    char octets[1024];
    const ssize_t size = read(ends[0], octets, sizeof octets);
    ::close(ends[0]);
    waitpid(child, nullptr, 0);
    const std::string told(octets, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    EXPECT_EQ(told.empty(), *row.told == 0) << told;
    EXPECT_THAT(told, ::testing::HasSubstr(row.told));
  }
}

// A child commits without end and reports each commit through a pipe once it has returned.
[[noreturn]] void commit_until_killed(const std::string& path, int report) {
  SqliteStore store(
      path, CheckpointConfig{.passive_bytes = 64 << 10, .restart_bytes = 256 << 10, .idle = Millis(5)});
  int next = static_cast<int>(picture_of(store).sequences.size());
  for (;; next += 7) {
    if (!store.commit(claims(next, next + 7)).ok) _exit(1);
    const int done = next + 7;
    if (write(report, &done, sizeof done) != sizeof done) _exit(1);
  }
}

// `begun`: it is killed so long after its first acknowledgement, else after its start.
int acknowledged_before_kill(const std::string& path, int after_ms, bool begun) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) commit_until_killed(path, ends[1]);
  ::close(ends[1]);
  pollfd first{ends[0], POLLIN, 0};
  if (begun) ::poll(&first, 1, 60'000);
  usleep(static_cast<useconds_t>(after_ms) * 1000);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  int last = 0;
  for (int done = 0; read(ends[0], &done, sizeof done) == sizeof done;) last = done;
  ::close(ends[0]);
  return last;
}

TEST(SqliteStore, NoAcknowledgedRowIsLostWhenTheProcessIsKilled) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Scratch scratch;
  const std::string path = scratch.path("muster.db");
  int rounds_with_commits = 0;
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE(round);
    const int acknowledged = acknowledged_before_kill(path, static_cast<int>(random() % 120), round % 2 == 0);
    rounds_with_commits += acknowledged > 0;
    const Picture after = reopened(path);
    EXPECT_FALSE(after.report.recovered_from_damage);
    EXPECT_GE(after.sequences.size(), static_cast<std::size_t>(acknowledged));
    EXPECT_EQ(after.sequences.size() % 7, 0u) << "half a transaction";
    EXPECT_EQ(Connection(path, Connection::Mode::create).text("PRAGMA integrity_check"), "ok");
  }
  EXPECT_GE(rounds_with_commits, 5) << "the children were killed before they did anything";
}

}  // namespace
}  // namespace muster::registry
