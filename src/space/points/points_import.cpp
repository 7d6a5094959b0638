// Points to the local frame of their middle, then tiles, then one entity.
#include "space/points/points_import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "space/byte_source.hpp"
#include "space/entity_statement.hpp"
#include "space/formats/plane_place.hpp"
#include "space/points/las_file.hpp"
#include "space/points/point_tiles.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr uint64_t file_bytes_max = uint64_t{4} << 30;
constexpr uint64_t shown_points_max = 20'000'000;

// Colours of the classes of LAS, for clouds without colours of their own.
std::array<uint8_t, 3> class_colour(uint8_t classification) {
  switch (classification) {
    case 2:
      return {166, 124, 82};  // ground
    case 3:
    case 4:
    case 5:
      return {88, 150, 76};  // vegetation
    case 6:
      return {205, 105, 85};  // building
    case 9:
      return {70, 130, 200};  // water
    case 11:
      return {120, 120, 125};  // road
    default:
      return {190, 190, 190};
  }
}

class PointsImport {
 public:
  PointsImport(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch) {}

  Status run() {
    if (auto status = read_file(); !status) return status;
    auto head = read_las_head(bytes_);
    if (!head) return located(head.error());
    head_ = std::move(*head);
    if (head_.point_count == 0) return fail(Code::corrupt, "The point cloud is empty", input_.name);
    if (auto status = find_place(); !status) return status;
    const auto middle = place_of((head_.low[0] + head_.high[0]) / 2, (head_.low[1] + head_.high[1]) / 2,
                                 (head_.low[2] + head_.high[2]) / 2);
    if (!middle)
      return fail(Code::corrupt, "Its middle lies nowhere: " + middle.error().what, input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:5186");
    const LocalFrame frame(*middle);
    if (auto status = read_points(frame); !status) return status;
    if (points_.empty()) return fail(Code::corrupt, "None of its points has a place", input_.name);
    auto tiles = make_point_tiles(points_, frame, [this](std::string_view glb) { return batch_.put_asset(glb); });
    if (!tiles) return std::move(tiles).error();
    auto name = batch_.put_asset(*tiles);
    if (!name) return std::move(name).error();
    return add_entity(*name);
  }

 private:
  base::Error located(base::Error error) const {
    if (error.where.empty()) error.where = input_.name;
    return error;
  }

  Status read_file() {
    if (input_.path.empty() && !input_.bytes.starts_with("\x1F\x8B")) {
      bytes_ = input_.bytes;
      return {};
    }
    auto source = input_.open();
    if (!source) return std::move(source).error();
    if (source->size() > file_bytes_max) return fail(Code::too_large, "A point cloud may have 4 GiB", input_.name);
    size_t have = 0;
    for (;;) {
      if (have > file_bytes_max) return fail(Code::too_large, "A point cloud may have 4 GiB", input_.name);
      held_.resize(std::max<size_t>(have + (1u << 20), static_cast<size_t>(source->size())));
      const auto count = source->read(held_.data() + have, held_.size() - have);
      if (!count) return count.error();
      if (*count == 0) break;
      have += *count;
    }
    held_.resize(have);
    bytes_ = held_;
    return {};
  }

  Status find_place() {
    const std::string& definition = batch_.options().crs.empty() ? head_.crs : batch_.options().crs;
    if (batch_.options().placement) {
      place_ = PlanePlace::of_placement(*batch_.options().placement, (head_.low[0] + head_.high[0]) / 2,
                                        (head_.low[1] + head_.high[1]) / 2, 1);
      return {};
    }
    if (definition.empty()) {
      return fail(Code::unsupported, "The point cloud does not name its coordinate system", input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:5186");
    }
    auto crs = PlaneCrs::open(definition);
    if (!crs)
      return fail(Code::corrupt, crs.error().what, input_.name,
                  "Name the coordinate system by the option crs, e.g. EPSG:5186");
    if (const std::string note = crs->note(); !note.empty()) batch_.warn("crs", note);
    has_vertical_ = crs->has_vertical();
    if (!has_vertical_) {
      batch_.warn("crs", "it does not say what heights are above: they are taken as above the ellipsoid");
    }
    place_ = PlanePlace::of_crs(std::move(*crs));
    return {};
  }

  // Without a vertical system, heights are in the unit of the plane.
  base::Result<twin::Position> place_of(double x, double y, double z) const {
    return place_->position(x, y, has_vertical_ || place_->is_placed() ? z : z * head_.metres_per_unit);
  }

  Status read_points(const LocalFrame& frame) {
    const uint64_t step = (head_.point_count + shown_points_max - 1) / shown_points_max;
    if (step > 1) batch_.warn("points", fmt::format("every {}th point is shown", step));
    uint64_t number = 0, lost = 0;
    bool is_cancelled = false, is_eight_bit = true;
    std::vector<std::array<uint16_t, 3>> colours;
    auto status = each_las_point(bytes_, head_, [&](const LasPoint& point) {
      if (number % 100'000 == 0) {
        batch_.show_progress(number, head_.point_count);
        is_cancelled = batch_.is_cancelled();
        if (is_cancelled) return false;
      }
      ++classes_[point.classification];
      if (number++ % step != 0) return true;
      const auto position = place_of(point.x, point.y, point.z);
      if (!position) {
        ++lost;
        return true;
      }
      reach(*position);
      const Vector local = frame.local_of(*position);
      const auto colour = class_colour(point.classification);
      points_.push_back({static_cast<float>(local.x), static_cast<float>(local.y), static_cast<float>(local.z),
                         colour[0], colour[1], colour[2], point.classification});
      if (head_.has_colour()) {
        colours.push_back({point.red, point.green, point.blue});
        is_eight_bit = is_eight_bit && point.red < 256 && point.green < 256 && point.blue < 256;
      }
      return true;
    });
    if (is_cancelled) return fail(Code::cancelled, "The import was stopped", input_.name);
    if (!status) return located(status.error());
    if (lost > 0)
      batch_.warn("points", std::to_string(lost) + " points lie outside what the coordinate system can express");
    // Colours have 16 bits; many writers use only eight of them.
    for (size_t i = 0; i < colours.size(); ++i) {
      const int shift = is_eight_bit ? 0 : 8;
      points_[i].red = static_cast<uint8_t>(colours[i][0] >> shift);
      points_[i].green = static_cast<uint8_t>(colours[i][1] >> shift);
      points_[i].blue = static_cast<uint8_t>(colours[i][2] >> shift);
    }
    return {};
  }

  void reach(const twin::Position& position) {
    west_ = std::min(west_, position.longitude_deg);
    east_ = std::max(east_, position.longitude_deg);
    south_ = std::min(south_, position.latitude_deg);
    north_ = std::max(north_, position.latitude_deg);
    low_m_ = std::min(low_m_, position.height_m);
    high_m_ = std::max(high_m_, position.height_m);
  }

  Status add_entity(const std::string& tileset) {
    const std::string part = source_part_of(batch_.source());
    EntityStatement made(batch_, "PointCloud", part, "points");
    made.name(part);
    twin::Geometry box;
    const double east = std::max(east_, west_ + 1e-9), north = std::max(north_, south_ + 1e-9);
    box.kind = twin::GeometryKind::polygon;
    box.positions = {{west_, south_}, {east, south_}, {east, north}, {west_, north}, {west_, south_}};
    box.line_ends = {5};
    made.geometry("location", std::move(box));
    made.number("pointCount", static_cast<double>(head_.point_count));
    made.number("shownPointCount", static_cast<double>(points_.size()));
    made.number("heightMin", low_m_, "MTR");
    made.number("heightMax", high_m_, "MTR");
    made.flag("hasColour", head_.has_colour());
    made.number("pointFormat", head_.point_format);
    std::string counts;
    for (size_t i = 0; i < classes_.size(); ++i) {
      if (classes_[i] > 0) counts += fmt::format("{}\"{}\":{}", counts.empty() ? "" : ",", i, classes_[i]);
    }
    made.json("pointCountsByClass", "{" + counts + "}");
    made.text("tileset", tileset);
    return made.finish();
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  std::string held_;
  std::string_view bytes_;
  LasHead head_;
  std::optional<PlanePlace> place_;
  bool has_vertical_ = false;
  std::vector<CloudPoint> points_;
  std::array<uint64_t, 256> classes_{};
  double west_ = 180, south_ = 90, east_ = -180, north_ = -90;
  double low_m_ = std::numeric_limits<double>::infinity(), high_m_ = -std::numeric_limits<double>::infinity();
};

}  // namespace

bool is_las(std::string_view head) {
  return head.starts_with("LASF");
}

Status import_points(const ImportInput& input, ImportBatch& batch) {
  return PointsImport(input, batch).run();
}

}  // namespace cityloom::space
