// The time zone is by the longitude where nobody says it.
#include "app/sun_options.hpp"

#include <absl/time/time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/number_option.hpp"

namespace cityloom::app {
namespace {

using base::Code;
using base::fail;
using namespace model::sun;

// "+9", "-03:30", "Asia/Seoul".
base::Result<double> utc_offset_h(const std::string& text, const Date& date) {
  int hours = 0, minutes = 0;
  char sign = 0, rest = 0;
  if (std::sscanf(text.c_str(), "%c%2d:%2d%c", &sign, &hours, &minutes, &rest) == 3 && (sign == '+' || sign == '-') &&
      hours >= 0 && minutes >= 0 && minutes < 60)
    return (sign == '-' ? -1 : 1) * (hours + minutes / 60.0);
  if (const auto number = read_number(text, "--time-zone", -14, 14)) return *number;
  absl::TimeZone zone;
  if (text.empty() || !absl::LoadTimeZone(text, &zone))
    return fail(Code::invalid, "\"" + text.substr(0, 40) + "\" is no time zone", "--time-zone",
                "write +9, -03:30 or a name as Asia/Seoul");
  const absl::Time noon = absl::FromCivil(absl::CivilHour(date.year, date.month, date.day, 12), zone);
  return zone.At(noon).offset / 3600.0;
}

base::Status read_air(const Arguments& arguments, DayCase& it) {
  const auto number = [&](const char* option, double least, double most, double& to) -> base::Status {
    const std::string* text = arguments.option(option);
    if (text == nullptr) return {};
    const auto read = read_number(*text, option, least, most);
    if (!read) return read.error();
    to = *read;
    return {};
  };
  for (const base::Status& status :
       {number("--step", step_minutes_min, step_minutes_max, it.step_minutes), number("--albedo", 0, 1, it.albedo),
        number("--linke", 1, 10, it.air.linke_turbidity), number("--aerosol", 0, 0.6, it.air.aerosol_depth_700),
        number("--water", 0.1, 10, it.air.precipitable_water_cm)}) {
    if (!status) return status;
  }
  if (const std::string* sky = arguments.option("--clear-sky")) {
    if (*sky == "esra")
      it.clear_sky = ClearSky::esra;
    else if (*sky == "solis")
      it.clear_sky = ClearSky::solis;
    else if (*sky == "haurwitz")
      it.clear_sky = ClearSky::haurwitz;
    else
      return fail(Code::invalid, "\"" + *sky + "\" is no clear sky", "--clear-sky", "esra, solis or haurwitz");
  }
  if (const std::string* sky = arguments.option("--sky")) {
    if (*sky == "isotropic")
      it.sky_model = SkyModel::isotropic;
    else if (*sky == "hay-davies")
      it.sky_model = SkyModel::hay_davies;
    else if (*sky == "perez")
      it.sky_model = SkyModel::perez;
    else
      return fail(Code::invalid, "\"" + *sky + "\" is no sky", "--sky", "isotropic, hay-davies or perez");
  }
  return {};
}

base::Result<std::optional<Place>> read_place(const Arguments& arguments) {
  const std::string *latitude = arguments.option("--latitude"), *longitude = arguments.option("--longitude");
  if (latitude == nullptr && longitude == nullptr) return std::optional<Place>();
  if (latitude == nullptr || longitude == nullptr)
    return fail(Code::invalid, "one without the other", "--latitude, --longitude", "give both");
  const auto north = read_number(*latitude, "--latitude", -90, 90);
  if (!north) return north.error();
  const auto east = read_number(*longitude, "--longitude", -360, 360);
  if (!east) return east.error();
  return std::optional(Place{*north, *east});
}

double mean_height_m(const model::GridFile& terrain) {
  double sum = 0;
  for (const double height : terrain.values) sum += std::isnan(height) ? 0 : height;
  return sum / static_cast<double>(std::max<size_t>(terrain.values.size() - terrain.holes, 1));
}

}  // namespace

base::Result<Buildings> read_buildings_on(const std::string& path, const model::GridFile& terrain) {
  auto buildings = read_buildings_file(path);
  if (!buildings) return buildings.error();
  if (auto brought = bring_to_grid(*buildings, terrain); !brought) return brought.error();
  return buildings;
}

base::Result<SunInput> read_sun_input(const Arguments& arguments, const std::string& dem, const Date& date) {
  SunInput input;
  input.day.date = date;
  const auto place = read_place(arguments);
  if (!place) return place.error();
  if (auto read = read_air(arguments, input.day); !read) return read.error();
  auto terrain = model::read_grid(dem);
  if (!terrain) return terrain.error();
  const auto site = site_of(*terrain, *place);
  if (!site) return fail(site.error().code, site.error().what, dem, site.error().remedy);
  input.terrain = std::move(*terrain);
  DayCase& day = input.day;
  day.site = *site;
  day.air.altitude_m = std::clamp(mean_height_m(input.terrain), -1000.0, 9000.0);
  day.air.pressure_hpa = standard_pressure_hpa(day.air.altitude_m);
  day.utc_offset_h = std::round(site->longitude_deg / 15);
  if (const std::string* zone = arguments.option("--time-zone")) {
    const auto offset = utc_offset_h(*zone, day.date);
    if (!offset) return offset.error();
    day.utc_offset_h = *offset;
  }
  return input;
}

std::vector<Option> sun_options() {
  return {{"--step", "MINUTES", "between two positions of the sun, 1 to 120 (default 30)", ""},
          {"--latitude", "DEGREES", "of the terrain, where its file does not say it", ""},
          {"--longitude", "DEGREES", "likewise, east is positive", ""},
          {"--time-zone", "ZONE", "+9, -03:30 or Asia/Seoul (default: by the longitude, in whole hours)", ""},
          {"--clear-sky", "MODEL", "esra (default), solis or haurwitz", ""},
          {"--linke", "NUMBER", "turbidity of the air for esra, 1 to 10 (default 3)", ""},
          {"--aerosol", "NUMBER", "optical depth at 700 nm for solis, 0 to 0.6 (default 0.1)", ""},
          {"--water", "CM", "precipitable water for solis, 0.1 to 10 (default 1)", ""},
          {"--sky", "MODEL", "isotropic (default), hay-davies or perez", ""},
          {"--albedo", "NUMBER", "what the ground returns, 0 to 1 (default 0.2)", ""}};
}

}  // namespace cityloom::app
