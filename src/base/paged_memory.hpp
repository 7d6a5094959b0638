// Memory for what is large and seldom read, which the system may take out of the machine's memory into a file.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <string>

namespace cityloom::base {

/// Pieces of memory in a mapped file that has no name: it is gone with the process, however that ends. What is read is
/// in the machine's memory, the rest need not be. All room on the disk is taken when a piece is given, so a full disk
/// is told then, and not by a signal later; a disk that cannot be read any more does end the process. Any worker may
/// call anything.
class PagedMemory {
 public:
  struct LetGo {
    void operator()(PagedMemory* memory) const noexcept { memory->release(); }
  };
  /// The memory lives on until its last piece is given back.
  using Handle = std::unique_ptr<PagedMemory, LetGo>;

  /// nullptr: the folder takes no such file.
  static Handle open(const std::string& folder);

  PagedMemory(const PagedMemory&) = delete;
  PagedMemory& operator=(const PagedMemory&) = delete;

  /// A piece aligned for anything; nullptr: the disk is full. Cost: some 100 ns, and a microsecond for 4 KiB never
  /// used.
  void* allocate(size_t bytes) noexcept;
  /// Gives back what `allocate` gave for as many bytes. The calling worker may use it no more, nor the memory itself
  /// unless it has a handle or another piece.
  void free(void* piece, size_t bytes) noexcept;

  /// Where more than `resident_bytes_max` of the process's file pages are in memory, all of these pages are left to the
  /// system; reading one again costs a quarter of a microsecond, or a read of the disk. Cost: 10 microseconds, and a
  /// millisecond for 50 MB left.
  void limit(size_t resident_bytes_max);

  /// Of the file, about.
  size_t bytes();

 private:
  class File final : public std::pmr::memory_resource {  // what the pool cuts up
   public:
    explicit File(int file) : file_(file) {}
    ~File() override;
    void leave_to_system() const;
    size_t bytes() const { return bytes_; }

   private:
    struct Region {
      size_t bytes;
      size_t at;  // in the file
    };
    void* do_allocate(size_t bytes, size_t alignment) override;
    void do_deallocate(void* start, size_t bytes, size_t alignment) override;
    bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

    int file_;
    size_t end_ = 0;
    size_t bytes_ = 0;
    std::map<void*, Region> regions_;  // by where they start
  };

  explicit PagedMemory(int file) : file_(file) {}
  ~PagedMemory() = default;
  void release() noexcept;

  std::atomic<size_t> users_{1};  // pieces, and the handle
  std::mutex mutex_;              // guards what follows
  File file_;
  std::pmr::unsynchronized_pool_resource pool_{{.max_blocks_per_chunk = 8'192, .largest_required_pool_block = 65'536},
                                               &file_};
};

}  // namespace cityloom::base
