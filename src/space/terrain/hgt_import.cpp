// 16-bit heights, high byte first, row by row from the north; a square of one degree, its edges shared with its
// neighbours.
#include "space/terrain/hgt_import.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "space/archive_import.hpp"
#include "space/byte_source.hpp"
#include "space/formats/zip_archive.hpp"
#include "space/osm_values.hpp"
#include "space/terrain/geoid.hpp"
#include "space/terrain/terrain_model.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr uint32_t side_max = 10'801;  // 1/3 second
constexpr uint64_t tile_bytes_max = uint64_t{side_max} * side_max * 2;
// By the specification of the Shuttle Radar Topography Mission: 16 m at 90 % confidence.
constexpr double srtm_accuracy_m = 16;
constexpr int lowest_m = -600, highest_m = 9'000;  // of dry land and seas: the Dead Sea, Mount Everest

std::string_view file_part(std::string_view path) {
  return path.substr(path.find_last_of("/\\") + 1);
}

// Rows and columns by the size: squares, and the 1 by 2 seconds that some northern tiles have.
base::Result<std::pair<uint32_t, uint32_t>> sides_of(size_t bytes, std::string_view name) {
  const size_t nodes = bytes / 2;
  const auto side = static_cast<uint32_t>(std::lround(std::sqrt(static_cast<double>(nodes))));
  if (bytes % 2 == 0 && side >= 2 && side <= side_max && size_t{side} * side == nodes) return std::pair(side, side);
  if (bytes == size_t{3601} * 1801 * 2) return std::pair(1801u, 3601u);
  return fail(Code::corrupt,
              "A tile of heights is a square of 16-bit numbers (2,884,802 bytes at 3 seconds, 25,934,402 at 1 second), "
              "this has " +
                  std::to_string(bytes) + " bytes",
              std::string(name), "It may be cut off: fetch it again");
}

struct Tile {
  std::string name;  // "N43E007"
  std::string object;
  GridShape shape;
};

Status write_tile(const Tile& tile, std::string_view bytes, const VerticalShift& shift, ImportBatch& batch) {
  PyramidWriter writer(tile.shape, [&](std::string_view block) { return batch.put_asset(block); });
  const uint32_t columns = tile.shape.columns;
  std::vector<float> row(columns);
  std::vector<double> shifts_m(columns);
  uint64_t odd = 0;
  for (uint32_t number = 0; number < tile.shape.rows; ++number) {
    const double latitude_deg = tile.shape.north_deg - tile.shape.step_south_deg * number;
    if (auto known = shift.along(latitude_deg, tile.shape.west_deg, tile.shape.step_east_deg, shifts_m); !known) {
      return known;
    }
    for (uint32_t column = 0; column < columns; ++column) {
      const size_t at = (size_t{number} * columns + column) * 2;
      const auto height_m =
          static_cast<int16_t>(static_cast<uint8_t>(bytes[at]) << 8 | static_cast<uint8_t>(bytes[at + 1]));
      const bool is_void = height_m == std::numeric_limits<int16_t>::min();
      const bool is_odd = !is_void && (height_m < lowest_m || height_m > highest_m);
      odd += is_odd ? 1u : 0u;
      row[column] =
          is_void || is_odd ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(height_m + shifts_m[column]);
    }
    if (auto added = writer.add_row(row); !added) return added;
    if (number % 128 == 0) batch.show_progress(uint64_t{number} * columns * 2, bytes.size());
  }
  const auto index = writer.finish();
  if (!index) return index.error();
  if (odd > 0) batch.warn(tile.object, std::to_string(odd) + " heights outside of -600 to 9000 m were left out");
  return batch.add(
      terrain_model_change(batch, tile.shape, *index, writer.lowest_m(), writer.highest_m(),
                           {tile.name, tile.object, "EGM96 height", "EGM96 geoid (egm96_15.gtx)", srtm_accuracy_m}));
}

Status import_tile(std::string_view name, std::string_view bytes, const VerticalShift& shift, ImportBatch& batch) {
  const auto corner = corner_of_hgt_name(name);
  if (!corner) return corner.error();
  const auto sides = sides_of(bytes.size(), name);
  if (!sides) return sides.error();
  Tile tile;
  tile.object = excerpt(file_part(name));
  tile.name = tile.object.substr(0, 7);
  std::transform(tile.name.begin(), tile.name.end(), tile.name.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  tile.shape = {corner->longitude_deg,
                corner->latitude_deg + 1,
                1.0 / (sides->first - 1),
                1.0 / (sides->second - 1),
                sides->first,
                sides->second};
  return write_tile(tile, bytes, shift, batch);
}

// The rest of a stream, unless it is more than any tile has, whatever its archive claims.
template <class Source>
base::Result<std::string> read_tile(Source& source, const std::string& name) {
  std::string bytes;
  std::string piece(1u << 16, '\0');
  while (true) {
    const auto count = source.read(piece.data(), piece.size());
    if (!count) return count.error();
    if (*count == 0) return bytes;
    if (bytes.size() + *count > tile_bytes_max) {
      return fail(Code::too_large, "It unpacks to more than any tile of heights can hold", name);
    }
    bytes.append(piece, 0, *count);
  }
}

base::Result<std::string> read_entry(ZipArchive& archive, const ZipEntry& entry) {
  auto reader = archive.read(entry);
  if (!reader) return std::move(reader).error();
  return read_tile(*reader, entry.name);
}

Status import_zip(const ImportInput& input, const VerticalShift& shift, ImportBatch& batch) {
  auto archive = ZipArchive::open(input.path, input.bytes);
  if (!archive) return archive.error();
  uint64_t tiles = 0;
  std::optional<base::Error> first_error;
  for (const ZipEntry& entry : archive->entries()) {
    if (!corner_of_hgt_name(entry.name)) continue;
    const auto bytes = read_entry(*archive, entry);
    const Status status = bytes ? import_tile(entry.name, *bytes, shift, batch) : Status(bytes.error());
    if (status) {
      ++tiles;
    } else if (!is_of_one_file(status.error())) {
      return status;
    } else {
      // One bad tile does not keep the others out.
      if (!first_error) first_error = status.error();
      batch.warn(excerpt(entry.name), status.error().text());
    }
  }
  if (tiles > 0) return {};
  if (first_error) return *first_error;
  return fail(Code::corrupt, "The zip file holds no tile of heights", input.name,
              "Its files must be named like N43E007.hgt");
}

base::Result<std::string> read_plain(const ImportInput& input) {
  auto source = input.open();
  if (!source) return std::move(source).error();
  return read_tile(*source, input.name);
}

}  // namespace

base::Result<twin::Position> corner_of_hgt_name(std::string_view name) {
  const std::string_view file = file_part(name);
  const auto digits = [&](size_t at, size_t count) {
    int number = 0;
    for (size_t i = at; i < at + count; ++i) {
      if (std::isdigit(static_cast<unsigned char>(file[i])) == 0) return -1;
      number = number * 10 + (file[i] - '0');
    }
    return number;
  };
  if (file.size() >= 11 && file[7] == '.') {
    const int ns = std::toupper(static_cast<unsigned char>(file[0])),
              ew = std::toupper(static_cast<unsigned char>(file[3]));
    const int latitude = digits(1, 2), longitude = digits(4, 3);
    if ((ns == 'N' || ns == 'S') && (ew == 'E' || ew == 'W') && latitude >= 0 && longitude >= 0) {
      const double south = ns == 'N' ? latitude : -latitude, west = ew == 'E' ? longitude : -longitude;
      if (south >= -90 && south < 90 && west >= -180 && west < 180) return twin::Position::make(west, south);
    }
  }
  return fail(Code::invalid, "The name does not say where the heights are", excerpt(file),
              "Name the file by its south-west corner, like N43E007.hgt");
}

Status import_hgt(const ImportInput& input, ImportBatch& batch) {
  const auto shift = VerticalShift::egm96();
  if (!shift) {
    // Heights that are off by up to 100 m would float and sink beside all others: better none, and the reason.
    return fail(Code::unsupported, shift.error().what, input.name,
                "Install the geoid grid egm96_15: package proj-data");
  }
  std::string small = input.name;
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) { return std::tolower(c); });
  if (small.ends_with(".zip")) return import_zip(input, *shift, batch);
  const auto bytes = read_plain(input);
  if (!bytes) return bytes.error();
  return import_tile(input.name, *bytes, *shift, batch);
}

}  // namespace cityloom::space
