// Houses in rows of 200, 25 m by 30 m each; sizes and heights differ.
#include "bench/house_model.hpp"

#include <fmt/format.h>

#include <fstream>
#include <vector>

namespace cityloom::bench {
namespace {

using base::Code;
using base::fail;

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

std::vector<Corner> house_corners(uint64_t house) {
  const auto number = static_cast<int>(house);
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

void write_citygml_house(std::ofstream& file, uint64_t i) {
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

}  // namespace

base::Result<uint64_t> write_citygml_houses(const std::string& path, uint64_t count, uint64_t bytes_min) {
  std::ofstream file(path);
  file << R"(<?xml version="1.0"?><core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" )"
          R"(xmlns:bldg="http://www.opengis.net/citygml/building/2.0" xmlns:gml="http://www.opengis.net/gml">)"
          R"(<gml:boundedBy><gml:Envelope srsName="EPSG:25833" srsDimension="3"><gml:lowerCorner>380000 5810000 0)"
          R"(</gml:lowerCorner><gml:upperCorner>385000 5813000 60</gml:upperCorner></gml:Envelope></gml:boundedBy>)";
  uint64_t written = 0;
  for (; written < count || static_cast<uint64_t>(file.tellp()) < bytes_min; ++written) {
    if (!file) break;
    write_citygml_house(file, written);
  }
  file << "</core:CityModel>\n";
  if (!file) return fail(Code::unavailable, "the file cannot be written", path);
  return written;
}

base::Status write_cityjson_houses(const std::string& path, uint64_t count) {
  std::ofstream file(path);
  file
      << R"({"type":"CityJSON","version":"2.0","metadata":{"referenceSystem":"https://www.opengis.net/def/crs/EPSG/0/25833"},)"
         R"("transform":{"scale":[0.001,0.001,0.001],"translate":[380000,5810000,0]},"CityObjects":{)";
  for (uint64_t i = 0; i < count; ++i) {
    std::string faces;
    for (const Face& face : house_faces) {
      std::string ring;
      for (int corner : face.corners) ring += (ring.empty() ? "" : ",") + std::to_string(i * 10 + static_cast<uint64_t>(corner));
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
  for (uint64_t i = 0; i < count; ++i) {
    bool is_first = i == 0;
    for (const Corner& c : house_corners(i)) {
      file << fmt::format("{}[{:.0f},{:.0f},{:.0f}]", is_first ? "" : ",", (c.x - 380'000) * 1000,
                          (c.y - 5'810'000) * 1000, c.z * 1000);
      is_first = false;
    }
  }
  file << "]}\n";
  return file ? base::Status() : base::Status(fail(Code::unavailable, "the file cannot be written", path));
}

}  // namespace cityloom::bench
