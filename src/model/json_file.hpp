// JSON documents as files, and errors as JSON.
#pragma once

#include "model/model.hpp"

namespace cityloom::model {

inline constexpr uintmax_t json_file_bytes_max = 256u << 20;

/// Errors: not_found, too_large (past json_file_bytes_max), invalid.
base::Result<Json> read_json(const std::string& path);

/// Puts it in the file's place at once: another reader never sees half of it. Errors: unavailable.
base::Status write_json(const std::string& path, const Json& json);

/// {"code", "what", "where", "remedy"}
Json json_of(const base::Error& error);
/// Back; what is missing is empty.
base::Error error_of(const Json& json);

}  // namespace cityloom::model
