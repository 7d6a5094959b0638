#include "model/flood/ensemble.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <mutex>
#include <random>

namespace cityloom::model::flood {
namespace {

using base::Code;
using base::fail;

void scale(Series& series, double by) {
  for (auto& [time, value] : series.points) value *= by;
}

Case member_of(const Case& it, const EnsembleOutcome::Factors& factors) {
  Case member = it;
  scale(member.rain_mm_h, factors.rain);
  for (double& n : member.manning) n *= factors.roughness;
  for (Inflow& inflow : member.inflows) {
    // Drains are as they are built.
    const bool is_drain =
        std::ranges::all_of(inflow.discharge_m3_s.points, [](const auto& p) { return p.second <= 0; });
    if (!is_drain) scale(inflow.discharge_m3_s, factors.inflow);
  }
  for (auto& [kind, series] : member.boundaries) {
    if (kind == Boundary::Kind::discharge) scale(series, factors.inflow);
  }
  member.options.workers = 1;
  member.frames = {};
  // Nobody asks a member for these.
  member.outputs.clear();
  member.exposed.clear();
  member.warnings.clear();
  return member;
}

// As many at once as fit into half of the memory.
unsigned at_once(const Case& it) {
  const auto machine = static_cast<size_t>(std::max(0L, ::sysconf(_SC_PHYS_PAGES))) *
                       static_cast<size_t>(std::max(0L, ::sysconf(_SC_PAGESIZE)));
  const size_t each = memory_of(it) + it.terrain.columns * it.terrain.rows * 3 * sizeof(double);
  const size_t fit = std::max<size_t>(machine / 2 / std::max<size_t>(each, 1), 1);
  const auto cores = static_cast<size_t>(it.options.workers > 0 ? static_cast<int>(it.options.workers)
                                                                : tbb::this_task_arena::max_concurrency());
  return static_cast<unsigned>(std::min({fit, cores, it.ensemble.members}));
}

// Collects what members say, in any order: counts, and depths that are sorted in the end.
class Collector {
 public:
  Collector(const Case& it, EnsembleOutcome& outcome)
      : case_(it), outcome_(outcome), reached_(it.ensemble.probabilities.size()) {
    for (auto& counts : reached_) counts.assign(it.terrain.columns * it.terrain.rows, 0);
    outcome_.gauges.resize(it.gauges.size());
  }

  void add(const Outcome& member) {
    const std::vector<float>& depths = member.marks[static_cast<size_t>(Mark::depth_max)];
    for (size_t i = 0; i < reached_.size(); ++i) {
      const auto least = static_cast<float>(case_.ensemble.probabilities[i].depth_m);
      for (size_t cell = 0; cell < depths.size(); ++cell) reached_[i][cell] += depths[cell] >= least;
    }
    for (size_t gauge = 0; gauge < member.gauges.size(); ++gauge) {
      auto& entries = outcome_.gauges[gauge];
      entries.resize(member.gauges[gauge].size());
      for (size_t i = 0; i < entries.size(); ++i) {
        entries[i].time_s = std::min(static_cast<double>(i) * case_.every_s, case_.duration_s);
        entries[i].depths_m.push_back(static_cast<float>(member.gauges[gauge][i].depth_m));
      }
    }
    outcome_.updates += member.updates;
    outcome_.relative_error_max = std::max(outcome_.relative_error_max, std::abs(member.audit.relative_error()));
  }

  void finish() {
    for (const auto& counts : reached_) {
      std::vector<float>& part = outcome_.probabilities.emplace_back();
      for (const uint16_t count : counts)
        part.push_back(static_cast<float>(count) / static_cast<float>(case_.ensemble.members));
    }
    for (auto& gauge : outcome_.gauges) {
      for (auto& entry : gauge) std::ranges::sort(entry.depths_m);
    }
  }

 private:
  const Case& case_;
  EnsembleOutcome& outcome_;
  std::vector<std::vector<uint16_t>> reached_;
};

}  // namespace

std::vector<EnsembleOutcome::Factors> factors_of(const Ensemble& ensemble) {
  std::vector<EnsembleOutcome::Factors> all;
  for (size_t member = 0; member < ensemble.members; ++member) {
    std::seed_seq seed{static_cast<uint32_t>(ensemble.seed), static_cast<uint32_t>(ensemble.seed >> 32),
                       static_cast<uint32_t>(member)};
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    const auto factor = [&](double sd) {
      const double square = std::log1p(sd * sd), chance = normal(random);
      return std::exp(std::sqrt(square) * chance - square / 2);
    };
    EnsembleOutcome::Factors factors;
    factors.rain = factor(ensemble.rain_sd);
    factors.roughness = factor(ensemble.roughness_sd);
    factors.inflow = factor(ensemble.inflow_sd);
    all.push_back(factors);
  }
  return all;
}

double quantile(const std::vector<float>& ascending, double part) {
  const double place = part * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(place);
  const auto lower = static_cast<double>(ascending[below]);
  const auto upper = static_cast<double>(ascending[std::min(below + 1, ascending.size() - 1)]);
  return lower + (upper - lower) * (place - static_cast<double>(below));
}

base::Result<EnsembleOutcome> run_ensemble(const Case& it, const std::function<bool(size_t)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  EnsembleOutcome outcome;
  outcome.factors = factors_of(it.ensemble);
  Collector collector(it, outcome);
  std::mutex lock;
  std::atomic<bool> is_stopped = false;
  std::optional<base::Error> error;
  size_t done = 0;
  const auto one = [&](size_t number) {
    if (is_stopped) return;
    Follower follower;
    follower.progress = [&](double) {
      const std::lock_guard held(lock);
      if (progress && !progress(done)) is_stopped = true;
      return !is_stopped;
    };
    const auto member = run_case(member_of(it, outcome.factors[number]), follower);
    const std::lock_guard held(lock);
    ++done;
    if (member) {
      collector.add(*member);
      return;
    }
    if (!error || member.error().code != Code::cancelled) error = member.error();
    is_stopped = true;
  };
  tbb::task_arena arena(static_cast<int>(at_once(it)));
  arena.execute([&] { tbb::parallel_for(size_t{0}, it.ensemble.members, one, tbb::simple_partitioner()); });
  if (error) return *error;
  if (is_stopped) return fail(Code::cancelled, "stopped");
  collector.finish();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace cityloom::model::flood
