// The inside of a building as the record has it: storeys, rooms and elements, plans, ways from room to room, 3D tiles.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "thread/snapshot.hpp"
#include "twin/term.hpp"

namespace cityloom::space {

/// A room, an element or a piece of equipment.
struct IndoorThing {
  std::string id;
  std::string type;      ///< "Room", "BuildingElement", "Equipment", "Device"
  std::string category;  ///< "wall", "door"; of equipment its kind
  std::string name, number;
  std::string storey;  ///< the id of its storey, or ""
  std::string material, colour;
  double transparency = 0;
  std::optional<double> area_m2, height_m;
  std::vector<std::string> connects;  ///< of a door or stair: rooms
  std::vector<std::string> opens_to;  ///< of a room: rooms without a door between
  twin::Geometry location;            ///< its plan; no positions if it has none
  double base_m = 0;                  ///< of the plan, above the ellipsoid
  twin::Geometry body;                ///< only where asked for
};

struct IndoorStorey {  ///< one storey
  std::string id, name;
  double order = 0;  ///< 0 the lowest
  std::optional<double> elevation_m, height_m;
  size_t rooms = 0, things = 0;
};

/// All of one building.
struct IndoorModel {
  std::string id, name;
  std::vector<IndoorStorey> storeys;  ///< from below
  std::vector<IndoorThing> things;

  const IndoorThing* find(std::string_view thing_id) const;
};

/// Reads a building's inside. A building without one has no storeys. `with_bodies`: 3D geometry too. Cost: looks at all
/// elements within 500 m. Errors: not_found (no such building).
base::Result<IndoorModel> read_indoors(const thread::Snapshot& snapshot, const twin::TermTable& terms,
                                       std::string_view building_id, bool with_bodies);

/// A way through a building.
struct IndoorRoute {
  std::vector<twin::Position> positions;
  std::vector<std::string> steps;  ///< ids of rooms, doors and stairs in their order
  double length_m = 0;
  double duration_s = 0;  ///< 1.2 m/s on the flat, 0.5 m/s on stairs
};

/// What stands for the street in a route.
inline constexpr std::string_view outside_room = "outside";

/// The shortest way from a room to another, or to (from) outside by a door that leads there. Errors: not_found (no such
/// room; no way).
base::Result<IndoorRoute> find_indoor_route(const IndoorModel& model, std::string_view from, std::string_view to);

/// One answer of the door of indoor tiles.
struct IndoorTile {
  std::string content_type;
  std::string bytes;
};

/// "tileset.json": a tile for each storey (and one for what has none), or what it names. Features have `id`, `name`,
/// `category`, `type`, `storey`. Same model, same bytes. Cost: some 10 ms for a thousand faces. Errors: not_found.
base::Result<IndoorTile> make_indoor_tile(const IndoorModel& model, std::string_view path);

}  // namespace cityloom::space
