// Geo-queries on the sphere, by S2.
#include <s2/mutable_s2shape_index.h>
#include <s2/s2boolean_operation.h>
#include <s2/s2builder.h>
#include <s2/s2builderutil_s2polygon_layer.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2earth.h>
#include <s2/s2latlng.h>
#include <s2/s2lax_polyline_shape.h>
#include <s2/s2point_vector_shape.h>
#include <s2/s2polygon.h>

#include "twin/packed.hpp"
#include "twin/query.hpp"

namespace cityloom::twin {
namespace {

S2Point point_of(const Position& position) {
  return S2LatLng::FromDegrees(position.latitude_deg, position.longitude_deg).Normalized().ToPoint();
}

std::vector<S2Point> points_of(const Geometry& geometry, size_t from, size_t to) {
  std::vector<S2Point> points;
  points.reserve(to - from);
  for (size_t i = from; i < to; ++i) {
    const S2Point point = point_of(geometry.positions[i]);
    if (points.empty() || points.back() != point) points.push_back(point);
  }
  return points;
}

// A polygon of the rings [first, last) of a geometry. Rings that cross or touch themselves are split and put together
// by even and odd, so that any input gives a valid polygon.
std::unique_ptr<S2Polygon> polygon_of(const Geometry& geometry, size_t first, size_t last) {
  std::vector<std::unique_ptr<S2Loop>> loops;
  for (size_t ring = first; ring < last; ++ring) {
    const size_t from = ring == 0 ? 0 : geometry.line_ends[ring - 1];
    std::vector<S2Point> points = points_of(geometry, from, geometry.line_ends[ring]);
    if (points.size() > 1 && points.front() == points.back()) points.pop_back();
    if (points.size() < 3) continue;
    auto loop = std::make_unique<S2Loop>();
    loop->set_s2debug_override(S2Debug::DISABLE);
    loop->Init(points);
    loops.push_back(std::move(loop));
  }
  auto polygon = std::make_unique<S2Polygon>();
  polygon->set_s2debug_override(S2Debug::DISABLE);
  bool valid = !loops.empty();
  S2Error error;
  for (const auto& loop : loops) valid = valid && !loop->FindValidationError(&error);
  if (valid) {
    for (const auto& loop : loops) loop->Normalize();
    std::vector<std::unique_ptr<S2Loop>> copies;
    for (const auto& loop : loops) copies.emplace_back(loop->Clone());
    polygon->InitNested(std::move(copies));
    if (!polygon->FindValidationError(&error)) return polygon;
  }
  S2Builder::Options options;
  options.set_split_crossing_edges(true);
  S2Builder builder(options);
  auto repaired = std::make_unique<S2Polygon>();
  s2builderutil::S2PolygonLayer::Options layer_options(S2Builder::EdgeType::UNDIRECTED);
  builder.StartLayer(std::make_unique<s2builderutil::S2PolygonLayer>(repaired.get(), layer_options));
  for (const auto& loop : loops) builder.AddLoop(loop->vertices_span());
  return builder.Build(&error) ? std::move(repaired) : std::make_unique<S2Polygon>();
}

void add_shapes(const Geometry& geometry, MutableS2ShapeIndex& index) {
  switch (geometry.kind) {
    case GeometryKind::point:
    case GeometryKind::multi_point:
      index.Add(std::make_unique<S2PointVectorShape>(points_of(geometry, 0, geometry.positions.size())));
      return;
    case GeometryKind::line_string:
    case GeometryKind::multi_line_string: {
      size_t from = 0;
      for (const uint32_t end : geometry.line_ends) {
        index.Add(std::make_unique<S2LaxPolylineShape>(points_of(geometry, from, end)));
        from = end;
      }
      return;
    }
    case GeometryKind::polygon:
      index.Add(std::make_unique<S2Polygon::OwningShape>(polygon_of(geometry, 0, geometry.line_ends.size())));
      return;
    case GeometryKind::multi_polygon: {
      size_t from = 0;
      for (const uint32_t end : geometry.polygon_ends) {
        index.Add(std::make_unique<S2Polygon::OwningShape>(polygon_of(geometry, from, end)));
        from = end;
      }
      return;
    }
  }
}

int dimension_of(GeometryKind kind) {
  return static_cast<int>(kind) / 2;
}

S2BooleanOperation::Options closed() {
  S2BooleanOperation::Options options;
  options.set_polygon_model(S2BooleanOperation::PolygonModel::CLOSED);
  options.set_polyline_model(S2BooleanOperation::PolylineModel::CLOSED);
  return options;
}

}  // namespace

struct Matcher::Reference {
  MutableS2ShapeIndex index;
  S2Point point;  // of a point
};

Matcher::Matcher(Query query) : query_(std::move(query)) {
  if (!query_.geo) return;
  reference_ = std::make_unique<Reference>();
  reference_->point = point_of(query_.geo->reference.positions.front());
  add_shapes(query_.geo->reference, reference_->index);
  // Built now, since a lazy build would make the first reads wait for each other.
  reference_->index.ForceBuild();
}

Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

double Matcher::distance_m(const Geometry& geometry) const {
  if (geometry.kind == GeometryKind::point && query_.geo->reference.kind == GeometryKind::point)
    return S2Earth::ToMeters(S1Angle(point_of(geometry.positions.front()), reference_->point));
  MutableS2ShapeIndex index;
  add_shapes(geometry, index);
  S2ClosestEdgeQuery closest(&reference_->index);
  S2ClosestEdgeQuery::ShapeIndexTarget target(&index);
  return S2Earth::ToMeters(closest.GetDistance(&target).ToAngle());
}

bool Matcher::related(const Geometry& geometry) const {
  const GeoQuery& geo = *query_.geo;
  if (geo.relation == GeoRelation::near) {
    const double away_m = distance_m(geometry);
    return (!geo.distance_min_m || away_m >= *geo.distance_min_m) &&
           (!geo.distance_max_m || away_m <= *geo.distance_max_m);
  }
  MutableS2ShapeIndex index;
  add_shapes(geometry, index);
  const MutableS2ShapeIndex& reference = reference_->index;
  switch (geo.relation) {
    case GeoRelation::near:
      break;
    case GeoRelation::within:
      return S2BooleanOperation::Contains(reference, index, closed());
    case GeoRelation::contains:
      return S2BooleanOperation::Contains(index, reference, closed());
    case GeoRelation::intersects:
      return S2BooleanOperation::Intersects(index, reference, closed());
    case GeoRelation::disjoint:
      return !S2BooleanOperation::Intersects(index, reference, closed());
    case GeoRelation::equals:
      return S2BooleanOperation::Equals(index, reference, closed());
    case GeoRelation::overlaps:
      return dimension_of(geometry.kind) == dimension_of(geo.reference.kind) &&
             S2BooleanOperation::Intersects(index, reference, closed()) &&
             !S2BooleanOperation::Contains(index, reference, closed()) &&
             !S2BooleanOperation::Contains(reference, index, closed());
  }
  return false;
}

bool Matcher::geo(const EntityRecord& record) const {
  PackedAttributes all(record.attributes_bytes());
  for (AttributeView view; all.next(view);) {
    if (view.name != query_.geo->property || view.value_kind != AttributeView::ValueKind::geometry) continue;
    const auto geometry = unpack_geometry(view.text);
    if (geometry && related(*geometry)) return true;
  }
  return false;
}

}  // namespace cityloom::twin
