// The embedded back end of the Store contract, on RocksDB; and the data folder with one record per tenant.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "thread/store.hpp"

namespace rocksdb {
class Env;
}

namespace cityloom::store {

struct EmbeddedOptions {
  size_t block_cache_bytes = 32u << 20;
  size_t write_buffer_bytes = 16u << 20;  ///< of each family
  bool create_if_missing = true;
  rocksdb::Env* env = nullptr;  ///< the file system; nullptr: the machine's. Tests put a failing disk here.
};

/// Opens (or makes) the record in `folder`. Errors: conflict (another process has it open), unavailable (folder not
/// writable, disk full), corrupt, not_found (absent and not to be created).
base::Result<std::unique_ptr<thread::Store>> open_embedded(const std::string& folder,
                                                           const EmbeddedOptions& options = {});

/// A store in memory, for tests of what stands above it: same contract, nothing durable.
std::unique_ptr<thread::Store> make_memory_store();

}  // namespace cityloom::store
