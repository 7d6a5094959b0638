#include "model/sun/buildings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cityloom::model::sun {
namespace {

GridFile level(size_t columns, size_t rows) {
  GridFile grid;
  grid.columns = columns, grid.rows = rows;
  grid.values.assign(columns * rows, 10);
  return grid;
}

constexpr const char* yard = R"({"type":"FeatureCollection","features":[
  {"type":"Feature","id":7,"properties":{"height":"12.5 m"},"geometry":{"type":"Polygon","coordinates":
    [[[2,2],[8,2],[8,8],[2,8],[2,2]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]}},
  {"type":"Feature","properties":{"building:levels":3,"name":"hut"},"geometry":{"type":"MultiPolygon","coordinates":
    [[[[10,10],[12,10],[12,12],[10,12]]]]}},
  {"type":"Feature","properties":null,"geometry":{"type":"Polygon","coordinates":[[[15,15],[16,15],[16,16]]]}},
  {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,1]}},
  {"type":"Feature","properties":{},"geometry":null}]})";

TEST(Buildings, StandOnTheTerrain) {
  const auto read = read_buildings(yard);
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->all.size(), 3u);
  EXPECT_EQ(read->without_height, 1u);
  EXPECT_EQ(read->all[0].name, "7");
  EXPECT_EQ(read->all[1].name, "hut");
  EXPECT_EQ(read->all[0].height_m, 12.5);
  EXPECT_EQ(read->all[1].height_m, 9);
  GridFile terrain = level(20, 20);
  terrain.values[2 * 20 + 2] = 8;  // the lowest ground counts
  EXPECT_EQ(*raise(terrain, read->all), 2u);
  EXPECT_EQ(std::ranges::count(terrain.values, 20.5), 36 - 4);
  EXPECT_EQ(std::ranges::count(terrain.values, 19), 4);
  EXPECT_EQ(terrain.values[5 * 20 + 5], 10) << "the yard";
}

TEST(Buildings, HolesAndWhatLiesOutsideAreLeftOut) {
  GridFile terrain = level(5, 5);
  terrain.values[2 * 5 + 2] = std::numeric_limits<double>::quiet_NaN();
  const auto read =
      read_buildings(R"({"type":"Polygon","coordinates":[[[-100,-100],[100,-100],[100,100],[-100,100]]]})");
  ASSERT_TRUE(read.ok()) << read.error().text();
  auto all = read->all;
  all[0].height_m = 3;
  EXPECT_EQ(*raise(terrain, all), 1u);
  EXPECT_EQ(std::ranges::count(terrain.values, 13), 24);
  EXPECT_TRUE(std::isnan(terrain.values[2 * 5 + 2]));
}

TEST(Buildings, WhatIsWrongIsRefused) {
  EXPECT_TRUE(read_buildings(R"({"type":"FeatureCollection","features":[]})").ok()) << "none is no error";
  for (
      const char* text :
      {"", "{", "[]", "7", "null", R"({"type":"FeatureCollection"})", R"({"type":"FeatureCollection","features":[3]})",
       R"({"type":"Polygon","coordinates":[[["a",2],[8,2],[8,8]]]})",
       R"({"type":"Polygon","coordinates":[[[1e300,2],[8,2],[8,8]]]})", R"({"type":"Polygon","coordinates":7})",
       R"({"type":"Polygon","coordinates":[[[1],[8,2],[8,8]]]})",
       R"({"type":"Feature","properties":{"height":-4},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}})",
       R"({"type":"Feature","properties":{"height":1e9},"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}})"})
    EXPECT_FALSE(read_buildings(text).ok()) << text;
  EXPECT_FALSE(read_buildings(std::string(100'000, '[')).ok());
  std::string nested = R"({"a":)";
  for (int i = 0; i < 1000; ++i) nested += "[";
  for (int i = 0; i < 1000; ++i) nested += "]";
  EXPECT_FALSE(read_buildings(nested + "}").ok());
  EXPECT_FALSE(read_buildings_file("/nowhere/at/all.geojson").ok());
}

}  // namespace
}  // namespace cityloom::model::sun
