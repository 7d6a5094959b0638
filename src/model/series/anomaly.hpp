// How unusual each new value of a series is, told as it comes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace cityloom::model::series {

/// Why a value is unusual.
enum class Unusual : unsigned char {
  nothing,
  value,     ///< far from what was expected at this moment
  level,     ///< higher or lower than expected for a while: a change point
  spread,    ///< expected worse than usual for a while, above and below
  season,    ///< far from what is usual at this time of the day and the week
  stuck,     ///< the same value again and again, far longer than this series has it
  missing,   ///< no value for far longer than usual
  group,     ///< columns are together where they never were (Hotelling's T2)
  relation,  ///< columns no longer move together as they did (the Q statistic)
};
/// Its name in answers: "level".
std::string_view name_of(Unusual why);

/// The upper tail of a statistic that is never negative, learnt as it comes: a histogram of its logarithms that halves
/// from time to time, so that what is older than some 8,000 values counts little; beyond what one in fifty passes, a
/// Pareto tail (Hill 1975, Annals of Statistics 3) held by a prior. What came before is less unusual the next time.
class Tail {
 public:
  /// -log10 of the chance of a usual value as large: 0 to 30. 0 until 50 values were learnt.
  double evidence(double statistic) const;
  /// Takes one more. Cost: 10 ns.
  void learn(double statistic);

 private:
  static constexpr size_t places = 128;
  static double place_of(double statistic);
  void halve();

  std::array<uint16_t, places> counts_{};
  uint32_t count_ = 0;
  uint32_t threshold_ = 0, beyond_ = 0;  // so many lie in places after that one
};

/// From this evidence on a value begins an alarm, which lasts until its evidence is below the second.
inline constexpr double alarm_evidence = 2.6, calm_evidence = 2;

/// What is said of one value, or of one row of several.
struct Judgement {
  double evidence = 0;  ///< mean of what five statistics say, each -log10 of a chance; 0 to 30
  double score = 0;     ///< 0 to 1: evidence / (evidence + alarm_evidence); an alarm begins at 0.5
  bool alarm = false;
  Unusual why = Unusual::nothing;  ///< what says most
};

/// Judges values one by one; one series each. It needs neither training nor settings: what is usual (level, the
/// profile of the day and of the week, scatter by the time of the day, gaps, runs of the same value) is learnt as
/// values come, robustly, and slowly forgotten. Five statistics are held against their own past: the error of the best
/// of five expectations, that error over some six values (a change point, as by an exponential mean), its size over
/// twelve, and the distance from the usual level or profile over six and twenty-four. What is part of an alarm is
/// learnt eight times slower. Nothing is said of the first 150 values, nor of the first day (or, where values come
/// faster than 1,000 a day, the first 1,000). Same values, same answers. One worker. Memory: 10 KB. Cost: some 250 ns.
class Detector {
 public:
  Detector();

  /// `time_s`: seconds since 1970 in UTC. A time not after the one before (or no
  /// number) is taken as the same moment. A value that is
  /// not finite or past 1e30 is missing.
  Judgement next(double time_s, double value);

  /// How far the last value lay from what is usual at its time, in usual errors: -8 to 8. 0 where missing.
  double distance() const { return distance_; }
  /// Whether enough came to judge by.
  bool knows() const;

 private:
  static constexpr size_t statistics = 5;
  static constexpr size_t day_places = 96, week_places = 336;
  struct Place {
    double value = 0;
    float spread = 0;
    uint32_t count = 0;
  };

  void take_time(double time_s);
  void judge_gap(bool is_missing);
  void judge_value(double value);
  void judge_run(double value);
  void expect();
  void learn(double value);
  void learn_profiles(double value, double limit);
  void ask(size_t statistic, double value);
  void say(Unusual why, double evidence);

  std::vector<Place> day_, week_;
  Judgement judgement_;
  uint64_t count_ = 0, changes_ = 0, skipped_ = 0;
  bool is_alarm_ = false;
  // Time: of the first, of now, of the last value; the usual step.
  bool has_time_ = false;
  double first_s_ = 0, time_s_ = 0, value_s_ = 0, pace_s_ = 0;
  size_t day_at_ = 0, week_at_ = 0;
  // Levels, and how far values have lately been from the profiles.
  double fast_ = 0, slow_ = 0, off_day_ = 0, off_week_ = 0;
  std::array<double, 5> soon_expected_{}, soon_errors_{};
  std::array<double, 3> usual_expected_{}, usual_errors_{};
  double soon_spread_ = 0, usual_spread_ = 0, change_ = 0;
  double distance_ = 0, drift_ = 0, scatter_ = 0, near_ = 0, far_ = 0;
  std::array<std::array<Tail, 2>, statistics> tails_;  // of each, above and below
  std::array<double, statistics> held_{};
  double last_evidence_ = 0;
  Tail gaps_, runs_;
  double last_ = 0, run_usual_ = 0;
  uint64_t run_ = 0;
};

}  // namespace cityloom::model::series
