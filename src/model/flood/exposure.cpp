// OGR reads GeoJSON and GDAL burns shapes into cells; only its driver for GeoJSON may look at a file.
#include "model/flood/exposure.hpp"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <fmt/format.h>
#include <gdal.h>
#include <gdal_alg.h>
#include <gdal_frmts.h>
#include <ogr_srs_api.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>

#include "model/flood/quiet_errors.hpp"

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;

constexpr size_t cells_of_all_max = 50'000'000;

template <auto close>
struct Closes {
  template <class T>
  void operator()(T* handle) const {
    close(handle);
  }
};
using Dataset = std::unique_ptr<void, Closes<GDALClose>>;
using System = std::unique_ptr<std::remove_pointer_t<OGRSpatialReferenceH>, Closes<OSRDestroySpatialReference>>;
using Transformation =
    std::unique_ptr<std::remove_pointer_t<OGRCoordinateTransformationH>, Closes<OCTDestroyCoordinateTransformation>>;
using Feature = std::unique_ptr<std::remove_pointer_t<OGRFeatureH>, Closes<OGR_F_Destroy>>;

void register_drivers() {
  static std::once_flag once;
  std::call_once(once, [] {
    GDALRegister_MEM();
    RegisterOGRGeoJSON();
  });
}

std::string text_of(OGRFeatureH feature, const char* field) {
  const int index = OGR_F_GetFieldIndex(feature, field);
  return index < 0 || !OGR_F_IsFieldSetAndNotNull(feature, index) ? "" : OGR_F_GetFieldAsString(feature, index);
}

// The cells that a shape touches, those around them too if asked. False: GDAL could not.
bool burn(OGRGeometryH shape, const GridFile& terrain, size_t around, std::vector<uint32_t>& cells) {
  OGREnvelope box;
  OGR_G_GetEnvelope(shape, &box);
  const auto clip = [](double at, size_t count) {
    return static_cast<ptrdiff_t>(std::clamp(std::floor(at), -1.0, static_cast<double>(count)));
  };
  const ptrdiff_t west = std::max<ptrdiff_t>(clip((box.MinX - terrain.west) / terrain.cell_x, terrain.columns), 0),
                  south = std::max<ptrdiff_t>(clip((box.MinY - terrain.south) / terrain.cell_y, terrain.rows), 0);
  const ptrdiff_t east = std::min(clip((box.MaxX - terrain.west) / terrain.cell_x, terrain.columns),
                                  static_cast<ptrdiff_t>(terrain.columns) - 1),
                  north = std::min(clip((box.MaxY - terrain.south) / terrain.cell_y, terrain.rows),
                                   static_cast<ptrdiff_t>(terrain.rows) - 1);
  if (east < west || north < south) return true;  // it lies outside
  const auto columns = static_cast<int>(east - west + 1), rows = static_cast<int>(north - south + 1);
  const Dataset window(GDALCreate(GDALGetDriverByName("MEM"), "", columns, rows, 1, GDT_Byte, nullptr));
  if (!window) return false;
  // Rows upwards, as ours are.
  double place[6] = {terrain.west + static_cast<double>(west) * terrain.cell_x,
                     terrain.cell_x,
                     0,
                     terrain.south + static_cast<double>(south) * terrain.cell_y,
                     0,
                     terrain.cell_y};
  GDALSetGeoTransform(window.get(), place);
  int band = 1;
  double value = 1;
  char touched[] = "ALL_TOUCHED=TRUE";
  char* options[] = {touched, nullptr};
  if (GDALRasterizeGeometries(window.get(), 1, &band, 1, &shape, nullptr, nullptr, &value, options, nullptr, nullptr) !=
      CE_None)
    return false;
  std::vector<uint8_t> burnt(static_cast<size_t>(columns) * static_cast<size_t>(rows));
  if (GDALRasterIO(GDALGetRasterBand(window.get(), 1), GF_Read, 0, 0, columns, rows, burnt.data(), columns, rows,
                   GDT_Byte, 0, 0) != CE_None)
    return false;
  std::set<uint32_t> found;
  const auto reach = static_cast<ptrdiff_t>(around);
  for (ptrdiff_t at = 0; at < static_cast<ptrdiff_t>(burnt.size()); ++at) {
    if (burnt[static_cast<size_t>(at)] == 0) continue;
    const ptrdiff_t row = south + at / columns, column = west + at % columns;
    for (ptrdiff_t y = row - reach; y <= row + reach; ++y) {
      for (ptrdiff_t x = column - reach; x <= column + reach; ++x) {
        if (x >= 0 && y >= 0 && x < static_cast<ptrdiff_t>(terrain.columns) && y < static_cast<ptrdiff_t>(terrain.rows))
          found.insert(static_cast<uint32_t>(y * static_cast<ptrdiff_t>(terrain.columns) + x));
      }
    }
  }
  cells.assign(found.begin(), found.end());
  return true;
}

Transformation to_terrain(OGRLayerH layer, const GridFile& terrain) {
  OGRSpatialReferenceH theirs = OGR_L_GetSpatialRef(layer);
  if (terrain.system.empty() || theirs == nullptr) return nullptr;
  const System ours(OSRNewSpatialReference(terrain.system.c_str()));
  const System from(OSRClone(theirs));
  OSRSetAxisMappingStrategy(ours.get(), OAMS_TRADITIONAL_GIS_ORDER);
  OSRSetAxisMappingStrategy(from.get(), OAMS_TRADITIONAL_GIS_ORDER);
  return Transformation(OCTNewCoordinateTransformation(from.get(), ours.get()));
}

base::Result<Exposed> exposed_of(OGRFeatureH feature, OGRCoordinateTransformationH transformation,
                                 const GridFile& terrain, const std::string& path, size_t number) {
  Exposed one;
  one.name = text_of(feature, "name");
  if (one.name.empty()) one.name = text_of(feature, "id");
  if (one.name.empty()) one.name = fmt::format("{}", number);
  one.kind = text_of(feature, "kind");
  if (one.kind.empty()) one.kind = "building";
  if (const int index = OGR_F_GetFieldIndex(feature, "occupants"); index >= 0)
    one.occupants = OGR_F_GetFieldAsDouble(feature, index);
  const std::string where = fmt::format("{}, feature {}", path, number);
  if (!(one.occupants >= 0 && one.occupants <= 1e9))
    return fail(Code::invalid, "occupants is a number of people, from 0 on", where);
  OGRGeometryH shape = OGR_F_GetGeometryRef(feature);
  if (shape == nullptr || OGR_G_IsEmpty(shape) != 0) return one;
  if (transformation != nullptr && OGR_G_Transform(shape, transformation) != OGRERR_NONE)
    return fail(Code::invalid, "its places cannot be told in the terrain's coordinate system", where);
  if (!burn(shape, terrain, one.kind == "building" ? 1 : 0, one.cells))
    return fail(Code::invalid, fmt::format("its shape cannot be read: {}", CPLGetLastErrorMsg()), where);
  return one;
}

}  // namespace

size_t class_of(double value, const std::vector<double>& bounds) {
  return static_cast<size_t>(std::ranges::upper_bound(bounds, value) - bounds.begin());
}

base::Result<std::vector<Exposed>> read_exposed(const std::string& path, const GridFile& terrain) {
  if (std::error_code error; !std::filesystem::is_regular_file(path, error))
    return fail(Code::not_found, "there is no such file", path);
  register_drivers();
  const QuietErrors quiet;
  const char* const drivers[] = {"GeoJSON", nullptr};
  const Dataset dataset(GDALOpenEx(path.c_str(), GDAL_OF_VECTOR | GDAL_OF_READONLY, drivers, nullptr, nullptr));
  if (!dataset) return fail(Code::invalid, "not GeoJSON", path, "convert it, e.g. by ogr2ogr");
  std::vector<Exposed> all;
  size_t cells = 0;
  OGRLayerH layer = GDALDatasetGetLayer(dataset.get(), 0);
  if (layer == nullptr) return all;
  const Transformation transformation = to_terrain(layer, terrain);
  while (const Feature feature{OGR_L_GetNextFeature(layer)}) {
    auto one = exposed_of(feature.get(), transformation.get(), terrain, path, all.size() + 1);
    if (!one) return one.error();
    cells += one->cells.size();
    all.push_back(std::move(one).value());
    if (all.size() > exposed_max || cells > cells_of_all_max)
      return fail(Code::too_large,
                  fmt::format("more than {} things, or {} cells of them", exposed_max, cells_of_all_max), path,
                  "leave out what is of no interest");
  }
  return all;
}

}  // namespace cityloom::model::flood
