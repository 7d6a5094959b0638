#include "rehearsal/lots.hpp"

#include <algorithm>
#include <cmath>

namespace cityloom::rehearsal {

Oblong fit_oblong(const Quad& lot, double margin_m, double length_m, double depth_m) {
  Oblong oblong;
  oblong.centre = within(lot, 0.5, 0.5);
  oblong.along = unit_of(middle(lot[1], lot[2]) - middle(lot[0], lot[3]));
  const Point across = left_of(oblong.along);
  double scale = 1;
  for (size_t i = 0; i < 4; ++i) {
    const Point side = unit_of(lot[(i + 1) % 4] - lot[i]);
    const Point inwards = left_of(side);
    const double room_m = dot(inwards, oblong.centre - lot[i]) - margin_m;
    const double reach_m =
        (std::abs(dot(inwards, oblong.along)) * length_m + std::abs(dot(inwards, across)) * depth_m) / 2;
    if (reach_m > 0) scale = std::min(scale, room_m / reach_m);
  }
  if (scale <= 0) return oblong;
  oblong.half_length_m = length_m / 2 * scale;
  oblong.half_depth_m = depth_m / 2 * scale;
  return oblong;
}

Ring outline_ring(const Oblong& oblong, Outline outline, double share, bool mirrored) {
  const double a = oblong.half_length_m, b = oblong.half_depth_m;
  std::vector<Point> corners;
  switch (outline) {
    case Outline::plain:
      corners = {{-a, -b}, {a, -b}, {a, b}, {-a, b}};
      break;
    case Outline::angle:
      corners = {
          {-a, -b}, {a, -b}, {a, b - 2 * b * share}, {a - 2 * a * share, b - 2 * b * share}, {a - 2 * a * share, b},
          {-a, b}};
      break;
    case Outline::court: {
      const double half = a * share;
      const double deep = b - 2 * b * share;
      corners = {{-a, -b}, {a, -b}, {a, b}, {half, b}, {half, deep}, {-half, deep}, {-half, b}, {-a, b}};
      break;
    }
    case Outline::stepped: {
      const double step = b * share * 0.6;
      corners = {{-a, -b}, {0, -b}, {0, -b + step}, {a, -b + step}, {a, b}, {0, b}, {0, b - step}, {-a, b - step}};
      break;
    }
    case Outline::eight: {
      const double cut = std::min(a, b) * share;
      corners = {{-a + cut, -b}, {a - cut, -b}, {a, -b + cut}, {a, b - cut},
                 {a - cut, b},   {-a + cut, b}, {-a, b - cut}, {-a, -b + cut}};
      break;
    }
  }
  const Point across = left_of(oblong.along);
  Ring ring;
  for (Point corner : corners) {
    if (mirrored) corner.x = -corner.x;
    ring.push_back(oblong.centre + oblong.along * corner.x + across * corner.y);
  }
  if (mirrored) std::reverse(ring.begin(), ring.end());
  return ring;
}

}  // namespace cityloom::rehearsal
