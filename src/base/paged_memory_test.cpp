// Promises of memory that is paged out: bytes stay, room is used again, a full disk is told.
#include "base/paged_memory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

namespace cityloom::base {
namespace {

std::string folder() {
  return std::filesystem::temp_directory_path();
}

size_t file_pages_in_memory() {
  size_t all = 0, resident = 0, of_files = 0;
  std::ifstream("/proc/self/statm") >> all >> resident >> of_files;
  return of_files * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(PagedMemory, WhatIsLeftToTheSystemComesBackAsItWas) {
  const auto memory = PagedMemory::open(folder());
  ASSERT_NE(memory, nullptr);
  struct Piece {
    unsigned char* bytes;
    size_t size;
  };
  std::vector<Piece> pieces;
  for (size_t i = 0, sum = 0; sum < 64u << 20; ++i) {
    const size_t size = i % 50 == 0 ? 300'000 + i : 700 + i % 3'000;
    auto* bytes = static_cast<unsigned char*>(memory->allocate(size));
    ASSERT_NE(bytes, nullptr);
    std::memset(bytes, static_cast<int>(i % 251), size);
    pieces.push_back({bytes, size});
    sum += size;
  }
  const size_t before = file_pages_in_memory();
  EXPECT_GT(before, 60u << 20);
  memory->limit(before * 2);
  EXPECT_GT(file_pages_in_memory(), 60u << 20) << "within the limit nothing is left";
  memory->limit(0);
  EXPECT_LT(file_pages_in_memory(), before - (60u << 20));
  for (size_t i = 0; i < pieces.size(); ++i) {
    const auto [bytes, size] = pieces[i];
    ASSERT_TRUE(bytes[0] == i % 251 && bytes[size - 1] == i % 251) << i;
    ASSERT_EQ(std::memcmp(bytes, bytes + 1, size - 1), 0) << i;
    memory->free(bytes, size);
  }
}

TEST(PagedMemory, RoomIsUsedAgain) {
  const auto memory = PagedMemory::open(folder());
  ASSERT_NE(memory, nullptr);
  const size_t before = file_pages_in_memory();
  for (const size_t size : {900, 200'000}) {
    for (int i = 0; i < 1'000; ++i) {
      void* piece = memory->allocate(size);
      ASSERT_NE(piece, nullptr);
      std::memset(piece, 1, size);
      memory->free(piece, size);
    }
  }
  EXPECT_LT(file_pages_in_memory(), before + (4u << 20));
  EXPECT_LT(memory->bytes(), 4u << 20);
}

TEST(PagedMemory, APieceOutlivesTheHandle) {
  auto memory = PagedMemory::open(folder());
  ASSERT_NE(memory, nullptr);
  PagedMemory* const itself = memory.get();
  auto* piece = static_cast<char*>(memory->allocate(1'000));
  ASSERT_NE(piece, nullptr);
  memory.reset();
  std::memset(piece, 7, 1'000);
  EXPECT_EQ(piece[999], 7);
  itself->free(piece, 1'000);
}

TEST(PagedMemory, AFolderThatIsNotThereHasNone) {
  EXPECT_EQ(PagedMemory::open("/nowhere/at/all"), nullptr);
  EXPECT_EQ(PagedMemory::open(""), nullptr);
}

TEST(PagedMemory, AFullDiskIsTold) {
  const auto memory = PagedMemory::open(folder());
  ASSERT_NE(memory, nullptr);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{1u << 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  std::vector<void*> pieces;
  for (void* piece = memory->allocate(10'000); piece != nullptr; piece = memory->allocate(10'000)) {
    std::memset(piece, 3, 10'000);
    pieces.push_back(piece);
    ASSERT_LT(pieces.size(), 1'000);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_GT(pieces.size(), 10);
  pieces.push_back(memory->allocate(10'000));
  ASSERT_NE(pieces.back(), nullptr) << "there is room again";
  for (void* piece : pieces) memory->free(piece, 10'000);
}

}  // namespace
}  // namespace cityloom::base
