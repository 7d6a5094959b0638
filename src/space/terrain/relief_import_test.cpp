// Relief of CityGML that is no TIN: mass points, break lines and grids, small and made on the spot, asked at places
// between what the file names. The TIN's tests are those of the raster import.
#include "space/terrain/relief_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "space/coordinates.hpp"
#include "space/terrain/relief_points.hpp"
#include "space/testing/terrain_city.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using ::testing::HasSubstr;
using testing::TerrainCity;

// UTM 33 with ellipsoidal heights by name of the compound system: EGM96's, whose grid is here.
constexpr double east_m = 390'000, north_m = 5'819'000;

std::string relief_file(const std::string& components, const std::string& version = "2.0") {
  return "<?xml version='1.0'?><CityModel xmlns='http://www.opengis.net/citygml/" + version +
         "' xmlns:dem='http://www.opengis.net/citygml/relief/" + version +
         "' xmlns:gml='http://www.opengis.net/gml'><gml:boundedBy><gml:Envelope "
         "srsName='urn:ogc:def:crs,crs:EPSG::25833,crs:EPSG::5773' srsDimension='3'/></gml:boundedBy><cityObjectMember>"
         "<dem:ReliefFeature gml:id='the-hill'><dem:lod>1</dem:lod>" +
         components + "</dem:ReliefFeature></cityObjectMember></CityModel>";
}

std::string component(const std::string& kind, const std::string& content) {
  return "<dem:reliefComponent><dem:" + kind + " gml:id='the-part'><dem:lod>1</dem:lod>" + content + "</dem:" + kind +
         "></dem:reliefComponent>";
}

std::string at(double x_m, double y_m, double z_m) {
  return std::to_string(east_m + x_m) + " " + std::to_string(north_m + y_m) + " " + std::to_string(z_m) + " ";
}

std::string points(const std::string& inside) {
  return component("MassPointRelief",
                   "<dem:reliefPoints><gml:MultiPoint>" + inside + "</gml:MultiPoint></dem:reliefPoints>");
}

std::string point(double x_m, double y_m, double z_m) {
  return "<gml:pointMember><gml:Point><gml:pos>" + at(x_m, y_m, z_m) + "</gml:pos></gml:Point></gml:pointMember>";
}

std::string line(const std::string& positions) {
  return component("BreaklineRelief",
                   "<dem:ridgeOrValleyLines><gml:MultiCurve><gml:curveMember><gml:LineString><gml:posList>" +
                       positions +
                       "</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve></dem:ridgeOrValleyLines>");
}

std::string grid(const std::string& high, const std::string& values, const std::string& rule = "") {
  return component(
      "RasterRelief",
      "<dem:grid><gml:RectifiedGridCoverage><gml:rectifiedGridDomain><gml:RectifiedGrid dimension='2'>"
      "<gml:limits><gml:GridEnvelope><gml:low>0 0</gml:low><gml:high>" +
          high +
          "</gml:high></gml:GridEnvelope></gml:limits><gml:axisName>x</gml:axisName><gml:axisName>y</gml:axisName>"
          "<gml:origin><gml:Point><gml:pos>" +
          std::to_string(east_m) + " " + std::to_string(north_m) +
          "</gml:pos></gml:Point></gml:origin><gml:offsetVector>10 0</gml:offsetVector><gml:offsetVector>0 10"
          "</gml:offsetVector></gml:RectifiedGrid></gml:rectifiedGridDomain><gml:rangeSet><gml:DataBlock>"
          "<gml:rangeParameters/><gml:tupleList>" +
          values + "</gml:tupleList></gml:DataBlock></gml:rangeSet>" + rule +
          "</gml:RectifiedGridCoverage></dem:grid>");
}

// The height at a place above the sea, as the file counts; NaN where there is none.
double height_at(TerrainCity& city, double x_m, double y_m) {
  static const auto system = CoordinateSystem::open("EPSG:25833+5773");
  const auto place = system->to_wgs84({east_m + x_m, north_m + y_m, 0});
  const auto height = height_m_at(*city.relief(), {place->longitude_deg, place->latitude_deg});
  return height.ok() && height->has_value() ? **height - place->height_m : std::nan("");
}

ImportReport import(TerrainCity& city, const std::string& bytes) {
  const auto report = import_bytes("hill.gml", bytes, city.sink());
  EXPECT_TRUE(report.ok()) << (report ? "" : report.error().text());
  return report ? *report : ImportReport{};
}

TEST(ReliefImport, MassPointsAreJoinedToASurface) {
  // A plane that rises 1 m in 10 m to the east, with a peak of 50 m in its middle; the points in no order.
  TerrainCity city;
  const auto report = import(city, relief_file(points(point(0, 0, 10) + point(100, 100, 20) + point(50, 50, 50) +
                                                      point(100, 0, 20) + point(0, 100, 10))));
  EXPECT_EQ(report.entities, (std::vector<std::pair<std::string, uint64_t>>{{"TerrainModel", 1}}));
  EXPECT_EQ(report.warnings_count, 0u) << report.warnings[0].reason;
  EXPECT_NEAR(height_at(city, 50, 50), 50, 2) << "the nodes around it are metres away";
  EXPECT_NEAR(height_at(city, 50, 25), (15 + 50) / 2.0, 0.1);
  EXPECT_NEAR(height_at(city, 25, 50), (10 + 50) / 2.0, 0.1);
  EXPECT_NEAR(height_at(city, 50, 2), 15 + 35 * 2 / 50.0, 0.1);
  EXPECT_TRUE(std::isnan(height_at(city, 120, 50)));
}

TEST(ReliefImport, PointsOfALonelyTinAndOfOneList) {
  const std::string square = at(0, 0, 10) + at(100, 0, 20) + at(100, 100, 20) + at(0, 100, 10);
  TerrainCity city;
  import(city, relief_file(component("TINRelief", "<dem:tin><gml:Tin><gml:controlPoint><gml:posList>" + square +
                                                      "</gml:posList></gml:controlPoint></gml:Tin></dem:tin>")));
  EXPECT_NEAR(height_at(city, 70, 40), 17, 0.05);
  // Where there are triangles, the points are their corners: they add no second surface over what the triangles spare.
  TerrainCity other;
  import(other,
         relief_file(component(
             "TINRelief",
             "<dem:tin><gml:Tin><gml:trianglePatches><gml:Triangle><gml:exterior><gml:LinearRing><gml:posList>" +
                 at(0, 0, 10) + at(100, 0, 20) + at(0, 100, 10) + at(0, 0, 10) +
                 "</gml:posList></gml:LinearRing></gml:exterior></gml:Triangle></gml:trianglePatches><gml:controlPoint>"
                 "<gml:posList>" +
                 square + "</gml:posList></gml:controlPoint></gml:Tin></dem:tin>")));
  EXPECT_NEAR(height_at(other, 20, 20), 12, 0.05);
  EXPECT_TRUE(std::isnan(height_at(other, 80, 80)));
}

TEST(ReliefImport, BreakLinesAreEdgesOfTheSurface) {
  const std::string corners = points(point(0, 0, 10) + point(100, 0, 10) + point(100, 100, 10) + point(0, 100, 10));
  TerrainCity city;
  import(city, relief_file(corners + line(at(10, 50, 30) + at(90, 50, 30))));
  for (const double x : {20.0, 33.0, 50.0, 71.0}) EXPECT_NEAR(height_at(city, x, 50), 30, 0.8) << "on the ridge " << x;
  EXPECT_NEAR(height_at(city, 50, 25), 20, 0.5) << "half way down";
  TerrainCity flat;
  import(flat, relief_file(corners));
  EXPECT_NEAR(height_at(flat, 50, 50), 10, 0.05) << "without it";
}

TEST(ReliefImport, GridsOfTheFileInAnyOrderOfTheirHeights) {
  // Heights 10 to 12 to the east in the southern row, 20 to 22 in the northern.
  for (const auto& [values, order] :
       {std::pair("10 11 12 20 21 22", ""), std::pair("20,1 21,1 22,1 10,1 11,1 12,1", "+x-y"),
        std::pair("12 11 10 22 21 20", "-1 +2"), std::pair("10 20 11 21 12 22", "+y+x")}) {
    TerrainCity city;
    const std::string rule = "<gml:coverageFunction><gml:GridFunction><gml:sequenceRule order='" + std::string(order) +
                             "'>Linear</gml:sequenceRule></gml:GridFunction></gml:coverageFunction>";
    const auto report = import(city, relief_file(grid("2 1", values, *order == '\0' ? "" : rule)));
    EXPECT_EQ(report.warnings_count, 0u) << report.warnings[0].reason;
    EXPECT_NEAR(height_at(city, 5, 5), 15.5, 0.05) << order;
    EXPECT_NEAR(height_at(city, 13, 6), 11.3 + 6, 0.05) << order;
    EXPECT_TRUE(std::isnan(height_at(city, 25, 5))) << order;
  }
  TerrainCity holed;
  import(holed, relief_file(grid("3 1", "10 10 10 missing 10 10 10 NaN")));
  EXPECT_NEAR(height_at(holed, 15, 5), 10, 0.05);
  EXPECT_TRUE(std::isnan(height_at(holed, 25, 5))) << "a missing height is none";
}

TEST(ReliefImport, GridsThatAreNotThereAreTold) {
  const auto reason_of = [](const std::string& part) {
    TerrainCity city;
    const std::string triangle = component("TINRelief", "<gml:Triangle><gml:posList>" + at(0, 0, 1) + at(100, 0, 1) +
                                                            at(0, 100, 1) + "</gml:posList></gml:Triangle>");
    const auto report = import(city, relief_file(triangle + part));
    EXPECT_NEAR(height_at(city, 20, 20), 1, 0.05) << "what is wrong costs only itself";
    return report.warnings.empty() ? std::string() : report.warnings[0].object + ": " + report.warnings[0].reason;
  };
  EXPECT_EQ(
      reason_of(component("RasterRelief",
                          "<dem:grid><gml:RectifiedGridCoverage><gml:rangeSet><gml:File><gml:fileName>dem/hill.tif"
                          "</gml:fileName></gml:File></gml:rangeSet></gml:RectifiedGridCoverage></dem:grid>")),
      "the-part: its heights are in the file \"dem/hill.tif\": import that file by itself");
  EXPECT_EQ(reason_of(component("RasterRelief", "<dem:grid/>")), "the-part: its grid is not in the file");
  EXPECT_EQ(reason_of(grid("1000000000 1000000000", "1 2 3")), "the-part: its grid has more than 25 million heights");
  EXPECT_EQ(reason_of(grid("nan nan", "1 2 3")), "the-part: its grid has fewer than two heights along an axis");
  EXPECT_EQ(reason_of(grid("2 1", "1 2 3")), "the-part: its grid has 3 heights instead of 6");
  EXPECT_EQ(reason_of(grid("2", "1 2 3")),
            "the-part: its grid does not say its limits, its origin and its two offsets");
  EXPECT_THAT(reason_of(grid("2 1", "1 2 3 4 5 6",
                             "<gml:coverageFunction><gml:GridFunction><gml:sequenceRule order='Hilbert'/>"
                             "</gml:GridFunction></gml:coverageFunction>")),
              HasSubstr("in an order that is not read: Hilbert"));
  EXPECT_EQ(reason_of(points(point(0, 0, std::nan("")) + point(1e9, 0, 1) + "<gml:pos>1 2 x 4</gml:pos>")),
            "the-hill: 3 points have no place with a height: left out");
}

TEST(ReliefImport, PointsInOneLineOrPlaceMakeNoSurface) {
  for (const std::string& few : {point(0, 0, 1) + point(1, 1, 1), point(0, 0, 1) + point(1, 1, 1) + point(2, 2, 1),
                                 point(5, 5, 1) + point(5, 5, 2) + point(5, 5, 3) + point(5, 5, 4)}) {
    TerrainCity city;
    EXPECT_EQ(import_bytes("hill.gml", relief_file(points(few)), city.sink()).error().code, Code::corrupt) << few;
  }
}

// 250,000 points are joined in cells: heights must be right at every seam, too.
TEST(ReliefImport, ManyPointsAreJoinedWithoutSeams) {
  TerrainCity city;
  ReliefPoints many;
  const twin::Position origin{13.38, 52.51, 0};
  const double step_deg = 2e-5;
  const auto height_m = [&](double longitude, double latitude) {
    return 100 + 3'000 * (longitude - origin.longitude_deg) + 5'000 * (latitude - origin.latitude_deg);
  };
  // In no straight rows, but for the rim: then the number of triangles is known.
  for (int row = 0; row < 500; ++row) {
    for (int column = 0; column < 500; ++column) {
      const bool is_rim = row == 0 || row == 499 || column == 0 || column == 499;
      const double longitude = origin.longitude_deg + column * step_deg + (is_rim ? 0 : (row % 3) * 1e-6);
      const double latitude = origin.latitude_deg + row * step_deg + (is_rim ? 0 : (column % 5) * 1e-6);
      ASSERT_TRUE(many.add({longitude, latitude, height_m(longitude, latitude)}).ok());
    }
  }
  TinRaster raster;
  ASSERT_TRUE(many.draw(raster, [] { return false; }).ok());
  EXPECT_EQ(raster.left_out(), 0u);
  EXPECT_EQ(raster.taken(), 2u * 499 * 499) << "each triangle once";
  EXPECT_EQ(many.draw(raster, [] { return true; }).error().code, Code::cancelled);
}

TEST(ReliefImport, MorePointsThanCanBeJoinedAreRefused) {
  ReliefPoints many;
  base::Status status;
  for (size_t i = 0; i < relief_points_max && status; ++i) status = many.add({13, 52, 1});
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(many.add({13, 52, 1}).error().code, Code::too_large);
  ReliefPoints long_line;
  EXPECT_TRUE(long_line.add_line({{0, 0, 1}, {90, 45, 1}}).ok());
  EXPECT_LE(long_line.size(), 1'001u) << "a line around the world has no more points than a street";
}

}  // namespace
}  // namespace cityloom::space
