// Where on earth a building model stands.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "space/earth.hpp"
#include "space/ifc/ifc_structure.hpp"
#include "space/space.hpp"

namespace cityloom::space {

/// Takes points of the project's frame (metres) to the earth. A value; any worker.
class IfcGeoreference {
 public:
  /// In this order: the placement given by hand; IfcMapConversion with its IfcProjectedCRS (of IFC 2x3 the property
  /// sets ePSet_MapConversion and ePSet_ProjectedCRS); the latitude, longitude and elevation of IfcSite with true
  /// north. Heights above sea level become ellipsoidal by EGM96 where the file names no vertical datum. By hand, the
  /// project's origin comes to the position; where the model lies more than 10 km from it, the middle of its lowest
  /// corners does. Errors: invalid (stated nowhere, or with nonsense: what to do is said).
  static base::Result<IfcGeoreference> find(IfcReader& reader, const IfcStructure& structure,
                                            const std::optional<Placement>& by_hand, const IfcBounds& bounds);

  /// Errors: invalid (outside of the coordinate system).
  base::Result<twin::Position> position(Vector point) const;
  /// How it was found, for a person: "EPSG:25832 by IfcMapConversion", "IfcSite", "placed by hand".
  const std::string& source() const { return source_; }
  /// The direction of the project's y axis, clockwise from north, degrees.
  double rotation_deg() const { return rotation_deg_; }

 private:
  struct Map;
  static base::Result<std::optional<IfcGeoreference>> by_map(IfcReader& reader, const IfcStructure& structure);
  static base::Result<std::optional<IfcGeoreference>> by_site(IfcReader& reader, const IfcStructure& structure);
  static base::Result<IfcGeoreference> by_frame(double longitude_deg, double latitude_deg, double height_m);
  void turn(double clockwise_deg);
  std::string source_;
  double rotation_deg_ = 0;
  // By a local frame: a point less `origin`, turned.
  std::optional<LocalFrame> frame_;
  Vector origin_;
  double cos_ = 1, sin_ = 0;
  // Or by a map.
  std::shared_ptr<const Map> map_;
};

}  // namespace cityloom::space
