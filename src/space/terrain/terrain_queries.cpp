// What is asked of the ground: heights, slopes, profiles, sight.
#include <algorithm>
#include <cmath>

#include "space/earth.hpp"
#include "space/terrain/terrain.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr double degree_m = earth_semi_major_m * radians_per_degree;

// Between nodes of the finest model that covers the place; nothing if none does.
std::optional<double> step_deg_at(const Relief& relief, const twin::Position& place) {
  for (const Relief::Area& area : relief.areas()) {
    if (place.longitude_deg >= area.box.west_deg && place.longitude_deg <= area.box.east_deg &&
        place.latitude_deg >= area.box.south_deg && place.latitude_deg <= area.box.north_deg) {
      return area.step_deg;
    }
  }
  return std::nullopt;
}

// Between two places, on the straight line of longitude and latitude: for the short pieces of a profile a geodesic to
// within millimetres.
twin::Position between(const twin::Position& from, const twin::Position& to, double part) {
  return {from.longitude_deg + part * (to.longitude_deg - from.longitude_deg),
          from.latitude_deg + part * (to.latitude_deg - from.latitude_deg)};
}

}  // namespace

base::Result<std::optional<double>> height_m_at(const Relief& relief, const twin::Position& place) {
  return ReliefSampler(relief).height_m(place.longitude_deg, place.latitude_deg);
}

base::Result<std::optional<Slope>> slope_at(const Relief& relief, const twin::Position& place) {
  const auto step_deg = step_deg_at(relief, place);
  if (!step_deg) return std::optional<Slope>();
  const double east_m = degree_m * std::max(0.01, std::cos(place.latitude_deg * radians_per_degree));
  const double east_deg = *step_deg * degree_m / east_m;  // so that both steps are equally long
  ReliefSampler sampler(relief);
  double heights[3][3];
  for (int row = 0; row < 3; ++row) {
    for (int column = 0; column < 3; ++column) {
      const auto height_m =
          sampler.height_m(place.longitude_deg + (column - 1) * east_deg, place.latitude_deg + (1 - row) * *step_deg);
      if (!height_m) return height_m.error();
      if (!height_m->has_value()) return std::optional<Slope>();
      heights[row][column] = **height_m;
    }
  }
  const double run_m = 8 * *step_deg * degree_m;
  const double to_east =
      (heights[0][2] + 2 * heights[1][2] + heights[2][2] - heights[0][0] - 2 * heights[1][0] - heights[2][0]) / run_m;
  const double to_north =
      (heights[0][0] + 2 * heights[0][1] + heights[0][2] - heights[2][0] - 2 * heights[2][1] - heights[2][2]) / run_m;
  Slope slope;
  slope.slope_deg = std::atan(std::hypot(to_east, to_north)) / radians_per_degree;
  if (slope.slope_deg > 0.01) {
    const double falls_to = std::atan2(-to_east, -to_north) / radians_per_degree;
    slope.aspect_deg = falls_to < 0 ? falls_to + 360 : falls_to;
  }
  return std::optional(slope);
}

base::Result<std::vector<ProfilePoint>> profile_along(const Relief& relief, const std::vector<twin::Position>& line,
                                                      double step_m) {
  if (line.size() < 2) return fail(Code::invalid, "a profile needs a line of at least two places");
  if (!(step_m > 0)) return fail(Code::invalid, "the step of a profile must be positive");
  if (line.size() > profile_points_max ||
      length_m(line) / step_m + static_cast<double>(line.size()) > profile_points_max) {
    return fail(Code::too_large, "the profile would have more than " + std::to_string(profile_points_max) + " points",
                {}, "ask with a longer step or a shorter line");
  }
  std::vector<ProfilePoint> points;
  ReliefSampler sampler(relief);
  double before_m = 0;
  for (size_t piece = 0; piece + 1 < line.size(); ++piece) {
    const double piece_m = distance_m(line[piece], line[piece + 1]);
    const auto steps = static_cast<size_t>(std::max(1.0, std::ceil(piece_m / step_m - 1e-9)));
    const bool is_last = piece + 2 == line.size();
    for (size_t step = 0; step < steps + (is_last ? 1 : 0); ++step) {
      const double along_m = std::min(static_cast<double>(step) * step_m, piece_m);
      ProfilePoint point{before_m + along_m,
                         between(line[piece], line[piece + 1], piece_m > 0 ? along_m / piece_m : 0)};
      const auto height_m = sampler.height_m(point.place.longitude_deg, point.place.latitude_deg);
      if (!height_m) return height_m.error();
      if (height_m->has_value()) point.place.height_m = **height_m;
      points.push_back(point);
    }
    before_m += piece_m;
  }
  return points;
}

base::Result<Sight> sight_between(const Relief& relief, const twin::Position& eye, const twin::Position& target) {
  if (!eye.has_height() || !target.has_height()) {
    return fail(Code::invalid, "sight needs the heights of both ends above the ellipsoid");
  }
  const Vector from = ecef_of(eye), to = ecef_of(target);
  Sight sight;
  sight.distance_m = length_of(to - from);
  double finest_deg = 1.0 / 1'200;
  for (const Relief::Area& area : relief.areas()) finest_deg = std::min(finest_deg, area.step_deg);
  // An eighth of a node where that is not too much; half of one is the least.
  const double node_m = std::max(8.0, finest_deg * degree_m);
  const double step_m = std::max(node_m / 8, 2 * sight.distance_m / profile_points_max);
  if (step_m > node_m / 2) {
    return fail(Code::too_large, "the places are too far apart for this terrain", {}, "ask for a shorter line");
  }
  const size_t steps = 2 * (static_cast<size_t>(std::ceil(sight.distance_m / step_m / 2)) + 1);  // the middle is one
  ReliefSampler sampler(relief);
  sight.least_clearance_m = std::numeric_limits<double>::infinity();
  for (size_t step = 1; step < steps; ++step) {
    const twin::Position at =
        position_of(from + (to - from) * (static_cast<double>(step) / static_cast<double>(steps)));
    const auto height_m = sampler.height_m(at.longitude_deg, at.latitude_deg);
    if (!height_m) return height_m.error();
    if (!height_m->has_value()) {
      sight.is_complete = false;
      continue;
    }
    const double clearance_m = at.height_m - **height_m;
    sight.least_clearance_m = std::min(sight.least_clearance_m, clearance_m);
    if (clearance_m < 0 && !sight.obstacle) {
      sight.obstacle = twin::Position{at.longitude_deg, at.latitude_deg, **height_m};
    }
  }
  if (std::isinf(sight.least_clearance_m)) sight.least_clearance_m = std::min(eye.height_m, target.height_m);
  sight.is_clear = !sight.obstacle.has_value();
  return sight;
}

}  // namespace cityloom::space
