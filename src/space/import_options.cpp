// Texts to options.
#include "space/import_options.hpp"

#include <array>
#include <vector>

#include "space/coordinates.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr std::array names{
    ImportOptionName{"crs", "CRS", "the coordinate system of files that name none, or instead of theirs: EPSG:5186"},
    ImportOptionName{"placement", "LON,LAT[,HEIGHT[,ROTATION]]",
                     "where the origin of a file without a place on the earth lies: degrees, metres above the "
                     "ellipsoid, degrees clockwise"},
    ImportOptionName{"type", "NAME", "the type of the entities of files that name none: Pipe"},
    ImportOptionName{"source", "NAME", "what the entities carry as source instead of the file's name"},
    ImportOptionName{"columns", "WHAT=COLUMN,...",
                     "which column of a table is what: lon=X,lat=Y,height=Z,id=ID,name=NAME,wkt=SHAPE"},
    ImportOptionName{"encoding", "NAME", "the letters of a table: UTF-8 or CP949; found out if not given"},
};

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

base::Status set_placement(ImportOptions& options, std::string_view value) {
  const auto parts = parts_of(value);
  std::array<double, 4> numbers{};
  if (parts.size() < 2 || parts.size() > numbers.size()) {
    return fail(Code::invalid, "a placement is LON,LAT, then height and rotation if need be", "placement");
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_number(parts[i]);
    if (!number) return fail(Code::invalid, "\"" + excerpt(parts[i]) + "\" is not a number", "placement");
    numbers[i] = *number;
  }
  if (auto position = twin::Position::make(numbers[0], numbers[1], numbers[2]); !position) {
    return fail(Code::invalid, position.error().what, "placement");
  }
  options.placement = Placement{numbers[0], numbers[1], numbers[2], numbers[3]};
  return {};
}

base::Status set_columns(ImportOptions& options, std::string_view value) {
  for (const std::string_view part : parts_of(value)) {
    const size_t equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 == part.size()) {
      return fail(Code::invalid, "\"" + excerpt(part) + "\" is not WHAT=COLUMN", "columns");
    }
    options.columns[std::string(part.substr(0, equals))] = std::string(part.substr(equals + 1));
  }
  return {};
}

}  // namespace

std::span<const ImportOptionName> import_option_names() {
  return names;
}

base::Status set_import_option(ImportOptions& options, std::string_view name, std::string_view value) {
  if (name == "placement") return set_placement(options, value);
  if (name == "columns") return set_columns(options, value);
  if (name == "source") {
    options.source = value;
    return {};
  }
  if (name == "encoding") {
    options.encoding = value;
    return {};
  }
  if (name == "type") {
    const bool is_name = !value.empty() && value.size() <= 100 &&
                         value.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                             std::string_view::npos;
    if (!is_name) return fail(Code::invalid, "a type is a name of letters, digits and \"_\"", "type");
    options.type = value;
    return {};
  }
  if (name == "crs") {
    if (auto system = CoordinateSystem::open(value, MissingGrids::approximate); !system) {
      return fail(Code::invalid, system.error().what, "crs", system.error().remedy);
    }
    options.crs = value;
    return {};
  }
  return fail(Code::not_found, "there is no such option of an import", std::string(name));
}

}  // namespace cityloom::space
