// Dam breaks (Stoker 1957, Ritter 1892), Thacker's paraboloid (1981), a jump behind a bump (Goutal and Maurel 1997),
// MacDonald's steady flow (1997), lakes at rest, and a slow flood wave of local inertia.
#include "model/flood/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/flood/shallow_water.hpp"
#include "model/flood/soil.hpp"

namespace cityloom::model::flood {
namespace {

struct Line {
  std::vector<double> x, y;
};

std::string points_of(const Line& line, double x_most, double y_least, double y_most) {
  std::string points;
  for (size_t i = 0; i < line.x.size(); ++i)
    points += fmt::format("{:.1f},{:.1f} ", 20 + 360 * line.x[i] / x_most,
                          180 - 160 * (line.y[i] - y_least) / std::max(y_most - y_least, 1e-12));
  return points;
}

// Ours as a line, the published answer broken, and the bed where there is one.
std::string picture(const std::string& title, const Line& ours, const Line& published, const Line& bed = {}) {
  double least = 1e300, most = -1e300, far = 1e-300;
  for (const Line* line : {&ours, &published, &bed}) {
    for (const double y : line->y) least = std::min(least, y), most = std::max(most, y);
    for (const double x : line->x) far = std::max(far, x);
  }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 400 200\" font-family=\"sans-serif\" font-size=\"10\">"
      "<rect width=\"400\" height=\"200\" fill=\"white\"/><text x=\"20\" y=\"12\">{}: ours (blue), published "
      "(red)</text>"
      "<text x=\"20\" y=\"196\">0</text><text x=\"380\" y=\"196\" text-anchor=\"end\">{:.4g} m</text>"
      "<text x=\"2\" y=\"24\">{:.3g}</text><text x=\"2\" y=\"182\">{:.3g}</text>",
      title, far, most, least);
  const auto add = [&](const Line& line, const char* style) {
    if (!line.x.empty())
      svg += fmt::format("<polyline fill=\"none\" {} points=\"{}\"/>", style, points_of(line, far, least, most));
  };
  add(bed, "stroke=\"#777\"");
  add(ours, "stroke=\"#06c\" stroke-width=\"2\"");
  add(published, "stroke=\"#c00\" stroke-dasharray=\"4 3\"");
  return svg + "</svg>";
}

ValidationCase of(std::string name, std::string quantity, std::string source, std::string unit, double published,
                  double ours, double error_max, bool is_relative = true) {
  ValidationCase it;
  it.name = std::move(name);
  it.quantity = std::move(quantity);
  it.source = std::move(source);
  it.unit = std::move(unit);
  it.published = published;
  it.ours = ours;
  it.error = std::abs(ours - published) / (is_relative ? std::abs(published) : 1);
  it.error_max = error_max;
  it.error_unit = is_relative ? "" : it.unit;
  return it;
}

Options with(double dry_m, double gravity = 9.81) {
  Options options;
  options.dry_m = dry_m;
  options.gravity = gravity;
  return options;
}

Terrain channel(size_t cells, double cell_m, const std::function<double(double)>& bed_m) {
  Terrain terrain{cells, 1, cell_m, cell_m, std::vector<double>(cells)};
  for (size_t i = 0; i < cells; ++i) terrain.bed_m[i] = bed_m((static_cast<double>(i) + 0.5) * cell_m);
  return terrain;
}

template <class Real>
Line surface_of(const ShallowWater<Real>& water, double cell_m) {
  Line line;
  for (size_t i = 0; i < water.columns(); ++i) {
    line.x.push_back((static_cast<double>(i) + 0.5) * cell_m);
    line.y.push_back(water.bed_m(i, 0) + water.depth_m(i, 0));
  }
  return line;
}

Line bed_of(const Terrain& terrain) {
  Line line;
  for (size_t i = 0; i < terrain.columns; ++i) {
    line.x.push_back((static_cast<double>(i) + 0.5) * terrain.cell_x_m);
    line.y.push_back(terrain.bed_m[i]);
  }
  return line;
}

// h1 = 10 m, h0 = 1 m, g = 9.8.
void add_stoker(Validation& all) {
  const std::string name = "dam break on a wet bed", source = "Stoker 1957, Water Waves";
  const double deep = 3.961748, speed = 7.337027, shock = 9.814289, time_s = 30;
  ShallowWater<float> water(channel(1'000, 1, [](double) { return 0; }), with(1e-6, 9.8));
  water.set_boundary(Side::west, {Boundary::Kind::open, 0});
  water.set_boundary(Side::east, {Boundary::Kind::open, 0});
  for (size_t i = 0; i < 1'000; ++i) water.set_depth(i, 0, i < 500 ? 10 : 1);
  water.run(time_s);
  Line published;
  for (int x = 0; x < 1'000; x += 2) {
    const double over_t = (x - 500) / time_s, wave = std::sqrt(98);
    const double fan = std::pow(2 * wave - over_t, 2) / (9 * 9.8);
    published.x.push_back(x);
    published.y.push_back(over_t < -wave ? 10 : over_t > shock ? 1 : std::clamp(fan, deep, 10.0));
  }
  size_t front = 999;
  while (front > 0 && water.depth_m(front, 0) < (deep + 1) / 2) --front;
  all.push_back(of(name, "depth behind the shock", source, "m", deep, water.depth_m(700, 0), 1e-3));
  all.back().picture_svg = picture(name, surface_of(water, 1), published);
  all.push_back(of(name, "speed behind the shock", source, "m/s", speed,
                   water.flow_x_m2_s(700, 0) / water.depth_m(700, 0), 1e-3));
  all.push_back(
      of(name, "place of the shock", source, "m", 500 + shock * time_s, static_cast<double>(front) + 1, 2, false));
}

// A dam breaks onto a dry bed: the front runs with 2 sqrt(g h).
void add_ritter(Validation& all) {
  const double time_s = 6, wave = std::sqrt(9.81 * 5);
  ShallowWater<float> water(channel(1'000, 0.5, [](double) { return 0; }), with(1e-6));
  for (size_t i = 0; i < 1'000; ++i) water.set_depth(i, 0, i < 500 ? 5 : 0);
  water.run(time_s);
  Line published, ours = surface_of(water, 0.5);
  double sum = 0, whole = 0;
  for (const double x : ours.x) {
    const double over_t = (x - 250) / time_s;
    published.x.push_back(x);
    published.y.push_back(over_t < -wave ? 5 : over_t > 2 * wave ? 0 : std::pow(2 * wave - over_t, 2) / (9 * 9.81));
  }
  for (size_t i = 0; i < ours.y.size(); ++i) {
    sum += std::abs(ours.y[i] - published.y[i]);
    whole += published.y[i];
  }
  const std::string name = "dam break on a dry bed", source = "Ritter 1892";
  const double at_dam = std::pow(2 * wave, 2) / (9 * 9.81);
  all.push_back(of(name, "depth where the dam stood", source, "m", at_dam,
                   (water.depth_m(499, 0) + water.depth_m(500, 0)) / 2, 5e-3));
  all.back().picture_svg = picture(name, ours, published);
  all.push_back(of(name, "mean error of the depth, of the mean depth", source, "", 0, sum / whole, 5e-3, false));
}

double thacker_error_m(size_t cells, Line& ours, Line& published) {
  const double side_m = 4, depth_m = 0.1, reach_m = 0.8, gravity = 9.81;
  const double amplitude = (1 - reach_m * reach_m) / (1 + reach_m * reach_m);
  Terrain terrain{cells, cells, side_m / static_cast<double>(cells), side_m / static_cast<double>(cells),
                  std::vector<double>(cells * cells)};
  const auto place = [&](size_t i) { return (static_cast<double>(i) + 0.5) * terrain.cell_x_m - side_m / 2; };
  const auto bed = [&](size_t x, size_t y) { return depth_m * (place(x) * place(x) + place(y) * place(y) - 1); };
  const auto depth = [&](size_t x, size_t y) {
    const double square = place(x) * place(x) + place(y) * place(y), narrow = 1 - amplitude;
    const double surface = depth_m * (std::sqrt(1 - amplitude * amplitude) / narrow - 1 -
                                      square * ((1 - amplitude * amplitude) / (narrow * narrow) - 1));
    return std::max(0.0, surface - bed(x, y));
  };
  for (size_t y = 0; y < cells; ++y) {
    for (size_t x = 0; x < cells; ++x) terrain.bed_m[terrain.at(x, y)] = bed(x, y);
  }
  ShallowWater<double> water(terrain, with(1e-8));
  for (size_t y = 0; y < cells; ++y) {
    for (size_t x = 0; x < cells; ++x) {
      if (depth(x, y) > 0) water.set_depth(x, y, depth(x, y));
    }
  }
  water.run(2 * M_PI / std::sqrt(8 * gravity * depth_m));  // then it is as it was
  double sum = 0, count = 0;
  ours = published = {};
  for (size_t y = 0; y < cells; ++y) {
    for (size_t x = 0; x < cells; ++x) {
      if (y == cells / 2) {
        ours.x.push_back(place(x) + side_m / 2), published.x.push_back(place(x) + side_m / 2);
        ours.y.push_back(bed(x, y) + water.depth_m(x, y)), published.y.push_back(bed(x, y) + depth(x, y));
      }
      if (std::hypot(place(x), place(y)) > 0.5) continue;
      sum += std::abs(water.depth_m(x, y) - depth(x, y));
      ++count;
    }
  }
  return sum / count;
}

void add_thacker(Validation& all) {
  Line ours, published;
  const double coarse = thacker_error_m(100, ours, published), fine = thacker_error_m(200, ours, published);
  const std::string name = "lake that swings in a paraboloid";
  ValidationCase it = of(name, "order of the error between 100 and 200 cells, wet interior",
                         "Thacker 1981, J. Fluid Mech. 107", "", 2, std::log2(coarse / fine), 0.5, false);
  it.error = std::max(0.0, 2 - it.ours);  // above it is no mistake
  it.picture_svg = picture(name, ours, published);
  all.push_back(std::move(it));
}

// Subcritical, shooting behind the bump, a jump: q = 0.18 m2/s, 0.33 m at the end.
void add_bump(Validation& all) {
  const Terrain terrain =
      channel(250, 0.1, [](double x) { return x > 8 && x < 12 ? 0.2 - 0.05 * (x - 10) * (x - 10) : 0; });
  ShallowWater<double> water(terrain, with(1e-6));
  water.set_boundary(Side::west, {Boundary::Kind::discharge, 0.18});
  water.set_boundary(Side::east, {Boundary::Kind::level, 0.33});
  for (size_t i = 0; i < 250; ++i) water.set_depth(i, 0, 0.33 - terrain.bed_m[i]);
  water.run(200);
  double worst = 0.18;
  for (const size_t i : {5u, 60u, 90u, 200u, 240u}) {
    if (std::abs(water.flow_x_m2_s(i, 0) - 0.18) > std::abs(worst - 0.18)) worst = water.flow_x_m2_s(i, 0);
  }
  // Bernoulli: energy over the bump is that of critical flow at its top.
  const double critical = std::cbrt(0.18 * 0.18 / 9.81), energy = 0.2 + 1.5 * critical;
  Line published;
  for (size_t i = 0; i < 250; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * 0.1;
    if (x > 10) break;
    double h = 0.41;
    for (int step = 0; step < 60; ++step) {
      const double excess = terrain.bed_m[i] + h + 0.18 * 0.18 / (2 * 9.81 * h * h) - energy;
      h = std::max(critical * (1 + 1e-9), h - excess / std::max(1 - 0.18 * 0.18 / (9.81 * h * h * h), 1e-3));
    }
    published.x.push_back(x), published.y.push_back(terrain.bed_m[i] + h);
  }
  const std::string name = "transcritical flow over a bump, with a jump", source = "Goutal and Maurel 1997";
  all.push_back(of(name, "depth before the bump", source, "m", 0.41373588752, water.depth_m(5, 0), 1e-3));
  all.back().picture_svg = picture(name, surface_of(water, 0.1), published, bed_of(terrain));
  all.push_back(of(name, "discharge, where it is farthest off", source, "m2/s", 0.18, worst, 2e-3));
}

// A bed made for a given depth h(x) by the steady equation with Manning's friction: subcritical, 1,000 m, q = 2 m2/s.
void add_macdonald(Validation& all) {
  const double q = 2, n = 0.033, g = 9.81, cell_m = 5;
  const auto depth = [&](double x) {
    return std::cbrt(4 / g) * (1 + 0.5 * std::exp(-16 * std::pow(x / 1'000 - 0.5, 2)));
  };
  const auto slope = [&](double x) {
    const double h = depth(x), along = (depth(x + 0.01) - depth(x - 0.01)) / 0.02;
    return (1 - q * q / (g * h * h * h)) * along + n * n * q * q / std::pow(h, 10.0 / 3);
  };
  std::vector<double> bed(200);
  for (size_t i = bed.size(); i-- > 0;) {  // from the outlet upwards
    const double x = (static_cast<double>(i) + 0.5) * cell_m;
    double fall = 0;
    const double span = i + 1 < bed.size() ? cell_m : cell_m / 2;
    for (int part = 0; part < 50; ++part) fall += slope(x + (part + 0.5) * span / 50) * span / 50;
    bed[i] = fall + (i + 1 < bed.size() ? bed[i + 1] : 0);
  }
  const Terrain terrain = channel(200, cell_m, [&](double x) { return bed[static_cast<size_t>(x / cell_m)]; });
  ShallowWater<double> water(terrain, with(1e-6));
  water.set_boundary(Side::west, {Boundary::Kind::discharge, q});
  water.set_boundary(Side::east, {Boundary::Kind::level, depth(1'000) + bed.back()});
  for (size_t i = 0; i < 200; ++i) {
    water.set_manning(i, 0, n);
    water.set_depth(i, 0, depth((static_cast<double>(i) + 0.5) * cell_m));
    water.set_flow(i, 0, q, 0);
  }
  water.run(2'000);
  Line published;
  double sum = 0, whole = 0;
  for (size_t i = 0; i < 200; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * cell_m;
    published.x.push_back(x), published.y.push_back(bed[i] + depth(x));
    sum += std::abs(water.depth_m(i, 0) - depth(x)), whole += depth(x);
  }
  const std::string name = "steady flow over a bed made for it, with friction",
                    source = "MacDonald, Baines, Nichols, Samuels 1997, J. Hydraul. Eng. 123";
  all.push_back(of(name, "depth in the middle", source, "m", depth(500), water.depth_m(100, 0), 5e-3));
  all.back().picture_svg = picture(name, surface_of(water, cell_m), published, bed_of(terrain));
  all.push_back(of(name, "mean error of the depth, of the mean depth", source, "", 0, sum / whole, 5e-3, false));
}

template <class Real>
void add_lake(Validation& all, const std::string& kind, double error_max, Scheme scheme) {
  Terrain terrain{80, 60, 1, 1, {}};
  for (int y = 0; y < 60; ++y) {
    for (int x = 0; x < 80; ++x)
      terrain.bed_m.push_back(3 * std::sin(x * 0.2) * std::cos(y * 0.3) + 0.1 * ((x * 7 + y * 13) % 5));
  }
  Options options = with(1e-4);
  options.scheme = scheme;
  ShallowWater<Real> water(terrain, options);
  for (size_t y = 0; y < 60; ++y) {
    for (size_t x = 0; x < 80; ++x) water.set_depth(x, y, std::max(0.0, 1.5 - water.bed_m(x, y)));
  }
  water.run(30);
  double fastest = 0;
  Line ours, bed;
  for (size_t y = 0; y < 60; ++y) {
    for (size_t x = 0; x < 80; ++x) {
      const double h = water.depth_m(x, y);
      if (y == 30) {
        ours.x.push_back(static_cast<double>(x)), bed.x.push_back(static_cast<double>(x));
        ours.y.push_back(water.bed_m(x, y) + h), bed.y.push_back(water.bed_m(x, y));
      }
      if (h > 1e-3) fastest = std::max(fastest, std::hypot(water.flow_x_m2_s(x, y), water.flow_y_m2_s(x, y)) / h);
    }
  }
  const std::string name = "lake at rest with islands, " + kind;
  all.push_back(
      of(name, "fastest speed after 30 s", "Audusse et al. 2004 (exact: none)", "m/s", 0, fastest, error_max, false));
  all.back().picture_svg = picture(name, ours, {}, bed);
}

// A flood wave on a flat bed with friction that keeps its speed: h(x, t) = (7/3 n^2 u^2 (u t - x))^(3/7).
void add_slow_wave(Validation& all) {
  const double n = 0.03, u = 0.6, cell_m = 25, time_s = 3'600;
  const auto depth = [&](double x, double t) {
    return u * t > x ? std::pow(7.0 / 3 * n * n * u * u * (u * t - x), 3.0 / 7) : 0;
  };
  Options options = with(1e-4);
  options.scheme = Scheme::local_inertia;
  options.courant = 0.6;
  options.step_max_s = 10;
  ShallowWater<float> water(channel(160, cell_m, [](double) { return 0; }), options);
  for (size_t i = 0; i < 160; ++i) water.set_manning(i, 0, n);
  while (water.time_s() < time_s) {
    water.set_boundary(Side::west, {Boundary::Kind::discharge, u * depth(0, water.time_s() + 5)});
    water.step(std::min(10.0, time_s - water.time_s()));
  }
  Line published, ours = surface_of(water, cell_m);
  double sum = 0, whole = 0;
  for (size_t i = 0; i < 160; ++i) {
    published.x.push_back(ours.x[i]), published.y.push_back(depth(ours.x[i], time_s));
    sum += std::abs(ours.y[i] - published.y[i]), whole += published.y[i];
  }
  const std::string name = "slow flood wave, local inertia",
                    source = "Hunter et al. 2005; Bates, Horritt, Fewtrell 2010, J. Hydrol. 387";
  all.push_back(of(name, "depth 1 km from the inlet after an hour", source, "m", depth(1'012.5, time_s),
                   water.depth_m(40, 0), 0.02));
  all.back().picture_svg = picture(name, ours, published);
  all.push_back(of(name, "mean error of the depth, of the mean depth", source, "", 0, sum / whole, 0.02, false));
}

// Silt loam, ponded for an hour.
void add_green_ampt(Validation& all) {
  const GreenAmptSoil soil{6.5, 166.8, 0.340};
  double soaked_m = 0;
  for (int second = 0; second < 3'600; second += 10) soaked_m += 10 * green_ampt_rate_m_s(soil, soaked_m, 10);
  all.push_back(of("ponded silt loam takes water", "depth taken in an hour",
                   "Chow, Maidment, Mays 1988, Applied Hydrology, example 4.3.1 (Green and Ampt)", "cm", 3.17,
                   soaked_m * 100, 5e-3));
}

}  // namespace

Validation validate_flood() {
  Validation all;
  add_stoker(all);
  add_ritter(all);
  add_thacker(all);
  add_bump(all);
  add_macdonald(all);
  add_lake<double>(all, "double", 1e-12, Scheme::full);
  add_lake<float>(all, "float", 1e-4, Scheme::full);
  add_lake<double>(all, "local inertia, double", 1e-12, Scheme::local_inertia);
  add_slow_wave(all);
  add_green_ampt(all);
  return all;
}

}  // namespace cityloom::model::flood
