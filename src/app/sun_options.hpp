// What all commands of the sun take: terrain, place, time and sky.
#pragma once

#include <string>
#include <vector>

#include "app/arguments.hpp"
#include "base/result.hpp"
#include "model/sun/buildings.hpp"
#include "model/sun/day.hpp"

namespace cityloom::app {

/// Terrain, and the day over it.
struct SunInput {
  model::GridFile terrain;
  model::sun::DayCase day;
};

/// The options that read_sun_input knows, but --dem and --date.
std::vector<Option> sun_options();

/// Reads terrain and options. Errors: those of the files; invalid, at an option by its name.
base::Result<SunInput> read_sun_input(const Arguments& arguments, const std::string& dem, const model::sun::Date& date);

/// Reads buildings in the coordinates of a terrain. Errors: those of the file.
base::Result<model::sun::Buildings> read_buildings_on(const std::string& path, const model::GridFile& terrain);

}  // namespace cityloom::app
