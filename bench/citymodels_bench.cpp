// City models to entities and tiles. The estimate: a house of LoD2 is some 6 kB of CityGML with 36 corners; expat reads
// it twice (40 microseconds), PROJ and the geoid take a microsecond a corner, the record some 100 microseconds on a
// worker of its own: 5,000 a second on two cores.
#include "bench/citymodels_bench.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "space/space.hpp"
#include "space/tiles/tiles.hpp"
#include "store/store.hpp"

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;
using base::Status;
using Steady = std::chrono::steady_clock;

constexpr int houses = 20'000;
constexpr int levels_max = 7;
constexpr double houses_per_second_bar = 5'000;
constexpr double megabytes_bar = 500;

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// The most memory that this process has had since the mark was reset.
void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1000;
  }
  return 0;
}

struct Corner {
  double x, y, z;
};
struct Face {
  const char* type;
  std::vector<int> corners;
};
// A house with a gabled roof: 10 corners, 7 faces.
const std::vector<Face> house_faces = {{"GroundSurface", {0, 3, 2, 1}}, {"WallSurface", {0, 1, 5, 8, 4}},
                                       {"WallSurface", {1, 2, 6, 5}},   {"WallSurface", {2, 3, 7, 9, 6}},
                                       {"WallSurface", {3, 0, 4, 7}},   {"RoofSurface", {5, 6, 9, 8}},
                                       {"RoofSurface", {4, 8, 9, 7}}};

std::vector<Corner> house_corners(int number) {
  const double x = 380'000 + number % 200 * 25.0, y = 5'810'000 + number / 200 * 30.0;
  const double w = 8 + number % 7, d = 10 + number % 5, h = 3 + number % 9, z = 30 + number % 11 * 0.5;
  return {{x, y, z},
          {x + w, y, z},
          {x + w, y + d, z},
          {x, y + d, z},
          {x, y, z + h},
          {x + w, y, z + h},
          {x + w, y + d, z + h},
          {x, y + d, z + h},
          {x + w / 2, y, z + h + 3},
          {x + w / 2, y + d, z + h + 3}};
}

Status write_citygml(const std::string& path) {
  std::ofstream file(path);
  file << R"(<?xml version="1.0"?><core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" )"
          R"(xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml">)"
          R"(<gml:boundedBy><gml:Envelope srsName="EPSG:25833" srsDimension="3"><gml:lowerCorner>380000 5810000 0)"
          R"(</gml:lowerCorner><gml:upperCorner>385000 5813000 60</gml:upperCorner></gml:Envelope></gml:boundedBy>)";
  for (int i = 0; i < houses; ++i) {
    const auto corners = house_corners(i);
    file << fmt::format(
        "\n<core:cityObjectMember><bldg:Building gml:id=\"bench-building-{:06}\">"
        "<bldg:function>1000</bldg:function><bldg:roofType>1030</bldg:roofType>"
        "<bldg:measuredHeight uom=\"m\">{}</bldg:measuredHeight>",
        i, 6 + i % 9);
    int surface = 0;
    for (const Face& face : house_faces) {
      file << fmt::format(
          "<bldg:boundedBy><bldg:{} gml:id=\"s{}-{}\"><bldg:lod2MultiSurface><gml:MultiSurface>"
          "<gml:surfaceMember><gml:Polygon gml:id=\"p{}-{}\"><gml:exterior><gml:LinearRing><gml:posList>",
          face.type, i, surface, i, surface);
      ++surface;
      for (size_t corner = 0; corner <= face.corners.size(); ++corner) {
        const Corner& c = corners[static_cast<size_t>(face.corners[corner % face.corners.size()])];
        file << fmt::format("{:.3f} {:.3f} {:.3f} ", c.x, c.y, c.z);
      }
      file << "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember></gml:MultiSurface>"
              "</bldg:lod2MultiSurface></bldg:"
           << face.type << "></bldg:boundedBy>";
    }
    file << "</bldg:Building></core:cityObjectMember>";
  }
  file << "</core:CityModel>\n";
  return file ? Status() : Status(fail(Code::unavailable, "the file cannot be written", path));
}

Status write_cityjson(const std::string& path) {
  std::ofstream file(path);
  file
      << R"({"type":"CityJSON","version":"2.0","metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},)"
         R"("transform":{"scale":[0.001,0.001,0.001],"translate":[380000,5810000,0]},"CityObjects":{)";
  for (int i = 0; i < houses; ++i) {
    std::string faces;
    for (const Face& face : house_faces) {
      std::string ring;
      for (int corner : face.corners) ring += (ring.empty() ? "" : ",") + std::to_string(i * 10 + corner);
      faces += (faces.empty() ? "[[" : ",[[") + ring + "]]";
    }
    file << fmt::format(
        R"({}"bench-building-{:06}":{{"type":"Building","attributes":{{"function":"1000","roofType":"1030",)"
        R"("measuredHeight":{}}},"geometry":[{{"type":"Solid","lod":"2.2","boundaries":[[{}]],"semantics":)"
        R"({{"surfaces":[{{"type":"GroundSurface"}},{{"type":"WallSurface"}},{{"type":"RoofSurface"}}],)"
        R"("values":[[0,1,1,1,1,2,2]]}}}}]}})",
        i == 0 ? "" : ",", i, 6 + i % 9, faces);
  }
  file << "},\"vertices\":[";
  for (int i = 0; i < houses; ++i) {
    bool is_first = i == 0;
    for (const Corner& c : house_corners(i)) {
      file << fmt::format("{}[{:.0f},{:.0f},{:.0f}]", is_first ? "" : ",", (c.x - 380'000) * 1000,
                          (c.y - 5'810'000) * 1000, c.z * 1000);
      is_first = false;
    }
  }
  file << "]}\n";
  return file ? Status() : Status(fail(Code::unavailable, "the file cannot be written", path));
}

// Every content of the quadtree below the tileset's implicit tiles is made once.
Status make_all_tiles(thread::Thread& record, uint64_t& bytes) {
  const auto tiles = space::CityTiles::follow(record);
  if (auto status = tiles->wait_for(record.head(), 600'000); !status) return status;
  const auto tileset = tiles->find({.path = "tileset.json"});
  if (!tileset) return tileset.error();
  const std::string& text = (*tileset)->bytes;
  constexpr std::string_view key = "\"uri\":\"";
  for (size_t at = 0; (at = text.find(key, at)) != std::string::npos;) {
    at += key.size();
    const std::string uri = text.substr(at, text.find_first_of("\"?", at) - at);
    const size_t pattern = uri.find("{level}");
    if (pattern == std::string::npos || uri.find(".glb") == std::string::npos) continue;
    for (int level = 0; level <= levels_max; ++level) {
      for (int x = 0; x < 1 << level; ++x) {
        for (int y = 0; y < 1 << level; ++y) {
          const std::string path = fmt::format("{}{}/{}/{}.glb", uri.substr(0, pattern), level, x, y);
          const auto content = tiles->find({.path = path});
          if (content) bytes += (*content)->bytes.size();
          if (!content && content.error().code != Code::not_found) return content.error();
        }
      }
    }
  }
  return {};
}

Status measure(const Setup& setup, const std::string& path, const std::string& name, bool has_bars,
               const Report& report) {
  const base::SystemClock clock;
  auto store = store::open_embedded(setup.folder + "/" + name);
  if (!store) return store.error();
  auto record = thread::Thread::open(std::move(*store), clock);
  if (!record) return record.error();
  reset_peak();
  const auto start = Steady::now();
  space::ThreadSink sink(**record);
  const auto imported = space::import_file(path, sink);
  if (!imported) return imported.error();
  const double import_s = seconds_since(start);
  uint64_t bytes = 0;
  if (auto status = make_all_tiles(**record, bytes); !status) return status;
  const double all_s = seconds_since(start);
  const auto count = static_cast<double>(imported->imported);
  report({name + "_to_entities", count / import_s, "objects/s", {}, true});
  report({name + "_to_entities_and_tiles", count / all_s, "objects/s",
          has_bars ? std::optional(houses_per_second_bar) : std::nullopt, true});
  report(
      {name + "_peak_memory", peak_megabytes(), "MB", has_bars ? std::optional(megabytes_bar) : std::nullopt, false});
  report({name + "_tile_bytes_per_object", static_cast<double>(bytes) / std::max(count, 1.0), "bytes", {}, false});
  return {};
}

}  // namespace

Status run_citymodels(const Setup& setup, const Report& report) {
  const std::string gml = setup.folder + "/houses.gml", json = setup.folder + "/houses.city.json";
  if (auto status = write_citygml(gml); !status) return status;
  if (auto status = write_cityjson(json); !status) return status;
  if (auto status = measure(setup, gml, "citygml_houses", true, report); !status) return status;
  if (auto status = measure(setup, json, "cityjson_houses", true, report); !status) return status;
  if (setup.shared_folder.empty()) return {};
  for (const auto& [file, name] : {std::pair("buildings/berlin-lod2-citygml1.gml", "berlin"),
                                   {"buildings/rotterdam-delfshaven-lod2.city.json", "rotterdam"},
                                   {"buildings/yokosuka-lod2-citygml2-plateau.gml", "yokosuka"}}) {
    if (auto status = measure(setup, setup.shared_folder + "/" + file, name, false, report); !status) return status;
  }
  return {};
}

}  // namespace cityloom::bench
