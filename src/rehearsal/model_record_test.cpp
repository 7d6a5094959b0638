// A model of what a record holds: an invented city read back is the one that its plan says; a record without roads is
// none.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "rehearsal/model.hpp"
#include "store/store.hpp"

namespace cityloom::rehearsal {
namespace {

class ModelOfRecord : public ::testing::Test {
 protected:
  ModelOfRecord() : thread_(std::move(*thread::Thread::open(store::make_memory_store(), clock_))) {}

  base::ManualClock clock_{base::Instant::from_seconds(1'800'000'000)};
  std::unique_ptr<thread::Thread> thread_;
};

std::set<std::pair<int64_t, int64_t>> places_of_signals(const CityModel& model, const PlaneFrame& frame) {
  std::set<std::pair<int64_t, int64_t>> places;
  for (const Junction& junction : model.junctions) {
    if (!junction.has_signals) continue;
    const Point at = frame.point_of(model.frame.position_of(junction.at));
    places.emplace(std::llround(at.x / 5), std::llround(at.y / 5));
  }
  return places;
}

TEST_F(ModelOfRecord, IsTheCityThatItsPlanSays) {
  CitySpec spec;
  spec.seed = 3;
  spec.buildings = 900;
  space::ThreadSink sink(*thread_);
  ASSERT_TRUE(make_city(spec, sink).ok());
  const auto plan = CityPlan::make(spec);
  ASSERT_TRUE(plan.ok());
  const CityModel planned = CityModel::of_plan(*plan);
  const auto read = CityModel::of_record(*thread_, 3);
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_FALSE(read->is_invented);

  std::map<std::string, uint32_t> street_of;
  for (uint32_t n = 0; n < planned.streets.size(); ++n) street_of[planned.street_ids[n]] = n;
  EXPECT_EQ(read->streets.size(), planned.streets.size());
  for (uint32_t n = 0; n < read->streets.size(); ++n) {
    const auto found = street_of.find(read->street_ids[n]);
    ASSERT_NE(found, street_of.end()) << read->street_ids[n];
    const Street &is = read->streets[n], &shall = planned.streets[found->second];
    const auto shall_m = static_cast<double>(shall.length_m);
    EXPECT_NEAR(static_cast<double>(is.length_m), shall_m, 0.5 + shall_m * 1e-3) << found->first;
    EXPECT_EQ(is.is_oneway, shall.is_oneway) << found->first;
    EXPECT_EQ(is.lanes, shall.lanes) << found->first;
    EXPECT_NEAR(static_cast<double>(is.speed_mps), static_cast<double>(shall.speed_mps), 0.3) << found->first;
    EXPECT_EQ(read->street_names_ko[n], planned.street_names_ko[found->second]);
    EXPECT_EQ(read->street_names_en[n], planned.street_names_en[found->second]);
    for (const auto [here, there] : {std::pair{is.start, shall.start}, std::pair{is.end, shall.end}}) {
      const double apart_m = PlaneFrame::distance_m(read->frame.position_of(read->junctions[here].at),
                                                    planned.frame.position_of(planned.junctions[there].at));
      EXPECT_LT(apart_m, 1) << found->first;
    }
  }
  EXPECT_EQ(places_of_signals(*read, planned.frame), places_of_signals(planned, planned.frame));
  ASSERT_EQ(read->places.size(), planned.places.size());
  size_t homes = 0, planned_homes = 0;
  for (const Place& place : read->places) {
    ASSERT_LT(place.street, read->streets.size());
    homes += place.residents > 0 ? 1 : 0;
  }
  for (const Place& place : planned.places) planned_homes += place.residents > 0 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(homes), static_cast<double>(planned_homes), 0.1 * static_cast<double>(planned_homes));
}

TEST_F(ModelOfRecord, OfNoRoadsThereIsNone) {
  const auto read = CityModel::of_record(*thread_, 1);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::Code::not_found);
  EXPECT_EQ(read.error().remedy, "import a city first, by --city DIR");
}

}  // namespace
}  // namespace cityloom::rehearsal
