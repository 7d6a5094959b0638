#include "space/raster/raster_grid.hpp"

#include <rapidjson/document.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

static_assert(std::endian::native == std::endian::little, "values are stored as they lie in memory");

constexpr std::string_view mark = "CLRASTR1";
constexpr size_t head_bytes = 8 + 4 + 4 + 4 * 8;
constexpr float no_value = std::numeric_limits<float>::quiet_NaN();

// The first bytes of all values, then the second ones: neighbours are alike there, and deflate finds that.
std::string by_weight(const std::vector<float>& values) {
  std::string bytes(values.size() * 4, '\0');
  const auto* from = reinterpret_cast<const char*>(values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = 0; k < 4; ++k) bytes[k * values.size() + i] = from[i * 4 + k];
  }
  return bytes;
}

void from_weight(const std::string& bytes, std::vector<float>& values) {
  auto* to = reinterpret_cast<char*>(values.data());
  for (size_t i = 0; i < values.size(); ++i) {
    for (size_t k = 0; k < 4; ++k) to[i * 4 + k] = bytes[k * values.size() + i];
  }
}

base::Status check_shape(uint64_t columns, uint64_t rows, const twin::Box& box) {
  if (columns == 0 || rows == 0) return fail(Code::invalid, "a grid has a column and a row at least", "columns");
  if (columns > raster_cells_max || rows > raster_cells_max || columns * rows > raster_cells_max) {
    return fail(Code::too_large, "a grid has at most 16 million cells", "columns", "make it coarser, or cut it");
  }
  const bool is_box = box.west_deg >= -180 && box.east_deg <= 180 && box.south_deg >= -90 && box.north_deg <= 90 &&
                      box.west_deg < box.east_deg && box.south_deg < box.north_deg;
  if (!is_box) {
    return fail(Code::invalid, "not an area: west, south, east and north in degrees, in this order", "bbox");
  }
  return {};
}

base::Result<RasterUpload> read_head(std::string_view head) {
  rapidjson::Document json;
  json.Parse<rapidjson::kParseIterativeFlag>(head.data(), head.size());
  if (json.HasParseError() || !json.IsObject()) {
    return fail(Code::invalid, "the first line is not a JSON object", {}, "end it by a line feed, then the numbers");
  }
  RasterUpload upload;
  upload.head = head;
  const auto number_of = [&](const char* name) -> uint64_t {
    const auto found = json.FindMember(name);
    return found != json.MemberEnd() && found->value.IsUint() ? found->value.GetUint() : 0;
  };
  const uint64_t columns = number_of("columns"), rows = number_of("rows");
  const auto box = json.FindMember("bbox");
  const bool has_box = box != json.MemberEnd() && box->value.IsArray() && box->value.Size() == 4 &&
                       std::all_of(box->value.Begin(), box->value.End(), [](const auto& v) { return v.IsNumber(); });
  if (!has_box) return fail(Code::invalid, "four numbers are missing: west, south, east, north", "bbox");
  const auto& edge = box->value;
  upload.grid.box = {edge[0].GetDouble(), edge[1].GetDouble(), edge[2].GetDouble(), edge[3].GetDouble()};
  if (const auto status = check_shape(columns, rows, upload.grid.box); !status) return status.error();
  upload.grid.columns = static_cast<uint32_t>(columns);
  upload.grid.rows = static_cast<uint32_t>(rows);
  return upload;
}

}  // namespace

std::optional<double> RasterGrid::value_at(double longitude_deg, double latitude_deg) const {
  const double x = (longitude_deg - box.west_deg) / (box.east_deg - box.west_deg) * columns;
  const double y = (box.north_deg - latitude_deg) / (box.north_deg - box.south_deg) * rows;
  if (!(x >= 0 && x <= columns && y >= 0 && y <= rows)) return std::nullopt;
  const auto value = [&](double column, double row) {
    const auto c = static_cast<size_t>(std::clamp(column, 0.0, columns - 1.0));
    const auto r = static_cast<size_t>(std::clamp(row, 0.0, rows - 1.0));
    return static_cast<double>(values[r * columns + c]);
  };
  const double own = value(std::floor(x), std::floor(y));
  if (std::isnan(own)) return std::nullopt;
  const double left = std::floor(x - 0.5), top = std::floor(y - 0.5), dx = x - 0.5 - left, dy = y - 0.5 - top;
  double sum = 0, weights = 0;
  const auto add = [&](double column, double row, double weight) {
    const double cell = value(column, row);
    if (std::isnan(cell)) return;
    sum += cell * weight;
    weights += weight;
  };
  add(left, top, (1 - dx) * (1 - dy));
  add(left + 1, top, dx * (1 - dy));
  add(left, top + 1, (1 - dx) * dy);
  add(left + 1, top + 1, dx * dy);
  return weights > 0 ? sum / weights : own;
}

std::optional<std::pair<double, double>> RasterGrid::range() const {
  double least = std::numeric_limits<double>::max(), greatest = std::numeric_limits<double>::lowest();
  for (const float value : values) {
    if (std::isnan(value)) continue;
    least = std::min(least, static_cast<double>(value));
    greatest = std::max(greatest, static_cast<double>(value));
  }
  if (least > greatest) return std::nullopt;
  return std::pair(least, greatest);
}

std::string pack_raster(const RasterGrid& grid) {
  std::string bytes(mark);
  const auto add = [&](const auto& value) { bytes.append(reinterpret_cast<const char*>(&value), sizeof value); };
  add(grid.columns);
  add(grid.rows);
  for (const double edge : {grid.box.west_deg, grid.box.south_deg, grid.box.east_deg, grid.box.north_deg}) add(edge);
  const std::string plain = by_weight(grid.values);
  uLongf size = compressBound(plain.size());
  bytes.resize(head_bytes + size);
  compress2(reinterpret_cast<Bytef*>(bytes.data() + head_bytes), &size, reinterpret_cast<const Bytef*>(plain.data()),
            plain.size(), 6);
  bytes.resize(head_bytes + size);
  return bytes;
}

base::Result<RasterGrid> unpack_raster(std::string_view bytes) {
  const base::Error damaged = fail(Code::corrupt, "these bytes are no raster grid, or damaged");
  if (bytes.size() < head_bytes || !bytes.starts_with(mark)) return damaged;
  RasterGrid grid;
  size_t at = mark.size();
  const auto take = [&](auto& value) {
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
  };
  take(grid.columns);
  take(grid.rows);
  for (double* edge : {&grid.box.west_deg, &grid.box.south_deg, &grid.box.east_deg, &grid.box.north_deg}) take(*edge);
  if (!check_shape(grid.columns, grid.rows, grid.box)) return damaged;
  std::string plain(size_t{grid.columns} * grid.rows * 4, '\0');
  uLongf size = plain.size();
  const int status = uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                                reinterpret_cast<const Bytef*>(bytes.data() + at), bytes.size() - at);
  if (status != Z_OK || size != plain.size()) return damaged;
  grid.values.resize(plain.size() / 4);
  from_weight(plain, grid.values);
  return grid;
}

base::Result<RasterUpload> read_raw_raster(std::string_view bytes) {
  const size_t end = bytes.substr(0, 1u << 20).find('\n');
  if (end == std::string_view::npos) {
    return fail(Code::invalid, "the first line is not a JSON object", {}, "end it by a line feed, then the numbers");
  }
  auto upload = read_head(bytes.substr(0, end));
  if (!upload) return upload.error();
  const size_t cells = size_t{upload->grid.columns} * upload->grid.rows;
  const std::string_view numbers = bytes.substr(end + 1);
  if (numbers.size() != cells * 4) {
    return fail(Code::invalid,
                "after the first line stand " + std::to_string(numbers.size()) + " bytes; columns x rows x 4 are " +
                    std::to_string(cells * 4),
                "columns");
  }
  upload->grid.values.resize(cells);
  std::memcpy(upload->grid.values.data(), numbers.data(), numbers.size());
  rapidjson::Document json;
  json.Parse<rapidjson::kParseIterativeFlag>(upload->head.data(), upload->head.size());
  const auto no_data = json.FindMember("noData");
  const bool has_no_data = no_data != json.MemberEnd() && no_data->value.IsNumber();
  const float missing = has_no_data ? static_cast<float>(no_data->value.GetDouble()) : no_value;
  for (float& value : upload->grid.values) {
    if (!std::isfinite(value) || value == missing) value = no_value;
  }
  return upload;
}

}  // namespace cityloom::space
