// A disk that fails or loses power when told to, below the embedded store: for the tests of every room.
#pragma once

#include <cstdint>
#include <memory>

namespace rocksdb {
class Env;
}

namespace cityloom::store {

/// Stands between an embedded store (EmbeddedOptions::env) and the machine's file system. It counts every operation
/// that changes something (create, append, truncate, sync, rename, link, delete; of files and folders), can fail any
/// of them, and knows what a power cut would leave: of each file what was synced, of each folder the names it had when
/// it was synced. It must outlive the stores on it. Any worker may call; while power is cut or restored no store may be
/// in use.
class FailingDisk {
 public:
  /// How an operation fails. A failed append has written half of its bytes; after a failed sync the bytes are lost
  /// to a power cut, even if a later sync says ok.
  enum class Failure : uint8_t { input_output, full };
  /// Whether the disk works again after the failed operation.
  enum class Lasting : uint8_t { once, always };
  /// What a power cut leaves of bytes that were not synced.
  enum class UnsyncedTail : uint8_t { lost, torn };

  FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;
  ~FailingDisk();

  /// To be put in EmbeddedOptions::env.
  rocksdb::Env* env() const;

  /// Operations counted so far.
  uint64_t operations() const;

  /// Lets the operation fail that comes `steps` after now (1: the next), and with `always` each one after it.
  void fail_after(uint64_t steps, Failure failure, Lasting lasting);

  /// Whether the failure asked for has come.
  bool has_failed() const;

  /// No operation fails any more.
  void heal();

  /// From now on nothing reaches the disk: every operation fails. Close what is open, then restore the power.
  void cut_power();

  /// Takes away what was not synced when the power was cut (of each file's unsynced bytes, with `torn`, a part chosen
  /// by `seed` stays) and works again. False if the folder could not be brought to that state.
  bool restore_power(UnsyncedTail tail, uint64_t seed = 0);

 private:
  class FileSystem;
  std::shared_ptr<FileSystem> file_system_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace cityloom::store
