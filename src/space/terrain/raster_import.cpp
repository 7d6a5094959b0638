// GDAL opens, warps and reads; only its drivers for GeoTIFF and Arc/Info ASCII grids may look at a file.
#include "space/terrain/raster_import.hpp"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <gdal.h>
#include <gdal_frmts.h>
#include <gdal_utils.h>
#include <ogr_srs_api.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "space/osm_values.hpp"
#include "space/terrain/geoid.hpp"
#include "space/terrain/terrain_model.hpp"
#include "space/terrain/vertical_datum.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

struct CloseDataset {
  void operator()(void* dataset) const { GDALClose(dataset); }
};
struct DestroySystem {
  void operator()(void* system) const { OSRDestroySpatialReference(system); }
};
using Dataset = std::unique_ptr<void, CloseDataset>;
using System = std::unique_ptr<void, DestroySystem>;

constexpr uint32_t rows_at_once = 64;

// GDAL tells errors on standard error unless it is kept from it; per worker.
class QuietErrors {
 public:
  QuietErrors() {
    CPLPushErrorHandler(CPLQuietErrorHandler);
    CPLErrorReset();
  }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { CPLPopErrorHandler(); }
};

std::string reason() {
  const char* const text = CPLGetLastErrorMsg();
  return text != nullptr && *text != '\0' ? excerpt(text, 200) : std::string("no reason given");
}

void register_drivers() {
  static std::once_flag once;
  std::call_once(once, [] {
    GDALRegister_GTiff();
    GDALRegister_AAIGrid();
    GDALRegister_VRT();  // what is warped is one; files of this kind are not opened
  });
}

// Bytes as a file of GDAL's own, gone with the object.
class MemoryFile {
 public:
  MemoryFile(std::string_view bytes, const std::string& name) {
    path_ = CPLSPrintf("/vsimem/cityloom-%p/%s", static_cast<const void*>(this), name.c_str());
    // Not written to: GDAL opens it to read only.
    auto* const data = reinterpret_cast<GByte*>(const_cast<char*>(bytes.data()));
    VSIFCloseL(VSIFileFromMemBuffer(path_.c_str(), data, bytes.size(), FALSE));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { VSIUnlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string wkt_of(OGRSpatialReferenceH system) {
  char* text = nullptr;
  const char* const options[] = {"FORMAT=WKT2_2018", nullptr};
  OSRExportToWktEx(system, &text, options);
  std::string wkt = text == nullptr ? "" : text;
  CPLFree(text);
  return wkt;
}

base::Result<VerticalShift> shift_of(const VerticalDatum& datum, const std::string& definition) {
  if (datum.way == VerticalDatum::Way::ellipsoid) return VerticalShift::none();
  if (datum.way == VerticalDatum::Way::egm96) return VerticalShift::egm96();
  auto system = CoordinateSystem::open(definition, MissingGrids::refuse);
  if (!system) return std::move(system).error();
  return VerticalShift::of(std::move(*system));
}

// A raster in longitude and latitude, ready to be read.
struct Source {
  Dataset original, warped;
  GDALRasterBandH heights = nullptr;
  GDALRasterBandH mask = nullptr;  // of what was warped: 0 where nothing is
  GridShape shape;
  double factor = 1, offset = 0;
  std::optional<double> nodata;
  VerticalDatum datum;
  VerticalShift shift = VerticalShift::none();
};

base::Result<System> system_of(GDALDatasetH dataset, const ImportInput& input, const std::string& stated) {
  if (!stated.empty()) {
    System system(OSRNewSpatialReference(nullptr));
    if (OSRSetFromUserInput(system.get(), stated.c_str()) != OGRERR_NONE) {
      return fail(Code::invalid, "\"" + excerpt(stated) + "\" is not a coordinate system that GDAL knows");
    }
    return system;
  }
  const OGRSpatialReferenceH named = GDALGetSpatialRef(dataset);
  if (named == nullptr) {
    return fail(Code::invalid, "The raster names no coordinate system", input.name,
                "Name the coordinate system by the option crs, e.g. EPSG:5186");
  }
  return System(OSRClone(named));
}

bool is_plain_wgs84(OGRSpatialReferenceH system, const double* transform) {
  const System wgs84(OSRNewSpatialReference(nullptr));
  OSRImportFromEPSG(wgs84.get(), 4326);
  const System plane(OSRClone(system));
  OSRDemoteTo2D(plane.get(), nullptr);
  const char* const options[] = {"IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES", nullptr};
  return OSRIsGeographic(system) != 0 && OSRIsSameEx(plane.get(), wgs84.get(), options) != 0 && transform[2] == 0 &&
         transform[4] == 0 && transform[1] > 0 && transform[5] < 0;
}

Status warp(Source& source, OGRSpatialReferenceH system) {
  const std::string wkt = wkt_of(system);
  const char* const arguments[] = {"-of", "VRT",      "-s_srs",    wkt.c_str(), "-t_srs", "EPSG:4326",
                                   "-r",  "bilinear", "-dstalpha", "-novshift", nullptr};
  GDALWarpAppOptions* const options = GDALWarpAppOptionsNew(const_cast<char**>(arguments), nullptr);
  GDALDatasetH from = source.original.get();
  int misuse = 0;
  source.warped.reset(options == nullptr ? nullptr : GDALWarp("", nullptr, 1, &from, options, &misuse));
  GDALWarpAppOptionsFree(options);
  if (!source.warped) return fail(Code::invalid, "The raster cannot be brought to longitude and latitude: " + reason());
  source.heights = GDALGetRasterBand(source.warped.get(), 1);
  source.mask = GDALGetRasterBand(source.warped.get(), GDALGetRasterCount(source.warped.get()));
  return {};
}

base::Result<Source> open_source(const ImportInput& input, const std::string& path, ImportBatch& batch) {
  Source source;
  const char* const drivers[] = {"GTiff", "AAIGrid", nullptr};
  source.original.reset(GDALOpenEx(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY, drivers, nullptr, nullptr));
  if (!source.original) return fail(Code::corrupt, "The raster cannot be read: " + reason(), input.name);
  GDALDatasetH dataset = source.original.get();
  double transform[6];
  if (GDALGetRasterCount(dataset) < 1 || GDALGetGeoTransform(dataset, transform) != CE_None) {
    return fail(Code::invalid, "The raster does not say where it lies", input.name);
  }
  const GDALRasterBandH band = GDALGetRasterBand(dataset, 1);
  auto system = system_of(dataset, input, batch.options().crs);
  if (!system) return std::move(system).error();
  const std::string definition = wkt_of(system->get());
  auto datum = vertical_datum_of(definition);
  if (!datum) return std::move(datum).error();
  source.datum = std::move(*datum);
  if (!source.datum.warning.empty()) batch.warn(input.name, source.datum.warning);
  auto shift = shift_of(source.datum, definition);
  if (!shift) return std::move(shift).error();
  source.shift = std::move(*shift);
  int has_nodata = 0;
  const double nodata = GDALGetRasterNoDataValue(band, &has_nodata);
  if (has_nodata != 0) source.nodata = nodata;
  const std::string unit = GDALGetRasterUnitType(band);
  constexpr double foot_m = 0.3048, survey_foot_m = 1200.0 / 3937;
  const double unit_m = unit == "ft" || unit == "foot" ? foot_m : unit == "US survey foot" ? survey_foot_m : 1;
  source.factor = GDALGetRasterScale(band, nullptr) * unit_m;
  source.offset = GDALGetRasterOffset(band, nullptr) * unit_m;
  source.heights = band;
  if (!is_plain_wgs84(system->get(), transform)) {
    if (auto status = warp(source, system->get()); !status) return status.error();
    dataset = source.warped.get();
    GDALGetGeoTransform(dataset, transform);
  }
  // Heights stand for the middles of cells.
  source.shape = {transform[0] + transform[1] / 2,
                  transform[3] + transform[5] / 2,
                  transform[1],
                  -transform[5],
                  static_cast<uint32_t>(GDALGetRasterXSize(dataset)),
                  static_cast<uint32_t>(GDALGetRasterYSize(dataset))};
  if (auto status = source.shape.check(); !status) return status.error();
  return source;
}

Status read_rows(const Source& source, PyramidWriter& writer, ImportBatch& batch) {
  const int columns = static_cast<int>(source.shape.columns);
  const auto width = static_cast<size_t>(columns);
  std::vector<double> values(width * rows_at_once);
  std::vector<uint8_t> mask(source.mask != nullptr ? values.size() : 0);
  std::vector<float> row(width);
  std::vector<double> shifts_m(width);
  for (uint32_t first = 0; first < source.shape.rows; first += rows_at_once) {
    const int count = static_cast<int>(std::min(rows_at_once, source.shape.rows - first));
    const auto read = [&](GDALRasterBandH band, void* to, GDALDataType type) {
      return GDALRasterIO(band, GF_Read, 0, static_cast<int>(first), columns, count, to, columns, count, type, 0, 0) ==
             CE_None;
    };
    if (!read(source.heights, values.data(), GDT_Float64) ||
        (!mask.empty() && !read(source.mask, mask.data(), GDT_Byte))) {
      return fail(Code::corrupt, "The raster is damaged at row " + std::to_string(first) + ": " + reason());
    }
    for (int line = 0; line < count; ++line) {
      const double latitude_deg =
          source.shape.north_deg - source.shape.step_south_deg * (first + static_cast<uint32_t>(line));
      auto known = source.shift.along(latitude_deg, source.shape.west_deg, source.shape.step_east_deg, shifts_m);
      if (!known) return known;
      for (size_t column = 0; column < width; ++column) {
        const size_t at = static_cast<size_t>(line) * width + column;
        const bool is_void = (source.nodata && values[at] == *source.nodata) || (!mask.empty() && mask[at] == 0);
        row[column] = is_void ? std::numeric_limits<float>::quiet_NaN()
                              : static_cast<float>(values[at] * source.factor + source.offset + shifts_m[column]);
      }
      if (auto added = writer.add_row(row); !added) return added;
    }
    if (batch.is_cancelled()) return fail(Code::cancelled, "The import was stopped");
    batch.show_progress(first, source.shape.rows);
  }
  return {};
}

// "elevation" of "folder/elevation.tif": what an id can hold of it.
std::string model_name(std::string_view file_name) {
  std::string name(file_name.substr(0, file_name.find_last_of('.')));
  std::replace_if(
      name.begin(), name.end(),
      [](unsigned char c) { return c <= ' ' || c == ':' || c == '"' || c == '<' || c == '>'; }, '_');
  return name;
}

}  // namespace

bool begins_tiff(std::string_view head) {
  constexpr std::string_view starts[] = {{"II*\0", 4}, {"MM\0*", 4}, {"II+\0", 4}, {"MM\0+", 4}};
  return std::any_of(std::begin(starts), std::end(starts),
                     [&](std::string_view start) { return head.starts_with(start); });
}

Status import_raster(const ImportInput& input, ImportBatch& batch) {
  register_drivers();
  const QuietErrors quiet;
  std::optional<MemoryFile> memory;
  if (input.path.empty()) memory.emplace(input.bytes, input.name);
  const auto source = open_source(input, memory ? memory->path() : input.path, batch);
  if (!source) return source.error();
  PyramidWriter writer(source->shape, [&](std::string_view block) { return batch.put_asset(block); });
  if (auto status = read_rows(*source, writer, batch); !status) return status;
  const auto index = writer.finish();
  if (!index) return index.error();
  return batch.add(
      terrain_model_change(batch, source->shape, *index, writer.lowest_m(), writer.highest_m(),
                           {model_name(input.name), input.name, source->datum.datum, source->datum.correction, {}}));
}

}  // namespace cityloom::space
