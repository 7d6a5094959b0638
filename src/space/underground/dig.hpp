// What is under a dig, and a section of the ground along a line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "space/underground/buried.hpp"
#include "thread/snapshot.hpp"

namespace cityloom::space {

/// The height of the ground above the ellipsoid, in metres, or nothing where it is not known. Any worker.
using GroundHeight = std::function<std::optional<double>(const twin::Position&)>;

/// What is asked.
struct DigRequest {
  twin::Geometry area;                                       ///< Polygon or MultiPolygon
  double depth_m = std::numeric_limits<double>::infinity();  ///< how deep is dug; infinite: everything below
  double margin_m = 2;                                       ///< around the area
};

inline constexpr double dig_margin_m_max = 1'000;
inline constexpr double dig_length_m_max = 20'000;  ///< of the area's box, or of a section
inline constexpr size_t dig_objects_max = 5'000;    ///< past it: too_large

/// How sure it is that the dig meets a thing.
enum class Conflict : uint8_t { yes, possible, no };

/// "yes", "possible", "no".
std::string_view name_of(Conflict conflict);

/// One thing and how it lies to the dig. Numbers are NaN where unknown.
struct DigObject {
  Buried buried;
  Conflict conflict = Conflict::possible;
  double clearance_m = 0;                                               ///< in plan, at worst, from edge to edge
  double depth_min_m = Buried::unknown, depth_max_m = Buried::unknown;  ///< of its top, where it is in reach of the dig
  double bottom_m = Buried::unknown;                                    ///< the greatest depth of its underside
  double vertical_clearance_m = Buried::unknown;                        ///< from the dig's bottom to its top, at worst
  std::string depth_from;                                               ///< "heights", "depth" or ""
  std::vector<twin::Position> axis;  ///< of a line, with heights; empty where they cannot be told
};

/// Something that the answer does not know.
struct NotKnown {
  std::string code;  ///< as docs/api.md has them
  size_t count = 0;  ///< of objects, where it is about them
  std::vector<std::string> networks;
};

struct DigAnswer {
  std::vector<DigObject> objects;  ///< hazards first, then by conflict, then by clearance
  std::vector<NotKnown> not_known;
  bool is_ground_known = false;
};

/// Looks at every thing under the ground within the margin and its own uncertainty of the area. Errors: invalid (the
/// area), too_large (area or answer). Cost: by the place index.
base::Result<DigAnswer> what_is_under(const thread::Snapshot& snapshot, const twin::TermTable& table,
                                      const DigRequest& request, const GroundHeight& ground);

/// What a section is asked along.
struct SectionRequest {
  std::vector<twin::Position> line;
  double width_m = 1;               ///< things within half of it beside the line are drawn too
  double depth_m = 5;               ///< drawn at least
  bool is_above_ellipsoid = false;  ///< heights above the ellipsoid, not relative to the ground
};

/// A thing where the section meets it. Stations are metres along the line, heights metres above the reference.
struct SectionObject {
  DigObject object;
  double station_m = 0, from_m = 0, to_m = 0;
  double top_m = Buried::unknown, bottom_m = Buried::unknown;
  double angle_deg = 90;  ///< between the line and the thing's axis
};

struct Section {
  double length_m = 0;
  bool is_above_ellipsoid = false;
  double depth_m = 5;
  std::vector<std::pair<double, double>> ground;  ///< station, height above the reference; empty if it is not known
  std::vector<SectionObject> objects;             ///< by station
  std::vector<NotKnown> not_known;
};

/// Errors: invalid (the line; ellipsoid asked and no terrain known for things with depths only is no error), too_large.
base::Result<Section> section_along(const thread::Snapshot& snapshot, const twin::TermTable& table,
                                    const SectionRequest& request, const GroundHeight& ground);

/// The area within `width_m / 2` of a line, as one polygon per piece: for digs along a line. Errors: invalid.
base::Result<twin::Geometry> strip_of(const std::vector<twin::Position>& line, double width_m);

/// A circle as a polygon of 64 corners around it.
twin::Geometry disc_of(const twin::Position& centre, double radius_m);

}  // namespace cityloom::space
