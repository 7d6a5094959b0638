// Binary space partition of one solid sorts the convex pieces of the other's faces into inside and outside.
#include "space/ifc/solid_boolean.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "space/ifc/plane_areas.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double thickness_m = 1e-6;  // of a plane

struct Plane {
  Vector normal;
  double offset = 0;
  double side(Vector point) const { return dot(normal, point) - offset; }
};

// A convex piece of a face.
struct Piece {
  IfcRing points;
  Plane plane;
  uint64_t style = 0;
};

struct Node {
  Plane plane;
  int front = -1;  // what lies before the plane; none: outside
  int back = -1;   // what lies behind it; none: inside
};

enum class Place : uint8_t { front, back };

// Where a piece that lies in a face's plane goes.
struct CoplanarRule {
  Place same = Place::front;      // it looks the same way
  Place opposite = Place::front;  // it looks the other way
};

bool is_convex(const IfcRing& ring, Vector normal) {
  const size_t count = ring.size();
  for (size_t i = 0; i < count; ++i) {
    const Vector a = ring[(i + 1) % count] - ring[i], b = ring[(i + 2) % count] - ring[(i + 1) % count];
    if (dot(cross(a, b), normal) < -1e-9 * (length_of(a) * length_of(b) + 1e-12)) return false;
  }
  return true;
}

bool is_plane_face(const IfcFace& face, const Plane& plane) {
  for (const IfcRing& ring : face.rings) {
    for (const Vector& point : ring) {
      if (std::abs(plane.side(point)) > thickness_m / 2) return false;
    }
  }
  return true;
}

Plane plane_of(const IfcRing& ring) {
  Plane plane;
  plane.normal = unit_of(ring_normal(ring), {});
  Vector sum;
  for (const Vector& point : ring) sum = sum + point;
  plane.offset = dot(plane.normal, sum * (1 / static_cast<double>(ring.size())));
  return plane;
}

// Faces as convex pieces.
void add_pieces(const IfcFace& face, Triangulator& triangulator, std::vector<Piece>& to) {
  if (face.rings.empty() || face.rings.front().size() < 3) return;
  const Plane plane = plane_of(face.rings.front());
  if (length_of(plane.normal) < 0.5) return;
  const bool is_plane = is_plane_face(face, plane);
  if (face.rings.size() == 1 && is_plane && is_convex(face.rings.front(), plane.normal)) {
    to.push_back({face.rings.front(), plane, face.style});
    return;
  }
  for (IfcRing& triangle : triangles_of(face, triangulator)) {
    const Plane own = is_plane ? plane : plane_of(triangle);
    if (length_of(own.normal) > 0.5) to.push_back({std::move(triangle), own, face.style});
  }
}

class Tree {
 public:
  // Builds from pieces; false if it becomes too large.
  bool build(std::vector<Piece> pieces, size_t pieces_max);
  // Sorts a piece's parts.
  void sort(Piece piece, CoplanarRule rule, std::vector<Piece>& inside, std::vector<Piece>& outside) const;

 private:
  std::vector<Node> nodes_;
};

// What a plane makes of a piece: at most one part on each side; neither: it lies in the plane.
void split(const Plane& plane, const Piece& piece, Piece& front, Piece& back) {
  const size_t count = piece.points.size();
  std::vector<double> sides(count);
  bool has_front = false, has_back = false;
  for (size_t i = 0; i < count; ++i) {
    sides[i] = plane.side(piece.points[i]);
    has_front = has_front || sides[i] > thickness_m;
    has_back = has_back || sides[i] < -thickness_m;
  }
  front.points.clear();
  back.points.clear();
  if (!has_front && !has_back) return;
  front.plane = back.plane = piece.plane;
  front.style = back.style = piece.style;
  if (!has_back || !has_front) {
    (has_front ? front : back).points = piece.points;
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t next = (i + 1) % count;
    if (sides[i] >= -thickness_m) front.points.push_back(piece.points[i]);
    if (sides[i] <= thickness_m) back.points.push_back(piece.points[i]);
    if ((sides[i] > thickness_m && sides[next] < -thickness_m) ||
        (sides[i] < -thickness_m && sides[next] > thickness_m)) {
      const double share = sides[i] / (sides[i] - sides[next]);
      const Vector cut = piece.points[i] + (piece.points[next] - piece.points[i]) * share;
      front.points.push_back(cut);
      back.points.push_back(cut);
    }
  }
  if (front.points.size() < 3) front.points.clear();
  if (back.points.size() < 3) back.points.clear();
}

bool Tree::build(std::vector<Piece> pieces, size_t pieces_max) {
  struct Work {
    std::vector<Piece> pieces;
    int parent;
    bool is_front;
  };
  size_t made = pieces.size();
  std::vector<Work> work;
  work.push_back({std::move(pieces), -1, false});
  while (!work.empty()) {
    Work one = std::move(work.back());
    work.pop_back();
    const int number = static_cast<int>(nodes_.size());
    // The middle one: long chains come from taking the first of an ordered list.
    const Plane plane = one.pieces[one.pieces.size() / 2].plane;
    nodes_.push_back({plane, -1, -1});
    if (one.parent >= 0)
      (one.is_front ? nodes_[static_cast<size_t>(one.parent)].front : nodes_[static_cast<size_t>(one.parent)].back) =
          number;
    std::vector<Piece> fronts, backs;
    Piece front, back;
    for (const Piece& piece : one.pieces) {
      split(plane, piece, front, back);
      if (!front.points.empty() && !back.points.empty()) ++made;
      if (!front.points.empty()) fronts.push_back(std::move(front));
      if (!back.points.empty()) backs.push_back(std::move(back));
    }
    if (made > pieces_max) return false;
    if (!fronts.empty()) work.push_back({std::move(fronts), number, true});
    if (!backs.empty()) work.push_back({std::move(backs), number, false});
  }
  return true;
}

void Tree::sort(Piece piece, CoplanarRule rule, std::vector<Piece>& inside, std::vector<Piece>& outside) const {
  std::vector<std::pair<int, Piece>> work;
  work.emplace_back(nodes_.empty() ? -1 : 0, std::move(piece));
  if (nodes_.empty()) {
    outside.push_back(std::move(work.front().second));
    return;
  }
  const auto go = [&](int next, bool is_front, Piece part) {
    if (next >= 0) {
      work.emplace_back(next, std::move(part));
    } else {
      (is_front ? outside : inside).push_back(std::move(part));
    }
  };
  while (!work.empty()) {
    auto [number, part] = std::move(work.back());
    work.pop_back();
    const Node& node = nodes_[static_cast<size_t>(number)];
    Piece front, back;
    split(node.plane, part, front, back);
    if (front.points.empty() && back.points.empty()) {
      const bool looks_same = dot(node.plane.normal, part.plane.normal) > 0;
      const bool is_front = (looks_same ? rule.same : rule.opposite) == Place::front;
      go(is_front ? node.front : node.back, is_front, std::move(part));
      continue;
    }
    if (!front.points.empty()) go(node.front, true, std::move(front));
    if (!back.points.empty()) go(node.back, false, std::move(back));
  }
}

std::vector<Piece> pieces_of(const IfcShape& shape, Triangulator& triangulator) {
  std::vector<Piece> pieces;
  for (const IfcFace& face : shape.faces) add_pieces(face, triangulator, pieces);
  return pieces;
}

// The parts of `pieces` that are inside or outside the tree's solid. False: too many.
bool keep_parts(const std::vector<Piece>& pieces, const Tree& tree, bool keeps_inside, CoplanarRule rule,
                size_t pieces_max, std::vector<Piece>& to) {
  std::vector<Piece> inside, outside;
  for (const Piece& piece : pieces) {
    inside.clear();
    outside.clear();
    tree.sort(piece, rule, inside, outside);
    const bool is_split = !inside.empty() && !outside.empty();
    std::vector<Piece>& kept = keeps_inside ? inside : outside;
    if (!is_split && !kept.empty()) {
      to.push_back(piece);  // all of it: as it was
    } else {
      for (Piece& part : kept) to.push_back(std::move(part));
    }
    if (to.size() > pieces_max) return false;
  }
  return true;
}

IfcShape shape_of(std::vector<Piece> pieces) {
  IfcShape shape;
  shape.faces.reserve(pieces.size());
  for (Piece& piece : pieces) shape.faces.push_back({{std::move(piece.points)}, piece.style});
  return shape;
}

}  // namespace

base::Result<IfcShape> combine(const IfcShape& first, const IfcShape& second, SolidOperation operation,
                               size_t faces_max, Triangulator& triangulator) {
  const base::Error too_many = fail(Code::too_complex, "a boolean of so many faces is not done");
  if (first.faces.size() > faces_max || second.faces.size() > faces_max) return too_many;
  const std::vector<Piece> a = pieces_of(first, triangulator), b = pieces_of(second, triangulator);
  const size_t pieces_max = 8 * faces_max;
  if (a.empty() || b.empty()) {
    const bool keeps = operation != SolidOperation::intersection;
    return keeps ? (a.empty() && operation == SolidOperation::join ? second : first) : IfcShape{};
  }
  Tree tree_a, tree_b;
  if (a.size() > pieces_max || b.size() > pieces_max || !tree_a.build(a, pieces_max) || !tree_b.build(b, pieces_max))
    return too_many;
  std::vector<Piece> kept;
  const bool is_difference = operation == SolidOperation::difference, is_join = operation == SolidOperation::join;
  // A face of the first counts as lying just within its own solid; one of the second that lies in a face of the first
  // never counts, so that no face comes twice.
  const CoplanarRule own = is_join ? CoplanarRule{Place::front, Place::back} : CoplanarRule{Place::back, Place::front};
  const CoplanarRule other = is_join ? CoplanarRule{Place::back, Place::back} : CoplanarRule{};
  const bool keeps_inside = operation == SolidOperation::intersection;
  if (!keep_parts(a, tree_b, keeps_inside, own, pieces_max, kept)) return too_many;
  const size_t of_first = kept.size();
  if (!keep_parts(b, tree_a, !is_join, other, pieces_max, kept)) return too_many;
  const uint64_t style = first.faces.front().style;
  for (size_t i = of_first; i < kept.size(); ++i) {
    if (is_difference) std::reverse(kept[i].points.begin(), kept[i].points.end());
    if (!is_join) kept[i].style = style;
  }
  IfcShape shape = shape_of(std::move(kept));
  merge_faces(shape);
  return shape;
}

void merge_faces(IfcShape& shape) {
  struct Group {
    Plane plane;
    uint64_t style;
    std::vector<size_t> faces;
  };
  std::vector<Group> groups;
  for (size_t i = 0; i < shape.faces.size(); ++i) {
    const IfcFace& face = shape.faces[i];
    const Plane plane = plane_of(face.rings.front());
    if (length_of(plane.normal) < 0.5) continue;
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) {
      return one.style == face.style && dot(one.plane.normal, plane.normal) > 1 - 1e-9 &&
             std::abs(one.plane.side(face.rings.front().front())) < 1e-5;
    });
    if (group == groups.end()) {
      groups.push_back({plane, face.style, {i}});
    } else {
      group->faces.push_back(i);
    }
  }
  std::vector<IfcFace> merged;
  for (const Group& group : groups) {
    if (group.faces.size() == 1) {
      merged.push_back(std::move(shape.faces[group.faces.front()]));
      continue;
    }
    std::vector<IfcFace> parts;
    for (const size_t i : group.faces) parts.push_back(std::move(shape.faces[i]));
    std::vector<IfcFace> joined = joined_faces(parts);
    merged.insert(merged.end(), std::make_move_iterator(joined.begin()), std::make_move_iterator(joined.end()));
  }
  shape.faces = std::move(merged);
}

}  // namespace cityloom::space
