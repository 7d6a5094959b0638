// Loops of points to rings; a face's holes follow its outer bound.
#include "space/ifc/ifc_faces.hpp"

#include <algorithm>
#include <cmath>

#include "space/ifc/ifc_curve.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

base::Error bad(uint64_t id, std::string what) {
  return fail(Code::invalid, std::move(what), instance_name(id));
}

void close_ranks(IfcRing& ring) {
  ring.erase(std::unique(ring.begin(), ring.end(), [](Vector a, Vector b) { return length_of(a - b) < 1e-9; }),
             ring.end());
  while (ring.size() > 1 && length_of(ring.front() - ring.back()) < 1e-9) ring.pop_back();
}

// IfcEdgeLoop(EdgeList): oriented edges (*, *, EdgeElement, Orientation) of edges (Start, End [, Geometry, SameSense]).
base::Result<IfcRing> edge_loop(const IfcReader& reader, const StepInstance& loop) {
  IfcRing ring;
  for (const StepValue reference : loop[0]) {
    const StepInstance oriented = reader.get(reference);
    const StepInstance edge = reader.get(oriented[2]);
    std::vector<Vector> points;
    if (edge.type == "IFCEDGECURVE") {
      auto line = read_curve(reader, edge[2].reference());
      const auto start = reader.point(reader.get(edge[0])[0].reference());
      const auto end = reader.point(reader.get(edge[1])[0].reference());
      if (!start || !end) return bad(edge.id, "an edge's vertex is missing");
      // A line goes on for ever and a circle all around: only what lies between the vertices is the edge.
      const bool is_whole =
          line && !line->is_closed && line->points.size() > 1 &&
          std::min(length_of(line->points.front() - *start), length_of(line->points.back() - *start)) < 1e-4;
      points = is_whole ? line->points : std::vector<Vector>{*start, *end};
      if (is_whole && length_of(points.front() - *start) > 1e-4) std::reverse(points.begin(), points.end());
    } else if (edge.type == "IFCEDGE" || edge.type == "IFCSUBEDGE") {
      for (size_t end : {0u, 1u}) {
        auto point = reader.point(reader.get(edge[end])[0].reference());
        if (!point) return std::move(point).error();
        points.push_back(*point);
      }
    } else {
      return bad(loop.id, "an edge is missing or of another kind");
    }
    if (oriented[3].boolean() == false) std::reverse(points.begin(), points.end());
    ring.insert(ring.end(), points.begin(), points.end());
    if (ring.size() > reader.limits().points_max) return fail(Code::too_complex, "a loop has too many points");
  }
  return ring;
}

base::Result<IfcRing> loop_ring(const IfcReader& reader, uint64_t id) {
  const StepInstance loop = reader.get(id);
  if (loop.type == "IFCEDGELOOP") return edge_loop(reader, loop);
  if (loop.type != "IFCPOLYLOOP")
    return bad(id, loop ? "loops of kind " + std::string(loop.type) + " are not read" : "a loop is missing");
  IfcRing ring;
  for (const StepValue reference : loop[0]) {
    auto point = reader.point(reference.reference());
    if (!point) return std::move(point).error();
    ring.push_back(*point);
    if (ring.size() > reader.limits().points_max) return fail(Code::too_complex, "a loop has too many points");
  }
  return ring;
}

// IfcFace(Bounds), bounds (Bound, Orientation).
base::Result<IfcFace> read_face(const IfcReader& reader, uint64_t id) {
  const StepInstance instance = reader.get(id);
  if (!instance.type.starts_with("IFCFACE") && instance.type != "IFCADVANCEDFACE") return bad(id, "a face is missing");
  IfcFace face;
  for (const StepValue reference : instance[0]) {
    const StepInstance bound = reader.get(reference);
    if (bound.type != "IFCFACEOUTERBOUND" && bound.type != "IFCFACEBOUND") return bad(id, "a face's bound is missing");
    auto ring = loop_ring(reader, bound[0].reference());
    if (!ring) return std::move(ring).error();
    close_ranks(*ring);
    if (ring->size() < 3) continue;
    if (bound[1].boolean() == false) std::reverse(ring->begin(), ring->end());
    const bool is_outer = bound.type == "IFCFACEOUTERBOUND";
    face.rings.insert(is_outer ? face.rings.begin() : face.rings.end(), std::move(*ring));
  }
  if (face.rings.empty()) return bad(id, "a face has no corners");
  // Not all writers say which bound is the outer one: the largest is.
  const auto largest = std::max_element(face.rings.begin(), face.rings.end(), [](const IfcRing& a, const IfcRing& b) {
    return length_of(ring_normal(a)) < length_of(ring_normal(b));
  });
  std::iter_swap(face.rings.begin(), largest);
  const Vector normal = ring_normal(face.rings.front());
  if (length_of(normal) < 1e-12) return bad(id, "a face has no area");
  for (size_t r = 1; r < face.rings.size(); ++r) {
    if (dot(ring_normal(face.rings[r]), normal) > 0) std::reverse(face.rings[r].begin(), face.rings[r].end());
  }
  return face;
}

struct PointList {
  std::vector<Vector> points;
  // By an index of the file, which counts from 1, through the list of indices if there is one.
  std::vector<uint32_t> places;
  const Vector* at(double index) const {
    if (!places.empty()) {
      if (!(index >= 1 && index <= static_cast<double>(places.size()))) return nullptr;
      index = places[static_cast<size_t>(index) - 1];
    }
    if (!(index >= 1 && index <= static_cast<double>(points.size()))) return nullptr;
    return &points[static_cast<size_t>(index) - 1];
  }
};

base::Result<PointList> read_points(const IfcReader& reader, const StepValue& coordinates, const StepValue& places) {
  PointList list;
  const StepInstance instance = reader.get(coordinates);
  if (instance.type != "IFCCARTESIANPOINTLIST3D") return bad(coordinates.reference(), "a list of points is missing");
  for (const StepValue row : instance[0]) {
    auto point = reader.coordinates(row);
    if (!point) return bad(instance.id, point.error().what);
    list.points.push_back(*point);
    if (list.points.size() > 4 * reader.limits().points_max)
      return fail(Code::too_complex, "too many points", instance_name(instance.id));
  }
  for (const StepValue place : places)
    list.places.push_back(static_cast<uint32_t>(std::clamp(place.number(0), 0.0, 4e9)));
  return list;
}

bool add_ring(const PointList& points, const StepValue& indices, IfcFace& face) {
  IfcRing ring;
  for (const StepValue index : indices) {
    const Vector* point = points.at(index.number(0));
    if (point == nullptr) return false;
    ring.push_back(*point);
  }
  close_ranks(ring);
  if (ring.size() >= 3) face.rings.push_back(std::move(ring));
  return true;
}

}  // namespace

void face_outwards(IfcShape& shape) {
  if (!shape.is_closed || volume_m3(shape) >= 0) return;
  for (IfcFace& face : shape.faces) {
    for (IfcRing& ring : face.rings) std::reverse(ring.begin(), ring.end());
  }
}

base::Result<IfcShape> read_face_set(const IfcReader& reader, uint64_t id) {
  const StepInstance set = reader.get(id);
  if (set.type != "IFCCLOSEDSHELL" && set.type != "IFCOPENSHELL" && set.type != "IFCCONNECTEDFACESET")
    return bad(id, "a set of faces is missing");
  IfcShape shape;
  shape.is_closed = set.type == "IFCCLOSEDSHELL";
  size_t points = 0;
  for (const StepValue reference : set[0]) {
    auto face = read_face(reader, reference.reference());
    if (!face) {
      if (face.error().code == Code::too_complex) return std::move(face).error();
      reader.warn(reference.reference(), "a face was left out: " + face.error().text());
      continue;
    }
    for (const IfcRing& ring : face->rings) points += ring.size();
    if (points > reader.limits().points_max)
      return fail(Code::too_complex,
                  "a set of faces has more than " + std::to_string(reader.limits().points_max) + " corners",
                  instance_name(id));
    shape.faces.push_back(std::move(*face));
  }
  face_outwards(shape);
  return shape;
}

base::Result<IfcShape> read_tessellation(const IfcReader& reader, const StepInstance& item) {
  const bool is_triangulated = item.type != "IFCPOLYGONALFACESET";
  // IFC 4 and 4.3 place whether it is closed differently; the faces stand at the same place.
  const StepValue closed = item[1].boolean() ? item[1] : item[2];
  auto points = read_points(reader, item[0], item[is_triangulated ? 4 : 3]);
  if (!points) return std::move(points).error();
  IfcShape shape;
  shape.is_closed = closed.boolean().value_or(false);
  size_t count = 0;
  for (const StepValue entry : item[is_triangulated ? 3 : 2]) {
    IfcFace face;
    bool is_good = true;
    if (is_triangulated) {
      is_good = add_ring(*points, entry, face);
    } else {
      const StepInstance indexed = reader.get(entry);
      is_good = indexed && add_ring(*points, indexed[0], face);
      for (const StepValue hole : indexed[1]) is_good = is_good && !face.rings.empty() && add_ring(*points, hole, face);
    }
    if (!is_good) return bad(item.id, "a face names a point that is not there");
    if (face.rings.empty() || length_of(ring_normal(face.rings.front())) < 1e-14) continue;
    const Vector normal = ring_normal(face.rings.front());
    for (size_t r = 1; r < face.rings.size(); ++r) {
      if (dot(ring_normal(face.rings[r]), normal) > 0) std::reverse(face.rings[r].begin(), face.rings[r].end());
    }
    for (const IfcRing& ring : face.rings) count += ring.size();
    if (count > reader.limits().points_max)
      return fail(Code::too_complex, "a mesh has more than " + std::to_string(reader.limits().points_max) + " corners",
                  instance_name(item.id));
    shape.faces.push_back(std::move(face));
  }
  face_outwards(shape);
  return shape;
}

}  // namespace cityloom::space
