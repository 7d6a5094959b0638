// Reads binary glTF for tests, as a client does: decompresses by meshoptimizer, puts nodes in their places.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "space/earth.hpp"

namespace cityloom::space {

/// A file, unpacked.
class GlbReader {
 public:
  explicit GlbReader(std::string_view file);

  /// A corner of a triangle: its place in the frame of the first node (east, north, up) and on the earth.
  struct Corner {
    Vector local, ecef, normal;
    uint32_t feature = 0;
    std::array<double, 2> texture{};
  };
  struct Triangle {
    std::array<Corner, 3> corners;
    uint32_t material = 0;
    double double_area_seen_from_above() const;
  };
  /// Those of all meshes that are not instanced.
  std::vector<Triangle> triangles() const;

  /// The values of an accessor, normalised ones as -1..1.
  std::vector<double> values(int accessor) const;
  std::vector<std::string> texts(const char* property) const;
  /// Those of a column; none where it has no data.
  std::vector<std::optional<double>> numbers(const char* property) const;
  size_t feature_count() const;

  nlohmann::json json;

 private:
  std::string view(int number) const;
  void add_triangles(const nlohmann::json& node, std::vector<Triangle>& to) const;
  std::string binary_;
};

}  // namespace cityloom::space
