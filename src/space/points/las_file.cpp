// Heads, records, and points of both packings.
#include "space/points/las_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "space/points/laz_models.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

std::string text_at(std::string_view bytes, size_t at, size_t size) {
  if (at > bytes.size()) return {};
  const std::string_view text = bytes.substr(at, size);
  return std::string(text.substr(0, text.find('\0')));
}

// Points that are all alike take next to nothing; this many a byte are more than any survey packs.
constexpr uint64_t points_per_byte_max = 256;
constexpr size_t points_at = 96;  // where the head says where points begin
constexpr uint16_t bytes_of_format[] = {20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67};

// The coordinate system of GeoTIFF keys, where they name one by its code.
void read_geo_keys(std::string_view keys, LasHead& head) {
  const auto count = load_number<uint16_t>(keys, 6);
  int plane = 0, sphere = 0, vertical = 0, unit = 0;
  for (size_t i = 1; i <= count; ++i) {
    const auto key = load_number<uint16_t>(keys, 8 * i), location = load_number<uint16_t>(keys, 8 * i + 2),
               value = load_number<uint16_t>(keys, 8 * i + 6);
    if (location != 0) continue;
    if (key == 3072) plane = value;
    if (key == 2048) sphere = value;
    if (key == 4096) vertical = value;
    if (key == 3076) unit = value;
  }
  constexpr int defined_by_user = 32'767;
  if (unit == 9002) head.metres_per_unit = 0.3048;
  if (unit == 9003) head.metres_per_unit = 1200.0 / 3937;
  const int code = plane != 0 ? plane : sphere;
  if (code == 0 || code >= defined_by_user || !head.crs.empty()) return;
  head.crs = "EPSG:" + std::to_string(code);
  if (vertical > 0 && vertical < defined_by_user) head.crs += "+" + std::to_string(vertical);
}

// The unit of a plane system in WKT: the last UNIT that is not of a vertical part.
void read_unit(LasHead& head) {
  const std::string plane = head.crs.substr(0, head.crs.find("VERT_CS"));
  if (plane.find("PROJCS") == std::string::npos) return;
  const size_t unit = plane.rfind("UNIT[");
  const size_t comma = unit == std::string::npos ? unit : plane.find(',', unit);
  if (comma == std::string::npos) return;
  const double factor = std::strtod(plane.c_str() + comma + 1, nullptr);
  if (factor > 0.001 && factor < 10'000) head.metres_per_unit = factor;
}

base::Status read_records(std::string_view bytes, size_t at, uint32_t count, LasHead& head, std::string& wkt,
                          std::string_view& packing) {
  for (uint32_t i = 0; i < count; ++i) {
    constexpr size_t record_head = 54;
    if (at + record_head > bytes.size()) return fail(Code::corrupt, "The point cloud ends within its records");
    const std::string user = text_at(bytes, at + 2, 16);
    const auto id = load_number<uint16_t>(bytes, at + 18), length = load_number<uint16_t>(bytes, at + 20);
    const std::string_view data = bytes.substr(at + record_head, length);
    if (data.size() != length) return fail(Code::corrupt, "The point cloud ends within its records");
    if (user == "LASF_Projection" && id == 2112) wkt = text_at(data, 0, data.size());
    if (user == "LASF_Projection" && id == 34735) read_geo_keys(data, head);
    if (user == "laszip encoded" && id == 22204) packing = data;
    at += record_head + length;
  }
  return {};
}

// Records behind the points, of LAS 1.4: there a system's WKT may lie.
void read_late_records(std::string_view bytes, std::string& wkt) {
  uint64_t at = load_number<uint64_t>(bytes, 235);
  const auto count = std::min(load_number<uint32_t>(bytes, 243), 10'000u);
  for (uint32_t i = 0; i < count && at < bytes.size() && bytes.size() - at > 60; ++i) {
    const auto length = load_number<uint64_t>(bytes, at + 20);
    if (length > bytes.size() - at - 60) return;
    if (text_at(bytes, at + 2, 16) == "LASF_Projection" && load_number<uint16_t>(bytes, at + 18) == 2112) {
      wkt = text_at(bytes, at + 60, length);
    }
    at += 60 + length;
  }
}

LasPoint point_of(const uint8_t* p, const LasHead& head) {
  const auto at = [&](size_t offset) {
    int32_t number;
    std::memcpy(&number, p + offset, 4);
    return number;
  };
  const auto half = [&](size_t offset) {
    uint16_t number;
    std::memcpy(&number, p + offset, 2);
    return number;
  };
  LasPoint point;
  point.x = at(0) * head.scale[0] + head.offset[0];
  point.y = at(4) * head.scale[1] + head.offset[1];
  point.z = at(8) * head.scale[2] + head.offset[2];
  point.intensity = half(12);
  const bool is_new = head.point_format >= 6;
  point.return_number = p[14] & (is_new ? 15 : 7);
  point.classification = is_new ? p[16] : p[15] & 31;
  if (!head.has_colour()) return point;
  constexpr size_t colours[] = {0, 0, 20, 28, 0, 28, 0, 30, 30, 0, 30};
  const size_t colour = colours[head.point_format];
  point.red = half(colour);
  point.green = half(colour + 2);
  point.blue = half(colour + 4);
  return point;
}

base::Status ends_at(uint64_t number, const LasHead& head) {
  return fail(Code::corrupt,
              "The point cloud ends at point " + std::to_string(number) + " of " + std::to_string(head.point_count));
}

base::Status each_packed_point(std::string_view bytes, const LasHead& head,
                               const std::function<bool(const LasPoint&)>& visit) {
  size_t at = load_number<uint32_t>(bytes, points_at);
  // Where chunks differ, layered ones say themselves how many points they have; of others only the table does.
  std::vector<uint32_t> counts;
  if (head.packing.chunk_points == 0 && !head.packing.is_layered) {
    auto read = read_chunk_points(bytes, at);
    if (!read) return read.error();
    counts = std::move(*read);
  }
  at += 8;  // where the table of chunks lies
  const auto unpacker = make_unpacker(head.packing);
  std::vector<uint8_t> point;
  uint64_t number = 0;
  for (size_t chunk = 0; number < head.point_count; ++chunk, at = unpacker->at()) {
    const auto said = unpacker->start_chunk(bytes, at, point);
    if (!said) return ends_at(number, head);
    uint64_t left = head.packing.is_layered ? *said : chunk < counts.size() ? counts[chunk] : head.packing.chunk_points;
    if (left == 0) return fail(Code::corrupt, "The point cloud's chunk " + std::to_string(chunk) + " has no points");
    left = std::min(left, head.point_count - number);
    for (;;) {
      if (!visit(point_of(point.data(), head))) return {};
      ++number;
      if (--left == 0) break;
      if (!unpacker->next(point)) return ends_at(number, head);
    }
  }
  return {};
}

}  // namespace

base::Result<LasHead> read_las_head(std::string_view bytes) {
  if (bytes.size() < 227 || !bytes.starts_with("LASF")) return fail(Code::corrupt, "The file is no LAS point cloud");
  LasHead head;
  head.version_minor = static_cast<unsigned char>(bytes[25]);
  const auto las_head_bytes = load_number<uint16_t>(bytes, 94);
  const auto format = static_cast<unsigned char>(bytes[104]);
  head.is_compressed = (format & 0x80) != 0;
  head.point_format = format & 0x3F;
  head.point_bytes = load_number<uint16_t>(bytes, 105);
  head.point_count = load_number<uint32_t>(bytes, 107);
  for (size_t i = 0; i < 5; ++i) head.returns[i] = load_number<uint32_t>(bytes, 111 + 4 * i);
  for (size_t i = 0; i < 3; ++i) {
    head.scale[i] = load_number<double>(bytes, 131 + 8 * i);
    head.offset[i] = load_number<double>(bytes, 155 + 8 * i);
    head.high[i] = load_number<double>(bytes, 179 + 16 * i);
    head.low[i] = load_number<double>(bytes, 187 + 16 * i);
    if (!std::isfinite(head.scale[i]) || !std::isfinite(head.offset[i]) || head.scale[i] == 0) {
      return fail(Code::corrupt, "The point cloud's scale or offset is no number");
    }
  }
  if (head.version_minor >= 4 && bytes.size() >= 375) {
    head.point_count = load_number<uint64_t>(bytes, 247);
    for (size_t i = 0; i < 15; ++i) head.returns[i] = load_number<uint64_t>(bytes, 255 + 8 * i);
  }
  if (head.point_format > 10 || head.point_bytes < bytes_of_format[head.point_format]) {
    return fail(Code::corrupt, "The point cloud's points are of no known format");
  }
  std::string wkt;
  std::string_view packing;
  if (auto status = read_records(bytes, las_head_bytes, load_number<uint32_t>(bytes, 100), head, wkt, packing);
      !status) {
    return std::move(status).error();
  }
  if (head.version_minor >= 4 && bytes.size() >= 375) read_late_records(bytes, wkt);
  if (!wkt.empty()) {
    head.crs = wkt;
    read_unit(head);
  }
  if (head.is_compressed) {
    auto read = read_laz_packing(packing, head.point_bytes);
    if (!read) return std::move(read).error();
    head.packing = std::move(*read);
    if (head.point_count / points_per_byte_max > bytes.size()) {
      return fail(Code::corrupt, "The point cloud names more points than its bytes can hold");
    }
  }
  return head;
}

base::Status each_las_point(std::string_view bytes, const LasHead& head,
                            const std::function<bool(const LasPoint&)>& visit) {
  if (head.is_compressed) return each_packed_point(bytes, head, visit);
  size_t at = load_number<uint32_t>(bytes, points_at);
  for (uint64_t i = 0; i < head.point_count; ++i, at += head.point_bytes) {
    if (at > bytes.size() || head.point_bytes > bytes.size() - at) return ends_at(i, head);
    if (!visit(point_of(reinterpret_cast<const uint8_t*>(bytes.data()) + at, head))) return {};
  }
  return {};
}

}  // namespace cityloom::space
