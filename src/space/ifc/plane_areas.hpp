// Areas in a plane: united, measured, compared; and the same for faces that lie in one plane. By GEOS.
#pragma once

#include <memory>
#include <vector>

#include "space/ifc/ifc_geometry.hpp"
#include "space/tiles/triangulate.hpp"

namespace cityloom::space {

/// A polygon with holes: closed rings, its outside first.
using PlaneArea = std::vector<PlaneRing>;

/// The area without its holes, m2.
double area_m2(const PlaneArea& area);
double area_m2(const std::vector<PlaneArea>& areas);
/// Whether the point lies in the area (on its edge: either).
bool holds(const std::vector<PlaneArea>& areas, PlanePoint point);
/// A point well within the largest of the areas. Errors: invalid (no area).
base::Result<PlanePoint> point_within(const std::vector<PlaneArea>& areas);

/// The union, corners rounded to the grid (metres); slivers below a square centimetre are left out. Cost: some
/// milliseconds for a thousand parts. Empty if there is no area.
std::vector<PlaneArea> united(const std::vector<PlaneArea>& parts, double grid_m = 1e-5);
/// The union of the areas, each widened by so many metres. For a shape given by points: their convex hull.
std::vector<PlaneArea> widened(const std::vector<PlaneArea>& areas, double metres);
std::vector<PlaneArea> hull_of(const std::vector<PlanePoint>& points);
/// The common area, m2.
double common_area_m2(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other);
/// How many metres of the outlines of the first lie within the second.
double outline_within_m(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other);
/// The least distance; 0 where they touch or overlap; infinite if one is empty.
double distance_m(const std::vector<PlaneArea>& one, const std::vector<PlaneArea>& other);

/// The triangles of a face in space, each as its ring looks.
std::vector<IfcRing> triangles_of(const IfcFace& face, Triangulator& triangulator);
/// Faces of one plane and style as few faces as cover the same.
std::vector<IfcFace> joined_faces(const std::vector<IfcFace>& faces);

}  // namespace cityloom::space
