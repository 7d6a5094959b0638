// TBB spreads the runs; what comes of them is put together in their own order, whoever ended first.
#include "model/ensemble.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <mutex>
#include <thread>

namespace cityloom::model {
namespace {

using base::Code;
using base::fail;
using base::Result;

constexpr size_t varied_bytes_max = 64u << 10;

/// Sums that give mean and deviation without keeping what was added (Welford 1962).
struct Moments {
  size_t count = 0;
  double mean = 0, squares = 0;

  void add(double value) {
    const double off = value - mean;
    mean += off / static_cast<double>(++count);
    squares += off * (value - mean);
  }
  double deviation() const { return count > 1 ? std::sqrt(squares / static_cast<double>(count - 1)) : 0; }
};

double quantile(const std::vector<double>& sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

Json summary_of(std::vector<double> values) {
  Moments moments;
  for (const double value : values) moments.add(value);
  std::ranges::sort(values);
  return {{"mean", moments.mean},        {"sd", moments.deviation()},    {"min", values.front()},
          {"max", values.back()},        {"p10", quantile(values, 0.1)}, {"p50", quantile(values, 0.5)},
          {"p90", quantile(values, 0.9)}};
}

/// Rasters of one output and time over all runs.
struct Maps {
  Raster like;
  std::vector<Moments> cells;

  void add(const Raster& raster) {
    if (cells.empty()) {
      like = raster;
      cells.resize(raster.values.size());
    }
    for (size_t cell = 0; cell < std::min(cells.size(), raster.values.size()); ++cell) {
      const auto value = static_cast<double>(raster.values[cell]);
      if (std::isfinite(value)) cells[cell].add(value);
    }
  }

  Raster told(bool is_deviation) const {
    Raster raster = like;
    if (is_deviation) raster.output += "_sd";
    for (size_t cell = 0; cell < cells.size(); ++cell) {
      const Moments& moments = cells[cell];
      raster.values[cell] = moments.count == 0 ? std::numeric_limits<float>::quiet_NaN()
                                               : static_cast<float>(is_deviation ? moments.deviation() : moments.mean);
    }
    return raster;
  }
};

Json varied(const Json& inputs, const Json& sweep) {
  Json told = Json::object();
  for (const auto& [name, values] : sweep.items()) told[name] = inputs.at(name);
  return told;
}

Produced put_together(const std::vector<Json>& each_inputs, const Ensemble& ensemble, uint64_t seed,
                      const std::vector<Produced>& all) {
  Produced together;
  together.values["runs"] = Json::array();
  std::map<std::string, std::vector<double>> numbers;
  std::map<std::pair<std::string, double>, Maps> maps;
  for (size_t i = 0; i < all.size(); ++i) {
    together.values["runs"].push_back({{"inputs", varied(each_inputs[i / ensemble.members], ensemble.sweep)},
                                       {"seed", seed + i % ensemble.members},
                                       {"values", all[i].values}});
    for (const auto& [name, value] : all[i].values.items()) {
      if (value.is_number()) numbers[name].push_back(value.get<double>());
    }
    for (const Raster& raster : all[i].rasters) maps[{raster.output, raster.time_s}].add(raster);
  }
  together.values["summary"] = Json::object();
  for (const auto& [name, values] : numbers) together.values["summary"][name] = summary_of(values);
  for (const auto& [key, map] : maps) {
    together.rasters.push_back(map.told(false));
    together.rasters.push_back(map.told(true));
  }
  return together;
}

}  // namespace

Result<std::vector<Json>> combinations(const Declaration& declaration, const Json& inputs, const Ensemble& ensemble) {
  if (!ensemble.sweep.is_object()) return fail(Code::invalid, "not an object of lists", "sweep");
  if (ensemble.members == 0 || ensemble.members > ensemble_runs_max)
    return fail(Code::too_large, "not from 1 to 1,000 runs", "members", "ask for fewer");
  if (!ensemble.sweep.empty() && inputs.dump().size() + ensemble.sweep.dump().size() > varied_bytes_max)
    return fail(Code::too_large, "what is sent is too long to be varied", "sweep", "send less than 64 KiB");
  std::vector<Json> all{inputs};
  for (const auto& [name, values] : ensemble.sweep.items()) {
    if (!values.is_array() || values.empty())
      return fail(Code::invalid, "not a list of values", "sweep." + name.substr(0, 60), "write [40, 60, 80]");
    if (values.size() > ensemble_runs_max / (all.size() * ensemble.members))
      return fail(Code::too_large, "more than 1,000 runs", "sweep", "vary less at once");
    std::vector<Json> next;
    for (const Json& base : all) {
      for (const Json& value : values) {
        next.push_back(base);
        next.back()[name] = value;
      }
    }
    all = std::move(next);
  }
  for (Json& one : all) {
    auto checked = checked_inputs(declaration, one);
    if (!checked) return checked.error();
    one = std::move(*checked);
  }
  return all;
}

Result<Produced> run_ensemble(const Model& model, const std::vector<Json>& each_inputs, const Ensemble& ensemble,
                              const Run& run) {
  const size_t count = each_inputs.size() * ensemble.members;
  std::vector<Produced> all(count);
  std::mutex mutex;  // guards the error, and who hears of progress
  std::optional<base::Error> error;
  std::atomic<size_t> done = 0;
  std::atomic<bool> is_over = false;
  const auto one = [&](size_t i) {
    if (is_over) return;
    Run own;
    own.seed = run.seed + i % ensemble.members;
    own.workers = 1;
    own.progress = [&](double, std::string_view what) {
      const std::lock_guard lock(mutex);
      if (!is_over && !run.goes_on(static_cast<double>(done) / static_cast<double>(count), what)) {
        if (!error) error = fail(Code::cancelled, "somebody asked to stop");
        is_over = true;
      }
      return !is_over.load();
    };
    auto produced = model.run(each_inputs[i / ensemble.members], own);
    const std::lock_guard lock(mutex);
    if (!produced) {
      if (!error || error->code == Code::cancelled) error = produced.error();
      is_over = true;
      return;
    }
    all[i] = std::move(*produced);
    const size_t so_far = ++done;
    if (run.goes_on(static_cast<double>(so_far) / static_cast<double>(count),
                    std::to_string(so_far) + " of " + std::to_string(count) + " runs"))
      return;
    if (!error) error = fail(Code::cancelled, "somebody asked to stop");
    is_over = true;
  };
  tbb::task_arena arena(static_cast<int>(run.workers > 0 ? run.workers : std::thread::hardware_concurrency()));
  arena.execute([&] { tbb::parallel_for(size_t{0}, count, one); });
  if (error) return *error;
  return put_together(each_inputs, ensemble, run.seed, all);
}

}  // namespace cityloom::model
