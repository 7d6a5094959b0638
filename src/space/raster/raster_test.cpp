// Grids, colours and pictures, and layers in a record: what is put is found again at its place and time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "space/raster/raster_layers.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

constexpr float none = std::numeric_limits<float>::quiet_NaN();

RasterGrid small_grid() {
  return {3, 2, {127, 37, 127.3, 37.2}, {1, 2, 3, 4, none, 6}};
}

std::string raw(const std::string& head, const std::vector<float>& values) {
  std::string bytes = head + "\n";
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  return bytes;
}

TEST(RasterGrids, ValuesStandAtTheMiddleOfTheirCells) {
  const RasterGrid grid = small_grid();
  EXPECT_NEAR(*grid.value_at(127.05, 37.15), 1, 1e-6);
  EXPECT_NEAR(*grid.value_at(127.25, 37.05), 6, 1e-6);
  EXPECT_NEAR(*grid.value_at(127.1, 37.15), 1.5, 1e-6) << "between two cells";
  EXPECT_FALSE(grid.value_at(127.15, 37.05)) << "a cell without a value";
  EXPECT_FALSE(grid.value_at(126.99, 37.1));
  EXPECT_NEAR(*grid.value_at(127, 37.2), 1, 1e-6) << "the corner";
  EXPECT_EQ(grid.range()->first, 1);
  EXPECT_EQ(grid.range()->second, 6);
}

TEST(RasterGrids, PackedAndBackIsTheSame) {
  const RasterGrid grid = small_grid();
  const auto back = unpack_raster(pack_raster(grid));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->columns, 3u);
  EXPECT_EQ(back->box, grid.box);
  EXPECT_EQ(std::memcmp(back->values.data(), grid.values.data(), 24), 0);
  RasterGrid smooth{500, 400, {0, 0, 1, 1}, std::vector<float>(200'000)};
  for (size_t i = 0; i < smooth.values.size(); ++i) smooth.values[i] = static_cast<float>(20 + 0.01 * (i % 500));
  EXPECT_LT(pack_raster(smooth).size(), 200'000u);
}

TEST(RasterGrids, DamagedBytesAreRefused) {
  const std::string good = pack_raster(small_grid());
  for (size_t size = 0; size < good.size(); ++size) EXPECT_FALSE(unpack_raster(good.substr(0, size)).ok()) << size;
  std::string huge = good;
  huge[8] = huge[9] = huge[10] = huge[12] = huge[13] = huge[14] = '\x7F';
  EXPECT_FALSE(unpack_raster(huge).ok());
}

TEST(RasterGrids, RawUploadsAreCheckedAndMissingValuesKnown) {
  const std::string head = R"({"columns":2,"rows":1,"bbox":[127,37,128,38],"noData":-9999})";
  const auto read = read_raw_raster(raw(head, {5, -9999}));
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->grid.values[0], 5);
  EXPECT_TRUE(std::isnan(read->grid.values[1]));
  EXPECT_THAT(read_raw_raster(raw(head, {5})).error().what, ::testing::HasSubstr("8"));
  EXPECT_FALSE(read_raw_raster("no line").ok());
  EXPECT_EQ(read_raw_raster(raw(R"({"columns":2,"rows":1})", {1, 2})).error().where, "bbox");
  EXPECT_EQ(read_raw_raster(raw(R"({"columns":2,"rows":1,"bbox":[128,37,127,38]})", {1, 2})).error().where, "bbox");
  EXPECT_EQ(read_raw_raster(raw(R"({"columns":4000000000,"rows":4000000000,"bbox":[0,0,1,1]})", {})).error().code,
            base::Code::too_large);
}

TEST(ColourScales, MixBetweenStopsAndStayBeyondThem) {
  const auto scale = ColourScale::parse(R"([[0,"#000000"],[10,"#ff000080"]])", 0, 0);
  ASSERT_TRUE(scale.ok());
  EXPECT_EQ(scale->colour_of(-5), (Pixel{0, 0, 0, 255}));
  EXPECT_EQ(scale->colour_of(5), (Pixel{128, 0, 0, 192}));
  EXPECT_EQ(scale->colour_of(99), (Pixel{255, 0, 0, 128}));
  EXPECT_EQ(scale->colour_of(std::nan("")), (Pixel{0, 0, 0, 0}));
  const auto close =
      ColourScale::parse(R"([[1,"#000000"],[1111111111105,"#000000"],[1111111111106,"#fbfa00f8"]])", 0, 1);
  ASSERT_TRUE(close.ok());
  EXPECT_EQ(close->text(), R"([[1,"#000000ff"],[1111111111105,"#000000ff"],[1111111111106,"#fbfa00f8"]])");
  const auto at_one_value = ColourScale::parse("\"heat\"", 4e12, 4e12);
  EXPECT_TRUE(ColourScale::parse(at_one_value->text(), 0, 0).ok()) << at_one_value->text();
  for (const std::string_view name : ColourScale::known()) {
    const auto known = ColourScale::parse("\"" + std::string(name) + "\"", 2, 4);
    ASSERT_TRUE(known.ok()) << name;
    EXPECT_EQ(known->stops.front().value, 2);
    EXPECT_NEAR(known->stops.back().value, 4, 1e-9);
    EXPECT_TRUE(ColourScale::parse(known->text(), 0, 0).ok()) << known->text();
  }
  for (const char* text : {"\"rainbow\"", "[]", "[[0,\"#000000\"]]", "[[1,\"#000000\"],[0,\"#000000\"]]",
                           "[[0,\"red\"],[1,\"#000000\"]]", "7", "{"}) {
    EXPECT_FALSE(ColourScale::parse(text, 0, 1).ok()) << text;
  }
}

// The pixels of a PNG that make_png wrote.
std::vector<Pixel> pixels_of(const std::string& png, uint32_t side) {
  const size_t at = png.find("IDAT");
  std::string rows(side * (side * 4 + 1), '\0');
  uLongf size = rows.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                       reinterpret_cast<const Bytef*>(png.data() + at + 4), png.size() - at - 4),
            Z_OK);
  std::vector<Pixel> pixels(size_t{side} * side);
  for (uint32_t y = 0; y < side; ++y) {
    for (uint32_t x = 0; x < side; ++x)
      std::memcpy(pixels[y * side + x].data(), rows.data() + y * (side * 4 + 1) + 1 + x * 4, 4);
  }
  return pixels;
}

TEST(RasterTiles, PixelsHaveTheColourOfTheirPlace) {
  // All of a tile in two halves: 0 in the west, 10 in the east.
  const TileAddress tile{10, 873, 396};
  const RasterGrid grid{2, 1, box_of(tile), {0, 10}};
  const auto scale = ColourScale::parse(R"([[0,"#0000ff"],[10,"#ff0000"]])", 0, 0);
  ASSERT_TRUE(scale.ok());
  const std::string png = raster_tile(grid, *scale, tile);
  EXPECT_TRUE(png.starts_with("\x89PNG"));
  const auto pixels = pixels_of(png, 256);
  EXPECT_EQ(pixels[128 * 256 + 20], (Pixel{0, 0, 255, 255}));
  EXPECT_EQ(pixels[128 * 256 + 240], (Pixel{255, 0, 0, 255}));
  const auto beside = pixels_of(raster_tile(grid, *scale, {10, 875, 396}), 256);
  EXPECT_EQ(beside[0], (Pixel{0, 0, 0, 0}));
}

TEST(RasterLayersOfARecord, StepsAreFoundByTimeAndAsOfThePast) {
  base::SystemClock clock;
  auto opened = thread::Thread::open(store::make_memory_store(), clock);
  ASSERT_TRUE(opened.ok());
  thread::Thread& thread = **opened;
  RasterLayers layers;
  const auto at = [](int hour) { return *base::Instant::parse("2026-11-22T0" + std::to_string(hour) + ":00:00Z"); };
  RasterPut what{"urn:ngsi-ld:RasterLayer:flood", at(3), R"({"ko":"침수","en":"Flood"})", "MTR", "\"water\""};
  RasterGrid grid = small_grid();
  ASSERT_TRUE(layers.put(thread, thread::main_branch, what, grid).ok());
  const thread::Offset before = thread.head();
  what.time = at(1);
  grid.values[0] = 9;
  ASSERT_TRUE(layers.put(thread, thread::main_branch, what, grid).ok());
  const auto layer = layers.find(thread, thread.snapshot(), what.id);
  ASSERT_TRUE(layer.ok());
  ASSERT_EQ(layer->steps.size(), 2u);
  EXPECT_EQ(layer->unit, "MTR");
  EXPECT_EQ(layer->greatest(), 9);
  EXPECT_EQ(layer->step_at(at(2))->time, at(1));
  EXPECT_EQ(layer->step_at(at(5))->time, at(3));
  EXPECT_EQ(layer->step_at(at(0))->time, at(1));
  const auto found = layers.grid(thread, layer->steps[0]);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->values[0], 9);
  EXPECT_EQ(layers.find(thread, *thread.snapshot_at(before), what.id)->steps.size(), 1u) << "as of before";
  EXPECT_EQ(layers.list(thread, thread.snapshot())->size(), 1u);
  EXPECT_FALSE(layers.find(thread, thread.snapshot(), "urn:ngsi-ld:RasterLayer:other").ok());
  grid.values.assign(6, none);
  EXPECT_FALSE(layers.put(thread, thread::main_branch, what, grid).ok()) << "nothing in it";
}

}  // namespace
}  // namespace cityloom::space
