// What things without heights of their own stand on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "twin/geometry.hpp"

namespace cityloom::space {

/// The ground, as the tiles ask for it. Any worker may call anything.
class Ground {
 public:
  virtual ~Ground() = default;

  /// Heights above the WGS 84 ellipsoid.
  struct Heights {
    double lowest_m = 0, highest_m = 0;
  };
  /// Of the ground below a geometry (its corners at least); none where it is not known. Cost: some microseconds.
  virtual std::optional<Heights> under(const twin::Geometry& geometry) const = 0;

  /// Changes whenever an answer of `under` may: then everything that stands on the ground is looked at again.
  virtual uint64_t version() const = 0;

  /// Calls `heard` after each change of the version: hand over and return. The token ends it when destroyed; no call is
  /// under way afterwards.
  [[nodiscard]] virtual std::shared_ptr<void> on_change(std::function<void()> heard) = 0;
};

}  // namespace cityloom::space
