// The embedded back end of the Store contract, on RocksDB; and one in memory for tests.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "thread/store.hpp"

namespace rocksdb {
class Env;
}

namespace cityloom::store {

/// How much memory the embedded store may take, and where it writes. Memory in all: the block cache, four write
/// buffers, and some megabytes.
struct EmbeddedOptions {
  size_t block_cache_bytes = 32u << 20;
  size_t write_buffer_bytes = 16u << 20;  ///< of each family; all together take at most four times as much
  bool create_if_missing = true;
  bool strict_log = false;      ///< damage in the log is an error; else reading stops there, as after a power loss
  rocksdb::Env* env = nullptr;  ///< the file system; nullptr: the machine's. Tests put a failing disk here.
};

/// Opens (or makes) the record in `folder`. Errors: conflict (another process has it open; says which, if it can be
/// known), unavailable (folder not writable, disk full), corrupt, not_found (absent and not to be created),
/// unsupported (written by a newer version).
base::Result<std::unique_ptr<thread::Store>> open_embedded(const std::string& folder,
                                                           const EmbeddedOptions& options = {});

/// A store in memory, for tests of what stands above it: same contract, nothing durable. Its backup is an embedded
/// store. Scans copy their range.
std::unique_ptr<thread::Store> make_memory_store();

}  // namespace cityloom::store
