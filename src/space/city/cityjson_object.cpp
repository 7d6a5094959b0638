// One object and what all objects share. simdjson has checked the JSON; here its meaning is checked.
#include "space/city/cityjson_object.hpp"

#include <algorithm>
#include <cmath>

#include "space/city/city_attributes.hpp"
#include "space/city/cityjson_geometry.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using Element = simdjson::dom::element;
using Array = simdjson::dom::array;
using simdjson::SUCCESS;

bool read_three(const Element& json, const char* key, std::array<double, 3>& to) {
  Array list;
  if (json[key].get(list) != SUCCESS || list.size() != 3) return false;
  size_t i = 0;
  for (const Element& number : list) {
    if (number.get(to[i]) != SUCCESS || !std::isfinite(to[i])) return false;
    ++i;
  }
  return true;
}

double number_in(const Element& json, const char* key, double otherwise) {
  double number = 0;
  return json[key].get(number) == SUCCESS ? std::clamp(number, 0.0, 1.0) : otherwise;
}

std::string text_in(const Element& json, const char* key) {
  std::string_view text;
  return json[key].get(text) == SUCCESS ? std::string(text) : std::string();
}

// One of several spellings: the specification leaves the names of addresses open.
std::string any_text_in(const Element& json, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (std::string text = text_in(json, key); !text.empty()) return text;
    int64_t number = 0;
    if (json[key].get(number) == SUCCESS) return std::to_string(number);
  }
  return {};
}

twin::Value value_of(const Element& json) {
  bool flag = false;
  int64_t integer = 0;
  double number = 0;
  std::string_view text;
  if (json.get(flag) == SUCCESS) return flag;
  if (json.get(integer) == SUCCESS) return twin::number_value(static_cast<double>(integer));
  if (json.get(number) == SUCCESS) return twin::number_value(number);
  if (json.get(text) == SUCCESS) return std::string(text);
  if (json.is_null()) return twin::Null{};
  return twin::Json{simdjson::minify(json)};
}

void read_address(const Element& json, CityObject& object) {
  Element one = json;
  Array list;
  if (json.get(list) == SUCCESS) {
    if (list.size() == 0) return;
    one = list.at(0).value();
  }
  CityAddress address;
  address.country = any_text_in(one, {"Country", "CountryName", "country"});
  address.locality = any_text_in(one, {"Locality", "LocalityName", "City", "city"});
  address.street = any_text_in(one, {"ThoroughfareName", "Street", "street"});
  address.number = any_text_in(one, {"ThoroughfareNumber", "HouseNumber", "housenumber"});
  address.postcode = any_text_in(one, {"Postcode", "PostalCode", "PostalCodeNumber", "postcode"});
  object.address = address.json();
}

}  // namespace

RawPosition CityJsonShared::vertex(size_t number) const {
  const size_t at = number * 3;
  const auto part = [&](size_t axis) {
    const double stated = vertices.empty() ? static_cast<double>(whole_vertices[at + axis]) : vertices[at + axis];
    return stated * scale[axis] + translate[axis];
  };
  return {part(0), part(1), part(2)};
}

void CityJsonShared::add_vertex(double x, double y, double z) {
  const auto is_whole = [](double number) {
    return number == std::floor(number) && std::abs(number) < 2'147'483'647.0;
  };
  if (vertices.empty() && is_whole(x) && is_whole(y) && is_whole(z)) {
    for (double part : {x, y, z}) whole_vertices.push_back(static_cast<int32_t>(part));
    return;
  }
  if (!whole_vertices.empty()) {
    vertices.assign(whole_vertices.begin(), whole_vertices.end());
    whole_vertices = {};
  }
  for (double part : {x, y, z}) vertices.push_back(part);
}

bool read_cityjson_transform(const Element& transform, CityJsonShared& shared) {
  return read_three(transform, "scale", shared.scale) && read_three(transform, "translate", shared.translate);
}

std::string read_cityjson_crs(const Element& metadata) {
  return text_in(metadata, "referenceSystem");
}

void read_cityjson_appearance(const Element& appearance, CityJsonShared& shared) {
  Array list;
  if (appearance["textures"].get(list) == SUCCESS) {
    for (const Element& one : list) {
      CityTexture texture;
      texture.image = text_in(one, "image");
      std::string type = text_in(one, "type");
      std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) { return std::tolower(c); });
      texture.media_type = type == "png" ? "image/png" : type.starts_with("jp") ? "image/jpeg" : "";
      texture.wrap = text_in(one, "wrapMode");
      shared.textures.push_back(std::move(texture));
    }
  }
  if (appearance["materials"].get(list) == SUCCESS) {
    for (const Element& one : list) {
      CityMaterial material;
      (void)read_three(one, "diffuseColor", material.diffuse);
      (void)read_three(one, "emissiveColor", material.emissive);
      (void)read_three(one, "specularColor", material.specular);
      material.shininess = number_in(one, "shininess", material.shininess);
      material.transparency = number_in(one, "transparency", material.transparency);
      shared.materials.push_back(material);
    }
  }
  if (appearance["vertices-texture"].get(list) != SUCCESS) return;
  for (const Element& one : list) {
    Array pair;
    double u = 0, v = 0;
    if (one.get(pair) != SUCCESS || pair.size() != 2 || pair.at(0).get(u) != SUCCESS || pair.at(1).get(v) != SUCCESS) {
      u = v = 0;
    }
    shared.texture_vertices.push_back(static_cast<float>(u));
    shared.texture_vertices.push_back(static_cast<float>(v));
  }
}

void read_cityjson_templates(const Element& templates, CityJsonShared& shared) {
  std::vector<double> vertices;
  Array list;
  if (templates["vertices-templates"].get(list) == SUCCESS) {
    for (const Element& one : list) {
      Array parts;
      std::array<double, 3> vertex{};
      if (one.get(parts) == SUCCESS && parts.size() == 3) {
        size_t i = 0;
        for (const Element& part : parts) {
          if (part.get(vertex[i]) != SUCCESS) vertex[i] = 0;
          ++i;
        }
      }
      vertices.insert(vertices.end(), vertex.begin(), vertex.end());
    }
  }
  if (templates["templates"].get(list) != SUCCESS) return;
  std::vector<std::string> notes;
  for (const Element& one : list) {
    shared.templates.push_back(read_cityjson_geometry(one, shared, &vertices, notes));
  }
}

CityObject read_cityjson_object(const Element& json, const CityJsonShared& shared) {
  CityObject object;
  object.type = text_in(json, "type");
  if (object.type.starts_with("+")) {
    take_attribute(object, "class", object.type);
    object.type = "GenericCityObject";
  }
  simdjson::dom::object attributes;
  if (json["attributes"].get(attributes) == SUCCESS) {
    for (const auto& [name, value] : attributes) {
      simdjson::dom::object generic;
      // What a twin exported under names that mean something else by themselves.
      if (name != "genericAttributes" || value.get(generic) != SUCCESS) {
        take_attribute(object, name, value_of(value));
        continue;
      }
      for (const auto& [own, own_value] : generic) take_generic(object, own, json_of(value_of(own_value)));
    }
  }
  Element address;
  if (json["address"].get(address) == SUCCESS) read_address(address, object);
  Array geometries;
  size_t positions = 0;
  if (json["geometry"].get(geometries) == SUCCESS) {
    for (const Element& one : geometries) {
      for (CityGeometry& geometry : read_cityjson_geometry(one, shared, nullptr, object.notes)) {
        positions += geometry.positions.size();
        if (positions > object_positions_max * 2) break;
        object.geometries.push_back(std::move(geometry));
      }
    }
  }
  keep_used_looks(shared.textures, shared.materials, object);
  return object;
}

}  // namespace cityloom::space
