#include "model/flood/exposure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "model/grid/features_on_grid.hpp"

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;

constexpr size_t cells_of_all_max = 50'000'000;

std::string text_of(const Json& properties, const char* name) {
  const auto found = properties.find(name);
  if (found == properties.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// Water stands beside a house: the cells of its walls are the roof's.
std::vector<uint32_t> with_those_around(const std::vector<uint32_t>& cells, const GridFile& terrain) {
  std::set<uint32_t> all;
  for (const uint32_t cell : cells) {
    const auto row = static_cast<ptrdiff_t>(cell / terrain.columns),
               column = static_cast<ptrdiff_t>(cell % terrain.columns);
    for (ptrdiff_t y = row - 1; y <= row + 1; ++y) {
      for (ptrdiff_t x = column - 1; x <= column + 1; ++x) {
        if (x >= 0 && y >= 0 && x < static_cast<ptrdiff_t>(terrain.columns) && y < static_cast<ptrdiff_t>(terrain.rows))
          all.insert(static_cast<uint32_t>(y * static_cast<ptrdiff_t>(terrain.columns) + x));
      }
    }
  }
  return {all.begin(), all.end()};
}

}  // namespace

size_t class_of(double value, const std::vector<double>& bounds) {
  return static_cast<size_t>(std::ranges::upper_bound(bounds, value) - bounds.begin());
}

base::Result<std::vector<Exposed>> read_exposed(const std::string& path, const GridFile& terrain) {
  auto features = features_on_grid(path, terrain);
  if (!features) return features.error();
  std::vector<Exposed> all;
  size_t cells = 0;
  for (FeaturesOnGrid::Feature& feature : features->features) {
    Exposed one;
    const std::string where = fmt::format("{}, feature {}", path, all.size() + 1);
    one.name = text_of(feature.properties, "name");
    if (one.name.empty()) one.name = feature.id;
    if (one.name.empty()) one.name = fmt::format("{}", all.size() + 1);
    one.kind = text_of(feature.properties, "kind");
    if (one.kind.empty()) one.kind = feature.is_area ? "building" : "road";
    if (const auto found = feature.properties.find("occupants");
        found != feature.properties.end() && !found->is_null()) {
      one.occupants = found->is_number() ? found->get<double>() : -1;
      if (!(one.occupants >= 0 && one.occupants <= 1e9))
        return fail(Code::invalid, "occupants is a number of people, from 0 on", where);
    }
    one.cells = feature.is_area && one.kind == "building" ? with_those_around(feature.cells, terrain)
                                                          : std::move(feature.cells);
    cells += one.cells.size();
    if (cells > cells_of_all_max)
      return fail(Code::too_large, fmt::format("its things lie on more than {} cells", cells_of_all_max), path,
                  "leave out what is of no interest");
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace cityloom::model::flood
