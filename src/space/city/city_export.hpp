// A part of the city as a file: CityJSON 2.0 or GeoJSON.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "thread/thread.hpp"

namespace cityloom::space {

enum class ExportFormat : uint8_t {
  city_json,  ///< CityJSON 2.0 in EPSG:4979; what CityJSON has a type for
  geo_json    ///< a FeatureCollection: every entity with a location, its attributes in short
};

struct ExportRequest {
  ExportFormat format = ExportFormat::city_json;
  std::optional<twin::Box> box;    ///< entities whose location meets it
  std::vector<std::string> types;  ///< short names; empty: all
  /// Whether a record may be seen; empty: all may.
  std::function<bool(const twin::EntityRecord&)> is_allowed;
};

/// What an export held.
struct ExportReport {
  uint64_t entities = 0;
};

/// Takes the next piece of the file. An error ends the export.
using WritePiece = std::function<base::Status(std::string_view)>;

/// Writes the file piece by piece, entities in the order of their ids: equal cities give equal files. Imported again
/// into an empty record, a CityJSON export gives the same entities with the same ids, names, attributes of city models,
/// heights and bodies to 0.1 mm; textures come back if their pictures do. A GeoJSON export gives the same entities with
/// their default values, units and places, without bodies. Memory: one entity, the ids, and for CityJSON
/// 24 bytes a corner. Errors: those of the snapshot and of `write`, too_large (over 100 million corners).
base::Result<ExportReport> export_city(const thread::Snapshot& snapshot, const twin::TermTable& terms,
                                       const ExportRequest& request, const WritePiece& write);

/// "cityjson" and "geojson". Errors: invalid.
base::Result<ExportFormat> export_format_of(std::string_view name);

}  // namespace cityloom::space
