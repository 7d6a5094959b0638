// Sweeps run side by side, some at a time; then their sums are made row by row, in the order of the sweeps.
#include "model/sun/ground.hpp"

#include <fmt/format.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

namespace cityloom::model::sun {
namespace {

using base::Code;
using base::fail;

constexpr double degree = M_PI / 180;
constexpr double height_m_max = 12'000;
constexpr size_t bytes_at_once = size_t{256} << 20;  // of what sweeps leave until it is summed
constexpr size_t reading_beyond = 64;                // vectors reach that far

// Of the sun's height. Straight above, no ground shades.
double tangent_of(const Sun& sun) {
  return std::min(1 / std::tan(sun.zenith_deg * degree), 1e4);
}

// As many sweeps at a time as memory allows.
size_t at_once(size_t cells, size_t bytes_a_cell, size_t all) {
  return std::clamp<size_t>(bytes_at_once / std::max<size_t>(cells * bytes_a_cell, 1), 1, std::max<size_t>(all, 1));
}

// Part of a vector for a row, with room for vectors that reach beyond it.
struct RowBuffers {
  explicit RowBuffers(size_t columns) : length((columns + reading_beyond) / 16 * 16), values(length * 5) {}
  float* at(size_t which) { return values.data() + which * length; }
  size_t length;
  std::vector<float> values;
};

void add_turned(const std::vector<float>& from, size_t rows, size_t columns, std::vector<float>& to) {
  tbb::parallel_for(size_t{0}, (rows + 31) / 32, [&](size_t block) {
    for (size_t column = 0; column < columns; column += 32) {
      for (size_t r = block * 32; r < std::min(block * 32 + 32, rows); ++r) {
        for (size_t c = column; c < std::min(column + 32, columns); ++c) to[r * columns + c] += from[c * rows + r];
      }
    }
  });
}

// The suns of one way to sweep, over one field.
struct Part {
  std::vector<Sun> suns;
  std::vector<Course> courses;
};

Beam beam_of(const Sun& sun, bool is_turned, const int8_t* shaded) {
  const double level = std::sin(sun.zenith_deg * degree);
  const double east = level * std::sin(sun.azimuth_deg * degree), north = level * std::cos(sun.azimuth_deg * degree);
  return {static_cast<float>(is_turned ? north : east),
          static_cast<float>(is_turned ? east : north),
          static_cast<float>(std::cos(sun.zenith_deg * degree)),
          static_cast<float>(sun.beam_wh),
          static_cast<float>(sun.around_wh),
          static_cast<float>(sun.hours),
          shaded};
}

void add_rows(const Field& field, float per_column, float per_row, const std::vector<Beam>& beams, LightSums& sums) {
  const size_t columns = field.columns();
  tbb::parallel_for(tbb::blocked_range<size_t>(0, field.rows(), 16), [&](const tbb::blocked_range<size_t>& range) {
    RowBuffers buffers(columns);
    for (size_t row = range.begin(); row < range.end(); ++row) {
      const RowSlopes slopes{buffers.at(0), buffers.at(1)};
      find_slopes(field, row, per_column, per_row, slopes);
      std::vector<float>* const all[] = {&sums.beam_wh, &sums.around_wh, &sums.hours};
      for (size_t k = 0; k < 3; ++k) std::copy_n(all[k]->data() + row * columns, columns, buffers.at(2 + k));
      add_light(columns, slopes, beams.data(), beams.size(), row * columns,
                {buffers.at(2), buffers.at(3), buffers.at(4)});
      for (size_t k = 0; k < 3; ++k) std::copy_n(buffers.at(2 + k), columns, all[k]->data() + row * columns);
    }
  });
}

}  // namespace

base::Result<Ground> ground_of(const GridFile& terrain, double cell_x_m, double cell_y_m) {
  double lowest = height_m_max + 1;
  for (size_t cell = 0; cell < terrain.values.size(); ++cell) {
    const double height = terrain.values[cell];
    if (std::isnan(height)) continue;
    if (!(std::abs(height) <= height_m_max))
      return fail(Code::invalid, fmt::format("a height of {} m: no ground on Earth lies there", height),
                  fmt::format("column {}, row {} from the north", cell % terrain.columns + 1,
                              terrain.rows - cell / terrain.columns),
                  "name the value that stands for holes as the file's NODATA_value");
    lowest = std::min(lowest, height);
  }
  if (lowest > height_m_max) return fail(Code::invalid, "the terrain is nothing but holes", "terrain");
  Field field(terrain.rows, terrain.columns);
  for (size_t row = 0; row < terrain.rows; ++row) {
    for (size_t column = 0; column < terrain.columns; ++column) {
      const double height = terrain.values[row * terrain.columns + column];
      if (!std::isnan(height)) field.row(row)[column] = static_cast<float>(height - lowest);
    }
  }
  Field turned = field.turned();
  return Ground{std::move(field), std::move(turned), lowest, cell_x_m, cell_y_m};
}

LightSums sum_light(const Ground& ground, const std::vector<Sun>& suns, const std::function<bool(double)>& goes_on) {
  const size_t cells = ground.cells(), rows = ground.field.rows(), columns = ground.field.columns();
  LightSums sums{std::vector<float>(cells), std::vector<float>(cells), std::vector<float>(cells)};
  size_t done = 0;
  for (const bool is_turned : {false, true}) {
    Part part;
    for (const Sun& sun : suns) {
      const Course course = course_of(sun.azimuth_deg, ground.cell_x_m, ground.cell_y_m);
      if (course.is_turned != is_turned) continue;
      part.suns.push_back(sun);
      part.courses.push_back(course);
    }
    if (part.suns.empty()) continue;
    const Field& field = is_turned ? ground.turned : ground.field;
    const auto per_column = static_cast<float>(1 / (is_turned ? ground.cell_y_m : ground.cell_x_m));
    const auto per_row = static_cast<float>(1 / (is_turned ? ground.cell_x_m : ground.cell_y_m));
    LightSums own{std::vector<float>(is_turned ? cells : 0), std::vector<float>(is_turned ? cells : 0),
                  std::vector<float>(is_turned ? cells : 0)};
    LightSums& to = is_turned ? own : sums;
    const size_t batch = at_once(cells, 1, part.suns.size());
    std::vector<int8_t> shaded(batch * cells + reading_beyond);
    for (size_t first = 0; first < part.suns.size(); first += batch) {
      if (goes_on && !goes_on(static_cast<double>(done) / static_cast<double>(suns.size()))) return {};
      const size_t count = std::min(batch, part.suns.size() - first);
      tbb::parallel_for(size_t{0}, count, [&](size_t k) {
        mark_shadow(field, part.courses[first + k], tangent_of(part.suns[first + k]), shaded.data() + k * cells);
      });
      std::vector<Beam> beams;
      for (size_t k = 0; k < count; ++k)
        beams.push_back(beam_of(part.suns[first + k], is_turned, shaded.data() + k * cells));
      add_rows(field, per_column, per_row, beams, to);
      done += count;
    }
    if (!is_turned) continue;
    add_turned(own.beam_wh, rows, columns, sums.beam_wh);
    add_turned(own.around_wh, rows, columns, sums.around_wh);
    add_turned(own.hours, rows, columns, sums.hours);
  }
  return sums;
}

SkyViews sum_sky(const Ground& ground, size_t directions, const std::function<bool(double)>& goes_on) {
  const size_t cells = ground.cells(), rows = ground.field.rows(), columns = ground.field.columns();
  SkyViews views{std::vector<float>(cells), std::vector<float>(cells), std::vector<float>(cells)};
  size_t done = 0;
  for (const bool is_turned : {false, true}) {
    std::vector<double> azimuths_deg;
    for (size_t k = 0; k < directions; ++k) {
      const double azimuth = (static_cast<double>(k) + 0.5) * 360 / static_cast<double>(directions);
      if (course_of(azimuth, ground.cell_x_m, ground.cell_y_m).is_turned == is_turned) azimuths_deg.push_back(azimuth);
    }
    if (azimuths_deg.empty()) continue;
    const Field& field = is_turned ? ground.turned : ground.field;
    const size_t wide = field.columns(), size = is_turned ? cells : 0;
    SkyViews own{std::vector<float>(size), std::vector<float>(size), std::vector<float>(size)};
    SkyViews& to = is_turned ? own : views;
    const size_t batch = at_once(cells, sizeof(float), azimuths_deg.size());
    std::vector<float> tangents(batch * cells + reading_beyond);
    for (size_t first = 0; first < azimuths_deg.size(); first += batch) {
      if (goes_on && !goes_on(static_cast<double>(done) / static_cast<double>(directions))) return {};
      const size_t count = std::min(batch, azimuths_deg.size() - first);
      tbb::parallel_for(size_t{0}, count, [&](size_t k) {
        find_horizon(field, course_of(azimuths_deg[first + k], ground.cell_x_m, ground.cell_y_m),
                     tangents.data() + k * cells);
      });
      tbb::parallel_for(tbb::blocked_range<size_t>(0, field.rows(), 16), [&](const tbb::blocked_range<size_t>& range) {
        RowBuffers buffers(wide);
        for (size_t row = range.begin(); row < range.end(); ++row) {
          std::vector<float>* const all[] = {&to.level, &to.column, &to.row};
          for (size_t k = 0; k < 3; ++k) std::copy_n(all[k]->data() + row * wide, wide, buffers.at(k));
          for (size_t k = 0; k < count; ++k) {
            const double azimuth = azimuths_deg[first + k] * degree;
            const auto east = static_cast<float>(std::sin(azimuth)), north = static_cast<float>(std::cos(azimuth));
            add_sky(wide, tangents.data() + k * cells + row * wide, is_turned ? north : east, is_turned ? east : north,
                    {buffers.at(0), buffers.at(1), buffers.at(2)});
          }
          for (size_t k = 0; k < 3; ++k) std::copy_n(buffers.at(k), wide, all[k]->data() + row * wide);
        }
      });
      done += count;
    }
    if (!is_turned) continue;
    add_turned(own.level, rows, columns, views.level);
    add_turned(own.column, rows, columns, views.row);
    add_turned(own.row, rows, columns, views.column);
  }
  return views;
}

}  // namespace cityloom::model::sun
