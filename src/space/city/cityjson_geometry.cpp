// The four lists have the same shape down to the faces; null anywhere stands for nothing below.
#include "space/city/cityjson_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace cityloom::space {
namespace {

using Element = simdjson::dom::element;
using Array = simdjson::dom::array;
using simdjson::SUCCESS;

// Walks one list beside another; a list that is absent, null or too short gives nothing.
class Beside {
 public:
  explicit Beside(const std::optional<Element>& element) {
    Array array;
    if (element && element->get(array) == SUCCESS) {
      at_ = array.begin();
      end_ = array.end();
      is_list_ = true;
    }
  }
  std::optional<Element> next() {
    if (!is_list_ || !(at_ != end_)) return {};
    const Element element = *at_;
    ++at_;
    return element;
  }

 private:
  bool is_list_ = false;
  Array::iterator at_, end_;
};

// The first theme's values: {"theme": {"values": [...]}} or {"theme": {"value": 3}}.
std::optional<Element> first_theme(const Element& geometry, const char* kind, int64_t& one_for_all) {
  simdjson::dom::object themes;
  if (geometry[kind].get(themes) != SUCCESS) return {};
  for (const auto& [theme, content] : themes) {
    (void)theme;
    Element values;
    if (content["values"].get(values) == SUCCESS) return values;
    if (content["value"].get(one_for_all) == SUCCESS) return {};
  }
  return {};
}

class GeometryReader {
 public:
  GeometryReader(const CityJsonShared& shared, const std::vector<double>* local_vertices,
                 std::vector<std::string>& notes)
      : shared_(shared), local_(local_vertices), notes_(notes) {}

  std::vector<CityGeometry> read(const Element& json);

 private:
  bool add_vertex(const Element& number);
  void walk(const Element& boundaries, std::optional<Element> semantics, std::optional<Element> textures,
            std::optional<Element> materials, int levels);
  void add_face(const Element& rings, const std::optional<Element>& semantic, const std::optional<Element>& texture,
                const std::optional<Element>& material);
  int32_t add_texture(const std::optional<Element>& rings, size_t first_position);
  bool add_ring(const Element& ring);
  void read_lines(const Element& boundaries, const std::string& type);
  std::vector<CityGeometry> instances(const Element& json);
  void read_semantics(const Element& json, std::optional<Element>& values);

  const CityJsonShared& shared_;
  const std::vector<double>* local_;
  std::vector<std::string>& notes_;
  CityGeometry made_;
  std::vector<SurfaceType> surface_types_;
  int64_t one_material_ = -1;
  size_t bad_faces_ = 0;
};

bool GeometryReader::add_vertex(const Element& number) {
  uint64_t index = 0;
  if (number.get(index) != SUCCESS) return false;
  if (local_ != nullptr) {
    if (index >= local_->size() / 3) return false;
    made_.positions.push_back({(*local_)[index * 3], (*local_)[index * 3 + 1], (*local_)[index * 3 + 2]});
    return true;
  }
  if (index >= shared_.vertex_count()) return false;
  made_.positions.push_back(shared_.vertex(index));
  return true;
}

bool GeometryReader::add_ring(const Element& ring) {
  Array corners;
  if (ring.get(corners) != SUCCESS) return false;
  for (const Element& corner : corners) {
    if (!add_vertex(corner)) return false;
  }
  if (made_.ring_ends.empty() ? made_.positions.empty() : made_.positions.size() == made_.ring_ends.back())
    return false;
  made_.ring_ends.push_back(static_cast<uint32_t>(made_.positions.size()));
  return true;
}

// [[texture, uv, uv, ...], ...], a list a ring: the texture, and its corners beside the positions.
int32_t GeometryReader::add_texture(const std::optional<Element>& rings, size_t first_position) {
  Beside ring_list(rings);
  int32_t texture = -1;
  std::vector<float> corners;
  while (const auto ring = ring_list.next()) {
    Array numbers;
    if (ring->get(numbers) != SUCCESS) return -1;
    bool is_first = true;
    for (const Element& number : numbers) {
      uint64_t index = 0;
      if (number.get(index) != SUCCESS) return -1;
      if (is_first) {
        if (index >= shared_.textures.size()) return -1;
        texture = static_cast<int32_t>(index);
        is_first = false;
        continue;
      }
      if (index >= shared_.texture_vertices.size() / 2) return -1;
      corners.push_back(shared_.texture_vertices[index * 2]);
      corners.push_back(shared_.texture_vertices[index * 2 + 1]);
    }
  }
  if (texture < 0 || corners.size() != (made_.positions.size() - first_position) * 2) return -1;
  made_.texture_positions.resize(first_position * 2, 0.0F);
  made_.texture_positions.insert(made_.texture_positions.end(), corners.begin(), corners.end());
  return texture;
}

void GeometryReader::add_face(const Element& rings, const std::optional<Element>& semantic,
                              const std::optional<Element>& texture, const std::optional<Element>& material) {
  const size_t first_position = made_.positions.size(), first_ring = made_.ring_ends.size();
  Array list;
  bool is_whole = rings.get(list) == SUCCESS;
  if (is_whole) {
    for (const Element& ring : list) is_whole = is_whole && add_ring(ring);
  }
  if (!is_whole || made_.ring_ends.size() == first_ring) {
    made_.positions.resize(first_position);
    made_.ring_ends.resize(first_ring);
    ++bad_faces_;
    return;
  }
  uint64_t number = 0;
  SurfaceType type = SurfaceType::other;
  if (semantic && semantic->get(number) == SUCCESS && number < surface_types_.size()) type = surface_types_[number];
  int64_t painted = one_material_;
  if (material && material->get(painted) != SUCCESS) painted = -1;
  if (painted >= static_cast<int64_t>(shared_.materials.size())) painted = -1;
  const int32_t covered = texture ? add_texture(texture, first_position) : -1;
  made_.end_face(type, covered, static_cast<int32_t>(painted));
}

void GeometryReader::walk(const Element& boundaries, std::optional<Element> semantics, std::optional<Element> textures,
                          std::optional<Element> materials, int levels) {
  Array list;
  if (boundaries.get(list) != SUCCESS) {
    ++bad_faces_;
    return;
  }
  Beside semantic(semantics), texture(textures), material(materials);
  for (const Element& one : list) {
    if (levels > 1) {
      walk(one, semantic.next(), texture.next(), material.next(), levels - 1);
    } else {
      add_face(one, semantic.next(), texture.next(), material.next());
    }
  }
}

void GeometryReader::read_lines(const Element& boundaries, const std::string& type) {
  Array list;
  if (boundaries.get(list) != SUCCESS) return;
  for (const Element& one : list) {
    const bool is_good = type == "MultiPoint" ? add_vertex(one) : add_ring(one);
    if (!is_good) ++bad_faces_;
  }
}

void GeometryReader::read_semantics(const Element& json, std::optional<Element>& values) {
  Element semantics, found;
  Array surfaces;
  if (json["semantics"].get(semantics) != SUCCESS) return;
  if (semantics["surfaces"].get(surfaces) == SUCCESS) {
    for (const Element& surface : surfaces) {
      std::string_view name;
      surface_types_.push_back(surface["type"].get(name) == SUCCESS ? surface_type_of(name) : SurfaceType::other);
    }
  }
  if (semantics["values"].get(found) == SUCCESS) values = found;
}

std::vector<CityGeometry> GeometryReader::instances(const Element& json) {
  uint64_t number = 0;
  Array boundaries, matrix;
  if (json["template"].get(number) != SUCCESS || number >= shared_.templates.size() ||
      json["boundaries"].get(boundaries) != SUCCESS || boundaries.size() != 1) {
    notes_.emplace_back("its template does not exist: the instance was left out");
    return {};
  }
  std::array<double, 16> m{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  if (json["transformationMatrix"].get(matrix) == SUCCESS && matrix.size() == 16) {
    size_t i = 0;
    for (const Element& part : matrix) {
      if (part.get(m[i]) != SUCCESS) m[i] = std::numeric_limits<double>::quiet_NaN();
      ++i;
    }
  }
  uint64_t vertex = 0;
  if (boundaries.at(0).get(vertex) != SUCCESS || vertex >= shared_.vertex_count()) {
    notes_.emplace_back("its reference point does not exist: the instance was left out");
    return {};
  }
  std::vector<CityGeometry> made = shared_.templates[number];
  for (CityGeometry& geometry : made) {
    geometry.is_local = true;
    geometry.reference = shared_.vertex(vertex);
    for (RawPosition& p : geometry.positions) {
      p = {m[0] * p.first + m[1] * p.second + m[2] * p.third + m[3],
           m[4] * p.first + m[5] * p.second + m[6] * p.third + m[7],
           m[8] * p.first + m[9] * p.second + m[10] * p.third + m[11]};
    }
  }
  return made;
}

std::vector<CityGeometry> GeometryReader::read(const Element& json) {
  std::string_view type, lod;
  if (json["type"].get(type) != SUCCESS) {
    notes_.emplace_back("a geometry without a type was left out");
    return {};
  }
  if (type == "GeometryInstance") {
    if (local_ == nullptr) return instances(json);
    notes_.emplace_back("a template that is an instance of a template was left out");
    return {};
  }
  double lod_number = 0;
  if (json["lod"].get(lod) == SUCCESS)
    made_.lod = lod;
  else if (json["lod"].get(lod_number) == SUCCESS) {
    char text[24];
    std::snprintf(text, sizeof text, "%g", lod_number);
    made_.lod = text;
  } else {
    made_.lod = "1";
  }
  Element boundaries;
  if (json["boundaries"].get(boundaries) != SUCCESS) {
    notes_.emplace_back("a geometry without boundaries was left out");
    return {};
  }
  const int levels = type == "MultiSurface" || type == "CompositeSurface" ? 1
                     : type == "Solid"                                    ? 2
                     : type == "MultiSolid" || type == "CompositeSolid"   ? 3
                                                                          : 0;
  if (levels > 0) {
    std::optional<Element> semantics;
    read_semantics(json, semantics);
    int64_t no_texture = -1;
    const auto textures = first_theme(json, "texture", no_texture);
    const auto materials = first_theme(json, "material", one_material_);
    walk(boundaries, semantics, textures, materials, levels);
    if (!made_.textures.empty()) made_.pad_texture_positions();
    made_.has_footprint_only = made_.lod.starts_with("0");
  } else if (type == "MultiPoint" || type == "MultiLineString") {
    read_lines(boundaries, std::string(type));
  } else {
    notes_.push_back("a geometry of the unknown type " + std::string(type.substr(0, 60)) + " was left out");
    return {};
  }
  if (bad_faces_ > 0) {
    notes_.push_back(std::to_string(bad_faces_) +
                     " parts of its geometry name vertices that do not exist, or none: left out");
  }
  if (made_.positions.empty()) return {};
  return {std::move(made_)};
}

}  // namespace

std::vector<CityGeometry> read_cityjson_geometry(const Element& json, const CityJsonShared& shared,
                                                 const std::vector<double>* local_vertices,
                                                 std::vector<std::string>& notes) {
  return GeometryReader(shared, local_vertices, notes).read(json);
}

}  // namespace cityloom::space
