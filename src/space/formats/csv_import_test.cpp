// Tables as they come: encodings, delimiters, headers, well-known text.
#include "space/formats/csv_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iconv.h>

#include "space/formats/wkt.hpp"
#include "space/testing/memory_sink.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;
using testing::MemorySink;
using twin::Value;

ImportReport import(MemorySink& sink, const std::string& bytes, const ImportOptions& options = {}) {
  auto report = import_bytes("t.csv", bytes, sink, options);
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

std::string cp949(std::string text) {
  const iconv_t handle = iconv_open("CP949", "UTF-8");
  std::string made(text.size() * 2, '\0');
  char *from = text.data(), *to = made.data();
  size_t from_left = text.size(), to_left = made.size();
  iconv(handle, &from, &from_left, &to, &to_left);
  iconv_close(handle);
  made.resize(made.size() - to_left);
  return made;
}

TEST(Csv, KoreanHeadersInBothEncodings) {
  const std::string text =
      "관리번호,시설명,위도,경도,비고\n7,\"소화전, 큰\",37.5,127.1,\"두\n줄\"\n8,가로등,37.6,127.2,\n";
  for (const std::string& bytes : {text, "\xEF\xBB\xBF" + text, cp949(text)}) {
    MemorySink sink;
    EXPECT_EQ(import(sink, bytes).imported, 2u);
    EXPECT_EQ(sink.value("urn:ngsi-ld:GeographicFeature:t-7", "name"), Value(twin::Json{R"({"@none":"소화전, 큰"})"}));
    EXPECT_EQ(sink.value("urn:ngsi-ld:GeographicFeature:t-7", "비고"), Value(std::string("두\n줄")));
    EXPECT_EQ(sink.value("urn:ngsi-ld:GeographicFeature:t-8", "location"), Value(twin::Geometry::point({127.2, 37.6})));
  }
}

TEST(Csv, DecimalCommasAndOtherDelimiters) {
  MemorySink sink;
  EXPECT_EQ(import(sink, "id;lon;lat;value\na;127,5;37,25;1.234,5\n").imported, 1u);
  EXPECT_EQ(sink.value("urn:ngsi-ld:GeographicFeature:t-a", "location"), Value(twin::Geometry::point({127.5, 37.25})));
  EXPECT_EQ(import(sink, "id\tx\ty\r\nb\t127\t37\r\n").imported, 1u);
  EXPECT_EQ(table_number_of("1,234.5"), 1234.5);
  EXPECT_EQ(table_number_of("1.271e2"), 127.1);
  EXPECT_EQ(table_number_of("+37.5"), 37.5);
  EXPECT_EQ(table_number_of("+-1"), std::nullopt);
  EXPECT_EQ(table_number_of("1e400"), std::nullopt);
  EXPECT_EQ(table_number_of("NaN"), std::nullopt);
}

TEST(Csv, ColumnsByOptionAndACoordinateSystem) {
  ImportOptions options;
  options.crs = "EPSG:5186";
  options.columns = {{"lon", "동"}, {"lat", "북"}, {"id", "번호"}};
  MemorySink sink;
  EXPECT_EQ(import(sink, "번호,동,북\n1,200000,600000\n", options).imported, 1u);
  const auto location = std::get<twin::Geometry>(sink.value("urn:ngsi-ld:GeographicFeature:t-1", "location"));
  EXPECT_NEAR(location.positions[0].longitude_deg, 127, 1e-7);
  options.columns["lon"] = "서";
  EXPECT_THAT(import_bytes("t.csv", "번호,동,북\n1,2,3\n", sink, options).error().what, HasSubstr("서"));
}

TEST(Csv, WellKnownTextAndBadRows) {
  MemorySink sink;
  const auto report =
      import(sink,
             "id,wkt\n1,\"LINESTRING Z (127 37 5, 127.1 37 6)\"\n2,POINT(999 1)\n3,\n4,\"POLYGON((0 0,1 "
             "0,1 1))\"\n5,CIRCLE(1)\n");
  EXPECT_EQ(report.imported, 3u);
  EXPECT_EQ(report.warnings_count, 4u) << "2 is nowhere, 3 has no place, 4 was open, 5 is no geometry";
  const auto line = std::get<twin::Geometry>(sink.value("urn:ngsi-ld:GeographicFeature:t-1", "location"));
  EXPECT_EQ(line.positions[1].height_m, 6);
  MemorySink rows;
  EXPECT_EQ(import(rows, "id,lat,lon\n1,37,127\n2,x,127\n3,200000,600000\n4,37,127\n").warnings_count, 2u);
  EXPECT_EQ(rows.count("GeographicFeature"), 2u);
}

TEST(Csv, Hostile) {
  MemorySink sink;
  EXPECT_EQ(import_bytes("t.csv", "lat,lon\n\"37,127\n" + std::string(5'000'000, 'a'), sink).error().code,
            base::Code::too_large);
  EXPECT_EQ(import_bytes("t.csv", "a,b\n1,2\n", sink).error().code, base::Code::unsupported);
  const PlaneCrs plain;
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "GEOMETRYCOLLECTION(";
  EXPECT_EQ(geometry_of_wkt(deep, plain).error().code, base::Code::too_complex);
  for (const char* text :
       {"", "POINT", "POINT(", "POINT(1)", "POINT(nan 1)", "LINESTRING(1 1)", "POINT(1 1) x", "POINT Q (1 1)"}) {
    EXPECT_FALSE(geometry_of_wkt(text, plain).ok()) << text;
  }
  EXPECT_TRUE(geometry_of_wkt("SRID=4326;multipoint((1 1), 2 2)", plain).ok());
  EXPECT_TRUE(geometry_of_wkt("POINT EMPTY", plain).ok());
}

}  // namespace
}  // namespace cityloom::space
