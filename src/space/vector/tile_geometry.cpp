// Lines are clipped segment by segment, rings edge by edge (Sutherland and Hodgman), simplified by Douglas and Peucker.
#include "space/vector/tile_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace cityloom::space {
namespace {

struct Point {
  double x = 0, y = 0;
};
using Line = std::vector<Point>;

constexpr double clip_low = -tile_buffer, clip_high = tile_extent + tile_buffer;

// To units of the tile.
class Projection {
 public:
  explicit Projection(const TileAddress& tile)
      : count_(std::ldexp(1, static_cast<int>(tile.z))), x_(tile.x), y_(tile.y) {}
  Point operator()(const twin::Position& position) const {
    const WorldPoint point = world_point(position.longitude_deg, position.latitude_deg);
    return {(point.x * count_ - x_) * tile_extent, (point.y * count_ - y_) * tile_extent};
  }

 private:
  double count_, x_, y_;
};

struct Extent {
  double west = std::numeric_limits<double>::max(), north = west, east = std::numeric_limits<double>::lowest(),
         south = east;
  void take(const Point& p) {
    west = std::min(west, p.x);
    east = std::max(east, p.x);
    north = std::min(north, p.y);
    south = std::max(south, p.y);
  }
  double size() const { return std::max(east - west, south - north); }
  bool is_outside() const { return west > clip_high || east < clip_low || north > clip_high || south < clip_low; }
  bool is_inside() const { return west >= clip_low && east <= clip_high && north >= clip_low && south <= clip_high; }
};

// The part of a segment within the square (Liang and Barsky), as parts of its length.
std::optional<std::pair<double, double>> part_inside(const Point& a, const Point& b) {
  double from = 0, to = 1;
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double steps[4][2] = {
      {-dx, a.x - clip_low}, {dx, clip_high - a.x}, {-dy, a.y - clip_low}, {dy, clip_high - a.y}};
  for (const auto& [p, q] : steps) {
    if (p == 0) {
      if (q < 0) return std::nullopt;
      continue;
    }
    const double t = q / p;
    if (p < 0) from = std::max(from, t);
    if (p > 0) to = std::min(to, t);
  }
  if (from > to) return std::nullopt;
  return std::pair(from, to);
}

void clip_line(const Line& line, std::vector<Line>& to) {
  Line run;
  for (size_t i = 0; i + 1 < line.size(); ++i) {
    const Point &a = line[i], &b = line[i + 1];
    const auto part = part_inside(a, b);
    if (!part) continue;
    const auto at = [&](double t) { return Point{a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t}; };
    if (part->first > 0 && !run.empty()) {
      to.push_back(std::move(run));
      run = {};
    }
    if (run.empty()) run.push_back(part->first > 0 ? at(part->first) : a);
    run.push_back(part->second < 1 ? at(part->second) : b);
    if (part->second < 1) {
      to.push_back(std::move(run));
      run = {};
    }
  }
  if (run.size() > 1) to.push_back(std::move(run));
}

// Keeps the side of one edge of the square on which `sign * coordinate <= sign * limit`.
Line clip_side(const Line& ring, double Point::*axis, double limit, double sign) {
  Line kept;
  const auto is_kept = [&](const Point& p) { return sign * (p.*axis) <= sign * limit; };
  for (size_t i = 0; i < ring.size(); ++i) {
    const Point &a = ring[i], &b = ring[(i + 1) % ring.size()];
    if (is_kept(a)) kept.push_back(a);
    if (is_kept(a) == is_kept(b)) continue;
    const double t = (limit - a.*axis) / (b.*axis - a.*axis);
    Point crossing{a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t};
    crossing.*axis = limit;
    kept.push_back(crossing);
  }
  return kept;
}

Line clip_ring(Line ring) {
  ring = clip_side(ring, &Point::x, clip_high, 1);
  ring = clip_side(ring, &Point::x, clip_low, -1);
  ring = clip_side(ring, &Point::y, clip_high, 1);
  return clip_side(ring, &Point::y, clip_low, -1);
}

double distance_squared(const Point& p, const Point& a, const Point& b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  const double t = length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
  const double ex = p.x - a.x - t * dx, ey = p.y - a.y - t * dy;
  return ex * ex + ey * ey;
}

// Which points stay; without recursion, so that no line is too long.
Line simplified(const Line& line, double tolerance) {
  if (line.size() < 3 || tolerance <= 0) return line;
  std::vector<bool> stays(line.size(), false);
  stays.front() = stays.back() = true;
  std::vector<std::pair<size_t, size_t>> open{{0, line.size() - 1}};
  while (!open.empty()) {
    const auto [first, last] = open.back();
    open.pop_back();
    double farthest = tolerance * tolerance;
    size_t split = 0;
    for (size_t i = first + 1; i < last; ++i) {
      const double d = distance_squared(line[i], line[first], line[last]);
      if (d > farthest) {
        farthest = d;
        split = i;
      }
    }
    if (split == 0) continue;
    stays[split] = true;
    open.emplace_back(first, split);
    open.emplace_back(split, last);
  }
  Line kept;
  for (size_t i = 0; i < line.size(); ++i) {
    if (stays[i]) kept.push_back(line[i]);
  }
  return kept;
}

TileLine rounded(const Line& line) {
  TileLine to;
  for (const Point& p : line) {
    const TilePoint point{static_cast<int32_t>(std::lround(p.x)), static_cast<int32_t>(std::lround(p.y))};
    if (to.empty() || to.back() != point) to.push_back(point);
  }
  return to;
}

int64_t double_area(const TileLine& ring) {
  int64_t sum = 0;
  for (size_t i = 0; i < ring.size(); ++i) {
    const TilePoint &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += int64_t{a.x} * b.y - int64_t{b.x} * a.y;
  }
  return sum;
}

// Points on the straight way between their neighbours, and ways there and back, are left out.
void drop_straight(TileLine& ring) {
  bool has_changed = true;
  while (has_changed && ring.size() >= 3) {
    has_changed = false;
    for (size_t i = 0; i < ring.size() && ring.size() >= 3;) {
      const TilePoint &a = ring[(i + ring.size() - 1) % ring.size()], &b = ring[i], &c = ring[(i + 1) % ring.size()];
      const int64_t turn = int64_t{b.x - a.x} * (c.y - b.y) - int64_t{b.y - a.y} * (c.x - b.x);
      if (turn == 0) {
        ring.erase(ring.begin() + static_cast<std::ptrdiff_t>(i));
        has_changed = true;
      } else {
        ++i;
      }
    }
  }
}

// A ring on whole numbers, turning as wanted; empty if nothing is left of it.
TileLine ring_of(Line line, bool is_outside, const Generalisation& how) {
  Extent extent;
  for (const Point& p : line) extent.take(p);
  if (extent.is_outside() || extent.size() < how.size_least) return {};
  if (!extent.is_inside()) line = clip_ring(std::move(line));
  if (line.size() < 3) return {};
  line.push_back(line.front());
  TileLine ring = rounded(simplified(line, how.tolerance));
  if (ring.size() > 1 && ring.front() == ring.back()) ring.pop_back();
  drop_straight(ring);
  const int64_t area = double_area(ring);
  if (ring.size() < 3 || area == 0) return {};
  // With y down, a positive area turns clockwise on the screen.
  if ((area > 0) != is_outside) std::reverse(ring.begin(), ring.end());
  return ring;
}

Line projected(const twin::Geometry& geometry, size_t from, size_t to, const Projection& project) {
  Line line;
  line.reserve(to - from);
  for (size_t i = from; i < to; ++i) line.push_back(project(geometry.positions[i]));
  return line;
}

void add_lines(const twin::Geometry& geometry, const Projection& project, const Generalisation& how, TileGeometry& to) {
  size_t from = 0;
  for (const uint32_t end : geometry.line_ends) {
    std::vector<Line> parts;
    clip_line(projected(geometry, from, end, project), parts);
    from = end;
    for (const Line& part : parts) {
      TileLine line = rounded(simplified(part, how.tolerance));
      if (line.size() > 1) to.lines.push_back(std::move(line));
    }
  }
}

void add_polygons(const twin::Geometry& geometry, const Projection& project, const Generalisation& how,
                  TileGeometry& to) {
  const std::vector<uint32_t> whole{static_cast<uint32_t>(geometry.line_ends.size())};
  const auto& polygon_ends = geometry.kind == twin::GeometryKind::multi_polygon ? geometry.polygon_ends : whole;
  size_t ring_number = 0, from = 0;
  for (const uint32_t polygon_end : polygon_ends) {
    bool is_outside = true, is_there = false;
    for (; ring_number < polygon_end; ++ring_number) {
      const size_t end = geometry.line_ends[ring_number];
      // The last position is the first again.
      TileLine ring;
      if (is_outside || is_there) ring = ring_of(projected(geometry, from, end - 1, project), is_outside, how);
      if (is_outside) is_there = !ring.empty();
      if (!ring.empty()) to.lines.push_back(std::move(ring));
      is_outside = false;
      from = end;
    }
  }
}

}  // namespace

TileGeometry tile_geometry(const twin::Geometry& geometry, const TileAddress& tile, const Generalisation& how) {
  using Kind = twin::GeometryKind;
  TileGeometry to;
  const Projection project(tile);
  Extent extent;
  for (const twin::Position& position : geometry.positions) extent.take(project(position));
  if (geometry.positions.empty() || extent.is_outside()) return to;
  to.size = extent.size();
  switch (geometry.kind) {
    case Kind::point:
    case Kind::multi_point: {
      TileLine points;
      for (const twin::Position& position : geometry.positions) {
        const Point p = project(position);
        if (p.x < clip_low || p.x > clip_high || p.y < clip_low || p.y > clip_high) continue;
        points.push_back({static_cast<int32_t>(std::lround(p.x)), static_cast<int32_t>(std::lround(p.y))});
      }
      if (!points.empty()) to.lines.push_back(std::move(points));
      to.kind = to.lines.empty() ? TileGeometry::Kind::none : TileGeometry::Kind::points;
      return to;
    }
    case Kind::line_string:
    case Kind::multi_line_string:
      if (to.size < how.size_least) return to;
      add_lines(geometry, project, how, to);
      to.kind = to.lines.empty() ? TileGeometry::Kind::none : TileGeometry::Kind::lines;
      return to;
    case Kind::polygon:
    case Kind::multi_polygon:
      add_polygons(geometry, project, how, to);
      to.kind = to.lines.empty() ? TileGeometry::Kind::none : TileGeometry::Kind::polygons;
      return to;
  }
  return to;
}

}  // namespace cityloom::space
