// The contract, kept by both back ends; and what only the embedded one can be asked.
#include "store/store.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/contract_test.hpp"

namespace cityloom::store {
namespace {

using base::Code;

std::unique_ptr<thread::Store> open_or_null(const std::string& folder) {
  EmbeddedOptions options;
  options.write_buffer_bytes = 256u << 10;  // so that small tests flush and compact too
  auto store = open_embedded(folder, options);
  EXPECT_TRUE(store.ok()) << store.error().text();
  return store.ok() ? std::move(*store) : nullptr;
}

const StoreMaker embedded{"embedded", open_or_null, open_or_null};
const StoreMaker memory{"memory", [](const std::string&) { return make_memory_store(); }, open_or_null};

INSTANTIATE_TEST_SUITE_P(Backends, StoreContract, testing::Values(embedded, memory),
                         [](const auto& maker) { return maker.param.name; });

INSTANTIATE_TEST_SUITE_P(Backends, DurableStoreContract, testing::Values(embedded),
                         [](const auto& maker) { return maker.param.name; });

Code code_of_opening(const std::string& folder, bool create) {
  EmbeddedOptions options;
  options.create_if_missing = create;
  const auto store = open_embedded(folder, options);
  EXPECT_FALSE(store.ok());
  return store.ok() ? Code::internal : store.error().code;
}

TEST(EmbeddedStore, IsNotFoundWhereThereIsNone) {
  const TemporaryFolder folder;
  EXPECT_EQ(code_of_opening(folder.path("absent"), false), Code::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder.path("absent"))) << "asking makes nothing";
}

TEST(EmbeddedStore, IsInConflictWithItselfOpenedTwice) {
  const TemporaryFolder folder;
  const auto store = open_or_null(folder.path());
  EXPECT_EQ(code_of_opening(folder.path(), true), Code::conflict);
}

// A full disk ended the program at the next line of RocksDB's own log.
TEST(EmbeddedStore, KeepsNoLogOfRocksDb) {
  const TemporaryFolder folder;
  ASSERT_TRUE(open_or_null(folder.path()));
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_NE(file.path().filename().string().substr(0, 3), "LOG");
  }
}

TEST(EmbeddedStore, NamesTheProcessThatHasItOpen) {
  const TemporaryFolder folder;
  int ready[2], finish[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(finish), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto store = open_embedded(folder.path());
    char byte = store.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1 || read(finish[0], &byte, 1) != 1) _exit(1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto second = open_embedded(folder.path());
  ASSERT_EQ(write(finish[1], &byte, 1), 1);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().text(), testing::HasSubstr("process " + std::to_string(child)));
}

TEST(EmbeddedStore, SaysThatAFileStandsWhereTheFolderShould) {
  const TemporaryFolder folder;
  std::ofstream(folder.path("file")) << "x";
  EXPECT_EQ(code_of_opening(folder.path("file/record"), true), Code::unavailable);
}

TEST(EmbeddedStore, RefusesToBeginAnewOverDataThatLostItsCurrentFile) {
  const TemporaryFolder folder;
  {
    const auto store = open_or_null(folder.path());
    Batch batch;
    batch.put(Family::commits, "1", "one");
    ASSERT_TRUE(store->write(batch, Durability::synced).ok());
    ASSERT_TRUE(store->flush().ok());
  }
  std::filesystem::remove(folder.path("CURRENT"));
  EXPECT_EQ(code_of_opening(folder.path(), true), Code::corrupt);
}

TEST(EmbeddedStore, SaysCorruptWhenAFileWasDamaged) {
  const TemporaryFolder folder;
  {
    const auto store = open_or_null(folder.path());
    Batch batch;
    for (int i = 0; i < 1'000; ++i) batch.put(Family::commits, std::to_string(i), std::to_string(i * 7));
    ASSERT_TRUE(store->write(batch, Durability::synced).ok());
    ASSERT_TRUE(store->flush().ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(64);
    file << "damage";
  }
  const auto store = open_embedded(folder.path());
  if (!store.ok()) {
    EXPECT_EQ(store.error().code, Code::corrupt);
    return;
  }
  const auto read = (*store)->scan(Family::commits, "", "", [](auto, auto) { return true; });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, Code::corrupt);
}

/// A folder with many acknowledged writes and one that is not, as the end of the process leaves it.
void leave_as_killed(const std::string& from, const std::string& to) {
  const auto store = open_or_null(from);
  for (int i = 0; i < 300; ++i) {
    Batch batch;
    batch.put(Family::commits, std::to_string(1'000 + i), std::string(200, static_cast<char>('a' + i % 26)));
    ASSERT_TRUE(store->write(batch, Durability::synced).ok());
  }
  Batch last;
  last.put(Family::views, "last", std::string(200, 'z'));
  ASSERT_TRUE(store->write(last, Durability::ordered).ok());
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

std::filesystem::path log_in(const std::string& folder) {
  std::filesystem::path log;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".log" && (log.empty() || file_size(entry.path()) > file_size(log)))
      log = entry.path();
  }
  return log;
}

TEST(EmbeddedStore, StartsWithATornEndThatWasNotAcknowledged) {
  const TemporaryFolder folder;
  leave_as_killed(folder.path("record"), folder.path("killed"));
  const auto log = log_in(folder.path("killed"));
  std::filesystem::resize_file(log, file_size(log) - 100);
  const auto store = open_or_null(folder.path("killed"));
  EXPECT_EQ(all_of(*store, Family::commits).size(), 300u);
  EXPECT_TRUE(all_of(*store, Family::views).empty());
  EXPECT_FALSE(std::filesystem::exists(folder.path("killed/damaged-log")));
}

TEST(EmbeddedStore, RefusesToStartWithoutWhatWasAcknowledged) {
  const TemporaryFolder folder;
  leave_as_killed(folder.path("record"), folder.path("killed"));
  const auto log = log_in(folder.path("killed"));
  const auto middle = static_cast<std::streamoff>(file_size(log) / 2);
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(middle);
  const char flipped = static_cast<char>(file.get() ^ 1);
  file.seekp(middle);
  file.put(flipped);
  file.close();
  for (int start = 0; start < 2; ++start) {
    const auto store = open_embedded(folder.path("killed"));
    ASSERT_FALSE(store.ok()) << "start " << start;
    EXPECT_EQ(store.error().code, Code::corrupt);
    EXPECT_THAT(store.error().text(), testing::HasSubstr("acknowledged"));
    EXPECT_THAT(store.error().text(), testing::HasSubstr("restore a backup"));
  }
  EXPECT_EQ(file_size(log_in(folder.path("killed/damaged-log"))), file_size(log_in(folder.path("record"))));
  std::filesystem::remove(folder.path("killed/ACKNOWLEDGED"));
  const auto store = open_or_null(folder.path("killed"));
  const size_t left = all_of(*store, Family::commits).size();
  EXPECT_GT(left, 100u) << "who accepts the loss goes on with what is left";
  EXPECT_LT(left, 300u);
}

}  // namespace
}  // namespace cityloom::store
