// Known points. The plane coordinates of Korea and Berlin come from the Krueger series computed apart, not from PROJ.
#include "space/coordinates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "space/earth.hpp"

namespace cityloom::space {
namespace {

constexpr double centimetre_deg = 1e-7;

void expect_there_and_back(const char* crs, RawPosition raw, twin::Position position, double tolerance) {
  const auto system = CoordinateSystem::open(crs, MissingGrids::approximate);
  ASSERT_TRUE(system.ok()) << system.error().text();
  const auto there = system->to_wgs84(raw);
  ASSERT_TRUE(there.ok()) << there.error().text();
  EXPECT_NEAR(there->longitude_deg, position.longitude_deg, tolerance * centimetre_deg) << crs;
  EXPECT_NEAR(there->latitude_deg, position.latitude_deg, tolerance * centimetre_deg) << crs;
  EXPECT_EQ(there->has_height(), !std::isnan(raw.third));
  const auto back = system->from_wgs84(*there);
  ASSERT_TRUE(back.ok());
  EXPECT_NEAR(back->first, raw.first, 0.001) << crs;
  EXPECT_NEAR(back->second, raw.second, 0.001) << crs;
  if (there->has_height()) {
    EXPECT_NEAR(back->third, raw.third, 0.001);
  }
}

TEST(Coordinates, KoreaNorthingFirst) {
  expect_there_and_back("EPSG:5186", {545896.3989, 209062.0982}, {127.1025, 37.5125}, 1);
  expect_there_and_back("EPSG:5179", {1945987.3105, 964870.7298, 41}, {127.1025, 37.5125}, 1);
}

TEST(Coordinates, BerlinEastingFirst) {
  expect_there_and_back("EPSG:25833", {391779.2593, 5820072.1591}, {13.405, 52.52}, 1);
  expect_there_and_back("urn:ogc:def:crs:EPSG::25833", {391779.2593, 5820072.1591, 80}, {13.405, 52.52}, 1);
}

TEST(Coordinates, Wgs84LatitudeFirst) {
  const auto system = CoordinateSystem::open("EPSG:4326");
  const auto position = system->to_wgs84({37.5, 127.1});
  EXPECT_DOUBLE_EQ(position->longitude_deg, 127.1);
  EXPECT_FALSE(position->has_height());
  EXPECT_FALSE(system->to_wgs84({127.1, 37.5}).ok()) << "a latitude of 127 degrees";
}

TEST(Coordinates, AMissingGridIsSaidOrAllowed) {
  // Dutch heights need the geoid; where it is installed there is nothing to say.
  const auto strict = CoordinateSystem::open("EPSG:7415");
  const auto loose = CoordinateSystem::open("EPSG:7415", MissingGrids::approximate);
  ASSERT_TRUE(loose.ok());
  EXPECT_EQ(strict.ok(), loose->missing_grids().empty());
  if (!strict.ok()) {
    EXPECT_EQ(strict.error().code, base::Code::unavailable);
    EXPECT_THAT(strict.error().what, ::testing::HasSubstr(loose->missing_grids().front()));
  }
  // The tower of Amersfoort, origin of the Dutch system: without grids within some metres.
  expect_there_and_back("EPSG:7415", {155000, 463000, 0}, {5.3872062, 52.1551744}, 500);
}

TEST(Coordinates, HeightsThatCannotBeBroughtToTheEllipsoidAreTold) {
  // Incheon's sea level: PROJ knows no grid of it at all. Those of Japan and the Netherlands it knows and has not.
  const auto incheon = CoordinateSystem::open("EPSG:5186+5193", MissingGrids::approximate);
  ASSERT_TRUE(incheon.ok());
  EXPECT_TRUE(incheon->lacks_heights());
  EXPECT_EQ(heights_note(*incheon, true),
            "heights of Korea 2000 / Central Belt 2010 + Incheon height need the grid of its sea level, which is not "
            "installed: EGM96 was taken instead (right to about a metre)");
  EXPECT_THAT(heights_note(*incheon, false), ::testing::HasSubstr("they stay above sea level, off by up to 100 m"));
  for (const char* name : {"EPSG:6697", "EPSG:28992+5709"}) {
    const auto system = CoordinateSystem::open(name, MissingGrids::approximate);
    ASSERT_TRUE(system.ok()) << name;
    EXPECT_EQ(system->lacks_heights(), !system->missing_grids().empty()) << name;
    if (system->lacks_heights())
      EXPECT_THAT(heights_note(*system, true), ::testing::HasSubstr(system->missing_grids()[0]));
  }
  for (const char* name : {"EPSG:25833+5773", "EPSG:5186", "EPSG:4979"}) {
    const auto system = CoordinateSystem::open(name, MissingGrids::approximate);
    EXPECT_FALSE(system->lacks_heights()) << name;
    EXPECT_EQ(heights_note(*system, true), "") << name;
  }
}

TEST(Coordinates, WhatIsNoSystemIsRefusedInWords) {
  for (const char* definition : {"EPSG:999999", "hello", "", "EPSG:5709", "+proj=utm +zone=52"}) {
    const auto system = CoordinateSystem::open(definition);
    ASSERT_FALSE(system.ok()) << definition;
    EXPECT_EQ(system.error().code, base::Code::invalid) << system.error().text();
  }
  const auto system = CoordinateSystem::open("EPSG:5186");
  EXPECT_EQ(system->to_wgs84({std::numeric_limits<double>::quiet_NaN(), 0}).error().code, base::Code::invalid);
  EXPECT_EQ(system->to_wgs84({1e300, 1e300}).error().code, base::Code::invalid);
}

TEST(Coordinates, ManyWorkersAtOnce) {
  const auto system = CoordinateSystem::open("EPSG:5186");
  std::vector<std::thread> workers;
  std::vector<double> longitudes(4);
  for (size_t i = 0; i < longitudes.size(); ++i) {
    workers.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round)
        longitudes[i] = system->to_wgs84({545896.3989, 209062.0982})->longitude_deg;
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (double longitude : longitudes) EXPECT_NEAR(longitude, 127.1025, centimetre_deg);
}

TEST(Earth, EcefAndBack) {
  // The Prime Meridian on the equator, and the pole: known by the axes of the ellipsoid.
  EXPECT_NEAR(ecef_of({0, 0, 0}).x, 6378137, 1e-6);
  EXPECT_NEAR(ecef_of({0, 90, 0}).z, 6356752.314245, 1e-5);
  for (double latitude = -90; latitude <= 90; latitude += 7.5) {
    for (double longitude = -180; longitude < 180; longitude += 15) {
      for (double height : {-10'000.0, 0.0, 555.0, 1'000'000.0}) {
        const auto back = position_of(ecef_of({longitude, latitude, height}));
        EXPECT_NEAR(back.latitude_deg, latitude, 1e-9);
        EXPECT_NEAR(back.height_m, height, 1e-3);
        if (std::abs(latitude) < 90) {
          EXPECT_NEAR(back.longitude_deg, longitude, 1e-9);
        }
      }
    }
  }
}

TEST(Earth, LocalFramesAreEastNorthUp) {
  const LocalFrame frame({127.1, 37.5, 10});
  const Vector up = frame.local_of({127.1, 37.5, 20});
  EXPECT_NEAR(up.x, 0, 1e-6);
  EXPECT_NEAR(up.y, 0, 1e-6);
  EXPECT_NEAR(up.z, 10, 1e-6);
  EXPECT_GT(frame.local_of({127.101, 37.5, 10}).x, 88);
  EXPECT_GT(frame.local_of({127.1, 37.501, 10}).y, 110);
  const auto back = frame.position_of_local({100, -50, 5});
  const Vector local = frame.local_of(back);
  EXPECT_NEAR(local.x, 100, 1e-5);
  EXPECT_NEAR(local.y, -50, 1e-5);
  EXPECT_NEAR(local.z, 5, 1e-5);
}

TEST(Earth, GeodesicDistances) {
  // A quarter of a meridian, by definition of the metre's heirs: 10,001,965.729 m on this ellipsoid.
  EXPECT_NEAR(distance_m({0, 0}, {0, 90}), 10'001'965.729, 0.001);
  EXPECT_NEAR(distance_m({0, 0}, {1, 0}), 111'319.491, 0.001);
}

}  // namespace
}  // namespace cityloom::space
