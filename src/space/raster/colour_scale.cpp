// PNG: https://www.w3.org/TR/png-3/.
#include "space/raster/colour_scale.hpp"

#include <simdjson.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t stops_max = 64;

struct KnownScale {
  std::string_view name;
  std::vector<std::string_view> colours;
};

const std::vector<KnownScale>& known_scales() {
  static const std::vector<KnownScale> scales{
      {"heat", {"#fff3c400", "#fdcc5cd0", "#f58b3be0", "#d7432bf0", "#7a0f2bff"}},
      {"water", {"#d9eef700", "#9ccbe4c0", "#4f97cde0", "#1f5fa6f0", "#0b2c66ff"}},
      {"air", {"#3b8ed0c0", "#5fb8a5c0", "#f2d65bd0", "#e9823bE0", "#a3243bF0"}},
      {"grey", {"#10101000", "#f0f0f0ff"}},
      {"difference", {"#2166acf0", "#92c5dec0", "#f7f7f740", "#f4a582c0", "#b2182bf0"}}};
  return scales;
}

std::optional<Pixel> pixel_of(std::string_view text) {
  if ((text.size() != 7 && text.size() != 9) || text.front() != '#') return std::nullopt;
  Pixel pixel{0, 0, 0, 255};
  for (size_t i = 0; i * 2 + 1 < text.size(); ++i) {
    unsigned byte = 0;
    const char* at = text.data() + 1 + i * 2;
    const auto [end, problem] = std::from_chars(at, at + 2, byte, 16);
    if (problem != std::errc{} || end != at + 2) return std::nullopt;
    pixel[i] = static_cast<uint8_t>(byte);
  }
  return pixel;
}

base::Result<ColourScale> scale_of_name(std::string_view name, double least, double greatest) {
  std::string names;
  for (const KnownScale& scale : known_scales()) {
    names += (names.empty() ? "" : ", ") + std::string(scale.name);
    if (scale.name != name) continue;
    ColourScale made;
    // For a range of one value: its stops ascend all the same.
    const double width_min = std::max(std::abs(least), 1.0) * 1e-9;
    const double step = std::max(greatest - least, width_min) / static_cast<double>(scale.colours.size() - 1);
    for (size_t i = 0; i < scale.colours.size(); ++i) {
      made.stops.push_back({least + step * static_cast<double>(i), *pixel_of(scale.colours[i])});
    }
    return made;
  }
  return fail(Code::invalid, "there is no colour scale '" + std::string(name.substr(0, 40)) + "'", "scale",
              "use one of " + names + ", or a list [[value, \"#rrggbb\"], ...]");
}

void append_big_endian(std::string& to, uint32_t number) {
  for (const int shift : {24, 16, 8, 0}) to.push_back(static_cast<char>(number >> shift & 0xFF));
}

void append_chunk(std::string& to, std::string_view type, std::string_view data) {
  append_big_endian(to, static_cast<uint32_t>(data.size()));
  std::string body(type);
  body += data;
  to += body;
  const auto checksum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  append_big_endian(to, static_cast<uint32_t>(checksum));
}

}  // namespace

Pixel ColourScale::colour_of(double value) const {
  if (stops.empty() || std::isnan(value)) return {};
  const auto above = std::find_if(stops.begin(), stops.end(), [&](const Stop& stop) { return stop.value > value; });
  if (above == stops.begin()) return stops.front().colour;
  if (above == stops.end()) return stops.back().colour;
  const Stop &from = *(above - 1), &to = *above;
  const double part = (value - from.value) / (to.value - from.value);
  Pixel mixed;
  for (size_t i = 0; i < 4; ++i)
    mixed[i] = static_cast<uint8_t>(std::lround(from.colour[i] * (1 - part) + to.colour[i] * part));
  return mixed;
}

base::Result<ColourScale> ColourScale::parse(std::string_view json, double least, double greatest) {
  const base::Error wrong = fail(Code::invalid, "not a colour scale: 2 to 64 pairs of value and colour, ascending",
                                 "scale", "write [[0, \"#ffffff00\"], [10, \"#d7432b\"]]");
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (parser.parse(json.data(), json.size()).get(document)) return wrong;
  if (std::string_view name; !document.get(name)) return scale_of_name(name, least, greatest);
  simdjson::dom::array pairs;
  if (document.get(pairs) || pairs.size() < 2 || pairs.size() > stops_max) return wrong;
  ColourScale scale;
  for (const simdjson::dom::element pair : pairs) {
    simdjson::dom::array parts;
    double value = 0;
    std::string_view colour_text;
    if (pair.get(parts) || parts.size() != 2 || parts.at(0).get(value) || parts.at(1).get(colour_text)) return wrong;
    const auto colour = pixel_of(colour_text);
    if (!colour || (!scale.stops.empty() && !(value > scale.stops.back().value))) return wrong;
    scale.stops.push_back({value, *colour});
  }
  return scale;
}

std::vector<std::string_view> ColourScale::known() {
  std::vector<std::string_view> names;
  for (const KnownScale& scale : known_scales()) names.push_back(scale.name);
  return names;
}

std::string ColourScale::text() const {
  std::string text = "[";
  for (const Stop& stop : stops) {
    // The shortest that is read as the same value: stops that are close stay apart. With an exponent where the digits
    // alone could pass for an integer past 64 bits, which readers of JSON refuse.
    std::array<char, 32> value;
    char* const last = value.data() + value.size();
    char* const end = std::abs(stop.value) < 1e15
                          ? std::to_chars(value.data(), last, stop.value).ptr
                          : std::to_chars(value.data(), last, stop.value, std::chars_format::scientific).ptr;
    std::array<char, 16> colour;
    std::snprintf(colour.data(), colour.size(), "#%02x%02x%02x%02x", stop.colour[0], stop.colour[1], stop.colour[2],
                  stop.colour[3]);
    text += text.size() > 1 ? ",[" : "[";
    text.append(&value[0], end).append(",\"").append(colour.data()).append("\"]");
  }
  return text + "]";
}

std::string make_png(uint32_t width, uint32_t height, const std::vector<Pixel>& pixels) {
  std::string rows;
  rows.reserve(size_t{height} * (width * 4 + 1));
  for (uint32_t y = 0; y < height; ++y) {
    rows.push_back(0);  // no filter
    for (uint32_t x = 0; x < width; ++x) {
      const Pixel& pixel = pixels[size_t{y} * width + x];
      rows.append(reinterpret_cast<const char*>(pixel.data()), 4);
    }
  }
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size(),
            4);
  packed.resize(size);
  std::string head;
  append_big_endian(head, width);
  append_big_endian(head, height);
  head += std::string("\x08\x06\x00\x00\x00", 5);  // 8 bits, RGBA, deflate, filters by row, not interlaced
  std::string file = "\x89PNG\r\n\x1a\n";
  append_chunk(file, "IHDR", head);
  append_chunk(file, "IDAT", packed);
  append_chunk(file, "IEND", {});
  return file;
}

}  // namespace cityloom::space
