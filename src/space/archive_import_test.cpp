// Zip archives of models: the same entities and pictures as from a folder, and no bomb.
#include "space/archive_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "space/space.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/shared_data.hpp"
#include "space/testing/zip_writer.hpp"
#include "store/test_folder.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using testing::zip_of;

// A point of its own, as GeoJSON.
std::string feature(const std::string& id) {
  return R"({"type":"FeatureCollection","features":[{"type":"Feature","id":")" + id +
         R"(","properties":{"type":"Bench"},"geometry":{"type":"Point","coordinates":[127,37]}}]})";
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string all_reasons(const ImportReport& report) {
  std::string text;
  for (const auto& warning : report.warnings) text += warning.object + ": " + warning.reason + "\n";
  return text;
}

TEST(ArchiveImport, BringsInEveryKnownFileWhateverItsFolder) {
  const std::string bytes = zip_of({{"benches/one.geojson", feature("one")},
                                    {"two.geojson", feature("two")},
                                    {"readme.pdf", "no city"},
                                    {"__MACOSX/._two.geojson", "no JSON"}},
                                   true);
  MemorySink sink;
  const auto report = import_bytes("city.zip", bytes, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->imported, 2u);
  EXPECT_EQ(report->warnings_count, 0u) << all_reasons(*report);
  // Unpacked and imported, it is the same.
  const auto again = import_bytes("two.geojson", feature("two"), sink);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(std::tuple(again->imported, again->unchanged, again->removed), std::tuple(0u, 1u, 0u));
}

TEST(ArchiveImport, HeightsDoNotKeepTheOthersOut) {
  // The first file in it is a tile of heights.
  const std::string bytes =
      zip_of({{"N43E007.hgt", std::string(50, '\0')}, {"city/one.geojson", feature("one")}}, true);
  MemorySink sink;
  const auto report = import_bytes("city.zip", bytes, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(sink.count("TerrainModel"), 1u) << all_reasons(*report);
  EXPECT_EQ(report->imported, 2u);
}

TEST(ArchiveImport, FilesOfOneNameAreTwoSources) {
  MemorySink sink;
  const auto report =
      import_bytes("city.zip", zip_of({{"a/x.geojson", feature("one")}, {"b/x.geojson", feature("two")}}), sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->imported, 2u);
  EXPECT_EQ(report->removed, 0u) << "the second would end what the first said";
}

TEST(ArchiveImport, WhatTwoFilesGiveIsTheFirstOnes) {
  // Both give the terrain N43E007, the larger one first.
  const std::string bytes =
      zip_of({{"N43E007.hgt", std::string(50, '\0')}, {"coarse/n43e007.hgt", std::string(18, '\0')}});
  MemorySink sink;
  const auto report = import_bytes("city.zip", bytes, sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(std::tuple(report->imported, report->warnings_count), std::tuple(1u, 1u));
  EXPECT_THAT(all_reasons(*report), HasSubstr("an earlier file of this import gave it"));
  const auto again = import_bytes("city.zip", bytes, sink);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(std::tuple(again->imported, again->unchanged, again->removed), std::tuple(0u, 1u, 0u));
}

TEST(ArchiveImport, OneBadFileDoesNotKeepTheOthersOut) {
  MemorySink sink;
  const auto report = import_bytes(
      "city.zip", zip_of({{"bad.geojson", feature("one").substr(0, 90)}, {"good.geojson", feature("two")}}), sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->imported, 1u);
  EXPECT_THAT(all_reasons(*report), HasSubstr("bad.geojson: "));
  const auto none = import_bytes("city.zip", zip_of({{"bad.geojson", feature("one").substr(0, 90)}}), sink);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, base::Code::corrupt);
}

TEST(ArchiveImport, RefusesWhatHoldsNothingAndWhatIsDamaged) {
  MemorySink sink;
  const auto code_of = [&](const std::string& bytes) {
    const auto report = import_bytes("city.zip", bytes, sink);
    return report.ok() ? base::Code::internal : report.error().code;
  };
  EXPECT_EQ(code_of(zip_of({{"readme.pdf", "no city"}})), base::Code::unsupported);
  EXPECT_EQ(code_of(zip_of({{"inner.zip", zip_of({{"a.geojson", feature("one")}})}})), base::Code::unsupported);
  EXPECT_EQ(code_of("PK\x03\x04"), base::Code::corrupt);
  const std::string good = zip_of({{"a.geojson", feature("one")}}, true);
  EXPECT_EQ(code_of(good.substr(0, good.size() / 2)), base::Code::corrupt);
  EXPECT_TRUE(sink.entities.empty());
}

TEST(ArchiveImport, UnpacksNoBomb) {
  // Forty files of ten million blanks each, packed a thousand times.
  std::map<std::string, std::string> files;
  for (int i = 0; i < 40; ++i) {
    files["city-" + std::to_string(i) + ".geojson"] = feature("one") + std::string(10'000'000, ' ');
  }
  const std::string bomb = zip_of(files, true);
  ASSERT_LT(bomb.size() * archive_ratio_max, 40u * 10'000'000);
  MemorySink sink;
  const auto report = import_bytes("city.zip", bomb, sink);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, base::Code::too_large);
  EXPECT_TRUE(sink.entities.empty());
  // A lie about the size is found while unpacking.
  std::string liar = zip_of({{"a.geojson", feature("one") + std::string(1'000'000, ' ')}}, true);
  const size_t list = liar.rfind("PK\x01\x02");
  for (size_t i = 0; i < 4; ++i) liar[list + 24 + i] = static_cast<char>(i == 1 ? 1 : 0);
  const auto lied = import_bytes("city.zip", liar, sink);
  ASSERT_FALSE(lied.ok());
  EXPECT_EQ(lied.error().code, base::Code::corrupt);
}

TEST(ArchiveImport, NamesOfPicturesStayInTheArchive) {
  const auto gml = [](const std::string& picture) {
    return R"(<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0" xmlns:gml="http://www.opengis.net/gml" )"
           R"(xmlns:bldg="http://www.opengis.net/citygml/building/2.0" )"
           R"(xmlns:app="http://www.opengis.net/citygml/appearance/2.0"><gml:boundedBy><gml:Envelope )"
           R"(srsName="EPSG:25833" srsDimension="3"><gml:lowerCorner>390000 5819000 0</gml:lowerCorner></gml:Envelope>)"
           R"(</gml:boundedBy><core:cityObjectMember><bldg:Building gml:id="a-building-with-a-picture">)"
           R"(<app:appearance><app:Appearance><app:theme>rgb</app:theme><app:surfaceDataMember><app:ParameterizedTexture>)"
           "<app:imageURI>" +
           picture +
           R"(</app:imageURI><app:target uri="#face"><app:TexCoordList><app:textureCoordinates ring="#ring">)"
           R"(0 0 1 0 1 1 0 0</app:textureCoordinates></app:TexCoordList></app:target></app:ParameterizedTexture>)"
           R"(</app:surfaceDataMember></app:Appearance></app:appearance><bldg:boundedBy><bldg:RoofSurface>)"
           R"(<bldg:lod2MultiSurface><gml:MultiSurface><gml:surfaceMember><gml:Polygon gml:id="face"><gml:exterior>)"
           R"(<gml:LinearRing gml:id="ring"><gml:posList>390000 5819000 9 390010 5819000 9 390010 5819010 9 390000 )"
           R"(5819000 9</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gml:surfaceMember>)"
           R"(</gml:MultiSurface></bldg:lod2MultiSurface></bldg:RoofSurface></bldg:boundedBy></bldg:Building>)"
           R"(</core:cityObjectMember></core:CityModel>)";
  };
  const std::string picture = "\xFF\xD8\xFF a picture";
  for (const auto& [name, is_found] : {std::pair("pictures/wall.jpg", true), std::pair("../shared/wall.jpg", true),
                                       std::pair("../../../wall.jpg", false), std::pair("wall.jpg", false)}) {
    MemorySink sink;
    const auto report = import_bytes("city.zip",
                                     zip_of({{"udx/bldg/model.gml", gml(name)},
                                             {"udx/bldg/pictures/wall.jpg", picture},
                                             {"udx/shared/wall.jpg", picture}}),
                                     sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->imported, 1u);
    EXPECT_EQ(sink.assets.size(), is_found ? 1u : 0u) << name << "\n" << all_reasons(*report);
  }
}

TEST(ArchiveImport, YokosukaWithItsPicturesAsPlateauShipsIt) {
  const std::filesystem::path folder = testing::shared_data("buildings");
  CITYLOOM_REQUIRE_SHARED(folder.string());
  std::map<std::string, std::string> files;
  files["udx/bldg/52397519_bldg_6697_op.gml"] = bytes_of(folder / "yokosuka-lod2-citygml2-plateau.gml");
  for (const auto& entry : std::filesystem::directory_iterator(folder / "52397519_bldg_6697_appearance")) {
    files["udx/bldg/52397519_bldg_6697_appearance/" + entry.path().filename().string()] = bytes_of(entry.path());
  }
  ASSERT_EQ(files.size(), 4u);
  MemorySink zipped, plain;
  const auto report = import_bytes("14201_yokosuka.zip", zip_of(files, true), zipped);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(zipped.count("Building"), 13u);
  EXPECT_EQ(zipped.assets.size(), 3u) << all_reasons(*report);
  ASSERT_TRUE(import_file((folder / "yokosuka-lod2-citygml2-plateau.gml").string(), plain).ok());
  EXPECT_EQ(zipped.assets, plain.assets);
}

TEST(ArchiveImport, AFolderFindsThePicturesBesideTheModel) {
  const std::filesystem::path shared = testing::shared_data("buildings");
  CITYLOOM_REQUIRE_SHARED(shared.string());
  const store::TemporaryFolder folder;
  for (const char* name : {"yokosuka-lod2-citygml2-plateau.gml", "52397519_bldg_6697_appearance"}) {
    std::filesystem::copy(shared / name, folder.path(name), std::filesystem::copy_options::recursive);
  }
  MemorySink sink;
  const auto report = import_city(folder.path(), sink);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(sink.assets.size(), 3u) << all_reasons(*report);
}

}  // namespace
}  // namespace cityloom::space
