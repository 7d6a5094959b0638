// SRTM files, whole and hostile; blocks and pyramids by themselves.
#include "space/terrain/hgt_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "space/formats/zip_archive.hpp"
#include "space/terrain/height_pyramid.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/terrain_city.hpp"
#include "space/testing/zip_writer.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using testing::MemorySink;
using testing::zip_of;

std::string plain_tile(int side = 21) {
  return testing::hgt_bytes(side, [](int column, int row) { return column * 3 + row; });
}

TEST(HgtImport, ReadsTheCornerFromTheName) {
  EXPECT_EQ(*corner_of_hgt_name("N43E007.hgt"), (twin::Position{7, 43}));
  EXPECT_EQ(*corner_of_hgt_name("folder/s31w052.SRTMGL1.hgt.zip"), (twin::Position{-52, -31}));
  EXPECT_EQ(*corner_of_hgt_name("N00E179.hgt"), (twin::Position{179, 0}));
  for (const char* bad :
       {"", "x.hgt", "N43E07.hgt", "N90E007.hgt", "N43E180.hgt", "S91E007.hgt", "NxxE007.hgt", "N43E007hgt"}) {
    EXPECT_EQ(corner_of_hgt_name(bad).error().code, Code::invalid) << bad;
  }
}

TEST(HgtImport, TakesPlainFilesAndZips) {
  for (const bool deflated : {false, true}) {
    MemorySink plain, zipped, odd_name;
    ASSERT_TRUE(import_bytes("N43E007.hgt", plain_tile(), plain).ok());
    const std::string zip = zip_of({{"N43E007.hgt", plain_tile()}}, deflated);
    ASSERT_TRUE(import_bytes("N43E007.hgt.zip", zip, zipped).ok());
    const auto report = import_bytes("download.zip", zip, odd_name);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(plain.assets, zipped.assets) << "the same blocks";
    EXPECT_EQ(plain.assets, odd_name.assets);
    EXPECT_EQ(plain.value("urn:ngsi-ld:TerrainModel:N43E007", "verticalAccuracy"), twin::Value(int64_t{16}));
    EXPECT_EQ(plain.value("urn:ngsi-ld:TerrainModel:N43E007", "verticalDatum"),
              twin::Value(std::string("EGM96 height")));
    EXPECT_EQ(odd_name.count("TerrainModel"), 1u);
  }
}

TEST(HgtImport, RefusesWhatIsNoTile) {
  MemorySink sink;
  const auto code_of = [&](const std::string& name, const std::string& bytes) {
    const auto report = import_bytes(name, bytes, sink);
    EXPECT_FALSE(report.ok()) << name;
    return report.ok() ? Code::internal : report.error().code;
  };
  EXPECT_EQ(code_of("nowhere.hgt", plain_tile()), Code::invalid);
  EXPECT_EQ(code_of("N43E007.hgt", plain_tile().substr(1)), Code::corrupt);
  EXPECT_EQ(code_of("N43E007.hgt", ""), Code::corrupt);
  EXPECT_EQ(code_of("N43E007.hgt", testing::hgt_bytes(21, [](int, int) { return -32'768; })), Code::invalid);
  const std::string zip = zip_of({{"N43E007.hgt", plain_tile()}}, true);
  EXPECT_EQ(code_of("N43E007.hgt.zip", zip.substr(0, zip.size() / 2)), Code::corrupt) << "cut off";
  EXPECT_EQ(code_of("N43E007.hgt.zip", zip_of({{"readme.txt", "no heights"}}, false)), Code::corrupt);
  std::string damaged = zip;
  damaged[60] = static_cast<char>(damaged[60] ^ 0x55);
  EXPECT_EQ(code_of("N43E007.hgt.zip", damaged), Code::corrupt);
  EXPECT_TRUE(sink.entities.empty());
}

TEST(HgtImport, UnpacksNoBomb) {
  // 240 MB of zeros in 1 MB: more than any tile has.
  const std::string zeros(240u << 20, '\0');
  const std::string bomb = zip_of({{"N43E007.hgt", zeros}}, true);
  ASSERT_LT(bomb.size(), 3u << 20);
  MemorySink sink;
  const auto report = import_bytes("N43E007.hgt.zip", bomb, sink);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::too_large);
  // A lie about the size is found while unpacking.
  std::string liar = bomb;
  const size_t central = liar.rfind("PK\x01\x02");
  for (const size_t at : {size_t{22}, central + 24}) {
    for (size_t i = 0; i < 4; ++i) liar[at + i] = '\x01';
  }
  EXPECT_FALSE(import_bytes("N43E007.hgt.zip", liar, sink).ok());
}

TEST(HgtImport, LeavesOddHeightsOutAndSaysSo) {
  MemorySink sink;
  const auto report = import_bytes(
      "N43E007.hgt", testing::hgt_bytes(21, [](int column, int row) { return column == 3 && row < 4 ? 20'000 : 50; }),
      sink);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_THAT(report->warnings[0].reason, ::testing::HasSubstr("4 heights outside"));
}

TEST(HeightBlock, ComesBackToTheCentimetre) {
  std::mt19937 random(7);
  for (const uint32_t side : {1u, 2u, 57u, 257u}) {
    std::vector<float> heights(size_t{side} * side);
    float height = 100;
    for (float& one : heights) {
      height += static_cast<float>(static_cast<int>(random() % 2'001) - 1'000) / 100;
      one = random() % 10 == 0 ? std::nanf("") : std::fmin(std::fmax(height, -11'999.0F), 11'999.0F);
    }
    const std::string packed = pack_block(side, side, heights);
    const auto block = unpack_block(packed);
    ASSERT_TRUE(block.ok());
    ASSERT_EQ(block->heights_m.size(), heights.size());
    for (size_t i = 0; i < heights.size(); ++i) {
      ASSERT_EQ(std::isnan(block->heights_m[i]), std::isnan(heights[i]));
      if (!std::isnan(heights[i])) {
        ASSERT_NEAR(block->heights_m[i], heights[i], 0.0061);
      }
    }
    for (const size_t size : {size_t{0}, size_t{3}, packed.size() / 2, packed.size() - 1}) {
      EXPECT_EQ(unpack_block(packed.substr(0, size)).error().code, Code::corrupt);
    }
  }
}

TEST(PyramidWriter, WritesEveryNodeOnceInBlocksOfEveryLevel) {
  std::map<std::string, std::string> assets;
  for (const auto& [columns, rows] : {std::pair(2u, 2u), std::pair(257u, 257u), std::pair(258u, 300u),
                                      std::pair(1'000u, 513u), std::pair(3u, 600u)}) {
    const GridShape shape{10, 50, 0.001, 0.001, columns, rows};
    PyramidWriter writer(shape, [&](std::string_view bytes) {
      const std::string name = thread::asset_name(bytes);
      assets[name] = bytes;
      return base::Result<std::string>(name);
    });
    // A plane: every level must lie on it, up to its edges.
    const auto plane = [](double column, double row) { return static_cast<float>(column * 0.5 + row * 0.25); };
    for (uint32_t row = 0; row < rows; ++row) {
      std::vector<float> line;
      for (uint32_t column = 0; column < columns; ++column) line.push_back(plane(column, row));
      ASSERT_TRUE(writer.add_row(line).ok());
    }
    const auto index = writer.finish();
    ASSERT_TRUE(index.ok());
    const auto levels = unpack_index(assets[*index], shape);
    ASSERT_TRUE(levels.ok()) << levels.error().text();
    EXPECT_EQ(levels->back().blocks.size(), 1u);
    double scale = 1;
    for (const PyramidLevel& level : *levels) {
      for (size_t b = 0; b < level.blocks.size(); ++b) {
        const auto block = unpack_block(assets[hash_text(level.blocks[b].hash)]);
        ASSERT_TRUE(block.ok());
        const size_t left = b % level.shape.block_columns() * block_cells,
                     top = b / level.shape.block_columns() * block_cells;
        ASSERT_EQ(block->columns, std::min<size_t>(level.shape.columns - left, block_nodes));
        ASSERT_EQ(block->rows, std::min<size_t>(level.shape.rows - top, block_nodes));
        for (size_t i = 0; i < block->heights_m.size(); ++i) {
          const double column = static_cast<double>(left + i % block->columns) * scale;
          const double row = static_cast<double>(top + i / block->columns) * scale;
          // Where a level was smoothed at an edge it is off by a part of its step.
          const bool is_edge =
              column < 2 * scale || row < 2 * scale || column > columns - 1 - 2 * scale || row > rows - 1 - 2 * scale;
          ASSERT_NEAR(block->heights_m[i], plane(column, row), scale == 1 ? 0.006 : is_edge ? scale : 0.02);
        }
      }
      scale *= 2;
    }
  }
}

TEST(GridShape, RefusesWhatIsNoRasterOnEarth) {
  EXPECT_TRUE((GridShape{7, 44, 1 / 1200.0, 1 / 1200.0, 1201, 1201}).check().ok());
  EXPECT_NEAR((GridShape{7, 44, 1 / 1200.0, 1 / 1200.0, 1201, 1201}).resolution_m(), 92.8, 0.1);
  for (const GridShape& bad : {GridShape{7, 44, 0, 0.1, 10, 10}, GridShape{7, 44, -0.1, 0.1, 10, 10},
                               GridShape{7, 44, 0.1, 0.1, 1, 10}, GridShape{170, 44, 0.1, 0.1, 1'000, 10},
                               GridShape{0, 95, 0.1, 0.1, 10, 10}, GridShape{std::nan(""), 44, 0.1, 0.1, 10, 10}}) {
    EXPECT_FALSE(bad.check().ok());
  }
  EXPECT_EQ((GridShape{0, 0, 1e-6, 1e-6, 4'000'000'000, 4'000'000'000}).check().error().code, Code::too_large);
}

}  // namespace
}  // namespace cityloom::space
