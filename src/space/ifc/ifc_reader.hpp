// What all readers of a building model's parts share: the file, its units, points, directions and placements.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"
#include "space/ifc/ifc_geometry.hpp"
#include "space/ifc/step_file.hpp"

namespace cityloom::space {

/// What one unit of the file is in SI.
struct IfcUnits {
  double length_m = 1;
  double area_m2 = 1;
  double volume_m3 = 1;
  double angle_rad = 1;
};

/// Reads placements and points of one file. One worker. The file must outlive it.
class IfcReader {
 public:
  /// Hears of what could not be taken, by the number of the instance.
  using Warn = std::function<void(uint64_t id, std::string reason)>;
  IfcReader(const StepFile& file, IfcLimits limits, Warn warn);

  const StepFile& file() const { return file_; }
  const IfcLimits& limits() const { return limits_; }
  const IfcUnits& units() const { return units_; }
  void warn(uint64_t id, std::string reason) const {
    if (warn_) warn_(id, std::move(reason));
  }

  /// The instance, or one without id. Damage is warned of.
  StepInstance get(uint64_t id) const;
  StepInstance get(const StepValue& value) const { return get(value.reference()); }

  /// An IfcCartesianPoint (2D: z is 0) in metres. Errors: invalid (none, not finite, too far out).
  base::Result<Vector> point(uint64_t id) const;
  /// A list of coordinates as IfcCartesianPointList has them, in metres.
  base::Result<Vector> coordinates(const StepValue& list) const;
  /// An IfcDirection of length 1, or `otherwise`.
  Vector direction(uint64_t id, Vector otherwise) const;
  /// IfcAxis2Placement2D or 3D; without id the frame itself. Errors: invalid.
  base::Result<IfcFrame> axis_placement(uint64_t id) const;
  /// IfcCartesianTransformationOperator2D, 3D and non-uniform. Errors: invalid.
  base::Result<IfcFrame> transformation(uint64_t id) const;
  /// IfcLocalPlacement (others with a cartesian position too) in the project's frame. Errors: invalid (missing, cyclic,
  /// too deep). Remembers.
  base::Result<IfcFrame> object_placement(uint64_t id);

 private:
  base::Result<IfcFrame> local_placement(uint64_t id, size_t depth);
  void read_units();
  double unit_scale(const StepInstance& unit, size_t depth) const;

  const StepFile& file_;
  IfcLimits limits_;
  Warn warn_;
  IfcUnits units_;
  std::unordered_map<uint64_t, IfcFrame> placements_;
};

/// "#12", as warnings and errors name an instance.
std::string instance_name(uint64_t id);

}  // namespace cityloom::space
