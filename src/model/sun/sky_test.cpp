#include "model/sun/sky.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cityloom::model::sun {
namespace {

TEST(Sky, HaurwitzIsItsFormula) {
  EXPECT_NEAR(haurwitz_global(0), 1035.0920325345, 1e-6);
  EXPECT_NEAR(haurwitz_global(40), 778.766689344363, 1e-6);
  EXPECT_NEAR(haurwitz_global(60), 487.894132885425, 1e-6);
  EXPECT_NEAR(haurwitz_global(85), 48.6298687941956, 1e-6);
  EXPECT_EQ(haurwitz_global(90), 1098 * std::cos(M_PI / 2) * std::exp(-0.059 / std::cos(M_PI / 2)));
  EXPECT_EQ(haurwitz_global(91), 0);
  EXPECT_EQ(haurwitz_global(180), 0);
}

// The publication's equations worked out by another program, at 10 degrees from above.
TEST(Sky, SolisIsItsFormulas) {
  const Light light = simplified_solis(10, Air{}, 1364);
  EXPECT_NEAR(light.beam_normal, 959.335463, 1e-6);
  EXPECT_NEAR(light.global, 1064.653145, 1e-6);
  EXPECT_NEAR(light.diffuse, 129.125602, 1e-6);
  EXPECT_EQ(simplified_solis(90.5, Air{}, 1364).beam_normal, 0);
}

TEST(Sky, ThickAirGivesLessBeamAndMoreDiffuse) {
  double beam = 2000, diffuse = 0;
  for (double turbidity = 1; turbidity <= 8; turbidity += 0.5) {
    Air air;
    air.linke_turbidity = turbidity;
    const Light light = esra(50, air, 1367);
    EXPECT_LT(light.beam_normal, beam);
    EXPECT_GT(light.diffuse, diffuse);
    EXPECT_NEAR(light.global, light.beam_normal * std::sin(50 * M_PI / 180) + light.diffuse, 1e-9);
    beam = light.beam_normal, diffuse = light.diffuse;
  }
  EXPECT_EQ(esra(-0.1, Air{}, 1367).global, 0);
}

TEST(Sky, ErbsTakesApartAndKeepsTheSum) {
  for (const double zenith : {10.0, 45.0, 75.0, 86.9}) {
    for (const double global : {0.0, 20.0, 200.0, 600.0, 1000.0}) {
      const Light light = erbs(global, zenith, 1367);
      EXPECT_NEAR(light.beam_normal * std::cos(zenith * M_PI / 180) + light.diffuse, global, 1e-9);
      EXPECT_GE(light.beam_normal, 0);
    }
  }
  // kt = 0.5: 0.9511 - 0.0802 + 1.097 - 2.07975 + 0.771
  EXPECT_NEAR(erbs(683.5, 0, 1367).diffuse / 683.5, 0.65915, 1e-9);
  EXPECT_EQ(erbs(100, 89, 1367).diffuse, 100);
  EXPECT_EQ(erbs(-5, 20, 1367).global, 0);
}

// A plane tilted by 40 degrees to the south, on two moments of a day in June at 32.2 N, 111 W; the sky's light as
// another program has it by the same publications.
TEST(Sky, TiltedPlanesGetWhatIsPublished) {
  const Plane plane{40, 180};
  const auto sky_on = [&](SkyModel model, const Light& light, double zenith, double azimuth) {
    const Sky sky = spread(model, light, zenith, 1321.1655834833093);
    return on_plane(plane, {0, light.diffuse, 0}, sky, zenith, azimuth, 0);
  };
  const Light morning{316.1949056, 40.46149818, 79.73860422}, evening{646.22886049, 62.03376265, 257.20751138};
  EXPECT_NEAR(sky_on(SkyModel::perez, morning, 82.85457044, 66.71410338), 31.46046871, 0.005);
  EXPECT_NEAR(sky_on(SkyModel::perez, evening, 72.41687122, 287.04104128), 45.45539877, 0.005);
  EXPECT_NEAR(sky_on(SkyModel::hay_davies, morning, 82.85457044, 66.71410338), 27.1775, 1e-4);
  EXPECT_NEAR(sky_on(SkyModel::hay_davies, evening, 72.41687122, 287.04104128), 33.1909, 1e-4);
  EXPECT_NEAR(sky_on(SkyModel::isotropic, evening, 72.41687122, 287.04104128),
              62.03376265 * (1 + std::cos(40 * M_PI / 180)) / 2, 1e-9);
}

TEST(Sky, LevelPlaneGetsAllTheSky) {
  const Light light{700, 120, 0};
  for (const SkyModel model : {SkyModel::isotropic, SkyModel::hay_davies, SkyModel::perez}) {
    const double level = on_plane({0, 0}, light, spread(model, light, 50, 1367), 50, 120, 0.2);
    EXPECT_NEAR(level, 700 * std::cos(50 * M_PI / 180) + 120, 1e-9);
  }
}

TEST(Sky, AirMass) {
  EXPECT_NEAR(air_mass(0), 0.99971, 1e-5);
  EXPECT_NEAR(air_mass(90), 37.9196, 1e-4);
  EXPECT_EQ(air_mass(91), 0);
  EXPECT_NEAR(standard_pressure_hpa(0), 1013.25, 1e-9);
  EXPECT_NEAR(standard_pressure_hpa(1000), 898.7, 0.1);
}

}  // namespace
}  // namespace cityloom::model::sun
