// Parts of a case that stand for themselves: soil, what is exposed, warnings, frames, ensemble (room-internal).
#pragma once

#include <filesystem>
#include <functional>

#include "base/yaml_map.hpp"
#include "model/flood/case.hpp"

namespace cityloom::model::flood {

/// A finite number under this node; a mistake, and `otherwise`, if it is none.
double number_at(base::YamlFile& file, const YAML::Node& node, double otherwise = 0);
/// Ascending numbers above 0, 1 to 20 of them, or `otherwise`.
std::vector<double> bounds_at(base::YamlMap& map, const std::string& key, std::vector<double> otherwise);
/// Calls `take` with each map of a list; what it leaves is a mistake.
void each_of(base::YamlMap& map, const std::string& key, const std::function<void(base::YamlMap&)>& take);

/// @name Take the keys of a part out of a case's map. The terrain is read before, the gauges before the warnings.
/// Mistakes are noted in the file; errors are those of files that are named.
base::Status take_soil(base::YamlMap& map, const std::filesystem::path& folder, Case& it);
base::Status take_manning_classes(base::YamlMap& map, const std::filesystem::path& folder, Case& it);
base::Status take_exposed(base::YamlMap& map, const std::filesystem::path& folder, Case& it);
void take_warnings(base::YamlMap& map, Case& it);
void take_frames(base::YamlMap& map, const std::filesystem::path& folder, Case& it);
void take_ensemble(base::YamlMap& map, const std::filesystem::path& folder, Case& it);

}  // namespace cityloom::model::flood
