#include "space/terrain/vertical_datum.hpp"

#include <cpl_error.h>
#include <ogr_srs_api.h>

#include <memory>

#include "space/coordinates.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

struct DestroySystem {
  void operator()(void* system) const { OSRDestroySpatialReference(system); }
};

}  // namespace

base::Result<VerticalDatum> vertical_datum_of(const std::string& definition) {
  CPLPushErrorHandler(CPLQuietErrorHandler);
  const std::unique_ptr<void, DestroySystem> system(OSRNewSpatialReference(nullptr));
  const bool is_known = OSRSetFromUserInput(system.get(), definition.c_str()) == OGRERR_NONE;
  CPLPopErrorHandler();
  if (!is_known) return fail(Code::invalid, "\"" + excerpt(definition) + "\" is not a coordinate system that is known");
  using Way = VerticalDatum::Way;
  VerticalDatum result;
  if (OSRIsCompound(system.get()) != 0) {
    const char* const name = OSRGetAttrValue(system.get(), "COMPD_CS|VERT_CS", 0);
    result.datum = name == nullptr ? "unnamed" : name;
    const auto known = CoordinateSystem::open(definition, MissingGrids::approximate);
    if (!known) return known.error();
    if (!known->lacks_heights()) {
      result.way = Way::system;
      result.correction = "by PROJ";
      return result;
    }
    result.correction = "EGM96 geoid (egm96_15.gtx)";
    if (!known->missing_grids().empty()) result.correction += ", for want of " + known->missing_grids().front();
    result.warning = heights_note(*known, true);
  } else if (OSRIsGeocentric(system.get()) != 0 ||
             (OSRIsGeographic(system.get()) != 0 && OSRGetAxesCount(system.get()) == 3)) {
    result.datum = "ellipsoid";
    result.correction = "none needed";
    return result;
  } else {
    result.datum = "not named, taken as EGM96 height";
    result.correction = "EGM96 geoid (egm96_15.gtx)";
    result.warning = "it names no vertical datum: its heights were taken as above sea level (EGM96)";
  }
  result.way = Way::egm96;
  const auto geoid = CoordinateSystem::open("EPSG:4326+5773", MissingGrids::refuse);
  if (geoid) return result;
  return fail(Code::unsupported, geoid.error().what, {}, "Install the geoid grid egm96_15: package proj-data");
}

}  // namespace cityloom::space
