// Where the plane coordinates of a model lie on the earth: by a coordinate system, or placed by hand.
#pragma once

#include <optional>

#include "space/earth.hpp"
#include "space/formats/plane_crs.hpp"
#include "space/space.hpp"

namespace cityloom::space {

/// Turns a model's x, y (and z) into positions. Any worker.
class PlanePlace {
 public:
  static PlanePlace of_crs(PlaneCrs crs) { return PlanePlace(std::move(crs), {}, {}, 1); }
  /// The point (origin_x, origin_y) of the model lies at the placement; `metres` is one unit of the model.
  static PlanePlace of_placement(const Placement& placement, double origin_x, double origin_y, double metres);

  /// Errors: invalid (not finite, out of range). Heights: z above the placement's; with a coordinate system, z itself.
  base::Result<twin::Position> position(double x, double y, double z = std::numeric_limits<double>::quiet_NaN()) const;
  bool is_placed() const { return frame_.has_value(); }

 private:
  struct Turn {
    double x = 0, y = 0, sine = 0, cosine = 1;
  };
  PlanePlace(PlaneCrs crs, std::optional<LocalFrame> frame, Turn turn, double metres)
      : crs_(std::move(crs)), frame_(frame), turn_(turn), metres_(metres) {}

  PlaneCrs crs_;
  std::optional<LocalFrame> frame_;
  Turn turn_;
  double metres_ = 1;
};

}  // namespace cityloom::space
