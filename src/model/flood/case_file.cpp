// Reads cases. The keys are told in docs/flood.md.
#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/yaml_map.hpp"
#include "model/flood/case.hpp"
#include "model/flood/case_sections.hpp"

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;
using base::YamlMap;

using Cells = std::vector<std::pair<size_t, size_t>>;

constexpr double height_max_m = 20'000;  // of anything, upwards and downwards
constexpr double rate_max = 1e6;         // of mm/h, m3/s and m2/s: past all that ever flowed

std::optional<double> number_of(base::YamlFile& file, const YAML::Node& node) {
  try {
    const auto number = node.as<double>();
    if (std::isfinite(number)) return number;
  } catch (const YAML::Exception&) {
  }
  file.mistake(node, "not a number");
  return std::nullopt;
}

class CaseReader {
 public:
  CaseReader(base::YamlFile& file, std::filesystem::path folder) : file_(file), folder_(std::move(folder)) {}

  base::Result<Case> read(const YAML::Node& document) {
    YamlMap map(file_, document, "a flood case");
    const std::string path = map.required_text("terrain", "name an ESRI ASCII grid or a GeoTIFF of heights in metres");
    if (file_.error()) return *file_.error();
    auto terrain = read_grid(beside(path));
    if (!terrain) return terrain.error();
    case_.terrain = std::move(terrain).value();
    for (const double height : case_.terrain.values) {
      if (std::abs(height) > height_max_m)
        return fail(Code::invalid, fmt::format("the terrain has a height of {} m", height), beside(path),
                    "declare what stands for no value (NODATA), or mend the file");
    }
    if (auto whole = take_holes(map); !whole) return whole.error();
    if (auto grids = take_grids(map); !grids) return grids.error();
    case_.rain_mm_h = series(map, "rain_mm_h", 0, 0);
    case_.infiltration_mm_h = series(map, "infiltration_mm_h", 0, 0);
    take_boundaries(map);
    each_of(map, "inflows", [&](YamlMap& one) { take_inflow(one); });
    each_of(map, "drains", [&](YamlMap& one) { take_drain(one); });
    each_of(map, "walls", [&](YamlMap& one) { take_wall(one); });
    each_of(map, "gauges", [&](YamlMap& one) { take_gauge(one); });
    each_of(map, "outputs", [&](YamlMap& one) { take_output(one); });
    take_numbers(map);
    if (auto taken = take_soil(map, folder_, case_); !taken) return taken.error();
    if (auto taken = take_manning_classes(map, folder_, case_); !taken) return taken.error();
    if (auto taken = take_exposed(map, folder_, case_); !taken) return taken.error();
    take_warnings(map, case_);
    take_frames(map, folder_, case_);
    take_ensemble(map, folder_, case_);
    map.finish();
    if (file_.error()) return *file_.error();
    return std::move(case_);
  }

 private:
  std::string beside(const std::string& path) const { return (folder_ / path).string(); }

  base::Status take_holes(YamlMap& map) {
    const std::string holes = map.text("holes", "refuse");
    if (holes != "refuse" && holes != "wall") file_.mistake(map.node(), "holes: refuse or wall");
    if (case_.terrain.holes == 0) return {};
    if (holes == "refuse")
      return fail(Code::invalid, fmt::format("the terrain has {} cells without a height", case_.terrain.holes),
                  file_.name(), "fill them, e.g. by gdal_fillnodata, or write `holes: wall`");
    double highest = 0;
    for (const double one : case_.terrain.values) highest = std::isnan(one) ? highest : std::max(highest, one);
    for (double& one : case_.terrain.values) {
      case_.is_hole.push_back(std::isnan(one));
      one = std::isnan(one) ? highest + 100 : one;
    }
    return {};
  }

  // A number for all cells, or a file beside the case.
  base::Result<std::vector<double>> grid_or_number(YamlMap& map, const std::string& key, double otherwise,
                                                   double most) {
    const auto node = map.take(key);
    std::vector<double> values{otherwise};
    double number = 0;
    if (node && node->IsScalar() && !YAML::convert<double>::decode(*node, number)) {
      auto grid = read_grid(beside(node->Scalar()));
      if (!grid) return grid.error();
      if (grid->columns != case_.terrain.columns || grid->rows != case_.terrain.rows || grid->holes > 0)
        return fail(Code::invalid, "it has other cells than the terrain, or holes", file_.where(*node),
                    "warp it onto the terrain's grid");
      values = std::move(grid->values);
    } else if (node) {
      values = {number_of(file_, *node).value_or(otherwise)};
    }
    for (const double one : values) {
      if (!(one >= 0 && one <= most)) {
        file_.mistake(node ? *node : map.node(), fmt::format("{} is from 0 to {}", key, most));
        break;
      }
    }
    return values;
  }

  base::Status take_grids(YamlMap& map) {
    auto manning = grid_or_number(map, "roughness_manning", 0.03, 10);
    if (!manning) return manning.error();
    case_.manning = std::move(manning).value();
    const bool has_depth = map.has("start_depth_m");
    auto depth = grid_or_number(map, "start_depth_m", 0, height_max_m);
    if (!depth) return depth.error();
    if (has_depth) case_.start_depth_m = std::move(depth).value();
    if (const auto level = map.number("start_level_m")) {
      if (std::abs(*level) > height_max_m) file_.mistake(map.node(), "start_level_m is a height in metres");
      if (has_depth) file_.mistake(map.node(), "start_depth_m and start_level_m: one of them");
      case_.start_level_m = *level;
    }
    return {};
  }

  // A number, or a list of [seconds, value].
  Series series(YamlMap& map, const std::string& key, double otherwise, double least) {
    const auto node = map.take(key);
    return node ? series_of(*node, key, least) : Series{{{0, otherwise}}};
  }

  Series series_of(const YAML::Node& node, const std::string& key, double least) {
    Series series;
    if (node.IsSequence()) {
      for (const YAML::Node& point : node) {
        if (!point.IsSequence() || point.size() != 2) {
          file_.mistake(point, key + " is a number, or a list of [seconds, value]");
          break;
        }
        const double time = number_of(file_, point[0]).value_or(0), value = number_of(file_, point[1]).value_or(0);
        if (!series.points.empty() && !(time >= series.points.back().first)) file_.mistake(point, "the times ascend");
        series.points.emplace_back(time, value);
      }
    } else {
      series.points.emplace_back(0, number_of(file_, node).value_or(0));
    }
    if (series.points.empty()) series.points.emplace_back(0, 0);
    const double most = least < 0 ? -least : rate_max;
    for (const auto& [time, value] : series.points) {
      if (value < least || value > most)
        file_.mistake(node, fmt::format("{} is at least {}, at most {}", key, least, most));
    }
    return series;
  }

  void take_boundaries(YamlMap& map) {
    const auto node = map.take("boundaries");
    if (!node) return;
    YamlMap sides(file_, *node, "boundaries");
    const std::array<std::string, side_count> names{"west", "east", "south", "north"};
    for (size_t side = 0; side < side_count; ++side) {
      const auto one = sides.take(names[side]);
      if (!one) continue;
      auto& boundary = case_.boundaries[side];
      const std::string text = base::scalar_text(*one).value_or("");
      if (text == "wall" || text == "open") {
        boundary.first = text == "wall" ? Boundary::Kind::wall : Boundary::Kind::open;
        continue;
      }
      YamlMap values(file_, *one, "a boundary other than wall and open");
      if (const auto level = values.take("level_m"))
        boundary = {Boundary::Kind::level, series_of(*level, "level_m", -height_max_m)};
      else if (const auto discharge = values.take("discharge_m2_s"))
        boundary = {Boundary::Kind::discharge, series_of(*discharge, "discharge_m2_s", 0)};
      else
        file_.mistake(*one, "a boundary is wall, open, {level_m: ...} or {discharge_m2_s: ...}");
      values.finish();
    }
    sides.finish();
  }

  std::optional<std::pair<size_t, size_t>> cell(const YAML::Node& x, const YAML::Node& y) {
    const auto east = number_of(file_, x), north = number_of(file_, y);
    if (!east || !north) return std::nullopt;
    const auto found = case_.terrain.cell_at(*east, *north);
    if (!found) file_.mistake(x, "lies outside the terrain", "give places in the terrain's own coordinates");
    if (found && !case_.is_hole.empty() && case_.is_hole[found->second * case_.terrain.columns + found->first])
      file_.mistake(x, "lies in a hole of the terrain", "give a place where there is ground");
    return found;
  }

  // `at: [x, y]` or `line: [[x, y], [x, y], ...]`, in the terrain's coordinates.
  Cells place(YamlMap& one) {
    Cells cells;
    if (const auto at = one.take("at")) {
      if (!at->IsSequence() || at->size() != 2) {
        file_.mistake(*at, "at is [x, y]");
      } else if (const auto found = cell((*at)[0], (*at)[1])) {
        cells.push_back(*found);
      }
    } else if (const auto line = one.take("line")) {
      cells = line_of(*line);
    } else {
      file_.mistake(one.node(), "where it is, is not said", "write `at: [x, y]` or `line: [[x, y], [x, y]]`");
    }
    return cells;
  }

  Cells line_of(const YAML::Node& line) {
    std::set<std::pair<size_t, size_t>> cells;
    std::optional<std::pair<size_t, size_t>> before;
    if (!line.IsSequence() || line.size() < 2) file_.mistake(line, "a line is a list of two or more [x, y]");
    for (const YAML::Node& point : line.IsSequence() ? line : YAML::Node(YAML::NodeType::Sequence)) {
      if (!point.IsSequence() || point.size() != 2) {
        file_.mistake(point, "a line is a list of two or more [x, y]");
        break;
      }
      const auto here = cell(point[0], point[1]);
      if (!here) break;
      if (before) add_between(*before, *here, cells);
      before = here;
    }
    return {cells.begin(), cells.end()};
  }

  // All cells that a wall needs to hold water: neighbours share a side.
  static void add_between(std::pair<size_t, size_t> from, std::pair<size_t, size_t> to,
                          std::set<std::pair<size_t, size_t>>& cells) {
    auto x = static_cast<double>(from.first), y = static_cast<double>(from.second);
    const double dx = static_cast<double>(to.first) - x, dy = static_cast<double>(to.second) - y;
    const auto steps = static_cast<size_t>(std::max(1.0, std::abs(dx) + std::abs(dy)));
    cells.insert(from);
    for (size_t step = 1; step <= steps; ++step) {
      const double part = static_cast<double>(step) / static_cast<double>(steps);
      cells.emplace(static_cast<size_t>(std::lround(x + dx * part)), static_cast<size_t>(std::lround(y + dy * part)));
    }
  }

  void take_inflow(YamlMap& one) {
    Inflow inflow;
    inflow.name = one.text("name");
    inflow.cells = place(one);
    inflow.discharge_m3_s = series(one, "discharge_m3_s", 0, 0);
    case_.inflows.push_back(std::move(inflow));
  }

  void take_drain(YamlMap& one) {
    Inflow drain;
    drain.name = one.text("name");
    drain.cells = place(one);
    drain.discharge_m3_s = series(one, "capacity_m3_s", 0, 0);
    for (auto& [time, value] : drain.discharge_m3_s.points) value = -value;
    case_.inflows.push_back(std::move(drain));
  }

  void take_wall(YamlMap& one) {
    Wall wall;
    wall.cells = place(one);
    wall.height_m = one.number("height_m", 0);
    if (const auto node = one.take("breach")) {
      YamlMap breach(file_, *node, "a breach");
      wall.breach_at_s = breach.number("at_s", 0);
      wall.breach_height_m = breach.number("height_m", 0);
      wall.breach_takes_s = breach.number("takes_s", 0);
      if (wall.breach_at_s < 0 || wall.breach_takes_s < 0) file_.mistake(*node, "times are not below 0");
      breach.finish();
    }
    for (const double height : {wall.height_m, wall.breach_height_m}) {
      if (std::abs(height) > height_max_m) file_.mistake(one.node(), "height_m is a height in metres");
    }
    case_.walls.push_back(std::move(wall));
  }

  void take_gauge(YamlMap& one) {
    Gauge gauge;
    gauge.name = one.required_text("name", "name the gauge");
    const Cells cells = place(one);
    if (cells.empty()) return;
    std::tie(gauge.column, gauge.row) = cells.front();
    case_.gauges.push_back(std::move(gauge));
  }

  void take_output(YamlMap& one) {
    Case::Output output{one.required_text("what", "depth, depth_max, speed_max, hazard_max, arrival, wet_time or peak"),
                        one.required_text("file", "name a file that ends in .asc or .tif")};
    const std::set<std::string> known{"depth", "depth_max", "speed_max", "hazard_max", "arrival", "wet_time", "peak"};
    if (!known.contains(output.what))
      file_.mistake(one.node(), "no such output: " + output.what,
                    "depth, depth_max, speed_max, hazard_max, arrival, wet_time or peak");
    output.path = beside(output.path);
    case_.outputs.push_back(std::move(output));
  }

  void take_numbers(YamlMap& map) {
    const auto positive = [&](const std::string& key, double otherwise, double most = 1e9) {
      const double value = map.number(key, otherwise);
      if (!(value > 0 && value <= most)) file_.mistake(map.node(), fmt::format("{} is above 0, at most {}", key, most));
      return value;
    };
    if (!map.has("duration_s")) file_.mistake(map.node(), "duration_s is missing", "say how many seconds to compute");
    case_.duration_s = positive("duration_s", 1);
    case_.every_s = positive("every_s", std::max(case_.duration_s / 100, 1.0));
    case_.options.gravity = positive("gravity", 9.81, 1'000);
    case_.options.dry_m = positive("dry_m", 1e-4, 1);
    const std::string scheme = map.text("scheme", "full");
    if (scheme != "full" && scheme != "local_inertia") file_.mistake(map.node(), "scheme: full or local_inertia");
    const bool is_full = scheme == "full";
    case_.options.scheme = is_full ? Scheme::full : Scheme::local_inertia;
    case_.options.courant = positive("courant", is_full ? 0.45 : 0.6);
    if (case_.options.courant >= (is_full ? 0.5 : 0.7))
      file_.mistake(map.node(), fmt::format("courant is below {}", is_full ? 0.5 : 0.7));
    case_.options.workers = static_cast<unsigned>(map.integer("workers", 0, 0, 1'024));
    const std::string precision = map.text("precision", "float");
    if (precision != "float" && precision != "double") file_.mistake(map.node(), "precision: float or double");
    case_.in_double = precision == "double";
    if (case_.duration_s / case_.every_s > 1e6)
      file_.mistake(map.node(), "more than 1,000,000 entries of a gauge", "make every_s longer");
  }

  base::YamlFile& file_;
  const std::filesystem::path folder_;
  Case case_;
};

}  // namespace

base::Result<Case> read_case(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(Code::not_found, "cannot be opened", path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  base::YamlFile file(path);
  const YAML::Node document = file.parse(text);
  if (file.error()) return *file.error();
  return CaseReader(file, std::filesystem::path(path).parent_path()).read(document);
}

}  // namespace cityloom::model::flood
