// How much light comes from a sky: clear skies by published formulas, measured light taken apart, and what of it falls
// on a tilted plane. Irradiance in W/m2 throughout.
#pragma once

#include <optional>

namespace cityloom::model::sun {

/// Of the sun at a mean distance, W/m2: the value with which the formulas below were fitted.
inline constexpr double solar_constant_w_m2 = 1367;

/// Light at one moment.
struct Light {
  double beam_normal = 0;  ///< on a plane that faces the sun
  double diffuse = 0;      ///< of the sky, on a level plane
  double global = 0;       ///< both, on a level plane
};

/// The relative optical mass of the air at sea level; none below the horizon. F. Kasten, A. T. Young, Applied Optics 28
/// (1989) 4735. `zenith_deg` as seen, 0 to 90.
double air_mass(double zenith_deg);

/// Pressure of the standard atmosphere (ISO 2533), altitudes from -1,000 to 11,000 m; beyond, that of the bound.
double standard_pressure_hpa(double altitude_m);

/// Global light of a clear sky by the height of the sun alone. B. Haurwitz, J. Meteorology 2 (1945) 154 and 3 (1946)
/// 123: 1098 cos z exp(-0.059 / cos z).
double haurwitz_global(double zenith_deg);

/// The air of a clear sky.
struct Air {
  double aerosol_depth_700 = 0.1;    ///< at 700 nm, 0 to 0.45
  double precipitable_water_cm = 1;  ///< 0.2 to 10
  double pressure_hpa = 1013.25;     ///< at the place
  double linke_turbidity = 3;        ///< at air mass 2: 1 clean and dry, 8 thick
  double altitude_m = 0;
};

/// P. Ineichen, "A broadband simplified version of the Solis clear sky model", Solar Energy 82 (2008) 758.
/// `zenith_deg` as seen; `extraterrestrial` on a plane facing the sun.
Light simplified_solis(double zenith_deg, const Air& air, double extraterrestrial);

/// The European Solar Radiation Atlas' clear sky. C. Rigollier, O. Bauer, L. Wald, Solar Energy 68 (2000) 33; its air
/// mass and depth after F. Kasten (1996). `elevation_deg` without refraction, which it adds itself.
Light esra(double elevation_deg, const Air& air, double extraterrestrial);

/// Takes measured global light apart. D. G. Erbs, S. A. Klein, J. A. Duffie, Solar Energy 28 (1982) 293. Where the sun
/// is lower than 3 degrees all of it is diffuse.
Light erbs(double global, double zenith_deg, double extraterrestrial);

/// How the light of the sky is spread over it.
enum class SkyModel {
  isotropic,   ///< evenly
  hay_davies,  ///< some of it around the sun. J. E. Hay, J. A. Davies (1980)
  perez,       ///< and some at the horizon. R. Perez et al., Solar Energy 44 (1990) 271, "all sites composite"
};

/// The sky's light on a tilted plane, in parts: circumsolar x max(0, cos incidence) + evenly x (share of the sky that
/// it sees) + horizon x sin(tilt).
struct Sky {
  double circumsolar = 0, evenly = 0, horizon = 0;
};

/// Those parts for a moment.
Sky spread(SkyModel model, const Light& light, double zenith_deg, double extraterrestrial);

/// A plane: its tilt from level, 0 to 180 degrees, and where it looks to, from north over east.
struct Plane {
  double tilt_deg = 0, azimuth_deg = 180;
};

/// The cosine between a plane's normal and the sun; negative behind it.
double cosine_of_incidence(const Plane& plane, double zenith_deg, double azimuth_deg);

/// What falls on a plane that nothing shades: beam, sky and what the ground returns (`albedo`, 0 to 1), W/m2.
double on_plane(const Plane& plane, const Light& light, const Sky& sky, double zenith_deg, double azimuth_deg,
                double albedo);

}  // namespace cityloom::model::sun
