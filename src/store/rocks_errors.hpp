// RocksDB's statuses as errors for a person.
#pragma once

#include <rocksdb/status.h>

#include <string>

#include "base/result.hpp"

namespace cityloom::store {

/// What a failed status means: full disk and failed input or output are `unavailable`, failed checks are `corrupt`.
/// The status must not be ok.
base::Error error_of(const rocksdb::Status& status, const std::string& where);

/// What a failed opening means: besides the above, `conflict` for a locked folder, `unsupported` for unknown families.
base::Error opening_error(const rocksdb::Status& status, const std::string& folder);

}  // namespace cityloom::store
