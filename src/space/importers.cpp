// The table of importers: a new format is one line here.
#include <algorithm>
#include <array>
#include <cctype>

#include "space/city/citygml_import.hpp"
#include "space/city/cityjson_import.hpp"
#include "space/formats/csv_import.hpp"
#include "space/formats/epanet_import.hpp"
#include "space/formats/geojson_import.hpp"
#include "space/formats/sumo_import.hpp"
#include "space/formats/topojson_import.hpp"
#include "space/ifc/ifc_import.hpp"
#include "space/importer.hpp"
#include "space/osm_import.hpp"
#include "space/points/points_import.hpp"
#include "space/terrain/hgt_import.hpp"
#include "space/terrain/raster_import.hpp"
#include "space/transit/gtfs_import.hpp"

namespace cityloom::space {
namespace {

constexpr std::array table{
    Importer{"OpenStreetMap", ".osm .osm.gz .osm.pbf .pbf", nullptr, import_osm, false},
    Importer{"SRTM heights", ".hgt .hgt.gz", nullptr, import_hgt},
    Importer{"GeoTIFF heights", ".tif .tiff", begins_tiff, import_raster, false},
    Importer{"ASCII grid of heights", ".asc", nullptr, import_raster, false},
    Importer{"SRTM heights", ".hgt.zip", nullptr, import_hgt, false},
    Importer{"building models (IFC)", ".ifc .ifc.gz", is_ifc, import_ifc},
    Importer{"CityJSON", ".json .json.gz .jsonl .jsonl.gz", is_cityjson, import_cityjson},
    Importer{"CityGML", ".gml .gml.gz .xml .xml.gz .citygml", is_citygml, import_citygml},
    Importer{"GeoJSON",
             ".geojson .geojson.gz .geojsonl .geojsonl.gz .geojsons .ndgeojson .json .json.gz .jsonl .ndjson",
             is_geojson, import_geojson},
    Importer{"TopoJSON", ".topojson .topojson.gz .json .json.gz", is_topojson, import_topojson},
    Importer{"SUMO networks", ".net.xml .net.xml.gz .xml .xml.gz", is_sumo_network, import_sumo},
    Importer{"EPANET", ".inp .inp.gz", is_epanet, import_epanet},
    Importer{"GTFS", ".zip", is_gtfs, import_gtfs, false},
    Importer{"LAS and LAZ point clouds", ".las .laz .las.gz", is_las, import_points},
    Importer{"tables with positions", ".csv .csv.gz .tsv .tsv.gz .txt", is_table, import_csv},
};

bool has_ending(std::string_view file_name, std::string_view endings) {
  std::string name(file_name);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  while (!endings.empty()) {
    const size_t end = std::min(endings.find(' '), endings.size());
    const std::string_view ending = endings.substr(0, end);
    if (name.size() > ending.size() && name.ends_with(ending)) return true;
    endings.remove_prefix(std::min(end + 1, endings.size()));
  }
  return false;
}

base::Result<std::string> head_of(const ImportInput& input) {
  auto source = input.open();
  if (!source) return std::move(source).error();
  std::string head(head_bytes, '\0');
  size_t have = 0;
  while (have < head.size()) {
    const auto count = source->read(head.data() + have, head.size() - have);
    if (!count) return count.error();
    if (*count == 0) break;
    have += *count;
  }
  head.resize(have);
  return head;
}

}  // namespace

base::Result<ByteSource> ImportInput::open() const {
  if (archive == nullptr) return ByteSource::open(path, bytes);
  auto reader = archive->read(*entry);
  if (!reader) return std::move(reader).error();
  // A function that can be copied must hold what can be shared.
  const auto shared = std::make_shared<ZipArchive::Reader>(std::move(*reader));
  return ByteSource::of([shared](char* to, size_t size) { return shared->read(to, size); }, entry->bytes);
}

base::Status import_one(const Importer& importer, const ImportInput& input, const std::string& source,
                        ImportBatch& batch) {
  auto status = batch.begin_file(input.name, source);
  if (status) status = importer.import(input, batch);
  if (status) status = batch.end_file();
  if (!status) batch.drop_file();
  return status;
}

std::span<const Importer> importers() {
  return table;
}

bool is_known_name(std::string_view file_name) {
  return std::any_of(table.begin(), table.end(), [&](const Importer& i) { return has_ending(file_name, i.endings); });
}

base::Result<const Importer*> importer_of(const ImportInput& input) {
  std::string head;
  bool has_head = false;
  for (const Importer& importer : table) {
    if (!has_ending(input.name, importer.endings)) continue;
    if (input.archive != nullptr && !importer.reads_forward) continue;
    if (importer.recognises == nullptr) return &importer;
    if (!has_head) {
      auto read = head_of(input);
      if (!read) return std::move(read).error();
      head = std::move(*read);
      has_head = true;
    }
    if (importer.recognises(head)) return &importer;
  }
  return static_cast<const Importer*>(nullptr);
}

std::string known_formats() {
  std::string text;
  for (const Importer& importer : table) {
    text += (text.empty() ? "" : ", ") + std::string(importer.format) + " (" + std::string(importer.endings) + ")";
  }
  return text + ", and zip archives of such files";
}

}  // namespace cityloom::space
