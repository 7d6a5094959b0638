// How good forecasts with chances were, once what they were about has come.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace cityloom::model::scores {

using Values = std::span<const double>;

inline constexpr size_t members_max = 100'000;
inline constexpr size_t pairs_max = 100'000'000;  ///< of forecasts and what came
inline constexpr double value_max = 1e100;        ///< without its sign

/// The continuous ranked probability score of an ensemble, in the unit of its values; 0 is perfect, of one member it is
/// the absolute error. Plain: of the ensemble as the whole distribution. Fair: as if it had endless members of the same
/// distribution, so that ensembles of different sizes compare (Ferro 2014, QJRMS 140); of one member both are the same.
struct Crps {
  double plain = 0, fair = 0;
};
/// Errors: invalid (no members, one that is not finite or past value_max), too_large. Cost: n log n.
base::Result<Crps> crps_of_members(Values members, double came);

/// A quantile of a forecast: what comes lies below `value` with this probability (between 0 and 1).
struct Quantile {
  double probability = 0, value = 0;
};
/// The loss of one quantile (Koenker and Bassett 1978): its mean is least for the true quantile.
double pinball(const Quantile& quantile, double came);
/// Twice the mean pinball loss: with quantiles at (2i - 1) / 2n it is the plain CRPS of their values. Errors: invalid
/// (no quantiles, probabilities not within 0 to 1 and rising, values falling or not finite).
base::Result<double> crps_of_quantiles(std::span<const Quantile> quantiles, double came);

/// The interval score (Winkler 1972; Gneiting and Raftery 2007, JASA 102): the width, and 2 / (1 - probability) for
/// each unit that `came` lies outside. Errors: invalid (probability not between 0 and 1, upper below lower, not
/// finite).
base::Result<double> interval_score(double lower, double upper, double probability, double came);

/// The Brier score of chances (0 to 1) of what came (true) or did not, and its parts (Murphy 1973, J. Appl. Meteorol.
/// 12), for chances in bins: score = reliability - resolution + uncertainty + within, where `within` is what bins leave
/// out (0 where all chances of a bin are the same; Stephenson et al. 2008 call it the two within-bin components).
struct Brier {
  double score = 0, reliability = 0, resolution = 0, uncertainty = 0, within = 0;
  double skill = 0;  ///< 1 - score / uncertainty; 0 where nothing was uncertain
  struct Bin {
    double chance = 0;  ///< mean of what was said
    double part = 0;    ///< of it came true
    uint64_t count = 0;
  };
  std::vector<Bin> bins;  ///< those with any, by rising chance: a reliability diagram
};
/// `bins` from 1 to 1,000. Errors: invalid (nothing, sizes differ, a chance not in 0 to 1), too_large.
base::Result<Brier> brier(Values chances, const std::vector<bool>& came, size_t bins = 10);

/// How often what came had each rank among `members`, 0 (below all) to their number; flat for an honest ensemble. Of
/// ties, each rank gets an equal part. Each member row holds as many members. Errors: invalid, too_large.
class RankHistogram {
 public:
  explicit RankHistogram(size_t members) : counts_(members + 1) {}
  base::Status add(Values members, double came);
  const std::vector<double>& counts() const { return counts_; }
  /// Mean of the squared distance from flat, as a part of what chance gives: near 1 for an honest ensemble.
  double unevenness() const;

 private:
  std::vector<double> counts_;
  double all_ = 0;
};

/// Yes-or-no warnings against what came.
struct Hits {
  uint64_t hits = 0, misses = 0, false_alarms = 0, quiet = 0;

  void add(bool warned, bool came);
  /// @name Parts, 0 to 1. NaN where nothing of the kind came or was warned of.
  double hit_rate() const;           ///< hits of all that came
  double false_alarm_ratio() const;  ///< false alarms of all warnings
  double false_alarm_rate() const;   ///< false alarms of all that did not come
  double threat_score() const;       ///< hits of all that came or was warned of
};

/// One forecast whose time has come.
struct Scored {
  size_t lead = 0;  ///< steps ahead it was made, from 0
  double middle = 0;
  Values members;               ///< may be empty
  double lower = 0, upper = 0;  ///< of the interval; both NaN: there is none
  double came = 0;
  double persistence = 0;  ///< the value when the forecast was made
  double climatology = 0;  ///< the usual value of that time
};

/// What forecasts of one lead time were worth. Means; NaN where nothing counts.
struct LeadScore {
  uint64_t count = 0;
  double bias = 0;  ///< forecast less what came
  double absolute_error = 0, squared_error = 0;
  double crps = 0, crps_fair = 0;  ///< of those with members
  double coverage = 0, interval_score = 0;
  double skill_persistence = 0, skill_climatology = 0;  ///< 1 - absolute error / theirs: 1 perfect, below 0 worse
  Hits hits;                                            ///< by the event below
};

/// What counts as an event: values at least so high (the middle warns).
struct ScoreOptions {
  double interval_probability = 0.9;
  double event_threshold = 0;
  bool has_event = false;
};

/// Gathers scores by lead time, one forecast after the other; never holds them. Leads up to 10,000. One worker.
class Scorecard {
 public:
  explicit Scorecard(const ScoreOptions& options = {}) : options_(options) {}
  /// Errors: invalid (a number that is not finite or past value_max; lower above upper), too_large (lead).
  base::Status add(const Scored& one);
  /// By lead, from 0 to the last one added.
  std::vector<LeadScore> by_lead() const;

 private:
  struct Sums {
    LeadScore score;
    double persistence = 0, climatology = 0;
    uint64_t with_members = 0, with_interval = 0;
  };
  ScoreOptions options_;
  std::vector<Sums> sums_;
};

}  // namespace cityloom::model::scores
