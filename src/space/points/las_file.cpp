// Heads, records, and points of both packings.
#include "space/points/las_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "space/points/laz_points.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

template <class Number>
Number load(std::string_view bytes, size_t at) {
  Number number{};
  if (at <= bytes.size() && sizeof number <= bytes.size() - at) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

std::string text_at(std::string_view bytes, size_t at, size_t size) {
  if (at > bytes.size()) return {};
  const std::string_view text = bytes.substr(at, size);
  return std::string(text.substr(0, text.find('\0')));
}

constexpr uint16_t bytes_of_format[] = {20, 28, 26, 34, 57, 63, 30, 36, 38, 59, 67};

// The coordinate system of GeoTIFF keys, where they name one by its code.
void read_geo_keys(std::string_view keys, LasHead& head) {
  const auto count = load<uint16_t>(keys, 6);
  int plane = 0, sphere = 0, vertical = 0, unit = 0;
  for (size_t i = 1; i <= count; ++i) {
    const auto key = load<uint16_t>(keys, 8 * i), location = load<uint16_t>(keys, 8 * i + 2),
               value = load<uint16_t>(keys, 8 * i + 6);
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
                          uint16_t& compressor) {
  for (uint32_t i = 0; i < count; ++i) {
    constexpr size_t record_head = 54;
    if (at + record_head > bytes.size()) return fail(Code::corrupt, "The point cloud ends within its records");
    const std::string user = text_at(bytes, at + 2, 16);
    const auto id = load<uint16_t>(bytes, at + 18), length = load<uint16_t>(bytes, at + 20);
    const std::string_view data = bytes.substr(at + record_head, length);
    if (data.size() != length) return fail(Code::corrupt, "The point cloud ends within its records");
    if (user == "LASF_Projection" && id == 2112) wkt = text_at(data, 0, data.size());
    if (user == "LASF_Projection" && id == 34735) read_geo_keys(data, head);
    if (user == "laszip encoded" && id == 22204) compressor = load<uint16_t>(data, 0);
    at += record_head + length;
  }
  return {};
}

// Records behind the points, of LAS 1.4: there a system's WKT may lie.
void read_late_records(std::string_view bytes, std::string& wkt) {
  uint64_t at = load<uint64_t>(bytes, 235);
  const auto count = std::min(load<uint32_t>(bytes, 243), 10'000u);
  for (uint32_t i = 0; i < count && at < bytes.size() && bytes.size() - at > 60; ++i) {
    const auto length = load<uint64_t>(bytes, at + 20);
    if (length > bytes.size() - at - 60) return;
    if (text_at(bytes, at + 2, 16) == "LASF_Projection" && load<uint16_t>(bytes, at + 18) == 2112) {
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

}  // namespace

base::Result<LasHead> read_las_head(std::string_view bytes) {
  if (bytes.size() < 227 || !bytes.starts_with("LASF")) return fail(Code::corrupt, "The file is no LAS point cloud");
  LasHead head;
  head.version_minor = static_cast<unsigned char>(bytes[25]);
  const auto las_head_bytes = load<uint16_t>(bytes, 94);
  const auto format = static_cast<unsigned char>(bytes[104]);
  head.is_compressed = (format & 0x80) != 0;
  head.point_format = format & 0x3F;
  head.point_bytes = load<uint16_t>(bytes, 105);
  head.point_count = load<uint32_t>(bytes, 107);
  for (size_t i = 0; i < 5; ++i) head.returns[i] = load<uint32_t>(bytes, 111 + 4 * i);
  for (size_t i = 0; i < 3; ++i) {
    head.scale[i] = load<double>(bytes, 131 + 8 * i);
    head.offset[i] = load<double>(bytes, 155 + 8 * i);
    head.high[i] = load<double>(bytes, 179 + 16 * i);
    head.low[i] = load<double>(bytes, 187 + 16 * i);
    if (!std::isfinite(head.scale[i]) || !std::isfinite(head.offset[i]) || head.scale[i] == 0) {
      return fail(Code::corrupt, "The point cloud's scale or offset is no number");
    }
  }
  if (head.version_minor >= 4 && bytes.size() >= 375) {
    head.point_count = load<uint64_t>(bytes, 247);
    for (size_t i = 0; i < 15; ++i) head.returns[i] = load<uint64_t>(bytes, 255 + 8 * i);
  }
  if (head.point_format > 10 || head.point_bytes < bytes_of_format[head.point_format]) {
    return fail(Code::corrupt, "The point cloud's points are of no known format");
  }
  std::string wkt;
  uint16_t compressor = 0;
  if (auto status = read_records(bytes, las_head_bytes, load<uint32_t>(bytes, 100), head, wkt, compressor); !status) {
    return std::move(status).error();
  }
  if (head.version_minor >= 4 && bytes.size() >= 375) read_late_records(bytes, wkt);
  if (!wkt.empty()) {
    head.crs = wkt;
    read_unit(head);
  }
  if (head.is_compressed && (compressor != 2 || head.point_format > 3)) {
    return fail(Code::unsupported, "LAZ of point format " + std::to_string(head.point_format) + " cannot be read here",
                {}, "Save it as LAS, which can be read");
  }
  return head;
}

base::Status each_las_point(std::string_view bytes, const LasHead& head,
                            const std::function<bool(const LasPoint&)>& visit) {
  size_t at = load<uint32_t>(bytes, 96);
  const auto ends = [&](uint64_t number) {
    return fail(Code::corrupt,
                "The point cloud ends at point " + std::to_string(number) + " of " + std::to_string(head.point_count));
  };
  if (!head.is_compressed) {
    for (uint64_t i = 0; i < head.point_count; ++i, at += head.point_bytes) {
      if (at > bytes.size() || head.point_bytes > bytes.size() - at) return ends(i);
      if (!visit(point_of(reinterpret_cast<const uint8_t*>(bytes.data()) + at, head))) return {};
    }
    return {};
  }
  // The size of chunks stands in the record of the packing.
  uint64_t chunk_points = 50'000;
  const size_t record = bytes.substr(0, at).find("laszip encoded");
  if (record != std::string_view::npos) chunk_points = load<uint32_t>(bytes, record - 2 + 54 + 12);
  if (chunk_points == 0 || chunk_points == 0xFFFFFFFF) {
    return fail(Code::unsupported, "LAZ with chunks of different sizes cannot be read here", {}, "Save it as LAS");
  }
  at += 8;  // where the table of chunks lies
  const bool has_time = head.point_format == 1 || head.point_format == 3;
  const bool has_colour = head.point_format == 2 || head.point_format == 3;
  LazPoints points(has_time, has_colour, head.point_bytes - bytes_of_format[head.point_format]);
  std::vector<uint8_t> point;
  for (uint64_t i = 0; i < head.point_count; ++i) {
    const bool is_first = i % chunk_points == 0;
    if (is_first && i > 0) at = points.at();
    if (!(is_first ? points.start_chunk(bytes, at, point) : points.next(point))) return ends(i);
    if (!visit(point_of(point.data(), head))) return {};
  }
  return {};
}

}  // namespace cityloom::space
