#include "model/scores/scores.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "model/scores/decision.hpp"

namespace cityloom::model::scores {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
using Some = std::vector<double>;

TEST(Crps, IsAsComputedByHand) {
  EXPECT_DOUBLE_EQ(crps_of_members(Some{3}, 5)->plain, 2);
  EXPECT_DOUBLE_EQ(crps_of_members(Some{3}, 5)->fair, 2);
  // Members 1, 2, 4, came 3: errors 2, 1, 1 -> 4/3; pairs 1, 3, 2 -> 6; plain 4/3 - 6/9, fair 4/3 - 6/6.
  EXPECT_NEAR(crps_of_members(Some{4, 1, 2}, 3)->plain, 2.0 / 3, 1e-15);
  EXPECT_NEAR(crps_of_members(Some{4, 1, 2}, 3)->fair, 1.0 / 3, 1e-15);
  EXPECT_EQ(crps_of_members(Some(50, 7.1), 7.1)->plain, 0);
}

// Gneiting and Raftery 2007: of a normal distribution, (sd) (z (2 F(z) - 1) + 2 f(z) - 1 / sqrt(pi)).
TEST(Crps, OfManyMembersIsThatOfTheirDistribution) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(10, 2);
  Some members;
  for (int i = 0; i < 100'000; ++i) members.push_back(normal(random));
  const double z = (11.5 - 10) / 2, f = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
  const double exact = 2 * (z * std::erf(z / std::sqrt(2)) + 2 * f - 1 / std::sqrt(M_PI));
  EXPECT_NEAR(crps_of_members(members, 11.5)->plain, exact, 0.01);
}

TEST(Crps, OfEvenQuantilesIsThatOfMembers) {
  const Some members{1, 2, 4, 9};
  std::vector<Quantile> quantiles;
  for (size_t i = 0; i < 4; ++i) quantiles.push_back({(2.0 * static_cast<double>(i) + 1) / 8, members[i]});
  for (const double came : {-3.0, 1.5, 4.0, 20.0})
    EXPECT_NEAR(*crps_of_quantiles(quantiles, came), crps_of_members(members, came)->plain, 1e-12) << came;
  EXPECT_DOUBLE_EQ(pinball({0.9, 10}, 12), 1.8);
  EXPECT_NEAR(pinball({0.9, 10}, 8), 0.2, 1e-15);
}

TEST(Crps, RefusesWhatCannotBeScored) {
  EXPECT_FALSE(crps_of_members(Some{}, 1).ok());
  EXPECT_EQ(crps_of_members(Some{1, nan}, 1).error().where, "member 2");
  EXPECT_FALSE(crps_of_members(Some{1e200}, 1).ok());
  EXPECT_FALSE(crps_of_members(Some{1}, nan).ok());
  const std::vector<Quantile> falling{{0.1, 2}, {0.5, 1}}, same{{0.5, 1}, {0.5, 2}}, outside{{1.5, 1}};
  for (const auto& odd : {falling, same, outside}) EXPECT_FALSE(crps_of_quantiles(odd, 1).ok());
}

TEST(Intervals, AreScoredAsComputedByHand) {
  EXPECT_DOUBLE_EQ(*interval_score(2, 5, 0.9, 3), 3);
  EXPECT_NEAR(*interval_score(2, 5, 0.9, 6), 3 + 20, 1e-12);
  EXPECT_NEAR(*interval_score(2, 5, 0.5, 1), 3 + 4, 1e-12);
  EXPECT_FALSE(interval_score(5, 2, 0.9, 3).ok());
  EXPECT_FALSE(interval_score(2, 5, 1, 3).ok());
}

TEST(Brier, IsAsComputedByHand) {
  // 0.8, 0.8, 0.3, 0.3; the first two and none of the others but one: score (0.04 + 0.64 + 0.09 + 0.49) / 4.
  const auto result = brier(Some{0.8, 0.8, 0.3, 0.3}, {true, false, false, true}, 10);
  ASSERT_TRUE(result.ok());
  EXPECT_NEAR(result->score, 0.315, 1e-12);
  EXPECT_NEAR(result->reliability, (0.09 + 0.04) / 2, 1e-12);
  EXPECT_NEAR(result->resolution, 0, 1e-12);
  EXPECT_NEAR(result->uncertainty, 0.25, 1e-12);
  EXPECT_NEAR(result->within, 0, 1e-12);
}

TEST(Brier, IsTheSumOfItsParts) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> chance(0, 1);
  Some chances;
  std::vector<bool> came;
  for (int i = 0; i < 20'000; ++i) {
    chances.push_back(std::round(chance(random) * 10) / 10);
    came.push_back(chance(random) < chances.back());
  }
  const auto result = brier(chances, came, 11);
  EXPECT_NEAR(result->score, result->reliability - result->resolution + result->uncertainty + result->within, 1e-12);
  EXPECT_NEAR(result->within, 0, 1e-9);  // each bin holds one chance
  EXPECT_LT(result->reliability, 0.001);
  EXPECT_GT(result->skill, 0.2);
  EXPECT_FALSE(brier(Some{0.5}, {}, 10).ok());
  EXPECT_FALSE(brier(Some{1.5}, {true}, 10).ok());
  EXPECT_FALSE(brier(Some{0.5}, {true}, 0).ok());
}

TEST(Ranks, AreFlatForAnHonestEnsemble) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  RankHistogram honest(9), narrow(9);
  for (int i = 0; i < 5'000; ++i) {
    Some members(9);
    for (double& one : members) one = normal(random);
    const double came = normal(random);
    ASSERT_TRUE(honest.add(members, came).ok());
    for (double& one : members) one *= 0.3;
    ASSERT_TRUE(narrow.add(members, came).ok());
  }
  EXPECT_LT(honest.unevenness(), 3);
  EXPECT_GT(narrow.unevenness(), 50);
  RankHistogram ties(2);
  ASSERT_TRUE(ties.add(Some{1, 1}, 1).ok());
  EXPECT_EQ(ties.counts(), (Some{1.0 / 3, 1.0 / 3, 1.0 / 3}));
  EXPECT_FALSE(ties.add(Some{1}, 1).ok());
}

TEST(Scorecards, TellByLead) {
  Scorecard card({0.9, 4, true});
  const Some members{1, 2, 4};
  ASSERT_TRUE(card.add({0, 2, members, 1, 5, 3, 7, 3}).ok());
  ASSERT_TRUE(card.add({0, 6, {}, nan, nan, 5, 4, 5}).ok());
  ASSERT_TRUE(card.add({2, 4, {}, 1, 2, 3, 3, 3}).ok());
  EXPECT_FALSE(card.add({0, nan, {}, nan, nan, 5, 4, 5}).ok());
  EXPECT_FALSE(card.add({20'000, 1, {}, nan, nan, 5, 4, 5}).ok());
  const auto leads = card.by_lead();
  ASSERT_EQ(leads.size(), 3u);
  EXPECT_EQ(leads[0].count, 2u);
  EXPECT_DOUBLE_EQ(leads[0].bias, 0);
  EXPECT_DOUBLE_EQ(leads[0].absolute_error, 1);
  EXPECT_NEAR(leads[0].crps, 2.0 / 3, 1e-12);
  EXPECT_DOUBLE_EQ(leads[0].coverage, 1);
  EXPECT_DOUBLE_EQ(leads[0].interval_score, 4);
  EXPECT_DOUBLE_EQ(leads[0].skill_persistence, 1 - 2.0 / 5);
  EXPECT_EQ(leads[0].hits.hits, 1u);
  EXPECT_EQ(leads[0].hits.quiet, 1u);
  EXPECT_EQ(leads[1].count, 0u);
  EXPECT_TRUE(std::isnan(leads[1].bias));
  EXPECT_EQ(leads[2].hits.false_alarms, 1u);
  EXPECT_NEAR(leads[2].interval_score, 1 + 20, 1e-12);
}

// Finley's tornado warnings of 1884, as in Murphy 1996: 28 hits, 72 false alarms, 23 misses, 2680 quiet.
TEST(Hits, OfFinleysTornadoes) {
  const Hits hits{28, 23, 72, 2680};
  EXPECT_NEAR(hits.hit_rate(), 0.549, 5e-4);
  EXPECT_NEAR(hits.false_alarm_ratio(), 0.720, 5e-4);
  EXPECT_NEAR(hits.threat_score(), 0.228, 5e-4);
  EXPECT_TRUE(std::isnan(Hits{}.hit_rate()));
}

TEST(Decisions, ActFromTheChanceOfCostByLoss) {
  const Decision decision{{10}, {{"protect", 30, {0, 0}}, {"wait", 0, {0, 100}}}};
  for (const double chance : {0.1, 0.29, 0.31, 0.9}) {
    const auto impact = weigh(decision, {{0, 20}, {1 - chance, chance}});
    ASSERT_TRUE(impact.ok());
    EXPECT_EQ(impact->best, chance > 0.3 ? 0u : 1u) << chance;
    EXPECT_NEAR(impact->actions[1].expected_loss, 100 * chance, 1e-12);
    EXPECT_DOUBLE_EQ(impact->actions[1].worst_regret, 70);
    EXPECT_DOUBLE_EQ(impact->actions[0].worst_regret, 30);
    EXPECT_EQ(impact->least_regret, 0u);
    // Knowing, one would pay 30 where it comes.
    EXPECT_NEAR(impact->perfect_information_value, std::min(30.0, 100 * chance) - 30 * chance, 1e-12);
    EXPECT_EQ(impact->fallback, 1 - impact->best);
  }
}

TEST(Decisions, KnowTheBestFallback) {
  const Decision decision{{1, 2}, {{"nothing", 0, {0, 50, 200}}, {"bags", 10, {0, 5, 120}}, {"leave", 60, {0, 0, 0}}}};
  const auto impact = weigh(decision, {{0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 1.9, 2.5}, {}});
  ASSERT_TRUE(impact.ok());
  EXPECT_EQ(impact->range_chances, (std::vector<double>{0.5, 0.4, 0.1}));
  EXPECT_NEAR(impact->actions[0].expected_loss, 40, 1e-12);
  EXPECT_NEAR(impact->actions[1].expected_loss, 10 + 2 + 12, 1e-12);
  EXPECT_EQ(impact->best, 1u);
  EXPECT_NEAR(impact->actions[1].fails, 0.6, 1e-12);  // where nothing comes, and where all does
  // Then nothing costs 200 * 0.1 of 0.6, leaving 60.
  EXPECT_EQ(impact->fallback, 0u);
  EXPECT_NEAR(impact->fallback_loss, 20 / 0.6, 1e-9);
}

TEST(Decisions, RefuseWhatCannotBeWeighed) {
  const Decision good{{1}, {{"a", 0, {0, 1}}}};
  EXPECT_TRUE(weigh(good, {{1}, {}}).ok());
  EXPECT_FALSE(weigh({{1}, {}}, {{1}, {}}).ok());
  EXPECT_FALSE(weigh(good, {{}, {}}).ok());
  EXPECT_FALSE(weigh(good, {{nan}, {}}).ok());
  EXPECT_FALSE(weigh(good, {{1}, {0}}).ok());
  EXPECT_FALSE(weigh(good, {{1}, {-1}}).ok());
  EXPECT_FALSE(weigh(good, {{1}, {1, 2}}).ok());
  EXPECT_FALSE(weigh({{2, 1}, {{"a", 0, {0, 1, 2}}}}, {{1}, {}}).ok());
  EXPECT_FALSE(weigh({{1}, {{"a", 0, {0}}}}, {{1}, {}}).ok());
  EXPECT_FALSE(weigh({{1}, {{"a", 0, {0, 1}}, {"a", 0, {0, 1}}}}, {{1}, {}}).ok());
}

TEST(CostLoss, IsWorthAllWhenForecastsArePerfect) {
  const std::vector<bool> came{true, false, false, true, false};
  const auto perfect = cost_loss(2, 10, Some{1, 0, 0, 1, 0}, came);
  EXPECT_DOUBLE_EQ(perfect->act_from, 0.2);
  EXPECT_NEAR(perfect->expense, 0.8, 1e-12);
  EXPECT_NEAR(perfect->value, 1, 1e-12);
  EXPECT_NEAR(cost_loss(2, 10, Some(5, 0.4), came)->value, 0, 1e-12);
  EXPECT_FALSE(cost_loss(10, 2, Some(5, 0.4), came).ok());
}

}  // namespace
}  // namespace cityloom::model::scores
