// Names of surfaces, and the few things that every reader of objects does.
#include "space/city/city_object.hpp"

#include <absl/container/flat_hash_map.h>

#include <array>

namespace cityloom::space {
namespace {

struct TypeName {
  SurfaceType type;
  std::string_view name;
  std::string_view source_name;
};
constexpr std::array type_names{
    TypeName{SurfaceType::other, "other", ""},
    TypeName{SurfaceType::ground, "ground", "GroundSurface"},
    TypeName{SurfaceType::wall, "wall", "WallSurface"},
    TypeName{SurfaceType::roof, "roof", "RoofSurface"},
    TypeName{SurfaceType::closure, "closure", "ClosureSurface"},
    TypeName{SurfaceType::outer_ceiling, "outerCeiling", "OuterCeilingSurface"},
    TypeName{SurfaceType::outer_floor, "outerFloor", "OuterFloorSurface"},
    TypeName{SurfaceType::interior_wall, "interiorWall", "InteriorWallSurface"},
    TypeName{SurfaceType::ceiling, "ceiling", "CeilingSurface"},
    TypeName{SurfaceType::floor, "floor", "FloorSurface"},
    TypeName{SurfaceType::window, "window", "Window"},
    TypeName{SurfaceType::door, "door", "Door"},
    TypeName{SurfaceType::water, "water", "WaterSurface"},
    TypeName{SurfaceType::water_ground, "waterGround", "WaterGroundSurface"},
    TypeName{SurfaceType::traffic_area, "trafficArea", "TrafficArea"},
    TypeName{SurfaceType::auxiliary_traffic_area, "auxiliaryTrafficArea", "AuxiliaryTrafficArea"},
};

}  // namespace

std::string_view name_of(SurfaceType type) {
  for (const TypeName& one : type_names) {
    if (one.type == type) return one.name;
  }
  return "other";
}

SurfaceType surface_type_of(std::string_view name) {
  for (const TypeName& one : type_names) {
    if (name == one.name || name == one.source_name) return one.type;
  }
  if (name == "WaterClosureSurface") return SurfaceType::closure;
  if (name == "WindowSurface") return SurfaceType::window;
  if (name == "DoorSurface") return SurfaceType::door;
  return SurfaceType::other;
}

void CityGeometry::end_face(SurfaceType type, int32_t texture, int32_t material) {
  face_ends.push_back(static_cast<uint32_t>(ring_ends.size()));
  types.push_back(type);
  if (texture >= 0 || !textures.empty()) {
    textures.resize(types.size() - 1, -1);
    textures.push_back(texture);
  }
  if (material >= 0 || !materials.empty()) {
    materials.resize(types.size() - 1, -1);
    materials.push_back(material);
  }
}

void CityGeometry::append(const CityGeometry& more) {
  const auto positions_before = static_cast<uint32_t>(positions.size());
  const auto rings_before = static_cast<uint32_t>(ring_ends.size());
  const size_t faces_before = types.size();
  positions.insert(positions.end(), more.positions.begin(), more.positions.end());
  for (uint32_t end : more.ring_ends) ring_ends.push_back(end + positions_before);
  for (uint32_t end : more.face_ends) face_ends.push_back(end + rings_before);
  types.insert(types.end(), more.types.begin(), more.types.end());
  const auto join = [&](std::vector<int32_t>& mine, const std::vector<int32_t>& theirs) {
    if (mine.empty() && theirs.empty()) return;
    mine.resize(faces_before, -1);
    mine.insert(mine.end(), theirs.begin(), theirs.end());
    mine.resize(types.size(), -1);
  };
  join(textures, more.textures);
  join(materials, more.materials);
  if (texture_positions.empty() && more.texture_positions.empty()) return;
  texture_positions.resize(size_t{positions_before} * 2, 0.0F);
  texture_positions.insert(texture_positions.end(), more.texture_positions.begin(), more.texture_positions.end());
  pad_texture_positions();
}

void CityGeometry::pad_texture_positions() {
  texture_positions.resize(positions.size() * 2, 0.0F);
}

void keep_used_looks(const std::vector<CityTexture>& textures, const std::vector<CityMaterial>& materials,
                     CityObject& object) {
  absl::flat_hash_map<int32_t, int32_t> texture_places, material_places;
  const auto renumber = [](std::vector<int32_t>& numbers, const auto& all, auto& places, auto& used) {
    for (int32_t& number : numbers) {
      if (number < 0 || static_cast<size_t>(number) >= all.size()) {
        number = -1;
        continue;
      }
      const auto [place, is_new] = places.try_emplace(number, static_cast<int32_t>(used.size()));
      if (is_new) used.push_back(all[static_cast<size_t>(number)]);
      number = place->second;
    }
  };
  for (CityGeometry& geometry : object.geometries) {
    renumber(geometry.textures, textures, texture_places, object.textures);
    renumber(geometry.materials, materials, material_places, object.materials);
  }
}

}  // namespace cityloom::space
