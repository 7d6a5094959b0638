// PROJ does the work. What it lacks here: heights above a national sea level without that nation's grid, which the
// world's EGM96 then gives to about a metre instead of forty.
#include "space/city/city_crs.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <mutex>
#include <optional>

#include "space/earth.hpp"
#include "space/osm_values.hpp"
#include "space/proj_objects.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

// Systems are used a little beyond their area; a wrong one is off by much more.
constexpr double area_margin_deg = 1.5;
constexpr size_t idle_systems_max = 8;

struct AdvName {
  std::string_view name;
  std::string_view code;
};
// The German surveys' own names (AdV, GeoInfoDok).
constexpr AdvName adv_names[] = {{"ETRS89_UTM31", "25831"},  {"ETRS89_UTM32", "25832"}, {"ETRS89_UTM33", "25833"},
                                 {"ETRS89_Lat-Lon", "4258"}, {"DE_DHDN_3GK2", "31466"}, {"DE_DHDN_3GK3", "31467"},
                                 {"DE_DHDN_3GK4", "31468"},  {"DE_DHDN_3GK5", "31469"}, {"DE_DHHN92_NH", "5783"},
                                 {"DE_DHHN2016_NH", "7837"}, {"DE_DHHN12_NOH", "7699"}, {"DE_DHHN85_NOH", "5783"}};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string_view last_part(std::string_view text, std::string_view separators) {
  const size_t at = text.find_last_of(separators);
  return at == std::string_view::npos ? text : text.substr(at + 1);
}

// "urn:ogc:def:crs,crs:EPSG:6.12:3068,crs:EPSG:6.12:5783" -> {"3068", "5783"}
std::vector<std::string> codes_in(std::string_view text, char separator) {
  std::vector<std::string> codes;
  while (!text.empty()) {
    const size_t end = std::min(text.find(separator), text.size());
    const std::string_view code = last_part(text.substr(0, end), ":/#=");
    if (is_digits(code)) codes.emplace_back(code);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return codes;
}

std::string epsg_of(const std::vector<std::string>& codes) {
  std::string name = "EPSG:" + codes.front();
  if (codes.size() > 1) name += "+" + codes[1];
  return name;
}

std::string adv_name_of(std::string_view name) {
  std::vector<std::string> codes;
  while (!name.empty()) {
    const size_t end = std::min(name.find('*'), name.size());
    for (const AdvName& one : adv_names) {
      if (name.substr(0, end) == one.name) codes.emplace_back(one.code);
    }
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return codes.empty() ? std::string() : epsg_of(codes);
}

using proj::Context;
using proj::Object;

}  // namespace

std::string crs_name_of(std::string_view name) {
  while (!name.empty() && std::isspace(static_cast<unsigned char>(name.front())) != 0) name.remove_prefix(1);
  while (!name.empty() && std::isspace(static_cast<unsigned char>(name.back())) != 0) name.remove_suffix(1);
  std::string small(name);
  std::transform(small.begin(), small.end(), small.begin(), [](unsigned char c) { return std::tolower(c); });
  if (small.starts_with("urn:adv:crs:")) {
    if (std::string found = adv_name_of(name.substr(12)); !found.empty()) return found;
  }
  if (small.find("crs84h") != std::string::npos) return "OGC:CRS84h";
  if (small.find("crs84") != std::string::npos) return "OGC:CRS84";
  if (small.find("epsg") == std::string::npos) return std::string(name);
  if (small.starts_with("urn:")) {
    const auto codes = codes_in(name, ',');
    if (!codes.empty()) return epsg_of(codes);
  }
  if (small.starts_with("http")) {
    const size_t query = name.find('?');
    const auto codes = codes_in(query == std::string_view::npos ? name : name.substr(query + 1), '&');
    if (!codes.empty()) return epsg_of(codes);
  }
  if (small.starts_with("epsg:")) {
    const auto codes = codes_in(name, small.find('+') != std::string::npos ? '+' : ',');
    if (!codes.empty()) return epsg_of(codes);
  }
  return std::string(name);
}

struct CityCrs::Parts {
  Context context = proj::make_context();
  std::string name;
  std::string label;
  Object plane;  // the horizontal part to longitude and latitude in degrees, east first
  Object solid;  // or all of it to EPSG:4979, where heights need no help
  Object geoid;  // from sea level to the ellipsoid; radians
  bool is_geographic = false;
  bool is_swapped = false;
  bool authority_north_first = false;
  double west = -180, south = -90, east = 180, north = 90;
  std::vector<std::string> notes;
  size_t system_notes = 0;  // of the notes, those that any file in this system gets

  base::Status open();
  void learn(PJ* crs);
  void open_heights(PJ* crs);
  bool is_inside(double longitude_deg, double latitude_deg, double margin_deg) const;
  std::optional<twin::Position> convert(const RawPosition& raw, bool swap) const;
  void settle_axes(std::span<const RawPosition> samples);
};

void CityCrs::Parts::learn(PJ* crs) {
  label = proj_get_name(crs);
  double w = 0, s = 0, e = 0, n = 0;
  const char* area = nullptr;
  if (proj_get_area_of_use(context.get(), crs, &w, &s, &e, &n, &area) != 0 && w >= -180 && e <= 180) {
    west = w;
    south = s;
    east = e;
    north = n;
  }
  Object inner;
  if (proj_get_type(crs) == PJ_TYPE_COMPOUND_CRS) inner.reset(proj_crs_get_sub_crs(context.get(), crs, 0));
  PJ* horizontal = inner ? inner.get() : crs;
  const PJ_TYPE type = proj_get_type(horizontal);
  is_geographic = type == PJ_TYPE_GEOGRAPHIC_2D_CRS || type == PJ_TYPE_GEOGRAPHIC_3D_CRS;
  const Object axes(proj_crs_get_coordinate_system(context.get(), horizontal));
  const char* direction = nullptr;
  if (axes && proj_cs_get_axis_info(context.get(), axes.get(), 0, nullptr, nullptr, &direction, nullptr, nullptr,
                                    nullptr, nullptr) != 0) {
    authority_north_first = std::string_view(direction) == "north";
  }
}

// A system with heights of its own that PROJ can bring to the ellipsoid is left to PROJ alone.
void CityCrs::Parts::open_heights(PJ* crs) {
  const bool is_compound = proj_get_type(crs) == PJ_TYPE_COMPOUND_CRS;
  const bool is_solid = proj_get_type(crs) == PJ_TYPE_GEOGRAPHIC_3D_CRS || proj_get_type(crs) == PJ_TYPE_GEOCENTRIC_CRS;
  if (is_solid || (!is_compound && is_geographic)) return;
  if (is_compound) {
    const auto known = CoordinateSystem::open(name, MissingGrids::approximate);
    if (known && !known->lacks_heights()) {
      solid.reset(proj_create_crs_to_crs(context.get(), name.c_str(), "EPSG:4979", nullptr));
      if (solid) return;
    }
  }
  geoid.reset(proj_create(context.get(), "+proj=vgridshift +grids=egm96_15.gtx +multiplier=1"));
  if (is_compound) {
    const auto known = CoordinateSystem::open(name, MissingGrids::approximate);
    if (known) notes.push_back(heights_note(*known, geoid != nullptr));
  } else {
    notes.push_back(geoid
                        ? label + " has no heights of its own: those in the file were taken as above sea level (EGM96)"
                        : "the grid egm96_15.gtx is not installed: heights stay above sea level");
  }
}

base::Status CityCrs::Parts::open() {
  // Its errors, in words, are those of the door for coordinate systems.
  if (auto known = CoordinateSystem::open(name, MissingGrids::approximate); !known) return std::move(known).error();
  Object crs(proj_create(context.get(), name.c_str()));
  if (!crs) return fail(Code::invalid, "PROJ cannot open this coordinate system", excerpt(name));
  learn(crs.get());
  Object horizontal;
  if (proj_get_type(crs.get()) == PJ_TYPE_COMPOUND_CRS) {
    horizontal.reset(proj_crs_get_sub_crs(context.get(), crs.get(), 0));
  }
  open_heights(crs.get());
  const bool is_solid =
      proj_get_type(crs.get()) == PJ_TYPE_GEOGRAPHIC_3D_CRS || proj_get_type(crs.get()) == PJ_TYPE_GEOCENTRIC_CRS;
  if (is_solid && !solid) solid.reset(proj_create_crs_to_crs(context.get(), name.c_str(), "EPSG:4979", nullptr));
  const Object to(proj_create(context.get(), "OGC:CRS84"));
  if (!to) return fail(Code::unavailable, "PROJ does not find its database", {}, "Install the package proj-data");
  plane.reset(proj_create_crs_to_crs_from_pj(context.get(), horizontal ? horizontal.get() : crs.get(), to.get(),
                                             nullptr, nullptr));
  if (!plane && !solid) return fail(Code::unsupported, "PROJ knows no way from " + excerpt(name) + " to WGS 84");
  system_notes = notes.size();
  return {};
}

bool CityCrs::Parts::is_inside(double longitude_deg, double latitude_deg, double margin_deg) const {
  const bool in_longitude = west <= east ? longitude_deg >= west - margin_deg && longitude_deg <= east + margin_deg
                                         : longitude_deg >= west - margin_deg || longitude_deg <= east + margin_deg;
  return in_longitude && latitude_deg >= south - margin_deg && latitude_deg <= north + margin_deg;
}

std::optional<twin::Position> CityCrs::Parts::convert(const RawPosition& raw, bool swap) const {
  const double first = swap ? raw.second : raw.first, second = swap ? raw.first : raw.second;
  const bool has_height = !std::isnan(raw.third);
  PJ* way = solid ? solid.get() : plane.get();
  proj_errno_reset(way);
  const PJ_COORD to = proj_trans(way, PJ_FWD, proj_coord(first, second, has_height ? raw.third : 0, HUGE_VAL));
  if (proj_errno(way) != 0 || !std::isfinite(to.xyz.x) || !std::isfinite(to.xyz.y)) return {};
  const double longitude = solid ? to.xyz.y : to.xyz.x, latitude = solid ? to.xyz.x : to.xyz.y;
  double height = solid ? to.xyz.z : raw.third;
  if (geoid && has_height) {
    const PJ_COORD up =
        proj_trans(geoid.get(), PJ_FWD,
                   proj_coord(longitude * radians_per_degree, latitude * radians_per_degree, height, HUGE_VAL));
    if (std::isfinite(up.xyz.z)) height = up.xyz.z;
  }
  if (!has_height) height = std::numeric_limits<double>::quiet_NaN();
  auto position = twin::Position::make(longitude, latitude, height);
  if (!position) return {};
  return *position;
}

void CityCrs::Parts::settle_axes(std::span<const RawPosition> samples) {
  notes.resize(system_notes);
  size_t as_said = 0, swapped = 0;
  for (const RawPosition& sample : samples) {
    const auto one = convert(sample, false), other = convert(sample, true);
    if (one && is_inside(one->longitude_deg, one->latitude_deg, 0.2)) ++as_said;
    if (other && is_inside(other->longitude_deg, other->latitude_deg, 0.2)) ++swapped;
  }
  is_swapped = as_said == 0 && swapped > 0;
  if (is_swapped) {
    notes.push_back(std::string("the coordinates are ") + (authority_north_first ? "easting" : "northing") +
                    " first, though " + label + " is " + (authority_north_first ? "northing" : "easting") +
                    " first: they were read as they are");
  }
}

// Systems that nobody uses now: the next file of a city is mostly in the same one.
struct CityCrs::Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Parts>> systems;  // the latest used at the end

  // One for the process, never taken down: PROJ's own statics may go first.
  static Idle& instance() {
    static Idle& idle = *new Idle;
    return idle;
  }

  std::unique_ptr<Parts> take(const std::string& name) {
    const std::lock_guard lock(mutex);
    const auto found =
        std::find_if(systems.begin(), systems.end(), [&](const auto& parts) { return parts->name == name; });
    if (found == systems.end()) return nullptr;
    std::unique_ptr<Parts> parts = std::move(*found);
    systems.erase(found);
    return parts;
  }

  void give_back(std::unique_ptr<Parts> parts) {
    const std::lock_guard lock(mutex);
    if (systems.size() == idle_systems_max) systems.erase(systems.begin());
    systems.push_back(std::move(parts));
  }
};

CityCrs::CityCrs(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CityCrs::CityCrs(CityCrs&&) noexcept = default;
CityCrs& CityCrs::operator=(CityCrs&& other) noexcept {
  std::swap(parts_, other.parts_);
  return *this;
}
CityCrs::~CityCrs() {
  if (parts_ != nullptr) Idle::instance().give_back(std::move(parts_));
}

base::Result<CityCrs> CityCrs::open(std::string_view name, std::span<const RawPosition> samples) {
  const std::string known_name = crs_name_of(name);
  std::unique_ptr<Parts> parts = Idle::instance().take(known_name);
  if (parts == nullptr) {
    parts = std::make_unique<Parts>();
    parts->name = known_name;
    if (auto status = parts->open(); !status) return std::move(status).error();
  }
  parts->settle_axes(samples);
  return CityCrs(std::move(parts));
}

bool CityCrs::is_geographic() const {
  return parts_->is_geographic;
}
bool CityCrs::is_north_first() const {
  return parts_->authority_north_first != parts_->is_swapped;
}
const std::vector<std::string>& CityCrs::notes() const {
  return parts_->notes;
}

base::Status CityCrs::to_wgs84(std::span<const RawPosition> from, std::vector<twin::Position>& to) const {
  to.clear();
  to.reserve(from.size());
  for (const RawPosition& raw : from) {
    if (!std::isfinite(raw.first) || !std::isfinite(raw.second) || std::isinf(raw.third)) {
      return fail(Code::invalid, "a coordinate is not a number");
    }
    const auto position = parts_->convert(raw, parts_->is_swapped);
    if (!position || !parts_->is_inside(position->longitude_deg, position->latitude_deg, area_margin_deg) ||
        std::abs(raw.third) > 100'000) {
      char text[160];
      std::snprintf(text, sizeof text, "its position %.10g %.10g %.10g", raw.first, raw.second, raw.third);
      return fail(Code::invalid, std::string(text) + " lies outside where " + parts_->label +
                                     " is used: is it the right coordinate system?");
    }
    to.push_back(*position);
  }
  return {};
}

}  // namespace cityloom::space
