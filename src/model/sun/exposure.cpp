// A sweep says how high the shadow reaches at every cell: each part's point is held against it.
#include "model/sun/exposure.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

#include "model/sun/ground.hpp"

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;
// A roof's own cells lie at the height of its points.
constexpr double hair_m = 0.01;

double signed_area(const Ring& ring) {
  double sum = 0;
  for (size_t i = 0; i < ring.size(); ++i) {
    const Corner &a = ring[i], &b = ring[(i + 1) % ring.size()];
    sum += (a.x - ring[0].x) * (b.y - ring[0].y) - (b.x - ring[0].x) * (a.y - ring[0].y);
  }
  return sum / 2;
}

// The parts of one wall, from its ground to the building's top.
class Walls {
 public:
  Walls(const GridFile& ground, const GridFile& raised, const Site& site, const Cut& cut, std::vector<Part>& parts)
      : ground_(ground), raised_(raised), site_(site), cut_(cut), parts_(parts) {}

  void add(size_t building, size_t edge, const Corner& from, const Corner& to, bool is_inside_left, double top_m) {
    const double dx = (to.x - from.x) * site_.cell_x_m / ground_.cell_x;
    const double dy = (to.y - from.y) * site_.cell_y_m / ground_.cell_y;
    const double length = std::hypot(dx, dy);
    if (!(length >= cut_.wall_m_min)) return;
    const double side = is_inside_left ? 1 : -1, out_x = side * dy / length, out_y = -side * dx / length;
    const auto count = static_cast<size_t>(std::min(std::ceil(length / cut_.length_m), 10'000.0));
    for (size_t k = 0; k < count && parts_.size() < parts_max; ++k) {
      const double share = (static_cast<double>(k) + 0.5) / static_cast<double>(count);
      const double x = from.x + (to.x - from.x) * share, y = from.y + (to.y - from.y) * share;
      Part part{Part::Kind::facade, building, edge, 0, 90, 0, x, y, 0};
      part.azimuth_deg = std::fmod(std::atan2(out_x, out_y) / degree + site_.north_deg + 720, 360);
      if (find_free(part, out_x, out_y, top_m)) add_storeys(part, length / static_cast<double>(count), top_m);
    }
  }

 private:
  // Steps out of the wall to the first cell that lies lower than the building's top.
  bool find_free(Part& part, double out_x, double out_y, double top_m) {
    const double x = part.x, y = part.y;
    for (const double cells : {0.6, 1.1, 1.6, 2.1}) {
      part.x = x + out_x * cells * ground_.cell_x;
      part.y = y + out_y * cells * ground_.cell_y;
      const auto cell = ground_.cell_at(part.x, part.y);
      if (!cell) return false;
      const size_t at = cell->second * ground_.columns + cell->first;
      if (std::isnan(raised_.values[at]) || raised_.values[at] >= top_m - 0.5) continue;
      free_m_ = raised_.values[at];
      return true;
    }
    return false;
  }

  void add_storeys(Part part, double length_m, double top_m) {
    const double height = top_m - free_m_;
    const auto storeys = static_cast<size_t>(std::ceil(std::min(height / cut_.storey_m, 1000.0)));
    for (size_t storey = 0; storey < storeys; ++storey) {
      part.area_m2 = length_m * height / static_cast<double>(storeys);
      part.height_m = free_m_ + height * (static_cast<double>(storey) + 0.5) / static_cast<double>(storeys);
      parts_.push_back(part);
    }
  }

  const GridFile &ground_, &raised_;
  const Site& site_;
  const Cut& cut_;
  std::vector<Part>& parts_;
  double free_m_ = 0;
};

}  // namespace

base::Result<std::vector<Part>> cut_surfaces(const std::vector<Building>& buildings, const GridFile& ground,
                                             const GridFile& raised, const Site& site, const Cut& cut) {
  std::vector<Part> parts;
  Walls walls(ground, raised, site, cut, parts);
  for (size_t number = 0; number < buildings.size(); ++number) {
    const Building& building = buildings[number];
    const Standing standing = stand(building, ground);
    if (!(building.height_m > 0) || standing.cells.empty()) continue;
    if (parts.size() + standing.cells.size() > parts_max)
      return fail(Code::too_large, fmt::format("the surfaces have more than {} parts", parts_max), building.name,
                  "take fewer buildings or a coarser terrain");
    const double top_m = standing.ground_m + building.height_m;
    for (const size_t cell : standing.cells) {
      if (raised.values[cell] > top_m + hair_m) continue;
      parts.push_back({Part::Kind::roof, number, 0, site.cell_x_m * site.cell_y_m, 0, 180,
                       ground.west + (static_cast<double>(cell % ground.columns) + 0.5) * ground.cell_x,
                       ground.south + (static_cast<double>(cell / ground.columns) + 0.5) * ground.cell_y, top_m});
    }
    size_t edge = 0;
    for (size_t ring = 0; ring < building.rings.size(); ++ring) {
      const Ring& line = building.rings[ring];
      // GeoJSON of before 2016 turns rings either way: the first is taken as the outer one, as are others beside it.
      const bool is_left = signed_area(line) > 0;
      const Corner at = line[0];
      bool is_hole = false;
      for (size_t other = 0; other < ring; ++other) {
        const Ring& around = building.rings[other];
        for (size_t i = 0; i < around.size(); ++i) {
          const Corner &a = around[i], &b = around[(i + 1) % around.size()];
          if ((a.y <= at.y) != (b.y <= at.y) && a.x + (at.y - a.y) / (b.y - a.y) * (b.x - a.x) > at.x)
            is_hole = !is_hole;
        }
      }
      for (size_t i = 0; i < line.size(); ++i, ++edge)
        walls.add(number, edge, line[i], line[(i + 1) % line.size()], is_left != is_hole, top_m);
    }
  }
  if (parts.size() >= parts_max)
    return fail(Code::too_large, fmt::format("the surfaces have more than {} parts", parts_max), "buildings",
                "take fewer buildings or a coarser terrain");
  return parts;
}

base::Result<std::vector<std::vector<bool>>> exposure(const GridFile& raised, const Site& site,
                                                      const std::vector<Part>& parts,
                                                      const std::vector<Direction>& directions,
                                                      const std::function<bool(double)>& goes_on) {
  const auto ground = ground_of(raised, site.cell_x_m, site.cell_y_m);
  if (!ground) return ground.error();
  std::vector<std::vector<bool>> lit(directions.size());
  const size_t batch = std::clamp<size_t>((size_t{256} << 20) / (ground->cells() * sizeof(float)), 1, 8);
  std::vector<float> heights(batch * ground->cells());
  for (size_t first = 0; first < directions.size(); first += batch) {
    if (goes_on && !goes_on(static_cast<double>(first) / static_cast<double>(directions.size())))
      return fail(Code::cancelled, "stopped");
    tbb::parallel_for(size_t{0}, std::min(batch, directions.size() - first), [&](size_t k) {
      const Direction& to = directions[first + k];
      std::vector<bool>& here = lit[first + k];
      here.assign(parts.size(), false);
      if (!(to.elevation_deg > 0)) return;
      const Course course = course_of(to.azimuth_deg - site.north_deg, site.cell_x_m, site.cell_y_m);
      float* const reach = heights.data() + k * ground->cells();
      find_shadow_heights(ground->of(course), course, std::min(std::tan(to.elevation_deg * degree), 1e4), reach);
      for (size_t i = 0; i < parts.size(); ++i) {
        const Part& part = parts[i];
        if (!(cosine_of_incidence({part.tilt_deg, part.azimuth_deg}, 90 - to.elevation_deg, to.azimuth_deg) > 1e-9))
          continue;
        const auto cell = raised.cell_at(part.x, part.y);
        if (!cell) continue;
        const size_t at =
            course.is_turned ? cell->first * raised.rows + cell->second : cell->second * raised.columns + cell->first;
        here[i] = static_cast<double>(reach[at]) + ground->base_m <= part.height_m + hair_m;
      }
    });
  }
  return lit;
}

base::Result<std::vector<double>> sky_share(const GridFile& raised, const Site& site, const std::vector<Part>& parts,
                                            const std::function<bool(double)>& goes_on) {
  constexpr size_t azimuths = 16, bands = 6;
  std::vector<Direction> directions;
  // Bands of the same light on level ground.
  for (size_t band = 0; band < bands; ++band) {
    for (size_t k = 0; k < azimuths; ++k)
      directions.push_back({(static_cast<double>(k) + 0.5) * 360 / azimuths,
                            std::asin(std::sqrt((static_cast<double>(band) + 0.5) / bands)) / degree});
  }
  const auto lit = exposure(raised, site, parts, directions, goes_on);
  if (!lit) return lit.error();
  std::vector<double> share(parts.size());
  tbb::parallel_for(size_t{0}, parts.size(), [&](size_t i) {
    double seen = 0, all = 0;
    for (size_t k = 0; k < directions.size(); ++k) {
      const double elevation = directions[k].elevation_deg;
      const double weight = std::max(0.0, cosine_of_incidence({parts[i].tilt_deg, parts[i].azimuth_deg}, 90 - elevation,
                                                              directions[k].azimuth_deg)) /
                            std::sin(elevation * degree);
      all += weight;
      seen += (*lit)[k][i] ? weight : 0;
    }
    // The whole sky before a plane is known; the bands only say how much of it is free.
    share[i] = all > 0 ? seen / all * (1 + std::cos(parts[i].tilt_deg * degree)) / 2 : 0;
  });
  return share;
}

}  // namespace cityloom::model::sun
