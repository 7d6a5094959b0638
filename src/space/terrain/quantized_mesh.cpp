// Written after the specification: https://github.com/CesiumGS/quantized-mesh
#include "space/terrain/quantized_mesh.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cityloom::space {
namespace {

constexpr double quantum_max = 32'767;
constexpr uint32_t unused = UINT32_MAX;

template <class Number>
void put(std::string& to, Number number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);  // little-endian, as this machine is
}

void put_vector(std::string& to, Vector vector) {
  for (const double number : {vector.x, vector.y, vector.z}) put(to, number);
}

// A node of the mesh by its number, row by row.
struct Node {
  uint32_t column, row;
};

class Encoder {
 public:
  explicit Encoder(const TerrainMesh& mesh) : mesh_(mesh), side_(mesh.cells + 1), box_(mesh.key.box()) {
    const auto [lowest, highest] = std::minmax_element(mesh.heights_m.begin(), mesh.heights_m.end());
    lowest_m_ = static_cast<float>(*lowest);
    highest_m_ = std::max(static_cast<float>(*highest), std::nextafter(lowest_m_, 1e9F));
    order_nodes();
  }

  std::string run(bool with_normals, const std::optional<std::string>& water_mask) {
    put_header();
    put_vertices();
    put_triangles();
    put_edges();
    if (with_normals) put_normals();
    if (water_mask) {
      put(bytes_, uint8_t{2});
      put(bytes_, static_cast<uint32_t>(water_mask->size()));
      bytes_ += *water_mask;
    }
    return std::move(bytes_);
  }

 private:
  twin::Position place(uint32_t node) const {
    const double column = node % side_, row = node / side_;
    return {box_.west_deg + column / mesh_.cells * (box_.east_deg - box_.west_deg),
            box_.south_deg + row / mesh_.cells * (box_.north_deg - box_.south_deg), mesh_.heights_m[node]};
  }

  // Triangles name vertices in the order of their first use: that is what their packing wants.
  void order_nodes() {
    number_of_.assign(size_t{side_} * side_, unused);
    const auto use = [&](uint32_t node) {
      if (number_of_[node] == unused) {
        number_of_[node] = static_cast<uint32_t>(nodes_.size());
        nodes_.push_back(node);
      }
      indices_.push_back(number_of_[node]);
    };
    for (uint32_t row = 0; row < mesh_.cells; ++row) {
      for (uint32_t column = 0; column < mesh_.cells; ++column) {
        const uint32_t south_west = row * side_ + column, north_west = south_west + side_;
        for (const uint32_t node : {south_west, south_west + 1, north_west + 1}) use(node);
        for (const uint32_t node : {south_west, north_west + 1, north_west}) use(node);
      }
    }
  }

  void put_header() {
    const twin::Position middle{(box_.west_deg + box_.east_deg) / 2, (box_.south_deg + box_.north_deg) / 2,
                                (static_cast<double>(lowest_m_) + static_cast<double>(highest_m_)) / 2};
    const Vector centre = ecef_of(middle);
    double radius_m = 0;
    for (const uint32_t node : nodes_) radius_m = std::max(radius_m, length_of(ecef_of(place(node)) - centre));
    put_vector(bytes_, centre);
    put(bytes_, lowest_m_);
    put(bytes_, highest_m_);
    put_vector(bytes_, centre);
    put(bytes_, radius_m);
    put_vector(bytes_, horizon_point(centre));
  }

  // In a space where the ellipsoid is the unit sphere: the lowest point above the centre that is hidden by the horizon
  // only when all vertices are.
  Vector horizon_point(Vector centre) const {
    constexpr double semi_minor_m = earth_semi_major_m * (1 - earth_flattening);
    const auto scaled = [](Vector ecef) {
      return Vector{ecef.x / earth_semi_major_m, ecef.y / earth_semi_major_m, ecef.z / semi_minor_m};
    };
    const Vector towards = scaled(centre) * (1 / length_of(scaled(centre)));
    constexpr double far_away = 1'000;  // for tiles that reach around the earth: never hidden
    double magnitude = 1;
    for (const uint32_t node : nodes_) {
      const Vector at = scaled(ecef_of(place(node)));
      const Vector direction = at * (1 / length_of(at));
      const double size = std::max(1.0, length_of(at));
      const double cos_alpha = dot(direction, towards), sin_alpha = length_of(cross(direction, towards));
      const double cos_beta = 1 / size, sin_beta = std::sqrt(size * size - 1) * cos_beta;
      const double divisor = cos_alpha * cos_beta - sin_alpha * sin_beta;
      magnitude = std::max(magnitude, divisor > 1 / far_away ? 1 / divisor : far_away);
    }
    return towards * magnitude;
  }

  void put_vertices() {
    put(bytes_, static_cast<uint32_t>(nodes_.size()));
    const auto put_list = [&](const auto& value_of) {
      int before = 0;
      for (const uint32_t node : nodes_) {
        const int value = static_cast<int>(std::lround(value_of(node)));
        const int difference = value - before;
        before = value;
        put(bytes_, static_cast<uint16_t>((difference << 1) ^ (difference >> 31)));
      }
    };
    put_list([&](uint32_t node) { return node % side_ * quantum_max / mesh_.cells; });
    put_list([&](uint32_t node) { return static_cast<double>(node / side_) * quantum_max / mesh_.cells; });
    const double range_m = static_cast<double>(highest_m_) - static_cast<double>(lowest_m_);
    put_list([&](uint32_t node) {
      const double part = (mesh_.heights_m[node] - static_cast<double>(lowest_m_)) / range_m;
      return std::clamp(part, 0.0, 1.0) * quantum_max;
    });
  }

  void put_triangles() {
    put(bytes_, static_cast<uint32_t>(indices_.size() / 3));
    uint32_t highest = 0;
    for (const uint32_t index : indices_) {
      put(bytes_, static_cast<uint16_t>(highest - index));
      if (index == highest) ++highest;
    }
  }

  void put_edges() {
    const uint32_t last = mesh_.cells;
    const auto put_edge = [&](const auto& node_at) {
      put(bytes_, side_);
      for (uint32_t i = 0; i <= last; ++i) put(bytes_, static_cast<uint16_t>(number_of_[node_at(i)]));
    };
    put_edge([&](uint32_t i) { return i * side_; });         // west
    put_edge([&](uint32_t i) { return i; });                 // south
    put_edge([&](uint32_t i) { return i * side_ + last; });  // east
    put_edge([&](uint32_t i) { return last * side_ + i; });  // north
  }

  void put_normals() {
    put(bytes_, uint8_t{1});
    put(bytes_, static_cast<uint32_t>(nodes_.size() * 2));
    for (const uint32_t node : nodes_) {
      const Vector normal = mesh_.normals[node];
      const double sum = std::abs(normal.x) + std::abs(normal.y) + std::abs(normal.z);
      double x = normal.x / sum, y = normal.y / sum;
      if (normal.z < 0) {
        const double folded_x = (1 - std::abs(y)) * (x < 0 ? -1 : 1);
        y = (1 - std::abs(x)) * (y < 0 ? -1 : 1);
        x = folded_x;
      }
      for (const double part : {x, y}) {
        put(bytes_, static_cast<uint8_t>(std::lround((std::clamp(part, -1.0, 1.0) * 0.5 + 0.5) * 255)));
      }
    }
  }

  const TerrainMesh& mesh_;
  const uint32_t side_;
  const twin::Box box_;
  float lowest_m_ = 0, highest_m_ = 0;
  std::vector<uint32_t> number_of_;  // of each node
  std::vector<uint32_t> nodes_;      // by number
  std::vector<uint32_t> indices_;
  std::string bytes_;
};

}  // namespace

std::string encode_quantized_mesh(const TerrainMesh& mesh, bool with_normals,
                                  const std::optional<std::string>& water_mask) {
  return Encoder(mesh).run(with_normals, water_mask);
}

}  // namespace cityloom::space
