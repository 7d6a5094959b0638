// Published formulas, each with the numbers of its paper.
#include "model/sun/sky.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace cityloom::model::sun {
namespace {

constexpr double degree = M_PI / 180;

double cosine(double angle_deg) {
  return std::cos(angle_deg * degree);
}

}  // namespace

double air_mass(double zenith_deg) {
  if (!(zenith_deg <= 90)) return 0;
  return 1 / (cosine(zenith_deg) + 0.50572 * std::pow(96.07995 - zenith_deg, -1.6364));
}

double standard_pressure_hpa(double altitude_m) {
  return 1013.25 * std::pow(1 - 2.25577e-5 * std::clamp(altitude_m, -1000.0, 11'000.0), 5.25588);
}

double haurwitz_global(double zenith_deg) {
  const double height = cosine(zenith_deg);
  return height > 0 ? 1098 * height * std::exp(-0.059 / height) : 0;
}

Light simplified_solis(double zenith_deg, const Air& air, double extraterrestrial) {
  const double sine = cosine(zenith_deg);
  if (!(sine > 0)) return {};
  const double aerosol = air.aerosol_depth_700, water = std::max(air.precipitable_water_cm, 0.2);
  const double dry = std::log(water), thin = std::log(air.pressure_hpa / 1013.25);
  const double aerosol2 = aerosol * aerosol;
  const double outside =
      extraterrestrial * (0.12 * std::pow(water, 0.56) * aerosol2 + 0.97 * std::pow(water, 0.032) * aerosol +
                          1.08 * std::pow(water, 0.0051) + 0.071 * thin);
  const double beam_depth = (1.82 + 0.056 * dry + 0.0071 * dry * dry) * aerosol + 0.33 + 0.045 * dry +
                            0.0096 * dry * dry + (0.0089 * water + 0.13) * thin;
  const double beam_power =
      (0.00925 * aerosol2 + 0.0148 * aerosol - 0.0172) * dry - 0.7565 * aerosol2 + 0.5057 * aerosol + 0.4557;
  const double global_depth = (1.24 + 0.047 * dry + 0.0061 * dry * dry) * aerosol + 0.27 + 0.043 * dry +
                              0.0090 * dry * dry + (0.0079 * water + 0.1) * thin;
  const double global_power = -0.0147 * dry - 0.3079 * aerosol2 + 0.2846 * aerosol + 0.3798;
  const auto depth_of = [&](double d4, double d3, double d2, double d1, double d0, double pressure) {
    return (((d4 * aerosol + d3) * aerosol + d2) * aerosol + d1) * aerosol + d0 + pressure * thin;
  };
  const double diffuse_depth =
      aerosol < 0.05 ? depth_of(86 * water - 13800, -3.11 * water + 79.4, -0.23 * water + 74.8, 0.092 * water - 8.86,
                                0.0042 * water + 3.12, -0.83 * std::pow(1 + aerosol, -17.2))
                     : depth_of(-0.21 * water + 11.6, 0.27 * water - 20.7, -0.134 * water + 15.5, 0.0554 * water - 5.71,
                                0.0057 * water + 2.94, -0.71 * std::pow(1 + aerosol, -15.0));
  const double diffuse_power = -0.337 * aerosol2 + 0.63 * aerosol + 0.116 + thin / (18 + 152 * aerosol);
  return {outside * std::exp(-beam_depth / std::pow(sine, beam_power)),
          outside * std::exp(-diffuse_depth / std::pow(sine, diffuse_power)),
          outside * std::exp(-global_depth / std::pow(sine, global_power)) * sine};
}

Light esra(double elevation_deg, const Air& air, double extraterrestrial) {
  if (!(elevation_deg > 0)) return {};
  const double h = elevation_deg * degree;
  const double bent = 0.061359 * (0.1594 + 1.123 * h + 0.065656 * h * h) / (1 + 28.9344 * h + 277.3971 * h * h);
  const double seen_deg = std::min(elevation_deg + bent / degree, 90.0);
  const double mass = std::exp(-air.altitude_m / 8434.5) /
                      (std::sin(seen_deg * degree) + 0.50572 * std::pow(seen_deg + 6.07995, -1.6364));
  const double depth = mass <= 20 ? 1 / (6.6296 + mass * (1.7513 + mass * (-0.1202 + mass * (0.0065 - mass * 0.00013))))
                                  : 1 / (10.4 + 0.718 * mass);
  const double turbidity = air.linke_turbidity;
  const double beam = extraterrestrial * std::exp(-0.8662 * turbidity * mass * depth);
  const double upright = -0.015843 + 0.030543 * turbidity + 0.0003797 * turbidity * turbidity;
  double a0 = 0.26463 - 0.061581 * turbidity + 0.0031408 * turbidity * turbidity;
  if (a0 * upright < 0.0022) a0 = 0.0022 / upright;
  const double a1 = 2.04020 + 0.018945 * turbidity - 0.011161 * turbidity * turbidity;
  const double a2 = -1.3025 + 0.039231 * turbidity + 0.0085079 * turbidity * turbidity;
  const double sine = std::sin(h);
  const double diffuse = std::max(0.0, extraterrestrial * upright * (a0 + a1 * sine + a2 * sine * sine));
  return {beam, diffuse, beam * sine + diffuse};
}

Light erbs(double global, double zenith_deg, double extraterrestrial) {
  const double height = cosine(zenith_deg);
  if (!(global > 0) || height < cosine(87)) return {0, std::max(global, 0.0), std::max(global, 0.0)};
  const double k = std::clamp(global / (extraterrestrial * height), 0.0, 1.0);
  const double part = k <= 0.22  ? 1 - 0.09 * k
                      : k <= 0.8 ? 0.9511 + k * (-0.1604 + k * (4.388 + k * (-16.638 + k * 12.336)))
                                 : 0.165;
  return {global * (1 - part) / height, global * part, global};
}

Sky spread(SkyModel model, const Light& light, double zenith_deg, double extraterrestrial) {
  if (model == SkyModel::isotropic || !(light.diffuse > 0)) return {0, light.diffuse, 0};
  const double height = std::max(cosine(zenith_deg), cosine(85));
  if (model == SkyModel::hay_davies) {
    const double part = std::clamp(light.beam_normal / extraterrestrial, 0.0, 1.0);
    return {light.diffuse * part / height, light.diffuse * (1 - part), 0};
  }
  constexpr std::array edges = {1.065, 1.23, 1.5, 1.95, 2.8, 4.5, 6.2};
  constexpr double factors[8][6] = {
      {-0.008, 0.588, -0.062, -0.060, 0.072, -0.022}, {0.130, 0.683, -0.151, -0.019, 0.066, -0.029},
      {0.330, 0.487, -0.221, 0.055, -0.064, -0.026},  {0.568, 0.187, -0.295, 0.109, -0.152, -0.014},
      {0.873, -0.392, -0.362, 0.226, -0.462, 0.001},  {1.132, -1.237, -0.412, 0.288, -0.823, 0.056},
      {1.060, -1.600, -0.359, 0.264, -1.127, 0.131},  {0.678, -0.327, -0.250, 0.156, -1.377, 0.251}};
  const double zenith = std::min(zenith_deg, 90.0) * degree, cubed = 1.041 * zenith * zenith * zenith;
  const double clearness = ((light.diffuse + light.beam_normal) / light.diffuse + cubed) / (1 + cubed);
  const auto bin = static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), clearness) - edges.begin());
  const double brightness = light.diffuse * air_mass(std::min(zenith_deg, 90.0)) / extraterrestrial;
  const double(&f)[6] = factors[bin];
  const double around = std::clamp(f[0] + f[1] * brightness + f[2] * zenith, 0.0, 1.0);
  const double low = f[3] + f[4] * brightness + f[5] * zenith;
  return {light.diffuse * around / height, light.diffuse * (1 - around), light.diffuse * low};
}

double cosine_of_incidence(const Plane& plane, double zenith_deg, double azimuth_deg) {
  const double tilt = plane.tilt_deg * degree, zenith = zenith_deg * degree;
  return std::cos(tilt) * std::cos(zenith) +
         std::sin(tilt) * std::sin(zenith) * cosine(azimuth_deg - plane.azimuth_deg);
}

double on_plane(const Plane& plane, const Light& light, const Sky& sky, double zenith_deg, double azimuth_deg,
                double albedo) {
  const double cosine_tilt = cosine(plane.tilt_deg);
  const double facing = zenith_deg < 90 ? std::max(0.0, cosine_of_incidence(plane, zenith_deg, azimuth_deg)) : 0;
  const double from_sky =
      sky.circumsolar * facing + sky.evenly * (1 + cosine_tilt) / 2 + sky.horizon * std::sin(plane.tilt_deg * degree);
  return light.beam_normal * facing + std::max(0.0, from_sky) + light.global * albedo * (1 - cosine_tilt) / 2;
}

}  // namespace cityloom::model::sun
