// The reasons as RocksDB words them, sorted by what a person can do about them.
#include "store/rocks_errors.hpp"

#include <sys/stat.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace cityloom::store {
namespace {

using base::Code;
using base::fail;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// The process that holds the lock on this file, as the kernel's table of locks says: "id: POSIX ADVISORY WRITE pid
/// major:minor:inode first last".
std::optional<int> lock_holder(const std::string& file) {
  struct stat facts {};
  if (stat(file.c_str(), &facts) != 0) return std::nullopt;
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    std::istringstream words(line);
    std::string id, kind, mode, access, device_and_inode;
    int process = 0;
    if (!(words >> id >> kind >> mode >> access >> process >> device_and_inode)) continue;
    const size_t colon = device_and_inode.rfind(':');
    uint64_t inode = 0;
    if (colon == std::string::npos) continue;
    std::from_chars(device_and_inode.data() + colon + 1, device_and_inode.data() + device_and_inode.size(), inode);
    if (inode == facts.st_ino && process > 0) return process;
  }
  return std::nullopt;
}

}  // namespace

base::Error error_of(const rocksdb::Status& status, const std::string& where) {
  const std::string text = status.ToString();
  if (status.IsCorruption()) {
    return fail(Code::corrupt, "the record fails its own check: " + text, where, "restore a backup");
  }
  if (status.IsNoSpace() || contains(text, "No space left")) {
    return fail(Code::unavailable, "the disk is full: " + text, where, "free some space and start again");
  }
  if (contains(text, "Read-only file system") || contains(text, "Permission denied")) {
    return fail(Code::unavailable, "the folder cannot be written: " + text, where,
                "give this user the right to write there");
  }
  return fail(Code::unavailable, "the disk failed: " + text, where, "check the disk and start again");
}

base::Error opening_error(const rocksdb::Status& status, const std::string& folder) {
  const std::string text = status.ToString();
  if (status.IsIOError() && contains(text, "lock hold by current process")) {
    return fail(Code::conflict, "the record is already open in this process", folder);
  }
  if (status.IsIOError() && contains(text, "While lock file")) {
    const auto process = lock_holder(folder + "/LOCK");
    const std::string holder = process ? "process " + std::to_string(*process) : "another process";
    return fail(Code::conflict, holder + " has the record open", folder, "stop it first, or use another data folder");
  }
  if (status.IsInvalidArgument() && contains(text, "olumn famil")) {
    return fail(Code::unsupported, "the record was written by a newer version: " + text, folder,
                "use that version or a newer one");
  }
  return error_of(status, folder);
}

}  // namespace cityloom::store
