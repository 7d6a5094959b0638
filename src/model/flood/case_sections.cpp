#include "model/flood/case_sections.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "model/flood/ensemble.hpp"

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;
using base::YamlFile;
using base::YamlMap;

constexpr size_t things_max = 10'000;  // of each kind in one case
constexpr size_t classes_max = 255;
constexpr double rate_mm_h_max = 1e5;

double within(YamlMap& map, const std::string& key, double least, double most, std::optional<double> otherwise = {}) {
  const auto value = map.number(key);
  if (!value && !otherwise) map.file().mistake(map.node(), key + " is missing");
  const double number = value.value_or(otherwise.value_or(least));
  if (!(number >= least && number <= most))
    map.file().mistake(map.node(), fmt::format("{} is from {} to {}", key, least, most));
  return number;
}

SoilClass soil_class(YamlMap& map) {
  const std::string law = map.required_text("law", "constant, impervious, horton, green_ampt or curve_number");
  if (law == "impervious") return ConstantSoil{};
  if (law == "constant") return ConstantSoil{within(map, "rate_mm_h", 0, rate_mm_h_max)};
  if (law == "horton") {
    HortonSoil soil;
    soil.start_mm_h = within(map, "start_mm_h", 0, rate_mm_h_max);
    soil.end_mm_h = within(map, "end_mm_h", 0, rate_mm_h_max);
    soil.decay_per_h = within(map, "decay_per_h", 0, 1e4);
    return soil;
  }
  if (law == "green_ampt") {
    GreenAmptSoil soil;
    soil.conductivity_mm_h = within(map, "conductivity_mm_h", 0, rate_mm_h_max);
    soil.suction_mm = within(map, "suction_mm", 0, 1e5);
    soil.deficit = within(map, "deficit", 0, 1);
    return soil;
  }
  if (law == "curve_number") {
    CurveNumberSoil soil;
    soil.number = within(map, "number", 1, 100);
    soil.initial_share = within(map, "initial_share", 0, 1, 0.2);
    return soil;
  }
  if (!map.file().error())
    map.file().mistake(map.node(), "no such law: " + law, "constant, impervious, horton, green_ampt or curve_number");
  return ConstantSoil{};
}

// A grid of whole numbers, each of which is a key of `places`; answers the place of each cell.
base::Result<std::vector<uint8_t>> classes_of_cells(const std::filesystem::path& path, const Case& it,
                                                    const std::map<int64_t, uint8_t>& places) {
  auto grid = read_grid(path.string());
  if (!grid) return grid.error();
  if (grid->columns != it.terrain.columns || grid->rows != it.terrain.rows)
    return fail(Code::invalid, "it has other cells than the terrain", path.string(), "warp it onto the terrain's grid");
  std::vector<uint8_t> classes;
  classes.reserve(grid->values.size());
  for (const double value : grid->values) {
    // Where there is no terrain, any class will do.
    if (std::isnan(value) && !it.is_hole.empty() && it.is_hole[classes.size()]) {
      classes.push_back(0);
      continue;
    }
    const bool is_whole = std::abs(value) < 1e15 && value == std::floor(value);
    const auto place = is_whole ? places.find(static_cast<int64_t>(value)) : places.end();
    if (place == places.end())
      return fail(Code::invalid, fmt::format("a cell has the class {}, which the case does not tell of", value),
                  path.string(), "add it to `classes`");
    classes.push_back(place->second);
  }
  return classes;
}

// Keys of a map `classes`, each with what `take` makes of its node.
void each_class(YamlMap& map, std::map<int64_t, uint8_t>& places, const std::function<void(const YAML::Node&)>& take) {
  const auto node = map.take("classes");
  if (!node || !node->IsMap() || node->size() == 0 || node->size() > classes_max) {
    map.file().mistake(node ? *node : map.node(), fmt::format("classes is a map of 1 to {} classes", classes_max));
    return;
  }
  for (const auto& entry : *node) {
    const double number = number_at(map.file(), entry.first, 0.5);
    if (number != std::floor(number) || std::abs(number) > 1e15)
      map.file().mistake(entry.first, "the number of a class is a whole number");
    if (map.file().error()) return;
    if (!places.emplace(static_cast<int64_t>(number), static_cast<uint8_t>(places.size())).second)
      map.file().mistake(entry.first, "this class was told before");
    take(entry.second);
  }
}

}  // namespace

double number_at(YamlFile& file, const YAML::Node& node, double otherwise) {
  try {
    const auto number = node.as<double>();
    if (std::isfinite(number)) return number;
  } catch (const YAML::Exception&) {
  }
  file.mistake(node, "not a number");
  return otherwise;
}

std::vector<double> bounds_at(YamlMap& map, const std::string& key, std::vector<double> otherwise) {
  const auto node = map.take(key);
  if (!node) return otherwise;
  std::vector<double> bounds;
  if (node->IsSequence() && node->size() <= 20) {
    for (const YAML::Node& one : *node) bounds.push_back(number_at(map.file(), one, 1));
  }
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (bounds[i] > (i > 0 ? bounds[i - 1] : 0)) continue;
    bounds.clear();
  }
  if (bounds.empty()) map.file().mistake(*node, key + " is a list of 1 to 20 ascending numbers above 0");
  return bounds.empty() ? otherwise : bounds;
}

void each_of(YamlMap& map, const std::string& key, const std::function<void(YamlMap&)>& take) {
  const auto node = map.take(key);
  if (!node) return;
  if (!node->IsSequence() || node->size() > things_max) {
    map.file().mistake(*node, fmt::format("{} is a list of at most {}", key, things_max));
    return;
  }
  for (const YAML::Node& item : *node) {
    YamlMap one(map.file(), item, "each of " + key);
    take(one);
    one.finish();
  }
}

base::Status take_soil(YamlMap& map, const std::filesystem::path& folder, Case& it) {
  const auto node = map.take("soil");
  if (!node) return {};
  if (map.has("infiltration_mm_h")) map.file().mistake(*node, "soil and infiltration_mm_h: one of them");
  YamlMap soil(map.file(), *node, "soil");
  const std::string grid = soil.text("grid");
  if (!soil.has("classes")) {
    if (!grid.empty())
      map.file().mistake(*node, "a grid of soil needs classes", "tell a law for each class of the grid");
    it.soil.classes.push_back(soil_class(soil));
    soil.finish();
    return {};
  }
  std::map<int64_t, uint8_t> places;
  each_class(soil, places, [&](const YAML::Node& one) {
    YamlMap kind(map.file(), one, "a class of soil");
    it.soil.classes.push_back(soil_class(kind));
    kind.finish();
  });
  soil.finish();
  if (map.file().error() || grid.empty()) return {};
  auto classes = classes_of_cells(folder / grid, it, places);
  if (!classes) return classes.error();
  it.soil.class_of_cell = std::move(classes).value();
  return {};
}

base::Status take_manning_classes(YamlMap& map, const std::filesystem::path& folder, Case& it) {
  const auto node = map.take("roughness");
  if (!node) return {};
  if (map.has("roughness_manning")) map.file().mistake(*node, "roughness and roughness_manning: one of them");
  YamlMap roughness(map.file(), *node, "roughness");
  const std::string grid = roughness.required_text("grid", "name a grid of classes of land cover");
  std::map<int64_t, uint8_t> places;
  std::vector<double> values;
  each_class(roughness, places, [&](const YAML::Node& one) {
    values.push_back(number_at(map.file(), one));
    if (!(values.back() >= 0 && values.back() <= 10)) map.file().mistake(one, "Manning's n is from 0 to 10");
  });
  roughness.finish();
  if (map.file().error()) return {};
  const auto classes = classes_of_cells(folder / grid, it, places);
  if (!classes) return classes.error();
  it.manning.clear();
  for (const uint8_t place : *classes) it.manning.push_back(values[place]);
  return {};
}

base::Status take_exposed(YamlMap& map, const std::filesystem::path& folder, Case& it) {
  it.wet_m = within(map, "wet_m", 1e-3, 100, 0.05);
  const std::string debris = map.text("debris", "none");
  const std::map<std::string, Debris> known{
      {"none", {}}, {"pasture", {0, 0.5F}}, {"woodland", {0.5F, 1}}, {"urban", {1, 1}}};
  if (const auto found = known.find(debris); found != known.end())
    it.debris = found->second;
  else
    map.file().mistake(map.node(), "debris: none, pasture, woodland or urban");
  it.hazard_bounds = bounds_at(map, "hazard_classes", it.hazard_bounds);
  it.depth_bounds_m = bounds_at(map, "depth_classes_m", it.depth_bounds_m);
  const std::string exposed = map.text("exposed");
  if (exposed.empty() || map.file().error()) return {};
  auto read = read_exposed((folder / exposed).string(), it.terrain);
  if (!read) return read.error();
  it.exposed = std::move(read).value();
  return {};
}

void take_warnings(YamlMap& map, Case& it) {
  each_of(map, "warnings", [&](YamlMap& one) {
    const std::string gauge = one.required_text("gauge", "name one of the gauges");
    size_t place = 0;
    while (place < it.gauges.size() && it.gauges[place].name != gauge) ++place;
    if (place == it.gauges.size()) map.file().mistake(one.node(), "there is no gauge " + gauge);
    each_of(one, "levels", [&](YamlMap& level) {
      Warning warning;
      warning.gauge = place;
      warning.name = level.required_text("name", "name the level: watch, alarm");
      warning.is_level = level.has("level_m");
      if (warning.is_level == level.has("depth_m"))
        map.file().mistake(level.node(), "a warning has depth_m or level_m: one of them");
      warning.value_m =
          warning.is_level ? within(level, "level_m", -20'000, 20'000) : within(level, "depth_m", 0, 20'000);
      if (it.warnings.size() >= things_max)
        map.file().mistake(level.node(), fmt::format("more than {} warnings", things_max));
      else
        it.warnings.push_back(std::move(warning));
    });
  });
}

void take_frames(YamlMap& map, const std::filesystem::path& folder, Case& it) {
  const auto node = map.take("frames");
  if (!node) return;
  YamlMap frames(map.file(), *node, "frames");
  it.frames.every_s = within(frames, "every_s", 1e-3, 1e9);
  it.frames.folder = (folder / frames.required_text("folder", "name a folder for the frames")).string();
  it.frames.what = frames.text("what", "depth");
  if (it.frames.what != "depth" && it.frames.what != "level" && it.frames.what != "speed")
    map.file().mistake(*node, "what: depth, level or speed");
  if (it.duration_s / it.frames.every_s > 10'000)
    map.file().mistake(*node, "more than 10,000 frames", "make every_s longer");
  frames.finish();
}

void take_ensemble(YamlMap& map, const std::filesystem::path& folder, Case& it) {
  const auto node = map.take("ensemble");
  if (!node) return;
  YamlMap ensemble(map.file(), *node, "ensemble");
  it.ensemble.members = static_cast<size_t>(ensemble.integer("members", 20, 1, static_cast<int64_t>(members_max)));
  it.ensemble.seed = static_cast<uint64_t>(ensemble.integer("seed", 1, 0, std::numeric_limits<int64_t>::max()));
  const auto spread = [&](const std::string& key) {
    const auto one = ensemble.take(key);
    if (!one) return 0.0;
    YamlMap factor(map.file(), *one, key);
    const double sd = within(factor, "sd", 0, 2);
    factor.finish();
    return sd;
  };
  it.ensemble.rain_sd = spread("rain_factor");
  it.ensemble.roughness_sd = spread("roughness_factor");
  it.ensemble.inflow_sd = spread("inflow_factor");
  each_of(ensemble, "probabilities", [&](YamlMap& one) {
    Ensemble::Probability probability;
    probability.depth_m = within(one, "depth_m", 1e-3, 20'000);
    probability.path = (folder / one.required_text("file", "name a file that ends in .asc or .tif")).string();
    it.ensemble.probabilities.push_back(std::move(probability));
  });
  if (it.ensemble.probabilities.size() > 20) map.file().mistake(*node, "more than 20 probabilities");
  const double entries = it.duration_s / it.every_s * static_cast<double>(it.gauges.size() * it.ensemble.members);
  if (entries > 5e7) map.file().mistake(*node, "more than 50,000,000 entries of gauges", "make every_s longer");
  ensemble.finish();
}

}  // namespace cityloom::model::flood
