// Polygons out of OpenStreetMap's ways and multipolygon relations. Includes libosmium: keep it to few files.
#pragma once

#include <osmium/memory/buffer.hpp>
#include <osmium/osm/relation.hpp>
#include <osmium/osm/way.hpp>
#include <vector>

#include "base/result.hpp"
#include "twin/geometry.hpp"

namespace cityloom::space {

/// Positions of one way or of all member ways of a relation, at most.
inline constexpr size_t area_positions_max = 200'000;

/// The area within a closed way whose nodes have locations: outside counter-clockwise, holes clockwise. Errors:
/// invalid, with the reason (open ring, crosses itself at, node not in the file); too_large.
base::Result<twin::Geometry> area_of(const osmium::Way& way);

/// The area of a multipolygon from its member ways, whatever their roles say. Errors as above.
base::Result<twin::Geometry> area_of(const osmium::Relation& relation, const std::vector<const osmium::Way*>& members);

/// A position within the area, away from its edges; the middle of the widest part at half its height.
twin::Position position_within(const twin::Geometry& area);

/// Whether a position lies within a polygon or multipolygon (even-odd rule; edges: either).
bool contains(const twin::Geometry& area, const twin::Position& position);

/// The area of a polygon or multipolygon in square degrees: to compare neighbours with each other only.
double square_degrees_of(const twin::Geometry& area);

}  // namespace cityloom::space
