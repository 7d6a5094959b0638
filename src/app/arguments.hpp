// The command line: options known by a table, the rest as names.
#pragma once

#include <string>
#include <vector>

#include "app/settings.hpp"
#include "base/result.hpp"

namespace cityloom::app {

/// One option of a command.
struct Option {
  std::string name;   ///< "--port"
  std::string value;  ///< what stands in the help for its value, "N"; empty: it takes none
  std::string help;
  std::string key;  ///< the setting that it sets; empty: it is kept in Arguments::options
};

/// What a command was called with.
struct Arguments {
  Settings settings;
  std::vector<std::pair<std::string, std::string>> options;  ///< those without a setting, as given
  std::vector<std::string> names;                            ///< what is no option: files, folders
  bool help = false;

  /// The value of an option without a setting, or nullptr. The last one given counts.
  const std::string* option(const std::string& name) const;
};

/// Reads `--name value`, `--name=value`, `--` and names. `--config` is read before the other options, so that those
/// stand over the file. Errors: invalid, naming the nearest option; those of read_settings.
base::Result<Arguments> parse_arguments(const std::vector<std::string>& words, const std::vector<Option>& options);

/// The help's lines for options.
std::string describe(const std::vector<Option>& options);

}  // namespace cityloom::app
