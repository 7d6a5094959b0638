// Faces are triangulated in their plane: by cutting ears, which is quick and keeps the corners; by GEOS where there are
// holes or the ears do not cover the face.
#include "space/city/body_mesh.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "space/city/face_check.hpp"

namespace cityloom::space {
namespace {

constexpr size_t ear_corners_max = 256;

float linear_of(double part) {
  return static_cast<float>(part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4));
}

Material usual_material(SurfaceType type, const Material& plain) {
  switch (type) {
    case SurfaceType::roof:
      return painted_material({0.72, 0.48, 0.42}, 1);
    case SurfaceType::ground:
    case SurfaceType::water_ground:
      return painted_material({0.62, 0.60, 0.56}, 1);
    case SurfaceType::window:
      return painted_material({0.55, 0.68, 0.78}, 1);
    case SurfaceType::door:
      return painted_material({0.50, 0.38, 0.28}, 1);
    case SurfaceType::water:
      return painted_material({0.36, 0.56, 0.74}, 1);
    case SurfaceType::traffic_area:
      return painted_material({0.52, 0.53, 0.55}, 1);
    case SurfaceType::auxiliary_traffic_area:
      return painted_material({0.60, 0.66, 0.52}, 1);
    default:
      return plain;
  }
}

struct Corner {
  PlanePoint flat;
  uint32_t position;  // of the body
};

double turn(const PlanePoint& a, const PlanePoint& b, const PlanePoint& c) {
  return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

bool is_within(const PlanePoint& p, const PlanePoint& a, const PlanePoint& b, const PlanePoint& c) {
  return turn(a, b, p) >= 0 && turn(b, c, p) >= 0 && turn(c, a, p) >= 0;
}

// Cuts ears off a counter-clockwise ring. false: some of it is left that has no ear.
bool cut_ears(const std::vector<Corner>& ring, std::vector<std::array<uint32_t, 3>>& triangles) {
  std::vector<uint32_t> left(ring.size());
  for (uint32_t i = 0; i < ring.size(); ++i) left[i] = i;
  while (left.size() > 3) {
    bool has_ear = false;
    for (size_t i = 0; i < left.size() && !has_ear; ++i) {
      const size_t before = (i + left.size() - 1) % left.size(), after = (i + 1) % left.size();
      const PlanePoint &a = ring[left[before]].flat, &b = ring[left[i]].flat, &c = ring[left[after]].flat;
      const double area = turn(a, b, c);
      if (area < 0) continue;
      bool is_empty = true;
      for (size_t j = 0; area > 1e-12 && j < left.size() && is_empty; ++j) {
        if (j == before || j == i || j == after) continue;
        const PlanePoint& p = ring[left[j]].flat;
        is_empty = !is_within(p, a, b, c) || p == a || p == b || p == c;
      }
      if (!is_empty) continue;
      if (area > 1e-12) triangles.push_back({left[before], left[i], left[after]});
      left.erase(left.begin() + static_cast<long>(i));
      has_ear = true;
    }
    if (!has_ear) return false;
  }
  triangles.push_back({left[0], left[1], left[2]});
  return true;
}

class FaceDrawer {
 public:
  FaceDrawer(const Body& body, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator, Mesh& to,
             const Material& plain)
      : body_(body), feature_(feature), frame_(frame), triangulator_(triangulator), to_(to), plain_(plain) {}

  void draw(size_t face);

 private:
  void settle_plane(Vector normal);
  PlaneRing plane_ring(uint32_t ring, std::vector<Corner>* corners) const;
  bool draw_ears(uint32_t ring);
  void draw_by_geos(uint32_t first_ring, uint32_t last_ring);
  uint32_t add(uint32_t position);
  std::optional<TextureCoordinate> texture_at(uint32_t position) const;
  uint32_t start_of(uint32_t ring) const { return ring == 0 ? 0 : body_.faces.line_ends[ring - 1]; }
  PlanePoint flat_of(const Vector& at) const {
    const Vector from = at - origin_;
    return {dot(from, along_), dot(from, across_)};
  }

  const Body& body_;
  uint32_t feature_;
  const LocalFrame& frame_;
  Triangulator& triangulator_;
  Mesh& to_;
  const Material& plain_;
  bool is_textured_ = false;
  Vector origin_, normal_, along_, across_;
  std::vector<Vector> ring_;
};

std::optional<TextureCoordinate> FaceDrawer::texture_at(uint32_t position) const {
  if (!is_textured_) return {};
  // CityGML counts from the lower left corner, glTF from the upper one.
  return TextureCoordinate{body_.texture_positions[position * 2L], 1 - body_.texture_positions[position * 2L + 1]};
}

uint32_t FaceDrawer::add(uint32_t position) {
  return to_.add_vertex(frame_.local_of(body_.faces.positions[position]), normal_, feature_, texture_at(position));
}

void FaceDrawer::settle_plane(Vector normal) {
  normal_ = normal * (1 / length_of(normal));
  const Vector aside = std::abs(normal_.x) < 0.7 ? Vector{1, 0, 0} : Vector{0, 1, 0};
  along_ = cross(aside, normal_);
  along_ = along_ * (1 / length_of(along_));
  across_ = cross(normal_, along_);
}

PlaneRing FaceDrawer::plane_ring(uint32_t ring, std::vector<Corner>* corners) const {
  PlaneRing flat;
  for (uint32_t i = start_of(ring); i < body_.faces.line_ends[ring]; ++i) {
    flat.push_back(flat_of(frame_.local_of(body_.faces.positions[i])));
    if (corners != nullptr && i + 1 < body_.faces.line_ends[ring]) corners->push_back({flat.back(), i});
  }
  flat.back() = flat.front();
  return flat;
}

bool FaceDrawer::draw_ears(uint32_t ring) {
  std::vector<Corner> corners;
  const PlaneRing flat = plane_ring(ring, &corners);
  if (corners.size() > ear_corners_max) return false;
  std::vector<std::array<uint32_t, 3>> triangles;
  if (!cut_ears(corners, triangles)) return false;
  double covered = 0;
  for (const auto& [a, b, c] : triangles) covered += std::abs(turn(corners[a].flat, corners[b].flat, corners[c].flat));
  const double whole = std::abs(signed_double_area(flat));
  if (std::abs(covered - whole) > 1e-6 * whole + 1e-9) return false;
  std::vector<uint32_t> vertices;
  vertices.reserve(corners.size());
  for (const Corner& corner : corners) vertices.push_back(add(corner.position));
  for (const auto& [a, b, c] : triangles) to_.add_triangle(vertices[a], vertices[b], vertices[c]);
  return true;
}

void FaceDrawer::draw_by_geos(uint32_t first_ring, uint32_t last_ring) {
  std::vector<PlaneRing> rings;
  std::vector<Corner> corners;
  for (uint32_t ring = first_ring; ring < last_ring; ++ring) rings.push_back(plane_ring(ring, &corners));
  const auto triangles = triangulator_.triangulate(rings);
  if (!triangles) return;
  std::map<PlanePoint, uint32_t> vertices;
  const auto vertex_of = [&](const PlanePoint& point) {
    const auto [place, is_new] = vertices.try_emplace(point, 0);
    if (!is_new) return place->second;
    const auto nearest = std::min_element(corners.begin(), corners.end(), [&](const Corner& a, const Corner& b) {
      return std::hypot(a.flat.x - point.x, a.flat.y - point.y) < std::hypot(b.flat.x - point.x, b.flat.y - point.y);
    });
    // A corner of the face, or one that a repair has made, which lies in its plane.
    const bool is_corner = std::hypot(nearest->flat.x - point.x, nearest->flat.y - point.y) < 1e-5;
    const Vector at = origin_ + along_ * point.x + across_ * point.y;
    place->second =
        is_corner ? add(nearest->position) : to_.add_vertex(at, normal_, feature_, texture_at(nearest->position));
    return place->second;
  };
  for (const auto& triangle : *triangles) {
    const uint32_t a = vertex_of(triangle[0]), b = vertex_of(triangle[1]), c = vertex_of(triangle[2]);
    to_.add_triangle(a, b, c);
  }
}

void FaceDrawer::draw(size_t face) {
  const uint32_t first_ring = face == 0 ? 0 : body_.faces.polygon_ends[face - 1];
  const uint32_t last_ring = body_.faces.polygon_ends[face];
  ring_.clear();
  for (uint32_t i = start_of(first_ring); i + 1 < body_.faces.line_ends[first_ring]; ++i) {
    ring_.push_back(frame_.local_of(body_.faces.positions[i]));
  }
  if (ring_.size() < 3) return;
  const Vector normal = newell_normal(ring_);
  if (!(length_of(normal) > 1e-7)) return;
  origin_ = ring_.front();
  settle_plane(normal);
  const int32_t texture = face < body_.textures.size() ? body_.textures[face] : -1;
  const int32_t material = face < body_.materials.size() ? body_.materials[face] : -1;
  is_textured_ = texture >= 0 && body_.texture_positions.size() == body_.faces.positions.size() * 2 &&
                 !body_.texture_list[static_cast<size_t>(texture)].asset.empty();
  if (is_textured_) {
    Material covered;
    covered.base_colour = {1, 1, 1, 1};
    covered.is_double_sided = true;
    covered.texture = body_.texture_list[static_cast<size_t>(texture)].asset;
    to_.use(covered);
  } else if (material >= 0) {
    const CityMaterial& painted = body_.material_list[static_cast<size_t>(material)];
    to_.use(painted_material(painted.diffuse, 1 - painted.transparency));
  } else {
    to_.use(usual_material(body_.types[face], plain_));
  }
  if (last_ring == first_ring + 1 && draw_ears(first_ring)) return;
  draw_by_geos(first_ring, last_ring);
}

}  // namespace

Material painted_material(const std::array<double, 3>& colour, double alpha) {
  Material material;
  material.base_colour = {linear_of(colour[0]), linear_of(colour[1]), linear_of(colour[2]), static_cast<float>(alpha)};
  material.is_double_sided = true;
  return material;
}

void append_body(const Body& body, uint32_t feature, const LocalFrame& frame, Triangulator& triangulator, Mesh& to,
                 const Material& plain) {
  FaceDrawer drawer(body, feature, frame, triangulator, to, plain);
  for (size_t face = 0; face < body.faces.polygon_ends.size(); ++face) drawer.draw(face);
}

}  // namespace cityloom::space
