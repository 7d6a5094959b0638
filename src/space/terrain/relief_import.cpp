// expat reads forward; only the corners of the current triangle are held.
#include "space/terrain/relief_import.hpp"

#include <expat.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "space/byte_source.hpp"
#include "space/coordinates.hpp"
#include "space/osm_values.hpp"
#include "space/terrain/tin_raster.hpp"
#include "space/terrain/vertical_datum.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr size_t depth_max = 200;
constexpr size_t text_bytes_max = 8u << 20;  // of one list of positions

std::string_view local_name(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

// "http://www.opengis.net/def/crs/EPSG/0/6697" and the like as PROJ likes it.
std::string system_name(std::string_view name) {
  const size_t epsg = name.find("EPSG");
  if (epsg == std::string_view::npos) return std::string(name);
  const size_t digits = name.find_last_not_of("0123456789");
  if (digits == std::string_view::npos || digits + 1 == name.size() || name.find('+') != std::string_view::npos ||
      name.find(',') != std::string_view::npos) {
    return std::string(name);
  }
  return "EPSG:" + std::string(name.substr(digits + 1));
}

// Coordinates of a file as positions.
class Places {
 public:
  static base::Result<Places> open(const std::string& name, const std::string& file, ImportBatch& batch) {
    auto datum = vertical_datum_of(name);
    if (!datum) return std::move(datum).error();
    auto system = CoordinateSystem::open(name, MissingGrids::approximate);
    if (!system) return std::move(system).error();
    if (!datum->warning.empty()) batch.warn(file, datum->warning);
    Places places(std::move(*system), std::move(*datum));
    if (places.datum_.way == VerticalDatum::Way::egm96) {
      auto geoid = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::refuse);
      if (!geoid) return std::move(geoid).error();
      places.geoid_ = std::move(*geoid);
    }
    return places;
  }

  base::Result<twin::Position> at(const RawPosition& raw) const {
    auto place = system_.to_wgs84(raw);
    if (!place || !geoid_ || !place->has_height()) return place;
    return geoid_->to_wgs84({place->latitude_deg, place->longitude_deg, place->height_m});
  }
  const VerticalDatum& datum() const { return datum_; }

 private:
  Places(CoordinateSystem system, VerticalDatum datum) : system_(std::move(system)), datum_(std::move(datum)) {}
  CoordinateSystem system_;
  std::optional<CoordinateSystem> geoid_;
  VerticalDatum datum_;
};

class Reader {
 public:
  Reader(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch) {}

  Status run() {
    auto source = input_.open();
    if (!source) return std::move(source).error();
    const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(
        XML_ParserCreate(nullptr), &XML_ParserFree);
    parser_ = parser.get();
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(
        parser_,
        [](void* self, const XML_Char* name, const XML_Char** attributes) {
          static_cast<Reader*>(self)->begin(local_name(name), attributes);
        },
        [](void* self, const XML_Char* name) { static_cast<Reader*>(self)->end(local_name(name)); });
    XML_SetCharacterDataHandler(parser_, [](void* self, const XML_Char* text, int size) {
      static_cast<Reader*>(self)->take(std::string_view(text, static_cast<size_t>(size)));
    });
    // A document type could bring entities: files of other places, or bombs. CityGML needs none.
    XML_SetStartDoctypeDeclHandler(parser_, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
      static_cast<Reader*>(self)->stop(fail(Code::corrupt, "It has a document type, which could bring entities"));
    });
    std::string piece(1u << 18, '\0');
    while (true) {
      const auto count = source->read(piece.data(), piece.size());
      if (!count) return count.error();
      const bool is_good =
          XML_Parse(parser_, piece.data(), static_cast<int>(*count), *count == 0 ? 1 : 0) != XML_STATUS_ERROR;
      if (error_) return *error_;
      if (!is_good) {
        return fail(Code::corrupt, std::string("It is no whole XML: ") + XML_ErrorString(XML_GetErrorCode(parser_)),
                    input_.name + " line " + std::to_string(XML_GetCurrentLineNumber(parser_)));
      }
      if (*count == 0) break;
      if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
      batch_.show_progress(source->offset(), source->size());
    }
    return models_ > 0 ? Status() : Status(fail(Code::corrupt, "It holds no relief that can be read", input_.name));
  }

 private:
  void stop(base::Error error) {
    if (!error_) error_ = std::move(error);
    XML_StopParser(parser_, XML_FALSE);
  }

  void begin(std::string_view name, const XML_Char** attributes) {
    if (++depth_ > depth_max)
      return stop(fail(Code::corrupt, "Its elements are nested more than 200 deep", input_.name));
    for (const XML_Char** at = attributes; at[0] != nullptr; at += 2) {
      const std::string_view attribute = local_name(at[0]);
      if (attribute == "srsName" && system_.empty()) system_ = at[1];
      if (attribute == "id") begun_id_ = at[1];
    }
    const bool is_component =
        name == "TINRelief" || name == "MassPointRelief" || name == "RasterRelief" || name == "BreaklineRelief";
    if (feature_depth_ == 0 && (name == "ReliefFeature" || is_component)) {
      feature_depth_ = depth_;
      feature_id_ = begun_id_;
      raster_ = std::make_unique<TinRaster>();
    }
    if (feature_depth_ == 0) return;
    if (name == "RasterRelief" || name == "BreaklineRelief" || name == "MassPointRelief") {
      batch_.warn(excerpt(begun_id_), std::string(name) + " is not read");
      skipped_depth_ = depth_;
    }
    if (name == "Triangle" || name == "Polygon") ring_.clear();
    is_taking_ = skipped_depth_ == 0 && (name == "posList" || name == "pos" || name == "coordinates");
    if (is_taking_) text_.clear();
  }

  void take(std::string_view text) {
    if (!is_taking_) return;
    if (text_.size() + text.size() > text_bytes_max) {
      return stop(fail(Code::too_large, "A list of positions has more than 8 MiB", input_.name));
    }
    text_ += text;
  }

  void end(std::string_view name) {
    if (is_taking_) {
      is_taking_ = false;
      read_positions();
    }
    if (feature_depth_ > 0 && skipped_depth_ == 0 && (name == "Triangle" || name == "Polygon")) end_polygon();
    if (depth_ == skipped_depth_) skipped_depth_ = 0;
    if (depth_ == feature_depth_) end_feature();
    --depth_;
  }

  void read_positions() {
    const char* at = text_.data();
    const char* const end = at + text_.size();
    double numbers[3];
    size_t count = 0;
    while (true) {
      while (at != end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r' || *at == ',')) ++at;
      if (at == end) return;
      const auto read = std::from_chars(at, end, numbers[count]);
      if (read.ec != std::errc{}) {
        ++unreadable_;
        return;
      }
      at = read.ptr;
      if (++count < 3) continue;
      count = 0;
      // A triangle has four corners, the last being the first again; more are no triangle, but may be a bomb.
      if (ring_.size() < 64) ring_.push_back({numbers[0], numbers[1], numbers[2]});
    }
  }

  void end_polygon() {
    if (ring_.size() != 4 && ring_.size() != 3) {
      ++unreadable_;
      return;
    }
    if (!places_) {
      const std::string& stated = batch_.options().crs;
      if (stated.empty() && system_.empty()) {
        return stop(fail(Code::invalid, "The file names no coordinate system", input_.name,
                         "Name the coordinate system by the option crs, e.g. EPSG:6697"));
      }
      auto opened = Places::open(stated.empty() ? system_name(system_) : stated, input_.name, batch_);
      if (!opened) return stop(opened.error());
      places_ = std::move(*opened);
    }
    std::array<twin::Position, 3> corners;
    for (size_t i = 0; i < 3; ++i) {
      const auto place = places_->at(ring_[i]);
      if (!place) {
        ++unreadable_;
        return;
      }
      corners[i] = *place;
    }
    if (auto added = raster_->add(corners); !added) stop(added.error());
  }

  void end_feature() {
    feature_depth_ = 0;
    std::string object = excerpt(feature_id_);
    if (object.empty()) object = input_.name;
    if (unreadable_ > 0)
      batch_.warn(object, std::to_string(unreadable_) + " faces are no triangles with heights: left out");
    unreadable_ = 0;
    if (raster_->left_out() > 0) {
      batch_.warn(object,
                  std::to_string(raster_->left_out()) + " triangles without area or of no earthly size were left out");
    }
    if (raster_->taken() == 0 || !places_) return;
    ++models_;
    TerrainDescription description{object, object, places_->datum().datum, places_->datum().correction, {}};
    if (feature_id_.empty()) description.name = input_.name + "-" + std::to_string(models_);
    if (auto added = raster_->finish(batch_, description); !added) stop(added.error());
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  XML_Parser parser_ = nullptr;
  std::optional<base::Error> error_;
  size_t depth_ = 0, feature_depth_ = 0, skipped_depth_ = 0;
  std::string system_, begun_id_, feature_id_, text_;
  bool is_taking_ = false;
  std::vector<RawPosition> ring_;
  std::optional<Places> places_;
  std::unique_ptr<TinRaster> raster_;
  uint64_t unreadable_ = 0, models_ = 0;
};

}  // namespace

Status import_relief(const ImportInput& input, ImportBatch& batch) {
  return Reader(input, batch).run();
}

}  // namespace cityloom::space
