// Shapes of buildings within their lots (room-internal).
#pragma once

#include "rehearsal/chance.hpp"
#include "rehearsal/plane.hpp"

namespace cityloom::rehearsal {

/// A rectangle: its middle, the direction of its length, half its length and half its depth.
struct Oblong {
  Point centre;
  Point along{1, 0};
  double half_length_m = 0;
  double half_depth_m = 0;
};

/// The oblong around the middle of a convex lot, directed along the lot's first side, that stays `margin_m` away from
/// every side; at most the given size, its proportions kept. Half sizes are 0 if none fits.
Oblong fit_oblong(const Quad& lot, double margin_m, double length_m, double depth_m);

/// How a building's plan looks.
enum class Outline : uint8_t { plain, angle, court, stepped, eight };

/// The ring of such a plan within an oblong, anticlockwise. `share` (0.2..0.6) says how much is cut away.
Ring outline_ring(const Oblong& oblong, Outline outline, double share, bool mirrored);

}  // namespace cityloom::rehearsal
