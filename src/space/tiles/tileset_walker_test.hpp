// Walks a whole tileset as a client does, subtrees included, and holds it to the rules of 3D Tiles 1.1.
#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "space/tiles/glb_reader_test.hpp"
#include "space/tiles/tiles.hpp"

namespace cityloom::space {

/// Expects (with GoogleTest) that volumes contain what is below and drawn, that errors shrink, that addresses resolve,
/// and that at the finest level each feature stands once.
class TilesetWalker {
 public:
  explicit TilesetWalker(CityTiles& tiles, std::optional<thread::Offset> as_of = {}, std::string layer = "buildings")
      : tiles_(tiles), as_of_(as_of), layer_(std::move(layer)) {}
  void walk();

  std::map<std::string, std::string> tile_of_feature;  ///< of tiles without tiles below: entity to path
  std::map<std::string, double> volume_of_feature;     ///< m3 above the ellipsoid
  std::set<std::string> paths;                         ///< of all contents
  std::map<std::string, std::string> etags;            ///< of all contents
  size_t subtrees = 0;
  double upper_volume_worst = 0;  ///< the largest share by which an inner tile's volume differs from that below it
  std::string version;

  /// The last number in each id.
  std::set<std::string> ids() const {
    std::set<std::string> all;
    for (const auto& [id, uri] : tile_of_feature) all.insert(id.substr(id.rfind('-') + 1));
    return all;
  }

 private:
  using Region = std::array<double, 6>;
  struct Place {
    uint32_t level = 0, x = 0, y = 0;
  };
  struct Subtree {
    nlohmann::json json;
    std::string binary;
    bool available(const nlohmann::json& availability, size_t bit) const;
    Region region(size_t row) const;
  };
  std::string path_of(const std::string& pattern, Place place) const;
  base::Result<ContentPointer> ask(const std::string& path);
  Subtree read_subtree(Place place);
  double walk_subtree(Place place, double error_m, const Region* above);
  double walk_tile(const Subtree& subtree, Place root, Place place, size_t level, size_t morton, double error_m,
                   const Region* above);
  void expect_in_its_quarter(Place place, const Region& region) const;
  double see_content(Place place, const Region& region, bool is_finest);

  CityTiles& tiles_;
  std::optional<thread::Offset> as_of_;
  std::string layer_;
  std::string content_pattern_, subtree_pattern_, query_;
  Region root_{};
  uint32_t subtree_levels_ = 0, levels_ = 0;
};

}  // namespace cityloom::space
