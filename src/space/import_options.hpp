// The options of an import as texts: one list for the command line and for the door POST /api/import.
#pragma once

#include <span>
#include <string_view>

#include "space/space.hpp"

namespace cityloom::space {

/// One option.
struct ImportOptionName {
  std::string_view name;   ///< "crs": `--crs` on the command line, `crs=` in a query
  std::string_view value;  ///< how its value is written
  std::string_view help;
};

/// All options that a text can set.
std::span<const ImportOptionName> import_option_names();

/// Sets one option from text. Errors: not_found (no such option), invalid (its value; `where` is the option's name).
base::Status set_import_option(ImportOptions& options, std::string_view name, std::string_view value);

}  // namespace cityloom::space
