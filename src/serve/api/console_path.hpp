// Names of the console's files: which file an address means, its type, and whether it may be kept for ever.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cityloom::serve {

/// The file below the console's folder that a decoded path names ("" is index.html). Nothing for a path that leads
/// out of the folder or to a hidden file.
std::optional<std::string> console_path(std::string_view path);

/// Whether a file's name holds a hash of its content, so that it never changes.
bool is_hashed_name(std::string_view name);

/// The media type by the ending of a file's name.
std::string_view content_type_of(std::string_view name);

}  // namespace cityloom::serve
