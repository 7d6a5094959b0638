// Wraps RocksDB's file system: counts, fails, and keeps a journal of what is not yet durable.
#include "store/failing_disk.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace cityloom::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string tidy(const std::string& path) {
  std::string text = std::filesystem::path(path).lexically_normal().string();
  if (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

struct FileState {
  uint64_t size = 0;
  uint64_t durable = 0;
  bool sync_failed = false;  // what was written since the last good sync can no longer be made durable
};

/// A name that its folder's sync has not yet made durable: a new file, or one renamed from elsewhere.
struct PendingName {
  std::string path;
  std::optional<std::string> renamed_from;
  std::optional<std::string> replaced;  // what stood there before the rename
};

/// What is where, and what of it would outlast a power cut.
class Journal {
 public:
  void created(const std::string& path) {
    files_[path] = {};
    pending_.push_back({path, {}, {}});
  }
  void reopened(const std::string& path, uint64_t size) { files_.try_emplace(path, FileState{size, size, false}); }
  void linked(const std::string& from, const std::string& to) {
    const auto found = files_.find(from);
    if (found != files_.end()) files_[to] = found->second;
    pending_.push_back({to, {}, {}});
  }
  void renamed(const std::string& from, const std::string& to, std::optional<std::string> replaced) {
    std::map<std::string, FileState> moved;
    for (auto at = files_.lower_bound(from); at != files_.end() && at->first.starts_with(from);) {
      const bool inside = at->first.size() == from.size() || at->first[from.size()] == '/';
      if (!inside) {
        ++at;
        continue;
      }
      moved.emplace(to + at->first.substr(from.size()), at->second);
      at = files_.erase(at);
    }
    files_.merge(moved);
    pending_.push_back({to, from, std::move(replaced)});
  }
  void deleted(const std::string& path) { files_.erase(path); }
  void appended(const std::string& path, uint64_t bytes) { files_[path].size += bytes; }
  void truncated(const std::string& path, uint64_t size) {
    files_[path].size = size;
    files_[path].durable = std::min(files_[path].durable, size);
  }
  void synced(const std::string& path, bool ok) {
    FileState& state = files_[path];
    if (!ok) state.sync_failed = true;
    if (!state.sync_failed) state.durable = state.size;
  }
  void folder_synced(const std::string& folder) {
    std::erase_if(pending_, [&folder](const PendingName& name) { return folder_of(name.path) == folder; });
  }

  bool take_away_unsynced(bool torn, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::error_code failure;
    for (const auto& [path, state] : files_) {
      if (state.durable == state.size || !std::filesystem::exists(path)) continue;
      const uint64_t kept = torn ? random() % (state.size - state.durable + 1) : 0;
      std::filesystem::resize_file(path, state.durable + kept, failure);
      if (failure) return false;
    }
    for (auto name = pending_.rbegin(); name != pending_.rend(); ++name) {
      if (!std::filesystem::exists(name->path)) continue;
      if (name->renamed_from) {
        std::filesystem::rename(name->path, *name->renamed_from, failure);
        if (name->replaced) std::ofstream(name->path, std::ios::binary) << *name->replaced;
      } else {
        std::filesystem::remove(name->path, failure);
      }
      if (failure) return false;
    }
    files_.clear();
    pending_.clear();
    return true;
  }

 private:
  std::map<std::string, FileState> files_;
  std::vector<PendingName> pending_;
};

}  // namespace

class FailingDisk::FileSystem final : public rocksdb::FileSystemWrapper {
 public:
  FileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "failing disk"; }

  IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override;
  IOStatus ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) override;
  IOStatus NewDirectory(const std::string& path, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* debug) override;

  IOStatus DeleteFile(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return change([&] { return target()->DeleteFile(path, options, debug); }, [&] { journal_.deleted(tidy(path)); });
  }
  IOStatus Truncate(const std::string& path, size_t size, const IOOptions& options, IODebugContext* debug) override {
    return change([&] { return target()->Truncate(path, size, options, debug); },
                  [&] { journal_.truncated(tidy(path), size); });
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return change([&] { return target()->CreateDir(path, options, debug); }, [] {});
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return change([&] { return target()->CreateDirIfMissing(path, options, debug); }, [] {});
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions& options, IODebugContext* debug) override {
    return change([&] { return target()->DeleteDir(path, options, debug); }, [] {});
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    auto replaced = content_of(to);
    return change([&] { return target()->RenameFile(from, to, options, debug); },
                  [&] { journal_.renamed(tidy(from), tidy(to), std::move(replaced)); });
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                    IODebugContext* debug) override {
    return change([&] { return target()->LinkFile(from, to, options, debug); },
                  [&] { journal_.linked(tidy(from), tidy(to)); });
  }

  /// Counts an operation; does it and notes it, or returns the failure that is due.
  template <class Do, class Note>
  IOStatus change(const Do& act, const Note& note) {
    const std::lock_guard lock(mutex_);
    if (IOStatus failure = due(); !failure.ok()) return failure;
    IOStatus status = act();
    if (status.ok()) note();
    return status;
  }

  IOStatus append(const std::string& path, const Slice& data, const std::function<IOStatus(const Slice&)>& act) {
    const std::lock_guard lock(mutex_);
    const IOStatus failure = due();
    const bool has_power = power_;
    const Slice written(data.data(), failure.ok() ? data.size() : data.size() / 2);
    if (!has_power) return failure;
    IOStatus status = act(written);
    if (status.ok()) journal_.appended(path, written.size());
    return failure.ok() ? status : failure;
  }

  IOStatus sync(const std::string& path) {
    const std::lock_guard lock(mutex_);
    IOStatus failure = due();
    // The real disk is not asked: what a power cut leaves is decided by the journal.
    journal_.synced(path, failure.ok());
    return failure;
  }

  Journal& journal() { return journal_; }
  std::mutex& mutex() { return mutex_; }

  uint64_t operations_ = 0;
  std::optional<uint64_t> fails_at_;
  Failure failure_ = Failure::input_output;
  Lasting lasting_ = Lasting::once;
  bool failed_ = false;
  bool power_ = true;

 private:
  IOStatus due() {
    ++operations_;
    if (!power_) return IOStatus::IOError("failing disk", "no power");
    if (!fails_at_ || operations_ < *fails_at_) return IOStatus::OK();
    failed_ = true;
    if (lasting_ == Lasting::once) fails_at_.reset();
    const std::string operation = "operation " + std::to_string(operations_);
    return failure_ == Failure::full ? IOStatus::NoSpace("failing disk", operation)
                                     : IOStatus::IOError("failing disk", operation);
  }

  std::mutex mutex_;
  Journal journal_;
};

namespace {

/// A file whose every change goes through the failing file system.
template <class FileSystem>
class WatchedFile final : public rocksdb::FSWritableFileWrapper {
 public:
  WatchedFile(std::unique_ptr<rocksdb::FSWritableFile> file, FileSystem& disk, std::string path)
      : FSWritableFileWrapper(file.get()), file_(std::move(file)), disk_(disk), path_(std::move(path)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return disk_.append(path_, data, [&](const Slice& part) { return file_->Append(part, options, debug); });
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return disk_.change([&] { return file_->Truncate(size, options, debug); },
                        [&] { disk_.journal().truncated(path_, size); });
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return disk_.sync(path_); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return disk_.sync(path_); }
  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  const std::unique_ptr<rocksdb::FSWritableFile> file_;
  FileSystem& disk_;
  const std::string path_;
};

/// A clock that does not sleep: RocksDB's workers wait a second after a failure, before they look whether to go on.
class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "sleepless clock"; }
  void SleepForMicroseconds(int) override { std::this_thread::yield(); }
};

class SleeplessEnv final : public rocksdb::EnvWrapper {
 public:
  explicit SleeplessEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    system_clock_ = std::make_shared<SleeplessClock>();
  }
  const char* Name() const override { return "sleepless"; }
};

/// A folder whose sync makes its names durable.
template <class FileSystem>
class WatchedFolder final : public rocksdb::FSDirectory {
 public:
  WatchedFolder(std::unique_ptr<rocksdb::FSDirectory> folder, FileSystem& disk, std::string path)
      : folder_(std::move(folder)), disk_(disk), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return disk_.change([] { return IOStatus::OK(); }, [&] { disk_.journal().folder_synced(path_); });
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override { return folder_->Close(options, debug); }
  size_t GetUniqueId(char* id, size_t size) const override { return folder_->GetUniqueId(id, size); }

 private:
  const std::unique_ptr<rocksdb::FSDirectory> folder_;
  FileSystem& disk_;
  const std::string path_;
};

}  // namespace

IOStatus FailingDisk::FileSystem::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                                  std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                  IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> inner;
  IOStatus status = change([&] { return target()->NewWritableFile(path, options, &inner, debug); },
                           [&] { journal_.created(tidy(path)); });
  if (status.ok()) *file = std::make_unique<WatchedFile<FileSystem>>(std::move(inner), *this, tidy(path));
  return status;
}

IOStatus FailingDisk::FileSystem::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                                     IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> inner;
  const auto note = [&] { journal_.reopened(tidy(path), std::filesystem::file_size(path)); };
  IOStatus status = change([&] { return target()->ReopenWritableFile(path, options, &inner, debug); }, note);
  if (status.ok()) *file = std::make_unique<WatchedFile<FileSystem>>(std::move(inner), *this, tidy(path));
  return status;
}

IOStatus FailingDisk::FileSystem::NewDirectory(const std::string& path, const IOOptions& options,
                                               std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> inner;
  IOStatus status = target()->NewDirectory(path, options, &inner, debug);
  if (status.ok()) *folder = std::make_unique<WatchedFolder<FileSystem>>(std::move(inner), *this, tidy(path));
  return status;
}

FailingDisk::FailingDisk()
    : file_system_(std::make_shared<FileSystem>()), env_(std::make_unique<SleeplessEnv>(file_system_)) {}

FailingDisk::~FailingDisk() = default;

rocksdb::Env* FailingDisk::env() const {
  return env_.get();
}

uint64_t FailingDisk::operations() const {
  const std::lock_guard lock(file_system_->mutex());
  return file_system_->operations_;
}

void FailingDisk::fail_after(uint64_t steps, Failure failure, Lasting lasting) {
  const std::lock_guard lock(file_system_->mutex());
  file_system_->fails_at_ = file_system_->operations_ + steps;
  file_system_->failure_ = failure;
  file_system_->lasting_ = lasting;
  file_system_->failed_ = false;
}

bool FailingDisk::has_failed() const {
  const std::lock_guard lock(file_system_->mutex());
  return file_system_->failed_;
}

void FailingDisk::heal() {
  const std::lock_guard lock(file_system_->mutex());
  file_system_->fails_at_.reset();
}

void FailingDisk::cut_power() {
  const std::lock_guard lock(file_system_->mutex());
  file_system_->power_ = false;
}

bool FailingDisk::restore_power(UnsyncedTail tail, uint64_t seed) {
  const std::lock_guard lock(file_system_->mutex());
  file_system_->power_ = true;
  file_system_->fails_at_.reset();
  return file_system_->journal().take_away_unsynced(tail == UnsyncedTail::torn, seed);
}

}  // namespace cityloom::store
