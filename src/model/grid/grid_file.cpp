// GDAL opens and reads; only its drivers for GeoTIFF and Arc/Info ASCII grids may look at a file.
#include "model/grid/grid_file.hpp"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <fmt/format.h>
#include <gdal.h>
#include <gdal_frmts.h>
#include <ogr_srs_api.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>

#include "model/grid/quiet_errors.hpp"

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;

struct CloseDataset {
  void operator()(void* dataset) const { GDALClose(dataset); }
};
using Dataset = std::unique_ptr<void, CloseDataset>;

void register_drivers() {
  static std::once_flag once;
  std::call_once(once, [] {
    GDALRegister_GTiff();
    GDALRegister_AAIGrid();
  });
}

void read_system(GDALDatasetH dataset, GridFile& grid) {
  OGRSpatialReferenceH system = GDALGetSpatialRef(dataset);
  if (system == nullptr) return;
  grid.in_degrees = OSRIsGeographic(system) != 0;
  grid.system = GDALGetProjectionRef(dataset);
}

// A row of the file is read from the north; ours begin in the south.
base::Status read_values(GDALRasterBandH band, const std::string& path, GridFile& grid) {
  grid.values.resize(grid.columns * grid.rows);
  int has_hole_value = 0;
  const double hole = GDALGetRasterNoDataValue(band, &has_hole_value);
  const double scale = GDALGetRasterScale(band, nullptr), offset = GDALGetRasterOffset(band, nullptr);
  for (size_t row = 0; row < grid.rows; ++row) {
    double* const to = &grid.values[(grid.rows - 1 - row) * grid.columns];
    const auto columns = static_cast<int>(grid.columns);
    if (GDALRasterIO(band, GF_Read, 0, static_cast<int>(row), columns, 1, to, columns, 1, GDT_Float64, 0, 0) != CE_None)
      return fail(Code::invalid, fmt::format("cannot be read: {}", CPLGetLastErrorMsg()), path);
    for (size_t column = 0; column < grid.columns; ++column) {
      if (std::isfinite(to[column]) && !(has_hole_value != 0 && to[column] == hole)) {
        to[column] = to[column] * scale + offset;
        continue;
      }
      to[column] = std::numeric_limits<double>::quiet_NaN();
      ++grid.holes;
    }
  }
  return {};
}

// GDAL reads "abc" as 0 and does not miss numbers that are not there: the words of an ASCII grid are looked at here.
base::Status check_ascii(const std::string& path, const GridFile& grid) {
  constexpr std::array<std::string_view, 9> heads{"ncols",     "nrows", "xllcorner", "yllcorner", "xllcenter",
                                                  "yllcenter", "dx",    "dy",        "cellsize"};
  std::ifstream in(path, std::ios::binary);
  std::string word;
  size_t numbers = 0;
  while (in >> word) {
    std::string small = word;
    std::ranges::transform(small, small.begin(), [](unsigned char c) { return std::tolower(c); });
    if (std::ranges::find(heads, small) != heads.end() || small == "nodata_value") {
      in >> word;
      continue;
    }
    double number = 0;
    const char* const first = word.data() + (word.front() == '+' ? 1 : 0);
    const auto [end, problem] = std::from_chars(first, word.data() + word.size(), number);
    if (problem == std::errc::invalid_argument || end != word.data() + word.size())
      return fail(Code::invalid, "\"" + word.substr(0, 40) + "\" is no number", path,
                  fmt::format("it is value {} of the grid", numbers + 1));
    ++numbers;
  }
  if (numbers == grid.columns * grid.rows) return {};
  return fail(Code::invalid,
              fmt::format("it has {} values, and its head says {} x {}", numbers, grid.columns, grid.rows), path,
              "write as many as there are cells");
}

}  // namespace

std::optional<std::pair<size_t, size_t>> GridFile::cell_at(double x, double y) const {
  double column = std::floor((x - west) / cell_x), row = std::floor((y - south) / cell_y);
  // What lies on the eastern or northern edge belongs to the last cell.
  if (x == west + cell_x * static_cast<double>(columns)) column = static_cast<double>(columns) - 1;
  if (y == south + cell_y * static_cast<double>(rows)) row = static_cast<double>(rows) - 1;
  if (!(column >= 0 && row >= 0 && column < static_cast<double>(columns) && row < static_cast<double>(rows)))
    return std::nullopt;
  return std::pair(static_cast<size_t>(column), static_cast<size_t>(row));
}

base::Result<GridFile> read_grid(const std::string& path) {
  if (std::error_code error; !std::filesystem::is_regular_file(path, error))
    return fail(Code::not_found, "there is no such file", path);
  register_drivers();
  const QuietErrors quiet;
  const char* const drivers[] = {"GTiff", "AAIGrid", nullptr};
  const char* const as_floats[] = {"DATATYPE=Float64", nullptr};  // of an ASCII grid; else "nan" is read as 0
  const Dataset dataset(GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, as_floats, nullptr));
  if (!dataset)
    return fail(Code::invalid, "neither an ESRI ASCII grid nor a GeoTIFF", path, "convert it, e.g. by gdal_translate");
  GridFile grid;
  grid.columns = static_cast<size_t>(GDALGetRasterXSize(dataset.get()));
  grid.rows = static_cast<size_t>(GDALGetRasterYSize(dataset.get()));
  // Beside each row and column lie some more cells.
  if ((grid.columns + 64) * (grid.rows + 8) > cells_max)
    return fail(Code::too_large, fmt::format("it has more than {} cells", cells_max), path,
                "cut it, or make it coarser");
  double place[6];
  if (GDALGetGeoTransform(dataset.get(), place) != CE_None)  // it has none: cells of a metre
    std::ranges::copy(std::array<double, 6>{0, 1, 0, static_cast<double>(grid.rows), 0, -1}, place);
  if (place[2] != 0 || place[4] != 0 || !(place[1] > 0) || !(place[5] < 0))
    return fail(Code::invalid, "the grid is turned or mirrored", path, "let gdalwarp lay it along north");
  grid.west = place[0];
  grid.cell_x = grid.cell_x_m = place[1];
  grid.cell_y = grid.cell_y_m = -place[5];
  grid.south = place[3] - grid.cell_y * static_cast<double>(grid.rows);
  read_system(dataset.get(), grid);
  if (grid.in_degrees) {
    constexpr double degree_m = 6'371'008.8 * M_PI / 180;
    const double middle = grid.south + grid.cell_y * static_cast<double>(grid.rows) / 2;
    grid.cell_y_m = grid.cell_y * degree_m;
    grid.cell_x_m = grid.cell_x * degree_m * std::cos(middle * M_PI / 180);
  } else if (OGRSpatialReferenceH system = GDALGetSpatialRef(dataset.get()); system != nullptr) {
    const double unit_m = OSRGetLinearUnits(system, nullptr);
    grid.cell_x_m *= unit_m;
    grid.cell_y_m *= unit_m;
  }
  if (!(grid.cell_x_m > 0 && grid.cell_y_m > 0))
    return fail(Code::invalid, "the grid lies beyond the poles", path, "mend its place, e.g. by gdal_edit.py");
  const bool is_ascii = std::string_view(GDALGetDriverShortName(GDALGetDatasetDriver(dataset.get()))) == "AAIGrid";
  if (auto checked = is_ascii ? check_ascii(path, grid) : base::Status(); !checked) return checked.error();
  if (auto read = read_values(GDALGetRasterBand(dataset.get(), 1), path, grid); !read) return read.error();
  return grid;
}

base::Status write_grid(const std::string& path, const GridFile& like, const std::vector<float>& values) {
  if (path.ends_with(".asc")) {
    std::ofstream out(path);
    out << fmt::format("ncols {}\nnrows {}\nxllcorner {}\nyllcorner {}\n", like.columns, like.rows, like.west,
                       like.south);
    out << (like.cell_x == like.cell_y ? fmt::format("cellsize {}\n", like.cell_x)
                                       : fmt::format("dx {}\ndy {}\n", like.cell_x, like.cell_y));
    out << "NODATA_value -9999\n";
    for (size_t row = like.rows; row-- > 0;) {
      for (size_t column = 0; column < like.columns; ++column)
        if (const float value = values[row * like.columns + column]; std::isfinite(value))
          out << fmt::format("{}{}", column > 0 ? " " : "", value);
        else
          out << (column > 0 ? " -9999" : "-9999");
      out << "\n";
    }
    out.close();
    if (!like.system.empty()) std::ofstream(path.substr(0, path.size() - 4) + ".prj") << like.system << "\n";
    return out ? base::Status() : base::Status(fail(Code::unavailable, "cannot be written", path, "see to the disk"));
  }
  register_drivers();
  const QuietErrors quiet;
  const auto columns = static_cast<int>(like.columns), rows = static_cast<int>(like.rows);
  Dataset dataset(GDALCreate(GDALGetDriverByName("GTiff"), path.c_str(), columns, rows, 1, GDT_Float32, nullptr));
  const auto failed = [&] {
    return fail(Code::unavailable, fmt::format("cannot be written: {}", CPLGetLastErrorMsg()), path, "see to the disk");
  };
  if (!dataset) return failed();
  double place[6] = {like.west, like.cell_x, 0, like.south + like.cell_y * static_cast<double>(like.rows),
                     0,         -like.cell_y};
  GDALSetGeoTransform(dataset.get(), place);
  if (!like.system.empty()) GDALSetProjection(dataset.get(), like.system.c_str());
  GDALSetRasterNoDataValue(GDALGetRasterBand(dataset.get(), 1), std::numeric_limits<double>::quiet_NaN());
  for (size_t row = 0; row < like.rows; ++row) {
    std::vector<float> line(values.begin() + static_cast<ptrdiff_t>((like.rows - 1 - row) * like.columns),
                            values.begin() + static_cast<ptrdiff_t>((like.rows - row) * like.columns));
    if (GDALRasterIO(GDALGetRasterBand(dataset.get(), 1), GF_Write, 0, static_cast<int>(row), columns, 1, line.data(),
                     columns, 1, GDT_Float32, 0, 0) != CE_None)
      return failed();
  }
  GDALFlushCache(dataset.get());
  if (CPLGetLastErrorType() == CE_Failure) return failed();
  return {};
}

}  // namespace cityloom::model
