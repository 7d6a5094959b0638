// Coordinate systems that features are given and asked for in (OGC API - Features part 2), and boxes in them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "space/coordinates.hpp"
#include "twin/geometry.hpp"

namespace cityloom::serve::ogc {

inline constexpr std::string_view crs84_uri = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// The URIs of all coordinate systems that are given, the default first.
std::span<const std::string_view> crs_uris();

/// One of them. A value; cheap to copy. Any worker.
class Crs {
 public:
  /// The system of a URI, also written "EPSG:5186"; nothing: CRS84. Errors: invalid, with the parameter in `where`.
  static base::Result<Crs> find(std::optional<std::string_view> uri, std::string_view parameter);

  const std::string& uri() const { return uri_; }
  /// Whether coordinates are longitude and latitude, as they are kept.
  bool is_native() const { return system_ == nullptr; }
  /// Whether they are degrees.
  bool is_geographic() const { return is_geographic_; }
  /// Whether latitude or northing comes first.
  bool is_north_first() const { return system_ != nullptr && system_->is_north_first(); }

  /// Puts the coordinates of this system, in its order of axes, in the place of longitude and latitude. False: it lies
  /// outside of what the system can express.
  bool transform(twin::Geometry& geometry) const;
  /// The place of coordinates in the order of the axes; nothing outside of the system's range.
  std::optional<twin::Position> place_of(double first, double second) const;

 private:
  std::string uri_;
  bool is_geographic_ = true;
  std::shared_ptr<const space::CoordinateSystem> system_;
};

/// A box in a coordinate system, as `bbox` gives it.
class BoxFilter {
 public:
  /// Reads "a,b,c,d", or with heights "a,b,h,c,d,i". Errors: invalid.
  static base::Result<BoxFilter> read(std::string_view text, const Crs& crs);

  /// Whether a geometry has a point in it, in the plane of the box's system.
  bool meets(const twin::Geometry& geometry) const;

  /// A polygon in longitude and latitude that surely holds all that can meet the box, for the place index; nothing if
  /// the box is too large for it to be of use.
  std::optional<twin::Geometry> surrounding() const;

 private:
  Crs crs_;
  double least_x_ = 0, least_y_ = 0, most_x_ = 0, most_y_ = 0;  // in the order of the axes
  std::optional<double> least_height_m_, most_height_m_;
  bool crosses_antimeridian_ = false;
};

}  // namespace cityloom::serve::ogc
