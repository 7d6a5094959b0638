// Every sweep is rings, joined side by side, with a cap at both ends.
#include "space/ifc/ifc_sweep.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "space/ifc/ifc_curve.hpp"

namespace cityloom::space {
namespace {

// Walls between two rings with as many corners; `low` counter-clockwise seen from where `high` lies.
void add_sides(const IfcRing& low, const IfcRing& high, std::vector<IfcFace>& to) {
  const size_t count = low.size();
  for (size_t i = 0; i < count; ++i) {
    const size_t next = (i + 1) % count;
    IfcRing ring{low[i], low[next], high[next], high[i]};
    // Where both ends of an edge stay in place (on an axis), there is no wall, or a triangle.
    ring.erase(std::unique(ring.begin(), ring.end(), [](Vector a, Vector b) { return length_of(a - b) < 1e-9; }),
               ring.end());
    if (ring.size() > 1 && length_of(ring.front() - ring.back()) < 1e-9) ring.pop_back();
    if (ring.size() >= 3) to.push_back({{std::move(ring)}, 0});
  }
}

IfcFace turned(const std::vector<IfcRing>& rings) {
  IfcFace face{rings, 0};
  for (IfcRing& ring : face.rings) std::reverse(ring.begin(), ring.end());
  return face;
}

// Twisted quadrangles are two triangles, so that each face is plane.
void make_plane(IfcShape& shape) {
  std::vector<IfcFace> faces;
  for (IfcFace& face : shape.faces) {
    const IfcRing& ring = face.rings.front();
    if (face.rings.size() == 1 && ring.size() == 4) {
      const Vector normal = unit_of(ring_normal(ring), {});
      if (std::abs(dot(normal, ring[2] - ring[0])) > 1e-6 || std::abs(dot(normal, ring[3] - ring[0])) > 1e-6) {
        faces.push_back({{{ring[0], ring[1], ring[2]}}, face.style});
        faces.push_back({{{ring[0], ring[2], ring[3]}}, face.style});
        continue;
      }
    }
    faces.push_back(std::move(face));
  }
  shape.faces = std::move(faces);
}

// Joins rows of sections into a body; all sections have the same rings.
IfcShape joined(const std::vector<std::vector<IfcRing>>& sections, bool is_closed) {
  IfcShape shape;
  if (sections.size() < 2) return shape;
  const size_t steps = is_closed ? sections.size() : sections.size() - 1;
  for (size_t s = 0; s < steps; ++s) {
    const auto& low = sections[s];
    const auto& high = sections[(s + 1) % sections.size()];
    for (size_t r = 0; r < low.size(); ++r) add_sides(low[r], high[r], shape.faces);
  }
  if (!is_closed) {
    shape.faces.push_back(turned(sections.front()));
    shape.faces.push_back({sections.back(), 0});
  }
  make_plane(shape);
  if (volume_m3(shape) < 0) {
    for (IfcFace& face : shape.faces) {
      for (IfcRing& ring : face.rings) std::reverse(ring.begin(), ring.end());
    }
  }
  return shape;
}

std::vector<IfcRing> moved(const std::vector<IfcRing>& rings, const IfcFrame& frame) {
  std::vector<IfcRing> made = rings;
  for (IfcRing& ring : made) {
    for (Vector& point : ring) point = frame.point(point);
  }
  return made;
}

// Frames at each point of a line, half-way between the directions before and after it, carried without twist.
std::vector<IfcFrame> frames_along(const std::vector<Vector>& line, bool is_closed, Vector first_x) {
  std::vector<IfcFrame> frames;
  const size_t count = line.size();
  Vector x = first_x;
  for (size_t i = 0; i < count; ++i) {
    const bool has_before = is_closed || i > 0, has_after = is_closed || i + 1 < count;
    const Vector before = has_before ? unit_of(line[i] - line[(i + count - 1) % count], {}) : Vector{};
    const Vector after = has_after ? unit_of(line[(i + 1) % count] - line[i], {}) : Vector{};
    IfcFrame frame;
    frame.origin = line[i];
    frame.z = unit_of(before + after, has_after ? after : before);
    const Vector other = std::abs(frame.z.x) < 0.9 ? Vector{1, 0, 0} : Vector{0, 1, 0};
    const Vector across = x - frame.z * dot(x, frame.z);
    frame.x = unit_of(length_of(across) > 1e-6 ? across : other - frame.z * dot(other, frame.z), {1, 0, 0});
    frame.y = cross(frame.z, frame.x);
    x = frame.x;
    frames.push_back(frame);
  }
  return frames;
}

}  // namespace

IfcShape lofted(const IfcArea& low, const IfcArea& high, Vector along) {
  IfcFrame lift;
  lift.origin = along;
  return joined({low.rings, moved(high.rings, lift)}, false);
}

IfcShape extruded(const IfcArea& area, Vector along) {
  return lofted(area, area, along);
}

IfcShape revolved(const IfcArea& area, Vector point, Vector axis, double angle) {
  double radius = 0;
  for (const Vector& corner : area.rings.front()) radius = std::max(radius, length_of(cross(corner - point, axis)));
  const double turn = 2 * std::numbers::pi;
  const bool is_closed = std::abs(angle) >= turn - 1e-6;
  const double whole = is_closed ? turn : angle;
  const size_t count = chord_count(radius, whole);
  std::vector<std::vector<IfcRing>> sections;
  for (size_t i = 0; i < count + (is_closed ? 0 : 1); ++i) {
    const double by = whole * static_cast<double>(i) / static_cast<double>(count);
    const double c = std::cos(by), s = std::sin(by);
    const auto turn_point = [&](Vector p) {  // Rodrigues
      const Vector from = p - point;
      return point + from * c + cross(axis, from) * s + axis * (dot(axis, from) * (1 - c));
    };
    std::vector<IfcRing> section = area.rings;
    for (IfcRing& ring : section) {
      for (Vector& corner : ring) corner = turn_point(corner);
    }
    sections.push_back(std::move(section));
  }
  return joined(sections, is_closed);
}

IfcShape disk_swept(const std::vector<Vector>& line, bool is_closed, double radius, double inner_radius) {
  if (line.size() < 2) return {};
  const auto ring = [](double r, bool counter_clockwise) {
    IfcRing points;
    const size_t count = std::clamp<size_t>(chord_count(r, 2 * std::numbers::pi), 8, 24);
    for (size_t i = 0; i < count; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(count);
      points.push_back({r * std::cos(angle), (counter_clockwise ? 1 : -1) * r * std::sin(angle), 0});
    }
    return points;
  };
  std::vector<IfcRing> rings{ring(radius, true)};
  if (inner_radius > 0 && inner_radius < radius) rings.push_back(ring(inner_radius, false));
  std::vector<std::vector<IfcRing>> sections;
  for (const IfcFrame& frame : frames_along(line, is_closed, {1, 0, 0})) sections.push_back(moved(rings, frame));
  return joined(sections, is_closed);
}

IfcShape swept_along(const IfcArea& area, const std::vector<Vector>& line, bool is_closed, Vector up) {
  if (line.size() < 2) return {};
  std::vector<std::vector<IfcRing>> sections;
  for (IfcFrame frame : frames_along(line, is_closed, up)) {
    // x of the profile lies along the surface's normal, y across the way.
    frame.x = unit_of(up - frame.z * dot(up, frame.z), frame.x);
    frame.y = cross(frame.z, frame.x);
    sections.push_back(moved(area.rings, frame));
  }
  return joined(sections, is_closed);
}

IfcShape extruded_line(const std::vector<Vector>& line, Vector along) {
  IfcShape shape;
  shape.is_closed = false;
  for (size_t i = 0; i + 1 < line.size(); ++i)
    shape.faces.push_back({{{line[i], line[i + 1], line[i + 1] + along, line[i] + along}}, 0});
  return shape;
}

}  // namespace cityloom::space
