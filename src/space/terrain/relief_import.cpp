// expat reads forward; only the corners of the current triangle, single points and a grid at hand are held.
#include "space/terrain/relief_import.hpp"

#include <expat.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "space/byte_source.hpp"
#include "space/city/city_crs.hpp"
#include "space/coordinates.hpp"
#include "space/osm_values.hpp"
#include "space/terrain/relief_grid.hpp"
#include "space/terrain/relief_points.hpp"
#include "space/terrain/tin_raster.hpp"
#include "space/terrain/vertical_datum.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr size_t depth_max = 200;
constexpr size_t word_bytes_max = 100;

std::string_view local_name(std::string_view name) {
  const size_t colon = name.find(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
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

// What the numbers of the element at hand are.
enum class Taking : uint8_t { nothing, ring, line, points, low, high, origin, offset, heights };

class Reader {
 public:
  Reader(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch) {}
  Status run();

 private:
  // A component of a relief feature: its name, its id or the feature's, and what there was before it.
  struct Component {
    size_t depth = 0;
    std::string name, id;
    uint64_t triangles_before = 0;
    size_t points_before = 0;
    std::string file;
    ReliefGrid grid;
  };

  void stop(base::Error error) {
    if (!error_) error_ = std::move(error);
    XML_StopParser(parser_, XML_FALSE);
  }
  void keep(Status status) {
    if (!status) stop(status.error());
  }
  std::function<bool()> is_cancelled() const {
    return [this] { return batch_.is_cancelled(); };
  }
  void listen();
  void begin(std::string_view name, const XML_Char** attributes);
  void begin_component(std::string_view name, std::string_view id);
  Taking taking_of(std::string_view name) const;
  void take(std::string_view text);
  void end(std::string_view name);
  void word();
  void number(double value);
  base::Result<twin::Position> place_of(const RawPosition& raw);
  void end_polygon();
  void end_line();
  void end_component();
  void end_grid();
  void end_feature();

  const ImportInput& input_;
  ImportBatch& batch_;
  XML_Parser parser_ = nullptr;
  std::optional<base::Error> error_;
  size_t depth_ = 0, feature_depth_ = 0, skipped_depth_ = 0;
  std::string system_, feature_id_, word_;
  Taking taking_ = Taking::nothing;
  bool is_file_name_ = false, is_in_ring_ = false, is_in_line_ = false, is_in_origin_ = false;
  Component component_;
  std::vector<double> position_;  // begun
  std::vector<RawPosition> ring_;
  std::vector<twin::Position> line_;
  ReliefPoints points_;
  std::optional<Places> places_;
  std::unique_ptr<TinRaster> raster_;
  uint64_t unreadable_faces_ = 0, unreadable_points_ = 0, models_ = 0;
};

void Reader::listen() {
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
}

Status Reader::run() {
  auto source = input_.open();
  if (!source) return std::move(source).error();
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(&XML_ParserFree)> parser(XML_ParserCreate(nullptr),
                                                                                             &XML_ParserFree);
  parser_ = parser.get();
  listen();
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

Taking Reader::taking_of(std::string_view name) const {
  if (component_.name == "RasterRelief") {
    if (name == "low") return Taking::low;
    if (name == "high") return Taking::high;
    if (name == "offsetVector") return Taking::offset;
    if (name == "tupleList" || name == "doubleOrNilReasonTupleList" || name == "QuantityList") return Taking::heights;
    if (is_in_origin_ && (name == "pos" || name == "coordinates")) return Taking::origin;
    return Taking::nothing;
  }
  if (name != "posList" && name != "pos" && name != "coordinates") return Taking::nothing;
  if (is_in_ring_) return Taking::ring;
  return is_in_line_ ? Taking::line : Taking::points;
}

void Reader::begin_component(std::string_view name, std::string_view id) {
  component_ = Component{depth_, std::string(name), std::string(id), raster_->taken(), points_.size(), {}, {}};
  if (component_.id.empty()) component_.id = feature_id_;
}

void Reader::begin(std::string_view name, const XML_Char** attributes) {
  if (++depth_ > depth_max) return stop(fail(Code::corrupt, "Its elements are nested more than 200 deep", input_.name));
  std::string_view id, order;
  for (const XML_Char** at = attributes; at[0] != nullptr; at += 2) {
    const std::string_view attribute = local_name(at[0]);
    if (attribute == "srsName" && system_.empty()) system_ = at[1];
    if (attribute == "id") id = at[1];
    if (attribute == "order" || attribute == "axisOrder") order = at[1];
  }
  const bool is_component =
      name == "TINRelief" || name == "MassPointRelief" || name == "RasterRelief" || name == "BreaklineRelief";
  if (feature_depth_ == 0 && (name == "ReliefFeature" || is_component)) {
    feature_depth_ = depth_;
    feature_id_ = id;
    raster_ = std::make_unique<TinRaster>();
    points_.shrink_to(0);
  }
  if (feature_depth_ == 0 || skipped_depth_ > 0) return;
  if (is_component && component_.depth == 0) begin_component(name, id);
  // Where the relief ends, which its triangles say themselves.
  if (name == "extent") skipped_depth_ = depth_;
  if (component_.depth == 0 || skipped_depth_ > 0) return;
  if (name == "Triangle" || name == "Polygon") {
    ring_.clear();
    is_in_ring_ = true;
  }
  if (name == "LineString" || name == "LineStringSegment") {
    line_.clear();
    is_in_line_ = true;
  }
  if (name == "origin") is_in_origin_ = true;
  if (name == "sequenceRule") component_.grid.order = order.substr(0, 100);
  is_file_name_ = name == "fileName" || name == "fileReference";
  taking_ = taking_of(name);
  position_.clear();
  word_.clear();
}

// Numbers as they come: no list of them is held as text.
void Reader::take(std::string_view text) {
  if (is_file_name_) component_.file += text.substr(0, 300 - std::min<size_t>(component_.file.size(), 300));
  if (taking_ == Taking::nothing) return;
  for (const char letter : text) {
    const bool is_space = letter == ' ' || letter == '\n' || letter == '\t' || letter == '\r';
    if (is_space || (letter == ',' && taking_ != Taking::heights)) {
      word();
    } else if (word_.size() < word_bytes_max) {
      word_ += letter;
    }
  }
}

void Reader::word() {
  if (word_.empty()) return;
  // Of a tuple of a grid, the first number is the height.
  std::string_view text = std::string_view(word_).substr(0, word_.find(','));
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
  word_.clear();
  // "missing", "NaN": no height here. Anywhere else it spoils its list.
  if (is_number || taking_ == Taking::heights) {
    number(is_number ? value : std::numeric_limits<double>::quiet_NaN());
  } else {
    ++(taking_ == Taking::ring ? unreadable_faces_ : unreadable_points_);
    if (taking_ == Taking::ring) ring_.clear();
    taking_ = Taking::nothing;
  }
}

void Reader::number(double value) {
  ReliefGrid& grid = component_.grid;
  const auto add_to = [&](std::vector<double>& list) {
    if (list.size() < 6) list.push_back(value);
  };
  if (taking_ == Taking::low) return add_to(grid.low);
  if (taking_ == Taking::high) return add_to(grid.high);
  if (taking_ == Taking::origin) return add_to(grid.origin);
  if (taking_ == Taking::offset) return add_to(grid.offsets);
  if (taking_ == Taking::heights) {
    // One more than can be read: so that it is told.
    if (grid.heights.size() <= relief_grid_heights_max) grid.heights.push_back(static_cast<float>(value));
    return;
  }
  position_.push_back(value);
  if (position_.size() < 3) return;
  const RawPosition raw{position_[0], position_[1], position_[2]};
  position_.clear();
  if (taking_ == Taking::ring) {
    // A triangle has four corners, the last being the first again; more are no triangle, but may be a bomb.
    if (ring_.size() < 64) ring_.push_back(raw);
    return;
  }
  const auto place = place_of(raw);
  if (!place || !place->has_height() || std::abs(place->height_m) > height_m_limit) {
    ++unreadable_points_;
  } else if (taking_ == Taking::points) {
    keep(points_.add(*place));
  } else if (line_.size() < relief_points_max) {
    line_.push_back(*place);
  }
}

void Reader::end(std::string_view name) {
  if (taking_ != Taking::nothing) word();
  taking_ = Taking::nothing;
  is_file_name_ = false;
  if (component_.depth > 0 && skipped_depth_ == 0) {
    if (name == "Triangle" || name == "Polygon") end_polygon();
    if (name == "LineString" || name == "LineStringSegment") end_line();
    if (name == "origin") is_in_origin_ = false;
  }
  if (depth_ == skipped_depth_) skipped_depth_ = 0;
  if (depth_ == component_.depth) end_component();
  if (depth_ == feature_depth_) end_feature();
  --depth_;
}

base::Result<twin::Position> Reader::place_of(const RawPosition& raw) {
  if (!places_) {
    const std::string& stated = batch_.options().crs;
    if (stated.empty() && system_.empty()) {
      base::Error error = fail(Code::invalid, "The file names no coordinate system", input_.name,
                               "Name the coordinate system by the option crs, e.g. EPSG:6697");
      stop(error);
      return error;
    }
    auto opened = Places::open(stated.empty() ? crs_name_of(system_) : stated, input_.name, batch_);
    if (!opened) {
      stop(opened.error());
      return opened.error();
    }
    places_ = std::move(*opened);
  }
  return places_->at(raw);
}

void Reader::end_polygon() {
  is_in_ring_ = false;
  bool is_triangle = ring_.size() == 4 || ring_.size() == 3;
  std::array<twin::Position, 3> corners;
  for (size_t i = 0; is_triangle && i < 3; ++i) {
    const auto place = place_of(ring_[i]);
    is_triangle = place.ok();
    if (is_triangle) corners[i] = *place;
  }
  if (is_triangle) return keep(raster_->add(corners));
  ++unreadable_faces_;
}

void Reader::end_line() {
  is_in_line_ = false;
  keep(points_.add_line(line_));
}

void Reader::end_component() {
  // The points of a TIN that has triangles are their corners.
  if (component_.name == "TINRelief" && raster_->taken() > component_.triangles_before) {
    points_.shrink_to(component_.points_before);
  }
  if (component_.name == "RasterRelief") end_grid();
  component_ = Component();
}

void Reader::end_grid() {
  const std::string object = excerpt(component_.id.empty() ? input_.name : component_.id);
  if (component_.grid.is_empty() || !component_.file.empty()) {
    return batch_.warn(object, component_.file.empty() ? "its grid is not in the file"
                                                       : "its heights are in the file \"" + excerpt(component_.file) +
                                                             "\": import that file by itself");
  }
  const auto status = component_.grid.draw(
      *raster_, [this](const RawPosition& raw) { return place_of(raw); }, is_cancelled());
  if (!status && status.error().code == Code::invalid) return batch_.warn(object, status.error().what);
  keep(status);
}

void Reader::end_feature() {
  feature_depth_ = 0;
  std::string object = excerpt(feature_id_);
  if (object.empty()) object = input_.name;
  const auto warn_of = [&](uint64_t& count, const std::string& what) {
    if (count > 0) batch_.warn(object, std::to_string(count) + what);
    count = 0;
  };
  warn_of(unreadable_faces_, " faces are no triangles with heights: left out");
  warn_of(unreadable_points_, " points have no place with a height: left out");
  if (error_) return;
  if (auto drawn = points_.draw(*raster_, is_cancelled()); !drawn) return stop(drawn.error());
  points_.shrink_to(0);
  if (raster_->left_out() > 0) {
    batch_.warn(object,
                std::to_string(raster_->left_out()) + " triangles without area or of no earthly size were left out");
  }
  if (raster_->taken() == 0 || !places_) return;
  ++models_;
  TerrainDescription description{object, object, places_->datum().datum, places_->datum().correction, {}};
  if (feature_id_.empty()) description.name = input_.name + "-" + std::to_string(models_);
  keep(raster_->finish(batch_, description));
}

}  // namespace

Status import_relief(const ImportInput& input, ImportBatch& batch) {
  return Reader(input, batch).run();
}

}  // namespace cityloom::space
