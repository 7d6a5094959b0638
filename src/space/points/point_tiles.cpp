// An octree, cut from the top: the first point in each cell of a grid stays, the others go down.
#include "space/points/point_tiles.hpp"

#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace cityloom::space {
namespace {

constexpr int levels_max = 14;
constexpr float cells_across = 96;  // of a tile's grid: on surfaces some 10,000 points

struct Box {
  std::array<float, 3> middle{};
  float half = 0;
};

float coordinate(const CloudPoint& point, int axis) {
  return axis == 0 ? point.x : axis == 1 ? point.y : point.z;
}

/// Cuts one cloud into tiles.
class Cutter {
 public:
  Cutter(std::vector<CloudPoint>& points, const std::function<base::Result<std::string>(std::string_view)>& keep)
      : points_(points), keep_(keep) {}

  base::Result<std::string> cut(size_t begin, size_t end, const Box& box, int level) {
    size_t own_end = end;
    const float cell = 2 * box.half / cells_across;
    if (end - begin > tile_points_max && level < levels_max) own_end = thin(begin, end, box, cell);
    auto name = keep_(point_glb(points_.data() + begin, own_end - begin));
    if (!name) return name;
    const std::string bounds = bounds_of(begin, end);
    std::string children;
    if (own_end < end) {
      auto made = cut_children(own_end, end, box, level);
      if (!made) return made;
      children = fmt::format(",\"children\":[{}]", *made);
    }
    return fmt::format(
        "{{\"boundingVolume\":{{\"box\":{}}},\"geometricError\":{:.4f},\"refine\":\"ADD\","
        "\"content\":{{\"uri\":\"{}.glb\"}}{}}}",
        bounds, own_end < end ? static_cast<double>(cell) : 0.0, *name, children);
  }

 private:
  // Puts the first point of each cell in front; returns where they end.
  size_t thin(size_t begin, size_t end, const Box& box, float cell) {
    absl::flat_hash_set<uint64_t> taken;
    size_t kept = begin;
    for (size_t i = begin; i < end; ++i) {
      uint64_t number = 0;
      for (int axis = 0; axis < 3; ++axis) {
        const auto low = box.middle[static_cast<size_t>(axis)] - box.half;
        const float index = std::clamp((coordinate(points_[i], axis) - low) / cell, 0.0f, cells_across - 1);
        number = number * 1'024 + static_cast<uint64_t>(index);
      }
      if (kept - begin >= tile_points_max || !taken.insert(number).second) continue;
      std::swap(points_[kept++], points_[i]);
    }
    return kept;
  }

  base::Result<std::string> cut_children(size_t begin, size_t end, const Box& box, int level) {
    const auto side_of = [&](const CloudPoint& point) {
      int side = 0;
      for (int axis = 0; axis < 3; ++axis) {
        if (coordinate(point, axis) >= box.middle[static_cast<size_t>(axis)]) side |= 1 << axis;
      }
      return side;
    };
    std::stable_sort(points_.begin() + static_cast<long>(begin), points_.begin() + static_cast<long>(end),
                     [&](const CloudPoint& a, const CloudPoint& b) { return side_of(a) < side_of(b); });
    std::string all;
    while (begin < end) {
      const int side = side_of(points_[begin]);
      size_t side_end = begin;
      while (side_end < end && side_of(points_[side_end]) == side) ++side_end;
      Box child{box.middle, box.half / 2};
      for (size_t axis = 0; axis < 3; ++axis) {
        child.middle[axis] += (side >> axis & 1) != 0 ? child.half : -child.half;
      }
      auto made = cut(begin, side_end, child, level + 1);
      if (!made) return made;
      all += (all.empty() ? "" : ",") + *made;
      begin = side_end;
    }
    return all;
  }

  // The box around what is there, not around the cell.
  std::string bounds_of(size_t begin, size_t end) const {
    std::array<float, 3> low{}, high{};
    for (size_t axis = 0; axis < 3; ++axis) {
      const int number = static_cast<int>(axis);
      low[axis] = high[axis] = coordinate(points_[begin], number);
      for (size_t i = begin; i < end; ++i) {
        low[axis] = std::min(low[axis], coordinate(points_[i], number));
        high[axis] = std::max(high[axis], coordinate(points_[i], number));
      }
    }
    const auto middle = [&](size_t axis) { return (low[axis] + high[axis]) / 2; };
    const auto half = [&](size_t axis) { return std::max((high[axis] - low[axis]) / 2, 0.01f) + 0.001f; };
    return fmt::format("[{:.3f},{:.3f},{:.3f},{:.3f},0,0,0,{:.3f},0,0,0,{:.3f}]", middle(0), middle(1), middle(2),
                       half(0), half(1), half(2));
  }

  std::vector<CloudPoint>& points_;
  const std::function<base::Result<std::string>(std::string_view)>& keep_;
};

void put_number(std::string& to, uint32_t number) {
  char bytes[4];
  std::memcpy(bytes, &number, 4);
  to.append(bytes, 4);
}

// Colours of glTF are linear: in eight bits the dark ones would be lost.
uint16_t linear(uint8_t part) {
  static const auto table = [] {
    std::array<uint16_t, 256> values{};
    for (size_t i = 0; i < values.size(); ++i) {
      const double srgb = static_cast<double>(i) / 255;
      const double value = srgb <= 0.04045 ? srgb / 12.92 : std::pow((srgb + 0.055) / 1.055, 2.4);
      values[i] = static_cast<uint16_t>(std::lround(value * 65'535));
    }
    return values;
  }();
  return table[part];
}

}  // namespace

std::string point_glb(const CloudPoint* points, size_t count) {
  constexpr size_t colour_bytes = 8;
  std::string binary(count * (12 + colour_bytes), '\0');
  std::array<float, 3> low{}, high{};
  for (size_t i = 0; i < count; ++i) {
    const std::array<float, 3> place{points[i].x, points[i].z, -points[i].y};
    for (size_t axis = 0; axis < 3; ++axis) {
      low[axis] = i == 0 ? place[axis] : std::min(low[axis], place[axis]);
      high[axis] = i == 0 ? place[axis] : std::max(high[axis], place[axis]);
    }
    std::memcpy(binary.data() + i * 12, place.data(), 12);
    const uint16_t colour[4] = {linear(points[i].red), linear(points[i].green), linear(points[i].blue), 65'535};
    std::memcpy(binary.data() + count * 12 + i * colour_bytes, colour, colour_bytes);
  }
  std::string json = fmt::format(
      R"({{"asset":{{"version":"2.0","generator":"Cityloom"}},"scene":0,"scenes":[{{"nodes":[0]}}],"nodes":[{{"mesh":0}}],)"
      R"("meshes":[{{"primitives":[{{"attributes":{{"POSITION":0,"COLOR_0":1}},"material":0,"mode":0}}]}}],)"
      R"("materials":[{{"pbrMetallicRoughness":{{"metallicFactor":0}},"extensions":{{"KHR_materials_unlit":{{}}}}}}],)"
      R"("extensionsUsed":["KHR_materials_unlit"],"buffers":[{{"byteLength":{}}}],)"
      R"("bufferViews":[{{"buffer":0,"byteLength":{},"target":34962}},{{"buffer":0,"byteOffset":{},"byteLength":{},"target":34962}}],)"
      R"("accessors":[{{"bufferView":0,"componentType":5126,"count":{},"type":"VEC3","min":[{},{},{}],"max":[{},{},{}]}},)"
      R"({{"bufferView":1,"componentType":5123,"normalized":true,"count":{},"type":"VEC4"}}]}})",
      binary.size(), count * 12, count * 12, count * colour_bytes, count, low[0], low[1], low[2], high[0], high[1],
      high[2], count);
  while (json.size() % 4 != 0) json += ' ';
  std::string glb = "glTF";
  put_number(glb, 2);
  put_number(glb, static_cast<uint32_t>(12 + 8 + json.size() + 8 + binary.size()));
  put_number(glb, static_cast<uint32_t>(json.size()));
  glb += "JSON" + json;
  put_number(glb, static_cast<uint32_t>(binary.size()));
  glb.append("BIN\0", 4);
  return glb + binary;
}

base::Result<std::string> make_point_tiles(std::vector<CloudPoint>& points, const LocalFrame& frame,
                                           const std::function<base::Result<std::string>(std::string_view)>& keep) {
  Box box;
  for (int axis = 0; axis < 3; ++axis) {
    float low = points.empty() ? 0 : coordinate(points[0], axis), high = low;
    for (const CloudPoint& point : points) {
      low = std::min(low, coordinate(point, axis));
      high = std::max(high, coordinate(point, axis));
    }
    box.middle[static_cast<size_t>(axis)] = (low + high) / 2;
    box.half = std::max(box.half, (high - low) / 2 + 0.01f);
  }
  auto root = Cutter(points, keep).cut(0, points.size(), box, 0);
  if (!root) return root;
  std::string matrix;
  for (const double number : frame.to_ecef_matrix())
    matrix += fmt::format("{}{:.12g}", matrix.empty() ? "" : ",", number);
  // The root turns the frame to earth-centred coordinates; all below stays in the frame.
  root->insert(1, fmt::format("\"transform\":[{}],", matrix));
  return fmt::format("{{\"asset\":{{\"version\":\"1.1\"}},\"geometricError\":{:.3f},\"root\":{}}}",
                     static_cast<double>(box.half) * 2, *root);
}

}  // namespace cityloom::space
