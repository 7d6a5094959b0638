// Mappings as YAML declares them.
#pragma once

#include "base/yaml_map.hpp"
#include "link/mapping.hpp"

namespace cityloom::link {

/// Reads one mapping. `columns`: its fields are columns of a table. Mistakes go to the map's file; the mapping is then
/// not to be used.
Mapping read_mapping(base::YamlMap& map, bool columns);

/// A position as [longitude, latitude] or [longitude, latitude, height].
std::optional<twin::Position> read_position(base::YamlFile& file, const YAML::Node& node);

}  // namespace cityloom::link
