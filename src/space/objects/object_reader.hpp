// Reads declarations of objects from YAML. docs/objects.md is their reference.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "space/objects/object_kind.hpp"

namespace cityloom::space {

/// What has been read so far. Files add to it; ids are unique over all of them.
struct ObjectDeclarations {
  std::vector<std::pair<std::string, BothTexts>> categories;  ///< in the order of their declaration
  std::vector<std::string> material_names;                    ///< of `materials`, the same places
  std::vector<ObjectMaterial> materials;
  std::vector<ObjectKind> kinds;
  std::vector<PlacingRule> placing;
};

/// Limits of one file.
inline constexpr size_t object_file_bytes_max = 1u << 20;
inline constexpr size_t object_solids_max = 400;  ///< written in one kind

/// Adds a file's declarations; all of it or, with an error, nothing. `name` stands in errors. A file may use
/// categories, materials and kinds of files before it. Errors: invalid (file:line:column, what is wrong, what to do),
/// too_large.
base::Status read_objects(std::string_view name, std::string_view text, ObjectDeclarations& to);

}  // namespace cityloom::space
