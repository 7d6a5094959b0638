// The invented city: the same bytes from the same seed, nothing on top of anything else, everybody housed.
#include "rehearsal/city.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <cmath>
#include <map>
#include <set>

#include "rehearsal/model.hpp"
#include "rehearsal/people.hpp"
#include "rehearsal/quarter.hpp"
#include "rehearsal/streets.hpp"
#include "rehearsal/testing/digests.hpp"
#include "rehearsal/ways.hpp"
#include "space/earth.hpp"
#include "space/terrain/height_block.hpp"
#include "space/testing/memory_sink.hpp"
#include "space/testing/terrain_city.hpp"

namespace cityloom::rehearsal {
namespace {

using space::testing::MemorySink;

/// Counts and hashes changes, and holds none.
class DigestSink final : public space::ImportSink {
 public:
  twin::TermTable& terms() override { return terms_; }
  base::Result<thread::Outcomes> append(std::vector<thread::Change> changes) override {
    thread::Outcomes outcomes;
    for (const thread::Change& change : changes) {
      std::string text = change.entity_id;
      for (const twin::Attribute& attribute : change.attributes) {
        text += terms_.text(attribute.name);
        if (const auto* words = std::get_if<std::string>(&attribute.value)) text += *words;
        if (const auto* json = std::get_if<twin::Json>(&attribute.value)) text += json->text;
        if (const auto* geometry = std::get_if<twin::Geometry>(&attribute.value)) {
          for (const twin::Position& at : geometry->positions) {
            text.append(reinterpret_cast<const char*>(&at.longitude_deg), 16);
          }
        }
        const double number = twin::as_number(attribute.value);
        if (number == number) text.append(reinterpret_cast<const char*>(&number), sizeof number);
      }
      digest = XXH3_64bits_withSeed(text.data(), text.size(), digest);
      ++count;
      thread::Outcome outcome;
      outcome.recorded = true;
      outcomes.emplace_back(outcome);
    }
    return outcomes;
  }
  base::Status each_of_source(twin::Term, std::string_view, const std::function<void(const twin::Entity&)>&) override {
    return {};
  }
  // Heights, not bytes: another zlib packs them otherwise. Named by their number.
  base::Result<std::string> put_asset(std::string_view bytes) override {
    if (const auto block = space::unpack_block(bytes); block) {
      digest = XXH3_64bits_withSeed(block->heights_m.data(), block->heights_m.size() * sizeof(float), digest);
    }
    return fmt::format("{:064x}", ++assets);
  }
  uint64_t digest = 0, count = 0, assets = 0;

 private:
  twin::TermTable terms_;
};

CitySpec spec_of(uint64_t seed, uint64_t buildings) {
  CitySpec spec;
  spec.seed = seed;
  spec.buildings = buildings;
  return spec;
}

uint64_t digest_of(uint64_t seed, uint64_t buildings) {
  DigestSink sink;
  EXPECT_TRUE(make_city(spec_of(seed, buildings), sink).ok());
  return sink.digest;
}

TEST(City, SameSeedSameBytes) {
  EXPECT_EQ(digest_of(7, 1'500), digest_of(7, 1'500));
  EXPECT_NE(digest_of(7, 1'500), digest_of(8, 1'500));
  EXPECT_EQ(digest_of(1, 300), testing::known_digest("city")) << "the city of seed 1 with 300 buildings has changed";
}

// What tests/end_to_end/rehearsal_test.py finds through the API of a program that another compiler made.
TEST(City, BuildingsAreThoseOfEveryCompiler) {
  MemorySink sink;
  ASSERT_TRUE(make_city(spec_of(1, 300), sink).ok());
  std::string text;
  for (const auto& [id, entity] : sink.entities) {
    if (!id.starts_with("urn:ngsi-ld:Building:")) continue;
    fmt::format_to(std::back_inserter(text), "{} {:.1f}", id, twin::as_number(sink.value(id, "height")));
    const twin::Value location = sink.value(id, "location");
    for (const twin::Position& at : std::get<twin::Geometry>(location).positions) {
      fmt::format_to(std::back_inserter(text), " {:.7f},{:.7f}", at.longitude_deg, at.latitude_deg);
    }
    text += '\n';
  }
  EXPECT_EQ(testing::digest(text), testing::known_digest("buildings"));
}

TEST(City, MakesExactlyTheBuildingsAskedFor) {
  for (const uint64_t buildings : {1, 12, 700}) {
    MemorySink sink;
    const auto report = make_city(spec_of(3, buildings), sink);
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(sink.count("Building"), buildings);
    EXPECT_GT(sink.count("RoadSegment"), 0u);
    EXPECT_GT(sink.count("Water"), 0u);
    EXPECT_GT(sink.count("Pipe"), 0u);
    EXPECT_EQ(report->warnings_count, 0u);
    for (const auto& [id, entity] : sink.entities) {
      ASSERT_EQ(sink.value(id, "invented"), twin::Value(true)) << id;
      ASSERT_EQ(sink.value(id, "source"), twin::Value(std::string("rehearsal"))) << id;
      for (const twin::Attribute& attribute : entity.attributes) {
        const auto* geometry = std::get_if<twin::Geometry>(&attribute.value);
        if (geometry != nullptr) {
          ASSERT_TRUE(geometry->check().ok()) << id;
        }
      }
    }
  }
}

TEST(City, AgainChangesNothingAndAnotherSizeRemovesWhatIsGone) {
  MemorySink sink;
  ASSERT_TRUE(make_city(spec_of(3, 400), sink).ok());
  const auto again = make_city(spec_of(3, 400), sink);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->imported, 0u);
  EXPECT_EQ(again->removed, 0u);
  const auto smaller = make_city(spec_of(3, 100), sink);
  ASSERT_TRUE(smaller.ok());
  EXPECT_EQ(sink.count("Building"), 100u);
}

TEST(City, StopsWhenAsked) {
  MemorySink sink;
  std::stop_source stop;
  space::ImportOptions options;
  options.stop = stop.get_token();
  options.progress = [&](const space::ImportProgress&) { stop.request_stop(); };
  const auto report = make_city(spec_of(3, 5'000), sink, options);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, base::Code::cancelled);
}

TEST(City, RefusesWhatIsNoCity) {
  DigestSink sink;
  EXPECT_EQ(make_city(spec_of(1, 0), sink).error().code, base::Code::invalid);
  EXPECT_EQ(make_city(spec_of(1, buildings_max + 1), sink).error().code, base::Code::invalid);
}

TEST(City, NamesAreInBothLanguagesAndHeightsPlausible) {
  MemorySink sink;
  ASSERT_TRUE(make_city(spec_of(5, 2'000), sink).ok());
  size_t named = 0;
  for (const auto& [id, entity] : sink.entities) {
    if (!id.starts_with("urn:ngsi-ld:Building:")) continue;
    const double height_m = twin::as_number(sink.value(id, "height")),
                 levels = twin::as_number(sink.value(id, "levels"));
    ASSERT_GT(height_m, 2.5) << id;
    ASSERT_LT(height_m, 330) << id;
    ASSERT_GT(height_m / levels, 2.7) << id;
    ASSERT_LT(height_m / levels, 14) << id;
    ASSERT_NE(sink.attribute(id, "address"), nullptr);
    const auto name = sink.value(id, "name");
    if (const auto* json = std::get_if<twin::Json>(&name)) {
      ++named;
      EXPECT_THAT(json->text, ::testing::HasSubstr("\"ko\":\""));
      EXPECT_THAT(json->text, ::testing::HasSubstr("\"en\":\""));
    }
  }
  EXPECT_GT(named, 100u);
}

// Whether two rings with their sides straight cross or one holds a corner of the other.
bool inside(const Ring& ring, Point at) {
  bool is_in = false;
  for (size_t i = 0, j = ring.size() - 1; i < ring.size(); j = i++) {
    if ((ring[i].y > at.y) != (ring[j].y > at.y) &&
        at.x < (ring[j].x - ring[i].x) * (at.y - ring[i].y) / (ring[j].y - ring[i].y) + ring[i].x) {
      is_in = !is_in;
    }
  }
  return is_in;
}

bool sides_cross(Point a, Point b, Point c, Point d) {
  const double e = cross(b - a, c - a), f = cross(b - a, d - a), g = cross(d - c, a - c), h = cross(d - c, b - c);
  return e * f < 0 && g * h < 0;
}

bool overlap(const Ring& a, const Ring& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    for (size_t j = 0; j < b.size(); ++j) {
      if (sides_cross(a[i], a[(i + 1) % a.size()], b[j], b[(j + 1) % b.size()])) return true;
    }
  }
  return inside(b, a.front()) || inside(a, b.front());
}

double distance_to(Point at, Point from, Point to) {
  const Point step = to - from;
  const double share = std::clamp(dot(at - from, step) / std::max(1e-9, dot(step, step)), 0.0, 1.0);
  return length(at - (from + step * share));
}

using Cells = std::map<std::pair<int, int>, std::vector<size_t>>;

std::pair<int, int> cell_of(Point at) {
  return {static_cast<int>(std::floor(at.x / 60)), static_cast<int>(std::floor(at.y / 60))};
}

/// Everything of one city that must keep apart.
void expect_apart(uint64_t seed, uint64_t buildings) {
  const auto plan = CityPlan::make(spec_of(seed, buildings));
  ASSERT_TRUE(plan.ok());
  std::vector<Ring> rings;
  for (size_t n = 0; n < plan->quarters().size(); ++n) {
    const QuarterPlan drawn = draw_quarter(*plan, plan->quarters()[n]);
    for (size_t i = 0; i < plan->buildings_in(n); ++i) rings.push_back(drawn.buildings[i].ring);
  }
  Cells cells;
  for (size_t n = 0; n < rings.size(); ++n) {
    ASSERT_GT(area_m2(rings[n]), 12) << "building " << n << " of seed " << seed;
    std::set<std::pair<int, int>> mine;
    for (const Point& corner : rings[n]) mine.insert(cell_of(corner));
    for (const auto& cell : mine) cells[cell].push_back(n);
    for (const Point& corner : rings[n]) {
      const Point place = plan->unbent(corner);
      ASSERT_GT(std::abs(place.y), plan->river_half_width_m(place.x)) << "in the river, seed " << seed;
    }
  }
  for (const auto& [cell, members] : cells) {
    for (size_t a = 0; a < members.size(); ++a) {
      for (size_t b = a + 1; b < members.size(); ++b) {
        ASSERT_FALSE(overlap(rings[members[a]], rings[members[b]]))
            << members[a] << " and " << members[b] << ", seed " << seed;
      }
    }
  }
  const CityModel model = CityModel::of_plan(*plan);
  for (const Street& street : model.streets) {
    for (uint32_t n = 1; n < street.points; ++n) {
      const Point from = model.points[street.first_point + n - 1], to = model.points[street.first_point + n];
      const double steps = std::ceil(length(to - from) / 20);
      std::set<size_t> near;
      for (double step = 0; step <= steps; ++step) {
        const auto [x, y] = cell_of(from + (to - from) * (step / steps));
        for (int d = 0; d < 9; ++d) {
          const auto found = cells.find({x + d % 3 - 1, y + d / 3 - 1});
          if (found != cells.end()) near.insert(found->second.begin(), found->second.end());
        }
      }
      for (const size_t building : near) {
        for (const Point& corner : rings[building]) {
          ASSERT_GT(distance_to(corner, from, to), static_cast<double>(street.half_width_m))
              << "building " << building << " on a street, seed " << seed;
        }
      }
    }
  }
}

TEST(City, NothingStandsOnAnythingElse) {
  for (uint64_t seed = 1; seed <= 12; ++seed) expect_apart(seed, 200 + seed * 173);
}

TEST(City, EveryStreetReachesEveryOther) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const auto plan = CityPlan::make(spec_of(seed, 150 + seed * 700));
    ASSERT_TRUE(plan.ok());
    const CityModel model = CityModel::of_plan(*plan);
    WayFinder ways(model);
    const auto count = static_cast<uint32_t>(model.streets.size());
    for (uint32_t street = 1; street < count; street += 1 + count / 60) {
      EXPECT_FALSE(ways.find(0, street, false).empty()) << "seed " << seed << ", street " << street;
      EXPECT_FALSE(ways.find(street, 0, false).empty()) << "seed " << seed << ", street " << street;
    }
    size_t without_door = 0;
    for (const Place& place : model.places) without_door += place.street == no_index ? 1 : 0;
    EXPECT_EQ(without_door, 0u);
  }
}

TEST(City, TheWayIsOneOfEdgesThatFollowEachOther) {
  const auto plan = CityPlan::make(spec_of(2, 2'000));
  ASSERT_TRUE(plan.ok());
  const CityModel model = CityModel::of_plan(*plan);
  WayFinder ways(model);
  const auto way = ways.find(3, static_cast<uint32_t>(model.streets.size()) - 1, false);
  ASSERT_GE(way.size(), 2u);
  for (size_t n = 1; n < way.size(); ++n) {
    EXPECT_EQ(model.head(way[n - 1]), model.tail(way[n]));
    EXPECT_TRUE(model.is_open(way[n]));
  }
  // A closed street is driven round.
  ways.set_closed(way[way.size() / 2] / 2, true);
  for (const uint32_t edge : ways.find(3, static_cast<uint32_t>(model.streets.size()) - 1, false)) {
    EXPECT_NE(edge / 2, way[way.size() / 2] / 2);
  }
}

TEST(People, EverybodyHasAHomeAndNobodySharesAJob) {
  const auto plan = CityPlan::make(spec_of(4, 600));
  ASSERT_TRUE(plan.ok());
  const CityModel model = CityModel::of_plan(*plan);
  const uint32_t people = population(model);
  ASSERT_GT(people, 1'000u);
  std::map<uint32_t, uint32_t> homes, jobs, seats;
  for (uint32_t number = 0; number < people; ++number) {
    const Person who = person(model, number);
    ASSERT_LT(who.home, model.places.size());
    ++homes[who.home];
    if (who.day_place == no_index) continue;
    ++(who.role == Role::worker ? jobs : seats)[who.day_place];
  }
  for (const auto& [place, count] : homes) EXPECT_EQ(count, model.places[place].residents);
  for (const auto& [place, count] : jobs) EXPECT_LE(count, model.places[place].jobs);
  for (const auto& [place, count] : seats) EXPECT_LE(count, model.places[place].places);
  EXPECT_FALSE(jobs.empty());
  EXPECT_FALSE(seats.empty());
}

TEST(Plane, DirectionsAndDistancesAreThoseOfTheLibrary) {
  for (int n = 0; n < 3'600; ++n) {
    const double angle = n * 3.14159265358979 / 1'800;
    const Point along{std::sin(angle) * (n + 1), std::cos(angle) * (n + 1)};
    EXPECT_NEAR(compass_deg(along), n * 0.1, 1e-9);
  }
  EXPECT_EQ(compass_deg({0, 0}), 0);
  for (const double latitude_deg : {-69.0, 0.0, 36.2, 64.0}) {
    const twin::Position a{124.8, latitude_deg, 0}, b{124.83, latitude_deg + 0.02, 0};
    EXPECT_NEAR(PlaneFrame::distance_m(a, b) / space::distance_m(a, b), 1, 1e-6);
  }
}

TEST(Ground, IsWhatTheTerrainOfTheRecordSays) {
  space::testing::TerrainCity city;
  const CitySpec spec = spec_of(6, 400);
  ASSERT_TRUE(make_city(spec, city.sink()).ok());
  const auto plan = CityPlan::make(spec);
  const auto relief = city.relief();
  ASSERT_FALSE(relief->empty());
  double lowest_m = 1e9, highest_m = -1e9;
  for (size_t n = 0; n < plan->quarters().size(); ++n) {
    for (const BuildingPlan& building : draw_quarter(*plan, plan->quarters()[n]).buildings) {
      for (const Point& corner : building.ring) {
        const auto height_m = space::height_m_at(*relief, plan->frame().position_of(corner));
        ASSERT_TRUE(height_m.ok() && height_m->has_value());
        ASSERT_NEAR(**height_m, plan->ground_m(corner), 0.3);
        lowest_m = std::min(lowest_m, **height_m);
        highest_m = std::max(highest_m, **height_m);
      }
    }
  }
  EXPECT_GT(lowest_m, plan->river_level_m() + 1);
  EXPECT_GT(highest_m - lowest_m, 4);
  // Water is level, hills stand around, and beyond them is nothing.
  for (double x = -300; x <= 300; x += 30) {
    const auto height_m = space::height_m_at(*relief, plan->frame().position_of(plan->bent({x, 0})));
    ASSERT_NEAR(height_m->value_or(99), plan->river_level_m(), 0.02);
  }
  double hills_m = 0;
  for (double y = 0; y < plan->ground_reach_m(); y += 50) hills_m = std::max(hills_m, plan->ground_m({0, y}));
  EXPECT_GT(hills_m, 60);
  EXPECT_EQ(plan->ground_m({0, plan->ground_reach_m() + 1}), 0);
}

// Streets can be driven: no stretch rises by more than a tenth.
TEST(Ground, StreetsAreNotSteep) {
  const auto plan = CityPlan::make(spec_of(4, 20'000));
  ASSERT_TRUE(plan.ok());
  for (const Quarter& quarter : plan->quarters()) {
    for (const Stretch& stretch : stretches_of(*plan, quarter)) {
      if (stretch.is_bridge) continue;
      const Point a = plan->at(stretch.start()), b = plan->at(stretch.end());
      ASSERT_LT(std::abs(plan->ground_m(b) - plan->ground_m(a)) / length(b - a), 0.1) << street_id(stretch);
    }
  }
}

TEST(Ground, TheRiverLiesLowAndBanksRise) {
  const auto plan = CityPlan::make(spec_of(6, 3'000));
  ASSERT_TRUE(plan.ok());
  for (double x = -800; x <= 800; x += 50) {
    EXPECT_LT(plan->ground_m(plan->bent({x, 0})), plan->river_level_m());
    const double bank = plan->river_half_width_m(x) + plan->bank_m();
    EXPECT_GT(plan->ground_m(plan->bent({x, bank})), plan->river_level_m() + 2);
    EXPECT_GT(plan->ground_m(plan->bent({x, -bank})), plan->river_level_m() + 2);
  }
}

}  // namespace
}  // namespace cityloom::rehearsal
