#include "base/paged_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <new>

namespace cityloom::base {

PagedMemory::Handle PagedMemory::open(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return file < 0 ? nullptr : Handle(new PagedMemory(file));
}

void* PagedMemory::allocate(size_t bytes) noexcept {
  void* piece = nullptr;
  try {
    const std::lock_guard lock(mutex_);
    piece = pool_.allocate(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  users_.fetch_add(1, std::memory_order_relaxed);
  return piece;
}

void PagedMemory::free(void* piece, size_t bytes) noexcept {
  {
    const std::lock_guard lock(mutex_);
    pool_.deallocate(piece, bytes);
  }
  release();
}

void PagedMemory::release() noexcept {
  if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

void PagedMemory::limit(size_t resident_bytes_max) {
  size_t all_pages = 0, resident_pages = 0, of_files = 0;
  std::ifstream("/proc/self/statm") >> all_pages >> resident_pages >> of_files;
  if (of_files * static_cast<size_t>(::sysconf(_SC_PAGESIZE)) <= resident_bytes_max) return;
  const std::lock_guard lock(mutex_);
  file_.leave_to_system();
}

size_t PagedMemory::bytes() {
  const std::lock_guard lock(mutex_);
  return file_.bytes();
}

PagedMemory::File::~File() {
  ::close(file_);
}

void PagedMemory::File::leave_to_system() const {
  // Of a shared mapping nothing is lost: the pages stay in the system's cache until it writes and drops them.
  for (const auto& [start, region] : regions_) ::madvise(start, region.bytes, MADV_DONTNEED);
}

void* PagedMemory::File::do_allocate(size_t bytes, size_t /*alignment: a page's*/) {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t whole = (bytes + page - 1) / page * page;
  if (::posix_fallocate(file_, static_cast<off_t>(end_), static_cast<off_t>(whole)) != 0) throw std::bad_alloc();
  void* start = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(end_));
  if (start == MAP_FAILED) throw std::bad_alloc();
  ::madvise(start, whole, MADV_RANDOM);
  regions_[start] = {whole, end_};
  end_ += whole;
  bytes_ += whole;
  return start;
}

void PagedMemory::File::do_deallocate(void* start, size_t /*bytes*/, size_t /*alignment*/) {
  const auto found = regions_.find(start);
  const Region region = found->second;
  regions_.erase(found);
  bytes_ -= region.bytes;
  ::munmap(start, region.bytes);
  // The room on the disk, too: a large piece comes and goes alone.
  (void)::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(region.at),
                    static_cast<off_t>(region.bytes));
}

}  // namespace cityloom::base
