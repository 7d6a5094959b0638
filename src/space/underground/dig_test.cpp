// Digs and sections over a few pipes whose places are computed by hand.
#include "space/underground/dig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "space/space.hpp"
#include "space/underground/section_drawing.hpp"
#include "space/underground/underground_words.hpp"
#include "store/store.hpp"

namespace cityloom::space {
namespace {

using ::testing::HasSubstr;

// One degree of latitude is 110,993 m at 37.5 N, one of longitude 88,415 m (WGS 84 series): 1e-5 degrees are 1.110 and
// 0.884 m.
constexpr double north_m = 1 / 110'993.0;
constexpr double east_m = 1 / 88'415.0;
constexpr double lon = 127.0, lat = 37.5;

class Dig : public ::testing::Test {
 protected:
  Dig() {
    thread_ = std::move(*thread::Thread::open(store::make_memory_store(), clock_));
    const auto line = [](double y_m, const std::string& height = "") {
      const auto at = [&](double x_m) {
        return "[" + std::to_string(lon + x_m * east_m) + "," + std::to_string(lat + y_m * north_m) + height + "]";
      };
      return R"("geometry":{"type":"LineString","coordinates":[)" + at(-50) + "," + at(50) + "]}}";
    };
    const std::string start = R"({"type":"Feature","id":)";
    import(
        "pipes.geojson",
        start +
            R"("gas","properties":{"network":"gas","depth":1.2,"diameter":300,"owner":"가스공사","phone":"1","accuracy":"QL-B2"},)" +
            line(0) + "," + start +
            R"("water","properties":{"network":"water","depth":2.0,"diameter":600,"owner":"상수도"},)" + line(5) + "," +
            start + R"("sewer","properties":{"network":"sewer","diameter":900},)" + line(1) + "," + start +
            R"("deep","properties":{"network":"water","diameter":1000,"accuracy":"QL-A"},)" + line(0.5, ",35"));
  }
  void import(const std::string& name, const std::string& features) {
    ThreadSink sink(*thread_);
    ImportOptions options;
    options.type = "Pipe";
    const std::string bytes = R"({"type":"FeatureCollection","features":[)" + features + "]}";
    const auto report = import_bytes(name, bytes, sink, options);
    ASSERT_TRUE(report.ok()) << report.error().text();
    ASSERT_EQ(report->warnings_count, 0u);
  }
  DigAnswer ask(double half_m, double depth_m, double margin_m = 2) {
    DigRequest request;
    request.area.kind = twin::GeometryKind::polygon;
    for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}, {-1, -1}}) {
      request.area.positions.push_back({lon + x * half_m * east_m, lat + y * half_m * north_m});
    }
    request.area.line_ends = {5};
    request.depth_m = depth_m;
    request.margin_m = margin_m;
    auto answer = what_is_under(thread_->snapshot(), thread_->terms(), request, ground_);
    EXPECT_TRUE(answer.ok()) << (answer ? "" : answer.error().text());
    return answer ? *answer : DigAnswer{};
  }
  static const DigObject* find(const DigAnswer& answer, const std::string& name) {
    for (const DigObject& object : answer.objects) {
      if (object.buried.id.ends_with("-" + name)) return &object;
    }
    return nullptr;
  }

  base::ManualClock clock_{base::Instant::from_seconds(1'700'000'000)};
  std::unique_ptr<thread::Thread> thread_;
  GroundHeight ground_ = [](const twin::Position&) -> std::optional<double> { return 40.0; };
};

TEST_F(Dig, HazardsComeFirstWithClearanceDepthAccuracyAndOwner) {
  const DigAnswer answer = ask(0.5, 1.5);
  ASSERT_EQ(answer.objects.size(), 3u) << "the water main is 4.5 - 0.3 m away";
  const DigObject& gas = answer.objects.front();
  EXPECT_EQ(gas.buried.hazard, Hazard::gas);
  EXPECT_EQ(gas.conflict, Conflict::yes);
  EXPECT_EQ(gas.clearance_m, 0);
  EXPECT_EQ(gas.buried.owner, "가스공사");
  EXPECT_NEAR(gas.depth_min_m, 1.2, 1e-9);
  EXPECT_NEAR(gas.bottom_m, 1.5, 1e-9);
  // B2: 40 % of 1.2 m; at worst the dig goes 0.78 m past its top.
  EXPECT_NEAR(gas.buried.accuracy.vertical_m, 0.48, 1e-9);
  EXPECT_NEAR(gas.vertical_clearance_m, 1.2 - 0.48 - 1.5, 1e-9);
  const DigObject* sewer = find(answer, "sewer");
  ASSERT_NE(sewer, nullptr);
  EXPECT_EQ(sewer->conflict, Conflict::possible) << "its depth is unknown";
  EXPECT_NEAR(sewer->clearance_m, 0.05, 0.01) << "1 - 0.5 - 0.45 m";
}

TEST_F(Dig, HeightsGoBeforeDepthsAndADeepThingIsNoConflict) {
  const DigObject* deep = find(ask(0.5, 1.5), "deep");
  const DigAnswer kept = ask(0.5, 1.5);
  deep = find(kept, "deep");
  ASSERT_NE(deep, nullptr);
  EXPECT_EQ(deep->depth_from, "heights");
  EXPECT_NEAR(deep->depth_min_m, 40 - 35.5, 1e-6);
  EXPECT_EQ(deep->conflict, Conflict::no);
  const DigAnswer deeper = ask(0.6, 5);
  EXPECT_EQ(find(deeper, "deep")->conflict, Conflict::yes);
  EXPECT_EQ(deep->axis.size(), 2u);
}

TEST_F(Dig, WhatIsNotKnownIsSaid) {
  std::string codes;
  for (const NotKnown& one : ask(0.5, 1.5).not_known) codes += one.code + " ";
  EXPECT_THAT(codes, HasSubstr("depthUnknown"));
  EXPECT_THAT(codes, HasSubstr("ownerUnknown"));
  EXPECT_THAT(codes, HasSubstr("networksWithoutRecords"));
  ground_ = nullptr;
  const DigAnswer answer = ask(0.5, 1.5);
  EXPECT_FALSE(answer.is_ground_known);
  EXPECT_TRUE(std::isnan(find(answer, "deep")->depth_min_m)) << "a height without ground is no depth";
  EXPECT_EQ(find(answer, "deep")->conflict, Conflict::possible);
  DigRequest far;
  far.area = disc_of({0, 0}, 5);
  const auto empty = what_is_under(thread_->snapshot(), thread_->terms(), far, ground_);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(empty->not_known.front().code, "noRecords");
}

TEST_F(Dig, ASectionAcrossShowsEachPipeAtItsStation) {
  SectionRequest request;
  request.line = {{lon, lat - 10 * north_m}, {lon, lat + 10 * north_m}};
  const auto section = section_along(thread_->snapshot(), thread_->terms(), request, ground_);
  ASSERT_TRUE(section.ok());
  EXPECT_NEAR(section->length_m, 20, 0.01);
  ASSERT_EQ(section->objects.size(), 4u);
  const SectionObject& gas = section->objects[0];
  EXPECT_NEAR(gas.station_m, 10, 0.01);
  EXPECT_NEAR(gas.to_m - gas.from_m, 0.3, 0.001);
  EXPECT_NEAR(gas.top_m, -1.2, 1e-6);
  EXPECT_NEAR(gas.bottom_m, -1.5, 1e-6);
  EXPECT_NEAR(gas.angle_deg, 90, 0.01);
  EXPECT_NEAR(section->objects[3].station_m, 15, 0.01) << "water";
  request.is_above_ellipsoid = true;
  const auto high = section_along(thread_->snapshot(), thread_->terms(), request, ground_);
  EXPECT_NEAR(high->objects[0].top_m, 38.8, 1e-6);
  const std::string korean = section_svg(*section, Language::korean);
  EXPECT_THAT(korean, HasSubstr("가스관"));
  EXPECT_THAT(korean, HasSubstr("깊이 1.20 m"));
  const std::string english = section_svg(*high, Language::english);
  EXPECT_THAT(english, HasSubstr("Gas pipe"));
  EXPECT_THAT(english, HasSubstr("top at 38.80 m"));
}

// EPANET, placed by hand: heights in the file are metres above the placement. The ground is at 40 m.
TEST_F(Dig, PumpsValvesAndBuriedNodesOfAWaterNetwork) {
  const std::string network =
      "[TITLE]\n[JUNCTIONS]\n west 7 0\n east 8 0\n north 8 0\n[RESERVOIRS]\n well 2\n[TANKS]\n tower 30 1 0 6 4\n"
      " cellar 4 1 0 3 4\n[PIPES]\n pipe west east 40 300 100 0 Open\n[PUMPS]\n pump west north POWER 10\n[VALVES]\n"
      " valve east north 200 PRV 50\n[OPTIONS]\n UNITS LPS\n[COORDINATES]\n west -20 0\n east 20 0\n north 0 0.1\n"
      " well 1 0\n tower -1 0\n cellar 0 -1\n";
  ThreadSink sink(*thread_);
  ImportOptions options;
  // The middle of the network is its origin: 0, -0.45.
  options.placement = Placement{lon, lat, 30, 0};
  const auto report = import_bytes("net.inp", network, sink, options);
  ASSERT_TRUE(report.ok()) << report.error().text();
  const DigAnswer answer = ask(2, 3);
  const DigObject *pump = find(answer, "pump"), *valve = find(answer, "valve"), *cellar = find(answer, "cellar");
  ASSERT_TRUE(pump != nullptr && valve != nullptr && cellar != nullptr && find(answer, "pipe") != nullptr);
  EXPECT_EQ(pump->buried.type, "Pump");
  EXPECT_EQ(pump->conflict, Conflict::yes);
  EXPECT_NEAR(valve->depth_min_m, 2 - 0.1, 0.02) << "38 m is its axis, 0.2 m its diameter";
  EXPECT_NEAR(cellar->depth_min_m, 40 - 34 - 3, 0.01) << "its floor is at 34 m, and it is 3 m high";
  EXPECT_NEAR(cellar->bottom_m, 6, 0.01);
  EXPECT_NE(find(answer, "well"), nullptr);
  EXPECT_NE(find(answer, "north"), nullptr) << "a junction 2 m under the ground";
  EXPECT_EQ(find(answer, "tower"), nullptr) << "a tank 20 m above the ground is in nobody's way";
  EXPECT_EQ(label_of(pump->buried, Language::english), "Water pump");
  EXPECT_EQ(label_of(valve->buried, Language::korean), "상수 밸브");
  ground_ = nullptr;
  EXPECT_EQ(find(ask(2, 3), "cellar"), nullptr) << "without ground, nobody knows that it is buried";
  EXPECT_NE(find(ask(2, 3), "pump"), nullptr);
}

TEST_F(Dig, AskedWrongly) {
  DigRequest request;
  request.area = twin::Geometry::point({lon, lat});
  EXPECT_EQ(what_is_under(thread_->snapshot(), thread_->terms(), request, ground_).error().code, base::Code::invalid);
  SectionRequest section;
  section.line = {{lon, lat}, {lon, lat}};
  EXPECT_FALSE(section_along(thread_->snapshot(), thread_->terms(), section, ground_).ok());
  section.line = {{lon, lat}, {lon + 2, lat}};
  EXPECT_EQ(section_along(thread_->snapshot(), thread_->terms(), section, ground_).error().code, base::Code::too_large);
}

}  // namespace
}  // namespace cityloom::space
